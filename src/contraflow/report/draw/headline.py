"""What a policy changes, figure by figure, as shares of what was there: the picture of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import pandas as pd

from contraflow._language import _
from contraflow._numbers import percent, signed_share, significant, to
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.rows import TRACK, RowMark, Scale, interval, rows_facet
from contraflow.text.sentences import EDGE, is_open

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
    scale = Scale(100 * min(low, -0.05), 100 * max(high, 0.05))
    marks, table = [], []
    for label, row in kept:
        change = float(row["ratio"]) - 1
        far = [float(row.get(f"ratio_{end}", row["ratio"])) - 1 for end in ("5", "25", "75", "95")]
        drawn = "ratio_5" in row
        still = abs(change) < EDGE
        look = "still" if is_open(row) or still else "rise" if change > 0 else "fall"
        shape = svg.dot(
            scale.at(100 * change), TRACK, 6, f"f-{look} s-paper", width=1.5,
            title=f"{label}: {percent(change)}",
        )  # fmt: skip
        body = interval(scale, *(100 * end for end in far), look) if drawn else svg.line(
            scale.at(0), TRACK, scale.at(100 * change), TRACK, f"s-{look}", 3
        )  # fmt: skip
        levels = _levels(row)
        marks.append(
            RowMark(
                name=label,
                figure=percent(change),
                figure_class=f"num f-{look}",
                range=_span(far[0], far[-1]) if drawn else levels,
                marks=body + shape,
            )
        )
        table.append(
            {
                _("Figure"): label,
                _("before"): row["before"],
                _("after"): row["after"],
                _("change, %"): 100 * change,
                **({_("5%"): 100 * far[0], _("95%"): 100 * far[-1]} if drawn else {}),
            }
        )
    first = max(kept, key=lambda pair: abs(float(pair[1]["ratio"]) - 1))
    alt = _("Changes against the baseline. The largest is of {figure}: {change}.").format(
        figure=first[0], change=percent(float(first[1]["ratio"]) - 1)
    )
    facet = rows_facet(marks, scale, _("change against the baseline, %"))
    return Drawing(alt=alt, facets=(facet,), table=pd.DataFrame(table), title=title)


def _levels(row: Mapping[str, Any]) -> str:
    return to(significant(float(row["before"])), significant(float(row["after"])))


def _span(low: float, high: float) -> str:
    """``−54 to −12%``."""
    return to(signed_share(low).removesuffix("%"), signed_share(high).removesuffix("%"), "%")
