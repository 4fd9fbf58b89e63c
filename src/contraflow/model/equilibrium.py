"""Prices and congestion at which every market clears.

The unknowns are the logarithms of the prices of markets with elastic demand and of the loads of
facilities, each relative to the baseline; around them stand two exact passes::

    demand     Q_k = Q0_k D_k (p_k / p0_k)^(-eps_k)
    hired work L_h = L0_h (sum_a pay0_a f_a) / (sum_a pay0_a f0_a),  pay_a = pay0_a p_h / p0_h
    surcharge  s_g = s0_g (F_g / (F0_g kappa_g))^beta_g
    dilution   hazard_a / (1 - delta_g + delta_g F_g / F0_g)

Dilution saturates as a searcher's functional response does (Holling 1959): -delta is the elasticity
of hazard to flow at the baseline, and a flow that has almost vanished meets a hazard of at most
1 / (1 - delta) times the baseline's.

where a factor D on demand is 1 in the baseline. In the baseline all unknowns are zero: prices are
parameters, demand and capacity are anchored on what flows, as many households carry as transports
need, and nothing has to be solved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    ``expected_loss`` as believed, ``surcharge`` and ``wages``, those of hired crews over the baseline's,
    in USD per unit. Over markets: ``price`` USD per unit,
    ``sold`` units per year. Over facilities: ``load`` units per year.
    """

    value: jax.Array
    stock: jax.Array
    flow: jax.Array
    share: jax.Array
    net: jax.Array
    loss: jax.Array
    expected_loss: jax.Array
    wages: jax.Array
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
        """Markets that clear, plus facilities."""
        return len(self.network.cleared) + len(self.network.facility_ids)

    @cached_property
    def _used(self) -> np.ndarray:
        return np.flatnonzero(self.network.facility >= 0)

    def economy(self, ledger: jax.Array) -> Economy:
        """The economy without measures, from the ledger's values (number,)."""
        return economy(self.network, ledger)

    def staffed(self, economy: Economy, baseline: Economy) -> tuple[Economy, Anchor]:
        """The economy with the households who carry in the baseline added, and the baseline's anchor.

        Endowments of the ledger are labour beside carrying. ``baseline`` is the economy under the
        baseline's measures; what its transports pay crews, over what a labour-hectare earns by carrying,
        is the labour L that carries, and the weight that makes L the choice of L + E labour-hectares is

            w = (L / E) (V / u)^theta

        with V the value of a labour-hectare that does not carry and u that of one that does. Others go on
        as before, so one evaluation gives the anchor too.
        """
        hiring, n = self.network.hiring, self.network
        point, anchor = self.baseline(baseline)
        if not hiring.market.size:
            return economy, anchor
        payroll = self._payroll(baseline, point.flow)
        arc = hiring.activity
        tail = n.tail[arc]
        earned = (1 - point.loss[arc]) * baseline.output[arc] * baseline.price[hiring.market]
        net, held = point.net[arc], baseline.endowment[tail]
        able = (net > 0) & (held > 0)
        labour = jnp.where(able, payroll / earned, 0.0)
        ratio = labour / jnp.where(able, held, 1.0)
        weight = ratio * (point.value[tail] / jnp.where(able, net, 1.0)) ** baseline.theta[tail]
        total = jnp.ones(len(n.nodes)).at[tail].add(weight)
        staffed = replace(
            economy,
            weight=economy.weight.at[arc].set(weight) / total[n.tail],
            endowment=economy.endowment.at[tail].add(labour),
        )
        hired = jnp.maximum(jnp.where(able, payroll, 0.0), NOTHING)
        return staffed, anchor._replace(sold=anchor.sold.at[hiring.market].set(hired))

    def _payroll(self, economy: Economy, flow: jax.Array) -> jax.Array:
        """Pay of hired crews at the baseline's rates (hire,), USD per year."""
        hiring = self.network.hiring
        pay = (economy.hired * flow)[hiring.link]
        return jnp.zeros(hiring.market.size).at[hiring.place].add(pay)

    def _wages(self, economy: Economy, price: jax.Array) -> jax.Array:
        """Extra pay of hired crews over the baseline's rates (arc,), USD per unit."""
        hiring = self.network.hiring
        if not hiring.market.size:
            return jnp.zeros(len(self.network.arcs))
        rise = price[hiring.market] / economy.price[hiring.market] - 1
        return jnp.zeros(len(self.network.arcs)).at[hiring.link].set(rise[hiring.place]) * economy.hired

    def evaluate(self, economy: Economy, state: jax.Array) -> Point:
        """Both passes at ``state`` (unknown,): logarithms of prices and loads over the baseline's."""
        network, plan = self.network, self.plan
        cleared = len(network.cleared)
        moved = economy.price[network.cleared] * jnp.exp(state[:cleared])
        price = economy.price.at[network.cleared].set(moved)
        surcharge, diluted = self._congestion(economy, state[cleared:])
        wages = self._wages(economy, price)
        loss = -jnp.expm1(-economy.hazard * diluted)
        expected = -jnp.expm1(-(economy.hazard + economy.fear) * diluted)
        kept = (1 - economy.margin) * (1 - economy.taken) * (1 - economy.bought_share)
        keep = (1 - expected) * economy.output * kept
        outlay = economy.cost + economy.bought + wages + economy.fee - economy.subsidy
        outlay = outlay + surcharge + economy.risk_pay * expected
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
            wages=wages,
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
        """Excess supply at each market that clears and load not foreseen at each facility, in logarithms."""
        return self.excess(economy, anchor, state, self.evaluate(economy, state))

    def excess(self, economy: Economy, anchor: Anchor, state: jax.Array, point: Point) -> jax.Array:
        """:meth:`residual` from the economy as already evaluated at ``state``."""
        cleared, hire = self.network.cleared, self.network.hiring.market
        wanted = economy.demand.at[hire].set(self._payroll(economy, point.flow) / anchor.sold[hire])
        relative = jnp.log(point.sold / anchor.sold + TRACE) - jnp.log(wanted + TRACE)
        excess = relative[cleared] + economy.elasticity[cleared] * state[: len(cleared)]
        load = point.load / anchor.load
        return jnp.concatenate([excess, jnp.log(load + TRACE) - state[len(cleared) :]])

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
        cleared, facilities = len(self.network.cleared), len(self.network.facility_ids)
        return jnp.array([[price] * cleared + [load] * facilities for price, load in STARTS])

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
