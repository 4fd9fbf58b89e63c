"""Prices and congestion at which every market clears.

The unknowns are the logarithms of the prices of markets with elastic demand and of the loads of
facilities, each relative to the baseline; around them stand two exact passes::

    demand     Q_k = Q0_k (p_k / p0_k)^(-eps_k)
    surcharge  s_g = s0_g (F_g / (F0_g kappa_g))^beta_g
    dilution   hazard_a / (1 - delta_g + delta_g F_g / F0_g)

Dilution saturates as a searcher's functional response does (Holling 1959): -delta is the elasticity
of hazard to flow at the baseline, and a flow that has almost vanished meets a hazard of at most
1 / (1 - delta) times the baseline's.

In the baseline all unknowns are zero: prices are parameters, demand and capacity are anchored on
what flows, and nothing has to be solved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from contraflow.model.choice import flows, values
from contraflow.model.economy import Economy, economy
from contraflow.model.numerics import jax, jnp
from contraflow.model.plan import Plan, make_plan
from contraflow.model.root import Root, find_root, inverse_jacobian
from contraflow.network.network import Network

TRACE = 1e-13
"""Part of the baseline quantity added inside logarithms, so that a market cut off stays finite."""

NOTHING = 1e-9
"""Units per year below which a market or facility counts as unused."""

STARTS = ((0.0, 0.0), (0.7, 0.7), (-0.7, -0.7), (0.5, -5.0), (-0.5, 2.0))
"""Starting points: logarithm of all prices and of all loads relative to the baseline."""


class Anchor(NamedTuple):
    """Baseline quantities: ``sold`` (market,) and ``load`` (facility,), units per year."""

    sold: jax.Array
    load: jax.Array


class Point(NamedTuple):
    """The whole economy at given prices and loads.

    Over nodes: ``value`` USD per unit, ``stock`` units per year. Over arcs: ``flow`` units per year
    at the tail, ``share`` P, ``net`` u in USD per unit as those who choose expect it, ``loss`` q,
    ``expected_loss`` as believed, ``surcharge`` USD per unit. Over markets: ``price`` USD per unit,
    ``sold`` units per year. Over facilities: ``load`` units per year.
    """

    value: jax.Array
    stock: jax.Array
    flow: jax.Array
    share: jax.Array
    net: jax.Array
    loss: jax.Array
    expected_loss: jax.Array
    surcharge: jax.Array
    price: jax.Array
    sold: jax.Array
    load: jax.Array


@dataclass(frozen=True, eq=False)
class Model:
    """The forward model on one network. Pure functions of arrays; batch them with ``jax.vmap``."""

    network: Network

    @cached_property
    def plan(self) -> Plan:
        """How the passes walk the network."""
        return make_plan(self.network.tail, self.network.head, self.network.level)

    @property
    def unknowns(self) -> int:
        """Elastic markets plus facilities."""
        return len(self.network.elastic) + len(self.network.facility_ids)

    @cached_property
    def _used(self) -> np.ndarray:
        return np.flatnonzero(self.network.facility >= 0)

    def economy(self, ledger: jax.Array) -> Economy:
        """The economy without measures, from the ledger's values (number,)."""
        return economy(self.network, ledger)

    def evaluate(self, economy: Economy, state: jax.Array) -> Point:
        """Both passes at ``state`` (unknown,): logarithms of prices and loads over the baseline's."""
        network, plan = self.network, self.plan
        elastic = len(network.elastic)
        moved = economy.price[network.elastic] * jnp.exp(state[:elastic])
        price = economy.price.at[network.elastic].set(moved)
        surcharge, diluted = self._congestion(economy, state[elastic:])
        loss = -jnp.expm1(-economy.hazard * diluted)
        expected = -jnp.expm1(-(economy.hazard + economy.fear) * diluted)
        keep = (1 - expected) * economy.output * (1 - economy.margin) * (1 - economy.taken)
        outlay = economy.cost + economy.fee - economy.subsidy + surcharge + economy.risk_pay * expected
        backward = values(plan, economy.weight, keep, outlay, economy.theta, network.market_node, price)
        forward = flows(plan, backward.share, (1 - loss) * economy.output, economy.endowment)
        return Point(
            value=backward.node,
            stock=forward.stock,
            flow=forward.arc,
            share=backward.share.reshape(-1)[plan.arc_slot],
            net=keep * backward.node[network.head] - outlay,
            loss=loss,
            expected_loss=expected,
            surcharge=surcharge,
            price=price,
            sold=forward.stock[network.market_node],
            load=self._loads(forward.arc),
        )

    def baseline(self, economy: Economy) -> tuple[Point, Anchor]:
        """The baseline, which needs no solving, and the quantities that anchor demand and capacity."""
        point = self.evaluate(economy, jnp.zeros(self.unknowns))
        return point, Anchor(jnp.maximum(point.sold, NOTHING), jnp.maximum(point.load, NOTHING))

    def residual(self, economy: Economy, anchor: Anchor, state: jax.Array) -> jax.Array:
        """Excess supply at each elastic market and load not foreseen at each facility, in logarithms."""
        elastic = self.network.elastic
        point = self.evaluate(economy, state)
        sold = point.sold[elastic] / anchor.sold[elastic]
        load = point.load / anchor.load
        excess = jnp.log(sold + TRACE) + economy.elasticity[elastic] * state[: len(elastic)]
        return jnp.concatenate([excess, jnp.log(load + TRACE) - state[len(elastic) :]])

    def jacobian_inverse(self, economy: Economy, anchor: Anchor) -> jax.Array:
        """Inverse Jacobian of :meth:`residual` at the baseline (unknown, unknown)."""
        return inverse_jacobian(lambda z: self.residual(economy, anchor, z), jnp.zeros(self.unknowns))

    def solve(
        self, economy: Economy, anchor: Anchor, inverse: jax.Array, start: jax.Array | None = None
    ) -> Root:
        """One equilibrium from ``start`` (unknown,), by default the baseline.

        ``inverse`` is :meth:`jacobian_inverse`. Differentiable with respect to the economy and the
        anchor by the implicit function theorem. Does not raise: look at the root's residual.
        """
        if start is None:
            start = jnp.zeros(self.unknowns)
        return find_root(lambda z: self.residual(economy, anchor, z), start, inverse)

    def starts(self) -> jax.Array:
        """Starting points (start, unknown) from which equilibria are sought."""
        elastic, facilities = len(self.network.elastic), len(self.network.facility_ids)
        return jnp.array([[price] * elastic + [load] * facilities for price, load in STARTS])

    def _congestion(self, economy: Economy, load: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Surcharge in USD per unit and factor on hazard, both (arc,), at log relative loads (facility,)."""
        arcs, used = len(self.network.arcs), self._used
        if not used.size:
            return jnp.zeros(arcs), jnp.ones(arcs)
        where = self.network.facility[used]
        crowding = load - jnp.log(jnp.maximum(economy.open_share, TRACE))
        surcharge = economy.surcharge * jnp.exp(jnp.minimum(economy.steepness * crowding, 60.0))
        diluted = 1 / (1 - economy.dilution + economy.dilution * jnp.exp(load))
        return (
            jnp.zeros(arcs).at[used].set(surcharge[where]),
            jnp.ones(arcs).at[used].set(diluted[where]),
        )

    def _loads(self, flow: jax.Array) -> jax.Array:
        used = self._used
        return jnp.zeros(len(self.network.facility_ids)).at[self.network.facility[used]].add(flow[used])
