"""The economy while it adjusts to a policy: at a horizon, and along a path.

Of the users of each option a part reconsiders per unit of time, at a constant rate (the *pace* of growers, of
buyers of a crop, of traders and of carriers); the others substitute little, with the weights of what they are
used to (:mod:`~contraflow.model.choice`, adaptation). A horizon is one equilibrium in which the part
1 - exp(-t / pace) has reconsidered, at the prices of then. A path chains short steps: prices clear in each,
and the weights of the next move by the same part towards those of the long run at the prices of this one
(:func:`~contraflow.model.choice.adapted`). So a way that is shut for a while is remembered, one that is shut
for years is forgotten at the pace of its users, and has to be found again. A path is deterministic and has no
memory but these weights; in the end it reaches the equilibrium.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from contraflow import _random
from contraflow._language import _
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.case.behaviour import BEHAVIOUR, row_id, taken_from
from contraflow.case.learned import learned_behaviour
from contraflow.dynamics.month import MONTHS
from contraflow.dynamics.simulator import draw_behaviour
from contraflow.dynamics.timeline import Timeline
from contraflow.model.choice import Adaptation
from contraflow.model.numerics import jax
from contraflow.network.network import Network
from contraflow.policy.responder import Reference, Responder, Settled, Solutions

STEP = 3
"""Months in a step of a path, at most."""


class Step(NamedTuple):
    """One step of paths; a *problem* is a path in a draw."""

    begins: float
    """Years from the beginning of the path to that of the step."""
    ends: float
    """Years from the beginning of the path to the end of the step."""
    draw: IntArray
    """Draw of each problem (problem,)."""
    levels: FloatArray
    """Levels of the measures (problem, measure)."""
    state: FloatArray
    """Logarithms of prices and loads relative to the baseline (problem, unknown)."""
    solved: BoolArray
    """Whether markets clear in this step and all before (problem,)."""
    adaptation: Adaptation
    """What people are used to, and the part of them that reconsiders in the step; leads with (problem,)."""

    def only(self, problems: slice) -> Step:
        """The step of some of the problems."""
        kept = jax.tree.map(lambda x: x[problems], self[2:])
        return Step(self.begins, self.ends, *kept)


@dataclass(frozen=True, eq=False)
class Adjustment:
    """Draws of the ledger whose economies adjust to policies."""

    responder: Responder
    """The model with its levers."""
    ledger: FloatArray
    """Values of the ledger (draw, number), with behaviour."""

    @cached_property
    def used(self) -> Adaptation:
        """What people are used to in the baselines, which nobody has reconsidered; leads with (draw,)."""
        return self.responder.adaptations(self.ledger)

    @cached_property
    def _references(self) -> dict[float, Reference]:
        return {}

    def references(self, years: float) -> Reference:
        """References of the draws for a step, or a horizon, of this length."""
        known, years = self._references, round(years, 9)
        if years not in known:
            known[years] = self.responder.references(self.ledger, self.after(years))
        return known[years]

    def after(self, years: float) -> Adaptation:
        """What people are used to in the baselines, of whom some have reconsidered after ``years``."""
        return self.responder.passed(self.used, self.ledger, years)

    def solve(self, levels: FloatArray, years: float, draw: IntArray, start: FloatArray) -> Solutions:
        """Prices that clear all markets some years after a policy begins. Does not raise.

        Parameters
        ----------
        levels
            Levels of the measures (problem, measure).
        years
            Years since the policy began; infinite for the long run.
        draw
            Draw that each problem uses (problem,).
        start
            Starting points (problem, unknown).
        """
        adaptation = jax.tree.map(lambda x: x[draw], self.after(years))
        return self.responder.solve(self.ledger, self.references(years), levels, draw, start, adaptation)

    def settled(self, levels: FloatArray, years: float, state: FloatArray) -> Settled:
        """Economies of all draws at known states (draw, unknown), some years after a policy begins."""
        references, adaptation = self.references(years), self.after(years)
        every = np.arange(len(self.ledger))
        return self.responder.settled(self.ledger, references, levels, state, every, adaptation)

    def economies(self, step: Step) -> Settled:
        """The economies of a step's problems, at yearly rates."""
        references = self.references(step.ends - step.begins)
        return self.responder.settled(
            self.ledger, references, step.levels, step.state, step.draw, step.adaptation
        )

    def path(self, timelines: Sequence[Timeline]) -> Iterator[tuple[Step, Settled]]:
        """The steps of paths and the economies in them, one step after the other.

        A step lasts STEP months, and a month in the STEP months after a change of levels. Prices are sought
        from those of the step before, with the slopes found there, and where that fails from the starts of
        the equilibrium. A problem whose markets none of these clear is left where it was, and not solved in
        later steps.

        Parameters
        ----------
        timelines
            Levels of the measures by month, one timeline a path; all with the same :func:`steps`. The
            problems are the draws of the first path, then those of the second, and so on.

        Raises
        ------
        ValueError
            For timelines with other steps.
        """
        planned = steps(timelines[0])
        if any(steps(timeline) != planned for timeline in timelines[1:]):
            raise ValueError(_("paths that are followed together change their levels in the same months"))
        draw = np.tile(np.arange(len(self.ledger)), len(timelines))
        ledger = self.ledger[draw]
        levels = np.concatenate([timeline.levels(self.ledger) for timeline in timelines])
        used = jax.tree.map(lambda x: np.asarray(x)[draw], self.used)
        state = np.zeros((len(draw), self.responder.model.unknowns))
        solved = np.ones(len(draw), dtype=bool)
        inverse: FloatArray | None = None
        for first, last in planned:
            begins, ends = first / MONTHS, last / MONTHS
            now = self.responder.passed(used, ledger, ends - begins)
            references = jax.tree.map(lambda x: np.asarray(x)[draw], self.references(ends - begins))
            inverse = np.array(references.inverse if inverse is None else inverse)
            left, state, solved = np.flatnonzero(solved), state.copy(), np.zeros(len(draw), dtype=bool)
            nearby = references._replace(inverse=inverse)
            for start in (state.copy(), *np.asarray(self.responder.model.starts())):
                if not left.size:
                    break
                own = jax.tree.map(lambda x, left=left: np.asarray(x)[left], now)
                begin = np.broadcast_to(start, state.shape)[left]
                root = self.responder.solve(ledger, nearby, levels[left, first], left, begin, own)
                found = left[root.solved]
                state[found], solved[found] = root.state[root.solved], True
                inverse[found] = root.inverse[root.solved]
                left, nearby = left[~root.solved], references
            step = Step(begins, ends, draw, levels[:, first], state, solved, now)
            settled = self.economies(step)
            yield step, settled
            used = self.responder.adapted(ledger, settled, ends - begins)


def steps(timeline: Timeline) -> list[tuple[int, int]]:
    """First month of each step of a path, and the first after it.

    Examples
    --------
    >>> nothing = np.zeros((12, 1))
    >>> steps(Timeline(first=1, value=nothing, place=nothing.astype(int)))
    [(0, 1), (1, 2), (2, 3), (3, 6), (6, 9), (9, 12)]
    """
    value, place = timeline.value, timeline.place
    changes = [
        0,
        *(1 + np.flatnonzero((np.diff(value, axis=0) != 0).any(1) | (np.diff(place, axis=0) != 0).any(1))),
    ]
    found: list[tuple[int, int]] = []
    for begin, end in zip(changes, [*changes[1:], timeline.months], strict=True):
        months = [*range(begin, min(begin + STEP, end)), *range(begin + STEP, end, STEP), end]
        found += pairwise(months)
    return [(int(a), int(b)) for a, b in found]


def with_behaviour(network: Network, draws: FloatArray, seed: int) -> FloatArray:
    """Draws of the ledger in which behaviour parameters are drawn too.

    No claim informs behaviour, so a posterior leaves it at central values. What the case takes from episodes
    of history is drawn together, with its correlations; the other numbers from their ranges.

    Parameters
    ----------
    network
        The network of the case.
    draws
        Values of the ledger (draw, number).
    seed
        Seed of the draws.
    """
    case, ledger = network.case, network.ledger
    drawn = draw_behaviour(ledger, len(draws), seed)
    found = {name: np.asarray(getattr(drawn, name), dtype=float) for name in BEHAVIOUR}
    if names := taken_from(case.parameters, case.info.learned):
        learned = learned_behaviour(case.info.learned)
        rng = _random.stream("learned behaviour", seed)
        inner = rng.multivariate_normal(learned.centre, learned.covariance, len(draws), method="eigh")
        for name in names:
            place = learned.names.index(name)
            own = inner[:, place]
            number = BEHAVIOUR[name]
            outer = 1 / (1 + np.exp(-own)) if learned.is_part[place] else np.exp(own)
            found[name] = np.clip(outer, number.least, number.most)
    whole = draws.copy()
    for name, number in BEHAVIOUR.items():
        whole[:, ledger.index(row_id(name))] = found[name] * number.factor
    return whole
