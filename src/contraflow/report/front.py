"""The top of the page: one question answered, how sure that is, and on what it rests."""

from __future__ import annotations

from typing import Any

from contraflow.case.behaviour import taken_from
from contraflow.case.roles import roles
from contraflow.case.table import Role
from contraflow.history import left_out
from contraflow.report.data import ReportData
from contraflow.report.draw.relative_changes import draw_headline
from contraflow.report.sections.headline import headline_rows
from contraflow.results import tables
from contraflow.text.evidence_sentences import track_record
from contraflow.text.names import plain
from contraflow.text.sentences import chance, drawn

FIGURES = ("exports", "exports by air", "hectares at home", "local price", "growers' income")
"""Headline figures of the first picture, those that the economy has."""


def front(report: ReportData) -> dict[str, Any]:
    """What the first screen shows; of a report without questions, the baseline only."""
    made: dict[str, Any] = {
        "record": track_record(left_out()) if learned(report) else "",
        "evidence": evidence(report),
        "question": None,
    }
    if not report.answers:
        return made
    question, base, after = report.pairs[0]
    row = plain(tables.headline(base, after)).get("exports")
    return made | {
        "question": question,
        "first": report.sentences[0].short[0],
        "drawing": draw_headline(headline_rows(base, after, report.names, FIGURES), question.title),
        "sure": chance(row, int(base.sizes["draw"]), report.names.home) if row and drawn(row) else "",
    }


def evidence(report: ReportData) -> dict[str, int]:
    """Numbers of claims that were fitted, of sources, and of the model's numbers and those assumed."""
    case = report.case
    role_of = roles(case)
    counted = [i for i in case.parameters if role_of[i] is not Role.WEIGHT]
    fitted = report.claims[report.claims["use"] == "fit"]
    return {
        "claims": len(fitted),
        "sources": int(fitted["source"].nunique()),
        "numbers": len(counted),
        "assumed": sum(not case.parameters[i].claims for i in counted),
    }


def learned(report: ReportData) -> bool:
    """Whether the case takes how people behave from episodes of history."""
    return bool(taken_from(report.case.parameters, report.case.info.learned))
