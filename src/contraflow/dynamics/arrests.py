"""Arrests on order: whom the state takes, when and where."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from contraflow.case.case import Case
from contraflow.case.selectors import matches_place
from contraflow.dynamics.clans import Orders, Roster
from contraflow.errors import PolicyError


@dataclass(frozen=True)
class Arrest:
    """Clans that are arrested in a month (1 is the first): the largest, or a share of all, anywhere or at
    places that ``where`` names as selectors do (a place, a group, a country)."""

    month: int = 1
    who: str | float = "largest"
    where: tuple[str, ...] = ()


def orders(arrests: tuple[Arrest, ...], months: int) -> Orders:
    """Arrests by month. Raises PolicyError."""
    share, largest = np.zeros(months), np.zeros(months)
    for arrest in arrests:
        if not 1 <= arrest.month <= months:
            raise PolicyError(f"An arrest in month {arrest.month}: the run has {months} months.")
        if arrest.who == "largest":
            largest[arrest.month - 1] = 1
        elif isinstance(arrest.who, str) or not 0 <= arrest.who <= 1:
            raise PolicyError(f"Arrest {arrest.who!r}: write 'largest', or a share of all clans from 0 to 1.")
        else:
            share[arrest.month - 1] = arrest.who
    return Orders(share, largest)


def arrested_places(case: Case, found: Roster, where: Collection[str]) -> list[str]:
    """Homes of the clans that arrests ``where`` selectors say may hit. Raises PolicyError if there are
    none."""
    chosen = [p for p in found.places if matches_place(case.places[p], tuple(where))]
    if not chosen:
        raise PolicyError(f"An arrest at {', '.join(sorted(where))}: no clans are at home there.")
    return chosen
