"""Prices, seizures and pay by place, good and stage, of one outcome or of two.

Conventions are those of :mod:`contraflow.results.tables`: pure functions of datasets, changes draw by draw,
medians with the ends of their intervals. A row stands only where there is something: where goods pass, are
seized or are carried for pay in at least half of the draws, on both sides of a comparison for prices and pay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._types import BoolArray, FloatArray, ObjectArray
from contraflow.results.choices import expect_choice
from contraflow.results.draws import known_quantiles, noted, paired, with_ends
from contraflow.results.view import View, coord

NEXT_TO_NOTHING = 1e-9
"""Part of the largest amount in its group below which an amount is nothing."""

ROUNDING = 1e-12
"""A change below this part of the value before is that of rounding."""

STAGES = ("farm gate", "made", "on the way", "market")
"""Where a good stands: as it leaves the ground, where it is made, after transport, where it is sold."""

CROSSINGS = ("home", "border", "abroad")
"""Where a link is: inside the home country, across its border, beyond it."""

SEIZED_BY = {
    "good": (), "stage": ("stage",), "mode": ("mode",), "place": ("place",),
    "link": ("from_place", "mode", "to_place"),
}  # fmt: skip
"""Labels by which seizures of a good are told apart."""

PAID_BY = {"mode": ("mode",), "place": ("place", "mode"), "link": ("from_place", "mode", "to_place")}
"""Labels by which pay is told apart."""

PER = {"kg": "USD/kg", "trip": "USD/trip", "person": "USD/person and trip"}
"""What pay is counted per, with its unit."""


def prices(
    base: xr.Dataset, after: xr.Dataset | None = None, *, units: Mapping[str, str], single: str = "price"
) -> pd.DataFrame:
    """Price of every good at every place where it passes.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.
    units
        Unit in which each form is counted; only forms counted in kg are goods.
    single
        Name of the column of figures where the table has one side.

    Returns
    -------
    pandas.DataFrame
        Indexed by (good, place), from where it grows to where it is sold: ``country``, ``stage`` (one of
        :data:`STAGES`), ``unit`` (USD per kg of the good as it is sold, not of pure substance), and the
        columns of a comparison. ``attrs["only_before"]`` and ``attrs["only_after"]`` list what has a price on
        one side only.
    """
    base, after = paired(base, after)
    form, place, node = (coord(base, c) for c in ("node_form", "node_place", "node"))
    hired = coord(base, "market_node")[base.variables["market_hires"].values.astype(bool)]
    reached = np.isin(node, coord(base, "head")) & ~np.isin(node, hired)
    goods = reached & np.array([units.get(f) == "kg" for f in form], dtype=bool)
    sides = [base] if after is None else [base, after]
    passing = [goods & _there(_inflow(data), form) for data in sides]
    kept = np.flatnonzero(np.logical_and.reduce(passing))
    values = [data.variables["price"].values[:, kept] for data in sides]
    frame = _contrast(values, single)
    frame.insert(0, "country", coord(base, "node_country")[kept])
    frame.insert(1, "stage", _stage(base)[kept])
    frame.insert(2, "unit", "USD/kg")
    frame.index = pd.MultiIndex.from_arrays([form[kept], place[kept]], names=["good", "place"])
    order = {name: i for i, name in enumerate(dict.fromkeys(form[kept]))}
    frame = frame.iloc[np.argsort([order[f] for f in form[kept]], kind="stable")]
    if after is not None:
        for name, one, other in (("only_before", 0, 1), ("only_after", 1, 0)):
            frame.attrs[name] = sorted(map(str, node[passing[one] & ~passing[other]]))
    frame.attrs["unit"] = "USD/kg"
    return noted(frame, base)


def seizures(
    base: xr.Dataset,
    after: xr.Dataset | None = None,
    *,
    by: str = "place",
    home: str | None = None,
    single: str = "seized",
) -> pd.DataFrame:
    """What is seized of each good in transport.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.
    by
        ``place`` (where consignments set out), ``stage`` (inside the home country, across its border,
        abroad), ``mode``, ``link`` or ``good`` alone.
    home
        Code of the home country. None: that of the dataset.
    single
        Name of the column of figures where the table has one side.

    Returns
    -------
    pandas.DataFrame
        Indexed by good, the labels of ``by`` and ``mass`` (``product`` or ``pure``), the largest first:
        ``unit`` and the columns of a comparison; as ``rate_...`` the share of what sets out that is seized.

    Raises
    ------
    ComparisonError
        For another ``by``.
    """
    expect_choice("by", by, SEIZED_BY)
    base, after = paired(base, after)
    sides = [base] if after is None else [base, after]
    view = View(base, home)
    crossing = np.where(view.leaving, 1, np.where(view.starts_at_home, 0, 2))
    labels = _labels(base) | {"stage": np.asarray(CROSSINGS, dtype=object)[crossing]}
    chosen = np.flatnonzero(view.links)
    keys, group = _groups([labels[name][chosen] for name in ("form", *SEIZED_BY[by])])
    parts = []
    for mass, seized, sent in (("product", "seized", "flow"), ("pure", "seized_pure", "pure")):
        amounts = [_sums(data[seized].values[:, chosen], group, len(keys)) for data in sides]
        rates = [
            _ratio(x, _sums(data[sent].values[:, chosen], group, len(keys)))
            for x, data in zip(amounts, sides, strict=True)
        ]
        largest = max(float(np.median(x, axis=0).max(initial=0.0)) for x in amounts)
        some = [np.median(x, axis=0) > NEXT_TO_NOTHING * largest for x in amounts]
        kept = np.flatnonzero(np.logical_or.reduce(some))
        frame = _contrast([x[:, kept] for x in amounts], single)
        frame = frame.join(_contrast([np.nan_to_num(r[:, kept]) for r in rates], "").add_prefix("rate_"))
        frame = frame.rename(columns=lambda c: c.replace("rate__", "rate_") if c != "rate_" else "rate")
        frame.insert(0, "unit", "kg/yr")
        names = ["good", *SEIZED_BY[by], "mass"]
        frame.index = pd.MultiIndex.from_tuples([(*keys[k], mass) for k in kept], names=names)
        parts.append(frame)
    size = single if after is None else "before"
    whole = parts[0] if parts[1].empty else pd.concat(parts)
    whole = whole.sort_values(size, ascending=False, kind="stable")
    goods = list(dict.fromkeys(whole.index.get_level_values("good")))
    place = [(goods.index(label[0]), label[-1] != "product") for label in whole.index]
    whole = whole.iloc[sorted(range(len(whole)), key=lambda i: place[i])]
    whole.attrs["unit"] = "kg/yr"
    return noted(whole, base)


def pay(
    base: xr.Dataset, after: xr.Dataset | None = None, *, by: str = "mode", single: str = "pay"
) -> pd.DataFrame:
    """What crews are paid: for a kilogram, for a trip or flight with its load, and each of the crew.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.
    by
        ``mode``, ``place`` (where they set out, and mode) or ``link``.
    single
        Name of the column of figures where the table has one side.

    Returns
    -------
    pandas.DataFrame
        Indexed by the labels of ``by`` and ``per`` (a key of :data:`PER`): ``family`` of the mode, ``unit``
        and the columns of a comparison; pay for risk is included. Means over trips.

    Raises
    ------
    ComparisonError
        For another ``by``.
    """
    expect_choice("by", by, PAID_BY)
    base, after = paired(base, after)
    sides = [base] if after is None else [base, after]
    labels = _labels(base)
    chosen = np.flatnonzero(View(base).links & (coord(base, "mode") != ""))
    keys, group = _groups([labels[name][chosen] for name in PAID_BY[by]])

    def total(data: xr.Dataset, name: str) -> FloatArray:
        return _sums(data[name].values[:, chosen], group, len(keys))

    paid = [total(data, "crew_pay") for data in sides]
    sent = [total(data, "flow") for data in sides]
    largest = max((float(np.median(x, axis=0).max(initial=0.0)) for x in sent), default=0.0)
    there = [
        (np.median(p, axis=0) > 0) & (np.median(x, axis=0) > NEXT_TO_NOTHING * largest)
        for p, x in zip(paid, sent, strict=True)
    ]
    kept = np.flatnonzero(np.logical_and.reduce(there))
    per = {
        "kg": sent,
        "trip": [total(data, "consignments") for data in sides],
        "person": [
            _sums((data["consignments"] * data["crew"]).values[:, chosen], group, len(keys)) for data in sides
        ],
    }
    family = dict(zip(labels["mode"], labels["family"], strict=True))
    parts = []
    for name, counts in per.items():
        frame = _contrast([_ratio(p, c)[:, kept] for p, c in zip(paid, counts, strict=True)], single)
        modes = [keys[k][PAID_BY[by].index("mode")] for k in kept]
        frame.insert(0, "family", [family[mode] for mode in modes])
        frame.insert(1, "unit", PER[name])
        frame.index = pd.MultiIndex.from_tuples([(*keys[k], name) for k in kept], names=[*PAID_BY[by], "per"])
        parts.append(frame)
    whole = pd.concat(parts)
    order = sorted(range(len(whole)), key=lambda i: i % max(len(kept), 1))
    return noted(whole.iloc[order], base)


def _inflow(data: xr.Dataset) -> FloatArray:
    """What arrives at each node (draw, node), units a year."""
    number = {name: i for i, name in enumerate(coord(data, "node"))}
    head = np.array([number[name] for name in coord(data, "head")], dtype=np.int64)
    return _sums(data.variables["arrival"].values, head, len(number))


def _there(amount: FloatArray, group: ObjectArray) -> BoolArray:
    """Whether an amount (draw, row) is something, beside the largest of its group (row,)."""
    middle = np.median(amount, axis=0)
    largest = pd.Series(middle).groupby(group.astype(str)).transform("max").to_numpy()
    return np.asarray((middle > 0) & (middle > NEXT_TO_NOTHING * largest), dtype=bool)


def _stage(data: xr.Dataset) -> ObjectArray:
    """Stage at which a good is at each node (node,)."""
    node, head, kind = coord(data, "node"), coord(data, "head"), coord(data, "kind")
    conditions = [
        np.isin(node, coord(data, "market_node")),
        np.isin(node, head[kind == "activity"]),
        np.isin(node, head[kind == "process"]),
    ]
    names = [STAGES[3], STAGES[0], STAGES[1]]
    return np.asarray(np.select(conditions, names, STAGES[2]), dtype=object)


def _labels(data: xr.Dataset) -> dict[str, ObjectArray]:
    names = {"place": "from_place"} | {n: n for n in ("form", "mode", "family", "from_place", "to_place")}
    return {name: coord(data, source) for name, source in names.items()}


def _groups(labels: Sequence[ObjectArray]) -> tuple[list[tuple[str, ...]], np.ndarray]:
    """Distinct tuples of labels, in order of appearance, and the number of that of each row."""
    numbers: dict[tuple[str, ...], int] = {}
    group = [numbers.setdefault(tuple(map(str, row)), len(numbers)) for row in zip(*labels, strict=True)]
    return list(numbers), np.array(group, dtype=np.int64)


def _sums(values: FloatArray, group: np.ndarray, count: int) -> FloatArray:
    """Sums (draw, group) of values (draw, row)."""
    sums = np.zeros((values.shape[0], count))
    np.add.at(sums.T, group, values.T)
    return sums


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotients; NaN over zero."""
    return np.asarray(above / np.where(below > 0, below, np.nan))


def _contrast(sides: Sequence[FloatArray], single: str) -> pd.DataFrame:
    """Columns of one side or of a comparison from values (draw, row), of draws in which a row is known."""
    if len(sides) == 1:
        return pd.DataFrame(known_quantiles(single, sides[0]))
    before, after = sides
    change = after - before
    change = np.where(np.abs(change) <= ROUNDING * np.abs(before), 0.0, change)
    columns = known_quantiles("before", before) | known_quantiles("after", after)
    columns |= known_quantiles("change", change)
    columns |= known_quantiles("ratio", after / np.where(before == 0, np.nan, before))
    names = [c for c in with_ends(("before", "after", "change", "ratio")) if c in columns]
    return pd.DataFrame({c: columns[c] for c in names})
