"""Predicted and observed: series of later years beside what the model foresaw and the naive forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from contraflow._numbers import fixed, share, significant
from contraflow.case.statements import BREAK
from contraflow.report.data import ReportData
from contraflow.report.draw import theme
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import bold, lines, quiet
from contraflow.report.section import Content
from contraflow.text.series_names import divisor, middle, title, unit, where

FITTED, LATER, MODEL = "#2f8f8b", theme.RISE, "#23508a"
"""Colours of observations that were fitted, of later ones, and of what the model says."""

USES = (("fit", FITTED, "observed, fitted"), ("predict", LATER, "observed later"))

FEWEST = 3
"""Observations that a series needs to be drawn; shorter ones stand in the table only."""

COLUMNS, PANEL, GAP, TOP, BELOW, LEGEND = 3, 168, 78, 52, 30, 34
"""Panels in a row; height of a panel, of what lies between two rows, above the first, below the last."""

WIDTH, GUTTER = 0.27, 0.095
"""Width of a panel and of the space between two, of the figure's."""


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """Predicted claims and their errors; none where the case has none."""
    if report.predictions is None or report.errors is None or report.predictions.empty:
        return None
    errors = error_rows(report.errors, names)
    hindcast = report.hindcast
    return Content(
        data={
            "rows": prediction_rows(report.predictions, names),
            "errors": errors,
            "wins": sum(e["wins"] for e in errors),
            "words": [] if hindcast is None else hindcast.words(),
            "coverage": [] if hindcast is None else coverage_rows(hindcast.summary),
        },
        drawings={"predictions": draw_predictions(report.predictions, names, report.case.info.baseline)},
    )


def draw_predictions(frame: pd.DataFrame, names: Mapping[str, str], baseline: tuple[int, int]) -> Drawing:
    """One small panel per series: observed before and after, the model in steps, the naive forecast.

    ``frame`` is that of ``Lab.predictions(fitted=True)``. Panels of one quantity share their axis, so
    that countries can be compared; the years of the baseline are shaded.
    """
    panels = [rows for _, rows in frame.groupby("series", sort=False) if len(rows) >= FEWEST]
    kinds = list(dict.fromkeys(_what(rows) for rows in panels))
    panels.sort(key=lambda rows: kinds.index(_what(rows)))
    lines = max(-(-len(panels) // COLUMNS), 1)
    height = TOP + lines * PANEL + (lines - 1) * GAP + BELOW
    margin = {"l": 44, "r": 8, "t": LEGEND, "b": 0}
    figure = Drawing(theme.layout(height + LEGEND, margin=margin, showlegend=True))
    figure.layout["legend"] = {
        "orientation": "h", "x": -0.036, "y": 1.0, "xanchor": "left", "yanchor": "bottom",
        "font": {"size": 12.5}, "itemclick": False, "itemdoubleclick": False,
    }  # fmt: skip
    years = frame["year"].str[:4].astype(int)
    span = [years.min() - 0.9, years.max() + 0.9]
    top = 0.0
    for number, rows in enumerate(panels):
        same = [p for p in panels if _what(p) == _what(rows)]
        top = max(float(p[["stated", "model"]].to_numpy(float).max()) for p in same)
        place = _Place(number, height)
        _axes(figure, place, span, 1.12 * top / divisor(rows))
        _shade(figure, place, baseline)
        _panel(figure, place, rows, names)
    return figure


def prediction_rows(frame: pd.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the table: one per predicted claim, with errors as factors."""
    later = frame[frame["use"] == "predict"]
    return [
        {
            "what": title(row, names),
            "where": where(row, names),
            "unit": unit(row),
            "year": row["year"],
            "break": str(row["note"]).startswith(BREAK),
            **{c: row[c] / divisor(row) for c in ("stated", "model", "naive")},
            "model_off": factor(row["log_error"]),
            "naive_off": factor(row["naive_log_error"]),
            "nearer": abs(row["log_error"]) < abs(row["naive_log_error"]),
        }
        for row in later.to_dict("records")
    ]


def error_rows(errors: pd.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the summary: typical error of the model and of the naive forecast, as factors."""
    return [
        {
            "what": title(row, names),
            "where": where(row, names),
            "years": row["first"] if row["first"] == row["last"] else f"{row['first']}–{row['last']}",
            "claims": row["claims"],
            "model": f"×{fixed(np.exp(row['model']), 2)}",
            "naive": f"×{fixed(np.exp(row['naive']), 2)}",
            "nearer": round(row["better"] * row["claims"]),
            "wins": row["model"] < row["naive"],
        }
        for row in errors.to_dict("records")
    ]


def coverage_rows(summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the table of coverage and scores, by quantity and over all."""
    rows = []
    for row in summary.to_dict("records"):
        error = "" if not np.isfinite(row["error"]) else f" ± {fixed(row['error'], 2)}"
        ends = {c: share(row[c]) for c in ("inside_50", "inside_90", "naive_inside_50", "naive_inside_90")}
        score = f"{fixed(row['difference'], 2, sign=True)}{error}"
        counts = {"claims": row["claims"], "series": row["series"]}
        rows.append({"what": row["quantity"]} | counts | ends | {"score": score})
    return rows


def factor(log_error: float) -> str:
    """A log error as a factor and its side: ``×1.4 high``."""
    if not np.isfinite(log_error):
        return ""
    size = f"×{fixed(np.exp(abs(log_error)), 2)}"
    return "×1.00" if size == "×1.00" else f"{size} {'high' if log_error > 0 else 'low'}"


class _Place:
    """Where a panel stands: its axes' names and its part of the figure."""

    def __init__(self, number: int, height: int) -> None:
        line, column = divmod(number, COLUMNS)
        end = "" if number == 0 else str(number + 1)
        self.x, self.y, self.first = f"x{end}", f"y{end}", number == 0
        left = column * (WIDTH + GUTTER)
        upper = height - TOP - line * (PANEL + GAP)
        self.across = [left, min(left + WIDTH, 1.0)]
        self.up = [(upper - PANEL) / height, upper / height]

    def axis(self, name: str) -> str:
        """Name of the axis in the layout: ``x3`` is ``xaxis3``."""
        return name.replace("x", "xaxis").replace("y", "yaxis")


def _axes(figure: Drawing, place: _Place, span: list[float], top: float) -> None:
    figure.layout[place.axis(place.x)] = theme.axis(
        domain=place.across, anchor=place.y, range=span, showgrid=False, tickformat="d", dtick=5, tick0=1990,
        automargin=False,
    )  # fmt: skip
    figure.layout[place.axis(place.y)] = theme.axis(
        domain=place.up, anchor=place.x, range=[0, top], nticks=4, tickformat="~s", automargin=False,
        rangemode="tozero",
    )  # fmt: skip


def _shade(figure: Drawing, place: _Place, baseline: tuple[int, int]) -> None:
    figure.layout.setdefault("shapes", []).append(
        {"type": "rect", "xref": place.x, "yref": f"{place.y} domain", "x0": baseline[0] - 0.5,
         "x1": baseline[1] + 0.5, "y0": 0, "y1": 1, "fillcolor": theme.HOME, "opacity": 0.55,
         "line": {"width": 0}, "layer": "below"}
    )  # fmt: skip


def _panel(figure: Drawing, place: _Place, rows: pd.DataFrame, names: Mapping[str, str]) -> None:
    first = rows.iloc[0].to_dict()
    scale = divisor(rows)
    years = [middle(y) for y in rows["year"]]
    ends = [min(years) - 0.5, max(years) + 0.5]
    predicted = (rows["model"] / scale).tolist()

    def add(name: str, mode: str, x: list[float], y: list[float], **look: Any) -> None:
        axes = {"xaxis": place.x, "yaxis": place.y, "showlegend": place.first, "cliponaxis": False}
        figure.add("scatter", name=name, mode=mode, x=x, y=y, **axes, **look)

    dashed = {"color": theme.SOFT, "width": 1.4, "dash": "4px,3px"}
    add("if nothing changed", "lines", ends, [first["naive"] / scale] * 2, line=dashed, hoverinfo="skip")
    if {"model_5", "model_95"} <= set(rows):
        later = rows[rows["use"] == "predict"]
        for low, high, width in (("_5", "_95", 1.2), ("_25", "_75", 4.0)):
            pairs = zip(later[f"model{low}"] / scale, later[f"model{high}"] / scale, strict=True)
            figure.add(
                "scatter", mode="lines", xaxis=place.x, yaxis=place.y, showlegend=False, hoverinfo="skip",
                x=[v for when in later["year"] for v in (middle(when), middle(when), None)],
                y=[v for a, b in pairs for v in (a, b, None)],
                line={"color": theme.faded(MODEL, 0.3), "width": width},
            )  # fmt: skip
    steps = {"color": MODEL, "width": 2.4, "shape": "hvh"}
    name = "model"
    x, y = [ends[0], *years, ends[1]], [predicted[0], *predicted, predicted[-1]]
    add(name, "lines", x, y, line=steps, hoverinfo="skip")
    for use, colour, name in USES:
        own = rows[rows["use"] == use]
        dot = {"size": 7.5, "color": colour, "line": {"color": theme.PAPER, "width": 1}}
        x, y = [middle(y) for y in own["year"]], (own["stated"] / scale).tolist()
        text = [_hover(row, names) for row in own.to_dict("records")]
        add(name, "markers", x, y, marker=dot, text=text, hoverinfo="text")
    figure.note(
        text=lines(bold(where(first, names)), quiet(f"{title(first, names)}, {unit(first)}", 12)),
        x=place.across[0], y=place.up[1], xref="paper", yref="paper", xanchor="left", yanchor="bottom",
        xshift=-34, yshift=4, align="left", showarrow=False, font={"size": 14},
    )  # fmt: skip


def _hover(row: Mapping[Any, Any], names: Mapping[str, str]) -> str:
    """What is shown over an observation."""
    observed, predicted = (_figure(row[c] / divisor(row)) for c in ("stated", "model"))
    return lines(
        bold(f"{where(row, names)}, {row['year']}"),
        f"observed {observed} {unit(row)}",
        f"model {predicted}, {factor(row['log_error'])}",
    )


def _what(rows: pd.DataFrame) -> tuple[str, str, str]:
    first = rows.iloc[0]
    return str(first["quantity"]), str(first["form"]), str(first["basis"])


def _figure(value: float) -> str:
    return significant(float(value))
