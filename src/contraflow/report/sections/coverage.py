"""What the sources describe, and what in the model stands for each item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contraflow.case import statements
from contraflow.case.case import Case
from contraflow.case.docs import coverage as table
from contraflow.case.naming import name_of
from contraflow.report.data import ReportData
from contraflow.report.section import Content


def make(report: ReportData, names: Mapping[str, str]) -> Content | None:
    """Items by kind; none where the case does not say what its sources describe."""
    data = coverage(report.case)
    return None if data is None else Content(data={"coverage": data})


def coverage(case: Case) -> dict[str, Any] | None:
    """What the sources describe, by kind, with what lies outside apart; None if the case does not say."""
    if not case.coverage:
        return None
    items = case.coverage.values()
    return {
        "total": table.total(case),
        "kinds": [
            {
                "tally": tally,
                "items": [_item(case, i) for i in items if i.kind == tally.kind and not i.outside],
            }
            for tally in table.tally(case)
        ],
        "outside": [_item(case, item) for item in items if item.outside],
    }


def _item(case: Case, item: statements.Coverage) -> dict[str, str]:
    """An item with the names of the model's rows; those that are evidence are only counted."""
    source = case.sources.get(item.source)
    names = [
        name_of(case, rows, key)
        for rows, keys in table.rows_by_table(item).items()
        if rows not in table.EVIDENCE
        for key in keys
    ]
    return {
        "id": item.id,
        "description": item.description,
        "place": f"{source.title if source else item.source}, {item.paragraph}",
        "names": "; ".join(dict.fromkeys(names)),
        "evidence": table.counted(item, table.EVIDENCE),
        "note": item.outside or item.note,
    }
