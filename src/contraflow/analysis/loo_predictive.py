"""How surprising each claim is under the model: leave-one-out posterior predictive probabilities.

With F the predictive distribution of what the source would state if the model were true,

    F(c) = sum over draws of w_d  P( m_d - s e_d - d eps <= c ) ,    eps ~ Student t ,

in the symbols of :mod:`contraflow.inference.likelihood`, the surprise of a figure c is its two-sided tail
probability 2 min(F(c), 1 - F(c)); that of a bound is one-sided. A fitted claim has itself influenced the
model, so its weights w are those of the posterior without it (and without its repetitions), by
Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024, Journal of Machine Learning
Research 25(72)). Draws of the Gaussian approximation are reweighted by the approximation's own factor of the
claim, exp(-1/2 (r + R (z - m))^2), since they were not drawn by the true one.

Where the weights collapse, because few draws of the posterior are at home in the posterior without the claim,
nothing is known about that posterior: the claim has no expectation and no surprise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contraflow import _random
from contraflow._quantiles import LEVELS
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.analysis import psis
from contraflow.inference.likelihood import DEGREES_OF_FREEDOM
from contraflow.inference.posterior import Posterior

UNLIKELY = 0.1
"""Surprise below which a claim counts as outvoted: outside the 90 % interval of what would be stated."""

FEWEST = 100
"""Draws below which none are reweighted."""


EFFECTIVE = 20.0
"""Effective number of draws below which weights have collapsed, whatever their tail looks like."""


class Surprises(NamedTuple):
    """Every observable claim against the posterior."""

    predicted: FloatArray
    """Quantiles of the model's value at LEVELS (claim, level), in units of the model."""
    expected: FloatArray
    """Quantiles of what the source would then state at LEVELS (claim, level), in units of the model; NaN
    where the weights have collapsed.
    """
    chance: FloatArray
    """Surprise (claim,); NaN where the weights have collapsed."""
    pareto: FloatArray
    """Pareto k of leaving the claim out (claim,); NaN for claims that are not left out."""

    @property
    def known(self) -> BoolArray:
        """Whether it can be said how surprising a claim is (claim,)."""
        return np.isfinite(self.chance)


def surprises(posterior: Posterior) -> Surprises:
    """Quantiles, predictive quantiles and surprise of every observable claim."""
    likelihood, figures = posterior.log_posterior.likelihood, posterior.figures
    sound = sound_draws(posterior)
    locations = posterior.locations[sound]
    predictive = posterior.predictive(_random.stream("leave-one-out predictions", posterior.seed))[sound]
    shared = figures.shared * np.asarray(likelihood.shared(posterior.errors[sound]))
    log_likelihood = (posterior.log_likelihood * posterior.figures.weight)[sound]
    many = len(likelihood.claims)
    predicted, expected = np.empty((many, len(LEVELS))), np.empty((many, len(LEVELS)))
    chance, pareto = np.empty(many), np.full(many, np.nan)
    for number in range(many):
        kin = (likelihood.repeated == likelihood.repeated[number]) & (figures.weight > 0)
        weight = np.full(sound.size, 1 / sound.size)
        if figures.weight[number] > 0:
            weight, pareto[number] = leave_out(log_likelihood[:, kin].sum(axis=1))
        predicted[number] = np.quantile(locations[:, number], LEVELS)
        if collapsed(weight, pareto[number]):
            chance[number], expected[number] = np.nan, np.nan
            continue
        off = (locations[:, number] - shared[:, number] - figures.centre[number]) / figures.own[number]
        chance[number] = tail(off, weight, int(likelihood.sides[number]))
        expected[number] = psis.weighted_quantiles(predictive[:, number], weight[None])[0]
    return Surprises(
        likelihood.scale.inverse(predicted.T).T, likelihood.scale.inverse(expected.T).T, chance, pareto
    )


def sound_draws(posterior: Posterior) -> IntArray:
    """Draws in which the year of every claim has an equilibrium."""
    return np.flatnonzero(np.isfinite(posterior.locations).all(axis=1))


def leave_out(log_likelihood: FloatArray) -> tuple[FloatArray, float]:
    """Weights of the draws without a claim, which sum to 1 (draw,), and their Pareto k.

    With too few draws, or for a bound that no draw breaks, the weights are equal and k is NaN.

    Parameters
    ----------
    log_likelihood
        Log likelihood of the claim (draw,).
    """
    if log_likelihood.size < FEWEST or np.ptp(log_likelihood) < psis.SAME:
        return np.full(log_likelihood.size, 1 / log_likelihood.size), np.nan
    found = psis.smooth(-log_likelihood[None])
    return found.weights[0], float(found.k[0])


def collapsed(weight: FloatArray, pareto: float) -> bool:
    """Whether so few draws carry the weight that they say nothing about the posterior that is meant.

    Parameters
    ----------
    weight
        Weights that sum to 1 (draw,).
    pareto
        Their Pareto k; NaN where all weigh the same.
    """
    if np.isnan(pareto):
        return False
    return bool(pareto > psis.RELIABLE_K or 1 / np.sum(weight**2) < EFFECTIVE)


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
