"""Documented behaviour that takes time: patterns with ``needs = dynamics``, observed in simulations.

Both sides of a pattern are simulated with the same random draws. Months are put together as one economy at
yearly rates, which the operators of :mod:`~contraflow.model.observables` observe like an equilibrium.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contraflow._language import _
from contraflow._types import FloatArray, Progress, silent
from contraflow.case import statements
from contraflow.dynamics import timeline
from contraflow.dynamics.arrests import Arrest, arrested_places, orders
from contraflow.dynamics.clans import Behaviour
from contraflow.dynamics.month import MONTHS
from contraflow.dynamics.simulator import MonthlySummary, Simulator, draw_behaviour, setting, settle_clans
from contraflow.model.numerics import compiled, jax
from contraflow.model.observables import Observations
from contraflow.policy.policy import parse
from contraflow.policy.responder import Responder

CLANS = 1000
"""Clans unless a pattern names another number."""

PATTERN_REPLICATES = 40
"""Replicates of each side, by default; with a dozen, verdicts near even depend on chance."""


@dataclass(frozen=True)
class _Side:
    """One side of a pattern: a scenario to be simulated."""

    policy: str
    until: int | None
    search_strategy: statements.SearchStrategy
    arrest: str | None
    arrest_at: tuple[str, ...]
    clans: int


def unfold(
    responder: Responder,
    patterns: tuple[statements.Pattern, ...],
    ledger: FloatArray,
    replicates: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Observe each pattern in simulations without and with its policy.

    Parameters
    ----------
    responder
        The model with its levers.
    patterns
        Patterns that need dynamics.
    ledger
        Draws (draw, number), spread over the replicates.
    replicates
        Number of replicates.
    seed
        Seed of the random draws.
    progress
        Callback ``progress(message, fraction=None)``, with the part done from 0 to 1.

    Returns
    -------
    tuple of numpy.ndarray
        The quantity without and with the policy, each (pattern, replicate), in units of the model.

    Raises
    ------
    PolicyError
        If a policy cannot be read, or there are too few clans.
    ObservationError
        If a pattern selects nothing in the model.
    """
    say = progress or silent
    observations = Observations(responder.model, patterns).resolve()
    observe = compiled(jax.vmap(observations.observe))
    spread = np.linspace(0, len(ledger), replicates, endpoint=False).astype(np.int64)
    draws = ledger[spread]
    behaviour = draw_behaviour(responder.model.network.ledger, replicates, seed)
    observed = np.full((2, len(patterns), replicates), np.nan)
    wanted: dict[_Side, list[tuple[int, int, str]]] = {}
    for number, pattern in enumerate(patterns):
        for which, (side, months) in enumerate(_sides(pattern)):
            wanted.setdefault(side, []).append((which, number, months))
    simulators: dict[int, Simulator] = {}
    for done, (side, looks) in enumerate(sorted(wanted.items(), key=lambda item: item[0].clans)):
        say(_("Simulating documented behaviour"), done / len(wanted))
        if side.clans not in simulators:
            simulators[side.clans] = Simulator(responder, settle_clans(responder, side.clans))
        simulator = simulators[side.clans]
        years = -(-max(_last(months) for _, _, months in looks) // MONTHS)
        levels = _levels(responder, side, years)
        summary = _run(simulator, side, draws, behaviour, levels, seed)
        for months in {months for _which, _number, months in looks}:
            first, last = (int(m) for m in months.split("-"))
            window = slice(MONTHS + first - 1, MONTHS + last)
            whole = np.concatenate([np.repeat(levels[:1], MONTHS, axis=0), levels])
            every = np.broadcast_to(whole, (replicates, *whole.shape))
            here = simulator.window(draws, every, summary, window)
            values = np.asarray(observe(draws, here.economy, here.point))
            for which, number, own in looks:
                if own == months:
                    observed[which, number] = values[:, number]
    return observed[0], observed[1]


def _sides(pattern: statements.Pattern) -> tuple[tuple[_Side, str], tuple[_Side, str]]:
    """What a pattern is compared with, and the pattern, each with its months."""
    months = pattern.months or f"1-{MONTHS}"
    clans = pattern.clans or CLANS
    base = _Side(pattern.against, pattern.until, pattern.against_search_strategy, None, (), clans)
    side = _Side(
        pattern.policy, pattern.until, pattern.search_strategy, pattern.arrest, pattern.arrest_at, clans
    )
    return (base, pattern.against_months or months), (side, months)


def _last(months: str) -> int:
    return int(months.split("-")[1])


def _levels(responder: Responder, side: _Side, years: int) -> FloatArray:
    """Levels (month, measure): the policy until its last month, then the baseline."""
    levels = timeline.constant(responder.levers, parse(side.policy), years).value
    if side.until is not None:
        levels[side.until :] = responder.levers.baseline
    return levels


def _run(
    simulator: Simulator,
    side: _Side,
    draws: FloatArray,
    behaviour: Behaviour,
    levels: FloatArray,
    seed: int,
) -> MonthlySummary:
    case = simulator.responder.model.network.case
    arrests: tuple[Arrest, ...] = ()
    if side.arrest is not None:
        who: str | float = side.arrest if side.arrest == "largest" else float(side.arrest)
        arrests = (Arrest(1, who, side.arrest_at),)
    places = arrested_places(case, simulator.roster, side.arrest_at) if side.arrest_at else None
    before = np.broadcast_to(simulator.responder.levers.baseline, (len(draws), levels.shape[1]))
    summary, stopped = simulator.run(
        draws,
        behaviour,
        before,
        np.broadcast_to(levels, (len(draws), *levels.shape)),
        orders(arrests, len(levels)),
        setting(simulator.roster, side.search_strategy, places),
        seed,
    )
    if stopped:
        raise KeyboardInterrupt
    return summary
