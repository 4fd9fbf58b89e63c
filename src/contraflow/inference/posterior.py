"""Draws from the posterior: what every result of a calibrated case carries."""

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
    """Draws of the deviates, and what the model predicts for every claim in each."""

    method: Method
    """How the draws were made."""
    log_posterior: LogPosterior
    """The density that they are draws of."""
    figures: ClaimErrors
    """Figures of the claims, with the deviations of their errors."""
    fit: MapEstimate
    """The maximum that the draws started from."""
    deviates: FloatArray
    """Deviates (chain, draw, size)."""
    predicted_by_chain: FloatArray
    """The model's value of each claim (chain, draw, claim) in units of the model; NaN where a year has no
    equilibrium.
    """
    statistics: dict[str, FloatArray]
    """The sampler's own, each (chain, draw); empty but for NUTS."""
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
        """The model's value of each claim (draw, claim), chain after chain, in units of the model."""
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
        """Log likelihood (draw, claim) of every claim as if it had full weight, fitted or not.

        Up to a constant of each claim. A claim's weight in the posterior is in ``figures.weight``.
        """
        r = self.log_posterior.likelihood.residuals(
            jnp.asarray(self.locations), jnp.asarray(self.errors), self.figures
        )
        return np.asarray(log_density(r))

    def ledger(self, picks: IntArray) -> FloatArray:
        """All numbers (draw, number) of chosen draws."""
        return self.log_posterior.ledgers(self.z[picks])

    def picks(self, keep: int) -> IntArray:
        """At most ``keep`` draws, evenly spaced within and over the chains, that every year can solve."""
        sound = np.flatnonzero(np.isfinite(self.locations).all(axis=1))
        if sound.size <= keep:
            return sound
        return sound[np.linspace(0, sound.size - 1, keep).round().astype(np.int64)]

    def predictive(self, rng: np.random.Generator) -> FloatArray:
        """What sources would state (draw, claim) if the model were true, on the claims' scales.

        Adds to what the model says each claim's errors, shared and own.
        """
        likelihood = self.log_posterior.likelihood
        common = np.asarray(likelihood.shared(self.errors))
        own = rng.standard_t(DEGREES_OF_FREEDOM, size=self.locations.shape)
        return np.asarray(self.locations - self.figures.shared * common - self.figures.own * own)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Whether the chains agree and have seen enough."""
        return diagnose(self.deviates, self.locations.reshape(self.predicted_by_chain.shape), self.statistics)
