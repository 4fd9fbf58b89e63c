"""Tables from the months of a simulation: how figures move, when they peak, whether they come back.

Figures are those of the home country, at yearly rates where they are flows. Every function takes the
dataset of :mod:`~contraflow.results.trajectory_dataset`, with leading dimensions (replicate, month); of
two runs on the same seed, replicate i met the same random draws, so changes are taken replicate by replicate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._language import N_, _
from contraflow._types import FloatArray
from contraflow.errors import ComparisonError
from contraflow.results.draws import quantiles
from contraflow.results.figures import expect_figure, run_figures, series
from contraflow.results.figures import lacking as lacking_figures
from contraflow.results.view import MONTHS_PER_YEAR, USD_PER_MILLION, coord

BACK = 0.05
"""Part of the value before within which a figure counts as recovered."""


def before(data: xr.Dataset) -> int:
    """Number of months before the first of the policy."""
    return int(data.attrs["before"])


def yearly(data: xr.Dataset, figures: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Figures by year, as means over its months.

    Parameters
    ----------
    data
        Dataset of a run.
    figures
        Names of figures of runs. None: all that the economy has.

    Returns
    -------
    pandas.DataFrame
        Indexed by (figure, year): ``value``, the median over replicates, with the ends of its intervals, and
        ``unit``. Year 0, or the year before a calendar's first, is the one before the policy.

    Raises
    ------
    ComparisonError
        For an unknown figure, or one that the economy lacks.
    """
    names = years(data)
    parts = []
    for figure in figures or had(data, names=tuple(f.name for f in run_figures())):
        expect_figure(figure, data)
        value = series(data, figure)
        whole = (
            value.values[:, : len(names) * MONTHS_PER_YEAR]
            .reshape(value.shape[0], len(names), MONTHS_PER_YEAR)
            .mean(axis=2)
        )
        columns = quantiles("value", whole)
        index = pd.MultiIndex.from_product([[figure], names], names=["figure", "year"])
        parts.append(pd.DataFrame(columns, index=index).assign(unit=value.attrs["unit"]))
    return pd.concat(parts)


def years(data: xr.Dataset) -> list[int]:
    """Names of the whole years of a run, the one before the policy first: 0, 1, ... or calendar years."""
    first = int(data.attrs["first"])
    return list(
        range(
            first - before(data) // MONTHS_PER_YEAR,
            first + (data.sizes["month"] - before(data)) // MONTHS_PER_YEAR,
        )
    )


def no_such_year(year: int, names: Sequence[int]) -> str:
    """What is said of a year that a run does not have."""
    text = _("There is no year {year}: the run has {first} to {last}.")
    return text.format(year=year, first=names[0], last=names[-1])


def summarised(*data: xr.Dataset) -> tuple[str, ...]:
    """Figures that are shown without being asked for, of those that the economy of one of the runs has."""
    return had(*data, names=tuple(f.name for f in run_figures() if f.in_run_summary))


def had(*data: xr.Dataset, names: tuple[str, ...]) -> tuple[str, ...]:
    """Of some figures, those that the economy of one of the runs has."""
    without = lacking_figures(*data)
    return tuple(name for name in names if name not in without)


def summary(data: xr.Dataset, figures: tuple[str, ...] | None = None) -> pd.DataFrame:
    """How figures move after a policy begins.

    Parameters
    ----------
    data
        Dataset of a run.
    figures
        Names of figures of runs. None: those of :func:`summarised`.

    Returns
    -------
    pandas.DataFrame
        Indexed by figure, as medians over replicates: means ``before`` the policy, in its ``first`` and in
        the ``last`` year, the latter with its 90 % interval (``last_5``, ``last_95``); of means over three
        months the one furthest from before (``extreme``) and its month (``extreme_month``); months until half
        of the last year's change is reached (``lag_months``; NaN where that change is below BACK of before)
        and until the figure stays within BACK of before (``recovery_months``; 0 where it never left, NaN
        where it is not back at the end); and ``unit``. Months count from 1, the first of the policy. Both
        times are NaN unless most replicates have one.

    Raises
    ------
    ComparisonError
        For an unknown figure, or one that the economy lacks.
    """
    start = before(data)
    rows = []
    for figure in figures or summarised(data):
        expect_figure(figure, data)
        value = series(data, figure)
        v = value.values
        base = v[:, :start].mean(axis=1) if start else v[:, :MONTHS_PER_YEAR].mean(axis=1)
        after = v[:, start:]
        last = after[:, -MONTHS_PER_YEAR:].mean(axis=1)
        steady = _smoothed(after)
        off = np.abs(steady - base[:, None])
        furthest = off.argmax(axis=1)
        rows.append(
            {
                "figure": figure,
                "before": np.median(base),
                "first": np.median(after[:, :MONTHS_PER_YEAR].mean(axis=1)),
                "last": np.median(last),
                "last_5": np.quantile(last, 0.05),
                "last_95": np.quantile(last, 0.95),
                "extreme": np.median(steady[np.arange(len(v)), furthest]),
                "extreme_month": float(np.median(furthest + 1)),
                "lag_months": _median(_lag(steady, base, last)),
                "recovery_months": _median(_recovery(off, base)),
                "unit": value.attrs["unit"],
            }
        )
    return pd.DataFrame(rows).set_index("figure")


def _smoothed(value: FloatArray, months: int = 3) -> FloatArray:
    """Means over the months until then, three at most: single months are noisy."""
    total = np.cumsum(np.concatenate([np.zeros((len(value), 1)), value], axis=1), axis=1)
    end = np.arange(1, value.shape[1] + 1)
    begin = np.maximum(end - months, 0)
    return np.asarray((total[:, end] - total[:, begin]) / (end - begin))


def _lag(value: FloatArray, base: FloatArray, last: FloatArray) -> FloatArray:
    """First month (replicate,) in which half of the change to the last year is reached; NaN without
    change."""
    change = last - base
    reached = (value - base[:, None]) * np.sign(change)[:, None] >= np.abs(change)[:, None] / 2
    moved = (np.abs(change) > BACK * np.abs(base)) & reached.any(axis=1)
    return np.where(moved, reached.argmax(axis=1) + 1, np.nan)


def _recovery(off: FloatArray, base: FloatArray) -> FloatArray:
    """Month (replicate,) from which a figure stays within BACK of before; 0 if it never left, NaN if it is
    not back at the end."""
    away = off > BACK * np.abs(base)[:, None]
    last = away.shape[1] - away[:, ::-1].argmax(axis=1)
    return np.where(away.any(axis=1), np.where(away[:, -1], np.nan, last), 0.0)


def _median(values: FloatArray) -> float:
    """Median where most are numbers, else NaN."""
    return float(np.nanmedian(values)) if np.isfinite(values).mean() > 0.5 else np.nan


def contrast(one: xr.Dataset, other: xr.Dataset, figures: tuple[str, ...] | None = None) -> pd.DataFrame:
    """What one run changes against another, replicate by replicate.

    Parameters
    ----------
    one, other
        Datasets of two runs with the same replicates, seed and months; ``one`` is the run before.
    figures
        Names of figures of runs. None: those of :func:`summarised`.

    Returns
    -------
    pandas.DataFrame
        Indexed by (figure, year): ``ratio`` of the means over the year, ``other`` over ``one``, with the ends
        of its intervals; ``p_falls_5pct`` and ``p_rises_5pct``, the shares of replicates in which it is below
        0.95 and above 1.05.

    Raises
    ------
    ComparisonError
        For an unknown figure, or if the runs do not have the same replicates, seed and months.
    """
    expect_same_random_draws(one, other)
    names = years(one)
    parts = []
    for figure in figures or summarised(one, other):
        expect_figure(figure, one, other)
        a, b = (series(d, figure).values for d in (one, other))
        a, b = (x.reshape(len(x), -1, MONTHS_PER_YEAR).mean(axis=2) for x in (a, b))
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(a > 0, b / np.where(a > 0, a, 1.0), np.nan)
        columns = quantiles("ratio", ratio)
        columns["p_falls_5pct"] = (ratio < 1 - BACK).mean(axis=0)
        columns["p_rises_5pct"] = (ratio > 1 + BACK).mean(axis=0)
        index = pd.MultiIndex.from_product([[figure], names], names=["figure", "year"])
        parts.append(pd.DataFrame(columns, index=index))
    return pd.concat(parts)


def expect_same_random_draws(one: xr.Dataset, other: xr.Dataset) -> None:
    """Refuse two runs whose replicates did not meet the same random draws.

    Raises
    ------
    ComparisonError
        If the runs differ in their draws of the ledger, seed, number of clans, first year or length.
    """
    for name, what in (
        ("ledger", N_("draws")),
        ("seed", N_("seeds")),
        ("clans", N_("numbers of clans")),
        ("first", N_("years")),
    ):
        if one.attrs.get(name) != other.attrs.get(name):
            text = _(
                "The simulations have different {what}: run both by one lab with the same seed and settings."
            )
            raise ComparisonError(text.format(what=_(what)))
    if one.sizes["month"] != other.sizes["month"]:
        raise ComparisonError(_("The simulations are of different length: give both the same years."))


def incomes(data: xr.Dataset) -> pd.DataFrame:
    """Incomes of actors, by name, in each year: M$ a year, medians over replicates (actor, year)."""
    names = years(data)
    value = data["income"].values[:, : len(names) * MONTHS_PER_YEAR]
    whole = value.reshape(len(value), len(names), MONTHS_PER_YEAR, -1).sum(axis=2) / USD_PER_MILLION
    frame = pd.DataFrame(np.median(whole, axis=0).T, index=coord(data, "actor_name"), columns=names)
    return frame.rename_axis(index="actor", columns="year")


def arrests(data: xr.Dataset) -> pd.DataFrame:
    """Persons arrested by role and year: means over replicates (role, year); roles without any left out."""
    names = years(data)
    value = data["arrested"].values[:, : len(names) * MONTHS_PER_YEAR]
    whole = value.reshape(len(value), len(names), MONTHS_PER_YEAR, -1).sum(axis=2).mean(axis=0)
    frame = pd.DataFrame(whole.T, index=coord(data, "actor_name"), columns=names)
    return frame[(frame > 0).any(axis=1)].rename_axis(index="role", columns="year")
