"""Who earns or sells what: bars from zero of what is, dots of what was and will be."""

from __future__ import annotations

import pandas as pd

from contraflow._language import N_, _
from contraflow._numbers import amount, significant, to
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.dumbbells import draw_named
from contraflow.report.draw.row_charts import RowMark, in_units, interval, rows_facet, scale_of
from contraflow.results.draws import with_ends

READING = N_(
    "Dots, bars and figures are medians. The thick line is the 50% interval, the thin line the 90% interval."
)
"""How charts with draws are read."""

BAR = 9.0
"""Height of a bar, px."""


def draw_income_bars(frame: pd.DataFrame, most: int = 14, title: str = "") -> Drawing:
    """Who earns what, million dollars a year; ``frame`` as from ``tables.incomes``.

    The largest earners and those whose income changes most have rows; all others share one.

    Parameters
    ----------
    frame
        One row each, with a ``name``.
    most
        Rows at most.
    title
        Heading of a file of its own.
    """
    return draw_bars(_folded(frame, most), _("million dollars a year"), title)


def _folded(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most ``most`` rows, largest first: two thirds by size, more by change, last the sum of the rest."""
    ends = [c for c in ("before", "after") if c in frame]
    columns = [c for c in with_ends((*ends, "change")) if c in frame]
    rows = frame[["name", *dict.fromkeys((*ends, *columns))]].reset_index(drop=True)
    rows = rows[rows[ends].max(axis=1) > 0].sort_values("before", ascending=False, kind="stable")
    if len(rows) <= most:
        return rows
    by_size = rows[ends].max(axis=1).sort_values(ascending=False).index
    first = by_size[: 2 * most // 3 if len(ends) > 1 else most - 1]
    change = (rows[ends[-1]] - rows["before"]).abs().drop(first)
    kept = first.union(change.nlargest(most - 1 - len(first)).index)
    rest, shown = rows.drop(kept), rows.loc[rows.index.isin(kept)]
    words = _("{count} others, medians added up") if "before_5" in frame else _("{count} others")
    others = rest[ends].sum().to_frame().T.assign(name=words.format(count=len(rest)))
    if "after" in ends:
        others["change"] = others["after"] - others["before"]
    return pd.concat([shown, others], ignore_index=True)


def draw_bars(frame: pd.DataFrame, unit: str, title: str = "") -> Drawing:
    """Bars of what is; where there is an ``after``, dots before and after.

    Parameters
    ----------
    frame
        One row each from above, with a ``name``, ``before`` and, where there are draws, its ends.
    unit
        Unit, and what is counted.
    title
        Heading of a file of its own.
    """
    if "after" in frame:
        return draw_named(frame, unit, title)
    drawn = "before_5" in frame
    columns = [c for c in with_ends(("before",)) if c in frame]
    rows = [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    scale = scale_of(frame[columns].to_numpy(float)[frame[columns].notna().to_numpy()].tolist() or [0.0])
    marks = []
    for row in rows:
        low, high = sorted((scale.share(0.0), scale.share(float(row["before"]))))
        bar = svg.rect(svg.at(low), -BAR / 2, svg.at(high - low), BAR, "f-accent")
        known = drawn and row["before_5"] == row["before_5"]
        ends = (significant(row["before_5"]), significant(row["before_95"])) if known else ("", "")
        marks.append(
            RowMark(
                name=str(row["name"]),
                figure=significant(float(row["before"])),
                range=to(*ends) if ends[0] != ends[1] else "",
                marks=bar + interval(scale, row, "before", "ink", cased=True),
            )
        )
    return Drawing(
        alt=_alt(frame, unit),
        facets=(rows_facet(marks, scale, unit),),
        table=in_units(frame[["name", *columns]], columns, unit),
        title=title,
    )


def _alt(frame: pd.DataFrame, unit: str) -> str:
    if frame.empty:
        return _("There is nothing to show.")
    rows = frame.sort_values("before", ascending=False, kind="stable")
    largest = rows.iloc[0]
    parts = [
        _("Largest of {count}: {name}, {amount} {unit}.").format(
            count=len(rows), name=largest["name"], amount=amount(float(largest["before"])), unit=unit
        )
    ]
    if "before_5" in frame:
        parts.append(
            _("The 90% interval is {low} to {high}.").format(
                low=significant(float(largest["before_5"])), high=significant(float(largest["before_95"]))
            )
        )
    return " ".join(parts)
