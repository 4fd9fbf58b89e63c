"""Where the goods come from and end: zones, ways out, transit and markets, t pure a year."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from contraflow._numbers import amount
from contraflow.report.draw import theme
from contraflow.report.draw.drawing import Drawing
from contraflow.results.draws import mean
from contraflow.results.tables import KG_PER_TONNE, coord, families, home_country

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
OTHER = "all others"
GREY = "#9a958a"


def journeys(data: xr.Dataset, home: str | None = None) -> dict[tuple[str, str, str, str], float]:
    """Flows at home by (zone, mode out, country reached, market), t pure a year.

    Every node passes on a mix: what arrives at it from each zone leaves in proportion over its arcs.
    So one forward pass of shares over the acyclic network says which zone's goods took which way out
    and were sold where; what is seized or wasted on the way ends in its own row. Only goods that are
    grown or bought at home are followed. The way out is ``stays`` for what never leaves. What is raw
    counts as what can be made from it, so that nothing seems to appear where it is processed. Means
    over draws: they add up, as medians would not.
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


def _raw(data: xr.Dataset, country: str) -> str:
    """Form that most is grown of at home."""
    grown = (coord(data, "kind") == "activity") & (coord(data, "from_country") == country)
    size = mean(data, "arrival_pure") * grown
    return str(coord(data, "form_out")[int(np.argmax(size))])


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


def sankey(data: xr.Dataset, names: Mapping[str, str] | None = None, home: str | None = None) -> go.Figure:
    """Sankey diagram of :func:`journeys`: where it grows, how it leaves, where it goes first, who buys.

    ``names`` gives places, modes and country codes as shown.
    """
    return draw_sankey(data, names, home).figure()


def draw_sankey(data: xr.Dataset, names: Mapping[str, str] | None = None, home: str | None = None) -> Drawing:
    """As :func:`sankey`, unchecked."""
    paths = {k: t for k, t in journeys(data, home).items() if t > 0}
    whole = sum(paths.values()) or 1.0
    sums: list[dict[str, float]] = [{}, {}, {}, {}]
    for path, tonnes in paths.items():
        for layer, key in enumerate(path):
            _add(sums[layer], key, tonnes)
    merged: dict[tuple[int, str, int, str], float] = {}
    for path, tonnes in paths.items():
        keys = [k if sums[i][k] > SMALL * whole or k == SEIZED else OTHER for i, k in enumerate(path)]
        if path[1] == STAYS:  # what never leaves ends one column on
            _add(merged, (0, keys[0], 1, HOME_LOST if keys[3] == SEIZED else HOME_SOLD), tonnes)
            continue
        for i in range(3):
            _add(merged, (i, keys[i], i + 1, keys[i + 1]), tonnes)
    merged = {k: t for k, t in merged.items() if t > FINE * whole}
    size = {k: sums[k[0]].get(k[1], 0.0) for m in merged for k in (m[:2], m[2:])}
    last = (SEIZED, HOME_LOST, HOME_SOLD, OTHER)
    nodes = sorted(size, key=lambda n: (n[0], n[1] in last, -size[n]))
    index = {node: i for i, node in enumerate(nodes)}
    through = {n: max(_through(merged, n, 0), _through(merged, n, 2)) for n in nodes}
    shown = names or {}
    family = families(data)

    def label(node: tuple[int, str]) -> str:
        key = node[1]
        text = shown.get(key, key.replace("-", " "))
        return f"{text}  {amount(through[node])} t"

    def colour(node: tuple[int, str]) -> str:
        layer, key = node
        if key in (SEIZED, HOME_LOST, HOME_SOLD):
            return GREY
        way = theme.family_colour(family.get(key, "other")) if key != OTHER else theme.SOFT
        return ("#5d7f3f", way, "#936512", "#23508a")[layer]

    links = sorted(merged, key=lambda k: (index[k[0], k[1]], index[k[2], k[3]]))
    figure = Drawing(theme.layout(600, margin={"l": 4, "r": 4, "t": 34, "b": 10}))
    figure.add(
        "sankey",
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
            "color": [theme.faded(_link_colour(k, family), 0.32) for k in links],
            "hovertemplate": "%{source.label} → %{target.label}: %{value:.1f} t<extra></extra>",
        },
        textfont={"size": 12.5, "color": theme.INK, "family": theme.FONT, "shadow": "none"},
    )
    for layer, title in enumerate(LAYERS):
        figure.note(
            x=layer / 3,
            y=1.0,
            xref="paper",
            yref="paper",
            yanchor="bottom",
            yshift=10,
            xanchor=("left", "center", "center", "right")[layer],
            text=title.upper(),
            showarrow=False,
            font={"size": 11, "color": theme.SOFT},
        )
    return figure


def _link_colour(link: tuple[int, str, int, str], family: Mapping[str, str]) -> str:
    """Colour of the way out beside it; further on, that of where it ends."""
    layer, start, _, end = link
    if end in (SEIZED, HOME_LOST, HOME_SOLD, OTHER) or (layer == 0 and end == STAYS):
        return GREY
    return theme.family_colour(family.get(end if layer == 0 else start, "other")) if layer < 2 else "#5f87b8"


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
