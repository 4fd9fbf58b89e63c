"""Claims against the model: each claim's range beside what the model gives for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from contraflow._numbers import amount, fixed
from contraflow.report.draw import theme
from contraflow.report.draw.bars import unique
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import bold, lines, wrapped

TICKS = {0.01: "0.01×", 0.03: "0.03×", 0.1: "0.1×", 0.2: "0.2×", 0.5: "0.5×", 1.0: "as stated"}
TICKS |= {2.0: "2×", 5.0: "5×", 10.0: "10×", 30.0: "30×", 100.0: "100×"}
Array = np.ndarray[Any, np.dtype[np.float64]]

COLUMNS = (
    "claim", "source", "statement", "quantity", "low", "value", "high", "bound", "unit",
    "model", "residual", "use", "year", "grade",
)  # fmt: skip
"""Columns of the claims table; ``residual`` is in standard deviations, model minus claim."""
SCALE = (
    (1.0, "#2f8f8b", "fits (within 1 s.d.)"),
    (2.0, "#c58a1c", "strained (1 to 2 s.d.)"),
    (np.inf, "#b4432f", "contradicts (beyond 2 s.d.)"),
)


def tension_colour(residual: float) -> str:
    """Colour of a standardised residual."""
    return next(colour for limit, colour, _ in SCALE if abs(residual) <= limit or limit == np.inf)


WORDS = ("fits", "strained", "contradicts")
"""Residuals up to each limit of :data:`SCALE`, in a word."""


def tension_word(residual: float) -> str:
    """A standardised residual in a word."""
    return next(w for w, (limit, _, _) in zip(WORDS, SCALE, strict=True) if abs(residual) <= limit)


def draw_claims_chart(claims: pd.DataFrame, most: int = 36) -> Drawing:
    """Each claim's range (bar), its figure (tick) and the model's (dot), as multiples of the figure.

    Claims have many units, so each row is divided by its own figure: 1 is what the source says, on a
    log axis. Rows are sorted by the standardised residual, worst first, and coloured by it; claims
    that are not fitted are hollow. Rows without a positive figure are left out.
    """
    rows = _usable(claims)
    rows = rows.loc[rows["residual"].abs().nlargest(most).index].sort_values("residual", key=abs)
    centre = _centre(rows)
    labels = unique([_short(str(s)) for s in rows["statement"]])
    figure = Drawing(
        theme.layout(
            110 + 22 * max(len(rows), 1),
            margin={"l": 8, "r": 20, "t": 54, "b": 46},
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12},
                    "itemclick": False, "itemdoubleclick": False},
        )
    )  # fmt: skip
    x: list[float | None] = []
    y: list[str | None] = []
    for label, low, high, middle in zip(labels, rows["low"], rows["high"], centre, strict=True):
        a = low / middle if np.isfinite(low) and low > 0 else 1.0
        b = high / middle if np.isfinite(high) and high > 0 else 1.0
        x, y = [*x, float(a), float(b), None], [*y, label, label, None]
    bar = {"color": "#cfc9b8", "width": 8}
    figure.add("scatter", x=x, y=y, mode="lines", line=bar, hoverinfo="skip", name="range in the source")
    figure.add(
        "scatter",
        x=[1.0] * len(rows),
        y=labels,
        mode="markers",
        marker={"symbol": "line-ns", "size": 9, "line": {"width": 2, "color": theme.SOFT}},
        name="figure in the source",
        hoverinfo="skip",
    )
    ratio = np.clip(rows["model"].to_numpy(float) / centre, 1e-3, 1e3)
    size = rows["residual"].abs().to_numpy(float)
    figure.add(
        "scatter",
        x=[v for r in ratio.tolist() for v in (1.0, r, None)],
        y=[v for label in labels for v in (label, label, None)],
        mode="lines",
        line={"color": theme.FAINT, "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    for (limit, colour, text), floor in zip(SCALE, (-1.0, 1.0, 2.0), strict=True):
        own = (size > floor) & (size <= limit)
        fitted = (rows["use"] == "fit").to_numpy()
        figure.add(
            "scatter",
            x=ratio[own].tolist(),
            y=[label for label, o in zip(labels, own, strict=True) if o],
            mode="markers",
            marker={
                "size": 9,
                "color": [colour if f else theme.PAPER for f in fitted[own]],
                "line": {"color": colour, "width": 2},
            },
            name=f"model {text}",
            hovertext=[_hover_text(row) for _, row in rows[own].iterrows()],
            hoverinfo="text",
        )
    figure.xaxis(
        **theme.axis(
            type="log",
            tickvals=list(TICKS),
            ticktext=list(TICKS.values()),
            range=_span(rows, ratio, centre),
            title={"text": "relative to the figure in the source", "font": {"size": 12, "color": theme.SOFT}},
        )
    )
    figure.yaxis(
        **theme.axis(showgrid=False, tickfont={"size": 12, "color": theme.INK}, type="category", dtick=1)
    )
    figure.yaxis(categoryorder="array", categoryarray=labels, range=[-0.7, len(labels) - 0.3])
    return figure


def _span(rows: pd.DataFrame, ratio: Array, centre: Array) -> list[float]:
    """Range of the axis, as powers of ten: all that is drawn, and never less than half to double."""
    ends = [(rows[c].to_numpy(float) / centre) for c in ("low", "high")]
    drawn = np.concatenate([ratio, *ends, [0.45, 2.2]])
    drawn = drawn[np.isfinite(drawn) & (drawn > 0)]
    return [float(np.log10(max(drawn.min(), 1e-2)) - 0.05), float(np.log10(min(drawn.max(), 1e2)) + 0.05)]


def _usable(claims: pd.DataFrame) -> pd.DataFrame:
    missing = [c for c in COLUMNS if c not in claims]
    if missing:
        raise ValueError(f"the claims table lacks the columns {', '.join(missing)}")
    numbers = claims.assign(
        **{
            c: pd.to_numeric(claims[c], errors="coerce")
            for c in ("low", "value", "high", "model", "residual")
        }
    )
    keep = np.isfinite(numbers["model"]) & (numbers["model"] > 0) & np.isfinite(numbers["residual"])
    keep &= _centre(numbers) > 0
    usable: pd.DataFrame = numbers[keep].drop_duplicates("claim")
    return usable


def _centre(rows: pd.DataFrame) -> Array:
    """The claim's figure, else the middle of its range, else whichever end is given."""
    value, low, high = (rows[c].to_numpy(float) for c in ("value", "low", "high"))
    middle = np.where(np.isfinite(low) & np.isfinite(high), (low + high) / 2, np.fmax(low, high))
    return np.asarray(np.where(np.isfinite(value), value, middle), dtype=float)


def _hover_text(row: pd.Series[Any]) -> str:
    ends = [amount(v) for v in (row["low"], row["value"], row["high"]) if np.isfinite(v)]
    year = f", {row['year']}" if isinstance(row["year"], str) and row["year"] else ""
    unit = str(row["unit"]).replace("dimensionless", "")
    return lines(
        bold(row["claim"]) + f" ({row['source']}{year}, {row['grade']})",
        wrapped(str(row["statement"]), 70),
        f"source: {row['bound']} {' – '.join(ends)} {unit}",
        f"model: {amount(row['model'])} {unit} (z = {fixed(row['residual'], 1, sign=True)}, {row['use']})",
    )


def _short(text: str, most: int = 56) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
