"""Which arcs buy which inputs, and from which suppliers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contraflow._language import _
from contraflow.case import schema
from contraflow.case.case import Case
from contraflow.case.selectors import matches, matches_place
from contraflow.errors import NetworkError, Problem
from contraflow.network.network import ZERO, Arc, Ledger, Procurement


def supply_weight(supply: str) -> str:
    """Name in the ledger of a supply's preference weight."""
    return f"weight@supply:{supply}"


def make_procurement(case: Case, arcs: Sequence[Arc], ledger: Ledger) -> Procurement:
    """Match inputs and supplies with the arcs; an input is bought where its arc begins.

    Parameters
    ----------
    case
        The case.
    arcs
        Arcs of its network.
    ledger
        The ledger, for positions of the numbers.

    Raises
    ------
    NetworkError
        For an input that no arc needs or that cannot be bought where it is needed, two inputs bought of the
        same dollar of revenue, and a supply that reaches no buyer.
    """
    supplies = list(case.supplies.values())
    pools: dict[tuple[str, tuple[int, ...]], int] = {}
    needs: list[tuple[int, int]] = []
    problems: list[Problem] = []
    for row in case.inputs.values():
        buyers = [i for i, arc in enumerate(arcs) if _needs(case, row, arc)]
        if not buyers:
            message, cure = _("is needed by no arc"), _("Loosen its selectors")
            problems.append(Problem("inputs.csv", message, cure, None, "id", row.id))
        bare: set[str] = set()
        for i in buyers:
            place = case.places[arcs[i].from_place]
            offers = tuple(
                s for s, u in enumerate(supplies) if u.input == row.id and matches_place(place, u.destination)
            )
            if offers:
                needs.append((i, pools.setdefault((row.id, offers), len(pools))))
            else:
                bare.add(place.id)
        if bare:
            message = _("cannot be bought at {places}, where it is needed")
            message = message.format(places=", ".join(sorted(bare)))
            cure = _("Add a row to supplies.csv, or narrow the selectors")
            problems.append(Problem("inputs.csv", message, cure, None, "id", row.id))
    problems += _bought_twice(case, arcs, needs, list(pools))
    offered = {s for _, offers in pools for s in offers}
    for s, supply in enumerate(supplies):
        if s not in offered and supply.input in case.inputs:
            message = _("reaches no place where its input is needed")
            cure = _("Correct its 'to', or remove the row")
            problems.append(Problem("supplies.csv", message, cure, None, "id", supply.id))
    if problems:
        raise NetworkError(problems)

    actor = {name: i for i, name in enumerate(case.actors)}
    offers_of = [(pool, s) for (_, offers), pool in pools.items() for s in offers]

    def places(names: Sequence[str | None]) -> np.ndarray:
        return np.array([ZERO if n is None else ledger.index(n) for n in names], dtype=np.int64)

    return Procurement(
        need_arc=np.array([i for i, _ in needs], dtype=np.int64),
        need_pool=np.array([p for _, p in needs], dtype=np.int64),
        offer_pool=np.array([p for p, _ in offers_of], dtype=np.int64),
        offer_supply=np.array([s for _, s in offers_of], dtype=np.int64),
        switching=places([case.inputs[name].switching for name, _ in pools]),
        revenue=np.array([case.inputs[n].basis is schema.Basis.REVENUE for n, _ in pools], dtype=bool),
        price=places([s.price for s in supplies]),
        hazard=places([s.hazard for s in supplies]),
        weight=places([supply_weight(s.id) for s in supplies]),
        actor=np.array([actor.get(s.actor or "", -1) for s in supplies], dtype=np.int64),
    )


def _bought_twice(
    case: Case, arcs: Sequence[Arc], needs: list[tuple[int, int]], pools: list[tuple[str, tuple[int, ...]]]
) -> list[Problem]:
    """Arcs that would pay two inputs out of the same dollar of revenue."""
    first: dict[int, str] = {}
    problems = []
    for i, pool in needs:
        name = pools[pool][0]
        if case.inputs[name].basis is not schema.Basis.REVENUE:
            continue
        if i in first:
            message = _("is bought per dollar of revenue by {arc}, as is {other}")
            message = message.format(arc=arcs[i].id, other=first[i])
            cure = _("Narrow the selectors of one of the two")
            problems.append(Problem("inputs.csv", message, cure, None, "id", name))
        first[i] = name
    return problems


def _needs(case: Case, row: schema.Input, arc: Arc) -> bool:
    """Whether an arc buys an input; if the input names neither steps nor modes, only transports do."""
    return (
        matches_place(case.places[arc.from_place], row.origin)
        and matches_place(case.places[arc.to_place], row.destination)
        and (not row.mode or (arc.kind == "link" and matches(arc.mode, row.mode)))
        and matches(arc.form, row.form)
        and matches(arc.step, row.step)
        and (bool(row.step) or arc.kind == "link")
    )
