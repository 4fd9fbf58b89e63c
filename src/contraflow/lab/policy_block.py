"""The unit of work of an ensemble: headline figures of some policies in all draws.

An ensemble is cut into blocks before anybody works on it, and a block is solved by the same calls wherever
that is: so figures are those of :meth:`~contraflow.lab.lab.Lab.respond` to the last bit, on one machine or
on many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

import numpy as np

from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.lab.equilibrium_search import cut_off, searched_again
from contraflow.model.numerics import jnp
from contraflow.policy.responder import MANY, Reference, Responder
from contraflow.results.dataset import make_dataset
from contraflow.results.figures import outcome_figures, outcome_rows

LEAST, MOST_PROBLEMS = 256, 4096
"""Problems, a policy in a draw each, of the smallest and of the largest block."""

PIECES = 64
"""Blocks into which an ensemble is cut if they are neither too small nor too large."""

LABELLED = 512
"""Problems whose accounts are held at a time."""


class Block(NamedTuple):
    """Part of an ensemble: policies ``first`` to ``last``, exclusive, in all draws."""

    first: int
    last: int


@dataclass(frozen=True)
class Cut:
    """How an ensemble is cut into blocks, which depends on its own size alone."""

    policies: int
    """Number of policies of the ensemble."""
    draws: int
    """Number of draws."""

    @property
    def height(self) -> int:
        """Policies of a block; the last may have fewer."""
        problems = self.policies * self.draws
        wanted = min(MOST_PROBLEMS, max(LEAST, problems // PIECES))
        return max(1, min(self.policies, wanted // self.draws))

    def blocks(self) -> Iterator[Block]:
        """The blocks, in order."""
        for first in range(0, self.policies, self.height):
            yield Block(first, min(first + self.height, self.policies))

    @property
    def count(self) -> int:
        """Number of blocks."""
        return -(-self.policies // self.height)


@dataclass(frozen=True, eq=False)
class PolicySolver:
    """Headline figures of policies in the draws of a lab."""

    responder: Responder
    """The model with the levers of the measures."""
    ledger: FloatArray
    """Values of the ledger (draw, number)."""
    home: str
    """Code of the home country."""
    spot: str
    """Node whose price is quoted under all policies: that of the baseline."""

    @cached_property
    def references(self) -> Reference:
        """What all policies share in each draw."""
        found: Reference = self.responder.references(jnp.asarray(self.ledger))
        return found

    def figures(self, levels: FloatArray) -> FloatArray:
        """Headline figures of policies in the long run.

        Parameters
        ----------
        levels
            Levels of the measures (policy, measure).

        Returns
        -------
        numpy.ndarray
            Figures (policy, draw, figure) in the order and units of
            :func:`~contraflow.results.figures.outcome_figures`; NaN where no equilibrium was found.
        """
        state, solved = self._equilibria(levels)
        draws = len(self.ledger)
        result = np.full((*solved.shape, len(outcome_figures())), np.nan)
        step = max(1, LABELLED // draws)
        for first in range(0, len(levels), step):
            some = slice(first, first + step)
            result[some][solved[some]] = self._labelled(levels[some], state[some], solved[some])
        return result

    def _equilibria(self, levels: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Where the economy settles (policy, draw, unknown), and whether it does (policy, draw)."""
        policies, draws = len(levels), len(self.ledger)
        starts = np.asarray(self.responder.model.starts())
        policy, draw = (x.ravel() for x in np.indices((policies, draws)))
        state, solved = self._solve(levels, policy, draw, starts[np.zeros_like(draw)], draws > MANY)
        state, solved = state.reshape(policies, draws, -1), solved.reshape(policies, draws)
        tries = len(starts) - 1
        left = {p: np.flatnonzero(~solved[p]) for p in np.flatnonzero(~solved.all(axis=1))}
        # An answer tries other starts in some solved draws too, and their number decides how all are solved.
        wide = {p: searched_again(solved[p]).size * tries > MANY for p in left}
        for many, group in groupby(sorted(left, key=wide.__getitem__), key=wide.__getitem__):
            chosen = list(group)
            policy = np.concatenate([np.repeat(p, left[p].size) for p in chosen])
            draw = np.concatenate([left[p] for p in chosen])
            each, own = np.repeat(policy, tries), np.repeat(draw, tries)
            start = starts[np.tile(np.arange(1, tries + 1), draw.size)]
            found, there = self._solve(levels, each, own, start, many)
            there = there.reshape(-1, tries)
            best = found.reshape(draw.size, tries, -1)[np.arange(draw.size), there.argmax(axis=1)]
            state[policy, draw], solved[policy, draw] = best, there.any(axis=1)
        return state, solved

    def _solve(
        self, levels: FloatArray, policy: IntArray, draw: IntArray, start: FloatArray, wide: bool
    ) -> tuple[FloatArray, BoolArray]:
        """Equilibria of problems, in the wide blocks of many problems or the narrow ones of few."""
        count = len(policy)
        size = max(count, MANY + 1) if wide else MANY
        states, solved = [], []
        for first in range(0, count, size):
            pick = np.arange(first, first + size if wide else min(first + size, count))
            pick = np.minimum(pick, count - 1)
            root = self.responder.solve(
                self.ledger, self.references, levels[policy[pick]], draw[pick], start[pick]
            )
            lost = cut_off(self.responder.model.network, self.ledger[draw[pick]], root.state).any(axis=1)
            states.append(root.state)
            solved.append(root.solved & ~lost)
        return np.concatenate(states)[:count], np.concatenate(solved)[:count]

    def _labelled(self, levels: FloatArray, state: FloatArray, solved: BoolArray) -> FloatArray:
        """Figures (problem, figure) of the problems that are solved, policy by policy."""
        policy, draw = np.nonzero(solved)
        if not policy.size:
            return np.zeros((0, len(outcome_figures())))
        responder, references = self.responder, self.references
        settled = responder.settled(self.ledger, references, levels[policy], state[policy, draw], draw)
        spending = np.array([responder.levers.spending(self.ledger, wanted) for wanted in levels])
        data = make_dataset(
            responder.model.network,
            self.ledger[draw],
            settled,
            np.asarray(references.anchor.load)[draw],
            spending[policy, draw],
            {"home": self.home},
        )
        ends = np.cumsum(np.bincount(policy, minlength=len(levels)))
        return np.concatenate(
            [
                outcome_rows(data.isel(draw=slice(first, last)), self.spot, self.home)[1]
                for first, last in zip(np.append(0, ends[:-1]), ends, strict=True)
                if last > first
            ]
        )
