"""Where a case comes from, as the report tells it: its sources, and what they describe."""

from __future__ import annotations

from typing import Any

from contraflow.case import statements
from contraflow.case.case import Case
from contraflow.case.docs import coverage as table
from contraflow.case.docs.provenance import LICENCES, Dispute, Provenance, address, attributions, provenance
from contraflow.case.naming import name_of, number_of


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
