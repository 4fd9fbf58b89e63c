"""How surprising each claim is under the model: leave-one-out posterior predictive probabilities.

With F the predictive distribution of what the source would state if the model were true,

    F(c) = sum over draws of w_d  P( m_d - s e_d - d eps <= c ) ,    eps ~ Student t ,

in the symbols of :mod:`contraflow.inference.likelihood`, the surprise of a figure c is its two-sided tail
probability 2 min(F(c), 1 - F(c)); that of a bound is one-sided. A fitted claim has itself influenced the
model, so its weights w are those of the posterior without it (and without its repetitions), by
Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024, Journal of Machine Learning
Research 25(72)). Draws of the Gaussian approximation are reweighted by the approximation's own factor of the
claim, exp(-1/2 (r + R (z - m))^2), since they were not drawn by the true one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contraflow import _random
from contraflow._quantiles import LEVELS
from contraflow._types import FloatArray, IntArray
from contraflow.analysis import psis
from contraflow.inference.likelihood import DEGREES_OF_FREEDOM
from contraflow.inference.posterior import Posterior

UNLIKELY = 0.1
"""Surprise below which a claim counts as outvoted: outside the 90 % interval of what would be stated."""

FEWEST = 100
"""Draws below which none are reweighted."""


class Surprises(NamedTuple):
    """Every observable claim against the posterior."""

    said: FloatArray
    """Quantiles of the model's value at LEVELS (claim, level), in units of the model."""
    told: FloatArray
    """Quantiles at LEVELS of the figure that the source would then state (claim, level), in units of the
    model.
    """
    chance: FloatArray
    """Surprise (claim,)."""
    pareto: FloatArray
    """Pareto k of leaving the claim out (claim,); NaN for claims that are not left out."""


def surprises(posterior: Posterior) -> Surprises:
    """Quantiles, predictive quantiles and surprise of every observable claim."""
    likelihood, figures = posterior.log_posterior.likelihood, posterior.figures
    sound = sound_draws(posterior)
    said = posterior.locations[sound]
    stated = posterior.predictive(_random.stream("leave-one-out predictions", posterior.seed))[sound]
    shared = figures.shared * np.asarray(likelihood.shared(posterior.errors[sound]))
    votes = (posterior.log_likelihood * posterior.figures.weight)[sound]
    many = len(likelihood.claims)
    quantiles, told = np.empty((many, len(LEVELS))), np.empty((many, len(LEVELS)))
    chance, pareto = np.empty(many), np.full(many, np.nan)
    for number in range(many):
        kin = (likelihood.repeated == likelihood.repeated[number]) & (figures.weight > 0)
        weight = np.full(sound.size, 1 / sound.size)
        if figures.weight[number] > 0:
            weight, pareto[number] = leave_out(votes[:, kin].sum(axis=1))
        off = (said[:, number] - shared[:, number] - figures.centre[number]) / figures.own[number]
        chance[number] = tail(off, weight, int(likelihood.sides[number]))
        quantiles[number] = np.quantile(said[:, number], LEVELS)
        told[number] = psis.weighted_quantiles(stated[:, number], weight[None])[0]
    return Surprises(
        likelihood.scale.inverse(quantiles.T).T, likelihood.scale.inverse(told.T).T, chance, pareto
    )


def sound_draws(posterior: Posterior) -> IntArray:
    """Draws in which the year of every claim has an equilibrium."""
    return np.flatnonzero(np.isfinite(posterior.locations).all(axis=1))


def leave_out(votes: FloatArray) -> tuple[FloatArray, float]:
    """Weights of the draws without a claim, which sum to 1 (draw,), and their Pareto k.

    With too few draws, or for a bound that no draw breaks, the weights are equal and k is NaN.

    Parameters
    ----------
    votes
        Log likelihood of the claim (draw,).
    """
    if votes.size < FEWEST or np.ptp(votes) < psis.SAME:
        return np.full(votes.size, 1 / votes.size), np.nan
    found = psis.smooth(-votes[None])
    return found.weights[0], float(found.k[0])


def tail(off: FloatArray, weight: FloatArray, side: int) -> float:
    """Probability of a statement at least as extreme as the one made.

    Parameters
    ----------
    off
        (model - claim) in standard deviations of the claim's own error (draw,).
    weight
        Weights that sum to 1 (draw,).
    side
        1 for a lower bound, -1 for an upper one, 0 for a figure.
    """
    from scipy.stats import t

    below = float(weight @ t.sf(off, DEGREES_OF_FREEDOM))
    if side > 0:
        return 1 - below
    return below if side < 0 else 2 * min(below, 1 - below)
