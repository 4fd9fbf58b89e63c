"""A second pair of eyes: recompute an outcome from its labelled results alone.

Plain NumPy over the Dataset, sharing no code with the model, so that whoever verifies an answer is
not whoever computed it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

Array = npt.NDArray[np.float64]


class Verification(NamedTuple):
    """Largest relative errors of each identity over all draws.

    ``losses``: q = 1 - exp(-hazard), diluted. ``choice``: values, shares and flows by the one rule.
    ``mass``: what arrives at a node is its stock, and leaves it. ``money``: sales and subsidies are
    somebody's income, and so is what inputs cost. ``markets``: demand at the prices, and as many carry
    as are hired. ``congestion``: surcharges at the loads. The last two and dilution need the baseline and
    are zero without it.
    """

    losses: float
    choice: float
    mass: float
    money: float
    markets: float
    congestion: float

    @property
    def worst(self) -> float:
        """The largest of all."""
        return max(self)


def verify(data: xr.Dataset, baseline: xr.Dataset | None = None) -> Verification:
    """Recompute losses, choices, mass, money and, against ``baseline``, demand and congestion."""
    draws = [
        _verify_draw(data.isel(draw=i), None if baseline is None else baseline.isel(draw=i))
        for i in range(data.sizes["draw"])
    ]
    return Verification(*np.max(np.array(draws), axis=0).tolist())


Variables = dict[str, Array]


def _verify_draw(data: xr.Dataset, baseline: xr.Dataset | None) -> Verification:
    a = _numbers(data)
    before = None if baseline is None else _numbers(baseline)
    place = {name: i for i, name in enumerate(data["node"].values)}
    head = np.array([place[h] for h in data["head"].values])
    tail = np.array([place[t] for t in data["tail"].values])
    nodes = len(place)

    dilution, surcharge, congestion = _congested(data, a, before)
    loss = 1 - np.exp(-a["hazard"] * dilution)
    feared = 1 - np.exp(-(a["hazard"] + a["fear"]) * dilution)
    losses = max(_error(a["loss"], loss), _error(a["expected_loss"], feared))

    keep = (1 - feared) * a["output"] * (1 - a["margin_rate"]) * (1 - a["taken_rate"])
    keep = keep * (1 - a["bought_share"])
    outlay = a["cost_rate"] + a["bought_rate"] + _wages(data, a, before) + a["fee_rate"] - a["subsidy_rate"]
    outlay = outlay + surcharge + a["risk_pay_rate"] * feared
    net = keep * a["price"][head] - outlay
    best = np.zeros(nodes)
    np.maximum.at(best, tail, np.where(a["weight"] > 0, net, 0.0))
    scale = np.where(best > 0, best, 1.0)[tail]
    power = np.where(net > 0, a["weight"] * (np.maximum(net, 0.0) / scale) ** a["theta"][tail], 0.0)
    total = np.bincount(tail, power, minlength=nodes)
    inner = np.bincount(tail, minlength=nodes) > 0
    value = best * total ** (1 / a["theta"])
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
    mass = max(_error(a["stock"], arrived), _error(left[usable], a["stock"][usable]))
    return Verification(losses, choice, mass, _money(data, a), _markets(data, a, before), congestion)


def _numbers(data: xr.Dataset) -> Variables:
    return {str(name): np.asarray(v, dtype=float) for name, v in data.data_vars.items()}


def _congested(data: xr.Dataset, a: Variables, before: Variables | None) -> tuple[Array, Array, float]:
    """Factor on hazard and surcharge of each arc, and the largest error of a surcharge."""
    facility = {name: i for i, name in enumerate(data["facility"].values)}
    uses = np.array([facility.get(f, -1) for f in data["arc_facility"].values])
    if before is None or not facility:
        return np.ones(uses.size), a["surcharge_rate"], 0.0
    relative = a["load"] / before["load"]
    with np.errstate(divide="ignore"):
        weaker = 1 / (1 - a["facility_dilution"] + a["facility_dilution"] * relative)
    dearer = a["facility_surcharge"] * (relative / a["open_share"]) ** a["facility_steepness"]
    expected = np.where(uses >= 0, dearer[uses], 0.0)
    usual = np.where(uses >= 0, a["facility_surcharge"][uses], 0.0)
    size = np.maximum(np.maximum(expected, usual), 1e-300)
    error = float(np.max(np.abs(a["surcharge_rate"] - expected) / size))
    return np.where(uses >= 0, weaker[uses], 1.0), a["surcharge_rate"], error


def _wages(data: xr.Dataset, a: Variables, before: Variables | None) -> Array:
    """Pay of hired crews over the baseline's, per unit."""
    if before is None:
        return a["wage_rate"]
    market = {name: i for i, name in enumerate(data["market"].values)}
    at = np.array([market.get(name, -1) for name in data["hired_at"].values])
    rise = a["market_price"] / before["market_price"] - 1
    return np.where(at >= 0, a["hired_rate"] * rise[at], 0.0)


def _money(data: xr.Dataset, a: Variables) -> float:
    """Error of money: sales of goods and subsidies are incomes, what inputs cost is paid to supplies."""
    goods = ~data["market_hires"].values.astype(bool)
    sales = float((a["sold"] * a["market_price"])[goods].sum() + a["subsidy"].sum())
    paid = float(a["income"].sum() + a["taken"].sum())
    error = abs(paid - sales) / sales if sales else abs(paid)
    return max(error, _error(np.atleast_1d(a["supplied"].sum()), np.atleast_1d(a["inputs"].sum())))


def _markets(data: xr.Dataset, a: Variables, before: Variables | None) -> float:
    """Error of demand: as many carry as are hired, as much is bought as the price lets.

    Hired work is held to a thousandth of the baseline's: where hardly anything is carried, hardly
    anybody is hired.
    """
    if before is None:
        return 0.0
    hires = data["market_hires"].values.astype(bool)
    at, names = data["hired_at"].values, data["market"].values[hires]
    payroll = np.array([(a["hired_rate"] * a["flow"])[at == name].sum() for name in names])
    held = np.maximum(payroll, 1e-3 * before["sold"][hires])
    error = float(np.max(np.abs(a["sold"][hires] - payroll) / held, initial=0.0))
    clears = ~np.isnan(a["elasticity"])
    ratio = a["market_price"][clears] / before["market_price"][clears]
    moved = a["demand"][clears] / before["demand"][clears]
    wanted = before["sold"][clears] * moved * ratio ** -a["elasticity"][clears]
    return max(error, _error(a["sold"][clears], wanted))


def _error(got: Array, wanted: Array, floor: float = 1e-12) -> float:
    """Largest difference, relative to the figure or to ``floor`` of the largest."""
    if not got.size:
        return 0.0
    size = np.maximum(np.abs(wanted), floor * max(float(np.max(np.abs(wanted))), 1e-300))
    return float(np.max(np.abs(got - wanted) / size))
