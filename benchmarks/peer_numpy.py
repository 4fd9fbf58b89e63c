"""The peer: the same equations in NumPy and SciPy, written level by level without JAX or Contraflow.

Two things are solved here. `Passes` runs the two passes over any layered network with
`np.maximum.reduceat`, `np.add.reduceat` and `np.bincount`, one level at a time. `Peer` puts the
market and facility equations around them and gives them to `scipy.optimize.root` (MINPACK's hybr,
a Powell hybrid with a Jacobian by differences), starting from the baseline. It takes the numbers
of an economy from Contraflow, so that both sides solve the same problem and only the solution is
compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import root

TRACE = 1e-13


class Passes:
    """Both passes over a network whose nodes are sorted by level and arcs by tail."""

    def __init__(self, tail, head, level):
        self.nodes, self.tail, self.head = level.size, tail, head
        arc_level = level[tail]
        self.levels = []
        for number in np.unique(arc_level):
            first, last = np.searchsorted(arc_level, [number, number + 1])
            begins = np.flatnonzero(np.diff(tail[first:last], prepend=-1))
            members = tail[first:last][begins]
            place = np.repeat(np.arange(members.size), np.diff(np.append(begins, last - first)))
            self.levels.append((slice(first, last), begins, members, place, head[first:last]))

    def backward(self, weight, keep, outlay, theta, value):
        """Values (node,) and shares (arc,); `value` (node,) holds the prices at the sinks."""
        value, share = value.copy(), np.zeros(self.tail.size)
        for arcs, begins, members, place, head in reversed(self.levels):
            u = keep[arcs] * value[head] - outlay[arcs]
            used = (u > 0) & (weight[arcs] > 0)
            best = np.maximum.reduceat(np.where(used, u, 0.0), begins)
            scale = np.where(best > 0, best, 1.0)
            ratio = np.where(used, u / scale[place], 1.0)
            power = np.where(used, weight[arcs] * ratio ** theta[members][place], 0.0)
            total = np.add.reduceat(power, begins)
            safe = np.where(total > 0, total, 1.0)
            value[members] = np.where(total > 0, scale * safe ** (1 / theta[members]), 0.0)
            share[arcs] = power / safe[place]
        return value, share

    def forward(self, share, arrive, endowment):
        """Stocks (node,) and flows (arc,)."""
        stock, flow = endowment.copy(), np.zeros(self.tail.size)
        for arcs, _, members, place, head in self.levels:
            flow[arcs] = share[arcs] * stock[members][place]
            low, high = head.min(), head.max() + 1
            stock[low:high] += np.bincount(head - low, arrive[arcs] * flow[arcs], high - low)
        return stock, flow


@dataclass
class Peer:
    """Equilibria of one economy's network. `economy` objects hold NumPy arrays."""

    network: object
    sold: np.ndarray
    load: np.ndarray

    def __post_init__(self):
        n = self.network
        self.passes = Passes(n.tail, n.head, n.level)
        self.cleared = np.asarray(n.cleared)
        self.hire = n.hiring.market
        self.used = np.flatnonzero(n.facility >= 0)
        self.where = n.facility[self.used]

    def residual(self, e, z):
        """Excess supply at markets that clear and load not foreseen at facilities, in logarithms."""
        n, k, h = self.network, self.cleared.size, self.network.hiring
        price = e.price.copy()
        price[self.cleared] *= np.exp(z[:k])
        wages = np.zeros(n.tail.size)
        wages[h.link] = (price[self.hire] / e.price[self.hire] - 1)[h.place] * e.hired[h.link]
        surcharge, diluted = np.zeros(n.tail.size), np.ones(n.tail.size)
        if self.used.size:
            crowding = z[k:] - np.log(np.maximum(e.open_share, TRACE))
            rate = e.surcharge * np.exp(np.minimum(e.steepness * crowding, 60.0))
            surcharge[self.used] = rate[self.where]
            diluted[self.used] = (1 / (1 - e.dilution + e.dilution * np.exp(z[k:])))[self.where]
        loss = -np.expm1(-e.hazard * diluted)
        expected = -np.expm1(-(e.hazard + e.fear) * diluted)
        keep = (1 - expected) * e.output * (1 - e.margin) * (1 - e.taken) * (1 - e.bought_share)
        outlay = e.cost + e.bought + wages + e.fee - e.subsidy + surcharge + e.risk_pay * expected
        value = np.zeros(n.level.size)
        value[n.market_node] = price
        _, share = self.passes.backward(e.weight, keep, outlay, e.theta, value)
        stock, flow = self.passes.forward(share, (1 - loss) * e.output, e.endowment)
        load = np.bincount(self.where, flow[self.used], self.load.size)
        wanted = e.demand.copy()
        payroll = np.bincount(h.place, (e.hired * flow)[h.link], self.hire.size)
        wanted[self.hire] = payroll / self.sold[self.hire]
        sold = np.log(stock[n.market_node] / self.sold + TRACE) - np.log(wanted + TRACE)
        excess = sold[self.cleared] + e.elasticity[self.cleared] * z[:k]
        return np.concatenate([excess, np.log(load / self.load + TRACE) - z[k:]])

    def solve(self, e):
        """State (unknown,), largest residual and number of evaluations, by hybr from the baseline."""
        start = np.zeros(self.cleared.size + self.load.size)
        found = root(lambda z: self.residual(e, z), start, method="hybr", options={"xtol": 1e-13})
        return found.x, float(np.abs(found.fun).max()), int(found.nfev)
