"""Simulated runs: fan charts of figures, small multiples of the ways out, a map that steps by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from contraflow._types import FloatArray
from contraflow.case.schema import Place
from contraflow.report.draw import map, theme
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import bold, lines, quiet, template
from contraflow.results import trajectory_tables
from contraflow.results.figures import run_figure, series
from contraflow.results.view import MONTHS_PER_YEAR

BLUE, GREY = "#23508a", theme.SOFT
COLUMNS, PANEL, GAP, TOP, BELOW = 2, 190, 74, 58, 40
"""Panels in a row; height of a panel, of the space between rows, above the first, below the last, px."""

WIDTH, GUTTER = 0.43, 0.1
"""Width of a panel and of the space between two, of the figure's; the rest is for numbers on the left."""

LEFT = 0.04
BANDS = ((0.05, 0.95, 0.14), (0.25, 0.75, 0.24))
"""Quantiles of the replicates and how dark the band between them is."""

UNITS = {
    "t/yr": "t pure a year",
    "USD/kg": "$ a kg",
    "M$/yr": "million $ a year",
    "persons/yr": "persons a year",
}


def fans(
    data: xr.Dataset,
    figures: Sequence[str],
    changes: Sequence[tuple[int, str]] = (),
    against: xr.Dataset | None = None,
) -> Drawing:
    """A panel for each figure: median over replicates, 50 % and 90 % of them; ``against`` dashed.

    ``changes`` are months, counted from the first of the data, at which something changes. Raises
    ComparisonError for an unknown figure, or runs that do not go together.
    """
    if against is not None:
        trajectory_tables.expect_same_random_draws(against, data)
    drawing = _grid(len(figures))
    for number, figure in enumerate(figures):
        value = series(data, figure)
        unit = value.attrs["unit"]
        scale = 100.0 if unit == "share" else 1.0
        shown = "%" if unit == "share" else UNITS.get(unit, unit)
        x = _x(data)
        axes = _axes(number)
        if against is not None:
            other = np.median(series(against, figure).values, axis=0) * scale
            dashed = {"color": GREY, "width": 1.3, "dash": "4px,3px"}
            _line(drawing, axes, x, _smooth(other[None])[0], dashed, "without")
        _bands(drawing, axes, x, _smooth(value.values) * scale, BLUE)
        _title(drawing, number, len(figures), run_figure(figure).label, shown)
        _marks(drawing, axes, data, changes)
    return drawing


def modes(data: xr.Dataset, changes: Sequence[tuple[int, str]] = ()) -> Drawing:
    """Exports by each way out, panels on one scale."""
    names = {"air": "exports by air", "foot": "exports on foot", "road": "exports by road",
             "river": "exports by river", "sea": "exports by sea"}  # fmt: skip
    values = {way: _smooth(series(data, name).values) for way, name in names.items()}
    values = {way: v for way, v in values.items() if v.max() > 0}
    top = max((float(np.quantile(v, 0.97, axis=0).max()) for v in values.values()), default=1.0)
    drawing = _grid(len(values))
    for number, (way, value) in enumerate(values.items()):
        axes = _axes(number)
        label, colour = theme.WAYS[way]
        _bands(drawing, axes, _x(data), value, colour)
        _title(drawing, number, len(values), f"Exports {label}", UNITS["t/yr"])
        _marks(drawing, axes, data, changes)
        drawing.layout[_layout_name("y", number)]["range"] = [0, 1.05 * top]
    return drawing


def stepped_map(
    outcomes: Mapping[int, xr.Dataset], places: Mapping[str, Place], names: Mapping[str, str]
) -> Drawing:
    """Flows on the map with a slider over years; lines keep one scale."""
    first, *_ = outcomes.values()
    steps = [map.draw_map(first, places, d, "after", names=names, backdrop=False) for d in outcomes.values()]
    whole = map.draw_map(first, places, first, "after", names=names)
    ground = len(whole.data) - len(steps[0].data)
    drawing = Drawing(dict(whole.layout), list(whole.data[:ground]))
    spans = []
    for number, step in enumerate(steps):
        spans.append((len(drawing.data), len(drawing.data) + len(step.data)))
        drawing.data.extend(trace | {"visible": number == 0} for trace in step.data)
    slider = []
    for number, (year, (begin, end)) in enumerate(zip(outcomes, spans, strict=True)):
        shown = [i < ground or begin <= i < end for i in range(len(drawing.data))]
        notes = steps[number].layout.get("annotations", [])
        slider.append(
            {"label": str(year), "method": "update", "args": [{"visible": shown}, {"annotations": notes}]}
        )
    drawing.layout["sliders"] = [
        {
            "steps": slider,
            "x": 0.06,
            "len": 0.88,
            "y": 0,
            "yanchor": "top",
            "pad": {"t": 46},
            "currentvalue": {"prefix": "Year ", "font": {"size": 14}},
            "bgcolor": theme.FAINT,
            "bordercolor": theme.FAINT,
        }
    ]
    drawing.layout["height"] += 90
    drawing.layout["margin"] = drawing.layout["margin"] | {"b": map.KEY + 90}
    return drawing


def _grid(panels: int) -> Drawing:
    rows = -(-panels // COLUMNS)
    height = TOP + rows * PANEL + (rows - 1) * GAP + BELOW
    inner = height - TOP - BELOW
    drawing = Drawing(theme.layout(height, margin={"l": 8, "r": 8, "t": TOP, "b": BELOW}, hovermode="x"))
    for number in range(panels):
        row, column = divmod(number, COLUMNS)
        left = LEFT + column * (WIDTH + GUTTER)
        top = 1 - row * (PANEL + GAP) / inner
        drawing.layout[_layout_name("x", number)] = theme.axis(
            domain=[left, left + WIDTH], anchor=_axis("y", number), showgrid=False, showline=True,
            linecolor=theme.FAINT,
        )  # fmt: skip
        drawing.layout[_layout_name("y", number)] = theme.axis(
            domain=[top - PANEL / inner, top], anchor=_axis("x", number), rangemode="tozero", nticks=5
        )
    return drawing


def _axis(which: str, number: int) -> str:
    return which if number == 0 else f"{which}{number + 1}"


def _layout_name(which: str, number: int) -> str:
    return f"{which}axis" if number == 0 else f"{which}axis{number + 1}"


def _axes(number: int) -> dict[str, Any]:
    return {"xaxis": _axis("x", number), "yaxis": _axis("y", number)}


def _x(data: xr.Dataset) -> list[Any]:
    """Months as they are drawn: dates, or years from the first month of the policy."""
    months = data["month"].values
    if np.issubdtype(months.dtype, np.datetime64):
        return [str(m)[:10] for m in months]
    return [round(float(m - 1) / MONTHS_PER_YEAR, 4) for m in months]


def _smooth(value: FloatArray, months: int = 3) -> FloatArray:
    """Means of three months around each: what arrives in single months depends on few consignments."""
    half = months // 2
    padded = np.pad(value, ((0, 0), (half, half)), mode="edge")
    window: NDArray[np.float64] = np.stack([padded[:, i : i + value.shape[1]] for i in range(months)]).mean(0)
    return window


def _bands(drawing: Drawing, axes: Mapping[str, Any], x: list[Any], value: FloatArray, colour: str) -> None:
    if len(value) > 1:
        for low, high, alpha in BANDS:
            ends = np.quantile(value, (low, high), axis=0)
            around = [*ends[1].tolist(), *reversed(ends[0].tolist())]
            drawing.add(
                "scatter", x=[*x, *reversed(x)], y=around, mode="lines",
                line={"width": 0}, fill="toself", fillcolor=theme.faded(colour, alpha), hoverinfo="skip",
                showlegend=False, **axes,
            )  # fmt: skip
    _line(drawing, axes, x, np.median(value, axis=0), {"color": colour, "width": 2.2}, "median")


def _line(
    drawing: Drawing, axes: Mapping[str, Any], x: list[Any], y: FloatArray, line: dict[str, Any], name: str
) -> None:
    drawing.add(
        "scatter", x=x, y=[float(f"{v:.4g}") for v in y], mode="lines", line=line, name=name,
        showlegend=False, hovertemplate=template(f"{name}: %{{y}}"), **axes,
    )  # fmt: skip


def _title(drawing: Drawing, number: int, panels: int, title: str, unit: str) -> None:
    domain = drawing.layout[_layout_name("x", number)]["domain"]
    up = drawing.layout[_layout_name("y", number)]["domain"][1]
    drawing.note(
        text=lines(bold(title), quiet(unit, 12)),
        x=domain[0], y=up, xref="paper", yref="paper", xanchor="left", yanchor="bottom", xshift=-34, yshift=6,
        align="left", showarrow=False, font={"size": 14},
    )  # fmt: skip


def _marks(
    drawing: Drawing, axes: Mapping[str, Any], data: xr.Dataset, changes: Sequence[tuple[int, str]]
) -> None:
    """Dotted lines where something changes; the first month of the policy if nothing is said."""
    x = _x(data)
    for month in sorted({m for m, _ in changes} or {trajectory_tables.before(data)}):
        if 0 <= month < len(x):
            dotted = {"color": theme.SOFT, "width": 1, "dash": "2px,3px"}
            drawing.layout.setdefault("shapes", []).append(
                {"type": "line", "xref": axes["xaxis"], "yref": f"{axes['yaxis']} domain", "x0": x[month],
                 "x1": x[month], "y0": 0, "y1": 1, "line": dotted}
            )  # fmt: skip
