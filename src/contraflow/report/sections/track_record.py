"""How often it was right: episodes of history, each foreseen from the others, and what was learned."""

from __future__ import annotations

from contraflow._language import _
from contraflow._numbers import significant, to
from contraflow.case.behaviour import BEHAVIOUR, row_id, taken_from
from contraflow.history import left_out
from contraflow.history.left_out_episodes import NEW, RIVALS
from contraflow.report.data import ReportData
from contraflow.report.draw.how_often_right import draw_how_often_right
from contraflow.report.front import learned
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable
from contraflow.text.evidence_sentences import track_record
from contraflow.text.names import Names


def make(report: ReportData, names: Names) -> Content | None:
    """The record of the rule on left-out episodes; none where the case takes nothing from episodes."""
    if not learned(report):
        return None
    found = left_out()
    scores = found.comparison()
    rivals = ShownTable(
        caption=_("Scores of forecasters over the episodes"),
        heads=(_("Forecaster"), _("Error (CRPS)"), _("Model ahead by")),
        rows=tuple(
            (
                _(who),
                significant(float(scores.loc[who, "crps"])),
                ""
                if who == NEW
                else f"{significant(float(scores.loc[who, 'crps lead']))} ± "
                f"{significant(float(scores.loc[who, 'crps error']))}",
            )
            for who in (NEW, *RIVALS)
        ),
        figures=(1, 2),
    )
    numbers = ShownTable(
        caption=_("Numbers of behaviour that were learned"),
        heads=(_("What"), _("Median"), _("90% interval")),
        rows=tuple(
            _number(report, name) for name in taken_from(report.case.parameters, report.case.info.learned)
        ),
        figures=(1, 2),
    )
    return Content(
        data={"record": track_record(found), "rivals": rivals, "numbers": numbers},
        drawings={"episodes": draw_how_often_right(found.observations)},
    )


def _number(report: ReportData, name: str) -> tuple[str, str, str]:
    row, number = report.case.parameters[row_id(name)], BEHAVIOUR[name]
    low, value, high = (significant(x / number.factor) for x in (row.low, row.value, row.high))
    shown = _("{value} months").format(value=value) if number.unit == "month" else value
    return row.meaning, shown, to(low, high)
