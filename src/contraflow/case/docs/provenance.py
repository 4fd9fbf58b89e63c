"""What a case takes from each of its sources, and on what terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from contraflow.case import schema, statements
from contraflow.case.case import Case
from contraflow.case.naming import number_of
from contraflow.case.quantities import Quantity

RELIABILITY = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "reliability cannot be judged",
}
"""Grades of a source by the Admiralty code."""

USED = {
    statements.Use.FIT: "fitted",
    statements.Use.CHECK: "checked",
    statements.Use.PREDICT: "predicted",
    statements.Use.CONTEXT: "context",
}
"""How a claim is used, in a word."""


LICENCES = {
    "CC-BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}
"""Pages of licences that ask for a link to themselves, or have one."""


@dataclass(frozen=True)
class Dispute:
    """Two claims that cannot both be true."""

    claim: str
    """A claim of the source in question."""
    against: str
    """The claim that contradicts it."""
    source: str
    """The source of that claim."""


@dataclass(frozen=True)
class Provenance:
    """A source with everything that rests on it."""

    source: schema.Source
    """The source."""
    claims: tuple[statements.Claim, ...]
    """Its claims."""
    patterns: tuple[str, ...]
    """Ids of the patterns that it documents."""
    parameters: tuple[str, ...]
    """Ids of the parameters whose ranges rest on its claims."""
    places: tuple[str, ...]
    """Ids of the places whose coordinates come from it."""
    items: tuple[str, ...]
    """Ids of the items of the coverage that it describes."""
    disputes: tuple[Dispute, ...]
    """Claims of other sources that contradict its own."""

    @property
    def uses(self) -> Mapping[str, int]:
        """Number of claims by use, all four uses."""
        count = Counter(claim.use for claim in self.claims)
        return {word: count[use] for use, word in USED.items()}

    @property
    def quantities(self) -> Mapping[str, int]:
        """Number of claims by the quantity that they observe; claims that observe none are left out."""
        named = (c.quantity.value for c in self.claims if c.quantity is not Quantity.NONE)
        return dict(Counter(named).most_common())

    @property
    def grade(self) -> str:
        """Grade by the Admiralty code with its meaning, such as ``B, usually reliable``."""
        return f"{self.source.reliability}, {RELIABILITY[self.source.reliability]}"


def provenance(case: Case) -> tuple[Provenance, ...]:
    """Every source of a case with what rests on it, in the order of the file."""
    disputes = _disputes(case)
    return tuple(_of(case, source, disputes.get(source.id, ())) for source in case.sources.values())


def _of(case: Case, source: schema.Source, disputes: tuple[Dispute, ...]) -> Provenance:
    claims = tuple(c for c in case.claims.values() if c.source == source.id)
    own = {claim.id for claim in claims}
    return Provenance(
        source=source,
        claims=claims,
        patterns=tuple(p.id for p in case.patterns.values() if p.source == source.id),
        parameters=tuple(p.id for p in case.parameters.values() if not own.isdisjoint(p.claims)),
        places=tuple(p.id for p in case.places.values() if p.source == source.id),
        items=tuple(i.id for i in case.coverage.values() if i.source == source.id),
        disputes=disputes,
    )


def _disputes(case: Case) -> dict[str, tuple[Dispute, ...]]:
    """Disputes by source, listed under both sources even if only one of the claims names the other."""
    found: dict[str, dict[frozenset[str], Dispute]] = {}
    for claim in case.claims.values():
        for other in (case.claims[name] for name in claim.contradicts):
            for one, two in ((claim, other), (other, claim)):
                pair = frozenset((one.id, two.id))
                found.setdefault(one.source, {}).setdefault(pair, Dispute(one.id, two.id, two.source))
    return {source: tuple(disputes.values()) for source, disputes in found.items()}


def attributions(case: Case) -> tuple[schema.Source, ...]:
    """Sources of the coordinates, whose licences require attribution wherever the places are shown."""
    named = {place.source for place in case.places.values()}
    return tuple(source for source in case.sources.values() if source.id in named)


def address(source: schema.Source) -> str:
    """Web address of the source; empty where ``url`` holds another kind of reference."""
    return source.url if source.url.startswith(("http://", "https://")) else ""


def markdown(case: Case) -> str:
    """The sources as a chapter of a page: an overview, then each with its terms and what rests on it."""
    every = provenance(case)
    head = [f"## {case.info.title}", "", *_credit(case), *_overview(every), ""]
    return "\n".join([*head, *(_source(case, one) for one in every)])


def _credit(case: Case) -> list[str]:
    named = "; ".join(f"{_linked(s.title, address(s))}, {_licence(s)}" for s in attributions(case))
    return [f"Coordinates: {named}.", ""] if named else []


def _licence(source: schema.Source) -> str:
    return _linked(source.licence, LICENCES.get(source.licence, ""))


def _linked(text: str, url: str) -> str:
    return f"[{text}]({url})" if url else text


def _overview(every: tuple[Provenance, ...]) -> list[str]:
    lines = [
        f"| [{p.source.title}](#{p.source.id}) | {p.source.kind.value} | {p.source.reliability} | "
        + " | ".join(str(n or "") for n in (*p.uses.values(), len(p.patterns), len(p.parameters)))
        + " |"
        for p in every
    ]
    heads = ("source", "kind", "grade", *USED.values(), "patterns", "numbers")
    return [f"| {' | '.join(heads)} |", "| --- | --- | --- |" + " ---: |" * (len(heads) - 3), *lines]


def _source(case: Case, one: Provenance) -> str:
    s = one.source
    by = f"{s.author}, " if s.author and s.author != s.publisher else ""
    where = f" {s.url}." if s.url and not address(s) else ""
    lines = [
        f"### {s.id}",
        "",
        f"{_linked(s.title, address(s))}. {by}{s.publisher}, {s.published}. "
        f"{s.kind.value.capitalize()}.{where}",
        "",
        f"- Reliability {one.grade}: {s.reason}",
        f"- Licence: {_licence(s)}",
        *(f"- {line}" for line in _rests(one)),
        *(f"- {line}" for line in _disputed(case, one)),
        *([f"- {s.note}"] if s.note else []),
    ]
    return "\n".join([*lines, ""])


def _rests(one: Provenance) -> list[str]:
    """Lines on what rests on a source."""
    uses = ", ".join(f"{number} {word}" for word, number in one.uses.items() if number)
    kinds = ", ".join(f"{kind} {number}" for kind, number in one.quantities.items())
    lines = {
        "Claims": f"{uses}{f' ({kinds})' if kinds else ''}" if uses else "",
        "Patterns": _ids(one.patterns),
        "Numbers that rest on it": _ids(one.parameters),
        "Coordinates": number_of(len(one.places), "places") if one.places else "",
        "Items of the coverage": str(len(one.items) or ""),
    }
    told = [f"{head}: {text}." for head, text in lines.items() if text]
    return told or ["No row rests on it directly: it stands behind the method, the distances or the units."]


def _ids(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _disputed(case: Case, one: Provenance) -> list[str]:
    return [
        f"Contradiction: {_said(case, d.claim)} (`{d.claim}`), against {_said(case, d.against)} "
        f"(`{d.against}`, [{case.sources[d.source].title}](#{d.source}))."
        for d in one.disputes
    ]


def _said(case: Case, claim: str) -> str:
    return case.claims[claim].statement.rstrip(".")
