"""A second pair of eyes: recompute an outcome from its labelled results alone.

Plain NumPy over the Dataset, sharing no code with the model, so that whoever verifies an answer is
not whoever computed it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.results.draws import paired


class Verification(NamedTuple):
    """Largest relative error of each identity of ``docs/model.md`` over all draws."""

    losses: float
    """Losses: q = 1 - exp(-h d), with the hazard h and the dilution d, which is 1 without the baseline; the
    same of expected losses, with fear added to h."""
    choice: float
    """Choice: with the net value u of an arc, its share is w u^theta over the sum of that at its tail, the
    price at the tail is that sum to the power 1/theta, and the flow is the share of the stock."""
    mass: float
    """Mass: the stock of a node is what arrives and is endowed, and all of it leaves where there is a way
    on."""
    money: float
    """Money: sales, subsidies and unobserved gains are somebody's income or taken by the state; suppliers
    earn what inputs cost."""
    markets: float
    """Markets: sales follow demand at the price, and hired crews are as many as carry; 0 without the
    baseline."""
    congestion: float
    """Congestion: surcharges of facilities follow their loads; 0 without the baseline."""

    @property
    def worst(self) -> float:
        """The largest of all errors."""
        return max(self)


UNUSED = 1e-9
"""Units a year below which the model counts a market or facility as unused."""


TRACE = 1e-13
"""Part of the baseline's load that the model adds, so that an empty facility has a logarithm."""


def verify(data: xr.Dataset, baseline: xr.Dataset | None = None) -> Verification:
    """Recompute an outcome from its labelled results, without any code of the model.

    Draws that are not solved on both sides are passed over.

    Parameters
    ----------
    data
        Dataset of an outcome.
    baseline
        Dataset of the baseline of the same lab, to which demand, pay of hired work and congestion are
        relative. None: these are not recomputed.

    Returns
    -------
    Verification
        The largest relative error of each identity.

    Raises
    ------
    ComparisonError
        If the outcomes do not share their draws, or if no draw is solved on both sides.

    Examples
    --------
    >>> cf.verify(shut.data, base.data).worst < 1e-8
    True
    """
    data, before = paired(data, baseline)
    places, own = _places(data), _numbers(data)
    theirs = None if before is None else _numbers(before)

    def draw(i: int) -> Verification:
        one = {name: values[i] for name, values in own.items()}
        other = None if theirs is None else {name: values[i] for name, values in theirs.items()}
        return _verify_draw(places, one, other)

    draws = [draw(i) for i in range(data.sizes["draw"])]
    return Verification(*np.max(np.array(draws), axis=0).tolist())


Variables = dict[str, FloatArray]


class _Places(NamedTuple):
    """Where arcs lead, by number; -1 for none."""

    tail: IntArray
    """Node that each arc leaves (arc,)."""
    head: IntArray
    """Node that it reaches (arc,)."""
    facility: IntArray
    """Facility that it uses (arc,)."""
    hired_at: IntArray
    """Market that hires its crew (arc,)."""
    nodes: int
    """Number of nodes."""
    facilities: int
    """Number of facilities."""
    hires: BoolArray
    """Whether work is hired (market,)."""


def _places(data: xr.Dataset) -> _Places:
    def numbers(label: str, dimension: str) -> IntArray:
        place = {name: i for i, name in enumerate(data[dimension].values)}
        return np.array([place.get(name, -1) for name in data[label].values], dtype=np.int64)

    return _Places(
        numbers("tail", "node"),
        numbers("head", "node"),
        numbers("arc_facility", "facility"),
        numbers("hired_at", "market"),
        data.sizes["node"],
        data.sizes["facility"],
        data["market_hires"].values.astype(bool),
    )


def _verify_draw(places: _Places, a: Variables, before: Variables | None) -> Verification:
    """Errors of one draw, whose variables have no dimension ``draw``."""
    tail, head, nodes = places.tail, places.head, places.nodes
    dilution, surcharge, congestion = _congested(places, a, before)
    loss = 1 - np.exp(-a["hazard"] * dilution)
    feared = 1 - np.exp(-(a["hazard"] + a["fear"]) * dilution)
    losses = max(_error(a["loss"], loss), _error(a["expected_loss"], feared))

    keep = (1 - feared) * a["output"] * (1 - a["margin_rate"]) * (1 - a["taken_rate"])
    keep = keep * (1 - a["bought_share"])
    outlay = a["cost_rate"] + a["bought_rate"] + _wages(places, a, before) + a["fee_rate"] - a["subsidy_rate"]
    outlay = outlay + surcharge + a["risk_pay_rate"] * feared - a["gain_rate"]
    net = keep * a["price"][head] - outlay
    best = np.zeros(nodes)
    np.maximum.at(best, tail, np.where(a["weight"] > 0, net, 0.0))
    relative = np.maximum(net, 0.0) / np.where(best > 0, best, 1.0)[tail]
    theta = a["theta"]
    power = np.where(net > 0, a["weight"] * relative ** theta[tail], 0.0)
    total = np.bincount(tail, power, minlength=nodes)
    if "habit_weight" in a:
        held = np.where(a["lasting"] > 0, np.maximum(net, GIVEN_UP * a["usual_value"]), net)
        above = np.maximum(held, 0.0) / np.where(best > 0, best, 1.0)[tail]
        kept = a["habit_weight"] * _step(held, GIVEN_UP * a["usual_value"])
        known = (1 - a["reconsidered"]) * kept * above ** a["theta_at_once"][tail]
        found = np.where(total > 0, total, 1.0) ** (a["theta_at_once"] / theta - 1)
        theta = a["theta_at_once"]
        power = known + a["reconsidered"] * power * found[tail]
        total = np.bincount(tail, power, minlength=nodes)
    inner = np.bincount(tail, minlength=nodes) > 0
    value = best * total ** (1 / theta)
    share = power / np.where(total > 0, total, 1.0)[tail]
    choice = max(
        _error(a["net_value"], net, floor=1e-6),
        _error(a["price"][inner], value[inner]),
        float(np.max(np.abs(a["share"] - share))),
        _error(a["flow"], a["stock"][tail] * share),
    )

    arrived = np.bincount(head, (1 - loss) * a["output"] * a["flow"], minlength=nodes) + a["endowment"]
    left = np.bincount(tail, a["flow"], minlength=nodes).astype(float)
    usable = inner & (total > 0)
    mass = max(_error(a["stock"], arrived), _error((left + a["waiting"])[usable], a["stock"][usable]))
    return Verification(losses, choice, mass, _money(places, a), _markets(places, a, before), congestion)


GIVEN_UP = 0.25
"""Part of its usual net value below which users of an option begin to give it up, but hold fields."""


def _step(x: FloatArray, edge: FloatArray) -> FloatArray:
    """From 0 where x is not positive to 1 at the edge, smoothly; 0 where the edge is not positive."""
    r = np.clip(x / np.where(edge > 0, edge, 1.0), 0.0, 1.0)
    return np.where(edge > 0, 3 * r**2 - 2 * r**3, 0.0)


def _numbers(data: xr.Dataset) -> Variables:
    return {str(name): np.asarray(v, dtype=float) for name, v in data.data_vars.items()}


def _congested(
    places: _Places, a: Variables, before: Variables | None
) -> tuple[FloatArray, FloatArray, float]:
    """Factor on hazard and surcharge of each arc, and the largest error of a surcharge."""
    uses = places.facility
    if before is None or not places.facilities:
        return np.ones(uses.size), a["surcharge_rate"], 0.0
    relative = a["load"] / np.maximum(before["load"], UNUSED) + TRACE
    with np.errstate(divide="ignore"):
        weaker = 1 / (1 - a["facility_dilution"] + a["facility_dilution"] * relative)
    dearer = a["facility_surcharge"] * (relative / a["open_share"]) ** a["facility_steepness"]
    expected = np.where(uses >= 0, dearer[uses], 0.0)
    usual = np.where(uses >= 0, a["facility_surcharge"][uses], 0.0)
    size = np.maximum(np.maximum(expected, usual), 1e-300)
    error = float(np.max(np.abs(a["surcharge_rate"] - expected) / size))
    return np.where(uses >= 0, weaker[uses], 1.0), a["surcharge_rate"], error


def _wages(places: _Places, a: Variables, before: Variables | None) -> FloatArray:
    """Pay of hired crews over the baseline's, per unit."""
    if before is None:
        return a["wage_rate"]
    at = places.hired_at
    rise = a["market_price"] / before["market_price"] - 1
    return np.where(at >= 0, a["hired_rate"] * rise[at], 0.0)


def _money(places: _Places, a: Variables) -> float:
    """Error of money: sales, subsidies and gains are incomes, what inputs cost is paid to supplies."""
    sales = float((a["sold"] * a["market_price"])[~places.hires].sum() + (a["subsidy"] + a["gain"]).sum())
    paid = float(a["income"].sum() + a["taken"].sum())
    error = abs(paid - sales) / sales if sales else abs(paid)
    return max(error, _error(np.atleast_1d(a["supplied"].sum()), np.atleast_1d(a["inputs"].sum())))


def _markets(places: _Places, a: Variables, before: Variables | None) -> float:
    """Error of demand: as many carry as are hired, as much is bought as the price lets.

    Hired work is held to a thousandth of the baseline's: where hardly anything is carried, hardly
    anybody is hired.
    """
    if before is None:
        return 0.0
    hires, paid = places.hires, a["hired_rate"] * a["flow"]
    payroll = np.array([paid[places.hired_at == number].sum() for number in np.flatnonzero(hires)])
    held = np.maximum(payroll, 1e-3 * before["sold"][hires])
    error = float(np.max(np.abs(a["sold"][hires] - payroll) / held, initial=0.0))
    clears = ~np.isnan(a["elasticity"])
    if "reconsidered" not in a:
        error = max(error, _error(a["reaching_street"], a["sold"]))
    ratio = a["market_price"][clears] / before["market_price"][clears]
    moved = a["demand"][clears] / before["demand"][clears]
    used = np.maximum(before["sold"][clears], UNUSED)
    wanted = used * moved * ratio ** -a["elasticity"][clears]
    off = np.abs(a["reaching_street"][clears] - wanted) / np.maximum(
        wanted, np.maximum(UNUSED, 1e-12 * used.max(initial=0.0))
    )
    return max(error, float(np.max(off, initial=0.0)))


def _error(got: FloatArray, wanted: FloatArray, floor: float = 1e-12) -> float:
    """Largest difference, relative to the figure or to ``floor`` of the largest."""
    if not got.size:
        return 0.0
    size = np.maximum(np.abs(wanted), floor * max(float(np.max(np.abs(wanted))), 1e-300))
    return float(np.max(np.abs(got - wanted) / size))
