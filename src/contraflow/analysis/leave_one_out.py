"""A figure without a claim or an assumption, and the sources of its variance.

Pure functions of draws: ``figure`` (draw,) is any result, ``z`` (draw, size) the deviates behind it.

*Leaving out by weights.* Without some claims the posterior is the same draws with weights

    w_s  ~  exp( sum_i (weight'_i - weight_i) log likelihood_i(s) ) ,

where weight' is 0 for the claims left out and higher for those that repeat them. Raw ratios are smoothed by
:mod:`contraflow.analysis.psis`.

*Decomposition of the variance.* For residuals with Jacobian J around a point, draws of a linear model with
Gaussian errors are the least squares solutions for perturbed claims and perturbed centres of the ranges
(randomise, then optimise: Bardsley, Solonen, Haario and Laine 2014, SIAM Journal on Scientific Computing
36(4)). A figure with gradient g then has, with C = (I + J^T J)^-1,

    variance = g^T C g = |C g|^2 + |J C g|^2 :

the range of each number and each shared error adds (C g)_j^2, each claim's own error adds (J C g)_i^2, and
nothing remains.
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
    """A figure's variance in the linear account; its parts sum to ``variance``."""

    deviates: FloatArray
    """Parts of the deviates (size,)."""
    claims: FloatArray
    """Parts of the claims' own errors (row,)."""
    variance: float
    """The whole."""
    direction: FloatArray
    """C g, the covariance of the deviates with the figure (size,)."""


def shift_errors(figure: FloatArray, weights: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Standard errors of the shifts of the median under weights (row,), by bootstrap over draws.

    Parameters
    ----------
    figure
        The figure (draw,).
    weights
        Weights (row, draw).
    rng
        Generator of the bootstrap.
    """
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
    """The figures without some claims; claims that repeat these take over their weight.

    Parameters
    ----------
    figures
        Everything that calibration knows of the claims.
    repeated
        Group of repetitions of each claim (claim,); the weights of a group sum to 1.
    out
        Whether a claim is left out (claim,).
    """
    left = np.where(out, 0.0, figures.weight)
    for group in np.unique(repeated[out & (figures.weight > 0)]):
        own = (repeated == group) & (left > 0)
        if own.any():
            left[own] *= figures.weight[repeated == group].sum() / left[own].sum()
    return figures._replace(weight=left)


def flat_ratios(z: FloatArray, centre: FloatArray) -> FloatArray:
    """Log density of a flat prior over that of the ledger (...,), up to a constant.

    Flat on the scale of the range. With t = centre + z / WIDTH, the position in the range has the derivative
    (1 + t^4)^(-5/4) with respect to t (see :mod:`contraflow.inference.prior`).

    Parameters
    ----------
    z
        Deviates (..., number).
    centre
        Centre of each number's range (number,), in t.
    """
    t = centre + z / WIDTH
    return np.asarray(-1.25 * np.log1p(t**4) + 0.5 * z**2)


def place(t: FloatArray) -> FloatArray:
    """Position in a range, from 0 to 1 on its scale, at t = centre + z / WIDTH."""
    return np.asarray(0.5 * (1 + t / (1 + t**4) ** 0.25))


def at_place(u: float, centre: FloatArray) -> FloatArray:
    """Deviates z at a position ``u`` in the range; the inverse of :func:`place`.

    Examples
    --------
    >>> centre = np.zeros(1)
    >>> place(centre + at_place(0.9, centre) / WIDTH).round(6).tolist()
    [0.9]
    """
    y = 2 * u - 1
    return np.asarray((y / (1 - y**4) ** 0.25 - centre) * WIDTH)


def account(gradient: FloatArray, jacobian: FloatArray) -> Account:
    """Decompose a figure's variance.

    Parameters
    ----------
    gradient
        Gradient of the figure (size,).
    jacobian
        Jacobian of the residuals (row, size).
    """
    direction = LowRankPrecision(jacobian).solve(gradient)
    by_claim = jacobian @ direction
    return Account(direction**2, by_claim**2, float(gradient @ direction), direction)


class LinearLeaveOneOut(NamedTuple):
    """A figure without claims, in the linear account."""

    shift: FloatArray
    """Shift of its mean (row,)."""
    spread: FloatArray
    """Factor on its standard deviation (row,)."""


def linear_leave_one_out(
    centre: FloatArray,
    residual: FloatArray,
    jacobian: FloatArray,
    gradient: FloatArray,
    kept: FloatArray,
) -> LinearLeaveOneOut:
    """The figure without claims in the linear account; exact if the model is linear.

    The minimum of |z|^2 + |r + J (z - centre)|^2 moves to the solution of (I + J^T D J) d = -(centre + J^T D
    r).

    Parameters
    ----------
    centre
        Deviates at the centre (size,).
    residual
        Residuals there (claim,).
    jacobian
        Their Jacobian (claim, size).
    gradient
        Gradient of the figure (size,).
    kept
        Fraction of each claim's weight that remains (row, claim).
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
    """Share of a figure's variance over draws that a linear account (draw,) explains."""
    if np.ptp(figure) < SAME * np.abs(figure).max(initial=1.0) or np.ptp(linear) == 0:
        return 0.0
    return float(np.corrcoef(figure, linear)[0, 1] ** 2)
