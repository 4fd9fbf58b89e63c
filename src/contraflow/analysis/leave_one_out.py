"""What a figure would be without a claim or an assumption, and whose uncertainty its own is.

Pure functions of draws: ``figure`` (draw,) is any result, ``z`` (draw, size) the deviates behind it.

*Left out by weights.* Without some claims the posterior is the same draws with weights

    w_s  ~  exp( sum_i (weight'_i - weight_i) log likelihood_i(s) ) ,

where weight' is 0 for the claims left out and higher for those that repeat them. Raw ratios are smoothed
(Pareto-smoothed importance sampling: Vehtari, Simpson, Gelman, Yao and Gabry 2024, Journal of Machine
Learning Research 25(72)); the shape k of their tail says whether that worked: up to 0.7 it did.

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
import numpy.typing as npt

from contraflow.inference.likelihood import Figures
from contraflow.inference.prior import WIDTH

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

TRUSTED = 0.7
"""Shape k of the tail of importance weights up to which they can be relied on."""

INTERVAL = (0.5, 0.05, 0.95)
"""Quantiles of a figure that are told: median and 90 % interval."""

RESAMPLES = 200
SAME = 1e-9


class Weights(NamedTuple):
    """Smoothed weights (row, draw), each row summing to 1, and the shape k of each row's tail (row,)."""

    weights: FloatArray
    k: FloatArray


class Account(NamedTuple):
    """A figure's variance in the linear account: parts of the deviates (size,) and of the claims (row,).

    ``direction`` (size,) is C g, the covariance of the deviates with the figure. The parts sum to
    ``variance``.
    """

    deviates: FloatArray
    claims: FloatArray
    variance: float
    direction: FloatArray


def smooth(log_ratios: FloatArray) -> Weights:
    """Pareto-smoothed importance weights from log ratios (row, draw) of target over proposal.

    k is 0 where all draws weigh the same.
    """
    from arviz_stats.base.array import array_stats

    rows, draws = log_ratios.shape
    weights, k = np.full((rows, draws), 1 / draws), np.zeros(rows)
    varied = np.flatnonzero(np.ptp(log_ratios, axis=1) > SAME)
    if varied.size:
        with np.errstate(all="ignore"):
            logs, shape = array_stats.psislw(-np.ascontiguousarray(log_ratios[varied]), axis=-1)
        raised = np.exp(logs - logs.max(axis=1, keepdims=True))
        weights[varied] = raised / raised.sum(axis=1, keepdims=True)
        k[varied] = np.where(np.isfinite(shape), shape, np.inf)
    return Weights(weights, k)


def quantiles(figure: FloatArray, weights: FloatArray, at: tuple[float, ...] = INTERVAL) -> FloatArray:
    """Quantiles (row, quantile) of a figure (draw,) under weights (row, draw).

    Between draws the distribution is linear; each draw lies in the middle of its weight.
    """
    order = np.argsort(figure, kind="stable")
    values, mass = figure[order], weights[:, order]
    reached = (np.cumsum(mass, axis=1) - mass / 2) / mass.sum(axis=1, keepdims=True)
    result = np.empty((len(mass), len(at)))
    rows = np.arange(len(mass))
    for column, p in enumerate(at):
        above = np.clip((reached < p).sum(axis=1), 1, values.size - 1)
        low, high = reached[rows, above - 1], reached[rows, above]
        part = np.clip((p - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
        result[:, column] = values[above - 1] + part * (values[above] - values[above - 1])
    return result


def shift_errors(figure: FloatArray, weights: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Standard errors (row,) of the medians' shifts under weights (row, draw), by bootstrap over draws."""
    draws = figure.size
    times = rng.multinomial(draws, np.full(draws, 1 / draws), size=RESAMPLES).astype(float)
    plain = quantiles(figure, times, (0.5,))[:, 0]
    return np.array(
        [(quantiles(figure, times * row + 1e-300, (0.5,))[:, 0] - plain).std(ddof=1) for row in weights]
    )


def without(figures: Figures, repeated: IntArray, out: BoolArray) -> Figures:
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
    direction = solve(jacobian, gradient)
    by_claim = jacobian @ direction
    return Account(direction**2, by_claim**2, float(gradient @ direction), direction)


def solve(jacobian: FloatArray, vectors: FloatArray) -> FloatArray:
    """(I + J^T J)^-1 times vectors (size,) or (size, column), by the smaller of the two inverses."""
    rows = len(jacobian)
    inner = np.linalg.solve(np.eye(rows) + jacobian @ jacobian.T, jacobian @ vectors)
    return np.asarray(vectors - jacobian.T @ inner)


def variances(jacobian: FloatArray) -> FloatArray:
    """Diagonal (size,) of (I + J^T J)^-1."""
    rows = len(jacobian)
    inner = np.linalg.solve(np.eye(rows) + jacobian @ jacobian.T, jacobian)
    return np.asarray(1 - np.einsum("rs,rs->s", jacobian, inner))


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
        return float(gradient @ solve(scaled, aim)), float(gradient @ solve(scaled, gradient))

    mean, variance = at(np.ones(len(residual)))
    every = np.array([at(row) for row in kept]).reshape(-1, 2)
    return LinearLeaveOneOut(every[:, 0] - mean, np.sqrt(every[:, 1] / max(variance, 1e-300)))


def explained(figure: FloatArray, linear: FloatArray) -> float:
    """Part of a figure's variance over draws that a linear account (draw,) explains, slope included."""
    if np.ptp(figure) < SAME * np.abs(figure).max(initial=1.0) or np.ptp(linear) == 0:
        return 0.0
    return float(np.corrcoef(figure, linear)[0, 1] ** 2)
