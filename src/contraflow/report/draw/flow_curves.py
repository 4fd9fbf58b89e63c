"""Flows as lines on the map: where each starts, where it stops and how it bends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from contraflow.case.schema import Place
from contraflow.report.draw.basemap import WIDTH, Frame
from contraflow.report.draw.projection import middle, project
from contraflow.results.draws import mean
from contraflow.results.view import KG_PER_TONNE, coord
from contraflow.text.names import AFAR

REACH = 900.0
"""Foreign places within this distance of a place at home are on the map, km, or within half the extent of
the places at home where that is less, but for the least extent of a map."""

LEAST = 300.0
"""Least extent of a map, km: a case may have one place."""

PAD = 0.09
"""Room around places, of the greater of their extents."""

FLATTEST, TALLEST = 0.55, 0.84
"""Limits of height over width."""

EDGE = 9.0
"""Where lines that leave the map end, from its edge."""

CORNER = 46.0
"""Where they do not end, from its corners."""

APART = (46.0, 130.0)
"""Least distance between ends at a side, up and across."""

TRACE = 0.03
"""A share grown at home below this is not told apart from the goods of rivals."""

Point = tuple[float, float]
Key = tuple[str, str, str]
"""Origin, destination and mode."""


@dataclass(frozen=True)
class Flow:
    """Goods between two places by a mode, t pure a year.

    ``lost`` is the share intercepted, ``own`` the share grown at home; ``rival`` marks what is not.
    """

    origin: str
    destination: str
    mode: str
    tonnes: float
    lost: float = 0.0
    own: float = 1.0
    rival: bool = False


@dataclass(frozen=True)
class End:
    """Where lines leave the map at one side for one place; x and y in units of the map, t pure a year.

    ``rival`` marks ends that hardly any goods grown at home reach; ``tonnes`` are then those of rivals.
    """

    place: str
    x: float
    y: float
    side: str
    tonnes: float
    rival: bool = False


def flows(data: xr.Dataset, grown: Mapping[str, float] | None = None) -> dict[Key, Flow]:
    """Transport summed over forms, by origin, destination and mode (means over draws, so that they add up).

    ``grown`` is the share of what leaves each node that was grown at home, as from
    ``tables.home_grown``; left out, all of it.
    """
    links = np.flatnonzero(coord(data, "kind") == "link")
    pure = mean(data, "pure") / KG_PER_TONNE
    lost = mean(data, "seized_pure") / KG_PER_TONNE
    origin, destination, mode, tail = (coord(data, c) for c in ("from_place", "to_place", "mode", "tail"))
    sums: dict[Key, list[float]] = {}
    for i in links:
        total = sums.setdefault((origin[i], destination[i], mode[i]), [0.0, 0.0, 0.0])
        share = 1.0 if grown is None else grown.get(tail[i], 0.0)
        total[0] += float(pure[i])
        total[1] += float(lost[i])
        total[2] += float(pure[i]) * share
    return {
        key: Flow(*key, t, s / t if t > 0 else 0.0, own / t if t > 0 else 1.0)
        for key, (t, s, own) in sums.items()
    }


def split(all_flows: Mapping[Key, Flow]) -> tuple[dict[Key, Flow], dict[Key, Flow]]:
    """The part of each flow that was grown at home, and the part that was not; traces are left out."""
    share = {k: f.own if f.own > TRACE else 0.0 for k, f in all_flows.items()}
    own = {k: replace(f, tonnes=f.tonnes * share[k]) for k, f in all_flows.items()}
    rest = {k: replace(f, tonnes=f.tonnes * (1 - share[k]), rival=True) for k, f in all_flows.items()}
    return own, rest


def map_frame(places: Mapping[str, Place], home: str) -> Frame:
    """Frame around the home country's places and those of neighbours that lie near them, km.

    A case without a place at home, or without any, is shown around what it has.
    """
    spots = [p for p in places.values() if not is_far(p)] or list(places.values())
    inland = np.array([p.country == home for p in spots])
    inland = inland if inland.any() else np.ones(len(spots), bool)
    latitude, longitude = (np.array([getattr(p, a) for p in spots]) for a in ("latitude", "longitude"))
    if not spots:
        return _widened(-LEAST, LEAST, -LEAST, LEAST, (0.0, 0.0))
    centre = middle(latitude[inland], longitude[inland])
    x, y = project(latitude, longitude, centre)
    extent = max(float(np.hypot(np.ptp(x[inland]), np.ptp(y[inland]))), LEAST)
    away = np.hypot(x[:, None] - x[inland], y[:, None] - y[inland]).min(axis=1)
    near = inland | (away < min(REACH, max(LEAST, 0.5 * extent)))
    return _widened(x[near].min(), x[near].max(), y[near].min(), y[near].max(), centre)


def _widened(left: float, right: float, bottom: float, top: float, centre: tuple[float, float]) -> Frame:
    """A frame with room around what it shows, neither flatter nor taller than can be read."""
    left, right, bottom, top = float(left), float(right), float(bottom), float(top)
    across, up = (max(high - low, LEAST / 2) for low, high in ((left, right), (bottom, top)))
    pad = PAD * max(across, up)
    across, up = across + 2 * pad, up + 2 * pad
    across, up = max(across, up / TALLEST), max(up, across * FLATTEST)
    x, y = (left + right) / 2, (bottom + top) / 2
    return Frame(x - across / 2, x + across / 2, y - up / 2, y + up / 2, centre)


def is_far(place: Place) -> bool:
    """Whether a place stands for a distant market."""
    return place.country in AFAR


def difference(first: Mapping[Key, Flow], then: Mapping[Key, Flow]) -> dict[Key, Flow]:
    """Change of every flow, t pure a year; a flow absent on one side is zero there."""
    none = Flow("", "", "", 0.0)
    keys = dict.fromkeys([*first, *then])
    return {k: Flow(*k, then.get(k, none).tonnes - first.get(k, none).tonnes) for k in keys}


def line_ends(
    drawn: list[Flow], places: Mapping[str, Place], frame: Frame, shipped: Collection[str] = ()
) -> tuple[dict[tuple[str, str], tuple[Point, Point]], list[End]]:
    """Where each pair's line starts and stops, in units of the map; lines that leave it stop at its edge.

    ``shipped`` are the modes that go by sea. Lines between places off the map are left out.
    """
    spot = {p.id: tuple(float(v) for v in frame.at(p.latitude, p.longitude)) for p in places.values()}
    exits: dict[tuple[str, str], list[tuple[Flow, Point]]] = {}
    ends: dict[tuple[str, str], tuple[Point, Point]] = {}
    for flow in sorted(drawn, key=lambda f: -abs(f.tonnes)):
        pair = (flow.origin, flow.destination)
        a, b = ((x, y) for x, y in (spot[flow.origin], spot[flow.destination]))
        if pair in ends or not frame.holds(*a, EDGE):
            continue
        if frame.holds(*b, EDGE):
            ends[pair] = (a, b)
            continue
        overseas = is_far(places[flow.destination]) and flow.mode in shipped
        side, stop = _nearest_side(a, frame) if overseas else _exit(a, b, frame)
        ends[pair] = (a, stop)
        exits.setdefault((flow.destination, side), []).append((flow, stop))
    terminals = []
    for (destination, side), found in exits.items():
        at = np.mean([stop for _, stop in found], axis=0)
        every = [
            f for f in drawn if any((f.origin, f.destination) == (g.origin, destination) for g, _ in found)
        ]
        own = sum(f.tonnes for f in every if not f.rival)
        rest = sum(f.tonnes for f in every if f.rival)
        rival = abs(own) < 0.05 * rest
        terminals.append(End(destination, float(at[0]), float(at[1]), side, rest if rival else own, rival))
    terminals = spread(terminals, frame)
    for end in terminals:
        for flow, _ in exits[end.place, end.side]:
            pair = (flow.origin, flow.destination)
            ends[pair] = (ends[pair][0], (end.x, end.y))
    return ends, terminals


def spread(ends: list[End], frame: Frame) -> list[End]:
    """Move ends on the same side apart along it, so that their names do not touch."""
    done: list[End] = []
    for side in ("left", "right", "top", "bottom"):
        upright = side in ("left", "right")
        own = sorted((e for e in ends if e.side == side), key=lambda e: e.y if upright else e.x)
        length = frame.tall if upright else WIDTH
        gap = min(APART[0] if upright else APART[1], (length - 2 * CORNER) / max(len(own) - 1, 1))
        spots = np.array([e.y if upright else e.x for e in own])
        for _ in range(80):
            for i in range(len(spots) - 1):
                short = gap - (spots[i + 1] - spots[i])
                if short > 0:
                    spots[i], spots[i + 1] = spots[i] - short / 2, spots[i + 1] + short / 2
            spots = np.clip(spots, CORNER, length - CORNER)
        moved = zip(own, spots.tolist(), strict=True)
        done += [replace(e, y=s) if upright else replace(e, x=s) for e, s in moved]
    return done


def _nearest_side(a: Point, frame: Frame) -> tuple[str, Point]:
    """Side and point where a ship leaves the map: the nearest, since it does not go overland."""
    gaps = {
        "left": a[0],
        "right": WIDTH - a[0],
        "top": 1.4 * a[1],
        "bottom": 1.4 * (frame.tall - a[1]),
    }
    side = min(gaps, key=lambda s: gaps[s])
    stops = {
        "left": (EDGE, a[1]),
        "right": (WIDTH - EDGE, a[1]),
        "top": (a[0], EDGE),
        "bottom": (a[0], frame.tall - EDGE),
    }
    return side, stops[side]


def _exit(a: Point, b: Point, frame: Frame) -> tuple[str, Point]:
    """Side and point where the straight line to a place off the map leaves it."""
    (x, y), (dx, dy) = a, (b[0] - a[0], b[1] - a[1])
    right, low = WIDTH - EDGE, frame.tall - EDGE
    steps = {
        "left": (EDGE - x) / dx if dx < 0 else np.inf,
        "right": (right - x) / dx if dx > 0 else np.inf,
        "top": (EDGE - y) / dy if dy < 0 else np.inf,
        "bottom": (low - y) / dy if dy > 0 else np.inf,
    }
    side = min(steps, key=lambda s: steps[s])
    t = max(0.0, float(steps[side]))
    return side, (x + t * dx, y + t * dy)


@dataclass(frozen=True)
class Curve:
    """A line from start to end that bends towards a control point: a quadratic Bézier curve."""

    start: Point
    control: Point
    end: Point

    def at(self, t: float) -> Point:
        """A point of it, t from 0 to 1."""
        weights = ((1 - t) ** 2, 2 * t * (1 - t), t**2)
        points = (self.start, self.control, self.end)
        x, y = (sum(w * p[i] for w, p in zip(weights, points, strict=True)) for i in (0, 1))
        return x, y

    def direction(self, t: float) -> Point:
        """Unit vector along it at a point."""
        x, y = (
            (1 - t) * (self.control[i] - self.start[i]) + t * (self.end[i] - self.control[i]) for i in (0, 1)
        )
        length = float(np.hypot(x, y)) or 1.0
        return x / length, y / length


def bend(a: Point, b: Point, rank: int) -> Curve:
    """A curve from a to b; a higher rank bends more, so that modes lie side by side."""
    lean = 0.11 + 0.13 * ((rank + 1) // 2) * (1 if rank % 2 else -1) if rank else 0.11
    control = (
        (a[0] + b[0]) / 2 + lean * (b[1] - a[1]),
        (a[1] + b[1]) / 2 - lean * (b[0] - a[0]),
    )
    return Curve(a, control, b)
