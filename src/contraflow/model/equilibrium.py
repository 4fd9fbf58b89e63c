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
import numpy.typing as npt

from contraflow._types import FloatArray
from contraflow.model.choice import Values, anchored_values, flows, values
from contraflow.model.economy import Economy, economy
from contraflow.model.layout import Layout, make_layout
from contraflow.model.numerics import jax, jnp
from contraflow.model.root_finding import Root, find_root, inverse_jacobian
from contraflow.network.network import Network

TRACE = 1e-13
"""Part of the baseline quantity added inside logarithms, so that a market cut off stays finite."""

NOTHING = 1e-9
"""Units per year below which a market or facility counts as unused."""

STARTS = ((0.0, 0.0), (0.7, 0.7), (-0.7, -0.7), (0.5, -5.0), (-0.5, 2.0))
"""Starting points: logarithm of all prices and of all loads relative to the baseline."""


class Anchor(NamedTuple):
    """What the baseline gives to every policy.

    Quantities ``sold`` (market,) and ``load`` (facility,) in units per year, preference weights ``weight``
    (arc,), unobserved gains ``gain`` (arc,) in USD per unit at the tail, and ``endowment`` (node,) with those
    who carry among the households.
    """

    sold: jax.Array
    load: jax.Array
    weight: jax.Array
    gain: jax.Array
    endowment: jax.Array

    def staffed(self, economy: Economy) -> Economy:
        """The economy with what this baseline gives to it."""
        return replace(economy, weight=self.weight, gain=self.gain, endowment=self.endowment)


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


class Terms(NamedTuple):
    """Over arcs, what enters both passes; ``price`` over markets.

    ``gross`` is what is kept of a unit that arrives, ``fixed`` the outlay but for risk pay, so that
    ``keep`` = (1 - expected) gross and ``outlay`` = fixed + risk pay x expected; ``diluted`` is the factor on
    hazard.
    """

    keep: jax.Array
    outlay: jax.Array
    gross: jax.Array
    fixed: jax.Array
    diluted: jax.Array
    loss: jax.Array
    expected: jax.Array
    wages: jax.Array
    surcharge: jax.Array
    price: jax.Array


@dataclass(frozen=True, eq=False)
class Model:
    """The forward model on one network. Pure functions of arrays; batch them with ``jax.vmap``."""

    network: Network

    @cached_property
    def layout(self) -> Layout:
        """How the passes walk the network."""
        return make_layout(self.network.tail, self.network.head, self.network.level)

    @property
    def unknowns(self) -> int:
        """Markets that clear, plus facilities."""
        return len(self.network.cleared) + len(self.network.facility_ids)

    def economy(self, ledger: jax.Array) -> Economy:
        """The economy without measures, from the ledger's values (number,)."""
        return economy(self.network, ledger)

    def anchor(self, baseline: Economy) -> Anchor:
        """The anchor of an economy under the baseline's measures; nothing has to be solved.

        The economy's weights are odds in the baseline; the anchor's are the preference weights that follow
        from them (:func:`~contraflow.model.choice.anchored_values`).

        Endowments of the ledger are labour beside carrying. What transports pay hired crews, over what a
        labour-hectare earns by carrying, is the labour L that carries; the weight that makes L the choice
        of L + E labour-hectares is

            w = (L / E) (V / u)^theta

        with V the value of a labour-hectare that does not carry and u that of one that does; then all
        weights of the node are scaled until its value is the mean (E V + L u) / (E + L). All other flows
        are those of the economy in which nobody carries.
        """
        return self.baseline(baseline)[0]

    def baseline(self, baseline: Economy) -> tuple[Anchor, Point]:
        """The :meth:`anchor`, and the point that it anchors: :meth:`evaluate` at zero, in the same pass."""
        hiring, n = self.network.hiring, self.network
        terms = self.terms(baseline, jnp.zeros(self.unknowns))
        backward, weights, gain = anchored_values(
            self.layout, baseline.weight, terms.keep, terms.outlay, baseline.theta, n.market_node, terms.price
        )
        point = self.point(baseline, terms._replace(outlay=terms.outlay - gain), backward)
        sold, load = jnp.maximum(point.sold, NOTHING), jnp.maximum(point.load, NOTHING)
        if not hiring.market.size:
            return Anchor(sold, load, weights, gain, baseline.endowment), point
        arc = hiring.activity
        tail = n.tail[arc]
        earned = (1 - point.loss[arc]) * baseline.output[arc] * baseline.price[hiring.market]
        net, held = point.net[arc], baseline.endowment[tail]
        able = (net > 0) & (held > 0)
        payroll = jnp.where(able, self._payroll(baseline, point.flow), 0.0)
        labour = payroll / jnp.where(able, earned, 1.0)
        ratio = labour / jnp.where(able, held, 1.0)
        weight = ratio * (point.value[tail] / jnp.where(able, net, 1.0)) ** baseline.theta[tail]
        nowhere = jnp.zeros(len(n.nodes))
        beside = 1 + nowhere.at[tail].add(ratio)
        worth = jnp.where(point.value > 0, point.value, 1.0)
        earns = (worth + nowhere.at[tail].add(ratio * net)) / beside / worth
        anchor = Anchor(
            sold.at[hiring.market].set(jnp.maximum(payroll, NOTHING)),
            load,
            weights.at[arc].set(weight) * (earns**baseline.theta / beside)[n.tail],
            gain,
            baseline.endowment.at[tail].add(labour),
        )
        made = (1 - point.loss[arc]) * baseline.output[arc] * labour
        staffed = point._replace(
            value=point.value * earns,
            stock=point.stock.at[tail].add(labour).at[n.head[arc]].add(made),
            flow=point.flow.at[arc].set(labour),
            share=(point.share / beside[n.tail]).at[arc].set(ratio / beside[tail]),
            sold=point.sold.at[hiring.market].set(made),
        )
        return anchor, staffed

    @cached_property
    def _hired(self) -> FloatArray:
        """Which market hires the crew of each arc (arc, hire); a product with a mask beats a scatter."""
        hiring = self.network.hiring
        place = np.full(len(self.network.arcs), -1)
        place[hiring.link] = hiring.place
        return _mask(place, hiring.market.size)

    @cached_property
    def _uses(self) -> FloatArray:
        """Which facility each arc uses (arc, facility)."""
        return _mask(self.network.facility, len(self.network.facility_ids))

    @cached_property
    def _clears(self) -> FloatArray:
        """Which unknown is the price of each market (market, cleared)."""
        return _mask(np.arange(len(self.network.markets)), self.network.cleared)

    def _payroll(self, economy: Economy, flow: jax.Array) -> jax.Array:
        """Pay of hired crews at the baseline's rates (hire,), USD per year."""
        return (economy.hired * flow) @ self._hired

    def _wages(self, economy: Economy, price: jax.Array) -> jax.Array:
        """Extra pay of hired crews over the baseline's rates (arc,), USD per unit."""
        hire = self.network.hiring.market
        if not hire.size:
            return jnp.zeros(len(self.network.arcs))
        rise = price[hire] / economy.price[hire] - 1
        return jnp.asarray(self._hired) @ rise * economy.hired

    def evaluate(self, economy: Economy, state: jax.Array) -> Point:
        """Both passes at ``state`` (unknown,): logarithms of prices and loads over the baseline's."""
        terms = self.terms(economy, state)
        network = self.network
        backward = values(
            self.layout,
            economy.weight,
            terms.keep,
            terms.outlay,
            economy.theta,
            network.market_node,
            terms.price,
        )
        return self.point(economy, terms, backward)

    def terms(self, economy: Economy, state: jax.Array, expected: jax.Array | None = None) -> Terms:
        """What each arc keeps, costs and loses at ``state``, where people expect to lose what is lost and
        feared, or ``expected`` (arc,)."""
        cleared = len(self.network.cleared)
        price = economy.price * jnp.exp(jnp.asarray(self._clears) @ state[:cleared])
        surcharge, diluted = self._congestion(economy, state[cleared:])
        wages = self._wages(economy, price)
        loss = -jnp.expm1(-economy.hazard * diluted)
        if expected is None:
            expected = -jnp.expm1(-(economy.hazard + economy.fear) * diluted)
        kept = (1 - economy.margin) * (1 - economy.taken) * (1 - economy.bought_share)
        gross = economy.output * kept
        fixed = economy.cost + economy.bought + wages + economy.fee - economy.subsidy - economy.gain
        fixed = fixed + surcharge
        outlay = fixed + economy.risk_pay * expected
        keep = (1 - expected) * gross
        return Terms(keep, outlay, gross, fixed, diluted, loss, expected, wages, surcharge, price)

    def point(self, economy: Economy, terms: Terms, backward: Values) -> Point:
        """The economy in which people choose as in ``backward``."""
        network, layout = self.network, self.layout
        arrive = (1 - terms.loss) * economy.output
        forward = flows(layout, backward.share, arrive, economy.endowment)
        return Point(
            value=backward.node,
            stock=forward.stock,
            flow=forward.arc,
            share=backward.share.reshape(-1)[layout.arc_slot],
            net=terms.keep * backward.node[network.head] - terms.outlay,
            loss=terms.loss,
            expected_loss=terms.expected,
            wages=terms.wages,
            surcharge=terms.surcharge,
            price=terms.price,
            sold=forward.stock[network.market_node],
            load=self.loads(forward.arc),
        )

    def residual(self, economy: Economy, anchor: Anchor, state: jax.Array) -> jax.Array:
        """Excess supply at each market that clears and load not foreseen at each facility, in logarithms."""
        return self.excess(economy, anchor, state, self.evaluate(economy, state))

    def excess(self, economy: Economy, anchor: Anchor, state: jax.Array, point: Point) -> jax.Array:
        """:meth:`residual` from the economy as already evaluated at ``state``."""
        cleared, hire = self.network.cleared, self.network.hiring.market
        wanted = economy.demand
        if hire.size:
            wanted = wanted.at[hire].set(self._payroll(economy, point.flow) / anchor.sold[hire])
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
        crowding = load - jnp.log(jnp.maximum(economy.open_share, TRACE))
        surcharge = economy.surcharge * jnp.exp(jnp.minimum(economy.steepness * crowding, 60.0))
        diluted = 1 / (1 - economy.dilution + economy.dilution * jnp.exp(load))
        uses = jnp.asarray(self._uses)
        return uses @ surcharge, 1 + uses @ (diluted - 1)

    def loads(self, flow: jax.Array) -> jax.Array:
        """Load of each facility (facility,) under ``flow`` (arc,)."""
        return flow @ self._uses


def _mask(place: npt.NDArray[np.int64], columns: int | npt.NDArray[np.int64]) -> FloatArray:
    """Where a place is one of the columns, numbered from 0 or named, as zeros and ones (place, column)."""
    named = np.arange(columns) if isinstance(columns, int) else columns
    return np.asarray(place[:, None] == named, dtype=float)
