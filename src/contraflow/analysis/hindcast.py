"""Withheld claims predicted: coverage of the intervals, and scores against a naive forecast.

A claim that calibration has not seen is predicted by its density under the posterior: over draws s, the
model's figure m under the measures of the claim's year, less the claim's shared error e, with the claim's own
error (Student's t with 4 degrees of freedom, which includes the drift since the baseline)::

    p(stated) = mean over s of  t4( (m_s - shared e_s - stated) / own ) / own .

From it follow the 50 % and 90 % intervals, the probability integral transform (the mass below what was
stated, uniform for a calibrated forecast: Dawid 1984, Journal of the Royal Statistical Society A 147(2)) and
the log score, log p(stated) (Good 1952, Journal of the Royal Statistical Society B 14(1); strictly proper:
Gneiting and Raftery 2007, JASA 102(477)), on the scale of claims: logarithms, or logits for shares.

The *naive* forecast is that nothing changes: the last claim of the same series that calibration may see, with
the errors of both claims and the case's drift, of standard deviation drift x sqrt(years). An error that both
claims share by their origin cancels. Without an earlier claim, the naive forecast is the model's baseline.

Claims of one series err together, so standard errors treat series as clusters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow import _random
from contraflow._language import _, ngettext
from contraflow._numbers import fixed, share
from contraflow._quantiles import ENDS, MEDIAN
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.case.case import Case
from contraflow.errors import ObservationError
from contraflow.inference.likelihood import (
    DEGREES_OF_FREEDOM,
    LOGIT_FACTOR,
    SOURCE_DEVIATION,
    Likelihood,
    series,
    within,
    years,
)
from contraflow.inference.posterior import Posterior

if TYPE_CHECKING:
    import pandas as pd

MOST = 500
"""Draws of a predictive density, at most; more make no visible difference."""

FEW = 50
"""Draws for which the model's baseline is computed where it serves as the naive forecast."""

NAIVE = 400
"""Draws of a naive forecast."""

HALVINGS = 40


class Mixture(NamedTuple):
    """A predictive density: an equal mixture of Student's t distributions, on the claims' scales."""

    centre: FloatArray
    """Centres (draw, claim)."""
    scale: FloatArray
    """Scale (claim,)."""


def below(forecast: Mixture, stated: FloatArray) -> FloatArray:
    """Probability integral transform (claim,): mass of a forecast below what was stated (claim,)."""
    from scipy.special import stdtr

    off = (stated - forecast.centre) / forecast.scale
    return np.asarray(stdtr(DEGREES_OF_FREEDOM, off).mean(axis=0))


def log_score(forecast: Mixture, stated: FloatArray) -> FloatArray:
    """Log density (claim,) of a forecast at what was stated (claim,)."""
    from scipy.special import logsumexp
    from scipy.stats import t

    off = (stated - forecast.centre) / forecast.scale
    return np.asarray(
        logsumexp(t.logpdf(off, DEGREES_OF_FREEDOM), axis=0) - np.log(len(off)) - np.log(forecast.scale)
    )


def quantiles(forecast: Mixture, at: tuple[float, ...] = tuple(ENDS.values())) -> FloatArray:
    """Quantiles (quantile, claim) of a forecast at the probabilities ``at``, by bisection."""
    reach = 40 * forecast.scale
    result = np.empty((len(at), forecast.scale.size))
    for row, p in enumerate(at):
        low, high = forecast.centre.min(axis=0) - reach, forecast.centre.max(axis=0) + reach
        for _step in range(HALVINGS):
            middle = (low + high) / 2
            under = below(forecast, middle) < p
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        result[row] = (low + high) / 2
    return result


class Forecast(NamedTuple):
    """Predictions of claims other than by the equilibrium of their year."""

    picks: IntArray
    """Draws of the posterior (replicate,)."""
    predicted: FloatArray
    """Predictions (replicate, claim) in units of the model; NaN for claims without any."""
    locations: FloatArray
    """The same on the claims' scales."""

    @property
    def known(self) -> BoolArray:
        """Whether a claim is predicted (claim,)."""
        return np.asarray(np.isfinite(self.locations).mean(axis=0) > 0.5)


def foreseen(posterior: Posterior, claims: IntArray, forecast: Forecast | None = None) -> Mixture:
    """The model's predictive density of some claims, on their scales.

    Parameters
    ----------
    posterior
        The posterior.
    claims
        Positions of the claims (claim,).
    forecast
        Predictions to use instead of the equilibrium of each claim's year.
    """
    if forecast is not None:
        sound = np.isfinite(forecast.locations[:, claims]).all(axis=1)
        centre = forecast.locations[np.ix_(np.flatnonzero(sound), claims)]
        return _with_errors(posterior, centre, forecast.picks[sound], claims)
    picks = posterior.picks(MOST)
    return _with_errors(posterior, posterior.locations[np.ix_(picks, claims)], picks, claims)


def intervals(posterior: Posterior, claims: IntArray, forecast: Forecast | None = None) -> FloatArray:
    """Quantiles of what sources would state, at 5, 25, 75 and 95 % (quantile, claim), in units of the model.

    Parameters
    ----------
    posterior
        The posterior.
    claims
        Positions of the claims (claim,).
    forecast
        Predictions to use instead of the equilibrium of each claim's year.
    """
    if not claims.size:
        return np.zeros((len(ENDS), 0))
    likelihood = posterior.log_posterior.likelihood
    whole = np.zeros((len(ENDS), len(likelihood.claims)))
    whole[:, claims] = quantiles(foreseen(posterior, claims, forecast))
    return likelihood.scale.inverse(whole)[:, claims]


LEAKS_NAMED = 6
"""Numbers that a sentence on leaks names."""


@dataclass(frozen=True, eq=False)
class Hindcast:
    """Withheld claims predicted, and scored.

    Made by :meth:`contraflow.Lab.hindcast`.
    """

    until: int
    """The last year whose claims calibrate."""
    claims: pd.DataFrame
    """One row per withheld claim: ``claim``, ``statement``, ``series``, ``quantity``, ``year``, ``stated``,
    ``unit``; ``model`` and ``naive``, the median forecasts with their intervals; ``pit``, ``inside_50``,
    ``inside_90`` and ``log_score`` of the model, and the same of the naive forecast with the prefix
    ``naive_``; ``naive_from``, the claim that the naive forecast repeats, or ``baseline``. Figures are in
    units of the model.
    """
    summary: pd.DataFrame
    """One row per quantity, the last over all: number of ``claims`` and ``series``, shares inside the
    intervals, mean log scores, ``difference`` of the scores (model minus naive) with its standard ``error``,
    and ``better``, the share of claims for which the model scores better.
    """
    leaks: pd.DataFrame
    """Parameters whose ranges rest on claims dated after ``until``, which the forecast should not know."""
    measures_given: tuple[str, ...]
    """Events after ``until``, whose measures the forecast is given."""

    def within(self, first: int | None = None, last: int | None = None) -> Hindcast:
        """The same for claims dated in a span of years, scored by themselves.

        Parameters
        ----------
        first, last
            First and last year. None: no limit.

        Returns
        -------
        Hindcast
            With the chosen claims and a summary of them.
        """
        dates = self.claims.get("year", ())
        claims = self.claims[np.array([within(str(year), first, last) for year in dates], dtype=bool)]
        return replace(self, claims=claims, summary=summarise(claims) if len(claims) else self.summary[:0])

    def words(self) -> list[str]:
        """The results in sentences.

        Returns
        -------
        list of str
            Coverage, scores, leaks and events.
        """
        if self.claims.empty:
            return [_("No claim dated after {year} can be compared with the model.").format(year=self.until)]
        every = self.summary.iloc[-1]
        ahead, error = float(every["difference"]), float(every["error"])
        if abs(ahead) < 2 * error or not np.isfinite(error):
            verdict = _(
                "By the log score the model is no better or worse than the forecast that nothing changes "
                "({ahead} a claim, standard error {error}), whose intervals hold {half} and {most}."
            )
        elif ahead > 0:
            verdict = _(
                "By the log score the model is better than the forecast that nothing changes ({ahead} a "
                "claim, standard error {error}), whose intervals hold {half} and {most}."
            )
        else:
            verdict = _(
                "By the log score the model is worse than the forecast that nothing changes ({ahead} a "
                "claim, standard error {error}), whose intervals hold {half} and {most}."
            )
        made = [
            _(
                "{claims} claims dated after {year}, in {series} series, were withheld. The 50% intervals "
                "hold {half} of them, the 90% intervals {most}."
            ).format(
                claims=int(every["claims"]),
                year=self.until,
                series=int(every["series"]),
                half=share(every["inside_50"]),
                most=share(every["inside_90"]),
            ),
            verdict.format(
                ahead=fixed(ahead, 2, sign=True),
                error=fixed(error, 2),
                half=share(every["naive_inside_50"]),
                most=share(every["naive_inside_90"]),
            ),
        ]
        if len(self.leaks):
            many = len(self.leaks)
            shown = ", ".join(self.leaks["parameter"].head(LEAKS_NAMED))
            made.append(
                ngettext(
                    "{count} number of the ledger rests on claims dated after {year}, so the forecast knows "
                    "something of what it foresees: {numbers}.",
                    "{count} numbers of the ledger rest on claims dated after {year}, so the forecast knows "
                    "something of what it foresees: {numbers}.",
                    many,
                ).format(
                    count=many,
                    year=self.until,
                    numbers=_("{numbers} and others").format(numbers=shown) if many > LEAKS_NAMED else shown,
                )
            )
        if self.measures_given:
            made.append(
                _("Measures taken after {year} are given to the forecast, not foreseen: {measures}.").format(
                    year=self.until, measures="; ".join(self.measures_given)
                )
            )
        return made


def hindcast(case: Case, posterior: Posterior, forecast: Forecast | None = None) -> Hindcast:
    """Predict every withheld claim.

    Parameters
    ----------
    case
        The case.
    posterior
        Its posterior.
    forecast
        Predictions to use instead of the equilibrium of each claim's year.

    Raises
    ------
    ObservationError
        If calibration saw all dated claims.
    """
    import pandas as pd

    _expect_withheld(posterior)

    likelihood = posterior.log_posterior.likelihood
    claims, until = likelihood.claims, likelihood.last
    later = np.array([c.year is not None and max(years(c.year)) > until for c in claims], dtype=bool)
    rows = np.flatnonzero(later & (likelihood.sides == 0) & ~likelihood.fitted)
    if forecast is not None:
        rows = rows[forecast.known[rows]]
    leaks, given = leakage(case, until), _measures_given(case, until)
    if not rows.size:
        return Hindcast(until, pd.DataFrame(columns=["claim"]), pd.DataFrame(), leaks, given)
    stated = posterior.figures.centre[rows]
    model = foreseen(posterior, rows, forecast)
    naive, origin = _naive(posterior, rows)
    columns = {
        "claim": [claims[i].id for i in rows],
        "statement": [claims[i].statement for i in rows],
        "series": [" ".join(series(claims[i])) for i in rows],
        "quantity": [claims[i].quantity.value for i in rows],
        "year": [str(claims[i].year) for i in rows],
        "stated": likelihood.stated[rows],
        "unit": [claims[i].unit for i in rows],
        **_columns("model", likelihood, rows, model, stated),
        **_columns("naive", likelihood, rows, naive, stated),
        "naive_from": origin,
    }
    frame = pd.DataFrame(columns).rename(
        columns={"model_pit": "pit", "model_inside_50": "inside_50", "model_inside_90": "inside_90",
                 "model_log_score": "log_score"}
    )  # fmt: skip
    return Hindcast(until, frame, summarise(frame), leaks, given)


def summarise(claims: pd.DataFrame) -> pd.DataFrame:
    """Coverage and scores of the table of claims, by quantity and then over all."""
    import pandas as pd

    groups = [(str(name), group) for name, group in claims.groupby("quantity", sort=False)]
    return pd.DataFrame([_summary(name, group) for name, group in [*groups, ("all", claims)]])


def clustered_error(values: FloatArray, cluster: npt.NDArray[np.object_]) -> float:
    """Standard error of a mean of values that err together within clusters; NaN for a single cluster.

    Liang and Zeger (1986, Biometrika 73(1)), with the factor G / (G - 1) for G clusters.

    Parameters
    ----------
    values
        Values (row,).
    cluster
        Cluster of each value (row,).

    Examples
    --------
    >>> cluster = np.array(["a", "a", "b", "b"], dtype=object)
    >>> clustered_error(np.array([1.0, 1.0, -1.0, -1.0]), cluster)
    1.0
    """
    _, number = np.unique(cluster.astype(str), return_inverse=True)
    many = int(number.max()) + 1
    if many < 2:
        return float("nan")
    sums = np.bincount(number, values - values.mean(), many)
    return float(np.sqrt((sums**2).sum() * many / (many - 1)) / values.size)


def leakage(case: Case, until: int) -> pd.DataFrame:
    """Parameters whose ranges rest on claims dated after ``until``.

    Returns
    -------
    pandas.DataFrame
        One row per ``parameter``, with its ``meaning`` and the later ``claims``.
    """
    import pandas as pd

    found = []
    for p in case.parameters.values():
        later = [
            c for c in p.claims
            if c in case.claims and (year := case.claims[c].year) and max(years(year)) > until
        ]  # fmt: skip
        if later:
            found.append({"parameter": p.id, "meaning": p.meaning, "claims": "; ".join(later)})
    return pd.DataFrame(found, columns=["parameter", "meaning", "claims"])


def _expect_withheld(posterior: Posterior) -> None:
    """Raise ObservationError if calibration saw all dated claims, so that nothing is left to predict."""
    likelihood = posterior.log_posterior.likelihood
    dated = [max(years(c.year)) for c in likelihood.claims if c.year]
    if not any(y > likelihood.last for y in dated):
        raise ObservationError(
            _(
                "No claim is dated after {last}, so there is nothing to predict. Withhold some: "
                "calibrate(until=YEAR), with a year before {latest}."
            ).format(last=likelihood.last, latest=max(dated, default=likelihood.last))
        )


def _columns(
    name: str, likelihood: Likelihood, rows: IntArray, forecast: Mixture, stated: FloatArray
) -> dict[str, FloatArray]:
    """Median, intervals, transform, coverage and score of a forecast."""
    whole = np.zeros((1 + len(ENDS), len(likelihood.claims)))
    whole[:, rows] = quantiles(forecast, (MEDIAN, *ENDS.values()))
    middle, *ends = likelihood.scale.inverse(whole)[:, rows]
    pit = below(forecast, stated)
    return {
        name: middle,
        **{name + end: column for end, column in zip(ENDS, ends, strict=True)},
        f"{name}_pit": pit,
        f"{name}_inside_50": np.abs(pit - 0.5) <= 0.25,
        f"{name}_inside_90": np.abs(pit - 0.5) <= 0.45,
        f"{name}_log_score": log_score(forecast, stated),
    }


def _summary(name: str, group: pd.DataFrame) -> dict[str, object]:
    ahead = (group["log_score"] - group["naive_log_score"]).to_numpy(float)
    means = ("inside_50", "inside_90", "naive_inside_50", "naive_inside_90", "log_score", "naive_log_score")
    return {
        "quantity": name,
        "claims": len(group),
        "series": int(group["series"].nunique()),
        **{c: float(group[c].mean()) for c in means},
        "difference": float(ahead.mean()),
        "error": clustered_error(ahead, group["series"].to_numpy(object)),
        "better": float((ahead > 0).mean()),
    }


def _naive(posterior: Posterior, rows: IntArray) -> tuple[Mixture, list[str]]:
    """The forecast that nothing changes, and what it repeats: the id of a claim, or ``baseline``."""
    likelihood = posterior.log_posterior.likelihood
    claims, figures = likelihood.claims, posterior.figures
    case = likelihood.responder.model.network.case
    drift = case.parameters[case.info.drift].value
    deviate, wandering = _even_deviates(posterior.seed)
    centre, scale, origin = np.zeros((NAIVE, rows.size)), np.zeros(rows.size), []
    bare: list[int] = []
    for place, row in enumerate(rows):
        last = _last(likelihood, int(row))
        if last is None:
            bare.append(place)
            origin.append("baseline")
            continue
        factor = LOGIT_FACTOR if likelihood.is_share[row] else 1.0
        kin = likelihood.origins[row] == likelihood.origins[last]
        own, before = (_own_error(likelihood, i, with_source=not kin) for i in (int(row), last))
        apart = min(years(str(claims[row].year))) - max(years(str(claims[last].year)))
        wander = drift * factor * np.sqrt(max(apart, 0))
        centre[:, place] = figures.centre[last] + before * deviate + wander * wandering
        scale[place] = own
        origin.append(claims[last].id)
    if bare:
        still = _at_baseline(posterior, rows[bare])
        centre[:, bare] = still.centre[np.arange(NAIVE) % len(still.centre)]
        scale[bare] = still.scale
    return Mixture(centre, scale), origin


def _even_deviates(seed: int) -> tuple[FloatArray, FloatArray]:
    """Evenly spaced deviates (NAIVE,) of Student's t and of the normal distribution, paired at random."""
    from scipy.special import ndtri, stdtrit

    even = (np.arange(NAIVE) + 0.5) / NAIVE
    rng = _random.stream("deviates of the naive forecast", seed)
    return np.asarray(stdtrit(DEGREES_OF_FREEDOM, even)), np.asarray(rng.permutation(ndtri(even)))


def _last(likelihood: Likelihood, row: int) -> int | None:
    """The last claim of the same series that is dated up to the last year that calibrates."""
    wanted = series(likelihood.claims[row])
    known = [
        (max(years(c.year)), -float(likelihood.deviations[i]), i)
        for i, c in enumerate(likelihood.claims)
        if c.year and max(years(c.year)) <= likelihood.last and series(c) == wanted
        and likelihood.sides[i] == 0
    ]  # fmt: skip
    return max(known)[2] if known else None


def _own_error(likelihood: Likelihood, row: int, *, with_source: bool) -> float:
    """Standard deviation of a claim's error as a measurement of its own year, without drift."""
    case, claim = likelihood.responder.model.network.case, likelihood.claims[row]
    factor = LOGIT_FACTOR if likelihood.is_share[row] else 1.0
    drift = case.parameters[case.info.drift].value * factor
    source = SOURCE_DEVIATION[case.sources[claim.source].reliability] * factor
    variance = likelihood.deviations[row] ** 2 - drift**2 * _years_from(case, str(claim.year))
    return float(np.sqrt(max(variance - (0.0 if with_source else source**2), 1e-6)))


def _years_from(case: Case, year: str) -> float:
    """Years between a claim's year or span and the nearer end of the baseline."""
    first, last = case.info.baseline
    begin, end = years(year)
    return float(max(begin - last, first - end, 0))


def _at_baseline(posterior: Posterior, claims: IntArray) -> Mixture:
    """The forecast that the model's baseline continues."""
    picks, likelihood = posterior.picks(FEW), posterior.log_posterior.likelihood
    predicted = np.array([posterior.log_posterior.at_baseline(row) for row in posterior.ledger(picks)])
    return _with_errors(
        posterior, np.asarray(likelihood.scale.predicted(predicted))[:, claims], picks, claims
    )


def _with_errors(posterior: Posterior, centre: FloatArray, picks: IntArray, claims: IntArray) -> Mixture:
    """A forecast around the model's figures in chosen draws, with the errors of each claim."""
    figures = posterior.figures
    common = np.asarray(posterior.log_posterior.likelihood.shared(posterior.errors[picks], claims))
    return Mixture(centre - figures.shared[claims] * common, figures.own[claims])


def _measures_given(case: Case, until: int) -> tuple[str, ...]:
    """Measures whose levels change after ``until``, with the years."""
    when: dict[str, list[str]] = {}
    for event in sorted(case.events.values(), key=lambda e: e.date):
        if int(event.date[:4]) > until:
            when.setdefault(case.measures[event.measure].name, []).append(event.date[:4])
    return tuple(f"{name} ({', '.join(dict.fromkeys(dates))})" for name, dates in when.items())
