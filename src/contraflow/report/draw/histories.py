"""Histories run forward, side by side: one series as several cases foresee it, with what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contraflow._numbers import fixed
from contraflow.case.statements import BREAK
from contraflow.errors import ComparisonError
from contraflow.report.draw import theme
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.fans import BANDS, BLUE
from contraflow.report.draw.markup import bold, lines, quiet, template, wrapped
from contraflow.text import series_names

if TYPE_CHECKING:
    import pandas as pd

HEIGHT, COLOURS = 470, (BLUE, theme.RISE, "#2f8f8b", "#75668f")
"""Height of the panel, px, and colours of the histories."""


class PanelSeries(NamedTuple):
    """A history as :func:`draw_histories` draws it.

    ``rows`` are its :attr:`History.predictions`; ``until`` is the last year that it was calibrated on;
    ``bounds`` names claims that are bounds, 1 for a lower and -1 for an upper one.
    """

    title: str
    rows: pd.DataFrame
    until: int
    bounds: Mapping[str, int]


def draw_histories(
    histories: Sequence[PanelSeries], quantity: str, form: str, where: str, names: Mapping[str, str]
) -> Drawing:
    """One series as several histories foresee it, in one panel, with what was observed.

    Bands hold what a source would state: 50 % and 90 %, with the median, on a scale whose lines double.
    Observations are filled in the colour of the history that was calibrated on them, else open; dashed is the
    forecast that nothing changes. ``where`` is a country's code or a place's id, ``names`` are those of forms
    and places. Raises ComparisonError if a history has no such series, or if several fit.
    """
    chosen = [t._replace(rows=_one_series(t, quantity, form, where)) for t in histories]
    first = chosen[0].rows.iloc[0].to_dict()
    scale = series_names.divisor(chosen[0].rows)
    drawing = Drawing(theme.layout(HEIGHT, margin={"l": 66, "r": 168, "t": 58, "b": 76}))
    span = [min(o.rows["when"].min() for o in chosen) - 0.6, max(o.rows["when"].max() for o in chosen) + 0.6]
    drawing.xaxis(
        **theme.axis(range=span, showgrid=False, tickformat="d", dtick=5, tick0=1990, showline=True,
                     linecolor=theme.FAINT)
    )  # fmt: skip
    ends = [one.rows[["stated", "model_5", "model_95"]].to_numpy(float) / scale for one in chosen]
    drawing.yaxis(**_doublings(min(e.min() for e in ends), max(e.max() for e in ends)))
    for one, colour in zip(chosen, COLOURS, strict=False):
        _history(drawing, one, colour, scale)
    _observed(drawing, chosen, scale)
    drawing.note(
        text=lines(
            bold(f"{series_names.title(first, names)}, {series_names.where(first, names)}"),
            quiet(f"{series_names.unit(first)}, each line twice the one below", 12),
        ),
        x=0, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", xshift=-58, yshift=8,
        align="left", showarrow=False, font={"size": 16},
    )  # fmt: skip
    drawing.note(
        text=lines(
            "Bands: what is foreseen to be published, with 50 and 90 per cent; line: the middle; dashed: if "
            "nothing changed.",
            "Dots: what was published, filled where the case of that colour was calibrated "
            f"on it{_caveats(chosen)}.",
        ),
        x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="top", xshift=-58, yshift=-32,
        align="left", showarrow=False, font={"size": 12, "color": theme.SOFT},
    )  # fmt: skip
    return drawing


def _caveats(histories: Sequence[PanelSeries]) -> str:
    """What else a reader of the dots has to know."""
    breaks = [w for one in histories for w in one.rows.loc[one.rows["note"].str.startswith(BREAK), "when"]]
    triangles = any(claim in one.bounds for one in histories for claim in one.rows["claim"])
    return (f", from {min(breaks):.0f} by another method" if breaks else "") + (
        "; triangles: bounds" if triangles else ""
    )


def _doublings(low: float, high: float) -> dict[str, Any]:
    """A logarithmic axis with lines that double, from 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(low))
    start = power * max(m for m in (1, 2, 5) if m * power <= low)
    ticks = [start * 2.0**n for n in range(int(np.log2(high / start)) + 1)]
    return theme.axis(
        type="log", tickvals=ticks, ticktext=[f"{tick:,.6g}" for tick in ticks],
        range=[float(np.log10(start)), float(np.log10(high)) + 0.06],
    )  # fmt: skip


def _one_series(history: PanelSeries, quantity: str, form: str, where: str) -> pd.DataFrame:
    """Rows of the one series that is asked for, by years. Raises ComparisonError."""
    rows = history.rows
    at = rows["place"].where(rows["place"] != "", rows["country"])
    fits = (rows["quantity"] == quantity) & (at == where)
    fits &= (rows["form"] == form) if form else True
    found = rows[fits]
    if found["series"].nunique() != 1:
        known = rows.assign(at=at).drop_duplicates("series")[["quantity", "form", "at"]].to_numpy()
        asked = " ".join(filter(None, (quantity, form, where)))
        count = "no" if found.empty else "more than one"
        raise ComparisonError(
            f"The history of '{history.title}' has {count} series '{asked}'. "
            f"It has: {'; '.join(' '.join(filter(None, one)) for one in known)}."
        )
    return found.assign(when=found["year"].map(series_names.middle)).sort_values("when")


def _history(drawing: Drawing, history: PanelSeries, colour: str, scale: float) -> None:
    rows, x = history.rows, history.rows["when"].tolist()
    for low, high, alpha in (("_5", "_95", BANDS[0][2]), ("_25", "_75", BANDS[1][2])):
        ends = [(rows[f"model{end}"] / scale).tolist() for end in (high, low)]
        drawing.add(
            "scatter", x=[*x, *reversed(x)], y=[*ends[0], *reversed(ends[1])], mode="lines",
            line={"width": 0}, fill="toself", fillcolor=theme.faded(colour, alpha), hoverinfo="skip",
        )  # fmt: skip
    middle = (rows["model"] / scale).tolist()
    drawing.add("scatter", x=x, y=middle, mode="lines", line={"color": colour, "width": 2.4},
                name=history.title, hovertemplate=template("foreseen: %{y:,.3s}"))  # fmt: skip
    still = [float(rows["naive"].iloc[0] / scale)] * 2
    drawing.add("scatter", x=[history.until, x[-1]], y=still, mode="lines", name="if nothing changed",
                line={"color": theme.faded(colour, 0.75), "width": 1.1, "dash": "5px,4px"},
                hoverinfo="skip")  # fmt: skip
    drawing.note(
        text=lines(bold(wrapped(history.title, 22)), f"calibrated to {history.until}"),
        x=x[-1], y=float(np.log10(middle[-1])),
        xanchor="left", yanchor="bottom", xshift=12, yshift=-10, align="left", showarrow=False,
        font={"size": 12.5, "color": colour},
    )  # fmt: skip


def _observed(drawing: Drawing, histories: Sequence[PanelSeries], scale: float) -> None:
    """Every figure once, though several histories may be held against it."""
    seen: dict[tuple[float, float], tuple[str, int, str]] = {}
    for one, colour in zip(histories, COLOURS, strict=False):
        for row in one.rows.to_dict("records"):
            at = row["when"], row["stated"] / scale
            fill = colour if row["use"] == "fit" else theme.PAPER
            if at not in seen or seen[at][0] == theme.PAPER:
                seen[at] = fill, one.bounds.get(row["claim"], 0), row["year"]
    symbols = {0: "circle", 1: "triangle-up", -1: "triangle-down"}
    words = {0: "", 1: "at least ", -1: "at most "}
    drawing.add(
        "scatter", mode="markers", name="observed", cliponaxis=False,
        x=[x for x, _ in seen], y=[y for _, y in seen],
        marker={"size": 9, "color": [fill for fill, _, _ in seen.values()],
                "symbol": [symbols[bound] for _, bound, _ in seen.values()],
                "line": {"color": theme.INK, "width": 1.4}},
        text=[f"{year}: {words[bound]}{fixed(y, 0)}" for (_, y), (_, bound, year) in seen.items()],
        hoverinfo="text",
    )  # fmt: skip
