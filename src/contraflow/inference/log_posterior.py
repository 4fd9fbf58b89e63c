"""The posterior density: prior and likelihood together, with derivatives through each year's equilibrium.

Its arguments are standard normal deviates z (size,): those of the free numbers, then those of the errors
that claims of one origin share. The log density is, up to a constant,

    - 1/2 sum z^2 + sum over claims of weight x log t(own error) .

The baseline is explicit, but each other year that claims observe needs an equilibrium. Three ways to it
differ in cost: :meth:`LogPosterior.linear` solves it and differentiates by the implicit function theorem;
:meth:`LogPosterior.exact` and :meth:`LogPosterior.predict` seek it from a linear prediction, a
:class:`LinearSurrogate`; :meth:`LogPosterior.near` takes the linear prediction for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np

from contraflow._parallel import in_threads
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.inference.delayed_acceptance_nuts import Sampler
from contraflow.inference.density_structure import claims_structure, density_structure
from contraflow.inference.likelihood import ClaimErrors, ClaimSetting, Likelihood, heavy, log_density, robust
from contraflow.inference.prior import Prior
from contraflow.model.batched_gather import gathered
from contraflow.model.numerics import compiled, jax, jnp
from contraflow.model.observables import Observations
from contraflow.model.root_finding import find_root
from contraflow.policy.responder import FEW, in_blocks

Functions = TypeVar("Functions")

ROWS = 24
"""Rows of a Jacobian that are computed together."""

CLOSE = 1e-8
"""Residual of an equilibrium, in logarithms, at which the search for it ends."""

BLOCK = 50
"""Draws that a thread predicts in one call."""

FAR = 1e-5
"""Residual, in logarithms, from which an equilibrium is sought again, by the slower and safer way."""

KEPT = 16
"""Number of structures whose compiled functions are kept in memory."""


class LinearSurrogate(NamedTuple):
    """A linear model of the years other than the baseline, around a point.

    Scenarios are those of :attr:`Likelihood.scenarios` without the first, the baseline's. For fitted claims
    of the baseline ``offset``, ``response`` and ``error`` are zero.
    """

    centre: FloatArray
    """The point: deviates (size,)."""
    state: FloatArray
    """Equilibria there (scenario, unknown)."""
    slope: FloatArray
    """Their derivatives by the deviates (scenario, unknown, size)."""
    inverse: FloatArray
    """Inverse Jacobians of their residuals (scenario, unknown, unknown)."""
    offset: FloatArray
    """Prediction for each fitted claim in its year, less that in the baseline, on its scale (fitted,)."""
    response: FloatArray
    """Derivative of ``offset`` by the deviates (fitted, size)."""
    error: FloatArray
    """Standard deviation of the error of the linear prediction, on the claims' scales (fitted,)."""


class _Linear(NamedTuple):
    """The model around a point. The last three fields are of the scenarios that were solved."""

    location: FloatArray
    """Predictions for the chosen claims, on their scales (claim,)."""
    jacobian: FloatArray
    """Their derivatives by the deviates (claim, size)."""
    state: FloatArray
    """As in :class:`LinearSurrogate`."""
    slope: FloatArray
    """As in :class:`LinearSurrogate`."""
    inverse: FloatArray
    """As in :class:`LinearSurrogate`."""


class CompiledPredictions(NamedTuple):
    """Compiled functions of the claims of one :func:`claims_structure`.

    All take the ledger (number,), a scenario and its state (unknown,).
    """

    conditions: jax.stages.Wrapped
    """:meth:`Likelihood.conditions` of problems, in blocks of FEW."""
    pullback: jax.stages.Wrapped
    """Derivatives (ROWS, number) and (ROWS, unknown) of ROWS combinations of the residuals and the
    predictions on their scales, by ledger and state.

    The combinations are the last arguments, (ROWS, unknown) and (ROWS, claim).
    """


class CompiledDensity(NamedTuple):
    """Compiled functions of the densities of one :func:`density_structure`."""

    ledger: jax.stages.Wrapped
    """From deviates (free,) to the ledger (number,) and its derivative, which is diagonal (free,)."""
    ledgers: jax.stages.Wrapped
    """From deviates (draw, size) to ledgers (draw, number)."""
    residuals: jax.stages.Wrapped
    """From the claims' locations (claim,), deviates of the shared errors and figures to the robust weighed
    residuals (claim,), their derivative by location, which is diagonal (claim,), and by the deviates (claim,
    error)."""
    nearby: jax.stages.Wrapped
    """:meth:`LogPosterior.nearby` over draws (draw, size)."""
    exact: jax.stages.Wrapped
    """:meth:`LogPosterior.exact`."""
    predict: jax.stages.Wrapped
    """From deviates (draw, size) and a surrogate to predictions (draw, scenario, claim) and the residuals
    (draw, scenario but the first) of the equilibria."""
    sampler: Sampler
    """The sampler."""


@dataclass(frozen=True, eq=False)
class LogPosterior:
    """The log posterior density of a case, up to a constant, for samplers and optimisers."""

    prior: Prior
    """Prior of the free numbers."""
    likelihood: Likelihood
    """Likelihood of the claims."""

    @property
    def size(self) -> int:
        """Number of deviates: free numbers, then shared errors."""
        return self.prior.size + self.likelihood.errors

    def ledgers(self, z: FloatArray) -> FloatArray:
        """Values of the ledger (draw, number), in units of the model, at deviates ``z`` (draw, size)."""
        return np.asarray(self._compiled.ledgers(z))

    def compile_tasks(self) -> list[Callable[[], object]]:
        """Calls that compile the functions of a fit, independent of each other, for threads."""
        responder = self.likelihood.responder
        unknown, total = responder.model.unknowns, len(self.likelihood.claims)
        at = (self.prior.ledger.value, self._scenario(0), np.zeros(unknown))
        rows = (np.zeros((ROWS, unknown)), np.zeros((ROWS, total)))
        return [
            lambda: self._predictions.pullback(*at, *rows),
            lambda: self._observed(at[0][None], np.zeros(1, dtype=np.int64), at[2][None]),
        ]

    def _observed(
        self, ledgers: FloatArray, number: IntArray, states: FloatArray, draw: IntArray | None = None
    ) -> FloatArray:
        """Predictions for all claims (problem, claim), in units of the model.

        Parameters
        ----------
        ledgers
            Values of the ledger (draw, number).
        number
            Scenario of each problem (problem,).
        states
            Its state (problem, unknown).
        draw
            Its draw (problem,). None: the first.
        """
        chosen = ClaimSetting(*(x[number] for x in self.likelihood.scenarios[0]))
        which = np.zeros(len(number), dtype=np.int64) if draw is None else draw
        found = in_blocks(self._predictions.conditions, FEW, (states, *chosen), (ledgers,), which)
        return np.asarray(found[1])

    def states(self, ledger: FloatArray, wanted: IntArray) -> FloatArray:
        """Equilibria of the claims' years.

        Parameters
        ----------
        ledger
            Values of the ledger (number,).
        wanted
            Numbers of the scenarios to solve (wanted,); the baseline needs no solving.

        Returns
        -------
        numpy.ndarray
            States (scenario, unknown); zero in the baseline, NaN where no equilibrium is wanted or found.
        """
        responder = self.likelihood.responder
        scenarios, _ = self.likelihood.scenarios
        states = np.full((len(scenarios.levels), responder.model.unknowns), np.nan)
        states[0] = 0.0
        wanted = wanted[wanted > 0]
        if wanted.size:
            one = ledger[None]
            then = responder.after(np.repeat(one, wanted.size, axis=0), scenarios.years[wanted])
            root = responder.solve(one, responder.references(one), scenarios.levels[wanted], adaptation=then)
            states[wanted] = np.where(root.solved[:, None], root.state, np.nan)
        return states

    def predicted_at(self, ledgers: FloatArray, wanted: BoolArray | None = None) -> FloatArray:
        """Predictions for claims, each under the measures of its year; every equilibrium is solved.

        Parameters
        ----------
        ledgers
            Values of the ledger (draw, number).
        wanted
            Which scenarios are solved in each draw (draw, scenario). None: all of them.

        Returns
        -------
        numpy.ndarray
            Predictions (draw, claim) in units of the model; NaN where no equilibrium is found or wanted.
        """
        responder, (scenarios, which) = self.likelihood.responder, self.likelihood.scenarios
        many = len(scenarios.levels)
        needed = np.ones((len(ledgers), many), dtype=bool) if wanted is None else wanted
        states = np.full((len(ledgers), many, responder.model.unknowns), np.nan)
        states[:, 0] = 0.0
        draw, number = np.nonzero(needed[:, 1:])
        if draw.size:
            used = jax.tree.map(lambda x: x[draw], responder.adaptations(ledgers))
            root = responder.solve(
                ledgers,
                responder.references(ledgers),
                scenarios.levels[1 + number],
                draw,
                adaptation=responder.passed(used, ledgers[draw], scenarios.years[1 + number]),
            )
            states[draw, 1 + number] = np.where(root.solved[:, None], root.state, np.nan)
        draw, number = np.nonzero(np.isfinite(states).all(axis=2) & needed)
        observed = np.full((len(ledgers), many, len(which)), np.nan)
        if draw.size:
            observed[draw, number] = self._observed(ledgers, number, states[draw, number], draw)
        return np.asarray(observed[:, which, np.arange(len(which))])

    def _part(self, rows: IntArray) -> Observations:
        """The claims ``rows`` as operators."""
        return Observations(
            self.likelihood.responder.model, tuple(self.likelihood.claims[i] for i in rows)
        ).resolve()

    def at_baseline(self, ledger: FloatArray) -> FloatArray:
        """Predictions for all claims (claim,) in the baseline, whatever their years, in units of the model.

        ``ledger`` (number,) holds the values of the ledger.
        """
        state = np.zeros(self.likelihood.responder.model.unknowns)
        return np.asarray(self._observed(ledger[None], np.zeros(1, dtype=np.int64), state[None])[0])

    def _scenario(self, number: int) -> ClaimSetting:
        """One of the scenarios of the claims."""
        return ClaimSetting(*(x[number] for x in self.likelihood.scenarios[0]))

    def linear(self, z: FloatArray, claims: IntArray, now: bool = False) -> _Linear:
        """Predictions for chosen claims with their derivatives by the deviates.

        The derivative through each year's equilibrium is that of the implicit function theorem,
        d state = -(dF/dstate)^-1 dF/dledger, with F the residuals.

        Parameters
        ----------
        z
            Deviates (size,).
        claims
            Positions of the claims (claim,).
        now
            Whether all are predicted in the baseline, whatever their years.

        Returns
        -------
        _Linear
            Predictions and derivatives; NaN where a year has no equilibrium.
        """
        free = self.prior.size
        ledger, slope = (np.asarray(x) for x in self._compiled.ledger(z[:free]))
        which = self.likelihood.scenarios[1]
        which = np.zeros_like(which) if now else which
        solved = np.unique(which[claims])
        solved = solved[solved > 0]
        states = self.states(ledger, solved)
        sound = np.flatnonzero(np.isfinite(states).all(axis=1))
        observed = np.full((len(states), len(which)), np.nan)
        observed[sound] = self.likelihood.scale.predicted(self._observed(ledger[None], sound, states[sound]))
        location = np.full(len(which), np.nan)
        jacobian = np.zeros((len(which), ledger.size))
        slopes, inverses = [], []
        for number, state in enumerate(states):
            here = claims[which[claims] == number]
            if not here.size:
                continue
            if not np.isfinite(state).all():
                jacobian[here] = np.nan
                inverses.append(np.full((state.size, state.size), np.nan))
                slopes.append(np.full((state.size, self.size), np.nan))
                continue
            at = (ledger, self._scenario(number), state)
            location[here] = observed[number, here]
            by_ledger, by_state = self._derivatives(at, here, number > 0)
            jacobian[here] = by_ledger[-here.size :]
            if number > 0:
                unknown = state.size
                inverse = np.linalg.pinv(by_state[:unknown])
                moved = -inverse @ by_ledger[:unknown]
                jacobian[here] += by_state[unknown:] @ moved
                inverses.append(inverse)
                slopes.append(self._pad(moved[:, self.prior.free] * slope))
        unknown = self.likelihood.responder.model.unknowns
        return _Linear(
            location[claims],
            self._pad(jacobian[claims][:, self.prior.free] * slope),
            states[solved],
            np.array(slopes).reshape(len(slopes), unknown, self.size),
            np.array(inverses).reshape(len(inverses), unknown, unknown),
        )

    def surrogate(self, z: FloatArray) -> LinearSurrogate:
        """The linear model of the other years around deviates ``z`` (size,), with ``error`` zero.

        See :meth:`informed` for an estimate of the error.
        """
        fitted, then, *_ = self._split
        every = np.arange(len(self.likelihood.claims))
        there, here = self.linear(z, every), self.linear(z, fitted[then], now=True)
        offset, response = np.zeros(fitted.size), np.zeros((fitted.size, self.size))
        offset[then] = there.location[fitted[then]] - here.location
        response[then] = there.jacobian[fitted[then]] - here.jacobian
        return LinearSurrogate(
            z, there.state, there.slope, there.inverse, offset, response, np.zeros(fitted.size)
        )

    def informed(self, surrogate: LinearSurrogate, z: FloatArray, predicted: FloatArray) -> LinearSurrogate:
        """The surrogate shifted by the median of its errors, with their standard deviation.

        Parameters
        ----------
        surrogate
            The surrogate.
        z
            Deviates (draw, size) from which the errors are estimated.
        predicted
            Predictions for all claims there (draw, claim), in units of the model.

        Returns
        -------
        LinearSurrogate
            The surrogate with another ``offset`` and ``error``.
        """
        fitted, then, *_ = self._split
        there = np.asarray(self.likelihood.scale.of(fitted[then]).predicted(predicted[:, fitted[then]]))
        off = there - np.asarray(self._compiled.nearby(z, surrogate))[:, then]
        offset, error = surrogate.offset.copy(), np.zeros(fitted.size)
        offset[then] += np.median(off, axis=0)
        error[then] = off.std(axis=0)
        return surrogate._replace(offset=offset, error=error)

    def _pad(self, by_free: FloatArray) -> FloatArray:
        """Derivatives by all deviates (row, size) from those by the free numbers' (row, free)."""
        return np.concatenate([by_free, np.zeros((len(by_free), self.likelihood.errors))], axis=1)

    def linearise(self, z: FloatArray, figures: ClaimErrors) -> tuple[FloatArray, FloatArray]:
        """Robust residuals of the claims of some weight; half the sum of their squares and z's is the misfit.

        Parameters
        ----------
        z
            Deviates (size,).
        figures
            Figures of the claims and their errors.

        Returns
        -------
        tuple
            Residuals (weighed,) of the claims whose weight is not 0, and their Jacobian (weighed, size); NaN
            where a year has no equilibrium.
        """
        likelihood, free = self.likelihood, self.prior.size
        claims = np.flatnonzero(figures.weight > 0)
        location, jacobian, *_ = self.linear(z, claims)
        everywhere = np.zeros(len(likelihood.claims))
        everywhere[claims] = location
        value, by_location, by_error = (
            np.asarray(x)[claims] for x in self._compiled.residuals(everywhere, z[free:], figures)
        )
        jacobian = by_location[:, None] * jacobian
        jacobian[:, free:] += by_error
        return value, jacobian

    def _derivatives(
        self, at: tuple[FloatArray, ClaimSetting, FloatArray], claims: IntArray, with_off: bool
    ) -> tuple[FloatArray, FloatArray]:
        """Derivatives of the unknowns' residuals (if asked for) and of some claims, in blocks of ROWS."""
        unknown, total = at[2].size, len(self.likelihood.claims)
        first = np.eye(unknown) if with_off else np.zeros((0, unknown))
        by_off = np.concatenate([first, np.zeros((claims.size, unknown))])
        by_claim = np.concatenate([np.zeros((len(first), total)), np.eye(total)[claims]])
        parts = []
        for start in range(0, len(by_off), ROWS):
            rows = slice(start, start + ROWS)
            missing = ROWS - len(by_off[rows])
            pad = ((0, missing), (0, 0))
            result = self._predictions.pullback(*at, np.pad(by_off[rows], pad), np.pad(by_claim[rows], pad))
            parts.append([np.asarray(x)[: ROWS - missing] for x in result])
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    @property
    def sampler(self) -> Sampler:
        """The sampler of this density; figures and surrogate are its arguments."""
        return self._compiled.sampler

    @cached_property
    def _predictions(self) -> CompiledPredictions:
        """Compiled functions of the claims, shared with all likelihoods of the same structure."""
        shape = claims_structure(self.likelihood)
        return _shared(_PREDICTIONS, shape, lambda: _compile_predictions(self.likelihood))

    @cached_property
    def _compiled(self) -> CompiledDensity:
        """Compiled functions of the density, shared with all densities of the same structure."""
        shape = density_structure(self.prior, self.likelihood)
        return _shared(_DENSITIES, shape, lambda: _compile_density(self))

    @property
    def solves(self) -> bool:
        """Whether some fitted claim observes a year that has to be solved."""
        return bool(self._split[1].size)

    def gain(self, z: FloatArray, figures: ClaimErrors, surrogate: LinearSurrogate) -> float:
        """The exact log likelihood less :meth:`near`.

        Parameters
        ----------
        z
            Deviates (size,).
        figures
            Figures of the claims and their errors.
        surrogate
            The surrogate that :meth:`near` uses.

        Returns
        -------
        float
            The difference, over all fitted claims; minus infinity where a year has no equilibrium.
        """
        true, guess, residual = (np.asarray(x) for x in self._compiled.exact(z, figures, surrogate))
        if not residual.max(initial=0.0) < FAR:
            fitted, then, _, _ = self._split
            predicted = self.predicted_at(self.ledgers(z[None]))[0][fitted[then]]
            if not np.isfinite(predicted).all():
                return -np.inf
            location = self.likelihood.scale.of(fitted[then]).predicted(predicted)
            true = np.asarray(self._pointwise(location, jnp.asarray(z), figures, fitted[then]))
        return float(true.sum() - guess.sum())

    @cached_property
    def _split(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Fitted claims by year.

        Positions of the fitted claims; positions among them of the claims of other scenarios than the
        baseline's (then,); numbers of these scenarios; for each of (then,), the position among these.
        """
        which = self.likelihood.scenarios[1]
        fitted = np.flatnonzero(self.likelihood.fitted)
        then = np.flatnonzero(which[fitted] > 0)
        years, year = np.unique(which[fitted[then]], return_inverse=True)
        return fitted, then, years, year

    @cached_property
    def now(self) -> Callable[[jax.Array], jax.Array]:
        """Function from deviates (size,) to predictions for the fitted claims, on their scales (fitted,).

        All are predicted in the baseline, whatever their years.
        """
        fitted = self._split[0]
        operators, responder = self._part(fitted), self.likelihood.responder
        scale = self.likelihood.scale.of(fitted)

        def observed(ledger: jax.Array) -> jax.Array:
            _, economy, point = responder.baseline(ledger)
            return scale.predicted(operators.observe(ledger, economy, point))

        from_ledger = gathered(observed, self.prior.ledger.value.size)
        return lambda z: from_ledger(self.prior.ledger_values(z[: self.prior.size]))

    def near(self, z: jax.Array, figures: ClaimErrors, surrogate: LinearSurrogate) -> jax.Array:
        """Log likelihood of the fitted claims, with other years predicted by the surrogate.

        Differentiable and cheap: nothing is solved. The surrogate's error is added to the claims' own errors:
        wider tails keep the delayed acceptance from rejecting for long stretches.

        Parameters
        ----------
        z
            Deviates (size,).
        figures
            Figures of the claims and their errors.
        surrogate
            The surrogate.

        Returns
        -------
        jax.Array
            Weighed log likelihood of each fitted claim (fitted,).
        """
        return self._pointwise(
            self.nearby(z, surrogate), z, self._blurred(figures, surrogate), self._split[0]
        )

    def nearby(self, z: jax.Array, surrogate: LinearSurrogate) -> jax.Array:
        """Predictions for the fitted claims (fitted,), on their scales, with other years by the surrogate.

        ``z`` are deviates (size,).
        """
        there: jax.Array = self.now(z) + surrogate.offset + surrogate.response @ (z - surrogate.centre)
        return there

    def guessed(self, z: FloatArray, figures: ClaimErrors, surrogate: LinearSurrogate) -> FloatArray:
        """The residuals of :meth:`linearise`, with other years predicted by the surrogate.

        Parameters
        ----------
        z
            Deviates (draw, size).
        figures
            Figures of the claims and their errors.
        surrogate
            The surrogate.

        Returns
        -------
        numpy.ndarray
            Residuals (draw, weighed) of the fitted claims whose weight is not 0.
        """
        weighed = figures.weight[self._split[0]] > 0
        return self._robust(z, np.asarray(self._compiled.nearby(z, surrogate))[:, weighed], figures)

    def residuals_at(self, z: FloatArray, predicted: FloatArray, figures: ClaimErrors) -> FloatArray:
        """The residuals of :meth:`guessed` for known predictions (draw, claim), in units of the model."""
        fitted = self._split[0]
        location = np.asarray(self.likelihood.scale.predicted(predicted))
        return self._robust(z, location[:, fitted[figures.weight[fitted] > 0]], figures)

    def _robust(self, z: FloatArray, location: FloatArray, figures: ClaimErrors) -> FloatArray:
        fitted = self._split[0]
        rows = fitted[figures.weight[fitted] > 0]
        errors = heavy(jnp.asarray(z[:, self.prior.size :]))
        r = self.likelihood.residuals(jnp.asarray(location), errors, figures, rows)
        return np.array(jnp.sqrt(jnp.asarray(figures.weight[rows])) * robust(r))

    def exact(
        self, z: jax.Array, figures: ClaimErrors, surrogate: LinearSurrogate
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Log likelihood of the fitted claims of other years, with its value in :meth:`near`.

        Parameters
        ----------
        z
            Deviates (size,).
        figures
            Figures of the claims and their errors.
        surrogate
            The surrogate, from whose linear prediction the equilibria are sought.

        Returns
        -------
        tuple
            The log likelihood (then,), its value in :meth:`near` (then,), and the residuals (scenario,) of
            the equilibria, in logarithms.
        """
        fitted, then, years, year = self._split
        rows = fitted[then]
        now, predicted, residual = self._in_years(z, surrogate, years, self._part(rows))
        scale = self.likelihood.scale.of(rows)
        location = scale.predicted(predicted[year, np.arange(then.size)])
        true = self._pointwise(location, z, figures, rows)
        here = scale.predicted(now)
        moved = jnp.asarray(surrogate.offset)[then] + jnp.asarray(surrogate.response)[then] @ (
            z - surrogate.centre
        )
        guess = self._pointwise(here + moved, z, self._blurred(figures, surrogate), rows)
        return true, guess, residual

    def predict(self, z: FloatArray, surrogate: LinearSurrogate) -> FloatArray:
        """Predictions for all claims, each under the measures of its year.

        Parameters
        ----------
        z
            Deviates (draw, size).
        surrogate
            The surrogate, from whose linear prediction the equilibria are sought; where that fails,
            :meth:`predicted_at` seeks them.

        Returns
        -------
        numpy.ndarray
            Predictions (draw, claim) in units of the model; NaN where no equilibrium is found.
        """
        draws, which = len(z), self.likelihood.scenarios[1]

        def block(first: int) -> tuple[FloatArray, FloatArray]:
            pick = np.minimum(np.arange(first, first + BLOCK), draws - 1)
            predicted, residual = (np.asarray(x) for x in self._compiled.predict(z[pick], surrogate))
            return predicted[:, which, np.arange(which.size)], residual

        parts = [block(0), *in_threads(block, range(BLOCK, draws, BLOCK))]
        predicted, residual = (np.concatenate(x)[:draws] for x in zip(*parts, strict=True))
        missing = np.zeros((draws, 1 + residual.shape[1]), dtype=bool)
        missing[:, 1:] = ~(residual <= CLOSE)
        left = missing.any(axis=1)
        if left.any():
            again = missing[left][:, which]
            solved = self.predicted_at(self.ledgers(z[left]), missing[left])
            predicted[left] = np.where(again, solved, predicted[left])
        return predicted

    def _in_years(
        self, z: jax.Array, surrogate: LinearSurrogate, years: IntArray, operators: Observations
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Observations in the baseline (claim,) and in the scenarios ``years`` (year, claim), with the
        residuals (year,) of the equilibria, sought by Broyden's method from the surrogate's prediction."""
        responder, model = self.likelihood.responder, self.likelihood.responder.model
        ledger = self.prior.ledger_values(z[: self.prior.size])
        anchor, now_economy, now = responder.baseline(ledger)
        here = operators.observe(ledger, now_economy, now)
        if not years.size:
            return here, jnp.zeros((0, *here.shape)), jnp.zeros(0)
        state, slope, inverse = (
            jnp.asarray(x)[years - 1] for x in (surrogate.state, surrogate.slope, surrogate.inverse)
        )
        ahead = jnp.clip(jnp.einsum("sue,e->su", slope, z - surrogate.centre), -1.0, 1.0)

        def at(scenario: ClaimSetting, start: jax.Array, inverse: jax.Array) -> tuple[jax.Array, jax.Array]:
            economy = responder.economy(ledger, scenario.levels, anchor)
            then = responder.adaptation(ledger, scenario.years, now)
            root = find_root(
                lambda s: model.residual(economy, anchor, s, then),
                start,
                inverse,
                newton_rounds=0,
                tolerance=CLOSE,
            )
            point = model.evaluate(economy, root.state, then)
            return operators.observe(ledger, economy, point), root.residual

        chosen = ClaimSetting(*(jnp.asarray(x[years]) for x in self.likelihood.scenarios[0]))
        predicted, residual = jax.vmap(at)(chosen, state + ahead, inverse)
        return here, predicted, residual

    def _blurred(self, figures: ClaimErrors, surrogate: LinearSurrogate) -> ClaimErrors:
        """Claim errors with the surrogate's error in the own errors; the two are independent."""
        error = jnp.zeros(len(self.likelihood.claims)).at[self._split[0]].set(surrogate.error)
        own: Any = jnp.sqrt(jnp.asarray(figures.own) ** 2 + error**2)
        return figures._replace(own=own)

    def _pointwise(
        self, location: jax.Array, z: jax.Array, figures: ClaimErrors, rows: IntArray
    ) -> jax.Array:
        """Weighed log likelihood (row,) of the claims ``rows`` at predictions ``location`` (row,)."""
        errors = heavy(z[self.prior.size :])
        r = self.likelihood.residuals(location, errors, figures, rows)
        return jnp.asarray(figures.weight)[rows] * log_density(r)


_PREDICTIONS: dict[bytes, CompiledPredictions] = {}
_DENSITIES: dict[bytes, CompiledDensity] = {}


def _shared(table: dict[bytes, Functions], shape: bytes, make: Callable[[], Functions]) -> Functions:
    """The functions of a structure, which are made at the first call; the oldest make room for new ones."""
    functions = table.setdefault(shape, make())
    while len(table) > KEPT:
        table.pop(next(iter(table)))
    return functions


def _compile_predictions(likelihood: Likelihood) -> CompiledPredictions:
    def conditions(ledger: jax.Array, state: jax.Array, *scenario: jax.Array) -> tuple[jax.Array, jax.Array]:
        return likelihood.conditions(ledger, ClaimSetting(*scenario), state)

    def pullback(
        ledger: jax.Array, scenario: ClaimSetting, state: jax.Array, by_off: jax.Array, by_claim: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        def both(ledger: jax.Array, state: jax.Array) -> tuple[jax.Array, jax.Array]:
            off, predicted = likelihood.conditions(ledger, scenario, state)
            return off, likelihood.scale.predicted(predicted)

        _, pull = jax.vjp(both, ledger, state)
        by_ledger, by_state = jax.vmap(lambda *row: pull(row))(by_off, by_claim)
        return by_ledger, by_state

    return CompiledPredictions(compiled(jax.vmap(conditions)), compiled(pullback))


def _compile_density(density: LogPosterior) -> CompiledDensity:
    prior, likelihood = density.prior, density.likelihood
    years = np.arange(1, len(likelihood.scenarios[0].years))

    def ledger(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        value, slope = jax.jvp(prior.ledger_values, (z,), (jnp.ones_like(z),))
        return value, slope[prior.free]

    def weighed(location: jax.Array, z: jax.Array, figures: ClaimErrors) -> jax.Array:
        r = likelihood.residuals(location, heavy(z), figures)
        return jnp.sqrt(figures.weight) * robust(r)

    def residuals(location: jax.Array, z: jax.Array, figures: ClaimErrors) -> tuple[jax.Array, ...]:
        result, slope = jax.jvp(lambda x: weighed(x, z, figures), (location,), (jnp.ones_like(location),))
        return result, slope, jax.jacobian(lambda e: weighed(location, e, figures))(z)

    def nearby(z: jax.Array, surrogate: LinearSurrogate) -> jax.Array:
        predicted: jax.Array = jax.lax.map(lambda x: density.nearby(x, surrogate), z)
        return predicted

    def predict(z: jax.Array, surrogate: LinearSurrogate) -> tuple[jax.Array, jax.Array]:
        def one(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            now, predicted, residual = density._in_years(z, surrogate, years, likelihood.observations)
            return jnp.concatenate([now[None], predicted]), residual

        found: tuple[jax.Array, jax.Array] = jax.lax.map(one, z)
        return found

    def near(z: jax.Array, figures: ClaimErrors, surrogate: LinearSurrogate) -> jax.Array:
        return jnp.sum(density.near(z, figures, surrogate))

    return CompiledDensity(
        compiled(ledger),
        compiled(jax.vmap(lambda z: prior.ledger_values(z[: prior.size]))),
        compiled(residuals),
        compiled(nearby),
        compiled(density.exact),
        compiled(predict),
        Sampler(near, density.size, density.gain if density.solves else None),
    )
