"""Courses in time: fan charts of figures, small multiples of the ways out, a map that steps by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from contraflow.case.schema import Place
from contraflow.errors import ComparisonError
from contraflow.report import maps, predicted, style
from contraflow.report.drawing import Drawing
from contraflow.results import course
from contraflow.results.draws import Values

if TYPE_CHECKING:
    import pandas as pd

BLUE, GREY = "#23508a", style.SOFT
COLUMNS, PANEL, GAP, TOP, BELOW = 2, 190, 74, 58, 40
"""Panels in a row; height of a panel, of the space between rows, above the first, below the last, px."""

WIDTH, GUTTER = 0.43, 0.1
"""Width of a panel and of the space between two, of the figure's; the rest is for numbers on the left."""

LEFT = 0.04
HISTORIES, COLOURS = 470, (BLUE, style.RISE, "#2f8f8b", "#75668f")
"""Height of the panel of histories, px, and their colours."""

BANDS = ((0.05, 0.95, 0.14), (0.25, 0.75, 0.24))
"""Quantiles of the replicates and how dark the band between them is."""

TITLES = {
    "exports": "Exports",
    "exports by air": "Exports by air",
    "exports on foot": "Exports on foot",
    "exports by road": "Exports by road",
    "exports by river": "Exports by river",
    "exports by sea": "Exports by sea",
    "hectares at home": "Coca standing",
    "leaf price": "Price of leaf",
    "valley price": "Price in the main valley",
    "growers' income": "What households live on",
    "armed groups' income": "Armed groups’ levies",
    "seized at home": "Seized at home",
    "consignments seized at home": "Consignments seized",
    "seized per million dollars": "Seized per million dollars spent",
    "delivered": "Delivered to all markets",
    "active places": "Places in use",
    "effective ways": "Links in use, effective number",
    "clans": "Clans",
    "largest clan": "Largest clan’s capital",
    "concentration": "Concentration of capital",
    "arrests": "Arrests, all countries",
}

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
        course.expect_same_luck(against, data)
    drawing = _grid(len(figures))
    for number, figure in enumerate(figures):
        value = course.series(data, figure)
        unit = value.attrs["unit"]
        scale = 100.0 if unit == "share" else 1.0
        shown = "%" if unit == "share" else UNITS.get(unit, unit)
        x = _x(data)
        axes = _axes(number)
        if against is not None:
            other = np.median(course.series(against, figure).values, axis=0) * scale
            dashed = {"color": GREY, "width": 1.3, "dash": "4px,3px"}
            _line(drawing, axes, x, _smooth(other[None])[0], dashed, "without")
        _bands(drawing, axes, x, _smooth(value.values) * scale, BLUE)
        _title(drawing, number, len(figures), TITLES.get(figure, figure), shown)
        _marks(drawing, axes, data, changes)
    return drawing


def modes(data: xr.Dataset, changes: Sequence[tuple[int, str]] = ()) -> Drawing:
    """Exports by each way out, panels on one scale."""
    names = {"air": "exports by air", "foot": "exports on foot", "road": "exports by road",
             "water": "exports by river", "sea": "exports by sea"}  # fmt: skip
    values = {way: _smooth(course.series(data, name).values) for way, name in names.items()}
    values = {way: v for way, v in values.items() if v.max() > 0}
    top = max((float(np.quantile(v, 0.97, axis=0).max()) for v in values.values()), default=1.0)
    drawing = _grid(len(values))
    for number, (way, value) in enumerate(values.items()):
        axes = _axes(number)
        label, colour = style.WAYS[way]
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
    steps = [maps.draw_map(first, places, d, "after", names=names, backdrop=False) for d in outcomes.values()]
    whole = maps.draw_map(first, places, first, "after", names=names)
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
            "bgcolor": style.FAINT,
            "bordercolor": style.FAINT,
        }
    ]
    drawing.layout["height"] += 90
    drawing.layout["margin"] = drawing.layout["margin"] | {"b": maps.KEY + 90}
    return drawing


class Told(NamedTuple):
    """A history as :func:`histories` draws it.

    ``rows`` are its :attr:`History.predictions`; ``until`` is the last year that it was calibrated on;
    ``bounds`` names claims that are bounds, 1 for a lower and -1 for an upper one.
    """

    title: str
    rows: pd.DataFrame
    until: int
    bounds: Mapping[str, int]


def histories(
    told: Sequence[Told], quantity: str, form: str, where: str, names: Mapping[str, str]
) -> Drawing:
    """One series as several histories foresee it, in one panel, with what was observed.

    Bands hold what a source would state: 50 % and 90 %, with the median, on a scale whose lines double.
    Observations are filled in the colour of the history that was calibrated on them, else open; dashed is the
    forecast that nothing changes. ``where`` is a country's code or a place's id, ``names`` are those of forms
    and places. Raises ComparisonError if a history has no such series, or if several fit.
    """
    chosen = [t._replace(rows=_one_series(t, quantity, form, where)) for t in told]
    first = chosen[0].rows.iloc[0].to_dict()
    scale = predicted.per_unit(chosen[0].rows)
    drawing = Drawing(style.layout(HISTORIES, margin={"l": 66, "r": 168, "t": 58, "b": 76}))
    span = [min(o.rows["when"].min() for o in chosen) - 0.6, max(o.rows["when"].max() for o in chosen) + 0.6]
    drawing.xaxis(
        **style.axis(range=span, showgrid=False, tickformat="d", dtick=5, tick0=1990, showline=True,
                     linecolor=style.FAINT)
    )  # fmt: skip
    ends = [one.rows[["stated", "model_5", "model_95"]].to_numpy(float) / scale for one in chosen]
    drawing.yaxis(**_doublings(min(e.min() for e in ends), max(e.max() for e in ends)))
    for one, colour in zip(chosen, COLOURS, strict=False):
        _history(drawing, one, colour, scale)
    _observed(drawing, chosen, scale)
    drawing.note(
        text=f"<b>{predicted.title(first, names)}, {predicted.where(first, names)}</b><br>"
        f"<span style='color:{style.SOFT};font-size:12px'>{predicted.unit(first)}, each line twice the one "
        "below</span>",
        x=0, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", xshift=-58, yshift=8,
        align="left", showarrow=False, font={"size": 16},
    )  # fmt: skip
    drawing.note(
        text="Bands: what is foreseen to be published, with 50 and 90 per cent; line: the middle; dashed: if "
        "nothing changed.<br>Dots: what was published, filled where the case of that colour was calibrated "
        f"on it{_caveats(chosen)}.",
        x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="top", xshift=-58, yshift=-32,
        align="left", showarrow=False, font={"size": 12, "color": style.SOFT},
    )  # fmt: skip
    return drawing


def _caveats(told: Sequence[Told]) -> str:
    """What else a reader of the dots has to know."""
    breaks = [w for one in told for w in one.rows.loc[one.rows["note"].str.startswith("Break"), "when"]]
    triangles = any(claim in one.bounds for one in told for claim in one.rows["claim"])
    return (f", from {min(breaks):.0f} by another method" if breaks else "") + (
        "; triangles: bounds" if triangles else ""
    )


def _doublings(low: float, high: float) -> dict[str, Any]:
    """A logarithmic axis with lines that double, from 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(low))
    start = power * max(m for m in (1, 2, 5) if m * power <= low)
    ticks = [start * 2.0**n for n in range(int(np.log2(high / start)) + 1)]
    return style.axis(
        type="log", tickvals=ticks, ticktext=[f"{tick:,.6g}" for tick in ticks],
        range=[float(np.log10(start)), float(np.log10(high)) + 0.06],
    )  # fmt: skip


def _one_series(told: Told, quantity: str, form: str, where: str) -> pd.DataFrame:
    """Rows of the one series that is asked for, by years. Raises ComparisonError."""
    rows = told.rows
    at = rows["place"].where(rows["place"] != "", rows["country"])
    fits = (rows["quantity"] == quantity) & (at == where)
    fits &= (rows["form"] == form) if form else True
    found = rows[fits]
    if found["series"].nunique() != 1:
        known = rows.assign(at=at).drop_duplicates("series")[["quantity", "form", "at"]].to_numpy()
        asked = " ".join(filter(None, (quantity, form, where)))
        raise ComparisonError(
            f"The history of '{told.title}' has {'no' if found.empty else 'more than one'} series '{asked}'. "
            f"It has: {'; '.join(' '.join(filter(None, one)) for one in known)}."
        )
    return found.assign(when=found["year"].map(predicted.middle)).sort_values("when")


def _history(drawing: Drawing, told: Told, colour: str, scale: float) -> None:
    rows, x = told.rows, told.rows["when"].tolist()
    for low, high, alpha in (("_5", "_95", BANDS[0][2]), ("_25", "_75", BANDS[1][2])):
        ends = [(rows[f"model{end}"] / scale).tolist() for end in (high, low)]
        drawing.add(
            "scatter", x=[*x, *reversed(x)], y=[*ends[0], *reversed(ends[1])], mode="lines",
            line={"width": 0}, fill="toself", fillcolor=style.faded(colour, alpha), hoverinfo="skip",
        )  # fmt: skip
    middle = (rows["model"] / scale).tolist()
    drawing.add("scatter", x=x, y=middle, mode="lines", line={"color": colour, "width": 2.4},
                name=told.title, hovertemplate="foreseen: %{y:,.3s}<extra></extra>")  # fmt: skip
    still = [float(rows["naive"].iloc[0] / scale)] * 2
    drawing.add("scatter", x=[told.until, x[-1]], y=still, mode="lines", name="if nothing changed",
                line={"color": style.faded(colour, 0.75), "width": 1.1, "dash": "5px,4px"},
                hoverinfo="skip")  # fmt: skip
    title = "<br>".join(wrap(told.title, 22))
    drawing.note(
        text=f"<b>{title}</b><br>calibrated to {told.until}", x=x[-1], y=float(np.log10(middle[-1])),
        xanchor="left", yanchor="bottom", xshift=12, yshift=-10, align="left", showarrow=False,
        font={"size": 12.5, "color": colour},
    )  # fmt: skip


def _observed(drawing: Drawing, told: Sequence[Told], scale: float) -> None:
    """Every figure once, though several histories may be held against it."""
    seen: dict[tuple[float, float], tuple[str, int, str]] = {}
    for one, colour in zip(told, COLOURS, strict=False):
        for row in one.rows.to_dict("records"):
            at = row["when"], row["stated"] / scale
            fill = colour if row["use"] == "fit" else style.PAPER
            if at not in seen or seen[at][0] == style.PAPER:
                seen[at] = fill, one.bounds.get(row["claim"], 0), row["year"]
    symbols = {0: "circle", 1: "triangle-up", -1: "triangle-down"}
    words = {0: "", 1: "at least ", -1: "at most "}
    drawing.add(
        "scatter", mode="markers", name="observed", cliponaxis=False,
        x=[x for x, _ in seen], y=[y for _, y in seen],
        marker={"size": 9, "color": [fill for fill, _, _ in seen.values()],
                "symbol": [symbols[bound] for _, bound, _ in seen.values()],
                "line": {"color": style.INK, "width": 1.4}},
        text=[f"{year}: {words[bound]}{y:,.0f}" for (_, y), (_, bound, year) in seen.items()],
        hoverinfo="text",
    )  # fmt: skip


def _grid(panels: int) -> Drawing:
    rows = -(-panels // COLUMNS)
    height = TOP + rows * PANEL + (rows - 1) * GAP + BELOW
    inner = height - TOP - BELOW
    drawing = Drawing(style.layout(height, margin={"l": 8, "r": 8, "t": TOP, "b": BELOW}, hovermode="x"))
    for number in range(panels):
        row, column = divmod(number, COLUMNS)
        left = LEFT + column * (WIDTH + GUTTER)
        top = 1 - row * (PANEL + GAP) / inner
        drawing.layout[_layout_name("x", number)] = style.axis(
            domain=[left, left + WIDTH], anchor=_axis("y", number), showgrid=False, showline=True,
            linecolor=style.FAINT,
        )  # fmt: skip
        drawing.layout[_layout_name("y", number)] = style.axis(
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
    return [round(float(m - 1) / course.YEAR, 4) for m in months]


def _smooth(value: Values, months: int = 3) -> Values:
    """Means of three months around each: what arrives in single months depends on few consignments."""
    half = months // 2
    padded = np.pad(value, ((0, 0), (half, half)), mode="edge")
    window: NDArray[np.float64] = np.stack([padded[:, i : i + value.shape[1]] for i in range(months)]).mean(0)
    return window


def _bands(drawing: Drawing, axes: Mapping[str, Any], x: list[Any], value: Values, colour: str) -> None:
    if len(value) > 1:
        for low, high, alpha in BANDS:
            ends = np.quantile(value, (low, high), axis=0)
            around = [*ends[1].tolist(), *reversed(ends[0].tolist())]
            drawing.add(
                "scatter", x=[*x, *reversed(x)], y=around, mode="lines",
                line={"width": 0}, fill="toself", fillcolor=style.faded(colour, alpha), hoverinfo="skip",
                showlegend=False, **axes,
            )  # fmt: skip
    _line(drawing, axes, x, np.median(value, axis=0), {"color": colour, "width": 2.2}, "median")


def _line(
    drawing: Drawing, axes: Mapping[str, Any], x: list[Any], y: Values, line: dict[str, Any], name: str
) -> None:
    drawing.add(
        "scatter", x=x, y=[float(f"{v:.4g}") for v in y], mode="lines", line=line, name=name,
        showlegend=False, hovertemplate=f"{name}: %{{y}}<extra></extra>", **axes,
    )  # fmt: skip


def _title(drawing: Drawing, number: int, panels: int, title: str, unit: str) -> None:
    domain = drawing.layout[_layout_name("x", number)]["domain"]
    up = drawing.layout[_layout_name("y", number)]["domain"][1]
    drawing.note(
        text=f"<b>{title}</b><br><span style='color:{style.SOFT};font-size:12px'>{unit}</span>",
        x=domain[0], y=up, xref="paper", yref="paper", xanchor="left", yanchor="bottom", xshift=-34, yshift=6,
        align="left", showarrow=False, font={"size": 14},
    )  # fmt: skip


def _marks(
    drawing: Drawing, axes: Mapping[str, Any], data: xr.Dataset, changes: Sequence[tuple[int, str]]
) -> None:
    """Dotted lines where something changes; the first month of the policy if nothing is said."""
    x = _x(data)
    for month in sorted({m for m, _ in changes} or {course.before(data)}):
        if 0 <= month < len(x):
            dotted = {"color": style.SOFT, "width": 1, "dash": "2px,3px"}
            drawing.layout.setdefault("shapes", []).append(
                {"type": "line", "xref": axes["xaxis"], "yref": f"{axes['yaxis']} domain", "x0": x[month],
                 "x1": x[month], "y0": 0, "y1": 1, "line": dotted}
            )  # fmt: skip
