"""Before and after: an open and a full dot in a row each, with their intervals and the change in figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from contraflow._language import _, ngettext
from contraflow._numbers import signed, significant, to
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, KeyEntry
from contraflow.report.draw.row_charts import RowMark, TrackScale, in_units, interval, rows_facet, scale_of
from contraflow.results.draws import with_ends
from contraflow.text.sentences import is_open, level

SEEN = 0.004
"""Share of the largest figure below which a row is left out and a change is none."""

TRACE = 5e-4
"""Share of the largest figure below which a change is written as 0."""

LANE = 5.5
"""Distance of the dots before and after from the middle of a row where both have intervals, px."""

ARROWS = {"rise": "↑", "fall": "↓", "open": "↕", "still": "="}
"""Second cue of a change beside its colour."""


def draw_dumbbells(
    frame: pd.DataFrame,
    unit: str,
    names: Mapping[str, str] | None = None,
    most: int = 12,
    title: str = "",
) -> Drawing:
    """Before and after, one row per option: the largest, those that are large before first.

    Parameters
    ----------
    frame
        A table of :mod:`contraflow.results.tables` with columns before and after; with draws the ends of
        their intervals and of the change's.
    unit
        Unit of the levels, and what is counted: ``t pure a year``.
    names
        Names of the index.
    most
        Rows at most.
    title
        Heading of a file of its own.
    """
    size = _sizes(frame)
    rows = frame[size > SEEN * size.max()].loc[lambda f: size[f.index].nlargest(most).index]
    rows = rows.sort_values("before", ascending=False, kind="stable")
    named = [(names or {}).get(str(i), str(i).replace("-", " ")) for i in rows.index]
    return draw_named(rows.assign(name=named), unit, title)


def draw_named(frame: pd.DataFrame, unit: str, title: str = "") -> Drawing:
    """As :func:`draw_dumbbells`, all rows from above by their column ``name``."""
    drawn = "change_5" in frame
    columns = [c for c in with_ends(("before", "after", "change")) if c in frame]
    rows = frame if "change" in frame else frame.assign(change=frame["after"] - frame["before"])
    columns += [] if "change" in columns else ["change"]
    records = [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]
    levels = [c for c in columns if not c.startswith("change")]
    known = rows[levels].to_numpy(float)
    scale = scale_of(known[np.isfinite(known)].tolist() or [0.0])
    largest = float(_sizes(rows).max()) if len(rows) else 0.0
    kinds = [change_kind(row, SEEN * largest) for row in records]
    marks = [
        _row(row, kind, scale, TRACE * largest, drawn=drawn) for row, kind in zip(records, kinds, strict=True)
    ]
    return Drawing(
        alt=_alt(records, kinds, unit, TRACE * largest),
        facets=(rows_facet(marks, scale, unit),),
        table=in_units(rows[["name", *columns]].reset_index(drop=True), columns, unit),
        title=title,
        key=_key(drawn=drawn),
    )


def change_kind(row: Mapping[str, Any], still: float) -> str:
    """How a change is shown: ``rise``, ``fall``, ``open`` where its interval holds both, ``still``."""
    change = float(row["change"])
    if is_open(row):
        return "open"
    return "still" if abs(change) <= still else "rise" if change > 0 else "fall"


def change_colour(kind: str) -> str:
    """Name of the colour of a kind of change."""
    return kind if kind in ("rise", "fall") else "still"


def _sizes(frame: pd.DataFrame) -> pd.Series[float]:
    columns = [c for c in ("before", "after", "change_5", "change_95") if c in frame]
    return frame[columns].abs().max(axis=1)


def _row(row: Mapping[str, Any], kind: str, scale: TrackScale, trace: float, *, drawn: bool) -> RowMark:
    colour, lane = change_colour(kind), LANE if drawn else 0.0
    before, after = float(row["before"]), float(row["after"])
    marks = [
        svg.line(scale.at(before), -lane, scale.at(after), lane, f"s-{colour}", 1.0 if drawn else 3.0),
        interval(scale, row, "before", "soft", -lane),
        interval(scale, row, "after", colour, lane),
        svg.dot(scale.at(before), -lane, 4.5, "f-paper s-soft", width=2),
        svg.dot(scale.at(after), lane, 5, f"f-{colour} s-paper", width=1),
    ]
    return RowMark(
        name=str(row["name"]),
        value=" → ".join(significant(level(row, side)) for side in ("before", "after")),
        figure=f"{ARROWS[kind]} {_signed(float(row['change']), trace)}",
        figure_class=f"f-{colour}",
        range=_ends(row, trace),
        marks=Markup("").join(marks),
        reach=lane + 6.5,
    )


def _signed(value: float, trace: float) -> str:
    """A change with its sign; none below what can be seen."""
    return signed(value) if abs(value) >= trace and value != 0 else "0"


def _ends(row: Mapping[str, Any], trace: float) -> str:
    """The 90 % interval of a change, if it is one."""
    if not ("change_5" in row and row["change_5"] == row["change_5"]):
        return ""
    low, high = (_signed(float(row[f"change_{end}"]), trace) for end in (5, 95))
    return to(low, high) if low != high else ""


def _key(*, drawn: bool) -> tuple[KeyEntry, ...]:
    dot = svg.dot(9, 6, 4.5, "f-paper s-soft", width=2)
    entries = [
        KeyEntry(mark=dot, words=_("before")),
        KeyEntry(mark=svg.dot(6, 6, 5, "f-rise") + svg.dot(13, 6, 5, "f-fall"), words=_("after: more, less")),
    ]
    if drawn:
        entries.append(KeyEntry(mark=svg.dot(9, 6, 5, "f-still"), words=_("may rise or fall")))
        entries.append(interval_key())
    return tuple(entries)


def interval_key() -> KeyEntry:
    """Key of the thick and thin line."""
    mark = svg.line(0, 6, 18, 6, "s-ink", 1.4) + svg.line(4, 6, 14, 6, "s-ink", 4.5)
    return KeyEntry(mark=mark, words=_("50% interval (thick), 90% interval (thin)"))


def _alt(rows: list[dict[str, Any]], kinds: list[str], unit: str, trace: float) -> str:
    if not rows:
        return _("There is nothing to show.")
    row = max(rows, key=lambda r: abs(float(r["change"])))
    told = {
        "name": row["name"],
        "before": significant(float(row["before"])),
        "after": significant(float(row["after"])),
        "unit": unit,
        "change": _signed(float(row["change"]), trace),
    }
    span = _ends(row, trace)
    if span:
        ends = [_signed(float(row[f"change_{end}"]), trace) for end in (5, 95)]
        words = _(
            "Largest change: {name}, from {before} to {after} {unit} ({change}, "
            "90% interval {low} to {high})."
        )
        told |= {"low": ends[0], "high": ends[1]}
    else:
        words = _("Largest change: {name}, from {before} to {after} {unit} ({change}).")
    parts = [words.format(**told)]
    tally = {
        "rise": ngettext("{count} row rises.", "{count} rows rise.", kinds.count("rise")),
        "fall": ngettext("{count} row falls.", "{count} rows fall.", kinds.count("fall")),
        "open": ngettext(
            "{count} row may rise or fall.", "{count} rows may rise or fall.", kinds.count("open")
        ),
        "still": ngettext("{count} row hardly changes.", "{count} rows hardly change.", kinds.count("still")),
    }
    parts += [words.format(count=kinds.count(kind)) for kind, words in tally.items() if kind in kinds]
    return " ".join(parts)
