"""The likelihood: figures that claims state, the model's predictions of them, and the claims' errors.

A claim i states a figure c_i of an output that the model predicts as m_i, both in logarithms (shares in
logits). Its error has two parts::

    m_i - c_i = s_i e_g(i) + d_i eps_i ,    e, eps ~ Student t with 4 degrees of freedom

eps is the claim's own. e is shared by all claims of one origin about one kind of quantity: a survey that
counts too little everywhere is one error and not ten. Claims that repeat one another have together the
weight of one. The heavy tails of Student's t limit how far a wild claim moves the fit (Lange, Little and
Taylor 1989, Journal of the American Statistical Association 84).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.case import statements
from contraflow.case.behaviour import MONTH
from contraflow.inference.scale import ClaimScale
from contraflow.model.numerics import jax, jnp
from contraflow.model.observables import Observations, observable
from contraflow.policy.responder import Responder

SOURCE_DEVIATION = {"A": 0.05, "B": 0.10, "C": 0.20, "D": 0.35, "E": 0.50, "F": 0.35}
"""Deviation of a claim's error, in logarithms, by the reliability of its source in the Admiralty code: an
assumption."""

INFORMATION_DEVIATION = {1: 0.05, 2: 0.10, 3: 0.20, 4: 0.35, 5: 0.50, 6: 0.35}
"""The same by the credibility of the information; independent of the source's."""

LOGIT_FACTOR = 2.0
"""Deviation of a share in logits per deviation in logarithms; exact for a share of one half."""

RANGE_IN_DEVIATIONS = 2 * 1.645
"""A range that a source gives is read as its 90 % interval."""

DEGREES_OF_FREEDOM = 4.0
"""Degrees of freedom of Student's t."""


class ClaimErrors(NamedTuple):
    """Stated figures of the claims and the deviations of their errors, on the claims' scales."""

    centre: FloatArray
    """Stated figure (claim,)."""
    own: FloatArray
    """Deviation d of the claim's own error (claim,)."""
    shared: FloatArray
    """Deviation s of the error that it shares with other claims (claim,); 0 if it shares none."""
    weight: FloatArray
    """Power to which the claim's likelihood is raised (claim,); 0 leaves the claim out."""


class ClaimSetting(NamedTuple):
    """The state of the world in which a claim was made."""

    levels: Any
    """Levels of the measures (measure,)."""
    years: Any
    """Years in which people had adapted to them, from or to the baseline; 0 in the baseline."""


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Claims against the model, each under the measures of its own year."""

    responder: Responder
    """The model and its measures."""
    claims: tuple[statements.Claim, ...]
    """Claims that state a figure of an output of the model."""
    until: int | None = None
    """Year after which claims are withheld; None: the last year of the baseline."""

    @property
    def last(self) -> int:
        """The last year whose claims are fitted."""
        if self.until is not None:
            return self.until
        return self.responder.model.network.case.info.baseline[1]

    @cached_property
    def is_share(self) -> BoolArray:
        """Whether a claim is about a share (claim,): compared in logits, all others in logarithms."""
        return np.array([c.quantity.is_share for c in self.claims], dtype=bool)

    @cached_property
    def scale(self) -> ClaimScale:
        """The scale of each claim's figure."""
        return ClaimScale(self.is_share)

    @cached_property
    def fitted(self) -> BoolArray:
        """Whether a claim is fitted (claim,): of use ``fit``, and undated or not later than :attr:`last`."""
        return np.array(
            [
                c.use is statements.Use.FIT and (c.year is None or max(years(c.year)) <= self.last)
                for c in self.claims
            ],
            dtype=bool,
        )

    @cached_property
    def stated(self) -> FloatArray:
        """Stated figure (claim,) in units of the model: the value, or the middle of the range, or its end."""
        return np.array([_figure(c) for c in self.claims])

    @cached_property
    def sides(self) -> IntArray:
        """1 for a lower bound, -1 for an upper one, 0 for a figure (claim,)."""
        side = {statements.Bound.AT_LEAST: 1, statements.Bound.UP_TO: -1}
        return np.array([side.get(c.bound, 0) for c in self.claims])

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """Origin of each claim's figure: its source, or the source that this one relays."""
        sources = self.responder.model.network.case.sources
        return tuple(sources[c.source].origin or c.source for c in self.claims)

    @cached_property
    def error(self) -> IntArray:
        """Number of the shared error of each claim (claim,); -1 for claims that share none."""
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
        """Deviation of each claim (claim,) on its scale, of shared and own error together."""
        figures = self.figures
        return np.sqrt(figures.own**2 + figures.shared**2)

    @cached_property
    def repeated(self) -> IntArray:
        """Group of claims that repeat one another (claim,): the position of one of its claims."""
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
        """Figures and errors of the claims, as the case states and grades them."""
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
    def scenarios(self) -> tuple[ClaimSetting, IntArray]:
        """The claims' years, fields of which lead with (scenario,); each claim's scenario (claim,).

        The first scenario is the baseline, which claims about all of its years observe. Years with equal
        measures and distance are one scenario.
        """
        levers = self.responder.levers
        found = [(levers.baseline, 0.0)]
        which = np.zeros(len(self.claims), dtype=np.int64)
        for number, claim in enumerate(self.claims):
            if claim.year is None:
                continue
            first, last = years(claim.year)
            then = np.mean([levers.in_year(y) for y in range(first, last + 1)], axis=0)
            away = self._adapted_for(first, last)
            same = [
                i
                for i, (known, years_) in enumerate(found)
                if np.array_equal(known, then) and (years_ == away or i == 0)
            ]
            if not same:
                found.append((then, away))
            which[number] = same[0] if same else len(found) - 1
        return ClaimSetting(np.array([x for x, _ in found]), np.array([x for _, x in found])), which

    def _adapted_for(self, first: int, last: int) -> float:
        """Years in which people had adapted to measures that were not those of the baseline.

        Before the baseline and in it, the distance between the middles of the years; after it, the time since
        the first event there at which measures left the baseline.
        """
        levers, case = self.responder.levers, self.responder.model.network.case
        begins, ends = case.info.baseline
        middle = (first + last + 1) / 2
        centre = (begins + ends + 1) / 2
        if first <= ends:
            return abs(centre - middle)
        dates = [
            year + (int(month or 1) - 1) / 12
            for e in case.events.values()
            for year, month in [(int(e.date[:4]), e.date[5:7])]
            if ends < year <= last and not np.array_equal(levers.in_year(year), levers.baseline)
        ]
        return max(middle - min(dates, default=centre), MONTH)

    @cached_property
    def observations(self) -> Observations:
        """The claims as operators on the outputs of the model."""
        return Observations(self.responder.model, self.claims)

    def conditions(
        self, ledger: jax.Array, scenario: ClaimSetting, state: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Residuals and predictions of one scenario at a given state; nothing is solved.

        Parameters
        ----------
        ledger
            Values of the ledger (number,).
        scenario
            The scenario.
        state
            Logarithms of prices and loads relative to the baseline (unknown,).

        Returns
        -------
        tuple
            Residuals (unknown,) in logarithms, zero at the equilibrium, and the prediction for each claim
            (claim,) in units of the model.
        """
        model = self.responder.model
        anchor, _, before = self.responder.baseline(ledger)
        adaptation = self.responder.adaptation(ledger, scenario.years, before)
        economy = self.responder.economy(ledger, scenario.levels, anchor)
        point = model.evaluate(economy, state, adaptation)
        off = model.excess(economy, anchor, state, point, adaptation)
        return off, self.observations.observe(ledger, economy, point)

    def shared(self, errors: jax.typing.ArrayLike, rows: IntArray | None = None) -> jax.Array:
        """The shared error of each claim.

        Parameters
        ----------
        errors
            Shared errors (…, error), in deviations.
        rows
            Positions of the wanted claims (row,). None: all.

        Returns
        -------
        jax.Array
            Shared errors (…, row), in deviations; 0 for a claim that shares none.
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
        """Own errors of claims, given the predictions and the shared errors.

        Parameters
        ----------
        location
            Predictions (…, row) on the claims' scales.
        errors
            Shared errors (…, error), in deviations.
        figures
            Figures and errors of all claims (claim,).
        rows
            Positions of the claims (row,). None: all.

        Returns
        -------
        jax.Array
            Errors (…, row) in deviations, positive where the prediction exceeds the stated figure; zero on
            the allowed side of a bound.
        """
        chosen = np.arange(len(self.claims)) if rows is None else rows
        sides = self.sides[chosen]
        common = self.shared(errors, chosen)
        centre, own, shared = (jnp.asarray(x)[chosen] for x in (figures.centre, figures.own, figures.shared))
        r = (location - centre - shared * common) / own
        r = jnp.where(sides > 0, jnp.minimum(r, 0.0), r)
        return jnp.where(sides < 0, jnp.maximum(r, 0.0), r)

    def standardised(self, predicted: FloatArray) -> FloatArray:
        """Differences between predictions and claims, in deviations of shared and own error together.

        Parameters
        ----------
        predicted
            Predictions (…, claim) in units of the model.

        Returns
        -------
        numpy.ndarray
            (Prediction - claim) / deviation (…, claim), on the claims' scales; zero on the allowed side of a
            bound.
        """
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
    """The likelihood of a case's claims.

    Parameters
    ----------
    responder
        The model of the case, with its measures.
    until
        Year after which claims are withheld. None: the last year of the baseline.

    Returns
    -------
    Likelihood
        All claims that state a figure of an output, fitted or not.

    Raises
    ------
    ObservationError
        If a claim selects nothing of the network.
    """
    rows: Sequence[statements.Claim] = tuple(responder.model.network.case.claims.values())
    claims = tuple(r for r in observable(rows) if isinstance(r, statements.Claim) and _has_figure(r))
    likelihood = Likelihood(responder, claims, until)
    likelihood.observations.resolve()
    return likelihood


def log_density(r: jax.Array) -> jax.Array:
    """Logarithm of Student's t density at ``r``, in deviations, elementwise and up to a constant."""
    nu = DEGREES_OF_FREEDOM
    return -0.5 * (nu + 1) * jnp.log1p(r * r / nu)


def robust(r: jax.Array) -> jax.Array:
    """Robust residuals: their squares are -2 times :func:`log_density`, so that least squares maximise it.

    sign(r) sqrt((nu + 1) log(1 + r^2 / nu)) with nu DEGREES_OF_FREEDOM, elementwise. Where r^2 is below
    1e-12 the logarithm is replaced by its linear term, so that derivatives stay finite.
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
    """Student's t deviates with 4 degrees of freedom at the quantiles of standard normal ones, elementwise.

    With p the normal tail probability and a = 4 p (1 - p), the quantile above the median is

        t = 2 sqrt(cos(arccos(sqrt a) / 3) / sqrt a - 1)

    (Shaw 2006, Journal of Computational Finance 9(4)). Within 0.01 of the median, where this loses digits, it
    is expanded to third order.
    """
    far = jnp.abs(z) > 1e-2
    size = jnp.where(far, jnp.abs(z), 1.0)
    tail = jax.scipy.stats.norm.sf(size)
    root = jnp.sqrt(4 * tail * (1 - tail))
    t = 2 * jnp.sqrt(jnp.cos(jnp.arccos(root) / 3) / root - 1)
    near = SLOPE * z * (1 + CURVE * z * z)
    return jnp.where(far, jnp.sign(z) * t, near)


SLOPE = 8 / (3 * np.sqrt(2 * np.pi))
"""Derivative of :func:`heavy` at zero: the normal density there divided by Student's t's."""

CURVE = (5 / 4 * SLOPE**2 - 1) / 6
"""Coefficient of the third order in z of :func:`heavy` near zero, relative to SLOPE."""


def series(claim: statements.Claim) -> tuple[str, ...]:
    """The quantity and selectors of a claim, without its year: claims that agree in them are one series."""
    seen = (getattr(claim, name) for name in statements.Observed.model_fields)
    return tuple("+".join(s) if isinstance(s, tuple) else str(s) for s in seen if s)


def years(year: str) -> tuple[int, int]:
    """First and last year of ``2013`` or ``2013-2014``."""
    first, _, last = year.partition("-")
    return int(first), int(last or first)


def within(year: str, first: int | None, last: int | None) -> bool:
    """Whether a year or a span of years lies within ``first`` and ``last``, both included; None: no limit."""
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
