"""Where the goods come from and end: zones, ways out, transit and markets, t pure a year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import xarray as xr

from contraflow._numbers import amount
from contraflow.report.draw import theme
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import template
from contraflow.results.journeys import SEIZED, STAYS, add, journeys
from contraflow.results.view import families

if TYPE_CHECKING:
    import plotly.graph_objects as go

SMALL = 0.02
"""Nodes that carry less than this share of the whole are put together as "other"."""
LAYERS = ("grown in", "leaves by", "goes to", "sold in")
FINE = 0.0015
"""Links below this share of the whole are left out."""
HOME_LOST = "seized or lost at home"
HOME_SOLD = "sold at home"
OTHER = "all others"
GREY = "#9a958a"


def sankey(data: xr.Dataset, names: Mapping[str, str] | None = None, home: str | None = None) -> go.Figure:
    """Sankey diagram of journeys: where it grows, how it leaves, where it goes first, who buys.

    The flows are those of :func:`contraflow.results.journeys.journeys`; ``names`` gives places, modes and
    country codes as shown.
    """
    return draw_sankey(data, names, home).figure()


def draw_sankey(data: xr.Dataset, names: Mapping[str, str] | None = None, home: str | None = None) -> Drawing:
    """As :func:`sankey`, unchecked."""
    paths = {k: t for k, t in journeys(data, home).items() if t > 0}
    whole = sum(paths.values()) or 1.0
    sums: list[dict[str, float]] = [{}, {}, {}, {}]
    for path, tonnes in paths.items():
        for layer, key in enumerate(path):
            add(sums[layer], key, tonnes)
    merged: dict[tuple[int, str, int, str], float] = {}
    for path, tonnes in paths.items():
        keys = [k if sums[i][k] > SMALL * whole or k == SEIZED else OTHER for i, k in enumerate(path)]
        if path[1] == STAYS:  # what never leaves ends one column on
            add(merged, (0, keys[0], 1, HOME_LOST if keys[3] == SEIZED else HOME_SOLD), tonnes)
            continue
        for i in range(3):
            add(merged, (i, keys[i], i + 1, keys[i + 1]), tonnes)
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
            "hovertemplate": template("%{label}"),
        },
        link={
            "source": [index[k[:2]] for k in links],
            "target": [index[k[2:]] for k in links],
            "value": [round(merged[k], 4) for k in links],
            "color": [theme.faded(_link_colour(k, family), 0.32) for k in links],
            "hovertemplate": template("%{source.label} → %{target.label}: %{value:.1f} t"),
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
