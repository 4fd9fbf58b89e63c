"""Whether a set of chains can be trusted.

Rank-normalised split R-hat and effective sample sizes of bulk and tails (Vehtari, Gelman, Simpson, Carpenter
and Bürkner 2021, Bayesian Analysis 16(2)), of the prediction for each claim and of each deviate; E-BFMI
(Betancourt 2016, arXiv:1604.00695); divergences. All are computed by ArviZ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contraflow._types import FloatArray

LARGEST_RHAT = 1.01
"""Largest R-hat of a prediction with which chains are trusted (Vehtari et al. 2021)."""

LEAST_PER_CHAIN = 100
"""Fewest effective draws of each prediction, per chain (Vehtari et al. 2021)."""

TAILS = (0.05, 0.95)
"""Quantiles whose effective sample sizes are those of the tails; the smaller counts."""

LEAST_EBFMI = 0.3
"""Smallest E-BFMI of a chain with which it is trusted."""

MOST_DIVERGENT = 0.01
"""Largest share of divergent trajectories with which chains are trusted."""


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Convergence of the chains. With fewer than two, R-hat and effective sample sizes are NaN."""

    rhat: FloatArray
    """R-hat of the prediction for each claim (claim,); NaN for one that is constant or not always solved."""
    bulk: FloatArray
    """Effective sample size of its bulk (claim,)."""
    tail: FloatArray
    """Effective sample size of its tails (claim,)."""
    number_rhat: FloatArray
    """R-hat of each deviate (size,)."""
    number_bulk: FloatArray
    """Effective sample size of its bulk (size,)."""
    divergent: float
    """Share of draws whose trajectory diverged."""
    ebfmi: FloatArray
    """Estimated Bayesian fraction of missing information (chain,); NaN where the sampler has no energies."""
    accepted: float
    """Share of transitions that the exact density accepted."""
    unsolved: float
    """Share of draws without an equilibrium in some year."""
    chains: int
    """Number of chains."""
    draws: int
    """Draws of all chains together."""

    @property
    def problems(self) -> list[str]:
        """Reasons not to trust the chains, a phrase each; none with fewer than two chains."""
        found: list[str] = []
        if self.chains < 2:
            return found
        if np.nanmax(self.rhat) > LARGEST_RHAT:
            found.append(
                f"chains disagree: R-hat is {np.nanmax(self.rhat):.3f} for the least settled prediction, "
                f"{LARGEST_RHAT} is allowed"
            )
        least = float(min(np.nanmin(self.bulk), np.nanmin(self.tail)))
        if least < LEAST_PER_CHAIN * self.chains:
            found.append(f"{least:.0f} effective draws, {LEAST_PER_CHAIN * self.chains} are needed")
        if np.nanmin(self.ebfmi, initial=1.0) < LEAST_EBFMI:
            found.append(f"E-BFMI is {np.nanmin(self.ebfmi):.2f}, below {LEAST_EBFMI}")
        if self.divergent > MOST_DIVERGENT:
            found.append(f"{self.divergent:.1%} of the trajectories diverged")
        return found

    def words(self) -> str:
        """Number of draws and, of several chains, the worst of each diagnostic, in one line."""
        if self.chains < 2:
            return f"{self.draws:,} draws"
        return (
            f"{self.chains} chains, {self.draws:,} draws; R-hat at most {np.nanmax(self.rhat):.3f}; "
            f"effective draws at least {np.nanmin(self.bulk):,.0f} (bulk), "
            f"{np.nanmin(self.tail):,.0f} (tail); "
            f"{self.divergent:.1%} divergent; E-BFMI {np.nanmin(self.ebfmi, initial=1.0):.2f}"
        )


def diagnose(
    deviates: FloatArray, locations: FloatArray, statistics: Mapping[str, FloatArray]
) -> Diagnostics:
    """Diagnose chains.

    Parameters
    ----------
    deviates
        Deviates (chain, draw, size).
    locations
        Prediction for each claim (chain, draw, claim), on the claims' scales; NaN where a year has no
        equilibrium.
    statistics
        Statistics of the sampler by name, each (chain, draw). ``energy``, ``diverging`` and ``accepted`` are
        read if present.

    Returns
    -------
    Diagnostics
        The diagnostics, good or poor.
    """
    chains, draws, size = deviates.shape
    claims = locations.shape[-1]
    sound = np.isfinite(locations).all(axis=(0, 1))
    nothing = np.full(claims, np.nan)
    rhat, bulk, tail = nothing.copy(), nothing.copy(), nothing.copy()
    number_rhat, number_bulk = np.full(size, np.nan), np.full(size, np.nan)
    if chains > 1:
        from arviz_stats.base.array import array_stats

        moves = sound & (locations.std(axis=(0, 1)) > 0)
        seen = np.ascontiguousarray(locations[..., moves])
        rhat[moves] = array_stats.rhat(seen, chain_axis=0, draw_axis=1)
        bulk[moves] = array_stats.ess(seen, chain_axis=0, draw_axis=1, method="bulk")
        tail[moves] = array_stats.ess(seen, chain_axis=0, draw_axis=1, method="tail", prob=TAILS)
        number_rhat = np.asarray(array_stats.rhat(deviates, chain_axis=0, draw_axis=1))
        number_bulk = np.asarray(array_stats.ess(deviates, chain_axis=0, draw_axis=1, method="bulk"))
    energy = statistics.get("energy")
    ebfmi = np.full(chains, np.nan)
    if energy is not None:
        from arviz_stats.base.array import array_stats

        ebfmi = np.asarray(array_stats.bfmi(energy, chain_axis=0, draw_axis=1))
    return Diagnostics(
        rhat, bulk, tail, number_rhat, number_bulk,
        divergent=float(statistics["diverging"].mean()) if "diverging" in statistics else 0.0,
        ebfmi=ebfmi,
        accepted=float(statistics["accepted"].mean()) if "accepted" in statistics else 1.0,
        unsolved=float(1 - np.isfinite(locations).all(axis=-1).mean()),
        chains=chains,
        draws=chains * draws,
    )  # fmt: skip
