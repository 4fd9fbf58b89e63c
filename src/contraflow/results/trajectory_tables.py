"""Tables from the months of a simulation: how figures move, when they peak, whether they come back.

Figures are those of the home country, at yearly rates where they are flows. Every function takes the
dataset of :mod:`~contraflow.results.trajectory_dataset`, with leading dimensions (replicate, month); of
two runs on the same seed, replicate i met the same luck, so changes are taken replicate by replicate.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from contraflow.errors import ComparisonError
from contraflow.results.draws import Values, quantiles
from contraflow.results.tables import KG_PER_TONNE, USD_PER_MILLION, coord, home_country, leaving

YEAR = 12
"""Months in a year."""

ACTIVE = 10.0
"""Pure kilograms a month from which a place counts as active."""

BACK = 0.05
"""Part of the value before within which a figure counts as recovered."""


def _exports(data: xr.Dataset, family: str | None = None) -> Values:
    chosen = leaving(data)
    if family is not None:
        chosen = chosen & (coord(data, "family") == family)
    return _sum(data, "pure", chosen) * YEAR / KG_PER_TONNE


def _sum(data: xr.Dataset, name: str, chosen: NDArray[np.bool_]) -> Values:
    return np.asarray(data[name].values[..., chosen].sum(axis=-1), dtype=float)


def _home_links(data: xr.Dataset) -> NDArray[np.bool_]:
    return np.asarray(
        (coord(data, "kind") == "link") & (coord(data, "from_country") == home_country(data)), dtype=bool
    )


def _grows(data: xr.Dataset, at_home: bool = True) -> NDArray[np.bool_]:
    yields = (data["arrival_pure"].values > 0).any(axis=(0, 1))
    chosen = (coord(data, "kind") == "activity") & yields
    if at_home:
        chosen &= coord(data, "from_country") == home_country(data)
    return np.asarray(chosen, dtype=bool)


def _leaf_price(data: xr.Dataset) -> Values:
    grows = _grows(data)
    node = {n: i for i, n in enumerate(coord(data, "node"))}
    heads = [node[h] for h in coord(data, "head")[grows]]
    leaf = data["arrival"].values[..., grows]
    paid = (leaf * data["price"].values[..., heads]).sum(axis=-1)
    return np.asarray(paid / np.maximum(leaf.sum(axis=-1), 1e-300))


def _made_price(data: xr.Dataset) -> Values:
    """Price where most is made of the first good that leaf becomes."""
    made = (coord(data, "kind") == "process") & (coord(data, "from_country") == home_country(data))
    made &= np.isin(coord(data, "tail"), coord(data, "head")[_grows(data)])
    if not made.any():
        return np.full(data["clans"].shape, np.nan)
    size = data["arrival_pure"].values.mean(axis=(0, 1)) * made
    spot = coord(data, "head")[int(np.argmax(size))]
    return np.asarray(data["price"].values[..., list(coord(data, "node")).index(spot)])


def _footprint(data: xr.Dataset) -> Values:
    """Places at home that goods of the case's substance pass."""
    links = _home_links(data)
    pure = data["pure"].values[..., links]
    places, index = np.unique(coord(data, "from_place")[links].astype(str), return_inverse=True)
    passed = np.stack([pure[..., index == i].sum(axis=-1) for i in range(places.size)], axis=-1)
    return np.asarray((passed >= ACTIVE).sum(axis=-1), dtype=float)


def _spread(data: xr.Dataset) -> Values:
    """Effective number of links in use at home: one over the sum of squared shares (Simpson 1949)."""
    pure = data["pure"].values[..., _home_links(data)]
    share = pure / np.maximum(pure.sum(axis=-1, keepdims=True), 1e-300)
    return np.asarray(1 / np.maximum((share**2).sum(axis=-1), 1e-300))


def _income(kind: str) -> Callable[[xr.Dataset], Values]:
    return lambda d: _sum(d, "income", coord(d, "actor_kind") == kind) * YEAR / USD_PER_MILLION


def _caught(data: xr.Dataset) -> Values:
    """Part of consignments at home that are seized."""
    links = _home_links(data)
    return _sum(data, "caught", links) / np.maximum(_sum(data, "consignments", links), 1e-300)


def _per_dollar(data: xr.Dataset) -> Values:
    """Pure kilograms seized at home for each million dollars of the state's costed spending."""
    spent = data["spending"].values / USD_PER_MILLION
    seized = _sum(data, "seized_pure", _home_links(data))
    return np.asarray(np.where(spent > 0, seized / np.where(spent > 0, spent, 1.0), np.nan))


FIGURES: dict[str, tuple[str, Callable[[xr.Dataset], Values]]] = {
    "exports": ("t/yr", _exports),
    "exports by air": ("t/yr", lambda d: _exports(d, "air")),
    "exports on foot": ("t/yr", lambda d: _exports(d, "foot")),
    "exports by road": ("t/yr", lambda d: _exports(d, "road")),
    "exports by river": ("t/yr", lambda d: _exports(d, "river")),
    "exports by sea": ("t/yr", lambda d: _exports(d, "sea")),
    "hectares at home": (
        "ha",
        lambda d: (_sum(d, "flow", _grows(d)) - _sum(d, "seized", _grows(d))) * YEAR,
    ),
    "leaf price": ("USD/kg", _leaf_price),
    "valley price": ("USD/kg", _made_price),
    "growers' income": (
        "M$/yr",
        lambda d: (
            _sum(d, "endowment_income", coord(d, "node_country") == home_country(d)) * YEAR / USD_PER_MILLION
        ),
    ),
    "armed groups' income": ("M$/yr", _income("armed group")),
    "seized at home": ("t/yr", lambda d: _sum(d, "seized_pure", _home_links(d)) * YEAR / KG_PER_TONNE),
    "consignments seized at home": ("share", _caught),
    "seized per million dollars": ("kg", _per_dollar),
    "delivered": (
        "t/yr",
        lambda d: np.asarray(d["delivered"].values, dtype=float) * YEAR / KG_PER_TONNE,
    ),
    "active places": ("places", _footprint),
    "effective ways": ("links", _spread),
    "clans": ("clans", lambda d: np.asarray(d["clans"].values, dtype=float)),
    "largest clan": ("share", lambda d: np.asarray(d["largest"].values, dtype=float)),
    "concentration": ("index", lambda d: np.asarray(d["concentration"].values, dtype=float)),
    "arrests": ("persons/yr", lambda d: np.asarray(d["arrested"].values.sum(axis=-1), dtype=float) * YEAR),
}
"""Figures of a simulation, with units."""


def series(data: xr.Dataset, figure: str) -> xr.DataArray:
    """A figure (replicate, month). Raises ComparisonError for an unknown one."""
    if figure not in FIGURES:
        near = get_close_matches(figure, FIGURES, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        known = ", ".join(FIGURES)
        raise ComparisonError(f"{figure!r} is no figure of a simulation. {hint}There are: {known}.")
    unit, of = FIGURES[figure]
    return xr.DataArray(
        of(data),
        dims=("replicate", "month"),
        coords={"replicate": data["replicate"], "month": data["month"]},
        name=figure,
        attrs={"unit": unit},
    )


def before(data: xr.Dataset) -> int:
    """Months before the first of the policy."""
    return int(data.attrs["before"])


def yearly(data: xr.Dataset, figures: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Figures by year: median and, with replicates, the ends of the 50 and the 90 % interval.

    Indexed by figure and year; year 0, or the year before a calendar's first, is the one before the policy.
    """
    names = years(data)
    parts = []
    for figure in figures or tuple(FIGURES):
        value = series(data, figure)
        whole = value.values[:, : len(names) * YEAR].reshape(value.shape[0], len(names), YEAR).mean(axis=2)
        columns = quantiles("value", whole)
        index = pd.MultiIndex.from_product([[figure], names], names=["figure", "year"])
        parts.append(pd.DataFrame(columns, index=index).assign(unit=value.attrs["unit"]))
    return pd.concat(parts)


def years(data: xr.Dataset) -> list[int]:
    """Names of the years, the one before the policy first."""
    first = int(data.attrs["first"])
    return list(range(first - before(data) // YEAR, first + (data.sizes["month"] - before(data)) // YEAR))


SUMMARY = ("exports", "exports by air", "exports on foot", "hectares at home", "leaf price", "valley price",
           "growers' income", "armed groups' income", "seized at home", "consignments seized at home",
           "delivered", "active places", "effective ways", "clans", "arrests")  # fmt: skip


def summary(data: xr.Dataset, figures: tuple[str, ...] = SUMMARY) -> pd.DataFrame:
    """How figures move: ``before``, in the ``first`` year and the ``last``, when they are furthest from
    before (``extreme``, ``extreme_month``), months until half of the last year's change is reached
    (``lag_months``) and until they are for good within a twentieth of what they were (``recovery_months``;
    NaN where never).

    Medians over replicates; ``last_5`` and ``last_95`` bound the 90 % interval. Months count from the first
    of the policy.
    """
    start = before(data)
    rows = []
    for figure in figures:
        value = series(data, figure)
        v = value.values
        base = v[:, :start].mean(axis=1) if start else v[:, :YEAR].mean(axis=1)
        after = v[:, start:]
        last = after[:, -YEAR:].mean(axis=1)
        steady = _smoothed(after)
        off = np.abs(steady - base[:, None])
        furthest = off.argmax(axis=1)
        rows.append(
            {
                "figure": figure,
                "before": np.median(base),
                "first": np.median(after[:, :YEAR].mean(axis=1)),
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


def _smoothed(value: Values, months: int = 3) -> Values:
    """Means over the months until then, three at most: single months are noisy."""
    total = np.cumsum(np.concatenate([np.zeros((len(value), 1)), value], axis=1), axis=1)
    end = np.arange(1, value.shape[1] + 1)
    begin = np.maximum(end - months, 0)
    return np.asarray((total[:, end] - total[:, begin]) / (end - begin))


def _lag(value: Values, base: Values, last: Values) -> Values:
    """First month (replicate,) in which half of the change to the last year is reached; NaN without
    change."""
    change = last - base
    reached = (value - base[:, None]) * np.sign(change)[:, None] >= np.abs(change)[:, None] / 2
    moved = (np.abs(change) > BACK * np.abs(base)) & reached.any(axis=1)
    return np.where(moved, reached.argmax(axis=1) + 1, np.nan)


def _recovery(off: Values, base: Values) -> Values:
    """Month (replicate,) from which a figure stays within BACK of before; 0 if it never left, NaN if it is
    not back at the end."""
    away = off > BACK * np.abs(base)[:, None]
    last = away.shape[1] - away[:, ::-1].argmax(axis=1)
    return np.where(away.any(axis=1), np.where(away[:, -1], np.nan, last), 0.0)


def _median(values: Values) -> float:
    """Median where most are numbers, else NaN."""
    return float(np.nanmedian(values)) if np.isfinite(values).mean() > 0.5 else np.nan


def contrast(one: xr.Dataset, other: xr.Dataset, figures: tuple[str, ...] = SUMMARY) -> pd.DataFrame:
    """What ``other`` changes against ``one`` by year, replicate by replicate: the ratio of means over each
    year.

    Raises ComparisonError unless both runs have the same replicates, seed and months.
    """
    expect_same_luck(one, other)
    names = years(one)
    parts = []
    for figure in figures:
        a, b = (series(d, figure).values for d in (one, other))
        a, b = (x.reshape(len(x), -1, YEAR).mean(axis=2) for x in (a, b))
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(a > 0, b / np.where(a > 0, a, 1.0), np.nan)
        columns = quantiles("ratio", ratio)
        columns["p_falls_5pct"] = (ratio < 1 - BACK).mean(axis=0)
        columns["p_rises_5pct"] = (ratio > 1 + BACK).mean(axis=0)
        index = pd.MultiIndex.from_product([[figure], names], names=["figure", "year"])
        parts.append(pd.DataFrame(columns, index=index))
    return pd.concat(parts)


def expect_same_luck(one: xr.Dataset, other: xr.Dataset) -> None:
    """Raise ComparisonError unless two runs share draws, seed, clans and months."""
    for name, what in (
        ("ledger", "draws"),
        ("seed", "seeds"),
        ("clans", "numbers of clans"),
        ("first", "years"),
    ):
        if one.attrs.get(name) != other.attrs.get(name):
            raise ComparisonError(
                f"The simulations have different {what}: run both by one lab with the same seed and settings."
            )
    if one.sizes["month"] != other.sizes["month"]:
        raise ComparisonError("The simulations are of different length: give both the same years.")


def incomes(data: xr.Dataset) -> pd.DataFrame:
    """Incomes of actors by year, M$ a year: medians over replicates (actor, year)."""
    names = years(data)
    value = data["income"].values[:, : len(names) * YEAR]
    whole = value.reshape(len(value), len(names), YEAR, -1).sum(axis=2) / USD_PER_MILLION
    frame = pd.DataFrame(np.median(whole, axis=0).T, index=coord(data, "actor_name"), columns=names)
    return frame.rename_axis(index="actor", columns="year")


def arrests(data: xr.Dataset) -> pd.DataFrame:
    """Persons arrested by role and year: means over replicates (role, year); roles without any left out."""
    names = years(data)
    value = data["arrested"].values[:, : len(names) * YEAR]
    whole = value.reshape(len(value), len(names), YEAR, -1).sum(axis=2).mean(axis=0)
    frame = pd.DataFrame(whole.T, index=coord(data, "actor_name"), columns=names)
    return frame[(frame > 0).any(axis=1)].rename_axis(index="role", columns="year")
