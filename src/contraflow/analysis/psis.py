"""Pareto-smoothed importance sampling, and quantiles under weights.

Draws of one distribution represent another by weights, the ratios of the densities. The largest ratios are
replaced by the expected order statistics of a generalised Pareto distribution fitted to them; the shape k of
that distribution tells whether the weights are reliable (Vehtari, Simpson, Gelman, Yao and Gabry 2024,
Journal of Machine Learning Research 25(72)). The smoothing is ArviZ's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contraflow._quantiles import LEVELS
from contraflow._types import FloatArray

RELIABLE_K = 0.7
"""Shape k of the tail of importance weights up to which they are reliable."""

SAME = 1e-9
"""Range of log ratios below which all draws weigh the same."""


class Weights(NamedTuple):
    """Smoothed importance weights."""

    weights: FloatArray
    """Weights (row, draw); each row sums to 1."""
    k: FloatArray
    """Shape of each row's tail (row,)."""


def smooth(log_ratios: FloatArray) -> Weights:
    """Pareto-smoothed importance weights.

    Parameters
    ----------
    log_ratios
        Logarithms of the wanted density over the density of the draws (row, draw), each row up to a constant.

    Returns
    -------
    Weights
        k is 0 where all draws, or all the heaviest, weigh the same, so that there is no tail to smooth. It is
        infinite where no distribution could be fitted.

    Examples
    --------
    >>> smooth(np.zeros((1, 4))).weights.tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    rows, draws = log_ratios.shape
    weights, k = np.full((rows, draws), 1 / draws), np.zeros(rows)
    for row in np.flatnonzero(np.ptp(log_ratios, axis=1) > SAME):
        logs, k[row] = _smoothed(log_ratios[row])
        raised = np.exp(logs - logs.max())
        weights[row] = raised / raised.sum()
    return Weights(weights, k)


def _smoothed(log_ratios: FloatArray) -> tuple[FloatArray, float]:
    from arviz_stats.base.array import array_stats

    try:
        with np.errstate(all="ignore"):
            logs, k = array_stats.psislw(-np.ascontiguousarray(log_ratios))
    except ValueError:  # all values of the tail are the same
        return log_ratios, 0.0
    return np.asarray(logs), float(k) if np.isfinite(k) else np.inf


def weighted_quantiles(values: FloatArray, weights: FloatArray, at: tuple[float, ...] = LEVELS) -> FloatArray:
    """Quantiles under weights (row, quantile).

    The distribution function is linear between draws, and each draw lies in the middle of its weight. Where
    draws without weight make it flat at a quantile, the lowest of them is taken.

    Parameters
    ----------
    values
        Values (draw,).
    weights
        Weights of any sum (row, draw).
    at
        Probabilities of the quantiles.

    Examples
    --------
    >>> weighted_quantiles(np.array([1.0, 2.0, 3.0]), np.ones((1, 3)), (0.5,)).tolist()
    [[2.0]]
    """
    order = np.argsort(values, kind="stable")
    ordered, mass = values[order], weights[:, order]
    reached = (np.cumsum(mass, axis=1) - mass / 2) / mass.sum(axis=1, keepdims=True)
    result = np.empty((len(mass), len(at)))
    rows = np.arange(len(mass))
    for column, p in enumerate(at):
        above = np.clip((reached < p).sum(axis=1), 1, ordered.size - 1)
        low, high = reached[rows, above - 1], reached[rows, above]
        part = np.clip((p - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
        result[:, column] = ordered[above - 1] + part * (ordered[above] - ordered[above - 1])
    return result
