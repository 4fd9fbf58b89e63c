"""The base map: coasts, borders, rivers and lakes of whatever part of the world a map shows.

Shapes are Natural Earth's, at a scale of 1 : 50 million (see ``tools/basemap.py``). Everything is projected
around the middle of the map, so that no line of longitude is an edge.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from importlib import resources
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import ArrayLike

from contraflow._types import BoolArray, FloatArray
from contraflow.report.draw import svg
from contraflow.report.draw.projection import project

WIDTH = 860.0
"""Width of a map, in the units in which it is drawn: px where it has its natural size."""
FINE = 2
"""Coordinates of the base map in a unit of the map: half a unit is as fine as can be seen."""
OVER = 8.0
"""What is drawn beyond the frame, so that edges of cut areas are not seen."""
DETAIL = 0.45
"""Distance by which simpler lines may be off."""
SPECK = 1.2
"""Areas of no greater extent are left out, unless they are the home country's."""
NAMED = 0.012
"""Share of the map that a country must cover to be named."""
SAMPLES = 26
"""Points along and across at which a country's name may stand."""


@dataclass(frozen=True)
class Frame:
    """A rectangle of the projected map, km, around a centre (latitude, longitude)."""

    left: float
    right: float
    bottom: float
    top: float
    centre: tuple[float, float]

    @property
    def width(self) -> float:
        """Extent from west to east, km."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Extent from south to north, km."""
        return self.top - self.bottom

    @property
    def tall(self) -> float:
        """Height of the map in its units."""
        return WIDTH * self.height / self.width

    def at(self, latitude: ArrayLike, longitude: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Degrees in units of the map, from its upper left corner."""
        x, y = project(latitude, longitude, self.centre)
        scale = WIDTH / self.width
        return (x - self.left) * scale, (self.top - y) * scale

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Whether a point in units of the map lies inside, at least so far from the edge."""
        return margin <= x <= WIDTH - margin and margin <= y <= self.tall - margin


@dataclass(frozen=True)
class Shapes:
    """The shipped base map, in degrees; lines are (point, 2): longitude and latitude."""

    arcs: list[FloatArray]
    """Lines between junctions, which neighbours share."""
    countries: dict[str, list[list[list[int]]]]
    """Polygons by ISO 3166 code: rings of arcs, the outer one first; ``~i`` is arc i reversed."""
    rivers: list[FloatArray]
    lakes: list[FloatArray]

    @cached_property
    def directions(self) -> list[FloatArray]:
        """Arcs as unit vectors (point, 3)."""
        return [_vectors(arc) for arc in self.arcs]


@cache
def shapes() -> Shapes:
    """The shipped base map."""
    text = resources.files("contraflow.report").joinpath("data/basemap.json").read_text("utf-8")
    raw = json.loads(text)
    arcs, rivers, lakes = (
        [_decoded(line, raw["step"]) for line in raw[k]] for k in ("arcs", "rivers", "lakes")
    )
    return Shapes(arcs, raw["countries"], rivers, lakes)


def ground_id(frame: Frame, home: str) -> str:
    """Name by which maps of one frame refer to their base map."""
    return f"ground-{sha256(repr((frame, home)).encode()).hexdigest()[:8]}"


@lru_cache(maxsize=8)
def ground(frame: Frame, home: str) -> Markup:
    """The base map of a frame as a symbol that maps use; the home country is tinted.

    Parameters
    ----------
    frame
        Part of the world.
    home
        ISO 3166 code of the home country.
    """
    here = _here(frame)
    land = [ring for code, rings in here.items() if code != home for ring in rings]
    lakes = [r for r in (_ring(line, frame) for line in _placed(shapes().lakes, frame)) if len(r) > 2]
    rivers = [part for line in _placed(shapes().rivers, frame) for part in _inside(line, frame)]
    width, height = FINE * WIDTH, FINE * frame.tall
    drawn = svg.group(
        svg.rect(0, 0, width, height, "f-sea"),
        svg.path(_d(land, closed=True), "f-land s-faint", FINE * 1.0),
        svg.path(_d(here.get(home, ()), closed=True), "f-home s-faint", FINE * 1.6),
        svg.path(_d(rivers, closed=False), "none s-river", FINE * 0.9),
        svg.path(_d(lakes, closed=True), "f-sea s-river", FINE * 0.7),
        class_="fig",
        stroke_linejoin="round",
    )
    box = f"0 0 {svg.short(width)} {svg.short(height)}"
    return svg.element("symbol", drawn, id=ground_id(frame, home), viewBox=box)


@lru_cache(maxsize=8)
def country_spots(frame: Frame) -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    """Countries that cover some of a map, the largest first, each with points where its name may stand.

    Points are in units of the map, those furthest from the country's edges first.
    """
    found = []
    for code, rings in _here(frame).items():
        largest = max(rings, key=_area)
        share = _area(largest) / (WIDTH * frame.tall)
        if code and share >= NAMED:
            found.append((share, code, _deep(np.clip(largest, 0, [WIDTH, frame.tall]))))
    return tuple((code, points) for _, code, points in sorted(found, key=lambda f: -f[0]))


def inside(ring: FloatArray, points: FloatArray) -> BoolArray:
    """Whether points (point, 2) lie in a ring, by the number of its sides to their right."""
    after = np.roll(ring, -1, axis=0)
    x, y = points[:, 0, None], points[:, 1, None]
    spans = (ring[:, 1] > y) != (after[:, 1] > y)
    run = np.where(after[:, 1] == ring[:, 1], 1.0, after[:, 1] - ring[:, 1])
    cross = ring[:, 0] + (y - ring[:, 1]) / run * (after[:, 0] - ring[:, 0])
    return np.asarray((spans & (x < cross)).sum(axis=1) % 2 == 1)


def kept(line: FloatArray, tolerance: float) -> BoolArray:
    """Points of a line (point, 2) that a simpler one needs (Douglas and Peucker 1973).

    A ring keeps the two points that are furthest apart.
    """
    chosen = np.zeros(len(line), bool)
    chosen[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    if len(line) > 2 and np.allclose(line[0], line[-1]):
        far = int(np.hypot(*(line - line[0]).T).argmax())
        chosen[far] = True
        spans = [(0, far), (far, len(line) - 1)]
    while spans:
        a, b = spans.pop()
        if b - a < 2:
            continue
        way, inner = line[b] - line[a], line[a + 1 : b] - line[a]
        square = float(way @ way)
        along = np.clip(inner @ way / square, 0, 1) if square > 0 else np.zeros(len(inner))
        off = np.hypot(*(inner - along[:, None] * way).T)
        worst = int(off.argmax())
        if off[worst] > tolerance:
            chosen[a + 1 + worst] = True
            spans += [(a, a + 1 + worst), (a + 1 + worst, b)]
    return chosen


@lru_cache(maxsize=8)
def _here(frame: Frame) -> Mapping[str, Sequence[FloatArray]]:
    """Rings of the countries in a frame, cut to it and made as simple as can be seen, by code."""
    known = shapes()
    centre = _vectors(np.array([[frame.centre[1], frame.centre[0]]]))[0]
    near = [bool((direction @ centre).max() > 0) for direction in known.directions]
    drawn: dict[int, FloatArray] = {}

    def arc(number: int) -> FloatArray:
        index = number if number >= 0 else ~number
        if index not in drawn:
            drawn[index] = _simple(_placed([known.arcs[index]], frame, every=True)[0], frame)
        return drawn[index] if number >= 0 else drawn[index][::-1]

    found: dict[str, list[FloatArray]] = {}
    for code, polygons in known.countries.items():
        for polygon in polygons:
            # what lies on the far side of the globe would be drawn inside out
            if not any(near[n if n >= 0 else ~n] for n in polygon[0]):
                continue
            for ring in polygon:
                cut = _ring(np.concatenate([arc(n) for n in ring]), frame)
                if len(cut) > 2:
                    found.setdefault(code, []).append(cut)
    return {
        code: rings
        for code, every in found.items()
        if (rings := [r for r in every if np.ptp(r, axis=0).max() > SPECK] or sorted(every, key=_area)[-1:])
    }


def _placed(lines: Sequence[FloatArray], frame: Frame, every: bool = False) -> list[FloatArray]:
    """Lines in units of the map; without ``every``, those that reach into it."""
    found = []
    for line in lines:
        points = np.stack(frame.at(line[:, 1], line[:, 0]), axis=1)
        if every or not _outside(points, frame):
            found.append(points)
    return found


def _outside(points: FloatArray, frame: Frame) -> bool:
    """Whether all points lie beyond one edge."""
    low, high = points.min(axis=0), points.max(axis=0)
    beyond = high < -OVER, low > np.array([WIDTH, frame.tall]) + OVER
    return bool(beyond[0].any() or beyond[1].any())


def _simple(points: FloatArray, frame: Frame) -> FloatArray:
    if _outside(points, frame):
        ring = np.allclose(points[0], points[-1])
        return points[[0, len(points) // 3, 2 * len(points) // 3, -1]] if ring else points[[0, -1]]
    return points[kept(points, DETAIL)]


def _ring(points: FloatArray, frame: Frame) -> FloatArray:
    """A ring cut to the frame and a little more (Sutherland and Hodgman 1974)."""
    for axis, edge, sign in (
        (0, -OVER, 1.0),
        (0, WIDTH + OVER, -1.0),
        (1, -OVER, 1.0),
        (1, frame.tall + OVER, -1.0),
    ):
        if not len(points):
            break
        after = np.roll(points, -1, axis=0)
        here, there = sign * (points[:, axis] - edge), sign * (after[:, axis] - edge)
        crosses = (here > 0) != (there > 0)
        part = np.divide(here, here - there, out=np.zeros(len(here)), where=crosses)
        cut = points + part[:, None] * (after - points)
        both = np.stack([points, cut], axis=1).reshape(-1, 2)
        points = both[np.stack([here > 0, crosses], axis=1).ravel()]
    return points


def _inside(points: FloatArray, frame: Frame) -> Iterator[FloatArray]:
    """Parts of a line within the frame and a little more, made simpler."""
    low, high = np.array([-OVER, -OVER]), np.array([WIDTH, frame.tall]) + OVER
    within = ((points >= low) & (points <= high)).all(axis=1)
    runs = np.flatnonzero(np.diff(np.concatenate([[0], within.astype(int), [0]])))
    for a, b in zip(runs[::2], runs[1::2], strict=True):
        part = points[max(a - 1, 0) : b + 1]
        if len(part) > 1:
            yield part[kept(part, DETAIL)]


def _d(lines: Sequence[FloatArray], *, closed: bool) -> str:
    """Lines as the data of a path, in whole numbers and steps between them."""
    parts = []
    for line in lines:
        points = np.round(FINE * line).astype(int)
        points = points[np.concatenate([[True], np.any(np.diff(points, axis=0), axis=1)])]
        if len(points) > 1:
            steps = " ".join(map(str, np.diff(points, axis=0).ravel().tolist())).replace(" -", "-")
            parts.append(f"M{points[0, 0]} {points[0, 1]}l{steps}{'z' if closed else ''}")
    return "".join(parts)


def _area(ring: FloatArray) -> float:
    after = np.roll(ring, -1, axis=0)
    return abs(float(np.sum(ring[:, 0] * after[:, 1] - after[:, 0] * ring[:, 1]))) / 2


def _deep(ring: FloatArray) -> tuple[tuple[float, float], ...]:
    """Points within a ring, the furthest from its edges first."""
    low, high = ring.min(axis=0), ring.max(axis=0)
    steps = (np.arange(SAMPLES) + 0.5) / SAMPLES
    grid = np.stack(np.meshgrid(*(low[i] + steps * (high[i] - low[i]) for i in (0, 1))), axis=-1)
    points = grid.reshape(-1, 2)
    points = points[inside(ring, points)]
    away = np.hypot(*(points[:, None] - ring[None]).transpose(2, 0, 1)).min(axis=1) if len(points) else []
    return tuple((float(x), float(y)) for x, y in points[np.argsort(-np.asarray(away), kind="stable")])


def _vectors(line: FloatArray) -> FloatArray:
    lam, phi = np.radians(line[:, 0]), np.radians(line[:, 1])
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)


def _decoded(text: str, step: float) -> FloatArray:
    """A line from its text: zigzag numbers, five bits a character (the encoded polyline format)."""
    steps: list[int] = []
    number = shift = 0
    for character in text:
        code: Any = ord(character) - 63
        number |= (code & 0x1F) << shift
        shift += 5
        if code < 0x20:
            steps.append(~(number >> 1) if number & 1 else number >> 1)
            number = shift = 0
    return np.cumsum(np.array(steps, float).reshape(-1, 2), axis=0) * step
