"""The value of knowing a fact: expected value of partial perfect information.

Pure functions of draws: facts (draw, fact), and either a figure (draw,) that they would narrow or the
benefits (draw, option) of the options among which they would help to choose.

*Narrowing.* Knowing a fact removes, on average, the variance of the figure's conditional mean:
Var(E[figure | fact]).

*Deciding.* E[max over options of E[benefit | fact]] - max over options of E[benefit].

Conditional means are regressions of the draws on the fact (Strong, Oakley and Brennan 2014, Medical Decision
Making 34(3)): natural cubic splines with knots at quantiles of the fact. The number of knots, possibly none,
is the one that best predicts draws left out, which their leverage gives exactly. Among hundreds of facts some
predict by chance. The largest estimate that chance gives to any of them is found by permuting the draws, and
an estimate that does not exceed it counts as zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contraflow._types import FloatArray

KNOTS = (2, 3, 4, 6)
"""Numbers of knots that are tried; two give a straight line."""

PERMUTATIONS = 60
CHANCE = 0.95
"""Quantile, over permutations, of the largest estimate that chance gives to any fact."""

RESAMPLES = 200


class Worth(NamedTuple):
    """The value of knowing each fact."""

    worth: FloatArray
    """Estimate (fact,)."""
    error: FloatArray
    """Its standard error (fact,)."""
    chance: float
    """95th percentile, under permutation, of the largest estimate among equally many uninformative facts."""

    @property
    def beyond_chance(self) -> FloatArray:
        """The estimate of each fact (fact,), or 0 where chance or its error could explain it."""
        sure = (self.worth > self.chance) & (self.worth > 2 * self.error)
        return np.where(sure, self.worth, 0.0)


def basis(fact: FloatArray, knots: int) -> FloatArray:
    """Orthonormal columns (draw, column) that span the natural cubic splines of a fact.

    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, section 5.2.1.

    Parameters
    ----------
    fact
        Values (draw,); a constant gives the constant column alone.
    knots
        Number of knots, at quantiles from 5 % to 95 %.
    """
    spread = float(fact.std())
    plain = np.ones_like(fact)
    if spread <= 1e-12 * max(1.0, float(np.abs(fact).max())):
        return np.asarray(plain[:, None] / np.sqrt(fact.size))
    x = (fact - fact.mean()) / spread
    ends = np.unique(np.quantile(x, np.linspace(0.05, 0.95, knots)))
    columns = [plain, x]
    if ends.size > 2:
        cubes = np.maximum(x[:, None] - ends, 0.0) ** 3
        slopes = (cubes[:, :-1] - cubes[:, -1:]) / (ends[-1] - ends[:-1])
        columns += list((slopes[:, :-1] - slopes[:, -1:]).T)
    made, triangle = np.linalg.qr(np.stack(columns, axis=1))
    size = np.abs(np.diag(triangle))
    return np.asarray(made[:, size > 1e-8 * size.max()])


def left_out(columns: FloatArray, figures: FloatArray) -> FloatArray:
    """Errors in predicting each draw from all the others (draw, figure), by regression.

    Parameters
    ----------
    columns
        Orthonormal columns of the regression (draw, column).
    figures
        Figures to predict (draw, figure).
    """
    leverage = np.minimum((columns**2).sum(axis=1), 1 - 1e-9)
    return np.asarray((figures - columns @ (columns.T @ figures)) / (1 - leverage)[:, None])


def variance_explained(facts: FloatArray, figure: FloatArray, rng: np.random.Generator) -> Worth:
    """Share of a figure's variance that knowing each fact would remove on average.

    Parameters
    ----------
    facts
        Values (draw, fact).
    figure
        The figure (draw,).
    rng
        Generator for permutations and bootstrap.
    """
    draws = figure.size
    order = np.stack([rng.permutation(draws) for _ in range(PERMUTATIONS)], axis=1)
    figures = np.concatenate([figure[:, None], figure[order]], axis=1)
    alone = (left_out(np.full((draws, 1), draws**-0.5), figures) ** 2).sum(axis=0)
    times = rng.multinomial(draws, np.full(draws, 1 / draws), size=RESAMPLES).astype(float)
    off_alone = left_out(np.full((draws, 1), draws**-0.5), figure[:, None])[:, 0] ** 2
    worth, error = np.zeros(facts.shape[1]), np.zeros(facts.shape[1])
    best = np.zeros(PERMUTATIONS)
    for number, fact in enumerate(facts.T):
        off = [left_out(basis(fact, k), figures) ** 2 for k in KNOTS]
        parts = np.array([1 - o.sum(axis=0) / np.where(alone > 0, alone, np.inf) for o in off])
        chosen = int(parts[:, 0].argmax())
        worth[number] = max(parts[chosen, 0], 0.0)
        error[number] = (1 - (times @ off[chosen][:, 0]) / (times @ off_alone)).std(ddof=1)
        best = np.maximum(best, parts[:, 1:].max(axis=0))
    return Worth(worth, error, float(np.quantile(best, CHANCE)))


def evppi(facts: FloatArray, benefits: FloatArray, rng: np.random.Generator) -> Worth:
    """Expected gain in benefit from knowing each fact before choosing among options.

    Parameters
    ----------
    facts
        Values (draw, fact).
    benefits
        Benefits (draw, option); more is better.
    rng
        Generator for permutations and bootstrap.
    """
    draws = len(benefits)
    first = int(benefits.mean(axis=0).argmax())
    gains = np.delete(benefits - benefits[:, [first]], first, axis=1)
    if not gains.shape[1]:
        return Worth(np.zeros(facts.shape[1]), np.zeros(facts.shape[1]), 0.0)
    order = np.stack([rng.permutation(draws) for _ in range(PERMUTATIONS)])
    shuffled = gains[order].transpose(1, 0, 2)
    every = np.concatenate([gains[:, None], shuffled], axis=1)
    worth, error = np.zeros(facts.shape[1]), np.zeros(facts.shape[1])
    best = np.zeros(PERMUTATIONS)
    for number, fact in enumerate(facts.T):
        gained, columns = _gained(fact, every)
        worth[number], best = gained[0], np.maximum(best, gained[1:])
        if gained[0] > 0:
            error[number] = _resampled(columns, gains, rng)
    return Worth(worth, error, float(np.quantile(best, CHANCE)))


def _gained(fact: FloatArray, gains: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gain from choosing by the fact in each case (case,), and the basis chosen for the first case.

    ``gains`` (draw, case, option) are benefits in excess of the option that is best on average.
    """
    draws, cases, options = gains.shape
    flat = gains.reshape(draws, -1)
    alone = np.full((draws, 1), draws**-0.5)
    bases = [alone, *(basis(fact, k) for k in KNOTS)]
    misses = np.array([(left_out(b, flat) ** 2).sum(axis=0).reshape(cases, options) for b in bases])
    scale = np.where(misses[0] > 0, misses[0], 1.0)
    chosen = (misses / scale).sum(axis=2).argmin(axis=0)
    result = np.zeros(cases)
    for number, columns in enumerate(bases[1:], start=1):
        own = np.flatnonzero(chosen == number)
        if own.size:
            part = gains[:, own].reshape(draws, -1)
            fitted = (columns @ (columns.T @ part)).reshape(draws, own.size, options)
            result[own] = _chosen(fitted)
    return result, bases[int(chosen[0])]


def _chosen(fitted: FloatArray) -> FloatArray:
    """Mean of the best expected gain, minus the gain of the option that is best on average."""
    return np.asarray(
        np.maximum(fitted.max(axis=-1), 0.0).mean(axis=0) - np.maximum(fitted.mean(axis=0).max(axis=-1), 0.0)
    )


def _resampled(columns: FloatArray, gains: FloatArray, rng: np.random.Generator) -> float:
    """Standard error of the gain from choosing by a fact, by bootstrap over draws with the basis kept."""
    draws = len(gains)
    made = []
    for _ in range(RESAMPLES // 2):
        pick = rng.integers(draws, size=draws)
        found, *_ = np.linalg.lstsq(columns[pick], gains[pick], rcond=None)
        made.append(float(_chosen((columns[pick] @ found)[:, None])[0]))
    return float(np.std(made, ddof=1))


def evpi(benefits: FloatArray) -> float:
    """Expected value of perfect information: the gain in benefit from knowing everything before choosing.

    Parameters
    ----------
    benefits
        Benefits (draw, option); more is better.

    Examples
    --------
    >>> evpi(np.array([[1.0, 0.0], [0.0, 1.0]]))
    0.5
    """
    return float(benefits.max(axis=1).mean() - benefits.mean(axis=0).max())
