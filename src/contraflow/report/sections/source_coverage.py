"""What the sources describe, and what in the model stands for each item."""

from __future__ import annotations

from typing import Any

from contraflow._language import _
from contraflow.case import statements
from contraflow.case.case import Case
from contraflow.case.docs import coverage as table
from contraflow.case.naming import name_of
from contraflow.report.data import ReportData
from contraflow.report.section import Content
from contraflow.report.shown_table import ShownTable, with_note
from contraflow.text.names import Names


def make(report: ReportData, names: Names) -> Content | None:
    """Items by kind; none where the case does not say what its sources describe."""
    return content(report.case)


def content(case: Case) -> Content | None:
    """As :func:`make`, of a case alone."""
    if not case.coverage:
        return None
    items = case.coverage.values()
    outside = [item for item in items if item.outside]
    return Content(
        data={
            "total": table.total(case),
            "kinds": [
                {"tally": tally, "table": _table(case, tally.kind, own)}
                for tally in table.tally(case)
                if (own := [i for i in items if i.kind == tally.kind and not i.outside])
            ],
            "outside": _left_out(case, outside) if outside else None,
        }
    )


def _table(case: Case, kind: str, items: list[statements.Coverage]) -> ShownTable:
    return ShownTable(
        caption=kind,
        heads=(_("What is described"), _("What stands for it")),
        rows=tuple((_described(case, item), with_note(_standing(case, item), item.note)) for item in items),
    )


def _left_out(case: Case, items: list[statements.Coverage]) -> ShownTable:
    return ShownTable(
        caption=_("Outside the model, with the reason"),
        heads=(_("What is described"), _("Why it is left out")),
        rows=tuple((_described(case, item), item.outside) for item in items),
    )


def _described(case: Case, item: statements.Coverage) -> Any:
    source = case.sources.get(item.source)
    return with_note(item.description, f"{source.title if source else item.source}, {item.paragraph}")


def _standing(case: Case, item: statements.Coverage) -> str:
    """The names of the model's rows for an item; those that are evidence are only counted."""
    names = [
        name_of(case, rows, key)
        for rows, keys in table.rows_by_table(item).items()
        if rows not in table.EVIDENCE
        for key in keys
    ]
    return "; ".join(filter(None, (*dict.fromkeys(names), table.counted(item, table.EVIDENCE))))
