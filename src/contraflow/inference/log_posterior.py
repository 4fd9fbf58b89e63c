"""The posterior density: prior and likelihood together, with derivatives through each year's equilibrium.

Its argument are standard normal deviates z (size,): those of the free numbers, then those of the
errors that claims of one origin share. The log density is, up to a constant,

    - 1/2 sum z^2 + sum over claims of weight x log t(own error) .
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from contraflow._parallel import in_threads
from contraflow._types import FloatArray, IntArray
from contraflow.inference.delayed_acceptance_nuts import Sampler
from contraflow.inference.likelihood import ClaimErrors, Likelihood, heavy, log_density, robust
from contraflow.inference.prior import Prior
from contraflow.model.batched_gather import gathered
from contraflow.model.numerics import jax, jnp
from contraflow.model.observables import Observations
from contraflow.model.root_finding import find_root

ROWS = 24
"""Rows of a Jacobian computed side by side."""

QUICKLY_COMPILED = {"xla_backend_optimization_level": "1"}
"""Takes a quarter off the compilation of the largest function and nothing from its speed."""

CLOSE = 1e-8
"""Residual of an equilibrium, in logarithms, that is close enough to sample with."""

BLOCK = 50
"""Draws whose claims are predicted one after the other in a thread."""

FAR = 1e-5
"""Residual beyond which a point has no equilibrium and thus no density."""


class LinearSurrogate(NamedTuple):
    """What is known of the claims' other years near a point: arrays lead with the scenarios but the first.

    ``centre`` (size,) is the point; ``state`` (scenario, unknown) its equilibria, ``slope`` (scenario,
    unknown, size) their derivatives, ``inverse`` (scenario, unknown, unknown) the inverse Jacobians.
    ``offset`` (fitted,) is how far each fitted claim's year lies from the baseline on its scale, with
    derivative ``response`` (fitted, size), and ``error`` (fitted,) the standard error of that guess; zero
    for claims that observe the baseline.
    """

    centre: FloatArray
    state: FloatArray
    slope: FloatArray
    inverse: FloatArray
    offset: FloatArray
    response: FloatArray
    error: FloatArray


class _Linear(NamedTuple):
    """The model around a point: ``location`` (claim,) of chosen claims, its Jacobian (claim, size), and
    ``state``, ``slope`` and ``inverse`` as in :class:`LinearSurrogate`."""

    location: FloatArray
    jacobian: FloatArray
    state: FloatArray
    slope: FloatArray
    inverse: FloatArray


@dataclass(frozen=True, eq=False)
class LogPosterior:
    """Prior and likelihood of a case."""

    prior: Prior
    likelihood: Likelihood

    @property
    def size(self) -> int:
        """Number of deviates: free numbers, then shared errors."""
        return self.prior.size + self.likelihood.errors

    @cached_property
    def _conditions(self) -> jax.stages.Wrapped:
        """Compiled :meth:`Likelihood.conditions`, and what the model says on the claims' scales."""

        def values(ledger: jax.Array, levels: jax.Array, state: jax.Array) -> tuple[jax.Array, ...]:
            off, predicted = self.likelihood.conditions(ledger, levels, state)
            return off, predicted, self.likelihood.scale.predicted(predicted)

        return jax.jit(values)

    @cached_property
    def _pullback(self) -> jax.stages.Wrapped:
        """Compiled derivatives of ROWS combinations of conditions by ledger (row, number) and state.

        ``by_off`` (ROWS, unknown) and ``by_claim`` (ROWS, claim) are the combinations.
        """

        def pull(
            ledger: jax.Array, levels: jax.Array, state: jax.Array, by_off: jax.Array, by_claim: jax.Array
        ) -> tuple[jax.Array, jax.Array]:
            def both(ledger: jax.Array, state: jax.Array) -> tuple[jax.Array, jax.Array]:
                off, predicted = self.likelihood.conditions(ledger, levels, state)
                return off, self.likelihood.scale.predicted(predicted)

            _, pullback = jax.vjp(both, ledger, state)
            by_ledger, by_state = jax.vmap(lambda *row: pullback(row))(by_off, by_claim)
            return by_ledger, by_state

        return jax.jit(pull, compiler_options=QUICKLY_COMPILED)

    @cached_property
    def _ledger(self) -> jax.stages.Wrapped:
        """Compiled ledger at deviates and its derivative, which is diagonal: (number,) and (free,)."""

        def both(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            value, slope = jax.jvp(self.prior.ledger_values, (z,), (jnp.ones_like(z),))
            return value, slope[self.prior.free]

        return jax.jit(both)

    @cached_property
    def _ledgers(self) -> jax.stages.Wrapped:
        return jax.jit(jax.vmap(lambda z: self.prior.ledger_values(z[: self.prior.size])))

    def ledgers(self, z: FloatArray) -> FloatArray:
        """All numbers of the ledger (draw, number) at deviates (draw, size)."""
        return np.asarray(self._ledgers(z))

    def compile_tasks(self) -> list[Callable[[], object]]:
        """Calls that compile what a fit needs; independent, so fit for threads."""
        responder = self.likelihood.responder
        unknown, total = responder.model.unknowns, len(self.likelihood.claims)
        at = (self.prior.ledger.value, responder.levers.baseline, np.zeros(unknown))
        rows = (np.zeros((ROWS, unknown)), np.zeros((ROWS, total)))
        return [lambda: self._pullback(*at, *rows), lambda: self._conditions(*at)]

    def states(self, ledger: FloatArray, wanted: IntArray) -> FloatArray:
        """Equilibria (scenario, unknown) of the claims' years at one ledger (number,); NaN where none.

        Only ``wanted`` scenarios are solved; the first, the baseline's, is zero.
        """
        responder = self.likelihood.responder
        levels, _ = self.likelihood.scenarios
        states = np.full((len(levels), responder.model.unknowns), np.nan)
        states[0] = 0.0
        wanted = wanted[wanted > 0]
        if wanted.size:
            one = ledger[None]
            root = responder.solve(one, responder.references(one), levels[wanted])
            states[wanted] = np.where(root.solved[:, None], root.state, np.nan)
        return states

    def predicted_at(self, ledgers: FloatArray) -> FloatArray:
        """What the model says of every claim (draw, claim) under the measures of its year; NaN where no
        equilibrium is found."""
        responder, (levels, which) = self.likelihood.responder, self.likelihood.scenarios
        draws, many = len(ledgers), len(levels) - 1
        references = responder.references(jnp.asarray(ledgers))
        states = np.zeros((draws, many + 1, responder.model.unknowns))
        if many:
            root = responder.solve(
                ledgers, references, np.tile(levels[1:], (draws, 1)), np.repeat(np.arange(draws), many)
            )
            found = np.where(root.solved[:, None], root.state, np.nan)
            states[:, 1:] = found.reshape(draws, many, -1)
        predicted = np.empty((draws, len(which)))
        for number in range(many + 1):
            here = np.flatnonzero(which == number)
            if here.size:
                predicted[:, here] = np.asarray(
                    self._predicted_at(ledgers, levels[number], states[:, number])
                )[:, here]
        return predicted

    @cached_property
    def _predicted_at(self) -> jax.stages.Wrapped:
        """Compiled: what all claims would observe in one scenario, over draws."""
        responder, observations = self.likelihood.responder, self.likelihood.observations

        def one(ledger: jax.Array, levels: jax.Array, state: jax.Array) -> jax.Array:
            economy = responder.economy(ledger, levels, responder.anchor(ledger))
            return observations.observe(ledger, economy, responder.model.evaluate(economy, state))

        def every(ledgers: jax.Array, levels: jax.Array, states: jax.Array) -> jax.Array:
            each = (ledgers, states)
            predicted: jax.Array = jax.lax.map(lambda x: one(x[0], levels, x[1]), each, batch_size=16)
            return predicted

        return jax.jit(every)

    def _part(self, rows: IntArray) -> Observations:
        return Observations(
            self.likelihood.responder.model, tuple(self.likelihood.claims[i] for i in rows)
        ).resolve()

    def at_baseline(self, ledger: FloatArray) -> FloatArray:
        """What the model says of every claim (claim,) in the baseline, whatever the claim's year."""
        levels, _ = self.likelihood.scenarios
        state = np.zeros(self.likelihood.responder.model.unknowns)
        return np.asarray(self._conditions(ledger, levels[0], state)[1])

    def linear(self, z: FloatArray, claims: IntArray, now: bool = False) -> _Linear:
        """Chosen claims on their scales, with derivatives by the deviates, around one point.

        With ``now`` all are observed in the baseline, whatever their year.
        The derivative through each year's equilibrium is that of the implicit function theorem,
        d state = -(dF/dstate)^-1 dF/dledger.
        """
        free = self.prior.size
        ledger, slope = (np.asarray(x) for x in self._ledger(z[:free]))
        levels, which = self.likelihood.scenarios
        which = np.zeros_like(which) if now else which
        solved = np.unique(which[claims])
        solved = solved[solved > 0]
        states = self.states(ledger, solved)
        location = np.full(len(which), np.nan)
        jacobian = np.zeros((len(which), ledger.size))
        slopes, inverses = [], []
        for number, state in enumerate(states):
            here = claims[which[claims] == number]
            if not here.size:
                continue
            at = (ledger, levels[number], state)
            location[here] = np.asarray(self._conditions(*at)[2])[here]
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
        """What is known of the other years around one point, as if the model were straight."""
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
        """The surrogate shifted by its median error, with the standard deviation of its errors.

        Both are estimated from draws ``z`` (draw, size) and what the model predicts there (draw, claim).
        """
        fitted, then, *_ = self._split
        there = np.asarray(self.likelihood.scale.of(fitted[then]).predicted(predicted[:, fitted[then]]))
        off = there - np.asarray(self._nearby(z, surrogate))[:, then]
        offset, error = surrogate.offset.copy(), np.zeros(fitted.size)
        offset[then] += np.median(off, axis=0)
        error[then] = off.std(axis=0)
        return surrogate._replace(offset=offset, error=error)

    def _pad(self, by_free: FloatArray) -> FloatArray:
        return np.concatenate([by_free, np.zeros((len(by_free), self.likelihood.errors))], axis=1)

    def linearise(self, z: FloatArray, figures: ClaimErrors) -> tuple[FloatArray, FloatArray]:
        """Robust residuals of the claims that weigh (weighed,) and their Jacobian (weighed, size).

        Half the sum of their squares and of z's is minus the log density, up to a constant.
        """
        likelihood, free = self.likelihood, self.prior.size
        claims = np.flatnonzero(figures.weight > 0)
        location, jacobian, *_ = self.linear(z, claims)
        everywhere = np.zeros(len(likelihood.claims))
        everywhere[claims] = location
        value, by_location, by_error = (
            np.asarray(x)[claims] for x in self._residuals(everywhere, z[free:], figures)
        )
        jacobian = by_location[:, None] * jacobian
        jacobian[:, free:] += by_error
        return value, jacobian

    @cached_property
    def _residuals(self) -> jax.stages.Wrapped:
        """Compiled: robust weighed residuals of all claims (claim,), with derivatives by location
        (claim,), which is diagonal, and by the deviates of the errors (claim, error)."""

        def value(location: jax.Array, z: jax.Array, figures: ClaimErrors) -> jax.Array:
            r = self.likelihood.residuals(location, heavy(z), figures)
            return jnp.sqrt(figures.weight) * robust(r)

        def all_of(location: jax.Array, z: jax.Array, figures: ClaimErrors) -> tuple[jax.Array, ...]:
            result, slope = jax.jvp(lambda x: value(x, z, figures), (location,), (jnp.ones_like(location),))
            return result, slope, jax.jacobian(lambda e: value(location, e, figures))(z)

        return jax.jit(all_of)

    def _derivatives(
        self, at: tuple[FloatArray, ...], claims: IntArray, with_off: bool
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
            result = self._pullback(*at, np.pad(by_off[rows], pad), np.pad(by_claim[rows], pad))
            parts.append([np.asarray(x)[: ROWS - missing] for x in result])
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    @property
    def solves(self) -> bool:
        """Whether some fitted claim observes a year that has to be solved."""
        return bool(self._split[1].size)

    @cached_property
    def sampler(self) -> Sampler:
        """The sampler of this density; figures and guides are its arguments."""

        def near(z: jax.Array, figures: ClaimErrors, surrogate: LinearSurrogate) -> jax.Array:
            return jnp.sum(self.near(z, figures, surrogate))

        return Sampler(near, self.size, self.gain if self.solves else None)

    def gain(self, z: FloatArray, figures: ClaimErrors, surrogate: LinearSurrogate) -> float:
        """What the exact log likelihood has more than :meth:`near` at deviates (size,).

        Minus infinity where a year has no equilibrium.
        """
        true, guess, residual = (np.asarray(x) for x in self._exact(z, figures, surrogate))
        if not residual.max(initial=0.0) < FAR:
            fitted, then, _, _ = self._split
            predicted = self.predicted_at(self.ledgers(z[None]))[0][fitted[then]]
            if not np.isfinite(predicted).all():
                return -np.inf
            location = self.likelihood.scale.of(fitted[then]).predicted(predicted)
            true = np.asarray(self._pointwise(location, jnp.asarray(z), figures, fitted[then]))
        return float(true.sum() - guess.sum())

    @cached_property
    def _exact(self) -> jax.stages.Wrapped:
        return jax.jit(self.exact, compiler_options=QUICKLY_COMPILED)

    @cached_property
    def _split(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Fitted claims; places among them of those of other years; the years; the year of each of those."""
        which = self.likelihood.scenarios[1]
        fitted = np.flatnonzero(self.likelihood.fitted)
        then = np.flatnonzero(which[fitted] > 0)
        years, year = np.unique(which[fitted[then]], return_inverse=True)
        return fitted, then, years, year

    @cached_property
    def now(self) -> Callable[[jax.Array], jax.Array]:
        """What the fitted claims would observe in the baseline, on their scales, at deviates (size,)."""
        fitted = self._split[0]
        operators, responder = self._part(fitted), self.likelihood.responder
        scale = self.likelihood.scale.of(fitted)

        def observed(ledger: jax.Array) -> jax.Array:
            _, economy, point = responder.baseline(ledger)
            return scale.predicted(operators.observe(ledger, economy, point))

        from_ledger = gathered(observed, self.prior.ledger.value.size)
        return lambda z: from_ledger(self.prior.ledger_values(z[: self.prior.size]))

    def near(self, z: jax.Array, figures: ClaimErrors, surrogate: LinearSurrogate) -> jax.Array:
        """Log likelihood of the fitted claims (fitted,), other years by the surrogate's linear response.

        Differentiable and cheap: nothing is solved. The surrogate's own error is added to the observation
        error, which widens its tails and keeps the delayed-acceptance step from rejecting for long stretches.
        """
        return self._pointwise(
            self.nearby(z, surrogate), z, self._blurred(figures, surrogate), self._split[0]
        )

    def nearby(self, z: jax.Array, surrogate: LinearSurrogate) -> jax.Array:
        """What fitted claims would observe (fitted,), on their scales, other years by the surrogate's linear
        response."""
        there: jax.Array = self.now(z) + surrogate.offset + surrogate.response @ (z - surrogate.centre)
        return there

    @cached_property
    def _nearby(self) -> jax.stages.Wrapped:
        """Compiled :meth:`nearby` over draws (draw, size)."""

        def every(z: jax.Array, surrogate: LinearSurrogate) -> jax.Array:
            predicted: jax.Array = jax.lax.map(lambda x: self.nearby(x, surrogate), z)
            return predicted

        return jax.jit(every)

    def guessed(self, z: FloatArray, figures: ClaimErrors, surrogate: LinearSurrogate) -> FloatArray:
        """Robust residuals of the claims that weigh (draw, weighed), other years by the surrogate's linear
        response, at deviates (draw, size)."""
        fitted = self._split[0]
        rows = fitted[figures.weight[fitted] > 0]
        location = np.asarray(self._nearby(z, surrogate))[:, figures.weight[fitted] > 0]
        errors = heavy(jnp.asarray(z[:, self.prior.size :]))
        r = self.likelihood.residuals(jnp.asarray(location), errors, figures, rows)
        return np.asarray(jnp.sqrt(jnp.asarray(figures.weight[rows])) * robust(r))

    def exact(
        self, z: jax.Array, figures: ClaimErrors, surrogate: LinearSurrogate
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Log likelihood of the fitted claims of other years (then,), what :meth:`near` says instead, and
        the residuals (scenario,) of their equilibria, sought from the surrogate's linear prediction alone."""
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
        """The model's value of every claim (draw, claim) at deviates (draw, size).

        Equilibria are sought from the surrogate's linear prediction; where that fails, as
        :meth:`predicted_at` seeks them.
        """
        draws, which = len(z), self.likelihood.scenarios[1]

        def block(first: int) -> tuple[FloatArray, FloatArray]:
            pick = np.minimum(np.arange(first, first + BLOCK), draws - 1)
            predicted, residual = (np.asarray(x) for x in self._predict(z[pick], surrogate))
            return predicted[:, which, np.arange(which.size)], residual

        parts = [block(0), *in_threads(block, range(BLOCK, draws, BLOCK))]
        predicted, residual = (np.concatenate(x)[:draws] for x in zip(*parts, strict=True))
        left = ~(residual.max(axis=1, initial=0.0) <= CLOSE)
        if left.any():
            predicted[left] = self.predicted_at(self.ledgers(z[left]))
        return predicted

    @cached_property
    def _predict(self) -> jax.stages.Wrapped:
        years = np.arange(1, len(self.likelihood.scenarios[0]))

        def one(z: jax.Array, surrogate: LinearSurrogate) -> tuple[jax.Array, jax.Array]:
            now, predicted, residual = self._in_years(z, surrogate, years, self.likelihood.observations)
            return jnp.concatenate([now[None], predicted]), residual

        def every(z: jax.Array, surrogate: LinearSurrogate) -> tuple[jax.Array, jax.Array]:
            found: tuple[jax.Array, jax.Array] = jax.lax.map(lambda x: one(x, surrogate), z)
            return found

        return jax.jit(every)

    def _in_years(
        self, z: jax.Array, surrogate: LinearSurrogate, years: IntArray, operators: Observations
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """What operators observe in the baseline (claim,) and in some years (year, claim), and the residuals
        (year,) of the equilibria, sought by Broyden's method from the surrogate's linear prediction."""
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

        def at(levels: jax.Array, start: jax.Array, inverse: jax.Array) -> tuple[jax.Array, jax.Array]:
            economy = responder.economy(ledger, levels, anchor)
            root = find_root(
                lambda s: model.residual(economy, anchor, s), start, inverse, newton_rounds=0, tolerance=CLOSE
            )
            point = model.evaluate(economy, root.state)
            return operators.observe(ledger, economy, point), root.residual

        levels = jnp.asarray(self.likelihood.scenarios[0][years])
        predicted, residual = jax.vmap(at)(levels, state + ahead, inverse)
        return here, predicted, residual

    def _blurred(self, figures: ClaimErrors, surrogate: LinearSurrogate) -> ClaimErrors:
        """Claim errors whose own errors contain what the surrogate may err by."""
        error = jnp.zeros(len(self.likelihood.claims)).at[self._split[0]].set(surrogate.error)
        own: Any = jnp.sqrt(jnp.asarray(figures.own) ** 2 + error**2)
        return figures._replace(own=own)

    def _pointwise(
        self, location: jax.Array, z: jax.Array, figures: ClaimErrors, rows: IntArray
    ) -> jax.Array:
        errors = heavy(z[self.prior.size :])
        r = self.likelihood.residuals(location, errors, figures, rows)
        return jnp.asarray(figures.weight)[rows] * log_density(r)
