"""Tables of the economies beside the case's own: livelihoods, other goods, and who supplies inputs.

Conventions are those of :mod:`contraflow.results.tables`: pure functions of one dataset or two, medians
over draws, intervals with more than one draw.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._types import BoolArray, IntArray
from contraflow.results.choices import expect_choice
from contraflow.results.draws import noted, paired
from contraflow.results.tables import Rows, contrast, grouped
from contraflow.results.view import USD_PER_MILLION, coord, home_country, leaving

SEPARATOR = "\t"
"""Between the keys of a label, until they are taken apart."""

WAYS = {"country": ("to_country",), "route": ("from_place", "to_place"), "form": ()}
"""Coordinates of an arc by which goods that leave are told apart, beside their form."""


def livelihoods(
    base: xr.Dataset, after: xr.Dataset | None = None, home: str | None = None, by: str = "activity"
) -> pd.DataFrame:
    """What households at home live from, and what it pays.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.
    home
        Code of the home country. None: that of the dataset.
    by
        ``activity``: labour-hectares by the form that they are turned into; ``zone``: the same in each zone,
        with shares of the zone; ``income``: USD a year that a labour-hectare of a zone earns; ``hire``: pay
        at each market of hired work, 1 as in the ledger.

    Returns
    -------
    pandas.DataFrame
        Indexed by activity, (zone, activity), zone or market, with the columns of
        :func:`~contraflow.results.tables.contrast`, shares for the first two only; ``attrs["unit"]`` is the
        unit.

    Raises
    ------
    ComparisonError
        For another ``by``, or outcomes that do not share their draws.
    """
    makers: dict[str, tuple[Callable[[xr.Dataset, xr.Dataset | None, str], pd.DataFrame], str]] = {
        "activity": (_by_activity, "ha"),
        "zone": (_by_zone, "ha"),
        "income": (_labour_income, "USD/ha"),
        "hire": (_hire, "1"),
    }
    expect_choice("by", by, makers)
    maker, unit = makers[by]
    base, after = paired(base, after)
    frame = maker(base, after, home_country(base, home))
    frame.attrs["unit"] = unit
    return noted(frame, base)


def goods(
    base: xr.Dataset, after: xr.Dataset | None = None, home: str | None = None, by: str = "country"
) -> pd.DataFrame:
    """What leaves home beside the case's own substance.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.
    home
        Code of the home country. None: that of the dataset.
    by
        ``country`` (of destination), ``route`` (last place at home, first abroad) or ``form``.

    Returns
    -------
    pandas.DataFrame
        Indexed by (form, to_country), (form, from_place, to_place) or form, with the columns of
        :func:`~contraflow.results.tables.contrast` in kg of product a year, with shares of the form, and as
        ``value_...`` in M$ a year: kg times the price at the tail of the arc that crosses, so before the cost
        and the risk of crossing.

    Raises
    ------
    ComparisonError
        For another ``by``, or outcomes that do not share their draws.
    """
    expect_choice("by", by, WAYS)
    base, after = paired(base, after)
    sides = [_leaving(data, WAYS[by], home) for data in ((base,) if after is None else (base, after))]

    def table(which: int) -> pd.DataFrame:
        rows = [side[which] for side in sides]
        return contrast(rows[0], rows[1] if len(rows) > 1 else None, "form", which == 0, _first_key)

    frame = table(0).join(table(1).add_prefix("value_"))
    worth = frame[[c for c in ("value_before", "value_after") if c in frame]].sum(axis=1)
    return noted(_keyed(frame, ("form", *WAYS[by]), worth), base)


def bought(base: xr.Dataset, after: xr.Dataset | None = None) -> pd.DataFrame:
    """What all supplies of an input earn together.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.

    Returns
    -------
    pandas.DataFrame
        Indexed by input, in the order of the case, with the columns of
        :func:`~contraflow.results.tables.contrast` without shares, M$ a year.
    """
    base, after = paired(base, after)

    def rows(data: xr.Dataset) -> Rows:
        return grouped(coord(data, "supply_input"), data.variables["supplied"].values / USD_PER_MILLION)

    frame = contrast(rows(base), None if after is None else rows(after), "input", shares=False)
    return noted(frame.loc[list(dict.fromkeys(coord(base, "supply_input")))], base)


def supplies(base: xr.Dataset, after: xr.Dataset | None = None) -> pd.DataFrame:
    """What each supply of an input earns.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.

    Returns
    -------
    pandas.DataFrame
        Indexed by (input, supply): ``name``, the words of the supply's id that the others of its input lack,
        and the columns of :func:`~contraflow.results.tables.contrast` in M$ a year, with shares of the input.
    """
    if not base.sizes.get("supply"):
        return pd.DataFrame(columns=["name", "before"])
    base, after = paired(base, after)
    labels = coord(base, "supply_input") + SEPARATOR + coord(base, "supply")

    def rows(data: xr.Dataset) -> Rows:
        return pd.Index(labels), data.variables["supplied"].values / USD_PER_MILLION

    found = contrast(rows(base), None if after is None else rows(after), "supply", within=_first_key)
    frame = _keyed(found, ("input", "supply")).loc[list(dict.fromkeys(coord(base, "supply_input")))]
    named = {
        supply: name
        for _name, own in frame.groupby(level=0)
        for ids in [list(map(str, own.index.get_level_values(1)))]
        for supply, name in zip(ids, _distinguishing_names(ids), strict=True)
    }
    frame.insert(0, "name", [named[str(supply)] for _, supply in frame.index])
    return noted(frame, base)


def _by_activity(base: xr.Dataset, after: xr.Dataset | None, home: str) -> pd.DataFrame:
    then = None if after is None else _labour(after, home)
    return contrast(_labour(base, home), then, "activity")


def _by_zone(base: xr.Dataset, after: xr.Dataset | None, home: str) -> pd.DataFrame:
    sides = [_labour(data, home, zones=True) for data in ((base,) if after is None else (base, after))]
    frame = contrast(sides[0], sides[1] if len(sides) > 1 else None, "zone", within=_first_key)
    return _keyed(frame, ("zone", "activity"))


def _labour(data: xr.Dataset, home: str, zones: bool = False) -> Rows:
    """Labour-hectares at home by what they make, zone by zone if asked."""
    chosen = _at_work(data, home)
    made = coord(data, "form_out")
    labels = coord(data, "from_place") + SEPARATOR + made if zones else made
    return grouped(labels[chosen], data.variables["flow"].values[:, chosen])


def _at_work(data: xr.Dataset, home: str) -> BoolArray:
    return np.asarray((coord(data, "kind") == "activity") & (coord(data, "from_country") == home), dtype=bool)


def _labour_income(base: xr.Dataset, after: xr.Dataset | None, home: str) -> pd.DataFrame:
    def rows(data: xr.Dataset) -> Rows:
        chosen = np.isin(coord(data, "node"), coord(data, "tail")[_at_work(data, home)])
        return pd.Index(coord(data, "node_place")[chosen]), data.variables["price"].values[:, chosen]

    return contrast(rows(base), None if after is None else rows(after), "zone", shares=False)


def _hire(base: xr.Dataset, after: xr.Dataset | None, home: str) -> pd.DataFrame:
    def rows(data: xr.Dataset) -> Rows:
        country = dict(zip(coord(data, "node"), coord(data, "node_country"), strict=True))
        at_home = np.array([country[n] == home for n in coord(data, "market_node")], dtype=bool)
        chosen = data.variables["market_hires"].values.astype(bool) & at_home
        return pd.Index(coord(data, "market")[chosen]), data.variables["market_price"].values[:, chosen]

    return contrast(rows(base), None if after is None else rows(after), "market", shares=False)


def _leaving(data: xr.Dataset, by: tuple[str, ...], home: str | None) -> tuple[Rows, Rows]:
    """Kilograms and M$ of goods without the case's substance that leave home, by form and ``by``."""
    bare = (data.variables["pure"].values == 0).all(axis=0) & (data.variables["flow"].values > 0).any(axis=0)
    chosen = np.flatnonzero(leaving(data, home) & bare)
    labels = coord(data, "form")[chosen]
    for name in by:
        labels = labels + SEPARATOR + coord(data, name)[chosen]
    number = {node: i for i, node in enumerate(coord(data, "node"))}
    tails = [number[tail] for tail in coord(data, "tail")[chosen]]
    kilos = data.variables["flow"].values[:, chosen]
    return grouped(labels, kilos), grouped(
        labels, kilos * data.variables["price"].values[:, tails] / USD_PER_MILLION
    )


def _first_key(index: pd.Index) -> IntArray:
    """Number of the first key of each label."""
    return pd.factorize(np.array([str(label).partition(SEPARATOR)[0] for label in index], dtype=object))[0]


def _keyed(frame: pd.DataFrame, names: tuple[str, ...], size: pd.Series[float] | None = None) -> pd.DataFrame:
    """Labels taken apart into keys; rows of one first key stand together, the largest (by ``size``) first."""
    groups = _first_key(frame.index)
    sums = (frame["before"] if size is None else size).groupby(groups).transform("sum")
    frame = frame.iloc[np.lexsort((np.arange(len(frame)), groups, -sums.to_numpy()))]
    keys = [tuple(str(label).split(SEPARATOR)) for label in frame.index]
    if len(names) > 1:
        frame.index = pd.MultiIndex.from_tuples(keys, names=names)
    return frame


def _distinguishing_names(ids: list[str]) -> list[str]:
    """Ids without the words that all of them begin with, as text: ``laundering-banks`` is ``Banks``."""
    parts = [name.split("-") for name in ids]
    shared = sum(1 for _ in takewhile(lambda words: len(set(words)) == 1, zip(*parts, strict=False)))
    words = [" ".join(part[shared:] or part) for part in parts] if len(ids) > 1 else [" ".join(parts[0])]
    return [word[:1].upper() + word[1:] for word in words]
