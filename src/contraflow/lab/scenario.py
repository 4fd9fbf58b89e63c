"""Simulations of a lab: a scenario becomes levels, orders and a setting for the simulator."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contraflow._language import _
from contraflow._types import FloatArray, Progress, silent
from contraflow.case.behaviour import BEHAVIOUR
from contraflow.case.case import Case
from contraflow.case.statements import SearchStrategy
from contraflow.dynamics import timeline as timelines
from contraflow.dynamics.arrests import Arrest, arrested_places, orders
from contraflow.dynamics.clans import Behaviour
from contraflow.dynamics.simulator import Simulator, draw_behaviour, setting
from contraflow.dynamics.timeline import Timeline
from contraflow.errors import PolicyError
from contraflow.lab.trajectories import Simulation
from contraflow.model.economy import outputs
from contraflow.model.numerics import jax
from contraflow.network.network import Ledger
from contraflow.policy.policy import Policy, in_short
from contraflow.policy.responder import Responder
from contraflow.results.trajectory_dataset import make_paths

YEAR = 12
MILLION = 1e6
REPLICATES = 20
"""Replicates of a simulation unless the scenario names another number."""

CLANS = 2000

TimelineSpec = Policy | Mapping[int | str, Policy] | str | Collection[str] | Timeline | None
"""A policy; policies by date; ``events`` for the case's own events; ids of measures whose events hold; or
levels month by month."""


@dataclass(frozen=True)
class Scenario:
    """What is to be simulated; see :meth:`contraflow.lab.Lab.simulate`."""

    timeline: Timeline
    """Levels of all measures, month by month."""
    title: str
    """Title of the run."""
    clans: int = CLANS
    """Number of clans."""
    replicates: int = REPLICATES
    """Number of replicates."""
    search_strategy: SearchStrategy = SearchStrategy.EVEN
    """How the state spreads its searches over links."""
    arrests: tuple[Arrest, ...] = ()
    """Clans that are arrested on a given date."""
    behaviour: Mapping[str, float] | None = None
    """Behaviour parameters with a fixed value, times in months; the others are drawn."""
    informed: bool = False
    """Whether clans know the true losses."""
    budget: float | None = None
    """Most that costed measures may spend, million USD a year."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What the attributes of the results say besides."""


def plain_policy(timeline: TimelineSpec) -> Policy:
    """The policy that a timeline consists of. Raises PolicyError where it is anything else."""
    if isinstance(timeline, Mapping):
        policy = {str(k): v for k, v in timeline.items() if isinstance(v, int | float)}
        if len(policy) == len(timeline):
            return policy
    raise PolicyError(
        _("Only a policy can end after some months, not a timeline: give dates in the timeline.")
    )


def timeline_of(
    responder: Responder, timeline: TimelineSpec, years: int, first: int | None
) -> tuple[Timeline, str]:
    """The timeline that a user asked for, and its title.

    Parameters
    ----------
    responder
        The model with its levers.
    timeline
        What the user gave; see :meth:`contraflow.lab.Lab.simulate`.
    years
        Length of the run.
    first
        The first calendar year, or None.

    Raises
    ------
    PolicyError
        If the timeline cannot be read or names something unknown.
    """
    levers, case = responder.levers, responder.model.network.case
    if timeline is None:
        return timelines.constant(levers, {}, years), _("As in the baseline")
    if isinstance(timeline, Timeline):
        if timeline.months != YEAR * years:
            text = _(
                "The timeline has {months} months, and {years} years have {wanted}: make both of one length."
            )
            raise PolicyError(text.format(months=timeline.months, years=years, wanted=YEAR * years))
        return timeline, _("A policy that changes by date")
    if isinstance(timeline, str) or (not isinstance(timeline, Mapping) and timeline):
        only = None if timeline == "events" else [timeline] if isinstance(timeline, str) else list(timeline)
        begins = int(case.info.baseline[0]) if first is None else first
        named = ", ".join(case.measures[m].name if m in case.measures else m for m in only or ())
        title = _("{case}: events").format(case=case.info.title) if only is None else named
        return timelines.of_events(levers, begins, years, only), title
    if not isinstance(timeline, Mapping):
        raise PolicyError(_("A timeline is a policy, policies by date, 'events', or names of measures."))
    if timeline and all(isinstance(v, Mapping) for v in timeline.values()):
        dated: Any = timeline
        return timelines.dated(levers, dated, years, first or 1), _("A policy that changes by date")
    policy: Any = timeline
    constant = timelines.constant(levers, policy, years)
    return constant, in_short(case, policy) or _("As in the baseline")


def behaviour(ledger: Ledger, given: Mapping[str, float] | None, replicates: int, seed: int) -> Behaviour:
    """Behaviour parameters of each replicate: drawn from the ledger, except those that are given.

    Parameters
    ----------
    ledger
        Ranges from which they are drawn.
    given
        Values by name, in the units of BEHAVIOUR (times in months).
    replicates
        Number of replicates.
    seed
        Seed of the draws.

    Raises
    ------
    PolicyError
        For an unknown name or a value out of its limits.
    """
    given = given or {}
    for name, value in given.items():
        if name not in BEHAVIOUR:
            text = _("'{name}' is not a behaviour parameter. There are: {known}.")
            raise PolicyError(text.format(name=name, known=", ".join(BEHAVIOUR)))
        number = BEHAVIOUR[name]
        known = isinstance(value, int | float | np.number)
        fault = number.fault(float(value)) if known else _("is not a number")
        if fault is not None:
            text = _("{name}={value} {fault}. It is in the unit {unit}; its usual range is {low} to {high}.")
            low, high = f"{number.low:g}", f"{number.high:g}"
            raise PolicyError(
                text.format(name=name, value=value, fault=fault, unit=number.unit, low=low, high=high)
            )
    return draw_behaviour(ledger, replicates, seed, given)


def simulate(
    case: Case,
    simulator: Simulator,
    ledger: FloatArray,
    scenario: Scenario,
    seed: int,
    version: str,
    progress: Progress | None = None,
) -> Simulation:
    """Run a scenario.

    Parameters
    ----------
    case
        The case, for labels.
    simulator
        The simulator with its roster of clans.
    ledger
        Draws (draw, number), used in turn by the replicates.
    scenario
        What is to be simulated.
    seed
        Seed of the random draws.
    version
        Version of the package, for the attributes of the results.
    progress
        Callback ``progress(message, fraction=None)``, with the part done from 0 to 1.

    Raises
    ------
    PolicyError
        For fewer than one replicate, and for a budget, behaviour or arrest that is out of range.
    """
    responder, network = simulator.responder, simulator.responder.model.network
    if scenario.replicates < 1:
        text = _("replicates={number}: at least one is needed.")
        raise PolicyError(text.format(number=scenario.replicates))
    spread = np.linspace(0, len(ledger), scenario.replicates, endpoint=False).astype(np.int64)
    own = ledger[
        spread if scenario.replicates <= len(ledger) else np.arange(scenario.replicates) % len(ledger)
    ]
    levels = scenario.timeline.levels(own)
    if scenario.budget is not None:
        levels = within_budget(responder, own, levels, scenario.budget)
    levels0 = (
        levels[:, 0]
        if scenario.timeline.lived
        else np.broadcast_to(responder.levers.baseline, levels[:, 0].shape)
    )
    where = {selector for arrest in scenario.arrests for selector in arrest.where}
    places = arrested_places(case, simulator.roster, where) if where else None
    say = progress or silent
    drawn = behaviour(network.ledger, scenario.behaviour, scenario.replicates, seed)
    say(_("Simulating"))
    summary, stopped = simulator.run(
        own,
        drawn,
        np.asarray(levels0),
        levels,
        orders(scenario.arrests, levels.shape[1]),
        setting(simulator.roster, scenario.search_strategy, places),
        seed,
        lambda part: say(_("Simulating"), part),
    )
    done, months = summary.sent.shape[:2]
    own, levels = own[:done], levels[:done]
    whole = np.concatenate([np.repeat(levels0[:done, None], YEAR, axis=1), levels], axis=1)[:, :months]
    first = scenario.timeline.first
    names = scenario.timeline.labels(YEAR)[:months]
    spending = np.array(
        [responder.levers.spending(row, level.T) for row, level in zip(own, whole, strict=True)]
    )
    data = make_paths(
        network,
        own,
        summary,
        names,
        whole,
        spending / YEAR,
        np.asarray(jax.vmap(lambda x: outputs(network, x))(own)),
        {name: np.asarray(getattr(drawn, name))[:done] for name in BEHAVIOUR},
        {
            "title": scenario.title,
            "case": case.info.id,
            "fingerprint": case.fingerprint,
            "version": version,
            "seed": seed,
            "home": case.info.home,
            "clans": simulator.roster.clans,
            "search_strategy": scenario.search_strategy.value,
            "before": YEAR,
            "first": first,
            "interrupted": int(stopped),
        }
        | dict(scenario.attributes),
    )
    changes = tuple((month + YEAR, text) for month, text in scenario.timeline.changes)
    return Simulation(scenario.title, network, data, changes, simulator, own, whole, summary)


def within_budget(responder: Responder, ledger: FloatArray, levels: FloatArray, budget: float) -> FloatArray:
    """Levels (replicate, month, measure) that spend no more than ``budget`` million USD a year.

    In months that would spend more, all costed measures are cut in proportion, down to zero for no budget.

    Parameters
    ----------
    responder
        The model with its levers, which know the costs.
    ledger
        Draws (replicate, number).
    levels
        Levels (replicate, month, measure) that are wanted.
    budget
        Million USD a year.

    Raises
    ------
    PolicyError
        For a budget that is negative or not finite.
    """
    if not (np.isfinite(budget) and budget >= 0):
        text = _("budget={budget}: write millions of dollars a year, a finite number from 0.")
        raise PolicyError(text.format(budget=budget))
    most = budget * MILLION
    result = levels.copy()
    for number, row in enumerate(ledger):
        cost = responder.levers.spending(row, np.eye(levels.shape[-1]))
        spent = levels[number] @ cost
        cut = np.minimum(1.0, most / np.where(spent > 0, spent, np.inf)) if most > 0 else spent * 0.0
        cut = np.where(spent > 0, cut, 1.0)
        result[number] = np.where(cost > 0, levels[number] * cut[:, None], levels[number])
    return result
