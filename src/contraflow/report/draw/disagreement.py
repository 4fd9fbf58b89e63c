"""A disagreement: what each side would imply, beside the band of all evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from contraflow._language import _
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, KeyEntry
from contraflow.report.draw.row_charts import RowMark, TrackScale, interval, rows_facet

COLOURS = ("river-way", "foot", "road", "air", "rise")
"""Colour of what believing a side costs, by name, from nothing to the all but impossible."""

NEAR_NOUGHT = 0.45
"""Smallest figure, as a part of the largest, below which the axis begins at 0."""


def draw_disagreement(group: Mapping[str, Any]) -> Drawing:
    """One disagreement as :func:`contraflow.text.conflict_sentences.group_rows` tells it."""
    scale_of = group["scale"]
    factor = scale_of.factor
    everything = [v * factor for v in group["predicted"]]
    sides = [
        (side, None if side["figure"] is None else [v * factor for v in side["figure"]])
        for side in group["sides"]
    ]
    figures = [everything, *(figure for _side, figure in sides if figure is not None)]
    low, high = min(min(f) for f in figures), max(max(f) for f in figures)
    start = 0.0 if low < NEAR_NOUGHT * high else low - 0.08 * (high - low)
    scale = TrackScale(start, high + 0.04 * (high - start))
    marks, table = [], []
    for side, figure in sides:
        if figure is None:
            marks.append(RowMark(name=side["words"], figure=_("no economy found"), figure_class="f-soft"))
            table.append({_("Side"): side["words"]})
            continue
        colour = COLOURS[side["level"]]
        ends = dict(zip(("x_5", "x_25", "x", "x_75", "x_95"), figure, strict=True))
        body = interval(scale, ends, "x", colour)
        body += svg.dot(scale.at(figure[2]), 0, 6, f"f-{colour} s-paper", width=1.6)
        marks.append(
            RowMark(
                name=side["words"], figure=side["word"], figure_class=f"f-{colour}",
                range=side["implies"], marks=body,
            )
        )  # fmt: skip
        table.append(
            {
                _("Side"): side["words"],
                _("5%"): figure[0],
                _("Median"): figure[2],
                _("95%"): figure[-1],
                _("Beside all else"): side["word"],
            }
        )
    bands = [
        (everything[a], everything[b], name)
        for a, b, name in ((0, -1, "wide90"), (1, 3, "wide50"), (2, 2, "soft"))
    ]
    facet = rows_facet(marks, scale, f"{scale_of.before}{scale_of.after}".strip(), bands=bands)
    key = (
        KeyEntry(mark=svg.rect(0, 1, 18, 10, "f-wide90"), words=_("all evidence together, 90%")),
        KeyEntry(mark=svg.rect(0, 1, 18, 10, "f-wide50"), words=_("50%")),
        KeyEntry(mark=svg.line(9, 0, 9, 12, "s-soft", 1.4), words=_("median")),
    )
    return Drawing(
        alt=f"{group['title']} {group['text']}",
        facets=(facet,),
        table=pd.DataFrame(table),
        title=str(group["title"]),
        key=key,
    )
