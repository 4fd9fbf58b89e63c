"""Which transports hire their crews at which market, and which activity supplies the work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contraflow._language import _
from contraflow._types import IntArray
from contraflow.case import schema
from contraflow.case.case import Case
from contraflow.case.selectors import matches, matches_place
from contraflow.errors import NetworkError, Problem
from contraflow.network.network import Arc, Hiring


def make_hiring(
    case: Case, arcs: Sequence[Arc], pays: IntArray, markets: Sequence[tuple[str, schema.Market]]
) -> Hiring:
    """Match the markets of hired work with the arcs that hire and the activities that supply the work.

    Parameters
    ----------
    case
        The case.
    arcs
        Arcs of its network.
    pays
        Actor who is paid on each arc (arc,), -1 where nobody is named.
    markets
        Node and row of each market.

    Raises
    ------
    NetworkError
        If a market of hired work is not supplied by exactly one activity without a weight, in a zone with an
        endowment; if it hires nobody; or if another market hires the same crews.
    """
    found = [(number, node, row) for number, (node, row) in enumerate(markets) if row.hired_by]
    problems: list[Problem] = []
    activity, actor, links, places = [], [], [], []
    taken: dict[int, str] = {}
    for place, (_number, node, row) in enumerate(found):
        feeders = [i for i, arc in enumerate(arcs) if arc.head == node]
        hired = [i for i, arc in enumerate(arcs) if _hires(case, row, arc) and pays[i] >= 0]
        fault = _fault(case, arcs, feeders, hired)
        if fault is not None:
            problems.append(Problem("markets.csv", *fault, None, "id", row.id))
            continue
        for i in hired:
            if i in taken:
                message = _("hires the crews of {link}, which market {market} hires already")
                message = message.format(link=arcs[i].id, market=taken[i])
                cure = _("Narrow 'hired_by' or 'hired_from' of one of the two")
                problems.append(Problem("markets.csv", message, cure, None, "id", row.id))
            taken[i] = row.id
        activity.append(feeders[0])
        actor.append(int(pays[hired[0]]))
        links += hired
        places += [place] * len(hired)
    if problems:
        raise NetworkError(problems)
    return Hiring(
        market=np.array([number for number, _, _ in found], dtype=np.int64),
        activity=np.array(activity, dtype=np.int64),
        actor=np.array(actor, dtype=np.int64),
        link=np.array(links, dtype=np.int64),
        place=np.array(places, dtype=np.int64),
    )


def _hires(case: Case, row: schema.Market, arc: Arc) -> bool:
    return (
        arc.kind == "link"
        and matches(arc.mode, row.hired_by)
        and matches_place(case.places[arc.from_place], row.hired_from)
    )


def _fault(case: Case, arcs: Sequence[Arc], feeders: list[int], hired: list[int]) -> tuple[str, str] | None:
    """What is wrong with a market of hired work and how to mend it, or None."""
    if len(feeders) != 1 or arcs[feeders[0]].kind != "activity":
        return (
            _("is not fed by exactly one activity"),
            _("Let one row of activities.csv at this place make the work"),
        )
    feeder = arcs[feeders[0]]
    if case.activities[feeder.step].weight is not None:
        message = _(
            "is fed by {activity}, which has a weight, but as many take up the work as transports need"
        )
        return message.format(activity=feeder.step), _("Leave its 'weight' empty")
    if case.places[feeder.from_place].endowment is None:
        message = _("is at {place}, which has no households").format(place=feeder.from_place)
        return message, _("Give the place an endowment")
    if not hired:
        return (
            _("hires nobody: no link with paid crews is selected"),
            _("Loosen 'hired_by' or 'hired_from'"),
        )
    return None
