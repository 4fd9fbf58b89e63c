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

Where the model bends much, that gets stuck on the way: such draws go on with a Jacobian each, which Broyden's
update moves from J. What even then ends far above the minimum of its linear problem solves no problem at all
and is no draw; without this rule some draws had countries with a thousandth of the crop that surveys saw.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from contraflow._language import _
from contraflow._numbers import fixed
from contraflow._types import FloatArray, IntArray
from contraflow.errors import ConvergenceError
from contraflow.inference.likelihood import ClaimErrors
from contraflow.inference.log_posterior import LinearSurrogate, LogPosterior
from contraflow.inference.map_estimate import MapEstimate

ROUNDS = 5
"""Steps of each draw."""

MORE_ROUNDS = 16
"""Steps of a stuck draw with a Jacobian of its own."""

STUCK = 6.0
"""Standard deviations of a sum of squares by which a draw may end above the minimum of its linear problem."""

SHORTER = 0.4
"""Factor on s after a step that was undone."""

SPARE = 1.15
"""Draws that are made for each wanted one: some are stuck, or lack an equilibrium in a year of the claims."""

TINY = 1e-12
"""Square of the length of a move from which its slope is learnt, at least."""

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
        solves its problem, with an equilibrium in the year of each fitted claim.

    Raises
    ------
    ConvergenceError
        If fewer than ``draws`` such draws are found in TRIES times SPARE as many.
    """
    made, predictions = np.zeros((0, log_posterior.size)), np.zeros((0, len(log_posterior.likelihood.claims)))
    some = int(np.ceil(SPARE * draws))
    for _try in range(TRIES):
        problems = _perturbed(log_posterior, figures, found, some, rng)
        z = _solved(problems, log_posterior, figures, found, surrogate)
        predicted = log_posterior.predict(z, surrogate)
        short = log_posterior.residuals_at(z, predicted, figures) - problems.claim
        sound = problems.cost(z, short) < problems.most
        made, predictions = np.concatenate([made, z[sound]]), np.concatenate([predictions, predicted[sound]])
        if len(made) >= draws:
            return made[:draws], predictions[:draws]
    raise ConvergenceError(
        _(
            "Only {found} of {made} draws of the approximation have an equilibrium in every year that claims "
            "observe. Use Markov chains (method='nuts', --method nuts), or look at the ranges of the numbers "
            "on which the claims of other years depend."
        ).format(found=fixed(len(made), 0), made=fixed(TRIES * some, 0))
    )


class _Problems(NamedTuple):
    """Perturbed problems; all fields but the Jacobian lead with (draw,)."""

    centre: FloatArray
    """Centres of the prior (draw, size)."""
    claim: FloatArray
    """Residuals that are aimed at (draw, weighed)."""
    start: FloatArray
    """Solutions of the linear problems (draw, size)."""
    most: FloatArray
    """Sum of squares above which a draw is stuck (draw,)."""
    jacobian: FloatArray
    """Derivatives of the residuals at the maximum (weighed, size)."""

    def cost(self, z: FloatArray, short: FloatArray) -> FloatArray:
        """Sums of squares (draw,), infinite where the model has no solution."""
        cost = ((z - self.centre) ** 2).sum(axis=1) + (short**2).sum(axis=1)
        return np.where(np.isfinite(cost), cost, np.inf)

    def only(self, some: IntArray) -> _Problems:
        """Some of the problems."""
        return _Problems(
            self.centre[some], self.claim[some], self.start[some], self.most[some], self.jacobian
        )


def _perturbed(
    log_posterior: LogPosterior,
    figures: ClaimErrors,
    found: MapEstimate,
    draws: int,
    rng: np.random.Generator,
) -> _Problems:
    residual, jacobian = log_posterior.linearise(found.deviates, figures)
    centre = rng.standard_normal((draws, log_posterior.size))
    claim = rng.standard_normal((draws, residual.size))
    start = found.deviates + found.gaussian.covariance(centre + claim @ jacobian)
    problems = _Problems(centre, claim, start, np.zeros(draws), jacobian)
    least = problems.cost(start, residual + (start - found.deviates) @ jacobian.T - claim)
    return problems._replace(most=least + STUCK * math.sqrt(2 * residual.size))


def _solved(
    problems: _Problems,
    log_posterior: LogPosterior,
    figures: ClaimErrors,
    found: MapEstimate,
    surrogate: LinearSurrogate,
) -> FloatArray:
    """Deviates (draw, size) where the search ends, whether or not that solves the problem.

    They are rounded to single precision, so that they take half the room on disk.
    """

    def off(z: FloatArray, problems: _Problems) -> tuple[FloatArray, FloatArray]:
        short = log_posterior.guessed(z, figures, surrogate) - problems.claim
        return short, problems.cost(z, short)

    z, covariance = problems.start.copy(), found.gaussian.covariance
    short, cost = off(z, problems)
    step = np.ones((len(z), 1))
    for _round in range(ROUNDS):
        ahead = z - step * covariance(z - problems.centre + short @ problems.jacobian)
        short_ahead, cost_ahead = off(ahead, problems)
        gains = cost_ahead < cost
        z[gains], short[gains], cost[gains] = ahead[gains], short_ahead[gains], cost_ahead[gains]
        step[~gains] *= SHORTER
    stuck = np.flatnonzero(~(cost < problems.most))
    if stuck.size:
        left = problems.only(stuck)
        z[stuck] = _bent(left, z[stuck], short[stuck], cost[stuck], partial(off, problems=left))
    return z.astype(np.float32).astype(float)


def _bent(
    problems: _Problems,
    z: FloatArray,
    short: FloatArray,
    cost: FloatArray,
    off: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
) -> FloatArray:
    """Deviates after steps of Gauss and Newton, with Jacobians that Broyden's update moves."""
    slope = np.repeat(problems.jacobian[None], len(z), axis=0)
    step = np.ones((len(z), 1))
    for _round in range(MORE_ROUNDS):
        here = np.einsum("dws,ds->dw", slope, z - problems.centre) - short
        system = np.eye(short.shape[1]) + slope @ slope.transpose(0, 2, 1)
        aim = problems.centre + np.einsum(
            "dws,dw->ds", slope, np.linalg.solve(system, here[..., None])[..., 0]
        )
        move = step * (aim - z)
        short_ahead, cost_ahead = off(z + move)
        known = np.isfinite(short_ahead).all(axis=1, keepdims=True)
        missed = np.where(known, short_ahead - short - np.einsum("dws,ds->dw", slope, move), 0.0)
        length = np.maximum((move**2).sum(axis=1), TINY)
        slope += missed[:, :, None] * (move / length[:, None])[:, None, :]
        gains = cost_ahead < cost
        z[gains] += move[gains]
        short[gains], cost[gains] = short_ahead[gains], cost_ahead[gains]
        step = np.where(gains[:, None], np.minimum(1.0, step / SHORTER), step * SHORTER)
    return z
