"""A few headline figures, each on a scale of its own that stays the same whatever the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, isfinite
from typing import Any

import pandas as pd
from markupsafe import Markup

from contraflow._language import _
from contraflow._numbers import percent, significant
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, Facet, KeyEntry
from contraflow.report.draw.dumbbells import ARROWS, LANE, change_colour, change_kind, interval_key
from contraflow.report.draw.relative_changes import range_in_percent
from contraflow.report.draw.row_charts import (
    TICKS,
    RowMark,
    TrackScale,
    interval,
    round_step,
    rows_facet,
)
from contraflow.results.draws import with_ends
from contraflow.text.sentences import EDGE, level

ROOM = 1.75
"""Multiple of the value before that a scale holds at least: what goes further stands at its end."""


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """One figure before and after a policy."""

    key: str
    """Name of the figure."""
    label: str
    """Figure as it is shown."""
    unit: str
    """Its unit as it is shown."""
    row: Mapping[str, Any]
    """Row of ``tables.headline``: before, after, change and ratio and, with draws, the ends of each."""
    other: Mapping[str, Any] = field(default_factory=dict)
    """The same row from another policy to this one: its ``before`` is the other policy's figure."""
    told: str = ""
    """How the two policies compare in this figure, in a sentence."""


def draw_before_after(rows: Sequence[FigureRow], title: str = "") -> Drawing | None:
    """Figures today and under a policy, and under another policy beside it.

    A figure's scale depends on its value today alone, so that a dot that moves is a figure that moves. Marks
    have classes by which a page can move them: ``was``, ``other``, ``range`` and ``now``.

    Parameters
    ----------
    rows
        The figures.
    title
        Heading of a file of its own.

    Returns
    -------
    Drawing or None
        A facet for each figure; None where there are none.
    """
    if not rows:
        return None
    facets, table = [], []
    for one in rows:
        facets.append(_facet(one))
        record: dict[str, Any] = {"figure": one.label, "unit": one.unit}
        record |= {
            name: one.row[name] for name in with_ends(("before", "after", "change")) if name in one.row
        }
        if one.other:
            record["other policy"] = one.other["before"]
            ends = {
                name: name.replace("change", "change from the other policy")
                for name in with_ends(("change",))
            }
            record |= {ends[name]: one.other[name] for name in ends if name in one.other}
        table.append(record)
    drawn = any("change_5" in one.row for one in rows)
    compared = any(one.other for one in rows)
    return Drawing(
        alt=" ".join(map(_alt, rows)),
        facets=tuple(facets),
        table=pd.DataFrame(table),
        title=title,
        key=_key(drawn=drawn, compared=compared),
        kind="before-after",
    )


def _facet(one: FigureRow) -> Facet:
    row = one.row
    before, after = float(row["before"]), float(row["after"])
    scale = fixed_scale(before)
    kind = change_kind(row, EDGE * abs(before))
    colour = change_colour(kind)
    lane = LANE
    was = interval(scale, row, "before", "soft", -lane) + svg.dot(
        scale.at(before), -lane, 4.5, "f-paper s-soft", width=2
    )
    moves = any(float(row[end]) for end in ("change", "change_5", "change_95") if end in row)
    after_dot = svg.dot(scale.at(after), lane, 5.5, f"f-{colour} s-paper", width=1)
    marks = [
        svg.group(was, class_="was"),
        svg.group(interval(scale, row, "after", colour, lane) if moves else Markup(""), class_="range"),
        svg.group(after_dot if moves else Markup(""), class_="now"),
    ]
    if one.other:
        marks.append(svg.group(_other(scale, float(one.other["before"])), class_="other"))
    shown = [significant(level(row, side)) for side in ("before", "after")]
    ratio = float(row["ratio"]) - 1.0
    by = f"{ARROWS[kind]} {percent(ratio)}" if isfinite(ratio) else ARROWS[kind]
    mark = RowMark(
        name=one.label,
        value=" → ".join(shown) if moves else shown[0],
        figure=by if moves else "",
        figure_class=f"f-{colour}",
        range=range_in_percent(row),
        below=one.told,
        marks=Markup("").join(marks),
        reach=lane + 7,
    )
    return rows_facet((mark,), scale, one.unit)


def fixed_scale(before: float) -> TrackScale:
    """From zero to a round number that leaves room for a rise; below zero for a figure that is a loss."""
    size = abs(before) or 1.0
    step = round_step(size * ROOM / TICKS)
    end = step * ceil(size * ROOM / step - 1e-9)
    return TrackScale(0.0, end) if before >= 0 else TrackScale(-end, end)


def _other(scale: TrackScale, value: float) -> Markup:
    """A bar across both lanes, which no dot hides."""
    x = scale.at(value)
    return svg.line(x, -LANE - 5, x, LANE + 6, "s-paper", 5.5) + svg.line(
        x, -LANE - 5, x, LANE + 6, "s-ink", 2.5
    )


def _alt(one: FigureRow) -> str:
    span = range_in_percent(one.row)
    template = (
        _("{figure}: from {before} to {after} {unit} ({change}, 90% interval {range}).")
        if span
        else _("{figure}: from {before} to {after} {unit} ({change}).")
    )
    text = template.format(
        figure=one.label,
        before=significant(float(one.row["before"])),
        after=significant(float(one.row["after"])),
        unit=one.unit,
        change=percent(float(one.row["ratio"]) - 1.0),
        range=span,
    )
    return f"{text} {one.told}" if one.told else text


def _key(*, drawn: bool, compared: bool) -> tuple[KeyEntry, ...]:
    entries = [
        KeyEntry(mark=svg.dot(9, 6, 4.5, "f-paper s-soft", width=2), words=_("today")),
        KeyEntry(
            mark=svg.dot(6, 6, 5, "f-rise") + svg.dot(13, 6, 5, "f-fall"),
            words=_("with the policy: more, less"),
        ),
    ]
    if compared:
        entries.append(KeyEntry(mark=svg.line(9, 0, 9, 12, "s-ink", 2.5), words=_("policy A")))
    if drawn:
        entries.append(KeyEntry(mark=svg.dot(9, 6, 5, "f-still"), words=_("may rise or fall")))
        entries.append(interval_key())
    return tuple(entries)
