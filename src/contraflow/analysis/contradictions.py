"""Groups of claims that cannot all be true, from ``tensions.csv`` or else from the column ``contradicts``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contraflow._language import _
from contraflow.case import statements
from contraflow.case.case import Case


@dataclass(frozen=True)
class Position:
    """One side of a disagreement."""

    id: str
    """Its id: that of its row in ``tensions.csv``, else that of its claim."""
    words: str
    """What it says, in plain words."""
    claims: tuple[str, ...]
    """Ids of the claims that it takes as true."""
    note: str = ""
    """What readers should know about it."""


@dataclass(frozen=True)
class Disagreement:
    """Sides that cannot all be right."""

    id: str
    """Id of the group."""
    title: str
    """The disagreement as a question."""
    positions: tuple[Position, ...]
    """The sides."""
    figure: statements.Observed | None
    """The output of the model in which they are compared; None if the model observes none of them."""

    @property
    def claims(self) -> frozenset[str]:
        """Claims of all sides."""
        return frozenset(c for p in self.positions for c in p.claims)


def disagreements(case: Case, observable: Iterable[str]) -> tuple[Disagreement, ...]:
    """The disagreements of a case.

    Claims that contradict each other, and that no group of ``tensions.csv`` holds together, form groups of
    their own; each of these claims is a side, and they are compared in the output of the first.

    Parameters
    ----------
    case
        The case.
    observable
        Ids of the claims that the model observes.
    """
    stated = _stated(case)
    known = set(observable)
    return stated + tuple(_found(case, ids, known) for ids in _left_over(case, stated))


def _stated(case: Case) -> tuple[Disagreement, ...]:
    groups: dict[str, list[statements.Tension]] = {}
    for row in case.tensions.values():
        groups.setdefault(row.group, []).append(row)
    return tuple(
        Disagreement(
            group,
            rows[0].title,
            tuple(Position(r.id, r.side, r.claims, r.note) for r in rows),
            rows[0],
        )
        for group, rows in groups.items()
    )


def _found(case: Case, ids: tuple[str, ...], observable: set[str]) -> Disagreement:
    seen = [
        c for c in (case.claims[i] for i in ids if i in observable)
        if any(i in observable and (i in c.contradicts or c.id in case.claims[i].contradicts) for i in ids)
    ]  # fmt: skip
    positions = tuple(
        Position(i, case.claims[i].statement.rstrip("."), (i,), case.claims[i].note) for i in ids
    )
    title = _("“{one}” or “{other}”?").format(one=positions[0].words, other=positions[:2][-1].words)
    return Disagreement("-or-".join(ids[:2]), title, positions, seen[0] if seen else None)


def _left_over(case: Case, stated: tuple[Disagreement, ...]) -> tuple[tuple[str, ...], ...]:
    """Connected sets of claims that contradict each other and that no stated group holds together."""
    held = [group.claims for group in stated]
    pairs = [
        (claim.id, other)
        for claim in case.claims.values()
        for other in claim.contradicts
        if not any(claim.id in group and other in group for group in held)
    ]
    group: dict[str, int] = {}
    for number, (one, other) in enumerate(pairs):
        joined = {group[i] for i in (one, other) if i in group} | {number}
        group |= {i: number for i, g in group.items() if g in joined} | {one: number, other: number}
    found: dict[int, list[str]] = {}
    for claim in case.claims:
        if claim in group:
            found.setdefault(group[claim], []).append(claim)
    return tuple(tuple(ids) for ids in found.values())
