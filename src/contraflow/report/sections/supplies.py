"""Who supplies the inputs that the trade buys, and what each earns."""

from __future__ import annotations

import pandas as pd

from contraflow._language import N_, _
from contraflow.case.naming import lower
from contraflow.report.data import ReportData
from contraflow.report.draw import bars
from contraflow.report.section import Content
from contraflow.report.sections._panels import Shown, panel, shifts
from contraflow.results import side_economies
from contraflow.text import side_economy_sentences as words
from contraflow.text.names import Names

NOTE = N_("Who is controlled loses buyers to the others and charges those who stay for the risk.")


def make(report: ReportData, names: Names, number: int) -> Content | None:
    """What one answer changes; none where a case has no suppliers, or hardly anything moves."""
    _question, base, after = report.pairs[number]
    found = side_economies.supplies(base, after)
    if found.empty:
        return None
    figures = _charts(report, found, after is not None)
    if not figures:
        return None
    return panel(words.supplies(side_economies.bought(base, after), _inputs(report)), figures, _(NOTE))


def make_today(report: ReportData, names: Names) -> Content | None:
    """The baseline; none where a case has no suppliers."""
    found = side_economies.supplies(report.base)
    if found.empty:
        return None
    intro = _("What the trade buys, and from whom, in all countries of the case: {what}").format(
        what=lower(words.supplies(side_economies.bought(report.base), _inputs(report)))
    )
    return panel("", _charts(report, found, False), _(NOTE), intro=intro)


def _inputs(report: ReportData) -> dict[str, str]:
    return {i: row.name for i, row in report.case.inputs.items()}


def _charts(report: ReportData, found: pd.DataFrame, compared: bool) -> Shown:
    inputs = _inputs(report)
    return [
        (str(key), inputs.get(str(key), str(key)), bars.draw_income_bars(rows))
        for key, rows in found.groupby(level=0, sort=False)
        if not compared or shifts(rows)
    ]
