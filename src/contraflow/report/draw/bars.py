"""Bars of who earns what, and what charts with rows share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from contraflow._numbers import amount
from contraflow.report.draw import theme
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import bold, lines, template, wrapped
from contraflow.results.draws import with_ends

ROW = 30
"""Height of a row of a bar or dot chart, px."""

READING = "Dots, bars and figures: medians. Thick line: 50% interval. Thin line: 90% interval."
"""How charts with draws are read."""

TINT = "rgba(34,40,46,0.42)"
"""Colour of intervals."""


QUIET: dict[str, Any] = {"mode": "lines", "hoverinfo": "skip", "cliponaxis": False}
"""What lines that say nothing on hover have in common."""


def draw_income_bars(frame: pd.DataFrame, most: int = 14) -> Drawing:
    """Who earns what, M$ a year, before and after; ``frame`` as from ``tables.incomes``.

    The largest earners and those whose income changes most have rows; all others share one.
    """
    return draw_bars(_folded(frame, most), "million dollars a year")


def _folded(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most ``most`` rows, largest last: two thirds by size, more by change, first the sum of the rest."""
    ends = [c for c in ("before", "after") if c in frame]
    columns = [c for c in with_ends((*ends, "change")) if c in frame]
    rows = frame[["name", *dict.fromkeys((*ends, *columns))]].reset_index(drop=True)
    rows = rows[rows[ends].max(axis=1) > 0]
    if len(rows) > most:
        by_size = rows[ends].max(axis=1).sort_values(ascending=False).index
        first = by_size[: 2 * most // 3 if len(ends) > 1 else most - 1]
        change = (rows[ends[-1]] - rows["before"]).abs().drop(first)
        kept = first.union(change.nlargest(most - 1 - len(first)).index)
        rest = rows.drop(kept)
        added = ", medians added up" if "before_5" in frame else ""
        others = rest[ends].sum().to_frame().T.assign(name=f"{len(rest)} others{added}")
        return pd.concat([others, rows.loc[kept].sort_values("before", kind="stable")], ignore_index=True)
    return rows.sort_values("before", kind="stable")


def draw_bars(frame: pd.DataFrame, unit: str) -> Drawing:
    """Bars before and, where there is one, after; rows from below, each with its ``name``."""
    labels = unique([wrapped(str(n), 34) for n in frame["name"]])
    figure = Drawing(rows_layout(round(len(frame) * (1.3 if "after" in frame else 1.0)), unit))
    figure.layout.update(barmode="group", bargap=0.32, bargroupgap=0.04, showlegend="after" in frame)
    figure.layout.update(
        legend=legend_above() | {"traceorder": "reversed"},
        margin={"t": 34 if "after" in frame else 6, "l": 8, "r": 62, "b": 40},
    )
    looks = {"after": ("#23508a", "after"), "before": ("#c9c3b2", "before")}
    for column in (c for c in ("after", "before") if c in frame):
        values = frame[column].to_numpy()
        if f"{column}_5" in frame:
            _add_bars_with_intervals(figure, frame, column, labels, looks[column], unit)
            continue
        figure.add(
            "bar",
            x=values.tolist(),
            y=labels,
            orientation="h",
            name=looks[column][1],
            marker={"color": looks[column][0], "line": {"width": 0}},
            text=[amount(v) for v in values],
            textposition="outside",
            textfont={"size": 11.5, "color": theme.SOFT if column == "before" else theme.INK},
            cliponaxis=False,
            hovertemplate=template(bold("%{y}"), f"{looks[column][1]}: %{{text}} {unit}"),
        )
    return figure


def _add_bars_with_intervals(
    figure: Drawing, frame: pd.DataFrame, column: str, labels: list[str], look: tuple[str, str], unit: str
) -> None:
    """Bars of medians with a thin line for 90 % and a thick one for 50 %; figures stand beyond the lines.

    The lines and figures hang on bars without colour that share the place of the seen ones.
    """
    colour, when = look
    low, near, far, high = (
        frame[f"{column}_{end}"].fillna(frame[column]).to_numpy(float) for end in ("5", "25", "75", "95")
    )
    middle = frame[column].to_numpy(float)
    shared = {
        "type": "bar", "y": labels, "orientation": "h", "offsetgroup": column, "cliponaxis": False,
    }  # fmt: skip
    unseen = {
        "marker": {"color": "rgba(0,0,0,0)", "line": {"width": 0}},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    text = [
        lines(bold(label), f"{when}: {amount(m)} ({amount(a)} to {amount(b)}) {unit}")
        for label, m, a, b in zip(labels, middle, low, high, strict=True)
    ]
    thin = {"array": high - middle, "arrayminus": middle - low, "thickness": 1.2, "width": 0, "color": TINT}
    thick = {"array": 0 * far, "arrayminus": far - near, "thickness": 3.4, "width": 0, "color": TINT}
    figure.data.append(
        shared
        | {"x": middle.tolist(), "name": when, "marker": {"color": colour, "line": {"width": 0}}}
        | {"error_x": thin, "hovertext": text, "hoverinfo": "text"}
    )
    figure.data.append(shared | unseen | {"x": far.tolist(), "error_x": thick})
    figure.data.append(
        shared
        | unseen
        | {"x": high.tolist(), "text": [amount(m) for m in middle], "textposition": "outside"}
        | {"textfont": {"size": 11.5, "color": theme.SOFT if column == "before" else theme.INK}}
    )


def unique(labels: Sequence[str]) -> list[str]:
    """Tell equal labels apart by invisible spaces: Plotly merges categories of one name."""
    seen: dict[str, int] = {}
    result = []
    for label in labels:
        seen[label] = seen.get(label, -1) + 1
        result.append(label + "\u200b" * seen[label])
    return result


def rows_layout(rows: int, unit: str) -> dict[str, Any]:
    """Layout of a chart with so many rows, whose axis counts in a unit."""
    return theme.layout(
        70 + ROW * max(rows, 1),
        margin={"l": 8, "r": 62, "t": 6, "b": 44},
        xaxis=theme.axis(
            rangemode="tozero",
            title={"text": unit, "font": {"size": 12, "color": theme.SOFT}, "standoff": 6},
            nticks=6,
            tickformat=",~g",
        ),
        yaxis=theme.axis(showgrid=False, tickfont={"size": 13, "color": theme.INK}, type="category"),
    )


def legend_above() -> dict[str, Any]:
    """A legend in one line above the figure."""
    return {
        "orientation": "h",
        "x": 0,
        "y": 1.0,
        "xanchor": "left",
        "yanchor": "bottom",
        "traceorder": "normal",
        "font": {"size": 12},
        "itemclick": False,
        "itemdoubleclick": False,
    }
