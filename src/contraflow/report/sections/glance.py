"""All answers in one table."""

from __future__ import annotations

from contraflow._language import _
from contraflow._numbers import significant
from contraflow.report.data import ReportData
from contraflow.report.section import Content
from contraflow.report.sections.headline import change_cell, label, unit
from contraflow.report.shown_table import ShownTable
from contraflow.results import tables
from contraflow.text.names import Names, plain

COLUMNS = (
    "exports", "exports by air", "hectares at home", "leaf price", "valley price", "armed groups' income",
    "seized at home", "delivered",
)  # fmt: skip
"""Headline figures of the columns, those that the economy has."""

FEWEST = 2
"""Answers from which a table tells more than they do."""


def make(report: ReportData, names: Names) -> Content | None:
    """The table of answers against headline figures; none where there is one answer."""
    if len(report.answers) < FEWEST:
        return None
    base = plain(tables.headline(report.base))
    shown = [key for key in COLUMNS if key in base and base[key]["before"] > 0]
    rows = [(_("Baseline"), *(significant(base[key]["before"]) for key in shown))]
    for question, before, after in report.pairs:
        found = plain(tables.headline(before, after))
        rows.append((question.title, *(change_cell(found[key]) if key in found else "" for key in shown)))
    heads = [f"{label(key, report.base, names)}, {unit(base[key]['unit'])}" for key in shown]
    table = ShownTable(
        caption=_("Change against the baseline, in the long run"),
        heads=(_("Question"), *heads),
        rows=tuple(rows),
        figures=tuple(range(1, len(heads) + 1)),
        seen=True,
    )
    return Content(data={"table": table})
