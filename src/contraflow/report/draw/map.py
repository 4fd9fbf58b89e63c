"""Maps of flows: who sends how much where, by which mode, before and after a measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from contraflow._numbers import amount, share
from contraflow.case.schema import Place, PlaceKind
from contraflow.report.draw import theme
from contraflow.report.draw.basemap import Frame, base_traces
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.flow_curves import (
    Flow,
    Point,
    bend,
    difference,
    flows,
    line_ends,
    map_frame,
    split,
)
from contraflow.report.draw.labels import Label, with_labels
from contraflow.report.draw.markup import bold, lines, wrapped
from contraflow.report.draw.projection import project
from contraflow.results.tables import home_grown
from contraflow.results.view import families, home_country

if TYPE_CHECKING:
    import plotly.graph_objects as go

View = Literal["before", "after", "difference"]
WIDEST = 17.0
"""Width in px of the largest flow of goods grown at home; others follow the square root."""
RIVAL_WIDEST = 7.0
"""Greatest width in px of a grey line: rivals' goods stand behind and may be cut."""
RIVAL = "#b9b3a4"
FAINTEST = 0.002
"""Flows below this share of the largest are left out."""
KEY = 48
"""Height of the legend below the map, px."""
PIXELS = 1060.0
"""Width at which labels are laid out, px."""


@dataclass(frozen=True)
class _Scene:
    """What all parts of one map share."""

    figure: Drawing
    frame: Frame
    places: Mapping[str, Place]
    names: Mapping[str, str]
    families: Mapping[str, str]
    largest: float
    signed: bool

    def width(self, tonnes: float) -> float:
        """Width of a flow's line, px."""
        return WIDEST * float(np.sqrt(min(1.0, abs(tonnes) / self.largest)))


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

    Width of a line goes with the square root of its tonnes, on one scale for all three views. Goods
    grown at home are coloured by the way of moving, those of rivals are grey; in the difference colour
    is the sign, of all goods. ``names`` are the modes' names as shown; ``backdrop=False`` leaves out
    land and rivers, for pages that hold them once for many maps.
    """
    return draw_map(base, places, after, view, names=names, backdrop=backdrop).figure()


def draw_map(
    base: xr.Dataset,
    places: Mapping[str, Place],
    after: xr.Dataset | None = None,
    view: View = "before",
    *,
    names: Mapping[str, str] | None = None,
    backdrop: bool = True,
) -> Drawing:
    """As :func:`flow_map`, unchecked."""
    if view != "before" and after is None:
        raise ValueError(f"the map {view!r} needs the outcome under the measure: pass after=...")
    home = home_country(base)
    known = families(base)
    frame = map_frame(places, home)
    first, rivals = split(flows(base, home_grown(base)))
    then, others = split(flows(after, home_grown(after))) if after is not None else (first, rivals)
    largest = max((f.tonnes for f in [*first.values(), *then.values()]), default=1.0) or 1.0
    signed = view == "difference"
    if signed and after is not None:
        behind: list[Flow] = []
        shown = difference(flows(base), flows(after))
    else:
        shown = first if view == "before" else then
        behind = [
            f for f in (rivals if view == "before" else others).values() if f.tonnes > FAINTEST * largest
        ]
    drawn = [f for f in shown.values() if abs(f.tonnes) > FAINTEST * largest]
    scene = _Scene(Drawing(_layout(frame)), frame, places, names or {}, known, largest, signed)
    if backdrop:
        scene.figure.data.extend(base_traces(frame, home))
    ends, terminals = line_ends([*drawn, *behind], places, frame)
    _draw_behind(scene, behind, ends)
    _draw(scene, drawn, ends)
    _key(scene, drawn, bool(behind))
    _places(scene, drawn, behind, terminals)
    return scene.figure


def _layout(frame: Frame) -> dict[str, Any]:
    hidden = {"visible": False, "fixedrange": True}
    height = round(PIXELS * frame.height / frame.width) + KEY
    return theme.layout(
        height,
        margin={"l": 0, "r": 0, "t": 0, "b": KEY},
        plot_bgcolor=theme.SEA,
        xaxis=hidden | {"range": [frame.left, frame.right]},
        yaxis=hidden | {"range": [frame.bottom, frame.top], "scaleanchor": "x", "constrain": "domain"},
        legend={
            "orientation": "h",
            "x": 0.5,
            "y": 0,
            "xanchor": "center",
            "yanchor": "top",
            "font": {"size": 12},
            "itemclick": False,
            "itemdoubleclick": False,
        },
        showlegend=True,
        hovermode="closest",
    )


def _draw_behind(
    scene: _Scene, behind: list[Flow], ends: Mapping[tuple[str, str], tuple[Point, Point]]
) -> None:
    """Rivals' goods: grey, one line per pair of places, of limited width."""
    sums: dict[tuple[str, str], float] = {}
    for flow in behind:
        pair = (flow.origin, flow.destination)
        if pair in ends:
            sums[pair] = sums.get(pair, 0.0) + flow.tonnes
    for pair, tonnes in sums.items():
        curve = np.round(bend(*ends[pair], 0)).tolist()
        width = min(RIVAL_WIDEST, max(0.75, scene.width(tonnes)))
        scene.figure.add(
            "scatter",
            x=[p[0] for p in curve],
            y=[p[1] for p in curve],
            mode="lines",
            line={"color": theme.faded(RIVAL, 0.75), "width": round(width, 1)},
            hoverinfo="text",
            text=lines(
                bold(f"{scene.places[pair[0]].name} → {scene.places[pair[1]].name}"),
                f"rivals’ goods: {amount(tonnes)} t pure a year",
            ),
            showlegend=False,
        )


def _draw(scene: _Scene, drawn: list[Flow], ends: Mapping[tuple[str, str], tuple[Point, Point]]) -> None:
    """Curved lines, widest first, with an arrowhead that also carries the text shown on hover."""
    beside: dict[tuple[str, str], int] = {}
    lines: dict[tuple[float, str], tuple[list[float | None], list[float | None]]] = {}
    heads: list[tuple[float, float, int, int, str, str]] = []
    for flow in sorted(drawn, key=lambda f: -abs(f.tonnes)):
        pair = (flow.origin, flow.destination)
        if pair not in ends:
            continue
        rank = beside.get(pair, 0)
        beside[pair] = rank + 1
        curve = np.round(bend(*ends[pair], rank)).tolist()
        colour = (
            (theme.RISE if flow.tonnes > 0 else theme.FALL)
            if scene.signed
            else theme.family_colour(scene.families[flow.mode])
        )
        width = max(0.75, round(4 * scene.width(flow.tonnes)) / 4)
        x, y = lines.setdefault((width, colour), ([], []))
        x += [*(p[0] for p in curve), None]
        y += [*(p[1] for p in curve), None]
        (a, b), (c, d) = curve[len(curve) * 6 // 10], curve[len(curve) * 6 // 10 + 1]
        angle = round(float(np.degrees(np.arctan2(c - a, d - b))))
        heads.append((a, b, angle, round(6 + 0.7 * width), colour, _hover(scene, flow)))
    for (width, colour), (x, y) in lines.items():
        scene.figure.add(
            "scatter",
            x=x,
            y=y,
            mode="lines",
            line={"color": theme.faded(colour, 0.78), "width": width},
            hoverinfo="skip",
            showlegend=False,
        )
    columns: list[list[Any]] = [list(c) for c in zip(*heads, strict=True)] or [[] for _ in range(6)]
    marker = {"symbol": "triangle-up", "angle": columns[2], "size": columns[3], "color": columns[4]}
    scene.figure.add(
        "scatter",
        x=columns[0],
        y=columns[1],
        mode="markers",
        marker=marker | {"line": {"color": theme.PAPER, "width": 0.8}},
        text=columns[5],
        hoverinfo="text",
        showlegend=False,
    )


def _hover(scene: _Scene, flow: Flow) -> str:
    title = bold(f"{scene.places[flow.origin].name} → {scene.places[flow.destination].name}")
    mode = scene.names.get(flow.mode, flow.mode)
    if scene.signed:
        sign = "+" if flow.tonnes > 0 else ""
        return lines(title, f"{mode}: {sign}{amount(flow.tonnes)} t pure a year")
    return lines(title, f"{mode}: {amount(flow.tonnes)} t pure a year, {share(flow.lost)} intercepted")


def _key(scene: _Scene, drawn: list[Flow], behind: bool) -> None:
    """The legend: what colours mean and how wide some round tonnages are."""
    entries = [("more than before", theme.RISE, 6.0), ("less than before", theme.FALL, 6.0)]
    if not scene.signed:
        used = {scene.families[f.mode] for f in drawn}
        entries = [(text, colour, 6.0) for f, (text, colour) in theme.WAYS.items() if f in used]
    if behind:
        entries.append(("goods of rival countries", RIVAL, 4.0))
    for tonnes in _round_numbers(scene.largest):
        entries.append((f"{amount(tonnes)} t pure a year", "#8d877b", scene.width(tonnes)))
    for text, colour, width in entries:
        scene.figure.add(
            "scatter",
            x=[None],
            y=[None],
            mode="lines",
            name=text,
            line={"color": colour, "width": width},
            hoverinfo="skip",
        )


def _round_numbers(largest: float) -> list[float]:
    top = 10.0 ** np.floor(np.log10(max(largest, 1e-9)))
    top *= 5 if largest >= 5 * top else 2 if largest >= 2 * top else 1
    return [float(top), float(top / 10)]


def _places(scene: _Scene, drawn: list[Flow], behind: list[Flow], terminals: list[Label]) -> None:
    """Dots with names, then the labelled ends of lines that leave the map."""
    weight: dict[str, float] = {}
    for flow in [*drawn, *behind]:
        for end in (flow.origin, flow.destination):
            weight[end] = weight.get(end, 0.0) + abs(flow.tonnes) * (0.1 if flow.rival else 1.0)
    spots = sorted((scene.places[i] for i in weight), key=lambda p: (p.kind != PlaceKind.ZONE, -weight[p.id]))
    x, y = project([p.latitude for p in spots], [p.longitude for p in spots])
    inner = scene.frame.inner()
    inside = [i for i in range(len(spots)) if inner.holds(float(x[i]), float(y[i]))]
    with_labels(scene.figure, [(spots[i], float(x[i]), float(y[i])) for i in inside], scene.frame, PIXELS)
    scene.figure.layout["annotations"] = [_terminal(scene, stop) for stop in terminals]


def _terminal(scene: _Scene, stop: Label) -> dict[str, Any]:
    """Name and tonnes where lines leave the map."""
    sign = "+" if scene.signed and stop.tonnes > 0 else ""
    name = wrapped(scene.places[stop.place].name, 14)
    still = scene.signed and abs(stop.tonnes) < FAINTEST * scene.largest
    figure = "as before" if still else f"{sign}{amount(stop.tonnes)} t"
    return {
        "x": stop.x,
        "y": stop.y,
        "text": lines(name if stop.rival else bold(name), figure),
        "showarrow": False,
        "xanchor": {"left": "right", "right": "left"}.get(stop.side, "center"),
        "yanchor": {"top": "bottom", "bottom": "top"}.get(stop.side, "middle"),
        "align": {"left": "right", "right": "left"}.get(stop.side, "center"),
        "bgcolor": "rgba(251,250,246,0.8)",
        "borderpad": 2,
        "font": {"size": 11 if stop.rival else 12, "color": theme.SOFT if stop.rival else theme.INK},
    }
