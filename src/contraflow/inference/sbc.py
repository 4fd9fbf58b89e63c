"""Simulation-based calibration: whether the sampler draws from the posterior that the model defines.

In each run deviates are drawn from the prior, claims are simulated from them, and the posterior given those
claims is sampled. If the sampler is right, the rank of the true value among its posterior draws is uniform
over runs (Talts, Betancourt, Simpson, Vehtari and Gelman 2018, arXiv:1804.06788). The log likelihood is
ranked as well: it shows errors that no single number shows (Modrák et al. 2025, Bayesian Analysis 20(2)).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from contraflow import _random
from contraflow._language import _
from contraflow._parallel import in_threads
from contraflow._types import FloatArray, IntArray
from contraflow.inference.likelihood import DEGREES_OF_FREEDOM, ClaimErrors, heavy
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.low_rank_gaussian import plain
from contraflow.model.numerics import compiled, jax, jnp

WARM_UP = 150
"""Transitions that precede the kept ones."""

THIN = 4
"""Transitions per kept draw, so that draws are nearly independent."""


class Ranks(NamedTuple):
    """Ranks of true values among posterior draws."""

    names: tuple[str, ...]
    """Ranked quantities: free numbers, shared errors, predictions for fitted claims, and log likelihood."""
    rank: IntArray
    """Number of draws below the true value, from 0 to ``draws`` (run, quantity)."""
    draws: int
    """Posterior draws of a run."""


def simulate(log_posterior: LogPosterior, z: FloatArray, rng: np.random.Generator) -> ClaimErrors:
    """Claims simulated from the model.

    Parameters
    ----------
    log_posterior
        The density.
    z
        Deviates (size,).
    rng
        Generator of the claims' own errors; the shared ones are in ``z``.

    Returns
    -------
    ClaimErrors
        The figures of the case with another ``centre``.
    """
    likelihood, figures = log_posterior.likelihood, log_posterior.likelihood.figures
    predicted = log_posterior.predicted_at(log_posterior.ledgers(z[None]))[0]
    common = np.asarray(likelihood.shared(heavy(jnp.asarray(z[log_posterior.prior.size :]))))
    own = rng.standard_t(DEGREES_OF_FREEDOM, size=predicted.shape)
    location = np.asarray(likelihood.scale.predicted(predicted))
    return figures._replace(centre=location - figures.shared * common - figures.own * own)


def rank(
    log_posterior: LogPosterior,
    runs: int,
    *,
    draws: int = 99,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Ranks:
    """Ranks of true values in simulated calibrations.

    The ranked predictions and their log likelihood are those of the baseline, whatever the claims' years.

    Parameters
    ----------
    log_posterior
        The density.
    runs
        Number of calibrations.
    draws
        Posterior draws of each that are kept.
    seed
        Seed of all runs.
    progress
        Called with the number of runs that are done, and of all.

    Returns
    -------
    Ranks
        A rank for each run and quantity.

    Raises
    ------
    ValueError
        If a fitted claim is a bound, which has no density to draw from, or has a weight other than 1.
    """
    likelihood = log_posterior.likelihood
    fitted = np.flatnonzero(likelihood.fitted)
    if (likelihood.sides[fitted] != 0).any() or (likelihood.figures.weight[fitted] != 1).any():
        raise ValueError(
            _("Simulation-based calibration needs fitted claims that are figures of full weight.")
        )
    names = [likelihood.responder.model.network.ledger.ids[i] for i in log_posterior.prior.free]
    names += [f"error-{n}" for n in range(likelihood.errors)]
    names += [f"claim {likelihood.claims[i].id}" for i in fitted] + ["log likelihood"]

    def quantities(z: jax.Array, figures: ClaimErrors) -> jax.Array:
        location = log_posterior.now(z)
        r = likelihood.residuals(location, heavy(z[log_posterior.prior.size :]), figures, fitted)
        likely = -0.5 * (DEGREES_OF_FREEDOM + 1) * jnp.sum(jnp.log1p(r * r / DEGREES_OF_FREEDOM))
        return jnp.concatenate([z, location, likely[None]])

    evaluate = compiled(lambda zs, figures: jax.lax.map(lambda z: quantities(z, figures), zs, batch_size=32))
    sampler, done = log_posterior.sampler, [0]

    def one(run: int) -> IntArray:
        rng = _random.stream("simulation-based calibration", seed, run)
        truth, start = rng.standard_normal((2, log_posterior.size))
        figures = simulate(log_posterior, truth, rng)
        chain = sampler.run(
            jax.random.key(int(rng.integers(2**31))), 0.5 * start[None], plain(np.zeros(log_posterior.size)),
            (figures, log_posterior.surrogate(np.zeros(log_posterior.size))),
            warm_up=WARM_UP, draws=draws * THIN,
        )  # fmt: skip
        kept = np.concatenate([truth[None], chain.draws[0, THIN - 1 :: THIN]])
        values = np.asarray(evaluate(kept, figures))
        done[0] += 1
        if progress is not None:
            progress(done[0], runs)
        return np.asarray((values[1:] < values[0]).sum(axis=0))

    first = one(0)
    others = in_threads(one, range(1, runs))
    return Ranks(tuple(names), np.array([first, *others]), draws)


def uniformity(ranks: Ranks, bins: int = 10) -> FloatArray:
    """Chi-square test of uniform ranks.

    Parameters
    ----------
    ranks
        The ranks.
    bins
        Number of bins of equal width.

    Returns
    -------
    numpy.ndarray
        Probability of ranks as uneven as these if they were uniform (quantity,).
    """
    from scipy.stats import chi2

    runs = len(ranks.rank)
    cell = ranks.rank * bins // (ranks.draws + 1)
    counts = np.stack([(cell == b).sum(axis=0) for b in range(bins)])
    statistic = ((counts - runs / bins) ** 2 / (runs / bins)).sum(axis=0)
    return np.asarray(chi2.sf(statistic, bins - 1))
