"""Which claims pull an output in which direction: the forces that balance at the best fit.

At the maximum the gradient of the log posterior is zero. With J_i the derivative of output i with respect to
the deviates z, C the covariance of the Gaussian approximation, and r_j and R_j the robust residual of claim j
and its derivative,

    sum over claims of pull(i, j) + pull(i, prior) = 0 ,
    pull(i, j) = - J_i C R_j^T r_j ,    pull(i, prior) = - J_i C z .

A pull is the first-order change of the output, on its scale, if the claim counted twice: the infinitesimal
jackknife (Giordano, Stephenson, Liu, Jordan & Broderick 2019, PMLR 89; Efron 2014, JASA 109(507)) at the
maximum, where it has no sampling noise and includes the pull of the assumed ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from contraflow._types import FloatArray
from contraflow.inference.posterior import Posterior

NAMED = 3
"""Claims and numbers, at most, that are named."""

WORTH_NAMING = 0.05
"""Share of all pull away from a claim below which nothing is named."""


class Pull(NamedTuple):
    """A pull away from a claim."""

    id: str
    """Id of the claim or number that pulls."""
    part: float
    """Its share of all pull away."""


class PullsAway(NamedTuple):
    """What pulls the model away from a claim, the strongest first."""

    claims: tuple[Pull, ...]
    """Other claims."""
    numbers: tuple[Pull, ...]
    """Free numbers, through their ranges."""
    ranges: float
    """Share of all pull away that is due to ranges."""


@dataclass(frozen=True, eq=False)
class Pulls:
    """Pulls on the model's value of each observable claim, at the maximum of the posterior."""

    posterior: Posterior
    """The posterior."""

    @cached_property
    def location(self) -> FloatArray:
        """Value at the best fit (claim,), on the claims' scales."""
        return self._linear[0]

    @cached_property
    def by_claim(self) -> FloatArray:
        """Pull on each output by each claim (output, claim); 0 by claims that were not fitted."""
        log_posterior, fit, figures = self.posterior.log_posterior, self.posterior.fit, self.posterior.figures
        residual, slope = log_posterior.linearise(fit.deviates, figures)
        pulls = np.zeros((len(log_posterior.likelihood.claims),) * 2)
        pulls[:, figures.weight > 0] = -(self._spread @ slope.T) * residual
        return pulls

    @cached_property
    def by_number(self) -> FloatArray:
        """Pull on each output by the range of each free number (output, free)."""
        size = self.posterior.log_posterior.prior.size
        return -self._spread[:, :size] * self.posterior.fit.deviates[:size]

    def away_from(self, claim: int) -> PullsAway:
        """What pulls the model away from a ``claim``, given by its position."""
        log_posterior = self.posterior.log_posterior
        away = np.sign(self.location[claim] - self.posterior.figures.centre[claim])
        claims = np.maximum(away * self.by_claim[claim], 0.0)
        claims[claim] = 0.0
        numbers = np.maximum(away * self.by_number[claim], 0.0)
        whole = claims.sum() + numbers.sum()
        if not whole > 0:
            return PullsAway((), (), 0.0)
        ids = log_posterior.likelihood.responder.model.network.ledger.ids
        return PullsAway(
            _hardest([c.id for c in log_posterior.likelihood.claims], claims / whole),
            _hardest([ids[n] for n in log_posterior.prior.free], numbers / whole),
            float(numbers.sum() / whole),
        )

    @cached_property
    def _linear(self) -> tuple[FloatArray, FloatArray]:
        log_posterior = self.posterior.log_posterior
        every = np.arange(len(log_posterior.likelihood.claims))
        location, jacobian, *_ = log_posterior.linear(self.posterior.fit.deviates, every)
        return location, jacobian

    @cached_property
    def _spread(self) -> FloatArray:
        """J C (output, size)."""
        return self.posterior.fit.gaussian.covariance(np.nan_to_num(self._linear[1]))


def _hardest(names: Sequence[str], parts: FloatArray) -> tuple[Pull, ...]:
    order = np.argsort(-parts, kind="stable")[:NAMED]
    return tuple(Pull(names[n], float(parts[n])) for n in order if parts[n] > WORTH_NAMING)
