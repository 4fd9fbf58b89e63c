"""Where a case comes from: its sources, their grades and terms, and what rests on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contraflow._language import _
from contraflow.case.case import Case
from contraflow.case.docs.provenance import (
    LICENCES,
    RELIABILITY,
    Dispute,
    Provenance,
    address,
    attributions,
    provenance,
)
from contraflow.report.data import ReportData
from contraflow.report.section import Content
from contraflow.text.evidence_sentences import resting


def make(report: ReportData, names: Mapping[str, str]) -> Content:
    """The list of sources and the credits of coordinates."""
    return Content(data={"sources": sources(report.case), "credits": credits(report.case)})


def sources(case: Case) -> list[dict[str, Any]]:
    """Rows of the list of sources: each with its grade, its terms and what rests on it."""
    return [
        {
            "source": one.source,
            "url": address(one.source),
            "grade": f"{one.source.reliability}, {_(RELIABILITY[one.source.reliability])}",
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
    """``claims: 10 fitted, 3 checked; 9 numbers, 6 patterns``; empty if nothing rests on it directly."""
    claims, others = resting(one)
    told = _("claims: {uses}").format(uses=claims) if claims else ""
    return "; ".join(filter(None, (told, others)))


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
