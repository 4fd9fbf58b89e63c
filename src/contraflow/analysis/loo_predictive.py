"""How surprising each claim is: what the model says of it, and what a source would then state.

With F the predictive distribution of what the source would state if the model were true,

    F(c) = sum over draws of w_d  P( m_d - s e_d - d eps <= c ) ,    eps ~ Student t ,

in the symbols of :mod:`contraflow.inference.likelihood`, the surprise of a figure c is its two-sided tail
probability 2 min(F(c), 1 - F(c)); that of a bound is one-sided. A claim that was fitted has helped to
make the model say what it says, so for it the weights w are those of the posterior without it (and
without its repetitions), by Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry
2024, Journal of Machine Learning Research 25(72)). Draws of the Gaussian approximation are reweighted by
the approximation's own factor of the claim, exp(-1/2 (r + R (z - m))^2): they were not drawn by the true
one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow import _random
from contraflow.inference.likelihood import DEGREES_OF_FREEDOM
from contraflow.inference.posterior import Posterior

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
"""Quantiles that are told: the median and the ends of the 50 % and the 90 % interval."""

UNLIKELY = 0.1
"""Surprise below which a claim counts as outvoted: outside the 90 % interval of what would be stated."""

UNSURE = 0.7
"""Pareto k above which leaving a claim out by reweighting draws is not to be trusted."""

FEWEST = 100
"""Draws below which none are reweighted."""


class Surprises(NamedTuple):
    """Every observable claim against the posterior; arrays lead with the claim.

    ``said`` (claim, level) are quantiles of what the model says and ``told`` of what the source would then
    state, at LEVELS and in inside units. ``chance`` (claim,) is the surprise, ``pareto`` (claim,) the k of
    leaving the claim out; NaN for claims that were not left out.
    """

    said: FloatArray
    told: FloatArray
    chance: FloatArray
    pareto: FloatArray


def surprises(posterior: Posterior) -> Surprises:
    """Quantiles, predictive quantiles and surprise of every observable claim."""
    likelihood, figures = posterior.log_posterior.likelihood, posterior.figures
    sound = sound_draws(posterior)
    said = posterior.locations[sound]
    stated = posterior.predictive(_random.stream("leave-one-out predictions", posterior.seed))[sound]
    shared = figures.shared * _common(posterior)[sound]
    votes = (posterior.log_likelihood * posterior.figures.weight)[sound]
    many = len(likelihood.claims)
    quantiles, told = np.empty((many, LEVELS.size)), np.empty((many, LEVELS.size))
    chance, pareto = np.empty(many), np.full(many, np.nan)
    for number in range(many):
        kin = (likelihood.repeated == likelihood.repeated[number]) & (figures.weight > 0)
        weight = np.full(sound.size, 1 / sound.size)
        if figures.weight[number] > 0:
            weight, pareto[number] = leave_out(votes[:, kin].sum(axis=1))
        off = (said[:, number] - shared[:, number] - figures.centre[number]) / figures.own[number]
        chance[number] = tail(off, weight, int(likelihood.sides[number]))
        quantiles[number] = np.quantile(said[:, number], LEVELS)
        told[number] = quantile(stated[:, number], weight)
    return Surprises(likelihood.from_scale(quantiles.T).T, likelihood.from_scale(told.T).T, chance, pareto)


def sound_draws(posterior: Posterior) -> IntArray:
    """Draws in which every claim's year has an equilibrium."""
    return np.flatnonzero(np.isfinite(posterior.locations).all(axis=1))


def leave_out(votes: FloatArray) -> tuple[FloatArray, float]:
    """Weights (draw,) with sum 1 of the draws without a claim of log likelihood ``votes`` (draw,); Pareto k.

    Too few draws, or a bound that nearly no draw breaks, are left as they are, with k NaN.
    """
    even = np.full(votes.size, 1 / votes.size)
    if votes.size < FEWEST or np.ptp(votes) < 1e-9:
        return even, np.nan
    from arviz_stats.base.array import array_stats

    try:
        with np.errstate(all="ignore"):
            logs, pareto = array_stats.psislw(votes)
    except ValueError:  # "All tail values are the same": hardly any draw is on the wrong side of a bound
        return even, np.nan
    weight = np.exp(logs - logs.max())
    return weight / weight.sum(), float(pareto)


def tail(off: FloatArray, weight: FloatArray, side: int) -> float:
    """Probability of a statement as extreme as the one made.

    ``off`` (draw,) is (model - claim) in deviations of the claim's own error; ``side`` is 1 for a lower
    bound, -1 for an upper one, 0 for a figure.
    """
    from scipy.stats import t

    below = float(weight @ t.sf(off, DEGREES_OF_FREEDOM))
    if side > 0:
        return 1 - below
    return below if side < 0 else 2 * min(below, 1 - below)


def quantile(values: FloatArray, weight: FloatArray) -> FloatArray:
    """Quantiles (level,) at LEVELS of weighted draws."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order]) - 0.5 * weight[order]
    return np.asarray(np.interp(LEVELS, reached, values[order]))


def _common(posterior: Posterior) -> FloatArray:
    """The shared error of each claim (draw, claim), in deviations; 0 where a claim has none."""
    none = np.zeros((posterior.draws, 1))
    return np.concatenate([posterior.errors, none], axis=1)[:, posterior.log_posterior.likelihood.error]
