"""Tables from the labelled dataset of an outcome: what moves where, and what changes.

Every function is pure: it takes one dataset or two (``base``, and ``after`` under a policy) with a
leading dimension ``draw`` and returns a DataFrame; ``home`` is the code of the home country, that of the
dataset where it is left out. Two datasets that do not share their draws raise ComparisonError. Figures are
medians over draws; with more than one draw, columns ending in ``_5``, ``_25``, ``_75`` and ``_95`` hold the
quantiles that bound the 50 % and the 90 % interval. Draw i of ``base`` and of ``after`` share their
parameters, so changes are taken draw by draw before the quantiles; medians of parts need not add up to the
median of the whole. Draws that were not solved are left out (:mod:`contraflow.results.draws`). Masses are
t of the pure substance a year and money is million dollars a year unless a column says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from contraflow._language import _
from contraflow._types import FloatArray, IntArray
from contraflow.errors import ComparisonError
from contraflow.results import figures
from contraflow.results.choices import expect_choice, near_match
from contraflow.results.draws import (
    falls,
    known_quantiles,
    mean,
    median,
    noted,
    paired,
    quantiles,
    rises,
    with_ends,
)
from contraflow.results.view import (
    KG_PER_TONNE,
    USD_PER_MILLION,
    View,
    coord,
    home_country,
    leaving,
    price_spot,
)

Rows = tuple[pd.Index, FloatArray]
"""Labels (row,) and values (draw, row)."""

COSTS = {
    "cost": "spent",
    "inputs": "inputs",
    "fees": "fees",
    "surcharge": "surcharge",
    "risk_pay": "risk_pay",
    "margin": "margin",
    "taken": "taken",
}
"""Parts of a step's price and the variables that hold them; one that is absent is none."""

CROP = "crop"
"""Key of what is grown or dug for the case's substance in :func:`by_zone`."""

NOTABLE = 0.05
"""Part of the value before beyond which a headline figure's change is notable."""


def grouped(labels: NDArray[np.object_], values: FloatArray) -> Rows:
    """Sum values (draw, arc) over arcs of the same label (arc,); labels are sorted."""
    names, index = np.unique(labels.astype(str), return_inverse=True)
    sums = np.zeros((values.shape[0], names.size))
    np.add.at(sums.T, index, values.T)
    return pd.Index(names), sums


NEGLIGIBLE = 0.01
"""Part of what there was below which a loss is none of which a share came up elsewhere."""


def contrast(
    base: Rows,
    after: Rows | None,
    name: str,
    shares: bool = True,
    within: Callable[[pd.Index], IntArray] | None = None,
) -> pd.DataFrame:
    """Before, after, change, ratio and shares of rows.

    Parameters
    ----------
    base, after
        Rows of both sides; a row that one lacks is zero there. ``after`` None: the table has one side.
    name
        Name of the index.
    shares
        Whether shares are shown.
    within
        Function from labels to the number of the group of each (row,), of which shares are taken. None:
        shares are those of all rows.

    Returns
    -------
    pandas.DataFrame
        Indexed by label, the largest before first: ``before`` and ``share_before``, and with ``after`` also
        ``after``, ``change``, ``ratio`` (after over before, over the draws with something before),
        ``share_after`` and ``share_change``; each followed by the ends of its intervals if there are draws.
    """
    index = base[0] if after is None else base[0].union(after[0])
    groups = np.zeros(len(index), dtype=np.int64) if within is None else within(index)
    before = aligned(base, index)
    columns = known_quantiles("before", before)
    if shares:
        share = _share(before, groups)
        columns |= quantiles("share_before", share)
    if after is not None:
        then = aligned(after, index)
        columns |= known_quantiles("after", then) | known_quantiles("change", then - before)
        columns |= known_quantiles("ratio", then / np.where(before == 0, np.nan, before))
        if shares:
            later = _share(then, groups)
            columns |= quantiles("share_after", later) | quantiles("share_change", later - share)
    stems = ("before", "after", "change", "ratio", "share_before", "share_after", "share_change")
    names = [c for c in with_ends(stems) if c in columns]
    order = np.argsort(-columns["before"], kind="stable")
    return pd.DataFrame({c: columns[c][order] for c in names}, index=index[order].rename(name))


def by_mode(base: xr.Dataset, after: xr.Dataset | None = None, home: str | None = None) -> pd.DataFrame:
    """Exports of the home country by mode, t pure a year, with the columns of :func:`contrast`."""
    return _exports(base, after, home, "mode")


def by_route(base: xr.Dataset, after: xr.Dataset | None = None, home: str | None = None) -> pd.DataFrame:
    """As :func:`by_mode`, by the last place at home: strips, a port, a crossing."""
    return _exports(base, after, home, "route")


def by_zone(base: xr.Dataset, after: xr.Dataset | None = None, home: str | None = None) -> pd.DataFrame:
    """Crops that stand and goods that are made, by place.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.
    home
        Code of the home country, or ``all`` for places of every country. None: that of the dataset.

    Returns
    -------
    pandas.DataFrame
        Indexed by (what, place): ``crop`` in ha, less what is lost to the state, and each form that some
        process makes in t pure a year; columns of :func:`contrast`, with shares of the same ``what``. What
        the economy does not have is left out.
    """
    base, after = paired(base, after)

    def rows(data: xr.Dataset, kind: str, what: str) -> Rows:
        made = np.asarray(data.variables["arrival_pure"].values) > 0
        chosen = (coord(data, "kind") == kind) & made.any(axis=0)
        if home != "all":
            chosen &= coord(data, "from_country") == home_country(data, home)
        if kind == "process":
            chosen &= coord(data, "form_out") == what
            values = data.variables["arrival_pure"].values / KG_PER_TONNE
        else:
            values = data.variables["flow"].values - data.variables["seized"].values
        return grouped(coord(data, "from_place")[chosen], values[:, chosen])

    def table(kind: str, what: str) -> pd.DataFrame:
        return contrast(rows(base, kind, what), None if after is None else rows(after, kind, what), "place")

    made = dict.fromkeys(coord(base, "form_out")[coord(base, "kind") == "process"])
    every = {CROP: table("activity", ""), **{form: table("process", form) for form in made}}
    frames = {what: frame for what, frame in every.items() if len(frame)} or {CROP: every[CROP]}
    return noted(pd.concat(frames, names=["what", "place"]), base)


WAYS = {"mode": "mode", "route": "from_place", "country": "to_country", "form": "form"}
"""Coordinates of an arc by which exports are told apart."""


def displacement(
    base: xr.Dataset, after: xr.Dataset, by: str = "mode", home: str | None = None
) -> pd.DataFrame:
    """What left one option and what came up elsewhere.

    Parameters
    ----------
    base, after
        Datasets of two outcomes of one lab.
    by
        ``mode``, ``route``, ``country`` or ``form``: exports of the home country in t pure a year; ``zone``:
        ha that stand there.
    home
        Code of the home country. None: that of the dataset.

    Returns
    -------
    pandas.DataFrame
        Indexed by option, the largest loss first, with the columns of :func:`contrast`.
        ``attrs["displaced"]`` is the sum of gains over the sum of losses (median over draws): 0 if what was
        stopped went nowhere else, 1 if all of it came up elsewhere, more if more did. It is NaN, which is to
        say that there is no such share, where less than NEGLIGIBLE of what there was is lost in half of the
        draws. With more than one draw, ``attrs["displaced_5"]`` and so on hold the ends of its intervals over
        the other draws.

    Raises
    ------
    ComparisonError
        For another ``by``, or outcomes that do not share their draws.
    """
    before, then = options(base, after, by, home)
    frame = contrast(before, then, "place" if by == "zone" else by)
    index = before[0].union(then[0])
    change = aligned(then, index) - aligned(before, index)
    gains, losses = np.maximum(change, 0).sum(axis=1), np.maximum(-change, 0).sum(axis=1)
    frame = noted(frame.sort_values(by="change", kind="stable"), paired(base, after)[0])
    lost = losses > NEGLIGIBLE * aligned(before, index).sum(axis=1)
    part = np.where(lost & (lost.mean() > 0.5), gains / np.where(losses > 0, losses, 1.0), np.nan)
    frame.attrs |= {name: float(x[0]) for name, x in known_quantiles("displaced", part[:, None]).items()}
    return frame


def options(base: xr.Dataset, after: xr.Dataset, by: str, home: str | None = None) -> tuple[Rows, Rows]:
    """Rows before and after of a grouping of :func:`displacement`, on the draws that are solved in both.

    Raises
    ------
    ComparisonError
        For another ``by``, or outcomes that do not share their draws.
    """
    expect_choice("by", by, ("zone", *WAYS))
    base, then = paired(base, after)
    sides = (base, base if then is None else then)
    if by == "zone":
        first, last = (_hectares(data, home) for data in sides)
    else:
        first, last = (_leaving_rows(data, home, WAYS[by]) for data in sides)
    return first, last


def incomes(base: xr.Dataset, after: xr.Dataset | None = None) -> pd.DataFrame:
    """Income by actor.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.

    Returns
    -------
    pandas.DataFrame
        Indexed by actor: ``name``, ``kind``, and the columns of :func:`contrast` in M$ a year.
    """
    base, after = paired(base, after)
    frame = contrast(income_rows(base), None if after is None else income_rows(after), "actor")
    names = pd.DataFrame(
        {"name": coord(base, "actor_name"), "kind": coord(base, "actor_kind")}, index=coord(base, "actor")
    )
    return noted(names.reindex(frame.index).join(frame), base)


def income_rows(data: xr.Dataset) -> Rows:
    """Actors (actor,) and their incomes (draw, actor), M$ a year."""
    return pd.Index(coord(data, "actor")), data.variables["income"].values / USD_PER_MILLION


def headline(
    base: xr.Dataset,
    after: xr.Dataset | None = None,
    home: str | None = None,
) -> pd.DataFrame:
    """The figures that a reader asks for first.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.
    home
        Code of the home country. None: that of the dataset.

    Returns
    -------
    pandas.DataFrame
        Indexed by figure, those of :func:`~contraflow.results.figures.outcome_figures` in their order, less
        those that the economy lacks, with the reasons in ``attrs["lacking"]``:
        ``unit`` and the columns of :func:`contrast` without shares. Of two outcomes with more than one draw
        also ``p_falls`` and ``p_rises``, the shares of draws in which a figure falls or rises, and
        ``p_falls_5pct`` and ``p_rises_5pct``, those in which it does so by more than 5 % of its value before.
    """
    base, after = paired(base, after)
    spot = price_spot(base, home)
    rows = figures.outcome_rows(base, spot, home)
    then = None if after is None else figures.outcome_rows(after, spot, home)
    lacking = figures.lacking(base, *(() if after is None else (after,)), home=home, spot=spot)
    has = np.array([name not in lacking for name in rows[0]])
    rows = rows[0][has], rows[1][:, has]
    then = None if then is None else (then[0][has], then[1][:, has])
    frame = contrast(rows, then, "figure", shares=False).reindex(rows[0].rename("figure"))
    frame.insert(0, "unit", [figures.outcome_figure(name).unit for name in frame.index])
    frame.attrs["lacking"] = lacking
    if then is not None:
        before, change = rows[1], then[1] - rows[1]
        if len(before) > 1:
            frame = frame.assign(
                p_falls=falls(before, change),
                p_rises=rises(before, change),
                p_falls_5pct=falls(before, change, NOTABLE),
                p_rises_5pct=rises(before, change, NOTABLE),
            )
    return noted(frame, base)


def price_ladder(
    data: xr.Dataset,
    chain: Sequence[str] | None = None,
    market: str | None = None,
    home: str | None = None,
) -> pd.DataFrame:
    """From where goods start to a final market: how a kilogram's price is built up, step by step.

    All figures are USD per kg of pure substance that arrives at the step's head, so that

        price_to = price_from + loss + cost + inputs + fees + surcharge + risk_pay + margin + taken + rent

    holds in every draw: ``loss`` replaces what was seized or wasted on the way, ``rent`` is what the
    step yields beyond the average of the options at its tail (it can be negative).

    Parameters
    ----------
    data
        Dataset of an outcome.
    chain
        Ids of the arcs to follow. None: the path that carries most of what was grown at home to ``market``.
    market
        Label of a market, ``market@place``. None: the one that pays most for what was grown at home.
    home
        Code of the home country. None: that of the dataset.

    Returns
    -------
    pandas.DataFrame
        Indexed by arc, from the farm gate on: where and how the step leads, the terms above, and as
        ``market_from`` and ``market_to`` the prices of a unit of the good as it is sold at both ends; each
        followed by the ends of its intervals if there are draws.

    Raises
    ------
    ComparisonError
        For an unknown arc or market, or if no draw was solved.
    """
    data, _other = paired(data)
    ids = list(coord(data, "arc"))
    numbers = _main_path(data, market, home) if chain is None else [_arc(a, ids) for a in chain]
    nodes = {node: i for i, node in enumerate(coord(data, "node"))}
    parts: list[pd.DataFrame] = []
    for arc in numbers:
        one = data.isel(arc=arc)
        tail, head = str(one["tail"].values), str(one["head"].values)
        price_tail = data.variables["price"].values[:, nodes[tail]]
        kilos = np.maximum(one["arrival_pure"].values, 1e-300)
        reach = one["arrival"].values * data.variables["price"].values[:, nodes[head]] / kilos
        bought = one["flow"].values * price_tail / kilos
        pure = one["pure"].values
        start = np.where(pure > 0, bought * kilos / np.where(pure > 0, pure, 1.0), bought)
        terms = {"price_from": start, "loss": bought - start}
        none = np.zeros_like(reach)
        terms |= {name: one[v].values / kilos if v in one else none for name, v in COSTS.items()}
        terms["rent"] = reach - sum(terms.values(), np.zeros_like(reach))
        terms["price_to"] = reach
        terms |= {"market_from": price_tail, "market_to": data.variables["price"].values[:, nodes[head]]}
        columns = {c: v for n, x in terms.items() for c, v in quantiles(n, x[:, None]).items()}
        text = ("step", "kind", "mode", "tail", "head", "form", "form_out", "from_place", "to_place")
        parts.append(pd.DataFrame({t: [str(one[t].values)] for t in text} | columns, index=[ids[arc]]))
    return noted(pd.concat(parts).rename_axis("arc"), data)


def refined(base: xr.Dataset, after: xr.Dataset | None = None) -> pd.DataFrame:
    """Where the final good is made: of all goods that some process makes, the one that earns most.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: the table has one side.

    Returns
    -------
    pandas.DataFrame
        Indexed by country, with the columns of :func:`contrast`, t pure a year.
    """
    base, after = paired(base, after)
    pure = (base.variables["sold_pure"].values > 0).any(axis=0)
    worth = (
        np.median(base.variables["market_price"].values * base.variables["sold"].values, axis=0)
        * View(base).made_goods
        * pure
    )
    made = str(coord(base, "market_form")[int(np.argmax(worth))])

    def rows(data: xr.Dataset) -> Rows:
        chosen = (coord(data, "kind") == "process") & (coord(data, "form_out") == made)
        values = data.variables["arrival_pure"].values[:, chosen] / KG_PER_TONNE
        return grouped(coord(data, "from_country")[chosen], values)

    return noted(contrast(rows(base), None if after is None else rows(after), "country"), base)


def _arc(name: str, ids: Sequence[str]) -> int:
    """Number of an arc. Raises ComparisonError for an unknown one."""
    if name not in ids:
        text = _("{name} is no arc of this outcome.").format(name=repr(name))
        raise ComparisonError(f"{text} {near_match(name, ids)}".rstrip())
    return ids.index(name)


def _main_path(data: xr.Dataset, market: str | None, home: str | None) -> list[int]:
    """Numbers of the arcs from the farm gate to a market, by the largest home-grown arrival at every node."""
    grown = home_grown(data, home)
    share = np.array([grown.get(str(n), 0.0) for n in data.variables["market_node"].values])
    revenue = np.median(data.variables["market_price"].values * data.variables["sold"].values, axis=0) * share
    markets = list(coord(data, "market"))
    if market is not None and market not in markets:
        known = [str(name) for name in markets]
        text = _("{name} is no market of this outcome; it has {markets}.")
        said = text.format(name=repr(market), markets=", ".join(known))
        raise ComparisonError(f"{said} {near_match(market, known)}".rstrip())
    chosen = int(np.argmax(revenue)) if market is None else markets.index(market)
    node = str(data.variables["market_node"].values[chosen])
    heads, tails, kinds = coord(data, "head"), coord(data, "tail"), coord(data, "kind")
    arrival = median(data, "arrival") * [grown.get(str(t), 0.0) for t in tails]
    path: list[int] = []
    while True:
        into = np.flatnonzero((heads == node) & (kinds != "activity") & (arrival > 0))
        if not into.size:
            return path[::-1]
        path.append(int(into[np.argmax(arrival[into])]))
        node = str(tails[path[-1]])


def home_grown(data: xr.Dataset, home: str | None = None) -> dict[str, float]:
    """Share of the pure substance that reaches a node that comes from home, by node; means over draws.

    It comes from where it is grown, or made of what does not hold it.

    Sweeps over the acyclic network until nothing changes: a node passes on the mix that reaches it.
    """
    names = list(map(str, coord(data, "node")))
    number = {n: i for i, n in enumerate(names)}
    tail, head = (np.array([number[str(n)] for n in coord(data, c)]) for c in ("tail", "head"))
    pure = mean(data, "arrival_pure")
    starts = View(data, home).sources
    at_home = coord(data, "from_country") == home_country(data, home)
    whole = np.bincount(head, pure, len(names))
    share = np.zeros(len(names))
    for _step in names:
        own = np.where(starts, at_home, share[tail])
        new = np.bincount(head, pure * own, len(names)) / np.where(whole > 0, whole, 1.0)
        if np.array_equal(new, share):
            break
        share = new
    return dict(zip(names, share.tolist(), strict=True))


def _leaving_rows(data: xr.Dataset, home: str | None, label: str) -> Rows:
    chosen = leaving(data, home)
    return grouped(coord(data, label)[chosen], data.variables["pure"].values[:, chosen] / KG_PER_TONNE)


def _hectares(data: xr.Dataset, home: str | None) -> Rows:
    grows = View(data, home).growing_at_home
    standing = data.variables["flow"].values - data.variables["seized"].values
    return grouped(coord(data, "from_place")[grows], standing[:, grows])


def _exports(base: xr.Dataset, after: xr.Dataset | None, home: str | None, by: str) -> pd.DataFrame:
    base, after = paired(base, after)
    then = None if after is None else _leaving_rows(after, home, WAYS[by])
    return noted(contrast(_leaving_rows(base, home, WAYS[by]), then, by), base)


def aligned(rows: Rows, index: pd.Index) -> FloatArray:
    """Values (draw, row) of rows in the order of ``index``; a row that is absent is zero."""
    values = np.zeros((rows[1].shape[0], len(index)))
    values[:, index.get_indexer(rows[0])] = rows[1]
    return values


def _share(values: FloatArray, groups: IntArray) -> FloatArray:
    """Part of each row (draw, row) in the sum of its group."""
    sums = np.zeros((values.shape[0], int(groups.max(initial=-1)) + 1))
    np.add.at(sums.T, groups, values.T)
    total = sums[:, groups]
    share: FloatArray = np.divide(values, total, out=np.zeros_like(values), where=total != 0)
    return share
