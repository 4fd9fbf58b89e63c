"""A fit again from a maximum that is near: Levenberg and Marquardt's steps, few and each in full.

Each evaluation costs an equilibrium of every year, each step only a system as large as the claims are
many. With residuals r, their Jacobian R and a damping l, the step s from deviates z solves

    ((1 + l) I + R^T R) s = -(z + R^T r) ,

by the Woodbury identity. The damping follows the ratio of the fall of the misfit to the fall foreseen
(Nielsen 1999, Damping parameter in Marquardt's method).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from contraflow.errors import ConvergenceError
from contraflow.inference.likelihood import Figures
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.low_rank_gaussian import gaussian_from_jacobian
from contraflow.inference.map_estimate import MapEstimate

FloatArray = npt.NDArray[np.float64]

ENOUGH = 0.01
"""Fall of the misfit, as foreseen or as found, below which the fit is done."""

MOST_EVALUATIONS = 40


def refit_map(log_posterior: LogPosterior, figures: Figures, near: FloatArray) -> MapEstimate:
    """The maximum of the posterior under other ``figures``, from deviates ``near`` (size,).

    Raises :class:`~contraflow.errors.ConvergenceError` where the model gives no finite figures there.
    """
    z = near
    residual, slope = log_posterior.linearise(z, figures)
    if not (np.isfinite(residual).all() and np.isfinite(slope).all()):
        raise ConvergenceError("The model gives no finite figure for the claims that are taken as true.")
    cost = _cost(z, residual)
    damping, growth, count = 0.0, 2.0, 1
    while count < MOST_EVALUATIONS:
        move, foreseen = _step(z, residual, slope, damping)
        if foreseen < ENOUGH:
            break
        tried, tried_slope = log_posterior.linearise(z + move, figures)
        count += 1
        sound = np.isfinite(tried).all() and np.isfinite(tried_slope).all()
        fall = cost - _cost(z + move, tried) if sound else -np.inf
        if fall > 0:
            z, residual, slope, cost = z + move, tried, tried_slope, cost - fall
            damping = max(damping, 1e-3) * max(0.1, 1 - (2 * fall / foreseen - 1) ** 3)
            growth = 2.0
            if fall < ENOUGH:
                break
        else:
            damping, growth = max(damping, 0.5) * growth, 2 * growth
    return MapEstimate(z, np.array([cost]), count, gaussian_from_jacobian(z, slope))


def _cost(z: FloatArray, residual: FloatArray) -> float:
    """Minus the log posterior, up to a constant."""
    return 0.5 * float(z @ z + residual @ residual)


def _step(z: FloatArray, residual: FloatArray, slope: FloatArray, damping: float) -> tuple[FloatArray, float]:
    """The step (size,), and the fall of the misfit that the linear model foresees."""
    stiff = 1 + damping
    downhill = -(z + residual @ slope)
    inner = np.linalg.solve(stiff * np.eye(len(slope)) + slope @ slope.T, slope @ downhill)
    move = (downhill - inner @ slope) / stiff
    foreseen = 0.5 * float(move @ downhill + damping * (move @ move))
    return move, foreseen
