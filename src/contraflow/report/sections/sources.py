"""Where a case comes from: its sources, their grades and terms, and what rests on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contraflow.case.case import Case
from contraflow.case.docs.provenance import LICENCES, Dispute, Provenance, address, attributions, provenance
from contraflow.case.naming import number_of
from contraflow.report.data import ReportData
from contraflow.report.section import Content


def make(report: ReportData, names: Mapping[str, str]) -> Content:
    """The list of sources and the credits of coordinates."""
    return Content(data={"sources": sources(report.case), "credits": credits(report.case)})


def sources(case: Case) -> list[dict[str, Any]]:
    """Rows of the list of sources: each with its grade, its terms and what rests on it."""
    return [
        {
            "source": one.source,
            "url": address(one.source),
            "grade": one.grade,
            "rests": _rests(one),
            "disputes": [_dispute(case, d) for d in one.disputes],
        }
        for one in provenance(case)
    ]


def _dispute(case: Case, dispute: Dispute) -> dict[str, str]:
    """Both statements, and the title of the work that holds the other."""
    one, other = (case.claims[claim].statement for claim in (dispute.claim, dispute.against))
    return {"one": one, "other": other, "title": case.sources[dispute.source].title}


def _rests(one: Provenance) -> str:
    """``10 claims fitted, 3 checked; 6 patterns; 9 numbers``; empty if nothing rests on it directly."""
    uses = [f"{n} {word}" for word, n in one.uses.items() if n]
    claims = f"claims: {', '.join(uses)}" if uses else ""
    others = {"patterns": one.patterns, "numbers": one.parameters, "places": one.places}
    parts = [claims, *(number_of(len(rows), what) for what, rows in others.items() if rows)]
    return "; ".join(part for part in parts if part)


def credits(case: Case) -> list[dict[str, str]]:
    """Whom the coordinates are from: title, address, licence and the licence's own page."""
    return [
        {
            "title": s.title,
            "url": address(s),
            "licence": s.licence,
            "terms": LICENCES.get(s.licence, ""),
        }
        for s in attributions(case)
    ]
