"""Maps of flows: who sends how much where, by which mode, before and after a measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from contraflow.case.schema import Place, PlaceKind
from contraflow.report import style
from contraflow.report.basemap import Frame, base_traces
from contraflow.report.labels import Label, with_labels
from contraflow.report.lines import Flow, Point, bend, difference, flows, line_ends, map_frame
from contraflow.report.projection import project
from contraflow.results.tables import home_country

if TYPE_CHECKING:
    import plotly.graph_objects as go

View = Literal["before", "after", "difference"]
WIDEST = 15.0
"""Width in px of the largest flow; others follow the square root."""
FAINTEST = 0.002
"""Flows below this share of the largest are left out."""
PIXELS = 1060.0
"""Width at which labels are laid out, px."""


@dataclass(frozen=True)
class _Scene:
    """What all parts of one map share."""

    figure: go.Figure
    frame: Frame
    places: Mapping[str, Place]
    names: Mapping[str, str]
    colours: Mapping[str, str]
    largest: float
    signed: bool

    def width(self, tonnes: float) -> float:
        """Width of a flow's line, px."""
        return WIDEST * float(np.sqrt(abs(tonnes) / self.largest))


def flow_map(
    base: xr.Dataset,
    places: Mapping[str, Place],
    after: xr.Dataset | None = None,
    view: View = "before",
    *,
    names: Mapping[str, str] | None = None,
    backdrop: bool = True,
) -> go.Figure:
    """Map of the flows before or after a measure, or of what it changes.

    Width of a line goes with the square root of its tonnes, on one scale for all three views; colour
    is the mode, or in the difference the sign. ``names`` are the modes' names as shown;
    ``backdrop=False`` leaves out land and rivers, for pages that hold them once for many maps.
    """
    import plotly.graph_objects as go

    if view != "before" and after is None:
        raise ValueError(f"the map {view!r} needs the outcome under the measure: pass after=...")
    home = home_country(base)
    frame = map_frame(places, home)
    first = flows(base)
    then = flows(after) if after is not None else first
    largest = max((f.tonnes for f in [*first.values(), *then.values()]), default=1.0) or 1.0
    signed = view == "difference"
    shown = difference(first, then) if signed else (first if view == "before" else then)
    drawn = [f for f in shown.values() if abs(f.tonnes) > FAINTEST * largest]
    colours = style.mode_colours(f.mode for f in [*first.values(), *then.values()])
    scene = _Scene(go.Figure(layout=_layout(frame)), frame, places, names or {}, colours, largest, signed)
    if backdrop:
        scene.figure.add_traces(base_traces(frame, home))
    ends, terminals = line_ends(drawn, places, frame)
    _draw(scene, drawn, ends)
    _key(scene, drawn)
    _places(scene, drawn, terminals)
    return scene.figure


def _layout(frame: Frame) -> dict[str, Any]:
    hidden = {"visible": False, "fixedrange": True}
    height = round(PIXELS * frame.height / frame.width)
    return style.layout(
        height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        plot_bgcolor=style.SEA,
        xaxis=hidden | {"range": [frame.left, frame.right]},
        yaxis=hidden | {"range": [frame.bottom, frame.top], "scaleanchor": "x", "constrain": "domain"},
        legend={
            "x": 0.012,
            "y": 0.02,
            "xanchor": "left",
            "yanchor": "bottom",
            "bgcolor": "rgba(251,250,246,0.86)",
            "font": {"size": 12},
            "itemclick": False,
            "itemdoubleclick": False,
        },
        showlegend=True,
        hovermode="closest",
    )


def _draw(scene: _Scene, drawn: list[Flow], ends: Mapping[tuple[str, str], tuple[Point, Point]]) -> None:
    """Curved lines, widest first, with an arrowhead that also carries the text shown on hover."""
    import plotly.graph_objects as go

    figure = scene.figure
    beside: dict[tuple[str, str], int] = {}
    for flow in sorted(drawn, key=lambda f: -abs(f.tonnes)):
        pair = (flow.origin, flow.destination)
        if pair not in ends:
            continue
        rank = beside.get(pair, 0)
        beside[pair] = rank + 1
        curve = bend(*ends[pair], rank)
        colour = (style.RISE if flow.tonnes > 0 else style.FALL) if scene.signed else scene.colours[flow.mode]
        width = max(0.7, scene.width(flow.tonnes))
        figure.add_scatter(
            x=np.round(curve[:, 0]).tolist(),
            y=np.round(curve[:, 1]).tolist(),
            mode="lines",
            line={"color": style.faded(colour, 0.8), "width": round(width, 1)},
            hoverinfo="skip",
            showlegend=False,
        )
        middle, ahead = curve[len(curve) * 6 // 10], curve[len(curve) * 6 // 10 + 1]
        angle = float(np.degrees(np.arctan2(ahead[0] - middle[0], ahead[1] - middle[1])))
        figure.add_trace(
            go.Scatter(
                x=[round(float(middle[0]))],
                y=[round(float(middle[1]))],
                mode="markers",
                marker={
                    "symbol": "triangle-up",
                    "angle": round(angle),
                    "size": round(6 + 0.75 * width),
                    "color": colour,
                    "line": {"color": style.PAPER, "width": 0.8},
                },
                text=[_hover(scene, flow)],
                hoverinfo="text",
                showlegend=False,
            )
        )


def _hover(scene: _Scene, flow: Flow) -> str:
    title = f"<b>{scene.places[flow.origin].name} → {scene.places[flow.destination].name}</b>"
    mode = scene.names.get(flow.mode, flow.mode)
    if scene.signed:
        sign = "+" if flow.tonnes > 0 else ""
        return f"{title}<br>{mode}: {sign}{style.amount(flow.tonnes)} t pure a year"
    return f"{title}<br>{mode}: {style.amount(flow.tonnes)} t pure a year, {flow.lost:.0%} intercepted"


def _key(scene: _Scene, drawn: list[Flow]) -> None:
    """The legend: what colours mean and how wide some round tonnages are."""
    entries = (
        [("more than before", style.RISE, 6.0), ("less than before", style.FALL, 6.0)]
        if scene.signed
        else [(scene.names.get(m, m), scene.colours[m], 6.0) for m in sorted({f.mode for f in drawn})]
    )
    for tonnes in _round_numbers(scene.largest):
        width = scene.width(tonnes)
        entries.append((f"{style.amount(tonnes)} t pure a year", "#9a958a", width))
    for text, colour, width in entries:
        scene.figure.add_scatter(
            x=[None],
            y=[None],
            mode="lines",
            name=text,
            line={"color": colour, "width": width},
            hoverinfo="skip",
        )


def _round_numbers(largest: float) -> list[float]:
    top = 10.0 ** np.floor(np.log10(max(largest, 1e-9)))
    return [float(top), float(top / 10)]


def _places(scene: _Scene, drawn: list[Flow], terminals: list[Label]) -> None:
    """Dots with names, then the labelled ends of lines that leave the map."""
    weight: dict[str, float] = {}
    for flow in drawn:
        for end in (flow.origin, flow.destination):
            weight[end] = weight.get(end, 0.0) + abs(flow.tonnes)
    spots = sorted((scene.places[i] for i in weight), key=lambda p: (p.kind != PlaceKind.ZONE, -weight[p.id]))
    x, y = project([p.latitude for p in spots], [p.longitude for p in spots])
    inside = [i for i in range(len(spots)) if scene.frame.holds(float(x[i]), float(y[i]))]
    with_labels(scene.figure, [(spots[i], float(x[i]), float(y[i])) for i in inside], scene.frame, PIXELS)
    for stop in terminals:
        sign = "+" if scene.signed and stop.tonnes > 0 else ""
        scene.figure.add_annotation(
            x=stop.x,
            y=stop.y,
            text=f"<b>{scene.places[stop.place].name}</b><br>{sign}{style.amount(stop.tonnes)} t",
            showarrow=False,
            xanchor={"left": "right", "right": "left"}.get(stop.side, "center"),
            yanchor={"top": "bottom", "bottom": "top"}.get(stop.side, "middle"),
            align={"left": "right", "right": "left"}.get(stop.side, "center"),
            bgcolor="rgba(251,250,246,0.8)",
            borderpad=2,
            font={"size": 12, "color": style.INK},
        )
