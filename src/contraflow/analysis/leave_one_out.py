"""What a figure would be without a claim or an assumption, and whose uncertainty its own is.

Pure functions of draws: ``figure`` (draw,) is any result, ``z`` (draw, size) the deviates behind it.

*Left out by weights.* Without some claims the posterior is the same draws with weights

    w_s  ~  exp( sum_i (weight'_i - weight_i) log likelihood_i(s) ) ,

where weight' is 0 for the claims left out and higher for those that repeat them. Raw ratios are smoothed
by :mod:`contraflow.analysis.psis`.

*Whose variance.* For residuals of Jacobian J around a point, draws of a linear model with Gaussian errors
are what least squares makes of perturbed claims and perturbed centres of the ranges (randomise, then
optimise: Bardsley, Solonen, Haario and Laine 2014, SIAM Journal on Scientific Computing 36(4)). A figure
with gradient g then has, with C = (I + J^T J)^-1,

    variance = g^T C g = |C g|^2 + |J C g|^2 :

each number's range and each shared error adds (C g)_j^2, each claim's own error (J C g)_i^2, and nothing
is left over.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.analysis.psis import SAME, weighted_quantiles
from contraflow.inference.likelihood import ClaimErrors
from contraflow.inference.low_rank_gaussian import LowRankPrecision
from contraflow.inference.prior import WIDTH

RESAMPLES = 200


class Account(NamedTuple):
    """A figure's variance in the linear account: parts of the deviates (size,) and of the claims (row,).

    ``direction`` (size,) is C g, the covariance of the deviates with the figure. The parts sum to
    ``variance``.
    """

    deviates: FloatArray
    claims: FloatArray
    variance: float
    direction: FloatArray


def shift_errors(figure: FloatArray, weights: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Standard errors (row,) of the medians' shifts under weights (row, draw), by bootstrap over draws."""
    draws = figure.size
    times = rng.multinomial(draws, np.full(draws, 1 / draws), size=RESAMPLES).astype(float)
    plain = weighted_quantiles(figure, times, (0.5,))[:, 0]
    return np.array(
        [
            (weighted_quantiles(figure, times * row + 1e-300, (0.5,))[:, 0] - plain).std(ddof=1)
            for row in weights
        ]
    )


def without(figures: ClaimErrors, repeated: IntArray, out: BoolArray) -> ClaimErrors:
    """What is known without the claims ``out`` (claim,): those that repeat them take over their weight.

    ``repeated`` (claim,) numbers the groups of repetitions, whose weights sum to 1.
    """
    left = np.where(out, 0.0, figures.weight)
    for group in np.unique(repeated[out & (figures.weight > 0)]):
        own = (repeated == group) & (left > 0)
        if own.any():
            left[own] *= figures.weight[repeated == group].sum() / left[own].sum()
    return figures._replace(weight=left)


def flat_ratios(z: FloatArray, centre: FloatArray) -> FloatArray:
    """Log density of a flat range over that of the ledger's (…,), up to a constant, at deviates z (…,).

    Flat on the range's scale. With t = centre + z / WIDTH the place in the range has the derivative
    (1 + t^4)^(-5/4) by t (see :mod:`contraflow.inference.prior`).
    """
    t = centre + z / WIDTH
    return np.asarray(-1.25 * np.log1p(t**4) + 0.5 * z**2)


def place(t: FloatArray) -> FloatArray:
    """Place in a range from 0 to 1, on its scale, at t = centre + z / WIDTH."""
    return np.asarray(0.5 * (1 + t / (1 + t**4) ** 0.25))


def at_place(u: float, centre: FloatArray) -> FloatArray:
    """Deviates z at a place u in the range: the inverse of :func:`place`."""
    y = 2 * u - 1
    return np.asarray((y / (1 - y**4) ** 0.25 - centre) * WIDTH)


def account(gradient: FloatArray, jacobian: FloatArray) -> Account:
    """Share out a figure's variance from its gradient (size,) and the residuals' Jacobian (row, size)."""
    direction = LowRankPrecision(jacobian).solve(gradient)
    by_claim = jacobian @ direction
    return Account(direction**2, by_claim**2, float(gradient @ direction), direction)


class LinearLeaveOneOut(NamedTuple):
    """Shift of a figure's mean and factor on its deviation when claims are left out; (row,) each."""

    shift: FloatArray
    spread: FloatArray


def linear_leave_one_out(
    centre: FloatArray,
    residual: FloatArray,
    jacobian: FloatArray,
    gradient: FloatArray,
    kept: FloatArray,
) -> LinearLeaveOneOut:
    """What the linear account says of leaving claims out: exact where the model is straight.

    ``kept`` (row, claim) are the parts of each claim's weight that are left. The minimum of
    |z|^2 + |r + J (z - centre)|^2 moves to the solution of (I + J^T D J) d = -(centre + J^T D r).
    """

    def at(part: FloatArray) -> tuple[float, float]:
        root = np.sqrt(part)
        scaled = jacobian * root[:, None]
        aim = -(centre + scaled.T @ (residual * root))
        moved, covariance = LowRankPrecision(scaled).solve(np.stack([aim, gradient], axis=1)).T
        return float(gradient @ moved), float(gradient @ covariance)

    mean, variance = at(np.ones(len(residual)))
    every = np.array([at(row) for row in kept]).reshape(-1, 2)
    return LinearLeaveOneOut(every[:, 0] - mean, np.sqrt(every[:, 1] / max(variance, 1e-300)))


def explained(figure: FloatArray, linear: FloatArray) -> float:
    """Part of a figure's variance over draws that a linear account (draw,) explains, slope included."""
    if np.ptp(figure) < SAME * np.abs(figure).max(initial=1.0) or np.ptp(linear) == 0:
        return 0.0
    return float(np.corrcoef(figure, linear)[0, 1] ** 2)
