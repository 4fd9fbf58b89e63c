"""Before and after, one row per option; with draws, the change and its intervals beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from contraflow._numbers import amount, signed, significant
from contraflow.report.draw import theme
from contraflow.report.draw.bars import QUIET, rows_layout, unique
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.markup import bold, lines, quiet
from contraflow.text.sentences import is_open


def draw_dumbbells(
    frame: pd.DataFrame, unit: str, names: Mapping[str, str] | None = None, most: int = 12
) -> Drawing:
    """Before and after, one row per option, joined by a line whose colour is the sign of the change.

    ``frame`` is a table of :mod:`contraflow.results.tables` with columns before and after; the ``most``
    largest rows are drawn. With draws, the change stands beside the levels with its intervals.
    """
    if "change_5" in frame:
        return _draw_levels_and_changes(frame, unit, names or {}, most)
    size = frame[["before", "after"]].max(axis=1)
    rows = frame[size > 0.004 * size.max()].loc[lambda f: size[f.index].nlargest(most).index]
    rows = rows.sort_values("before", ascending=True, kind="stable")
    labels = unique([(names or {}).get(str(i), str(i).replace("-", " ")) for i in rows.index])
    before, after = rows["before"].to_numpy(), rows["after"].to_numpy()
    figure = Drawing(rows_layout(len(rows), unit))
    for sign, colour in ((1, theme.RISE), (-1, theme.FALL)):
        x: list[float | None] = []
        y: list[str | None] = []
        for label, a, b in zip(labels, before, after, strict=True):
            if (b - a) * sign > 0:
                x, y = [*x, float(a), float(b), None], [*y, label, label, None]
        figure.add(
            "scatter",
            x=x,
            y=y,
            mode="lines",
            line={"color": theme.faded(colour, 0.55), "width": 5},
            hoverinfo="skip",
        )
    still = 0.004 * float(size.max())
    colours = [_sign_colour(b - a, still) for a, b in zip(before, after, strict=True)]
    dots: tuple[tuple[Any, str, Any, Any], ...] = (
        (before, "before", theme.PAPER, theme.SOFT),
        (after, "after", colours, colours),
    )
    for values, when, fill, edge in dots:
        text = [lines(bold(n), f"{when}: {amount(v)} {unit}") for n, v in zip(labels, values, strict=True)]
        figure.add(
            "scatter",
            x=values.tolist(),
            y=labels,
            mode="markers",
            marker={"size": 11, "color": fill, "line": {"color": edge, "width": 2}},
            text=text,
            hoverinfo="text",
            cliponaxis=False,
        )
    figure.yaxis(categoryorder="array", categoryarray=labels)
    notes = [
        {
            "x": float(max(a, b)),
            "y": label,
            "text": f"{'+' if b > a else ''}{amount(b - a)}",
            "xanchor": "left",
            "xshift": 11,
            "showarrow": False,
            "font": {"size": 12, "color": _sign_colour(b - a, still)},
        }
        for label, a, b in zip(labels, before, after, strict=True)
        if abs(b - a) > still
    ]
    figure.layout["annotations"] = notes
    return figure


def _draw_levels_and_changes(frame: pd.DataFrame, unit: str, names: Mapping[str, str], most: int) -> Drawing:
    """Left the medians before and after, right the change draw by draw with its intervals, in figures too."""
    size = frame[["before", "after", "change_5", "change_95"]].abs().max(axis=1)
    rows = frame[size > 0.004 * size.max()].loc[lambda f: size[f.index].nlargest(most).index]
    rows = rows.sort_values("before", ascending=True, kind="stable")
    labels = unique([names.get(str(i), str(i).replace("-", " ")) for i in rows.index])
    records = [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]
    colours = [_change_colour(row, 0.004 * float(size.max())) for row in records]
    trace = 5e-4 * float(size.max())
    figure = Drawing(rows_layout(len(rows), unit))
    for colour in dict.fromkeys(colours):
        own = [(label, row) for label, row, c in zip(labels, records, colours, strict=True) if c == colour]
        ends = [(label, row["before"], row["after"]) for label, row in own]
        figure.add(
            "scatter", **_segments(ends), line={"color": theme.faded(colour, 0.55), "width": 5}, **QUIET
        )
        for low, high, alpha, width in (("_5", "_95", 0.75, 1.4), ("_25", "_75", 0.75, 4.5)):
            parts = [(label, row[f"change{low}"], row[f"change{high}"]) for label, row in own]
            line = {"color": theme.faded(colour, alpha), "width": width}
            figure.add("scatter", **_segments(parts), line=line, xaxis="x2", **QUIET)
    text = [_change_text(label, row, unit, trace) for label, row in zip(labels, records, strict=True)]
    for column, fill, edge, axis in (
        ("before", theme.PAPER, theme.SOFT, "x"),
        ("after", colours, colours, "x"),
        ("change", colours, colours, "x2"),
    ):
        figure.add(
            "scatter",
            x=rows[column].tolist(),
            y=labels,
            mode="markers",
            marker={"size": 11 if axis == "x" else 9, "color": fill, "line": {"color": edge, "width": 2}},
            xaxis=axis,
            text=text,
            hoverinfo="text",
            cliponaxis=False,
        )
    title = {"text": f"change, {unit}", "font": {"size": 12, "color": theme.SOFT}, "standoff": 6}
    figure.xaxis(domain=[0.0, 0.55])
    figure.layout["xaxis2"] = theme.axis(
        domain=[0.62, 1.0], anchor="y", title=title, nticks=5, tickformat=",~g",
        zeroline=True, zerolinecolor="#8d877b", zerolinewidth=1,
    )  # fmt: skip
    figure.layout["margin"] = figure.layout["margin"] | {"r": 178}
    figure.yaxis(categoryorder="array", categoryarray=labels, range=[-0.6, len(labels) - 0.4])
    for label, row, colour in zip(labels, records, colours, strict=True):
        figure.note(
            x=1.0, xref="paper", y=label, xanchor="left", xshift=12, showarrow=False, align="left",
            text=bold(_signed(row["change"], trace)) + "  " + quiet(_ends_of_change(row, trace), 11.5),
            font={"size": 12.5, "color": colour},
        )  # fmt: skip
    return figure


def _segments(parts: Sequence[tuple[str, float, float]]) -> dict[str, list[Any]]:
    """Horizontal lines, one for each label, as one trace."""
    return {
        "x": [x for _, low, high in parts for x in (float(low), float(high), None)],
        "y": [y for label, _, _ in parts for y in (label, label, None)],
    }


def _change_colour(row: Mapping[str, Any], still: float) -> str:
    """Colour of a rise or fall; grey where the 90 % interval holds both or the change is too small."""
    return theme.SOFT if is_open(row) else _sign_colour(float(row["change"]), still)


def _signed(value: float, trace: float) -> str:
    """A change with its sign; none below what can be seen."""
    return signed(float(value)) if abs(value) >= trace else "0"


def _ends_of_change(row: Mapping[str, Any], trace: float) -> str:
    low, high = (_signed(row[f"change_{end}"], trace) for end in ("5", "95"))
    return f"{low} to {high}" if low != high else ""


def _change_text(label: str, row: Mapping[str, Any], unit: str, trace: float) -> str:
    """Levels and change with their 90 % intervals, as shown on hover."""
    told: list[str] = [bold(label)]
    for when in ("before", "after"):
        ends = [significant(float(row[when + end])) for end in ("", "_5", "_95")]
        told.append(f"{when}: {ends[0]} ({ends[1]} to {ends[2]}) {unit}")
    span = _ends_of_change(row, trace)
    return lines(*told, f"change: {_signed(row['change'], trace)}{f' ({span})' if span else ''}")


def _sign_colour(change: float, still: float) -> str:
    """Colour of a rise or fall; grey where the change is not worth showing."""
    return theme.SOFT if abs(change) <= still else theme.RISE if change > 0 else theme.FALL
