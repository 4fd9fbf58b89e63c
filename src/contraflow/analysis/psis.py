"""Pareto-smoothed importance sampling, and quantiles under weights.

Draws of one distribution stand for another by weights, the ratios of the densities. The largest ratios
are replaced by the expected order statistics of a generalised Pareto distribution fitted to them; the
shape k of that distribution says whether the weights can be relied on (Vehtari, Simpson, Gelman, Yao and
Gabry 2024, Journal of Machine Learning Research 25(72)). The smoothing is ArviZ's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contraflow._quantiles import LEVELS
from contraflow._types import FloatArray

RELIABLE_K = 0.7
"""Shape k of the tail of importance weights up to which they can be relied on."""

SAME = 1e-9
"""Range of log ratios below which all draws weigh the same."""


class Weights(NamedTuple):
    """Smoothed weights (row, draw), each row summing to 1, and the shape k of each row's tail (row,)."""

    weights: FloatArray
    k: FloatArray


def smooth(log_ratios: FloatArray) -> Weights:
    """Pareto-smoothed importance weights.

    Parameters
    ----------
    log_ratios
        Logarithms (row, draw) of the density that is wanted over the density drawn from, each row up to a
        constant.

    Returns
    -------
    Weights
        k is 0 where all draws weigh the same, or all the heaviest do: there is no tail to smooth. It is
        infinite where none could be fitted.
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
    """Quantiles (row, quantile) of ``values`` (draw,) under ``weights`` (row, draw) of any sum.

    Between draws the distribution function is linear; each draw lies in the middle of its weight. Where
    draws without weight make it flat at a quantile, that is the lowest of them.
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
