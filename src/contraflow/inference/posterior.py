"""Draws from the posterior, which every result of a calibrated case carries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from contraflow._types import FloatArray, IntArray
from contraflow.inference.diagnostics import Diagnostics, diagnose
from contraflow.inference.likelihood import DEGREES_OF_FREEDOM, ClaimErrors, heavy, log_density
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.map_estimate import MapEstimate
from contraflow.inference.method import Method
from contraflow.model.numerics import jnp


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the deviates, with the prediction for each claim in each draw."""

    method: Method
    """How the draws were made."""
    log_posterior: LogPosterior
    """The density."""
    figures: ClaimErrors
    """Figures of the claims and their errors."""
    fit: MapEstimate
    """The maximum of the density."""
    deviates: FloatArray
    """Deviates (chain, draw, size)."""
    predicted_by_chain: FloatArray
    """Predictions for all claims (chain, draw, claim) in units of the model; NaN where a year has no
    equilibrium."""
    statistics: dict[str, FloatArray]
    """Statistics of the sampler by name, each (chain, draw); empty for other methods than NUTS."""
    seed: int
    """Seed of the draws."""

    @property
    def chains(self) -> int:
        """Number of chains."""
        return int(self.deviates.shape[0])

    @property
    def draws(self) -> int:
        """Draws of all chains together."""
        return int(self.deviates.shape[0] * self.deviates.shape[1])

    @cached_property
    def z(self) -> FloatArray:
        """Deviates of all draws (draw, size), chain after chain."""
        return self.deviates.reshape(-1, self.deviates.shape[-1])

    @cached_property
    def predicted(self) -> FloatArray:
        """Predictions for all claims (draw, claim), chain after chain, in units of the model."""
        return self.predicted_by_chain.reshape(-1, self.predicted_by_chain.shape[-1])

    @cached_property
    def locations(self) -> FloatArray:
        """:attr:`predicted` on the claims' scales (logarithms, shares in logits)."""
        return np.asarray(self.log_posterior.likelihood.scale.predicted(self.predicted))

    @cached_property
    def errors(self) -> FloatArray:
        """Shared errors (draw, error), in deviations."""
        return np.asarray(heavy(jnp.asarray(self.z[:, self.log_posterior.prior.size :])))

    @cached_property
    def log_likelihood(self) -> FloatArray:
        """Log likelihood of every claim (draw, claim), fitted or not, up to a constant of each claim.

        Without its weight in the posterior, which is in ``figures.weight``.
        """
        r = self.log_posterior.likelihood.residuals(
            jnp.asarray(self.locations), jnp.asarray(self.errors), self.figures
        )
        return np.asarray(log_density(r))

    def ledger(self, picks: IntArray) -> FloatArray:
        """Values of the ledger (pick, number), in units of the model, in the draws ``picks`` (pick,)."""
        return self.log_posterior.ledgers(self.z[picks])

    def picks(self, keep: int) -> IntArray:
        """Positions of at most ``keep`` draws (pick,) with an equilibrium in every year, evenly spaced."""
        sound = np.flatnonzero(np.isfinite(self.locations).all(axis=1))
        if sound.size <= keep:
            return sound
        return sound[np.linspace(0, sound.size - 1, keep).round().astype(np.int64)]

    def predictive(self, rng: np.random.Generator) -> FloatArray:
        """Posterior predictive draws of the figures that sources state.

        Parameters
        ----------
        rng
            Generator of the claims' own errors; the shared ones are in the posterior.

        Returns
        -------
        numpy.ndarray
            Figures (draw, claim) on the claims' scales: predictions less both errors.
        """
        likelihood = self.log_posterior.likelihood
        common = np.asarray(likelihood.shared(self.errors))
        own = rng.standard_t(DEGREES_OF_FREEDOM, size=self.locations.shape)
        return np.asarray(self.locations - self.figures.shared * common - self.figures.own * own)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Agreement of the chains and effective numbers of draws."""
        return diagnose(self.deviates, self.locations.reshape(self.predicted_by_chain.shape), self.statistics)
