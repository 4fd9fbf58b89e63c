"""What a policy changes, figure by figure, as shares of what was there: the picture of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import Any

import pandas as pd

from contraflow._language import _
from contraflow._numbers import percent, share, signed_span
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.dumbbells import ARROWS, change_colour, change_kind
from contraflow.report.draw.row_charts import RowMark, TrackScale, interval, rows_facet
from contraflow.results.draws import with_ends
from contraflow.text.sentences import EDGE

FURTHEST = 1.5
"""Changes beyond this share stand at the edge; their figures say how far they go."""


def draw_headline(rows: Sequence[tuple[str, Mapping[str, Any]]], title: str = "") -> Drawing | None:
    """Changes against the baseline with their intervals.

    Parameters
    ----------
    rows
        Label with its unit, and row of ``tables.headline`` (before, after, ratio and, with draws, the ends of
        the ratio), one per figure.
    title
        Heading of a file of its own.

    Returns
    -------
    Drawing or None
        None where no figure has a change that can be taken as a share.
    """
    kept = [(label, row) for label, row in rows if row["before"] and isfinite(float(row["ratio"]))]
    if not kept:
        return None
    ends = [float(row.get(f"ratio_{end}", row["ratio"])) - 1 for _label, row in kept for end in ("5", "95")]
    low, high = max(-1.0, min(0.0, *ends)), min(FURTHEST, max(0.0, *ends))
    scale = TrackScale(100 * min(low, -0.05), 100 * max(high, 0.05))
    marks, table = [], []
    for label, row in kept:
        part = {name: 100 * (float(row[name]) - 1) for name in with_ends(("ratio",)) if name in row}
        kind = "still" if abs(part["ratio"]) < 100 * EDGE else change_kind(row, 0.0)
        colour = change_colour(kind)
        bar = interval(scale, part, "ratio", colour) or svg.line(
            scale.at(0), 0, scale.at(part["ratio"]), 0, f"s-{colour}", 3
        )
        dot = svg.dot(scale.at(part["ratio"]), 0, 5.5, f"f-{colour} s-paper", width=1.2)
        marks.append(
            RowMark(
                name=label,
                figure=f"{ARROWS[kind]} {percent(part['ratio'] / 100)}",
                figure_class=f"f-{colour}",
                range=range_in_percent(row),
                marks=bar + dot,
            )
        )
        table.append(
            {
                _("figure"): label,
                _("before"): row["before"],
                _("after"): row["after"],
                **{name.replace("ratio", _("change")) + " [%]": value for name, value in part.items()},
            }
        )
    first = max(kept, key=lambda pair: abs(float(pair[1]["ratio"]) - 1))
    alt = _("Changes against the baseline. The largest is of {figure}: {change}.").format(
        figure=first[0], change=percent(float(first[1]["ratio"]) - 1)
    )
    facet = rows_facet(marks, scale, _("change against the baseline, %"))
    return Drawing(alt=alt, facets=(facet,), table=pd.DataFrame(table), title=title)


def range_in_percent(row: Mapping[str, Any]) -> str:
    """The 90 % interval of a change as a share: ``−54 to −12%``; empty without one."""
    ends = [float(row.get(f"ratio_{end}", nan)) - 1 for end in ("5", "95")]
    if not all(map(isfinite, ends)):
        return ""
    text = signed_span(*ends)
    return "" if text == share(0.0) else text
