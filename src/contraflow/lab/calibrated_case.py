"""A calibrated case: draws, baseline, and the search for equilibria and their labels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from contraflow import network as network_layer
from contraflow._language import _, locale
from contraflow._parallel import in_threads
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow._version import __version__
from contraflow.case.case import Case
from contraflow.dynamics.adjustment import Adjustment
from contraflow.errors import ConvergenceError
from contraflow.inference.posterior import Posterior
from contraflow.lab.beliefs import Beliefs
from contraflow.lab.changed_numbers import ChangedNumbers
from contraflow.lab.equilibrium_search import cut_off, searched_again
from contraflow.lab.outcome import Outcome
from contraflow.model.numerics import jnp
from contraflow.model.root_finding import HISTORY, TOLERANCE
from contraflow.policy import Responder, describe
from contraflow.policy.horizon import in_words
from contraflow.policy.responder import Reference, Settled
from contraflow.results.dataset import make_dataset

if TYPE_CHECKING:
    import xarray as xr


SAME_STATE = 1e-6
"""Largest difference, in logarithms, between two states that count as one equilibrium."""


@dataclass(frozen=True, eq=False)
class CalibratedCase:
    """A case with numbers: its draws, its baseline, and what all questions of a lab need.

    :class:`~contraflow.lab.lab.Lab` asks the questions.
    """

    case: Case
    """The case."""
    responder: Responder
    """The model with the levers of the measures."""
    ledger: FloatArray
    """Numbers of the model in every draw (draw, number), in the order of ``network.ledger.ids``."""
    posterior: Posterior | None
    """The posterior from which the draws come; None without calibration."""
    picks: IntArray
    """Which draws of the posterior these are (draw,); empty without calibration."""
    seed: int
    """Seed of the calibration, and of simulations unless they have their own."""
    changed: ChangedNumbers = field(default_factory=ChangedNumbers)
    """Numbers that :meth:`~contraflow.Lab.with_numbers` changed; every result says which."""
    beliefs: Beliefs = field(default_factory=Beliefs)
    """Sides of disagreements that :meth:`~contraflow.Lab.believing` takes as right; every result says
    which."""

    @property
    def believes(self) -> Mapping[str, str]:
        """Sides of disagreements that the lab takes as right: id of the side by id of the disagreement."""
        return self.beliefs.sides

    @property
    def network(self) -> network_layer.Network:
        """The network of the model."""
        return self.responder.model.network

    @property
    def _knows_its_fit(self) -> bool:
        """Whether the posterior was fitted with the numbers that the lab has."""
        return self.changed.refitted or not self.changed

    def _titled(self, title: str) -> str:
        """A title that says which numbers were changed and what is believed."""
        return self.beliefs.titled(self.changed.titled(title))

    @property
    def own_attributes(self) -> dict[str, str]:
        """What attributes of results say of numbers that were changed and of what is believed."""
        return self.changed.attributes | self.beliefs.attributes

    def with_draws(self, own: IntArray) -> Self:
        """The lab with some of its draws.

        Parameters
        ----------
        own
            Positions of these draws (draw,).

        Returns
        -------
        Lab
            A lab whose results carry these draws, in this order; they do not compare with those of this lab.
        """
        picks = self.picks[own] if self.picks.size == len(self.ledger) else self.picks
        return replace(self, ledger=self.ledger[own], picks=picks)

    def with_few_draws(self, most: int) -> Self:
        """The lab with fewer draws, for what takes long.

        Parameters
        ----------
        most
            Draws at most, spread evenly over those that there are.

        Returns
        -------
        Lab
            A lab with so many draws; this lab itself if it has no more.

        Examples
        --------
        >>> len(lab.with_few_draws(20).ledger)
        20
        """
        draws = len(self.ledger)
        if draws <= most:
            return self
        return self.with_draws(np.linspace(0, draws, most, endpoint=False).astype(np.int64))

    @cached_property
    def _compiled(self) -> Responder:
        """The responder, with the functions that answers need compiled in parallel."""
        in_threads(lambda task: task(), self.responder.compile_tasks())
        return self.responder

    @cached_property
    def _references(self) -> Reference:
        references: Reference = self.responder.references(jnp.asarray(self.ledger))
        return references

    @cached_property
    def _baseline(self) -> Outcome:
        draws, unknowns = len(self.ledger), self.responder.model.unknowns
        title = self._titled(_("Baseline"))
        data = self._label(self.responder.levers.baseline, np.zeros((draws, unknowns)), {}, title)
        unsold = (data["sold"] <= 0).mean("draw")
        empty = unsold["market"].values[unsold.values > 0.5]
        if empty.size:
            text = _(
                "Nothing is sold in the baseline at {markets}: no way there pays. "
                "Look at the costs and margins on the way, or at the price."
            )
            raise ConvergenceError(text.format(markets=", ".join(empty)))
        return Outcome(title, {}, self.network, data)

    def baseline(self) -> Outcome:
        """The economy of the baseline years, without any change of policy.

        Returns
        -------
        Outcome
            The baseline, in every draw of the lab.

        Raises
        ------
        ConvergenceError
            If nothing is sold at some market in most of the draws.

        Examples
        --------
        >>> lab.baseline().summary().loc["exports", "unit"]
        't/yr'
        """
        return self._baseline

    @cached_property
    def _adjustment(self) -> Adjustment:
        """The draws with their paces, whose economies adjust to policies."""
        return Adjustment(self._compiled, self.ledger)

    def _search(
        self, wanted: FloatArray, years: float = math.inf, *, alternatives: bool = True
    ) -> StartsTried:
        """Equilibria of all draws: from the baseline in every draw, and from all other starting points
        wherever the baseline leads to none and, for ``alternatives``, in some draws.
        """
        starts = np.asarray(self.responder.model.starts())
        draws, tries = len(self.ledger), len(starts)
        found = nothing_found(draws, tries, starts.shape[1])

        def solve(draw: IntArray, start: IntArray) -> None:
            if not draw.size:
                return
            each = np.broadcast_to(wanted, (draw.size, wanted.size))
            if years == math.inf:
                root = self._compiled.solve(self.ledger, self._references, each, draw, starts[start])
            else:
                root = self._adjustment.solve(each, years, draw, starts[start])
            found.state[draw, start], found.residual[draw, start] = root.state, root.residual
            found.history[draw, start], found.evaluations[draw, start] = root.history, root.evaluations
            found.solved[draw, start] = root.solved & ~self._cut_off(draw, root.state).any(axis=1)

        solve(np.arange(draws), np.zeros(draws, dtype=np.int64))
        at_first = found.solved[:, 0]
        again = searched_again(at_first) if alternatives else np.flatnonzero(~at_first)
        solve(np.repeat(again, tries - 1), np.tile(np.arange(1, tries), again.size))
        return found

    def _label(
        self,
        wanted: FloatArray,
        state: FloatArray,
        policy: Mapping[str, float],
        title: str,
        solved: BoolArray | None = None,
        years: float = math.inf,
    ) -> xr.Dataset:
        draws = len(self.ledger)
        each = np.broadcast_to(wanted, (draws, wanted.size))
        if years == math.inf:
            settled = self.responder.settled(self.ledger, self._references, each, state, np.arange(draws))
        else:
            settled = self._adjustment.settled(each, years, state)
        spending = self.responder.levers.spending(self.ledger, wanted)
        return self._dataset(settled, spending, title, policy, in_words(years), solved)

    def _dataset(
        self,
        settled: Settled,
        spending: FloatArray,
        title: str,
        policy: Mapping[str, float],
        after: str,
        solved: BoolArray | None = None,
        draw: IntArray | None = None,
    ) -> xr.Dataset:
        """Labelled results of an economy in every draw, or of problems with their draws (problem,)."""
        every = np.arange(len(self.ledger)) if draw is None else draw
        return make_dataset(
            self.network,
            self.ledger[every],
            settled,
            np.asarray(self._references.anchor.load)[every],
            spending,
            {
                "title": title,
                "policy": dict(policy),
                "after": after,
                "case": self.case.info.id,
                "fingerprint": self.case.fingerprint,
                "version": __version__,
                "seed": self.seed,
                "home": self.case.info.home,
                "method": "" if self.posterior is None else self.posterior.method.value,
            }
            | self.own_attributes,
            solved,
        )

    def _cut_off(self, draw: IntArray, state: FloatArray) -> BoolArray:
        """Elastic markets (problem, market) that hardly sell anything."""
        return cut_off(self.network, self.ledger[draw], state)

    def _not_found(self, policy: Mapping[str, float], found: StartsTried) -> str:
        draw = int(np.flatnonzero(~found.solved.any(axis=1))[0])
        tries = found.residual.shape[1]
        names = [self.network.markets[i] for i in self.network.cleared] + list(self.network.facility_ids)
        cut_off = self._cut_off(np.full(tries, draw), found.state[draw])
        lost = [names[i] for i in np.flatnonzero(cut_off.any(axis=0))]
        told = describe(self.case.in_language(locale()), policy)
        if lost:
            text = _(
                "No equilibrium was found for {policy}: at no price does anything reach {places}, from none "
                "of {tries} starts. Try a lower level."
            )
            return text.format(policy=told, places=", ".join(lost), tries=tries)
        best = int(np.argmin(found.residual[draw]))
        worst = names[int(np.argmax(np.abs(found.state[draw, best])))]
        text = _(
            "No equilibrium was found for {policy}. Tried {tries} starts (residuals {residuals}; {needed} is "
            "needed). The largest move is at {place}, which may be cut off altogether. Try a lower level."
        )
        return text.format(
            policy=told,
            tries=tries,
            residuals=", ".join(f"{r:.1e}" for r in found.residual[draw]),
            needed=f"{TOLERANCE:.0e}",
            place=worst,
        )


class StartsTried(NamedTuple):
    """Results of a search for equilibria, one per draw and start; arrays (draw, start, ...).

    The fields are those of :class:`~contraflow.model.root_finding.Root`.
    """

    state: FloatArray
    residual: FloatArray
    history: FloatArray
    evaluations: FloatArray
    solved: BoolArray


def nothing_found(draws: int, tries: int, unknowns: int) -> StartsTried:
    """A search that has not begun."""
    shape = (draws, tries)
    return StartsTried(
        np.zeros((*shape, unknowns)),
        np.full(shape, np.inf),
        np.full((*shape, HISTORY), np.nan),
        np.zeros(shape),
        np.zeros(shape, dtype=bool),
    )


def distinct(state: FloatArray, solved: BoolArray) -> IntArray:
    """Number the distinct equilibria of each draw (draw, start); -1 for starts that found none."""
    kind = np.full(solved.shape, -1, dtype=np.int64)
    for draw in range(state.shape[0]):
        known: list[FloatArray] = []
        for start in np.flatnonzero(solved[draw]):
            here = state[draw, start]
            same = [i for i, other in enumerate(known) if np.abs(here - other).max(initial=0.0) < SAME_STATE]
            if not same:
                known.append(here)
            kind[draw, start] = same[0] if same else len(known) - 1
    return kind
