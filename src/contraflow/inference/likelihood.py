"""What claims say about the model's outputs, and how far off they may be.

A claim i states a figure c_i of an output that the model gives as m_i, both in logarithms (shares in
logits). Its error has two parts::

    m_i - c_i = s_i e_g(i) + d_i eps_i ,    e, eps ~ Student t with 4 degrees of freedom

eps is the claim's own; e is shared by all claims that go back to one origin and state one kind of
quantity, so that a survey that counts too little everywhere is one error and not ten. Claims that
repeat one another share the weight of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.case import statements
from contraflow.inference.scale import ClaimScale
from contraflow.model.numerics import jax, jnp
from contraflow.model.observables import Observations, observable
from contraflow.policy.responder import Responder

SOURCE_DEVIATION = {"A": 0.05, "B": 0.10, "C": 0.20, "D": 0.35, "E": 0.50, "F": 0.35}
INFORMATION_DEVIATION = {1: 0.05, 2: 0.10, 3: 0.20, 4: 0.35, 5: 0.50, 6: 0.35}
"""Standard deviation, in logarithms, that a grade of the Admiralty code adds to a claim: assumptions."""

LOGIT_FACTOR = 2.0
"""Deviation of a share on the logit scale, per deviation in logarithms: exact at one half."""

RANGE_IN_DEVIATIONS = 2 * 1.645
"""A range that a source gives is read as its 90 % interval."""

DEGREES_OF_FREEDOM = 4.0
"""Of Student's t: a claim far off pulls less the farther it is."""


class ClaimErrors(NamedTuple):
    """The claims' stated figures and the deviations of their errors, (claim,) on the claims' scale.

    ``centre`` is the stated figure, ``own`` the deviation of the claim's own error, ``shared`` that of
    the error it shares with others, ``weight`` the power of its likelihood: 0 leaves it out.
    """

    centre: FloatArray
    own: FloatArray
    shared: FloatArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Claims against the model, each under the measures of its own year.

    ``claims`` are the observable claims; arrays have shape (claim,). Positive quantities are compared
    in logarithms, shares in logits. Claims dated after ``until`` are withheld; by default the last year
    of the baseline.
    """

    responder: Responder
    claims: tuple[statements.Claim, ...]
    until: int | None = None

    @property
    def last(self) -> int:
        """The last year whose claims calibrate."""
        if self.until is not None:
            return self.until
        return self.responder.model.network.case.info.baseline[1]

    @cached_property
    def is_share(self) -> BoolArray:
        """Which claims are compared in logits."""
        return np.array([c.quantity.is_share for c in self.claims], dtype=bool)

    @cached_property
    def scale(self) -> ClaimScale:
        """The scale of each claim's figure."""
        return ClaimScale(self.is_share)

    @cached_property
    def fitted(self) -> BoolArray:
        """Which claims calibrate: those marked so, of no date or of a date up to :attr:`last`."""
        return np.array(
            [
                c.use is statements.Use.FIT and (c.year is None or max(years(c.year)) <= self.last)
                for c in self.claims
            ],
            dtype=bool,
        )

    @cached_property
    def stated(self) -> FloatArray:
        """What each claim states, as one figure."""
        return np.array([_figure(c) for c in self.claims])

    @cached_property
    def sides(self) -> IntArray:
        """1 for a lower bound, -1 for an upper one, 0 for a figure."""
        side = {statements.Bound.AT_LEAST: 1, statements.Bound.UP_TO: -1}
        return np.array([side.get(c.bound, 0) for c in self.claims])

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """Where each claim's figure comes from: the source, or what the source relays."""
        sources = self.responder.model.network.case.sources
        return tuple(sources[c.source].origin or c.source for c in self.claims)

    @cached_property
    def error(self) -> IntArray:
        """Which shared error each claim has (claim,); -1 for claims whose error is their own."""
        keys = [(o, c.quantity) for o, c in zip(self.origins, self.claims, strict=True)]
        fitted = Counter(k for k, f in zip(keys, self.fitted, strict=True) if f)
        shared = [k for k, n in Counter(keys).items() if n > 1 and fitted[k] > 0]
        return np.array([shared.index(k) if k in shared else -1 for k in keys], dtype=np.int64)

    @property
    def errors(self) -> int:
        """Number of shared errors."""
        return int(self.error.max(initial=-1)) + 1

    @cached_property
    def deviations(self) -> FloatArray:
        """Standard deviation of each claim on its scale, shared and own error together."""
        figures = self.figures
        return np.sqrt(figures.own**2 + figures.shared**2)

    @cached_property
    def repeated(self) -> IntArray:
        """Number of the group of repetitions that each claim is in (claim,)."""
        ids = {c.id: n for n, c in enumerate(self.claims)}
        group = np.arange(len(self.claims))
        same: dict[tuple[object, ...], int] = {}
        for n, claim in enumerate(self.claims):
            key = (self.origins[n], series(claim), claim.year)
            others = [ids[r] for r in claim.repeats if r in ids] + [same.setdefault(key, n)]
            for other in others:
                group[group == group[n]] = group[other]
        return group

    @cached_property
    def figures(self) -> ClaimErrors:
        """The claims as the case states them."""
        case = self.responder.model.network.case
        drift = case.parameters[case.info.drift].value
        own, shared = np.zeros(len(self.claims)), np.zeros(len(self.claims))
        for number, claim in enumerate(self.claims):
            factor = LOGIT_FACTOR if self.is_share[number] else 1.0
            variance = (INFORMATION_DEVIATION[claim.information] * factor) ** 2
            variance += (drift * factor) ** 2 * self._years_away(claim)
            if claim.low is not None and claim.high is not None and claim.low < claim.high:
                low, high = self.scale.of(np.array([number, number])).stated(
                    np.array([claim.low, claim.high])
                )
                variance += ((high - low) / RANGE_IN_DEVIATIONS) ** 2
            source = SOURCE_DEVIATION[case.sources[claim.source].reliability] * factor
            if self.error[number] < 0:
                variance += source**2
            else:
                shared[number] = source
            own[number] = np.sqrt(variance)
        count = Counter(self.repeated[self.fitted].tolist())
        weight = np.array([1 / count[g] if g in count else 0.0 for g in self.repeated.tolist()])
        return ClaimErrors(self.scale.stated(self.stated), own, shared, weight * self.fitted)

    @cached_property
    def scenarios(self) -> tuple[FloatArray, IntArray]:
        """Distinct levels (scenario, measure), the baseline's first, and each claim's scenario (claim,)."""
        levers = self.responder.levers
        levels = [levers.baseline]
        which = np.zeros(len(self.claims), dtype=np.int64)
        for number, claim in enumerate(self.claims):
            if claim.year is None or self._years_away(claim) == 0:
                continue
            first, last = years(claim.year)
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

    def shared(self, errors: jax.typing.ArrayLike, rows: IntArray | None = None) -> jax.Array:
        """The shared error of each claim (…, claim) from ``errors`` (…, error), in deviations.

        0 for a claim whose error is its own alone. ``rows`` are the claims that are wanted, else all.
        """
        every = jnp.asarray(errors)
        none = jnp.zeros((*every.shape[:-1], 1))
        return jnp.concatenate([every, none], axis=-1)[..., self.error if rows is None else self.error[rows]]

    def residuals(
        self,
        location: jax.Array,
        errors: jax.Array,
        figures: ClaimErrors,
        rows: IntArray | None = None,
    ) -> jax.Array:
        """Own errors of claims, in deviations; zero on the allowed side of a bound.

        ``location`` (…, claim) is on the claims' scales, ``errors`` (…, error) holds the shared errors in
        deviations.
        """
        chosen = np.arange(len(self.claims)) if rows is None else rows
        sides = self.sides[chosen]
        common = self.shared(errors, chosen)
        centre, own, shared = (jnp.asarray(x)[chosen] for x in (figures.centre, figures.own, figures.shared))
        r = (location - centre - shared * common) / own
        r = jnp.where(sides > 0, jnp.minimum(r, 0.0), r)
        return jnp.where(sides < 0, jnp.maximum(r, 0.0), r)

    def standardised(self, predicted: FloatArray) -> FloatArray:
        """(Model - claim) / deviation (…, claim), shared and own error together; bounds are one-sided."""
        r = (np.asarray(self.scale.predicted(predicted)) - self.figures.centre) / self.deviations
        r = np.where(self.sides > 0, np.minimum(r, 0.0), r)
        return np.where(self.sides < 0, np.maximum(r, 0.0), r)

    def _years_away(self, claim: statements.Claim) -> float:
        if claim.year is None:
            return 0.0
        first, last = self.responder.model.network.case.info.baseline
        begin, end = years(claim.year)
        if begin <= last and end >= first:
            return 0.0
        return float(begin - last if begin > last else first - end)


def make_likelihood(responder: Responder, until: int | None = None) -> Likelihood:
    """Compile the observable claims of the responder's case; those after ``until`` are withheld.

    Raises :class:`~contraflow.errors.ObservationError` for a claim that selects nothing.
    """
    rows: Sequence[statements.Claim] = tuple(responder.model.network.case.claims.values())
    claims = tuple(r for r in observable(rows) if isinstance(r, statements.Claim) and _has_figure(r))
    likelihood = Likelihood(responder, claims, until)
    likelihood.observations.resolve()
    return likelihood


def log_density(r: jax.Array) -> jax.Array:
    """Logarithm of Student's t density with DEGREES_OF_FREEDOM, up to a constant."""
    nu = DEGREES_OF_FREEDOM
    return -0.5 * (nu + 1) * jnp.log1p(r * r / nu)


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


@jax.jit
def heavy(z: jax.Array) -> jax.Array:
    """Student's t deviates with DEGREES_OF_FREEDOM = 4 from standard normal ones, by quantiles.

    Shaw (2006), Journal of Computational Finance 9(4), gives the quantile in closed form: with
    a = 4 p (1 - p), t = 2 sqrt(cos(arccos(sqrt a) / 3) / sqrt a - 1) above the median.
    """
    far = jnp.abs(z) > 1e-2
    size = jnp.where(far, jnp.abs(z), 1.0)
    tail = jax.scipy.stats.norm.sf(size)
    root = jnp.sqrt(4 * tail * (1 - tail))
    t = 2 * jnp.sqrt(jnp.cos(jnp.arccos(root) / 3) / root - 1)
    near = SLOPE * z * (1 + CURVE * z * z)
    return jnp.where(far, jnp.sign(z) * t, near)


SLOPE = 8 / (3 * np.sqrt(2 * np.pi))
CURVE = (5 / 4 * SLOPE**2 - 1) / 6
"""Coefficients of :func:`heavy` near zero: densities at the median, and their second derivatives."""


def series(claim: statements.Claim) -> tuple[str, ...]:
    """What a claim observes, whatever its year: claims that agree in it are one series."""
    seen = (getattr(claim, name) for name in statements.Observed.model_fields)
    return tuple("+".join(s) if isinstance(s, tuple) else str(s) for s in seen if s)


def years(year: str) -> tuple[int, int]:
    """First and last of a year or a span of years."""
    first, _, last = year.partition("-")
    return int(first), int(last or first)


def within(year: str, first: int | None, last: int | None) -> bool:
    """Whether a year or a span of years lies from ``first`` to ``last``; None is no limit."""
    begin, end = years(year)
    return (first is None or begin >= first) and (last is None or end <= last)


def _has_figure(claim: statements.Claim) -> bool:
    return any(x is not None for x in (claim.low, claim.value, claim.high))


def _figure(claim: statements.Claim) -> float:
    """The central figure, else the middle of the range, else its only end."""
    if claim.value is not None:
        return claim.value
    ends = [x for x in (claim.low, claim.high) if x is not None]
    if claim.quantity.is_share or min(ends) <= 0:
        return float(np.mean(ends))
    return float(np.exp(np.mean(np.log(ends))))
