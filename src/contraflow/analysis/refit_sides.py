"""What follows if one side of a disagreement is right.

The claims of one side are taken as true, those of all other sides are left out, everything else keeps its
weight, and the model is fitted again from the posterior's maximum. The value that it then gives to the figure
in question is what the side implies; the loss in fit to everything else is the price of believing it.
:mod:`~contraflow.analysis.believed_posterior` draws from what is then the posterior.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from contraflow._quantiles import LEVELS
from contraflow._types import FloatArray, IntArray
from contraflow.case import statements
from contraflow.errors import ConvergenceError
from contraflow.inference.likelihood import ClaimErrors, heavy, log_density
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.map_estimate import MapEstimate, refit_map
from contraflow.inference.posterior import Posterior
from contraflow.inference.scale import ClaimScale
from contraflow.model.numerics import compiled, jax, jnp
from contraflow.model.observables import Observations

TRUE = 0.02
"""Standard deviation, on its scale, of a claim that is taken as true."""

FIRM = 100.0
"""Likelihood weight of a claim that is assumed true. A single tight Student-t term has a flat tail and would
not pull a distant start; FIRM copies of a term wider by sqrt(FIRM) give the same precision and do.
"""

MET = 0.1
"""Difference, on its scale, below which a claim that is taken as true counts as met."""

WORSE = 0.5
"""Rise of a claim's misfit below which it is not reported: that of one standard deviation off."""

NAMED = 3
"""Claims, at most, that are named as fitting worse."""

NORMAL = np.array([-1.645, -0.6745, 0.0, 0.6745, 1.645])
"""Standard normal quantiles at LEVELS."""


class Unmet(NamedTuple):
    """A claim that the model cannot make true."""

    claim: str
    """Its id."""
    stated: float
    """The figure that it states, in units of the model."""
    nearest: float
    """The nearest value that the model reaches."""


class Worse(NamedTuple):
    """A claim that fits worse if a side is right."""

    claim: str
    """Its id."""
    stated: float
    """The figure that it states, in units of the model."""
    before: float
    """The model's value without the side."""
    after: float
    """The model's value with the side."""
    rise: float
    """Rise of its misfit, minus log likelihood."""


class Implied(NamedTuple):
    """What follows from a side."""

    figure: tuple[float, ...]
    """Quantiles of the figure at LEVELS, in units of the model."""
    rise: float
    """Rise of the misfit (minus log posterior) of all claims outside the group, and of the prior, over the
    best fit without any side.
    """
    worse: tuple[Worse, ...]
    """Claims that suffer most."""
    unmet: tuple[Unmet, ...]
    """Claims of the side that cannot be made true."""


def off(posterior: Posterior, location: FloatArray) -> FloatArray:
    """How far claims are from being met (claim,), on their scales; at most 0 on the allowed side of a bound.

    Parameters
    ----------
    posterior
        The posterior with its claims.
    location
        The model's values (claim,) on the claims' scales.
    """
    above, sign = location - posterior.figures.centre, posterior.log_posterior.likelihood.sides
    return np.where(sign > 0, -above, np.where(sign < 0, above, np.abs(above)))


@dataclass(frozen=True, eq=False)
class Yardsticks:
    """Figures in which sides are compared, observed in the baseline."""

    log_posterior: LogPosterior
    """The log posterior with its model."""
    rows: tuple[statements.Observed, ...]
    """Rows of tensions or claims that say what is observed."""

    @cached_property
    def scale(self) -> ClaimScale:
        """Scale of each figure."""
        return ClaimScale(np.array([r.quantity.is_share for r in self.rows], dtype=bool))

    @cached_property
    def _location(self) -> jax.stages.Wrapped:
        responder = self.log_posterior.likelihood.responder
        observations = Observations(responder.model, self.rows).resolve()  # type: ignore[arg-type]

        def location(ledger: jax.Array) -> jax.Array:
            _, economy, point = responder.baseline(ledger)
            return self.scale.predicted(observations.observe(ledger, economy, point))

        return location  # type: ignore[return-value]

    @cached_property
    def _at(self) -> jax.stages.Wrapped:
        prior = self.log_posterior.prior

        def both(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            location, pullback = jax.vjp(lambda z: self._location(prior.ledger_values(z)), z)
            return location, jax.vmap(lambda row: pullback(row)[0])(jnp.eye(len(self.rows)))

        return compiled(both)

    @cached_property
    def _over(self) -> jax.stages.Wrapped:
        return compiled(lambda ledgers: jax.lax.map(self._location, ledgers, batch_size=16))

    def at(self, found: MapEstimate) -> FloatArray:
        """Quantiles around a fit, ``found``, by the delta method (row, level), in units of the model."""
        size = self.log_posterior.prior.size
        location, slope = (np.asarray(x) for x in self._at(jnp.asarray(found.deviates[:size])))
        padded = np.concatenate([slope, np.zeros((len(slope), found.deviates.size - size))], axis=1)
        spread = np.sqrt(np.maximum((found.gaussian.covariance(padded) * padded).sum(axis=1), 0.0))
        return self.scale.inverse((location[:, None] + spread[:, None] * NORMAL).T).T

    def over(self, ledgers: FloatArray) -> FloatArray:
        """Quantiles (row, level) over draws of the ledger (draw, number), in units of the model."""
        return self.scale.inverse(np.nanquantile(np.asarray(self._over(ledgers)), LEVELS, axis=0)).T


@dataclass(frozen=True, eq=False)
class Sides:
    """The sides of one disagreement."""

    posterior: Posterior
    """The posterior."""
    group: IntArray
    """Positions of all claims of the disagreement, or of several (claim,)."""

    @cached_property
    def rest(self) -> MapEstimate:
        """The best fit to everything outside the group."""
        return refit_map(self.posterior.log_posterior, self._figures, self.posterior.fit.deviates)

    @cached_property
    def _figures(self) -> ClaimErrors:
        """The claims outside the group."""
        figures = self.posterior.figures
        weight = figures.weight.copy()
        weight[self.group] = 0.0
        return figures._replace(weight=weight)

    def believed(self, side: IntArray) -> ClaimErrors:
        """Errors of the claims if one side is right: its claims (claim,) are true, other sides' left out."""
        base = self._figures
        own, shared, weight = base.own.copy(), base.shared.copy(), base.weight.copy()
        own[side], shared[side], weight[side] = TRUE * np.sqrt(FIRM), 0.0, FIRM
        return base._replace(own=own, shared=shared, weight=weight)

    def fit(self, side: IntArray) -> MapEstimate:
        """The best fit if one side is right, from that to the rest; ``side`` are its claims (claim,).

        Raises
        ------
        ConvergenceError
            If the model gives no finite figure for these claims, or for those outside the group.
        """
        return refit_map(self.posterior.log_posterior, self.believed(side), self.rest.deviates)

    @cached_property
    def _misfit(self) -> tuple[float, FloatArray, FloatArray]:
        return self._misfit_at(self.rest)

    def _misfit_at(self, found: MapEstimate) -> tuple[float, FloatArray, FloatArray]:
        """Misfit of everything outside the group, the same by claim (claim,), and the model's values (claim,)
        on the claims' scales.
        """
        log_posterior, likelihood = self.posterior.log_posterior, self.posterior.log_posterior.likelihood
        location, *_ = log_posterior.linear(found.deviates, np.arange(len(likelihood.claims)))
        errors = heavy(jnp.asarray(found.deviates[log_posterior.prior.size :]))
        own = likelihood.residuals(jnp.asarray(location), errors, self._figures)
        by_claim = -self._figures.weight * np.asarray(log_density(own))
        by_claim = np.where(self._figures.weight > 0, by_claim, 0.0)
        return float(by_claim.sum() + 0.5 * (found.deviates**2).sum()), by_claim, location

    def believe(self, side: IntArray, yardsticks: Yardsticks, row: int) -> Implied | None:
        """What follows if one side is right.

        Parameters
        ----------
        side
            Positions of its claims (claim,).
        yardsticks
            Figures of all disagreements.
        row
            Row of this disagreement's figure.

        Returns
        -------
        Implied or None
            None if no fit is found.
        """
        try:
            found = self.fit(side)
            before, by_claim_before, location_before = self._misfit
        except ConvergenceError:
            return None
        after, by_claim, location = self._misfit_at(found)
        likelihood = self.posterior.log_posterior.likelihood
        predicted, predicted_before = (likelihood.scale.inverse(x) for x in (location, location_before))
        rise = by_claim - by_claim_before
        order = [int(n) for n in np.argsort(-rise, kind="stable")[:NAMED] if rise[n] > WORSE]
        wrong = off(self.posterior, location)[side]
        return Implied(
            tuple(float(x) for x in yardsticks.at(found)[row]),
            max(0.0, after - before),
            tuple(
                Worse(
                    likelihood.claims[n].id, float(likelihood.stated[n]),
                    float(predicted_before[n]), float(predicted[n]), float(rise[n]),
                )
                for n in order
            ),
            tuple(
                Unmet(likelihood.claims[n].id, float(likelihood.stated[n]), float(predicted[n]))
                for n, w in zip(side.tolist(), wrong, strict=True)
                if w > MET
            ),
        )  # fmt: skip
