"""The unit of work of an ensemble: headline figures of some policies in all draws.

An ensemble is cut into blocks before anybody works on it, and a block is solved by the same calls wherever
that is: so figures are those of :meth:`~contraflow.lab.lab.Lab.respond` to the last bit, on one machine or
on many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.lab.equilibrium_search import cut_off
from contraflow.model.numerics import jnp
from contraflow.policy.responder import Reference, Responder
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
        state, solved = self._solve(levels, policy, draw, starts[np.zeros_like(draw)])
        lost, tries = np.flatnonzero(~solved), len(starts) - 1
        if lost.size and tries:
            each, start = np.repeat(lost, tries), starts[np.tile(np.arange(1, tries + 1), lost.size)]
            found, there = self._solve(levels, policy[each], draw[each], start)
            there = there.reshape(-1, tries)
            best = np.arange(lost.size), there.argmax(axis=1)
            state[lost], solved[lost] = found.reshape(lost.size, tries, -1)[best], there.any(axis=1)
        return state.reshape(policies, draws, -1), solved.reshape(policies, draws)

    def _solve(
        self, levels: FloatArray, policy: IntArray, draw: IntArray, start: FloatArray
    ) -> tuple[FloatArray, BoolArray]:
        """Equilibria of problems, each with its policy, draw and start."""
        root = self.responder.solve(self.ledger, self.references, levels[policy], draw, start)
        lost = cut_off(self.responder.model.network, self.ledger[draw], root.state).any(axis=1)
        return root.state, root.solved & ~lost

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
