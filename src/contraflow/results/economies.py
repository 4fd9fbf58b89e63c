"""Tables of the economies beside the case's own: livelihoods, other goods, and who supplies inputs.

Conventions are those of :mod:`contraflow.results.tables`: pure functions of one dataset or two, medians
over draws, quantiles with more than one draw.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from contraflow.results.tables import USD_PER_MILLION, Rows, contrast, coord, grouped, home_country, leaving

WAYS = {"country": ("to_country",), "route": ("from_place", "to_place"), "form": ()}
"""Coordinates of an arc by which goods that leave are told apart, beside their form."""


def livelihoods(
    base: xr.Dataset, after: xr.Dataset | None = None, home: str | None = None, by: str = "activity"
) -> pd.DataFrame:
    """What households at home live from, and what it pays; ``attrs["unit"]`` says in what.

    ``by`` is ``activity`` (labour-hectares by the form that they are turned into), ``zone`` (the same,
    rows (zone, activity), shares within the zone), ``income`` (USD that a labour-hectare of a zone earns)
    or ``hire`` (pay of hired work by market, 1 as in the ledger's baseline).
    """
    makers: dict[str, tuple[Callable[[xr.Dataset, xr.Dataset | None, str], pd.DataFrame], str]] = {
        "activity": (_by_activity, "ha"),
        "zone": (_by_zone, "ha"),
        "income": (_labour_income, "USD/ha"),
        "hire": (_hire, "1"),
    }
    if by not in makers:
        raise ValueError(f"by is {by!r}; it can be {', '.join(makers)}")
    maker, unit = makers[by]
    frame = maker(base, after, home_country(base, home))
    frame.attrs["unit"] = unit
    return frame


def goods(
    base: xr.Dataset, after: xr.Dataset | None = None, home: str | None = None, by: str = "country"
) -> pd.DataFrame:
    """What leaves home beside the case's own substance: kg of product, and M$ where it crosses.

    Rows are (form, country), (form, from_place, to_place) or form, as ``by`` is ``country``, ``route`` or
    ``form``. Shares are those of the form; columns ``value_...`` hold kg times the price at the tail of
    the arc that crosses, so before the cost and the risk of crossing.
    """
    if by not in WAYS:
        raise ValueError(f"by is {by!r}; it can be {', '.join(WAYS)}")
    pair = [base] if after is None else [base, after]
    frames = [_leaving(pair, form, WAYS[by], home) for form in other_goods(pair, home)]
    return pd.concat(frames) if frames else _nothing(("form", *WAYS[by]))


def supplies(base: xr.Dataset, after: xr.Dataset | None = None) -> pd.DataFrame:
    """What each supply of an input earns, M$ a year, and its share of the input; rows (input, supply).

    ``name`` is what tells the supply from the others of its input.
    """
    if not base.sizes.get("supply"):
        return _nothing(("input", "supply")).assign(name=pd.Series(dtype=object))
    frames = {}
    for bought in dict.fromkeys(map(str, coord(base, "supply_input"))):
        own = coord(base, "supply_input") == bought

        def rows(data: xr.Dataset, own: NDArray[np.bool_] = own) -> Rows:
            return pd.Index(coord(data, "supply")[own]), data["supplied"].values[:, own] / USD_PER_MILLION

        frame = contrast(rows(base), None if after is None else rows(after), "supply")
        frame.insert(0, "name", _told_apart(list(map(str, frame.index))))
        frames[bought] = frame
    return pd.concat(frames, names=["input"])


def other_goods(outcomes: list[xr.Dataset], home: str | None = None) -> list[str]:
    """Forms that leave home without holding any of the case's substance, most valuable first."""
    worth: dict[str, float] = {}
    for data in outcomes:
        flow, bare = data["flow"].values, (data["pure"].values == 0).all(axis=0)
        chosen = leaving(data, home) & bare & (flow > 0).any(axis=0)
        value = np.median(flow * _price_at_tail(data), axis=0)
        for form, dollars in zip(coord(data, "form")[chosen], value[chosen], strict=True):
            worth[str(form)] = worth.get(str(form), 0.0) + float(dollars)
    return sorted(worth, key=lambda form: -worth[form])


def _by_activity(base: xr.Dataset, after: xr.Dataset | None, home: str) -> pd.DataFrame:
    then = None if after is None else _labour(after, home)
    return contrast(_labour(base, home), then, "activity")


def _by_zone(base: xr.Dataset, after: xr.Dataset | None, home: str) -> pd.DataFrame:
    at_work = _at_work(base, home)
    frames = {
        zone: contrast(
            _labour(base, home, zone), None if after is None else _labour(after, home, zone), "activity"
        )
        for zone in dict.fromkeys(map(str, coord(base, "from_place")[at_work]))
    }
    return pd.concat(frames, names=["zone"]) if frames else _nothing(("zone", "activity"))


def _labour(data: xr.Dataset, home: str, zone: str | None = None) -> Rows:
    """Labour-hectares by what they make, at home or in one zone of it."""
    chosen = _at_work(data, home)
    if zone is not None:
        chosen &= coord(data, "from_place") == zone
    return grouped(coord(data, "form_out")[chosen], data["flow"].values[:, chosen])


def _at_work(data: xr.Dataset, home: str) -> NDArray[np.bool_]:
    return np.asarray((coord(data, "kind") == "activity") & (coord(data, "from_country") == home), dtype=bool)


def _labour_income(base: xr.Dataset, after: xr.Dataset | None, home: str) -> pd.DataFrame:
    def rows(data: xr.Dataset) -> Rows:
        chosen = np.isin(coord(data, "node"), coord(data, "tail")[_at_work(data, home)])
        return pd.Index(coord(data, "node_place")[chosen]), data["price"].values[:, chosen]

    return contrast(rows(base), None if after is None else rows(after), "zone", shares=False)


def _hire(base: xr.Dataset, after: xr.Dataset | None, home: str) -> pd.DataFrame:
    def rows(data: xr.Dataset) -> Rows:
        country = dict(zip(coord(data, "node"), coord(data, "node_country"), strict=True))
        at_home = np.array([country[n] == home for n in coord(data, "market_node")], dtype=bool)
        chosen = data["market_hires"].values.astype(bool) & at_home
        return pd.Index(coord(data, "market")[chosen]), data["market_price"].values[:, chosen]

    return contrast(rows(base), None if after is None else rows(after), "market", shares=False)


def _leaving(pair: list[xr.Dataset], form: str, by: tuple[str, ...], home: str | None) -> pd.DataFrame:
    """Kilograms and value of one form on arcs out of the country, grouped by coordinates of the arc."""

    def rows(data: xr.Dataset, money: bool) -> Rows:
        chosen = leaving(data, home) & (coord(data, "form") == form)
        labels = coord(data, "form")
        for name in by:
            labels = labels + "\t" + coord(data, name)
        values = data["flow"].values * (_price_at_tail(data) / USD_PER_MILLION if money else 1.0)
        return grouped(labels[chosen], values[:, chosen])

    def table(money: bool) -> pd.DataFrame:
        sides = [rows(data, money) for data in pair]
        return contrast(sides[0], sides[1] if len(sides) > 1 else None, "form", shares=not money)

    frame = table(money=False).join(table(money=True).add_prefix("value_"))
    keys = [str(key).split("\t") for key in frame.index]
    frame.index = pd.MultiIndex.from_tuples(map(tuple, keys), names=("form", *by)) if by else frame.index
    return frame


def _price_at_tail(data: xr.Dataset) -> NDArray[np.float64]:
    """USD per unit where each arc begins, (draw, arc)."""
    number = {node: i for i, node in enumerate(coord(data, "node"))}
    price: NDArray[np.float64] = data["price"].values[:, [number[t] for t in coord(data, "tail")]]
    return price


def _nothing(names: tuple[str, ...]) -> pd.DataFrame:
    """A table without rows."""
    index = pd.MultiIndex.from_tuples([], names=names) if len(names) > 1 else pd.Index([], name=names[0])
    return pd.DataFrame({"before": pd.Series(dtype=float)}, index=index)


def _told_apart(ids: list[str]) -> list[str]:
    """Ids without the words that all of them begin with, as text: ``laundering-banks`` is ``Banks``."""
    parts = [name.split("-") for name in ids]
    shared = sum(1 for _ in takewhile(lambda words: len(set(words)) == 1, zip(*parts, strict=False)))
    words = [" ".join(part[shared:] or part) for part in parts] if len(ids) > 1 else [" ".join(parts[0])]
    return [word[:1].upper() + word[1:] for word in words]
