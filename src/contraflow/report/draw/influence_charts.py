"""What a figure rests on: whose uncertainty it is, what it would be without a claim or along a range."""

from __future__ import annotations

from typing import Any

import pandas as pd

from contraflow._language import _
from contraflow._numbers import share, significant, to
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, Facet, KeyEntry
from contraflow.report.draw.row_charts import RowMark, TrackScale, rows_facet
from contraflow.results.explanation import GROUPS, Explanation, Group, How

COLOURS = {
    Group.CLAIMS: "accent",
    Group.SHARED: "river-way",
    Group.RANGES: "fall",
    Group.ASSUMPTIONS: "road",
    Group.FORM: "rise",
    Group.INTERACTION: "still",
}
"""Colour of each group by name: cold for what claims hold, warm for what is assumed."""

CLAIMS, NUMBERS = 10, 12
"""Rows that are shown."""


def draw_shares(explanation: Explanation) -> Drawing:
    """Bars: the variance by group."""
    rows = explanation.shares.to_dict("records")
    scale = TrackScale(0.0, 100.0)
    marks = [
        RowMark(
            name=_(GROUPS[Group(row["group"])]),
            figure=share(max(float(row["share"]), 0.0)),
            marks=svg.line(
                scale.at(0), 0, scale.at(100 * max(float(row["share"]), 0.0)), 0,
                f"s-{COLOURS[Group(row['group'])]}", 9,
            ),
        )
        for row in rows
    ]  # fmt: skip
    table = pd.DataFrame(
        {
            _("What is uncertain"): [_(GROUPS[Group(row["group"])]) for row in rows],
            _("Share of the variance, %"): [100 * float(row["share"]) for row in rows],
        }
    )
    most = max(rows, key=lambda row: float(row["share"]))
    alt = _("The uncertainty of the figure by its origin; the largest part, {part}, is of {what}.").format(
        part=share(float(most["share"])), what=_(GROUPS[Group(most["group"])])
    )
    return Drawing(alt=alt, facets=(rows_facet(marks, scale, _("share of the variance, %")),), table=table)


def draw_claims(explanation: Explanation) -> Drawing | None:
    """The figure without each of the claims that move it most; None where no claim is known to."""
    rows = explanation.claims.head(CLAIMS).to_dict("records")
    if not rows:
        return None
    scale = _scale(explanation, [row[c] for row in rows for c in ("without_5", "without_95")])
    marks = []
    for row in rows:
        sure = row["how"] != How.LINEAR
        ends = (float(row["without_5"]), float(row["without_95"]))
        body = svg.line(scale.at(ends[0]), 0, scale.at(ends[1]), 0, "s-accent", 1.6)
        spot = svg.dot(
            scale.at(float(row["without"])), 0, 5.5,
            "f-accent s-paper" if sure else "f-paper s-accent", width=1.8, title=How(row["how"]).words,
        )  # fmt: skip
        marks.append(
            RowMark(
                name=str(row["statement"]), figure=significant(float(row["without"])),
                range=to(*(significant(end) for end in ends)), marks=body + spot,
            )
        )  # fmt: skip
    table = pd.DataFrame(
        {
            _("Claim"): [row["statement"] for row in rows],
            _("Without it, {unit}").format(unit=unit(explanation)): [row["without"] for row in rows],
            _("5%"): [row["without_5"] for row in rows],
            _("95%"): [row["without_95"] for row in rows],
        }
    )
    alt = _("{figure} without each of the claims that move it most. With all claims it is {all}.").format(
        figure=what(explanation), all=significant(float(explanation.figure[""]))
    )
    key = (KeyEntry(mark=svg.rect(1, 1, 16, 10, "f-wide90"), words=_("with all claims, 90% interval")),)
    return Drawing(alt=alt, facets=(_with_band(explanation, marks, scale),), table=table, key=key)


def draw_numbers(explanation: Explanation) -> Drawing | None:
    """The figure as each of the strongest numbers goes from the low to the high end of its range."""
    rows = explanation.gathered(NUMBERS).to_dict("records")
    if not rows:
        return None
    scale = _scale(explanation, [row[c] for row in rows for c in ("at_low", "at_high")])
    marks = []
    for row in rows:
        colour = COLOURS[Group(row["group"])]
        low, high = float(row["at_low"]), float(row["at_high"])
        body = svg.line(scale.at(low), 0, scale.at(high), 0, f"s-{colour}", 4)
        body += svg.dot(scale.at(low), 0, 5.5, f"f-paper s-{colour}", width=1.8, title=_("low end"))
        body += svg.dot(scale.at(high), 0, 5.5, f"f-{colour} s-paper", width=1.8, title=_("high end"))
        marks.append(
            RowMark(name=str(row["meaning"]), figure=to(significant(low), significant(high)), marks=body)
        )
    table = pd.DataFrame(
        {
            _("Number"): [row["meaning"] for row in rows],
            _("Kind"): [_(GROUPS[Group(row["group"])]) for row in rows],
            _("At its low end, {unit}").format(unit=unit(explanation)): [row["at_low"] for row in rows],
            _("At its high end, {unit}").format(unit=unit(explanation)): [row["at_high"] for row in rows],
        }
    )
    alt = _("{figure} as single numbers go from the low to the high end of their ranges.").format(
        figure=what(explanation)
    )
    key = tuple(
        KeyEntry(mark=svg.line(0, 6, 18, 6, f"s-{COLOURS[group]}", 4), words=_(GROUPS[group]))
        for group in dict.fromkeys(Group(row["group"]) for row in rows)
    )
    return Drawing(alt=alt, facets=(_with_band(explanation, marks, scale),), table=table, key=key)


def what(explanation: Explanation) -> str:
    """The figure that is explained, or its change."""
    if explanation.against:
        return _("Change of {figure}").format(figure=_(explanation.quantity))
    return _(explanation.quantity)


def unit(explanation: Explanation) -> str:
    """Its unit."""
    return explanation.unit.replace("/yr", _(" a year"))


def _scale(explanation: Explanation, values: list[Any]) -> TrackScale:
    ends = [float(v) for v in (*values, explanation.figure["_5"], explanation.figure["_95"])]
    low, high = min(ends), max(ends)
    room = 0.04 * (high - low or 1.0)
    return TrackScale(low - room, high + room)


def _with_band(explanation: Explanation, marks: list[RowMark], scale: TrackScale) -> Facet:
    """Rows before the figure with everything: its 90 % interval shaded, its median as a line."""
    low, high, middle = (float(explanation.figure[end]) for end in ("_5", "_95", ""))
    bands = ((low, high, "wide90"), (middle, middle, "soft"))
    return rows_facet(marks, scale, f"{what(explanation)}, {unit(explanation)}", bands=bands)
