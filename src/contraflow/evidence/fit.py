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

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[int, int, float], None]

STARTS = 3
START_DEVIATION = 0.5
MOST_EVALUATIONS = 80


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

    def residuals(self, z: jax.Array) -> jax.Array:
        """Robust residuals of the fitted claims (fitted claim,), at deviates ``z`` (free,)."""
        said = self.likelihood.predict(self.prior.ledger_values(z))
        return robust(self.likelihood.residuals(said)[np.flatnonzero(self.likelihood.fitted)])

    @cached_property
    def with_jacobian(self) -> jax.stages.Wrapped:
        """Compiled residuals and their Jacobian (fitted claim, free)."""

        def both(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            value, pull = jax.vjp(self.residuals, z)
            return value, jax.vmap(pull)(jnp.eye(value.size))[0]

        return jax.jit(both)

    @cached_property
    def predictions(self) -> jax.stages.Wrapped:
        """Compiled predictions and standardised residuals of all observable claims, from z (free,)."""

        def predict(z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
            ledger = self.prior.ledger_values(z)
            said = self.likelihood.predict(ledger)
            return ledger, said, self.likelihood.residuals(said)

        return jax.jit(predict)


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
            value, jacobian = (np.asarray(x) for x in posterior.with_jacobian(z))
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
                residuals, z, jac=jacobian, method="trf", x_scale=1.0, max_nfev=MOST_EVALUATIONS,
                ftol=1e-7, xtol=1e-7, gtol=1e-6,
            )
        )  # fmt: skip
    costs = np.array([r.cost for r in results])
    best = results[int(np.argmin(costs))]
    ledger, said, off = (np.asarray(x) for x in posterior.predictions(best.x))
    if not np.isfinite(said).all():
        names = [c.id for c, s in zip(posterior.likelihood.claims, said, strict=True) if not np.isfinite(s)]
        raise ConvergenceError(
            f"No fit was found from {starts} starts: the model gives no finite figure for {', '.join(names)}. "
            "Check that goods can reach the markets at a profit with the central values of parameters.csv."
        )
    return Fit(np.asarray(best.x), ledger, said, off, costs, count)
