"""Arrests on order: which clans the state arrests, when and where."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from contraflow._language import _
from contraflow.case.case import Case
from contraflow.case.selectors import matches_place
from contraflow.dynamics.clans import Orders, Roster
from contraflow.errors import PolicyError


@dataclass(frozen=True)
class Arrest:
    """Clans that are arrested in a given month of a simulation.

    Examples
    --------
    >>> import contraflow as cf
    >>> cf.Arrest(month=13, who=0.2, where=("port",))
    Arrest(month=13, who=0.2, where=('port',))
    """

    month: int = 1
    """Month of the run; 1 is the first."""
    who: str | float = "largest"
    """``largest`` for the largest clan, or a share of all clans from 0 to 1."""
    where: tuple[str, ...] = ()
    """Selectors of places (id, group, kind or country) where the clans are at home. Empty: anywhere."""


def orders(arrests: tuple[Arrest, ...], months: int) -> Orders:
    """Arrests by month.

    Parameters
    ----------
    arrests
        All arrests of a run.
    months
        Length of the run.

    Raises
    ------
    PolicyError
        For a month outside the run, and for ``who`` that is neither ``largest`` nor a share.
    """
    share, largest = np.zeros(months), np.zeros(months)
    for arrest in arrests:
        if not 1 <= arrest.month <= months:
            text = _("An arrest in month {month}: the run has {months} months.")
            raise PolicyError(text.format(month=arrest.month, months=months))
        if arrest.who == "largest":
            largest[arrest.month - 1] = 1
        elif isinstance(arrest.who, str) or not 0 <= arrest.who <= 1:
            text = _("Arrest {who}: write 'largest', or a share of all clans from 0 to 1.")
            raise PolicyError(text.format(who=repr(arrest.who)))
        else:
            share[arrest.month - 1] = arrest.who
    return Orders(share, largest)


def arrested_places(case: Case, found: Roster, where: Collection[str]) -> list[str]:
    """Homes of the clans that an arrest may hit.

    Parameters
    ----------
    case
        The case.
    found
        The roster of clans.
    where
        Selectors of places.

    Raises
    ------
    PolicyError
        If no clan is at home there.
    """
    chosen = [p for p in found.places if matches_place(case.places[p], tuple(where))]
    if not chosen:
        text = _("An arrest at {places}: no clans are at home there.")
        raise PolicyError(text.format(places=", ".join(sorted(where))))
    return chosen
