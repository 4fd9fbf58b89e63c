"""Journeys of goods: how much goes from where it grows or is made, by which way out, to where it is sold."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from contraflow.results.draws import mean
from contraflow.results.view import KG_PER_TONNE, View, coord, home_country

K = TypeVar("K", bound=Hashable)

STAYS = "stays"
"""Way out of what never leaves the country."""

SEIZED = "seized or lost"
"""Where what is seized or wasted on the way ends."""


def journeys(data: xr.Dataset, home: str | None = None) -> dict[tuple[str, str, str, str], float]:
    """Where goods that are grown or made at home go: by which way out they leave, and where they are sold.

    Every node passes on a mix: what arrives at it from each zone leaves in proportion over its arcs. So one
    forward pass of shares over the acyclic network says which zone's goods took which way out and were sold
    where. What is raw counts as what can be made from it, so that nothing seems to appear where it is
    processed.

    Parameters
    ----------
    data
        Dataset of an outcome.
    home
        Code of the home country. None: that of the dataset.

    Returns
    -------
    dict
        Flows by (zone, mode by which the country is left, country reached, place of the market), t pure a
        year, as means over draws, which add up as medians would not. The mode is STAYS for goods that never
        leave, the place SEIZED for goods that are seized or wasted on the way.
    """
    country = home_country(data, home)
    pure, arrived = (mean(data, v) / KG_PER_TONNE for v in ("pure", "arrival_pure"))
    tail, head, zone = (coord(data, c) for c in ("tail", "head", "from_place"))
    kind, mode, start, end = (coord(data, c) for c in ("kind", "mode", "from_country", "to_country"))
    sold = mean(data, "sold_pure") / KG_PER_TONNE
    raw = _raw(data, country)
    gain = _gain(coord(data, "form"), kind == "process", start == country, pure, arrived, raw)
    pure = pure * np.where(coord(data, "form") == raw, gain, 1.0)
    arrived = arrived * np.where(coord(data, "form_out") == raw, gain, 1.0)
    sold = sold * np.where(coord(data, "market_form") == raw, gain, 1.0)
    market = dict(
        zip(coord(data, "market_node"), zip(coord(data, "market_place"), sold, strict=True), strict=True)
    )
    mixes: dict[str, dict[tuple[str, str, str], float]] = {}
    totals: dict[tuple[str, str, str, str], float] = {}
    for a in np.flatnonzero(View(data, country).sources & (arrived > 0) & (start == country)):
        add(mixes.setdefault(head[a], {}), (str(zone[a]), STAYS, country), float(arrived[a]))
    for node in _forward(tail, head):
        mix = mixes.get(node, {})
        out = np.flatnonzero((tail == node) & (pure > 0))
        place, sales = market.get(node, ("", 0.0))
        whole = max(float(arrived[head == node].sum()), float(pure[out].sum()) + sales)
        for (origin, way, reached), tonnes in mix.items():
            for a in out:
                part, through = tonnes * float(pure[a]) / whole, min(1.0, float(arrived[a] / pure[a]))
                leaves = way == STAYS and start[a] == country != end[a]
                key = (origin, str(mode[a]), str(end[a])) if leaves else (origin, way, reached)
                add(mixes.setdefault(head[a], {}), key, part * through)
                add(totals, (*key, SEIZED), part * (1 - through))
            if sales > 0:
                add(totals, (origin, way, reached, str(place)), tonnes * sales / whole)
    return totals


def _raw(data: xr.Dataset, country: str) -> str:
    """Form that most is grown of at home; empty where nothing is."""
    view = View(data, country)
    size = mean(data, "arrival_pure") * (view.sources & view.starts_at_home)
    return str(view.label("form_out")[int(np.argmax(size))]) if size.any() else ""


def _gain(
    form: NDArray[np.object_],
    process: NDArray[np.bool_],
    at_home: NDArray[np.bool_],
    pure: NDArray[np.float64],
    arrived: NDArray[np.float64],
    raw: str,
) -> float:
    """Pure content of what is made of the raw good at home, over that stated for the raw good; 1 or more."""
    made = process & at_home & (form == raw) & (pure > 0)
    return max(1.0, float(arrived[made].sum() / pure[made].sum())) if made.any() else 1.0


def add(sums: dict[K, float], key: K, value: float) -> None:
    """Add a value to the sum under a key."""
    sums[key] = sums.get(key, 0.0) + value


def _forward(
    tail: np.ndarray[tuple[int], np.dtype[np.object_]], head: np.ndarray[tuple[int], np.dtype[np.object_]]
) -> list[str]:
    """Nodes so that every arc leads forward."""
    from graphlib import TopologicalSorter

    before: dict[str, set[str]] = {}
    for t, h in zip(tail, head, strict=True):
        before.setdefault(str(h), set()).add(str(t))
    return list(TopologicalSorter(before).static_order())
