"""Calibration: the most probable ledger given the claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from contraflow.errors import ConvergenceError
from contraflow.evidence.likelihood import Likelihood, robust
from contraflow.evidence.priors import Prior
from contraflow.model.numerics import jax, jnp
from contraflow.model.root import TOLERANCE

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[int, int, float], None]

STARTS = 2
START_DEVIATION = 0.5
MOST_EVALUATIONS = 60
ROWS = 24
"""Rows of a Jacobian computed side by side."""

QUICKLY_COMPILED = {"xla_backend_optimization_level": "1"}
"""Takes a quarter off the compilation of the largest function and nothing from its speed."""

ENOUGH = 1e-4
"""Relative change of the cost below which the fit is done: far less than the claims can tell."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A maximum of the posterior.

    ``deviates`` (free,) are z, ``ledger`` (number,) the numbers, ``predicted`` and ``residuals``
    (claim,) what the model says and how far it is off. ``costs`` (start,) is minus the log posterior,
    up to a constant, that each start reached.
    """

    deviates: FloatArray
    ledger: FloatArray
    predicted: FloatArray
    residuals: FloatArray
    costs: FloatArray
    evaluations: int


@dataclass(frozen=True, eq=False)
class Posterior:
    """Prior and likelihood together, as residuals whose squares a least-squares solver can sum."""

    prior: Prior
    likelihood: Likelihood

    @cached_property
    def _conditions(self) -> jax.stages.Wrapped:
        """Compiled :meth:`Likelihood.conditions`, and the robust and plain residuals of all claims."""

        def values(ledger: jax.Array, levels: jax.Array, state: jax.Array) -> tuple[jax.Array, ...]:
            off, said = self.likelihood.conditions(ledger, levels, state)
            r = self.likelihood.residuals(said)
            return off, said, r, robust(r)

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
                off, said = self.likelihood.conditions(ledger, levels, state)
                return off, robust(self.likelihood.residuals(said))

            _, pullback = jax.vjp(both, ledger, state)
            by_ledger, by_state = jax.vmap(lambda *row: pullback(row))(by_off, by_claim)
            return by_ledger, by_state

        return jax.jit(pull, compiler_options=QUICKLY_COMPILED)

    @cached_property
    def _ledger(self) -> jax.stages.Wrapped:
        """Compiled ledger at z and its derivative, which is diagonal: (number,) and (free,)."""

        def both(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            value, slope = jax.jvp(self.prior.ledger_values, (z,), (jnp.ones_like(z),))
            return value, slope[self.prior.free]

        return jax.jit(both)

    def compile_tasks(self) -> list[Callable[[], object]]:
        """Calls that compile what a fit needs; independent, so fit for threads."""
        responder = self.likelihood.responder
        unknown, total = responder.model.unknowns, len(self.likelihood.claims)
        at = (self.prior.ledger.value, responder.levers.baseline, np.zeros(unknown))
        rows = (np.zeros((ROWS, unknown)), np.zeros((ROWS, total)))
        return [lambda: self._pullback(*at, *rows), lambda: self._conditions(*at)]

    def states(self, ledger: FloatArray, wanted: npt.NDArray[np.int64]) -> FloatArray:
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
            states[wanted] = np.where(root.residual[:, None] <= 10 * TOLERANCE, root.state, np.nan)
        return states

    def evaluate(self, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Ledger (number,), predictions and standardised residuals of all claims (claim,)."""
        ledger = np.asarray(self._ledger(z)[0])
        levels, which = self.likelihood.scenarios
        states = self.states(ledger, np.arange(len(levels)))
        said, r = np.empty(len(which)), np.empty(len(which))
        for number, state in enumerate(states):
            _, says, off, _ = self._conditions(ledger, levels[number], state)
            here = which == number
            said[here], r[here] = np.asarray(says)[here], np.asarray(off)[here]
        return ledger, said, r

    def at_baseline(self, ledger: FloatArray) -> FloatArray:
        """What the model says of every claim (claim,) in the baseline, whatever the claim's year."""
        levels, _ = self.likelihood.scenarios
        state = np.zeros(self.likelihood.responder.model.unknowns)
        return np.asarray(self._conditions(ledger, levels[0], state)[1])

    def linearise(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Robust residuals of the fitted claims (fitted,) and their Jacobian (fitted, free).

        The derivative through each year's equilibrium is that of the implicit function theorem,
        d state = -(dF/dstate)^-1 dF/dledger.
        """
        ledger, slope = (np.asarray(x) for x in self._ledger(z))
        levels, which = self.likelihood.scenarios
        fitted = np.flatnonzero(self.likelihood.fitted)
        states = self.states(ledger, np.unique(which[fitted]))
        value = np.full(len(which), np.nan)
        jacobian = np.zeros((len(which), ledger.size))
        for number, state in enumerate(states):
            here = fitted[which[fitted] == number]
            if not here.size:
                continue
            at = (ledger, levels[number], state)
            value[here] = np.asarray(self._conditions(*at)[3])[here]
            solved = number > 0
            by_ledger, by_state = self._derivatives(at, here, solved)
            jacobian[here] = by_ledger[-here.size :]
            if solved:
                unknown = state.size
                moved = np.linalg.lstsq(by_state[:unknown], by_ledger[:unknown], rcond=None)[0]
                jacobian[here] -= by_state[unknown:] @ moved
        return value[fitted], jacobian[fitted][:, self.prior.free] * slope

    def _derivatives(
        self, at: tuple[FloatArray, ...], claims: npt.NDArray[np.int64], with_off: bool
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


def fit(posterior: Posterior, seed: int = 0, starts: int = STARTS, progress: Progress | None = None) -> Fit:
    """Maximise the posterior by trust-region least squares (SciPy's ``trf``) from several starts.

    The first start is the centre of all ranges, the others are drawn around it with ``seed``.
    ``progress`` is called with start, evaluation and cost. Raises
    :class:`~contraflow.errors.ConvergenceError` if no start ends in finite residuals.
    """
    from scipy.optimize import least_squares

    size = posterior.prior.size
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    last: dict[bytes, tuple[FloatArray, FloatArray]] = {}
    count = 0

    def both(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        nonlocal count
        key = z.tobytes()
        if key not in last:
            count += 1
            value, jacobian = posterior.linearise(z)
            if not (np.isfinite(value).all() and np.isfinite(jacobian).all()):
                value, jacobian = np.full(value.shape, 1e3), np.zeros(jacobian.shape)
            last.clear()
            last[key] = (value, jacobian)
        return last[key]

    def residuals(z: FloatArray) -> FloatArray:
        value = np.concatenate([z, both(z)[0]])
        if progress is not None:
            progress(start, count, 0.5 * float(value @ value))
        return value

    def jacobian(z: FloatArray) -> FloatArray:
        return np.concatenate([np.eye(size), both(z)[1]])

    results = []
    for start in range(starts):
        z = np.zeros(size) if start == 0 else START_DEVIATION * rng.standard_normal(size)
        results.append(
            least_squares(
                residuals, z, jac=jacobian, method="trf",
                tr_solver="lsmr", x_scale=1.0, max_nfev=MOST_EVALUATIONS,
                ftol=ENOUGH, xtol=ENOUGH, gtol=ENOUGH,
            )
        )  # fmt: skip
    costs = np.array([r.cost for r in results])
    best = np.asarray(results[int(np.argmin(costs))].x)
    ledger, said, off = posterior.evaluate(best)
    if not np.isfinite(said).all():
        names = [c.id for c, s in zip(posterior.likelihood.claims, said, strict=True) if not np.isfinite(s)]
        raise ConvergenceError(
            f"No fit was found from {starts} starts: the model gives no finite figure for "
            f"{', '.join(names)}. "
            "Check that goods can reach the markets at a profit with the central values of parameters.csv."
        )
    return Fit(best, ledger, said, off, costs, count)
