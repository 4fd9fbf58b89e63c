"""A second pair of eyes: recompute an outcome's identities from its labelled results alone.

Plain NumPy over the Dataset, sharing no code with the model, so that whoever verifies an answer is
not whoever computed it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr


class Verification(NamedTuple):
    """Largest relative errors: mass at any node, money overall, demand at any elastic market."""

    mass: float
    money: float
    market: float

    @property
    def worst(self) -> float:
        """The largest of the three."""
        return max(self)


def verify(
    data: xr.Dataset, baseline: xr.Dataset | None = None, elasticity: xr.DataArray | None = None
) -> Verification:
    """Check mass, money and, against ``baseline`` with ``elasticity`` (market,), cleared demand.

    Mass: what arrives at a node plus its endowment is its stock; what a node's arcs take is its stock,
    unless nothing pays. Money: sales and subsidies equal all incomes. Demand: sold = baseline sales
    times (price / baseline price)^(-elasticity) wherever the elasticity is positive.
    """
    heads, tails = data["head"].values, data["tail"].values
    names = data["node"].values
    place = {name: i for i, name in enumerate(names)}
    head = np.array([place[h] for h in heads])
    tail = np.array([place[t] for t in tails])
    mass = 0.0
    for draw in range(data.sizes["draw"]):
        one = data.isel(draw=draw)
        stock = one["stock"].values
        arrived = np.bincount(head, one["arrival"].values, minlength=names.size) + one["endowment"].values
        left = np.bincount(tail, one["flow"].values, minlength=names.size)
        scale = max(float(stock.max()), 1e-300)
        usable = np.zeros(names.size, dtype=bool)
        usable[tail[one["net_value"].values > 0]] = True
        by_node = np.maximum(stock, 1e-12 * scale)
        mass = max(mass, float(np.max(np.abs(arrived - stock) / by_node)))
        mass = max(mass, float(np.max(np.where(usable, np.abs(left - stock) / by_node, 0.0))))
    sales = (data["sold"] * data["market_price"]).sum("market") + data["subsidy"].sum("arc")
    paid = data["income"].sum("actor") + data["taken"].sum("arc")
    money = float(np.max(np.abs((paid - sales) / sales).values))
    market = 0.0
    if baseline is not None and elasticity is not None:
        clears = elasticity.values > 0
        ratio = np.asarray(data["market_price"] / baseline["market_price"])[:, clears]
        wanted = baseline["sold"].values[:, clears] * ratio ** -elasticity.values[clears]
        market = float(np.max(np.abs(np.asarray(data["sold"])[:, clears] / wanted - 1), initial=0.0))
    return Verification(mass, money, market)
