"""The maximum of the posterior (MAP estimate), by two methods of nonlinear least squares.

With robust residuals r and deviates z the misfit, minus the log posterior up to a constant, is
(|z|^2 + |r(z)|^2) / 2.

:func:`find_map` is for a case without a known fit: SciPy's trust-region reflective method (Branch, Coleman
and Li 1999, SIAM Journal on Scientific Computing 21(1)) from several starts. Its steps are bounded, as a
model that is far from linear between a start and the fit requires.

:func:`refit_map` is for the same case under claims that differ a little, from a fit that is near: the method
of Levenberg (1944, Quarterly of Applied Mathematics 2) and Marquardt (1963, SIAM Journal 11(2)). Each
evaluation solves an equilibrium of every year; each step solves only a system with as many unknowns as there
are claims. With the residuals' Jacobian R and a damping l, the step s solves

    ((1 + l) I + R^T R) s = -(z + R^T r) .

The damping follows the ratio of the found to the foreseen fall of the misfit (Nielsen 1999, Damping
Parameter in Marquardt's Method, Technical University of Denmark, IMM-REP-1999-05). Both methods linearise the
model by :meth:`LogPosterior.linearise
<contraflow.inference.log_posterior.LogPosterior.linearise>` and return a Gaussian approximation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from contraflow import _random
from contraflow._language import _
from contraflow._types import FloatArray
from contraflow.errors import ConvergenceError
from contraflow.inference.likelihood import ClaimErrors
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.low_rank_gaussian import LowRankGaussian, LowRankPrecision, gaussian_from_jacobian

STARTS = 2
"""Number of starts of a fit."""

START_DEVIATION = 0.5
"""Standard deviation of the deviates of all starts but the first."""

MOST_EVALUATIONS = 60
"""Evaluations of the residuals from each start, at most."""

RELATIVE_TOLERANCE = 1e-4
"""Tolerance of a fit, on the relative changes of misfit and deviates and on the gradient: far finer than what
the claims determine."""

MOST_REFIT_EVALUATIONS = 40
"""Evaluations of the residuals in a refit, at most."""

REFIT_TOLERANCE = 0.01
"""Fall of the misfit, foreseen or found, below which a refit is done."""


@dataclass(frozen=True, eq=False)
class MapEstimate:
    """A maximum of the posterior, with the Gaussian approximation around it."""

    deviates: FloatArray
    """Deviates at the maximum (size,)."""
    costs: FloatArray
    """Misfit that each start reached (start,)."""
    evaluations: int
    """Evaluations of the residuals, of all starts together."""
    gaussian: LowRankGaussian
    """Laplace's approximation at the maximum."""


def find_map(
    log_posterior: LogPosterior,
    figures: ClaimErrors,
    seed: int = 0,
    starts: int = STARTS,
    progress: Callable[[int, int, float], None] | None = None,
    near: FloatArray | None = None,
) -> MapEstimate:
    """Maximise the posterior by trust-region least squares (SciPy's ``trf``) from several starts.

    Parameters
    ----------
    log_posterior
        The density.
    figures
        Figures of the claims and their errors.
    seed
        Seed of the starts other than the first.
    starts
        Number of starts.
    progress
        Called with the number of the start, from 0, that of the evaluation, and the misfit there.
    near
        Deviates of the first start (size,), around which the others are drawn. None: zero, all central
        values.

    Returns
    -------
    MapEstimate
        The best of the maxima that the starts reached.

    Raises
    ------
    ConvergenceError
        If a prediction is not finite at the best maximum; names the claims.
    """
    from scipy.optimize import least_squares

    size = log_posterior.size
    rng = _random.stream("starts of the fit", seed)
    first = np.zeros(size) if near is None else near
    last: dict[bytes, tuple[FloatArray, FloatArray]] = {}
    count = 0

    def both(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        nonlocal count
        key = z.tobytes()
        if key not in last:
            count += 1
            value, jacobian = log_posterior.linearise(z, figures)
            if not _finite(value, jacobian):
                value, jacobian = np.full(value.shape, 1e3), np.zeros(jacobian.shape)
            last.clear()
            last[key] = (value, jacobian)
        return last[key]

    def residuals(z: FloatArray) -> FloatArray:
        value = both(z)[0]
        if progress is not None:
            progress(start, count, misfit(z, value))
        return np.concatenate([z, value])

    def jacobian(z: FloatArray) -> FloatArray:
        return np.concatenate([np.eye(size), both(z)[1]])

    results = []
    for start in range(starts):
        z = first + (0 if start == 0 else START_DEVIATION) * rng.standard_normal(size)
        results.append(
            least_squares(
                residuals, z, jac=jacobian, method="trf",
                tr_solver="lsmr" if size > 1 else "exact", x_scale=1.0, max_nfev=MOST_EVALUATIONS,
                ftol=RELATIVE_TOLERANCE, xtol=RELATIVE_TOLERANCE, gtol=RELATIVE_TOLERANCE,
            )
        )  # fmt: skip
    costs = np.array([r.cost for r in results])
    best = np.asarray(results[int(np.argmin(costs))].x)
    weighed = np.flatnonzero(figures.weight > 0)
    found = np.isfinite(log_posterior.linear(best, weighed).location)
    if not found.all():
        names = [log_posterior.likelihood.claims[i].id for i in weighed[~found]]
        raise ConvergenceError(
            _(
                "No fit was found from {starts} starts: the model gives no finite figure for {claims}. Check "
                "that goods can reach the markets at a profit with the central values of parameters.csv."
            ).format(starts=starts, claims=", ".join(names))
        )
    return MapEstimate(best, costs, count, gaussian_from_jacobian(best, both(best)[1]))


def refit_map(log_posterior: LogPosterior, figures: ClaimErrors, near: FloatArray) -> MapEstimate:
    """The maximum of the posterior under other figures, by the method of Levenberg and Marquardt.

    Parameters
    ----------
    log_posterior
        The density.
    figures
        Figures of the claims and their errors.
    near
        Start: deviates (size,) of the maximum under figures that differ a little.

    Returns
    -------
    MapEstimate
        The maximum, to within about REFIT_TOLERANCE of the misfit, or the best point after
        MOST_REFIT_EVALUATIONS.

    Raises
    ------
    ConvergenceError
        If a residual or its derivative is not finite at the start.
    """
    z = near
    residual, jacobian = log_posterior.linearise(z, figures)
    if not _finite(residual, jacobian):
        raise ConvergenceError(_("The model gives no finite figure for the claims that are taken as true."))
    cost = misfit(z, residual)
    damping, growth, count = 0.0, 2.0, 1
    while count < MOST_REFIT_EVALUATIONS:
        move, foreseen = _step(z, residual, jacobian, damping)
        if foreseen < REFIT_TOLERANCE:
            break
        residual_there, jacobian_there = log_posterior.linearise(z + move, figures)
        count += 1
        sound = _finite(residual_there, jacobian_there)
        fall = cost - misfit(z + move, residual_there) if sound else -np.inf
        if fall > 0:
            z, residual, jacobian, cost = z + move, residual_there, jacobian_there, cost - fall
            damping = max(damping, 1e-3) * max(0.1, 1 - (2 * fall / foreseen - 1) ** 3)
            growth = 2.0
            if fall < REFIT_TOLERANCE:
                break
        else:
            damping, growth = max(damping, 0.5) * growth, 2 * growth
    return MapEstimate(z, np.array([cost]), count, gaussian_from_jacobian(z, jacobian))


def misfit(z: FloatArray, residual: FloatArray) -> float:
    """Misfit from deviates ``z`` (size,) and robust residuals (weighed,)."""
    return 0.5 * float(z @ z + residual @ residual)


def _step(
    z: FloatArray, residual: FloatArray, jacobian: FloatArray, damping: float
) -> tuple[FloatArray, float]:
    """The damped step (size,), and the fall of the misfit that the linear model foresees."""
    downhill = -(z + residual @ jacobian)
    move = LowRankPrecision(jacobian, damping).solve(downhill)
    return move, 0.5 * float(move @ downhill + damping * (move @ move))


def _finite(residual: FloatArray, jacobian: FloatArray) -> bool:
    """Whether the model could be solved and linearised."""
    return bool(np.isfinite(residual).all() and np.isfinite(jacobian).all())
