"""Where the goods come from and end: zones, ways out, transit and markets, t pure a year."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import xarray as xr

from contraflow.report import style
from contraflow.results.tables import KG_PER_TONNE, coord, home_country

if TYPE_CHECKING:
    import plotly.graph_objects as go

K = TypeVar("K", bound=Hashable)
SMALL = 0.02
"""Nodes that carry less than this share of the whole are put together as "other"."""
LAYERS = ("grown in", "leaves by", "goes to", "sold in")
SEIZED = "seized or lost"
FINE = 0.0015
"""Links below this share of the whole are left out."""
STAYS = "stays"
HOME_LOST = "seized or lost at home"
HOME_SOLD = "sold at home"


def journeys(data: xr.Dataset, home: str | None = None) -> dict[tuple[str, str, str, str], float]:
    """Flows at home by (zone, mode out, country reached, market), t pure a year.

    Every node passes on a mix: what arrives at it from each zone leaves in proportion over its arcs.
    So one forward pass of shares over the acyclic network says which zone's goods took which way out
    and were sold where; what is seized or wasted on the way ends in its own row. Only goods that are
    grown or bought at home are followed. The way out is ``stays`` for what never leaves.
    """
    country = home_country(data, home)
    pure, arrived = (np.median(data[v].values, axis=0) / KG_PER_TONNE for v in ("pure", "arrival_pure"))
    tail, head, zone = (coord(data, c) for c in ("tail", "head", "from_place"))
    kind, mode, start, end = (coord(data, c) for c in ("kind", "mode", "from_country", "to_country"))
    sold = np.median(data["sold_pure"].values, axis=0) / KG_PER_TONNE
    market = dict(
        zip(coord(data, "market_node"), zip(coord(data, "market_place"), sold, strict=True), strict=True)
    )

    mixes: dict[str, dict[tuple[str, str, str], float]] = {}
    totals: dict[tuple[str, str, str, str], float] = {}
    for a in np.flatnonzero((kind == "activity") & (arrived > 0) & (start == country)):
        _add(mixes.setdefault(head[a], {}), (str(zone[a]), STAYS, country), float(arrived[a]))
    for node in _order(tail, head):
        mix = mixes.get(node, {})
        out = np.flatnonzero((tail == node) & (pure > 0))
        place, sales = market.get(node, ("", 0.0))
        whole = max(float(arrived[head == node].sum()), float(pure[out].sum()) + sales)
        for (origin, way, reached), tonnes in mix.items():
            for a in out:
                part, through = tonnes * float(pure[a]) / whole, min(1.0, float(arrived[a] / pure[a]))
                leaves = way == STAYS and start[a] == country != end[a]
                key = (origin, str(mode[a]), str(end[a])) if leaves else (origin, way, reached)
                _add(mixes.setdefault(head[a], {}), key, part * through)
                _add(totals, (*key, SEIZED), part * (1 - through))
            if sales > 0:
                _add(totals, (origin, way, reached, str(place)), tonnes * sales / whole)
    return totals


def sankey(data: xr.Dataset, names: Mapping[str, str] | None = None, home: str | None = None) -> go.Figure:
    """Sankey diagram of :func:`journeys`: where it grows, how it leaves, where it goes first, who buys.

    ``names`` gives places, modes and country codes as shown.
    """
    import plotly.graph_objects as go

    paths = {k: t for k, t in journeys(data, home).items() if t > 0}
    whole = sum(paths.values()) or 1.0
    sums: list[dict[str, float]] = [{}, {}, {}, {}]
    for path, tonnes in paths.items():
        for layer, key in enumerate(path):
            _add(sums[layer], key, tonnes)
    merged: dict[tuple[int, str, int, str], float] = {}
    for path, tonnes in paths.items():
        keys = [k if sums[i][k] > SMALL * whole or k == SEIZED else "other" for i, k in enumerate(path)]
        if path[1] == STAYS:  # what never leaves ends one column on
            _add(merged, (0, keys[0], 1, HOME_LOST if keys[3] == SEIZED else HOME_SOLD), tonnes)
            continue
        for i in range(3):
            _add(merged, (i, keys[i], i + 1, keys[i + 1]), tonnes)
    merged = {k: t for k, t in merged.items() if t > FINE * whole}
    modes = style.mode_colours(m for m in coord(data, "mode") if m)
    nodes = list(dict.fromkeys([k[:2] for k in merged] + [k[2:] for k in merged]))
    index = {node: i for i, node in enumerate(nodes)}
    through = {n: max(_through(merged, n, 0), _through(merged, n, 2)) for n in nodes}
    shown = names or {}

    def label(node: tuple[int, str]) -> str:
        key = node[1]
        text = shown.get(key, key.replace("-", " "))
        return f"{text}  {style.amount(through[node])} t"

    def colour(node: tuple[int, str]) -> str:
        layer, key = node
        if key in (SEIZED, HOME_LOST, HOME_SOLD):
            return "#9a958a"
        return ("#5d7f3f", modes.get(key, style.SOFT), "#936512", "#23508a")[layer]

    links = list(merged)
    figure = go.Figure(layout=style.layout(560, margin={"l": 4, "r": 4, "t": 34, "b": 10}))
    figure.add_sankey(
        arrangement="snap",
        node={
            "label": [label(n) for n in nodes],
            "color": [colour(n) for n in nodes],
            "align": "left",
            "pad": 16,
            "thickness": 13,
            "line": {"width": 0},
            "hovertemplate": "%{label}<extra></extra>",
        },
        link={
            "source": [index[k[:2]] for k in links],
            "target": [index[k[2:]] for k in links],
            "value": [round(merged[k], 4) for k in links],
            "color": [style.faded(modes.get(k[1] if k[0] == 1 else k[3], "#9a958a"), 0.34) for k in links],
            "hovertemplate": "%{source.label} → %{target.label}: %{value:.1f} t<extra></extra>",
        },
        textfont={"size": 12.5, "color": style.INK, "family": style.FONT, "shadow": "none"},
    )
    for layer, title in enumerate(LAYERS):
        figure.add_annotation(
            x=layer / 3,
            y=1.0,
            xref="paper",
            yref="paper",
            yanchor="bottom",
            yshift=10,
            xanchor=("left", "center", "center", "right")[layer],
            text=title.upper(),
            showarrow=False,
            font={"size": 11, "color": style.SOFT},
        )
    return figure


def _through(merged: Mapping[tuple[int, str, int, str], float], node: tuple[int, str], side: int) -> float:
    return sum(t for k, t in merged.items() if k[side : side + 2] == node)


def _add(sums: dict[K, float], key: K, value: float) -> None:
    sums[key] = sums.get(key, 0.0) + value


def _order(
    tail: np.ndarray[tuple[int], np.dtype[np.object_]], head: np.ndarray[tuple[int], np.dtype[np.object_]]
) -> list[str]:
    """Nodes so that every arc leads forward."""
    from graphlib import TopologicalSorter

    before: dict[str, set[str]] = {}
    for t, h in zip(tail, head, strict=True):
        before.setdefault(str(h), set()).add(str(t))
    return list(TopologicalSorter(before).static_order())
