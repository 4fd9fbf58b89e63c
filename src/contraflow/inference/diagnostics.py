"""Whether a set of chains can be trusted.

Rank-normalised split R-hat and effective sample sizes of bulk and tails (Vehtari, Gelman, Simpson, Carpenter
and Bürkner 2021, Bayesian Analysis 16(2)), of the prediction for each claim and of each deviate; E-BFMI
(Betancourt 2016, arXiv:1604.00695); divergences. All are computed by ArviZ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contraflow._language import _, ngettext
from contraflow._numbers import fixed, with_percent
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
            text = _("chains disagree: R-hat is {rhat} for the least settled prediction, {most} is allowed")
            worst = float(np.nanmax(self.rhat))
            found.append(text.format(rhat=fixed(worst, 3), most=fixed(LARGEST_RHAT, 2)))
        least = float(min(np.nanmin(self.bulk), np.nanmin(self.tail)))
        if least < LEAST_PER_CHAIN * self.chains:
            text = _("{draws} effective draws, {needed} are needed")
            found.append(text.format(draws=f"{least:.0f}", needed=LEAST_PER_CHAIN * self.chains))
        if np.nanmin(self.ebfmi, initial=1.0) < LEAST_EBFMI:
            lowest, limit = fixed(float(np.nanmin(self.ebfmi)), 2), fixed(LEAST_EBFMI, 1)
            found.append(_("E-BFMI is {lowest}, below {limit}").format(lowest=lowest, limit=limit))
        if self.divergent > MOST_DIVERGENT:
            found.append(_("{share} of the trajectories diverged").format(share=self._diverged))
        return found

    def words(self) -> str:
        """Number of draws and, of several chains, the worst of each diagnostic, in one line."""
        if self.chains < 2:
            return ngettext("{draws} draw", "{draws} draws", self.draws).format(draws=fixed(self.draws, 0))
        return _(
            "{chains} chains, {draws} draws; R-hat at most {rhat}; effective draws at least {bulk} (bulk), "
            "{tail} (tail); {share} divergent; E-BFMI {ebfmi}"
        ).format(
            chains=self.chains,
            draws=fixed(self.draws, 0),
            rhat=fixed(float(np.nanmax(self.rhat)), 3),
            bulk=fixed(float(np.nanmin(self.bulk)), 0),
            tail=fixed(float(np.nanmin(self.tail)), 0),
            share=self._diverged,
            ebfmi=fixed(float(np.nanmin(self.ebfmi, initial=1.0)), 2),
        )

    @property
    def _diverged(self) -> str:
        return with_percent(fixed(100 * self.divergent, 1))


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
