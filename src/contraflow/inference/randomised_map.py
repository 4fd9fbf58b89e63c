"""A quick approximation: the Gaussian approximation around the maximum, drawn back to the claims.

A draw of that approximation (Laplace's) answers the linear problem with perturbed centres of the ranges
and perturbed claims. Where the model bends it no longer fits what it was drawn to fit. So each draw is
moved towards the minimum of its own perturbed problem,

    |z - e|^2 + |r(z) - d|^2 ,    e, d ~ N(0, I) ,

with r the robust residuals of the claims: randomised maximum likelihood (Oliver, He and Reynolds 1996,
Proceedings of the 5th European Conference on the Mathematics of Oil Recovery), which draws from the
posterior itself where r is linear (Bardsley, Solonen, Haario and Laine 2014, SIAM Journal on Scientific
Computing 36(4)). The steps use the Jacobian J at the maximum for all draws,

    z <- z - s (I + J^T J)^-1 (z - e + J^T (r(z) - d)) ,

each kept where it gains and shortened where it does not.
"""

from __future__ import annotations

import numpy as np

from contraflow._types import FloatArray
from contraflow.errors import ConvergenceError
from contraflow.inference.likelihood import ClaimErrors
from contraflow.inference.log_posterior import LinearSurrogate, LogPosterior
from contraflow.inference.map_estimate import MapEstimate

ROUNDS = 5
SHORTER = 0.4
"""Factor on the step of a draw that did not gain."""

SPARE = 1.15
"""Draws made for each that is wanted: some have no equilibrium in a year that claims observe."""

TRIES = 5


def approximate(
    log_posterior: LogPosterior,
    figures: ClaimErrors,
    found: MapEstimate,
    surrogate: LinearSurrogate,
    draws: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Deviates (draw, size) of the approximation and what the model says of every claim (draw, claim).

    Every fitted claim's year is solved in each. ``surrogate`` is the one at the maximum.

    Raises :class:`~contraflow.errors.ConvergenceError` if hardly any draw can be solved.
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
        "of what the claims of other years rest on."
    )


def _drawn(
    log_posterior: LogPosterior,
    figures: ClaimErrors,
    found: MapEstimate,
    surrogate: LinearSurrogate,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
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
    return z
