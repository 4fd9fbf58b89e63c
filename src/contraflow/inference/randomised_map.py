"""A quick approximation of the posterior: randomised maxima, from draws of Laplace's approximation.

A draw of Laplace's approximation solves a least-squares problem with perturbed prior centres e and perturbed
residuals d, for a model linearised at the maximum. For the model itself it solves that problem only roughly.
So each draw is moved towards the minimum of

    |z - e|^2 + |r(z) - d|^2 ,    e, d ~ N(0, I) ,

with r the robust residuals of the claims: randomised maximum likelihood (Oliver, He and Reynolds 1996,
Proceedings of the 5th European Conference on the Mathematics of Oil Recovery), which draws from the
posterior itself where r is linear (Bardsley, Solonen, Haario and Laine 2014, SIAM Journal on Scientific
Computing 36(4)). All draws step with the Jacobian J at the maximum,

    z <- z - s (I + J^T J)^-1 (z - e + J^T (r(z) - d)) .

A step that does not lower the draw's sum of squares is undone, and its factor s reduced.
"""

from __future__ import annotations

import numpy as np

from contraflow._types import FloatArray
from contraflow.errors import ConvergenceError
from contraflow.inference.likelihood import ClaimErrors
from contraflow.inference.log_posterior import LinearSurrogate, LogPosterior
from contraflow.inference.map_estimate import MapEstimate

ROUNDS = 5
"""Steps of each draw."""

SHORTER = 0.4
"""Factor on s after a step that was undone."""

SPARE = 1.15
"""Draws that are made for each wanted one: some have no equilibrium in a year that claims observe."""

TRIES = 5
"""Times that so many draws are made before too few count as a failure."""


def approximate(
    log_posterior: LogPosterior,
    figures: ClaimErrors,
    found: MapEstimate,
    surrogate: LinearSurrogate,
    draws: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draws of the approximation.

    Parameters
    ----------
    log_posterior
        The density.
    figures
        Figures of the claims and their errors.
    found
        The maximum of the density.
    surrogate
        The surrogate there.
    draws
        Number of draws.
    rng
        Generator of the perturbations.

    Returns
    -------
    tuple
        Deviates (draw, size), and predictions for all claims (draw, claim) in units of the model; every draw
        has an equilibrium in the year of each fitted claim.

    Raises
    ------
    ConvergenceError
        If fewer than ``draws`` such draws are found in TRIES times SPARE as many.
    """
    made, predictions = np.zeros((0, log_posterior.size)), np.zeros((0, len(log_posterior.likelihood.claims)))
    some = int(np.ceil(SPARE * draws))
    for _ in range(TRIES):
        z = _drawn(log_posterior, figures, found, surrogate, some, rng)
        predicted = log_posterior.predict(z, surrogate)
        sound = np.isfinite(predicted[:, log_posterior.likelihood.fitted]).all(axis=1)
        made, predictions = np.concatenate([made, z[sound]]), np.concatenate([predictions, predicted[sound]])
        if len(made) >= draws:
            return made[:draws], predictions[:draws]
    raise ConvergenceError(
        f"Only {len(made):,} of {TRIES * some:,} draws of the approximation have an equilibrium in every "
        "year that claims observe. Use Markov chains (method='nuts', --method nuts), or look at the ranges "
        "of the numbers on which the claims of other years depend."
    )


def _drawn(
    log_posterior: LogPosterior,
    figures: ClaimErrors,
    found: MapEstimate,
    surrogate: LinearSurrogate,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Deviates (draw, size) of the approximation, whether or not each year has an equilibrium there.

    They are rounded to single precision, so that they take half the room on disk.
    """
    residual, jacobian = log_posterior.linearise(found.deviates, figures)
    centre = rng.standard_normal((draws, log_posterior.size))
    claim = rng.standard_normal((draws, residual.size))
    covariance = found.gaussian.covariance
    z = found.deviates + covariance(centre + claim @ jacobian)

    def off(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        short = log_posterior.guessed(z, figures, surrogate) - claim
        cost = ((z - centre) ** 2).sum(axis=1) + (short**2).sum(axis=1)
        return short, np.where(np.isfinite(cost), cost, np.inf)

    short, cost = off(z)
    step = np.ones((draws, 1))
    for _ in range(ROUNDS):
        ahead = z - step * covariance(z - centre + short @ jacobian)
        short_ahead, cost_ahead = off(ahead)
        gains = cost_ahead < cost
        z[gains], short[gains], cost[gains] = ahead[gains], short_ahead[gains], cost_ahead[gains]
        step[~gains] *= SHORTER
    return z.astype(np.float32).astype(float)
