"""How far the model is from each claim, in standard deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from contraflow.case import schema
from contraflow.evidence.observe import Observations, observable
from contraflow.model.numerics import jax, jnp
from contraflow.policy.response import Responder

SOURCE_DEVIATION = {"A": 0.05, "B": 0.10, "C": 0.20, "D": 0.35, "E": 0.50, "F": 0.35}
INFORMATION_DEVIATION = {1: 0.05, 2: 0.10, 3: 0.20, 4: 0.35, 5: 0.50, 6: 0.35}
"""Standard deviation, in logarithms, that a grade of the Admiralty code adds to a claim: assumptions."""

LOGIT_FACTOR = 2.0
"""Deviation of a share on the logit scale, per deviation in logarithms: exact at one half."""

RANGE_IN_DEVIATIONS = 2 * 1.645
"""A range that a source gives is read as its 90 % interval."""

DEGREES_OF_FREEDOM = 4.0
"""Of the Student t likelihood: a claim far off pulls less the farther it is."""

SHARES = (schema.Quantity.SHARE,)


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Claims against the model, each under the measures of its own year.

    ``claims`` are the observable claims; arrays have shape (claim,). Positive quantities are compared
    in logarithms, shares in logits.
    """

    responder: Responder
    claims: tuple[schema.Claim, ...]

    @cached_property
    def _share(self) -> npt.NDArray[np.bool_]:
        return np.array([c.quantity in SHARES for c in self.claims], dtype=bool)

    @cached_property
    def fitted(self) -> npt.NDArray[np.bool_]:
        """Which claims calibrate: those marked so, of no date or of a date up to the baseline's end."""
        last = self.responder.model.network.case.info.baseline[1]
        return np.array(
            [
                c.use is schema.Use.FIT and (c.year is None or max(_years(c.year)) <= last)
                for c in self.claims
            ],
            dtype=bool,
        )

    @cached_property
    def stated(self) -> npt.NDArray[np.float64]:
        """What each claim states, as one figure."""
        return np.array([_figure(c) for c in self.claims])

    @cached_property
    def _sides(self) -> npt.NDArray[np.int64]:
        side = {schema.Bound.AT_LEAST: 1, schema.Bound.UP_TO: -1}
        return np.array([side.get(c.bound, 0) for c in self.claims])

    @cached_property
    def deviations(self) -> npt.NDArray[np.float64]:
        """Standard deviation of each claim on its scale: range, grades and drift together."""
        case = self.responder.model.network.case
        drift = case.parameters[case.info.drift].value
        result = np.empty(len(self.claims))
        for number, claim in enumerate(self.claims):
            factor = LOGIT_FACTOR if self._share[number] else 1.0
            variance = (SOURCE_DEVIATION[case.sources[claim.source].reliability] * factor) ** 2
            variance += (INFORMATION_DEVIATION[claim.information] * factor) ** 2
            variance += (drift * factor) ** 2 * self._years_away(claim)
            if claim.low is not None and claim.high is not None and claim.low < claim.high:
                low, high = self._scale_of(number, np.array([claim.low, claim.high]))
                variance += ((high - low) / RANGE_IN_DEVIATIONS) ** 2
            result[number] = np.sqrt(variance)
        return result

    @cached_property
    def scenarios(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Distinct levels (scenario, measure), the baseline's first, and each claim's scenario (claim,)."""
        levers = self.responder.levers
        levels = [levers.baseline]
        which = np.zeros(len(self.claims), dtype=np.int64)
        for number, claim in enumerate(self.claims):
            if claim.year is None or self._years_away(claim) == 0:
                continue
            first, last = _years(claim.year)
            then = np.mean([levers.in_year(y) for y in range(first, last + 1)], axis=0)
            same = [i for i, known in enumerate(levels) if np.array_equal(known, then)]
            if not same:
                levels.append(then)
            which[number] = same[0] if same else len(levels) - 1
        return np.array(levels), which

    @cached_property
    def observations(self) -> Observations:
        """The claims as operators."""
        return Observations(self.responder.model, self.claims)

    def conditions(
        self, ledger: jax.Array, levels: jax.Array, state: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Residual of one scenario's equilibrium (unknown,) and what the model says there (claim,).

        Explicit, nothing is solved: ``levels`` (measure,) and ``state`` (unknown,) are those of the scenario.
        """
        model, anchor = self.responder.model, self.responder.anchor(ledger)
        economy = self.responder.economy(ledger, levels, anchor)
        point = model.evaluate(economy, state)
        return model.excess(economy, anchor, state, point), self.observations.observe(ledger, economy, point)

    def residuals(self, said: jax.Array) -> jax.Array:
        """(Model - claim) / deviation (claim,); zero on the allowed side of a bound."""
        share = self._share
        stated = np.where(
            share, _logit(np.clip(self.stated, 1e-3, 1 - 1e-3)), np.log(np.maximum(self.stated, 1e-12))
        )
        inside = jnp.clip(said, 1e-6, 1 - 1e-6)
        model = jnp.where(share, jnp.log(inside / (1 - inside)), jnp.log(jnp.maximum(said, 1e-9)))
        r = (model - stated) / self.deviations
        r = jnp.where(self._sides > 0, jnp.minimum(r, 0.0), r)
        return jnp.where(self._sides < 0, jnp.maximum(r, 0.0), r)

    def _scale_of(self, number: int, figures: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if self._share[number]:
            return _logit(np.clip(figures, 1e-3, 1 - 1e-3))
        return np.log(np.maximum(figures, 1e-12))

    def _years_away(self, claim: schema.Claim) -> float:
        if claim.year is None:
            return 0.0
        first, last = self.responder.model.network.case.info.baseline
        begin, end = _years(claim.year)
        if begin <= last and end >= first:
            return 0.0
        return float(begin - last if begin > last else first - end)


def make_likelihood(responder: Responder) -> Likelihood:
    """Compile the observable claims of the responder's case.

    Raises :class:`~contraflow.errors.ObservationError` for a claim that selects nothing.
    """
    rows: Sequence[schema.Claim] = tuple(responder.model.network.case.claims.values())
    claims = tuple(r for r in observable(rows) if isinstance(r, schema.Claim) and _has_figure(r))
    likelihood = Likelihood(responder, claims)
    likelihood.observations.resolve()
    return likelihood


def robust(r: jax.Array) -> jax.Array:
    """Residuals whose squares sum to -2 log of the Student t density, up to a constant.

    sign(r) sqrt((nu + 1) log(1 + r^2 / nu)), Student's t with nu DEGREES_OF_FREEDOM; lets a least-squares
    solver find the maximum of the posterior.
    """
    nu = DEGREES_OF_FREEDOM
    squared = r * r
    small = squared < 1e-12
    ratio = jnp.where(
        small, (nu + 1) / nu, (nu + 1) * jnp.log1p(squared / nu) / jnp.where(small, 1.0, squared)
    )
    return r * jnp.sqrt(ratio)


def _years(year: str) -> tuple[int, int]:
    first, _, last = year.partition("-")
    return int(first), int(last or first)


def _has_figure(claim: schema.Claim) -> bool:
    return any(x is not None for x in (claim.low, claim.value, claim.high))


def _figure(claim: schema.Claim) -> float:
    """The central figure, else the middle of the range, else its only end."""
    if claim.value is not None:
        return claim.value
    ends = [x for x in (claim.low, claim.high) if x is not None]
    if claim.quantity in SHARES or min(ends) <= 0:
        return float(np.mean(ends))
    return float(np.exp(np.mean(np.log(ends))))


def _logit(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.log(x / (1 - x))
