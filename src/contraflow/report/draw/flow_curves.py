"""Flows as lines on the map: where each starts, where it stops and how it bends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from contraflow.case.schema import Place
from contraflow.report.draw.basemap import Frame
from contraflow.report.draw.labels import Label, spread
from contraflow.report.draw.projection import project
from contraflow.results.draws import mean
from contraflow.results.view import KG_PER_TONNE, coord

REACH = 900.0
"""Foreign places within this distance of a place at home are on the map, km."""

LEAST = 100.0
"""Least extent of a map, km: a case may have one place."""

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
    """Frame around the home country's places and whatever lies within reach of them, km."""
    spots = [p for p in places.values() if not is_far(p)]
    x, y = project([p.latitude for p in spots], [p.longitude for p in spots])
    inland = np.array([p.country == home for p in spots])
    near = np.hypot(x[:, None] - x[inland], y[:, None] - y[inland]).min(axis=1) < REACH
    left, right = float(x[near].min()), float(x[near].max())
    bottom, top = float(y[near].min()), float(y[near].max())
    pad = 0.07 * max(right - left, top - bottom, LEAST)  # names of what lies off the map stand in the margins
    return Frame(left - 3.4 * pad, right + 3.4 * pad, bottom - 1.2 * pad, top + 1.5 * pad)


def is_far(place: Place) -> bool:
    """Whether a place stands for a distant market."""
    return place.country.startswith("X")


def difference(first: Mapping[Key, Flow], then: Mapping[Key, Flow]) -> dict[Key, Flow]:
    """Change of every flow, t pure a year; a flow absent on one side is zero there."""
    none = Flow("", "", "", 0.0)
    keys = dict.fromkeys([*first, *then])
    return {k: Flow(*k, then.get(k, none).tonnes - first.get(k, none).tonnes) for k in keys}


def line_ends(
    drawn: list[Flow], places: Mapping[str, Place], frame: Frame
) -> tuple[dict[tuple[str, str], tuple[Point, Point]], list[Label]]:
    """Where each pair's line starts and stops; lines to places off the map stop at its edge."""
    spot = {p.id: tuple(float(v) for v in project(p.latitude, p.longitude)) for p in places.values()}
    inner = frame.inner()
    exits: dict[tuple[str, str], list[tuple[Flow, Point]]] = {}
    ends: dict[tuple[str, str], tuple[Point, Point]] = {}
    for flow in drawn:
        a, b = spot[flow.origin], spot[flow.destination]
        if not inner.holds(*a):
            continue
        if inner.holds(*b):
            ends[flow.origin, flow.destination] = ((a[0], a[1]), (b[0], b[1]))
            continue
        side, stop = _exit((a[0], a[1]), (b[0], b[1]), frame, is_far(places[flow.destination]))
        exits.setdefault((flow.destination, side), []).append((flow, stop))
    terminals = []
    for (destination, side), found in exits.items():
        middle = np.mean([stop for _, stop in found], axis=0)
        own = sum(f.tonnes for f, _ in found if not f.rival)
        rest = sum(f.tonnes for f, _ in found if f.rival)
        rival = abs(own) < 0.05 * rest
        at = (float(middle[0]), float(middle[1]))
        terminals.append(Label(destination, *at, side, rest if rival else own, rival))
    terminals = spread(terminals, frame)
    for terminal in terminals:
        for flow, _ in exits[terminal.place, terminal.side]:
            a = spot[flow.origin]
            ends[flow.origin, flow.destination] = ((a[0], a[1]), (terminal.x, terminal.y))
    return ends, terminals


def _exit(a: Point, b: Point, frame: Frame, far: bool) -> tuple[str, Point]:
    """Side and point where a line leaves the map; overseas, by the nearest side rather than overland."""
    inner = frame.inner()
    left, right, bottom, top = inner.left, inner.right, inner.bottom, inner.top
    if far:
        gaps = {"left": a[0] - frame.left, "right": frame.right - a[0], "top": 1.6 * (frame.top - a[1])}
        side = min(gaps, key=lambda s: gaps[s])
        stops = {"left": (left, a[1]), "right": (right, a[1]), "top": (a[0], top)}
        return side, stops[side]
    steps = {
        "left": (left - a[0]) / (b[0] - a[0]) if b[0] < left else np.inf,
        "right": (right - a[0]) / (b[0] - a[0]) if b[0] > right else np.inf,
        "bottom": (bottom - a[1]) / (b[1] - a[1]) if b[1] < bottom else np.inf,
        "top": (top - a[1]) / (b[1] - a[1]) if b[1] > top else np.inf,
    }
    side = min(steps, key=lambda s: steps[s])
    t = max(0.0, steps[side]) if np.isfinite(steps[side]) else 1.0
    return side, (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))


def bend(a: Point, b: Point, rank: int, points: int = 24) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A curve from a to b, km, (point, 2); a higher rank bends more, so that modes lie side by side."""
    start, stop = np.asarray(a), np.asarray(b)
    across = np.array([-(stop - start)[1], (stop - start)[0]])
    lean = 0.11 + 0.13 * ((rank + 1) // 2) * (1 if rank % 2 else -1) if rank else 0.11
    control = (start + stop) / 2 + lean * across
    t = np.linspace(0, 1, points)[:, None]
    curve: np.ndarray[Any, np.dtype[np.float64]] = (
        (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * stop
    )
    return curve
