"""The maximum of the posterior (MAP estimate), by two ways of nonlinear least squares.

With robust residuals r and deviates z the misfit, minus the log posterior up to a constant, is
(|z|^2 + |r(z)|^2) / 2.

:func:`find_map` is for a case whose fit is not known: SciPy's trust-region reflective method from several
starts, whose bounded steps get along with a model that is far from linear between a start and the fit.

:func:`refit_map` is for the same case under claims that differ a little, from a fit that is near:
Levenberg and Marquardt's steps, few and each in full. Each evaluation costs an equilibrium of every year,
each step only a system as large as the claims are many. With the residuals' Jacobian R and a damping l, the
step s solves

    ((1 + l) I + R^T R) s = -(z + R^T r) .

The damping follows the ratio of the fall of the misfit to the fall foreseen (Nielsen 1999, Damping
parameter in Marquardt's method). Both linearise the model by :meth:`LogPosterior.linearise
<contraflow.inference.log_posterior.LogPosterior.linearise>` and leave a Gaussian approximation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from contraflow import _random
from contraflow._types import FloatArray
from contraflow.errors import ConvergenceError
from contraflow.inference.likelihood import ClaimErrors
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.low_rank_gaussian import LowRankGaussian, LowRankPrecision, gaussian_from_jacobian

STARTS = 2
START_DEVIATION = 0.5
MOST_EVALUATIONS = 60

RELATIVE_TOLERANCE = 1e-4
"""Relative change of the misfit below which a fit is done: far less than the claims can tell."""

MOST_REFIT_EVALUATIONS = 40

REFIT_TOLERANCE = 0.01
"""Fall of the misfit, as foreseen or as found, below which a refit is done."""


@dataclass(frozen=True, eq=False)
class MapEstimate:
    """A maximum of the posterior, and what its neighbourhood looks like.

    ``deviates`` (size,) are z. ``costs`` (start,) is minus the log posterior, up to a constant, that each
    start reached. ``gaussian`` is the Gaussian approximation there.
    """

    deviates: FloatArray
    costs: FloatArray
    evaluations: int
    gaussian: LowRankGaussian


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
    log_posterior, figures
        What is maximised: the model, and what is known of the claims.
    seed
        Seed of the starts other than the first.
    starts
        Number of starts.
    progress
        Called with the number of the start, of the evaluation, and the misfit there.
    near
        Deviates (size,) of the first start, by default the centre of all ranges; the others are drawn
        around it.

    Returns
    -------
    MapEstimate
        The best of the maxima that the starts reached.

    Raises
    ------
    ConvergenceError
        If no start ends in finite residuals.
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
            f"No fit was found from {starts} starts: the model gives no finite figure for "
            f"{', '.join(names)}. "
            "Check that goods can reach the markets at a profit with the central values of parameters.csv."
        )
    return MapEstimate(best, costs, count, gaussian_from_jacobian(best, both(best)[1]))


def refit_map(log_posterior: LogPosterior, figures: ClaimErrors, near: FloatArray) -> MapEstimate:
    """The maximum of the posterior under other figures, by Levenberg and Marquardt's method.

    Parameters
    ----------
    log_posterior, figures
        What is maximised: the model, and what is known of the claims.
    near
        Deviates (size,) to start from: a maximum under figures that differ a little.

    Returns
    -------
    MapEstimate
        The maximum, to within REFIT_TOLERANCE of the misfit.

    Raises
    ------
    ConvergenceError
        If the model gives no finite figures at the start.
    """
    z = near
    residual, jacobian = log_posterior.linearise(z, figures)
    if not _finite(residual, jacobian):
        raise ConvergenceError("The model gives no finite figure for the claims that are taken as true.")
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
    """Minus the log posterior, up to a constant, from deviates (size,) and robust residuals (weighed,)."""
    return 0.5 * float(z @ z + residual @ residual)


def _step(
    z: FloatArray, residual: FloatArray, jacobian: FloatArray, damping: float
) -> tuple[FloatArray, float]:
    """The step (size,), and the fall of the misfit that the linear model foresees."""
    downhill = -(z + residual @ jacobian)
    move = LowRankPrecision(jacobian, damping).solve(downhill)
    return move, 0.5 * float(move @ downhill + damping * (move @ move))


def _finite(residual: FloatArray, jacobian: FloatArray) -> bool:
    """Whether the model could be solved and linearised."""
    return bool(np.isfinite(residual).all() and np.isfinite(jacobian).all())
