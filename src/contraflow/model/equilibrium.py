"""Prices and congestion at which every market clears.

The unknowns are the logarithms of the prices p of markets with elastic demand over those of the baseline, and
log((F / F0 + c) / (1 + c)) for the loads F of facilities, c = IDLE; around them are two exact passes::

    demand     Q_k = Q0_k D_k (p_k / p0_k)^(-eps_k)
    hired work L_h = L0_h (sum_a pay0_a f_a) / (sum_a pay0_a f0_a),  pay_a = pay0_a p_h / p0_h
    surcharge  s_g = s0_g (F_g / (F0_g kappa_g))^beta_g
    dilution   hazard_a / (1 - delta_g + delta_g F_g / F0_g)

where a factor D on demand is 1 in the baseline. Dilution saturates like the functional response of a
predator (Holling 1959, The Canadian Entomologist 91): -delta is the elasticity of hazard to flow at the
baseline, and a flow that has almost vanished meets a hazard of at most 1 / (1 - delta) times the baseline's.

In the baseline all unknowns are zero: prices are parameters, demand and capacity are anchored on what flows,
as many households carry as transports need, and nothing has to be solved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow._types import FloatArray
from contraflow.model.choice import Adaptation, Values, anchored_values, flows, values
from contraflow.model.economy import Economy, economy
from contraflow.model.layout import Layout, make_layout
from contraflow.model.numerics import jax, jnp
from contraflow.model.root_finding import Root, find_root, inverse_jacobian
from contraflow.network.network import Network

TRACE = 1e-13
"""Fraction of the baseline quantity added inside logarithms, so that a market cut off stays finite."""

IDLE = 1e-3
"""Fraction of the baseline load added inside logarithms, since a smaller load hardly changes what it costs to
use a facility: without it a facility that falls idle is thirty logarithms away."""

NOTHING = 1e-9
"""Units per year below which a market or facility counts as unused."""

MOST_MOVED = 2.3
"""Largest change of the number of people, in natural logarithms: ten times more or fewer."""

STARTS = ((0.0, 0.0), (0.7, 0.7), (-0.7, -0.7), (0.5, -5.0), (-0.5, 2.0))
"""Starting points: logarithms of all prices and of all loads relative to the baseline."""


class Anchor(NamedTuple):
    """What the baseline fixes for every policy."""

    sold: jax.Array
    """Quantities sold in the baseline (market,), units per year; payroll in USD for hired work."""
    load: jax.Array
    """Loads in the baseline (facility,), units per year."""
    weight: jax.Array
    """Preference weights (arc,)."""
    gain: jax.Array
    """Unobserved gains (arc,), USD per unit at the tail."""
    endowment: jax.Array
    """Units per year (node,), with the households who carry."""
    living: jax.Array
    """Values of the nodes (node,), USD per unit."""

    def staffed(self, economy: Economy) -> Economy:
        """The economy with the weights, gains and endowments of this baseline."""
        weight = self.weight * economy.planted * economy.open_part
        return replace(economy, weight=weight, gain=self.gain, endowment=self.endowment, living=self.living)


class Point(NamedTuple):
    """The whole economy at given prices and loads."""

    value: jax.Array
    """Value V (node,), USD per unit."""
    endowment: jax.Array
    """What is endowed, with the people who have come or gone (node,), units per year."""
    stock: jax.Array
    """What arrives and is endowed (node,), units per year."""
    flow: jax.Array
    """What leaves the tail (arc,), units per year."""
    share: jax.Array
    """Choice probability P (arc,)."""
    net: jax.Array
    """Expected net value u (arc,), USD per unit at the tail, as perceived by the decision maker."""
    loss: jax.Array
    """Probability of loss q (arc,)."""
    expected_loss: jax.Array
    """The same as believed (arc,)."""
    wages: jax.Array
    """Pay of hired crews above that of the baseline (arc,), USD per unit at the tail."""
    surcharge: jax.Array
    """Scarcity surcharge (arc,), USD per unit at the tail."""
    price: jax.Array
    """Price (market,), USD per unit."""
    sold: jax.Array
    """Quantity sold (market,), units per year."""
    load: jax.Array
    """Load (facility,), units per year."""
    gathered: jax.Array | float = 1.0
    """Part of its yield that is gathered from each field or mine, 1 for all else (arc,)."""


class Terms(NamedTuple):
    """Coefficients of both passes at given prices, loads and beliefs."""

    keep: jax.Array
    """Fraction of the value at the head kept per unit at the tail, (1 - expected) gross (arc,)."""
    outlay: jax.Array
    """fixed + risk pay x expected (arc,), USD per unit at the tail."""
    gross: jax.Array
    """What is kept of a unit that arrives, in units of the head (arc,)."""
    fixed: jax.Array
    """Outlay without risk pay (arc,), USD per unit at the tail."""
    diluted: jax.Array
    """Factor of dilution on hazard (arc,)."""
    loss: jax.Array
    """Probability of loss (arc,)."""
    expected: jax.Array
    """The same as believed (arc,)."""
    wages: jax.Array
    """Pay of hired crews above that of the baseline (arc,), USD per unit at the tail."""
    surcharge: jax.Array
    """Scarcity surcharge (arc,), USD per unit at the tail."""
    price: jax.Array
    """Price (market,), USD per unit."""


@dataclass(frozen=True, eq=False)
class Model:
    """The forward model on one network: pure functions of arrays, to be batched with ``jax.vmap``."""

    network: Network
    """The network."""

    @cached_property
    def layout(self) -> Layout:
        """Order in which the passes walk the network."""
        return make_layout(self.network.tail, self.network.head, self.network.level)

    @property
    def unknowns(self) -> int:
        """Number of unknowns: markets that clear, plus facilities."""
        return len(self.network.cleared) + len(self.network.facility_ids)

    def economy(self, ledger: jax.Array) -> Economy:
        """The economy without measures, from the values of the ledger (number,)."""
        return economy(self.network, ledger)

    def anchor(self, baseline: Economy) -> Anchor:
        """The anchor of an economy under the measures of the baseline; nothing has to be solved.

        The weights of the economy are odds in the baseline; those of the anchor are the preference weights
        that follow from them (:func:`~contraflow.model.choice.anchored_values`).

        Endowments of the ledger are labour that does not carry. The payroll of hired crews, divided by what a
        labour-hectare earns by carrying, is the labour L that carries; the weight that makes L the choice of
        L + E labour-hectares is

            w = (L / E) (V / u)^theta

        with V the value of a labour-hectare that does not carry and u that of one that does; then all weights
        of the node are scaled until its value is the mean (E V + L u) / (E + L). All other flows are those of
        the economy in which nobody carries.
        """
        return self.baseline(baseline)[0]

    def baseline(self, baseline: Economy) -> tuple[Anchor, Point]:
        """The :meth:`anchor` and the point that it anchors: :meth:`evaluate` at zero, from the same pass.

        Parameters
        ----------
        baseline
            The economy under the measures of the baseline, with odds for weights.
        """
        hiring, n = self.network.hiring, self.network
        terms = self.terms(baseline, jnp.zeros(self.unknowns))
        backward, weights, gain = anchored_values(
            self.layout, baseline.weight, terms.keep, terms.outlay, baseline.theta, n.market_node, terms.price
        )
        point = self.point(baseline, terms._replace(outlay=terms.outlay - gain), backward)
        sold, load = jnp.maximum(point.sold, NOTHING), jnp.maximum(point.load, NOTHING)
        if not hiring.market.size:
            return Anchor(sold, load, weights, gain, baseline.endowment, point.value), point
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
            point.value * earns,
        )
        made = (1 - point.loss[arc]) * baseline.output[arc] * labour
        staffed = point._replace(
            value=point.value * earns,
            endowment=point.endowment.at[tail].add(labour),
            stock=point.stock.at[tail].add(labour).at[n.head[arc]].add(made),
            flow=point.flow.at[arc].set(labour),
            share=(point.share / beside[n.tail]).at[arc].set(ratio / beside[tail]),
            sold=point.sold.at[hiring.market].set(made),
        )
        return anchor, staffed

    @cached_property
    def _hired(self) -> FloatArray:
        """Market that hires the crew of each arc (arc, hire); a product with a mask beats a scatter."""
        hiring = self.network.hiring
        place = np.full(len(self.network.arcs), -1)
        place[hiring.link] = hiring.place
        return _mask(place, hiring.market.size)

    @cached_property
    def _uses(self) -> FloatArray:
        """Facility that each arc uses (arc, facility)."""
        return _mask(self.network.facility, len(self.network.facility_ids))

    @cached_property
    def _clears(self) -> FloatArray:
        """Unknown that is the price of each market (market, cleared)."""
        return _mask(np.arange(len(self.network.markets)), self.network.cleared)

    def _payroll(self, economy: Economy, flow: jax.Array) -> jax.Array:
        """Pay of hired crews at the rates of the baseline (hire,), USD per year."""
        return (economy.hired * flow) @ self._hired

    def _wages(self, economy: Economy, price: jax.Array) -> jax.Array:
        """Extra pay of hired crews over the baseline's rates (arc,), USD per unit."""
        hire = self.network.hiring.market
        if not hire.size:
            return jnp.zeros(len(self.network.arcs))
        rise = price[hire] / economy.price[hire] - 1
        return jnp.asarray(self._hired) @ rise * economy.hired

    def evaluate(self, economy: Economy, state: jax.Array, adaptation: Adaptation | None = None) -> Point:
        """Both passes at given prices and loads.

        Parameters
        ----------
        economy
            The economy, staffed.
        state
            Logarithms of prices and loads relative to the baseline (unknown,).
        adaptation
            What people are used to. None: everybody has reconsidered.
        """
        terms = self.terms(economy, state)
        network = self.network
        if adaptation is not None:
            terms = terms._replace(outlay=terms.outlay + dread(economy, adaptation, terms.expected))
            adaptation = adaptation._replace(weight=adaptation.weight * economy.open_part)
        backward = values(
            self.layout,
            economy.weight,
            terms.keep,
            terms.outlay,
            economy.theta,
            network.market_node,
            terms.price,
            adaptation,
        )
        terms = gathered(terms, backward)
        return self.point(economy, terms, backward, people(economy, adaptation, backward.node))

    def terms(self, economy: Economy, state: jax.Array, expected: jax.Array | None = None) -> Terms:
        """Coefficients of both passes.

        Parameters
        ----------
        economy
            The economy.
        state
            Logarithms of prices and loads relative to the baseline (unknown,).
        expected
            Believed probability of loss (arc,). None: the law of random search on hazard and fear.
        """
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

    def point(
        self, economy: Economy, terms: Terms, backward: Values, people: jax.Array | float = 0.0
    ) -> Point:
        """The economy in which people choose as in ``backward``.

        Parameters
        ----------
        economy
            The economy, staffed.
        terms
            Coefficients of both passes.
        backward
            Values and choice probabilities.
        people
            Natural logarithm of the number of people relative to the baseline (node,).
        """
        endowment = economy.endowment * jnp.exp(people)
        network, layout = self.network, self.layout
        arrive = (1 - terms.loss) * economy.output * backward.gathered
        forward = flows(layout, backward.share, arrive, endowment)
        return Point(
            value=backward.node,
            endowment=endowment,
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
            gathered=backward.gathered,
        )

    def waiting(self, point: Point) -> jax.Array:
        """What stays at nodes from which something leads on (node,), units per year."""
        tail, nodes = self.network.tail, len(self.network.nodes)
        onward = np.bincount(tail, minlength=nodes) > 0
        left = jnp.zeros(nodes).at[tail].add(point.flow)
        return jnp.where(onward, point.stock - left, 0.0)

    def residual(
        self, economy: Economy, anchor: Anchor, state: jax.Array, adaptation: Adaptation | None = None
    ) -> jax.Array:
        """Excess supply of markets that clear and unforeseen load of facilities (unknown,), in logarithms.

        Parameters
        ----------
        economy
            The economy under a policy, staffed.
        anchor
            Anchor of its baseline.
        state
            Logarithms of prices and loads relative to the baseline (unknown,).
        adaptation
            What people are used to. None: everybody has reconsidered.
        """
        point = self.evaluate(economy, state, adaptation)
        return self.excess(economy, anchor, state, point, adaptation)

    def excess(
        self,
        economy: Economy,
        anchor: Anchor,
        state: jax.Array,
        point: Point,
        adaptation: Adaptation | None = None,
    ) -> jax.Array:
        """The :meth:`residual` from a ``point`` that is already evaluated at ``state``."""
        reaching = street(point.sold, adaptation)
        cleared, hire = self.network.cleared, self.network.hiring.market
        wanted = economy.demand
        if hire.size:
            wanted = wanted.at[hire].set(self._payroll(economy, point.flow) / anchor.sold[hire])
        trace = jnp.full(len(self.network.markets), TRACE).at[hire].set(IDLE)
        relative = jnp.log(reaching / anchor.sold + trace) - jnp.log(wanted + trace)
        excess = relative[cleared] + economy.elasticity[cleared] * state[: len(cleared)]
        return jnp.concatenate([excess, crowd(point.load, anchor) - state[len(cleared) :]])

    def jacobian_inverse(
        self, economy: Economy, anchor: Anchor, adaptation: Adaptation | None = None
    ) -> jax.Array:
        """Inverse Jacobian of :meth:`residual` at the baseline (unknown, unknown)."""
        start = jnp.zeros(self.unknowns)
        return inverse_jacobian(lambda z: self.residual(economy, anchor, z, adaptation), start)

    def solve(
        self,
        economy: Economy,
        anchor: Anchor,
        inverse: jax.Array,
        start: jax.Array | None = None,
        adaptation: Adaptation | None = None,
    ) -> Root:
        """One equilibrium.

        Differentiable with respect to the economy and the anchor by the implicit function theorem. Does not
        raise: look at the root's residual.

        Parameters
        ----------
        economy
            The economy under a policy, staffed.
        anchor
            Anchor of its baseline.
        inverse
            :meth:`jacobian_inverse` of the baseline (unknown, unknown).
        start
            Starting point (unknown,). None: the baseline.
        adaptation
            What people are used to. None: everybody has reconsidered.
        """
        if start is None:
            start = jnp.zeros(self.unknowns)
        return find_root(lambda z: self.residual(economy, anchor, z, adaptation), start, inverse)

    def starts(self) -> jax.Array:
        """Starting points (start, unknown) from which equilibria are sought."""
        cleared, facilities = len(self.network.cleared), len(self.network.facility_ids)
        return jnp.array([[price] * cleared + [load] * facilities for price, load in STARTS])

    def _congestion(self, economy: Economy, load: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Surcharge in USD per unit and factor on hazard, both (arc,), at foreseen loads (facility,)."""
        relative = jnp.maximum((1 + IDLE) * jnp.exp(load) - IDLE, 0.0)
        crowding = jnp.log(jnp.maximum(relative, TRACE) / jnp.maximum(economy.open_share, TRACE))
        surcharge = economy.surcharge * jnp.exp(jnp.minimum(economy.steepness * crowding, 60.0))
        diluted = 1 / (1 - economy.dilution + economy.dilution * relative)
        uses = jnp.asarray(self._uses)
        return uses @ surcharge, 1 + uses @ (diluted - 1)

    def loads(self, flow: jax.Array) -> jax.Array:
        """Load of each facility (facility,) under ``flow`` (arc,)."""
        return flow @ self._uses


def crowd(load: jax.Array, anchor: Anchor) -> jax.Array:
    """The unknown of each facility, its load over that of the baseline, as a logarithm (facility,)."""
    return jnp.log((load / anchor.load + IDLE) / (1 + IDLE))


def gathered(terms: Terms, backward: Values) -> Terms:
    """Terms of whoever gathers a part of the yield alone."""
    return terms._replace(keep=terms.keep * backward.gathered, gross=terms.gross * backward.gathered)


def street(sold: jax.Array, adaptation: Adaptation | None) -> jax.Array:
    """What reaches the street while goods are on the way (market,), units per year.

    Stocks on the way are some months of sales, and what leaves them follows what enters as in a well mixed
    tank: Q' = Q + a (S - Q), with a = 1 - exp(-time / months).

    Parameters
    ----------
    sold
        What markets take from sellers S (market,), units per year.
    adaptation
        What reached the street before. None: the long run, in which as much arrives as is sold.
    """
    if adaptation is None:
        return sold
    return (1 - adaptation.arrived) * adaptation.street + adaptation.arrived * sold


def people(economy: Economy, adaptation: Adaptation | None, value: jax.Array) -> jax.Array:
    """Natural logarithm of the number of people relative to the baseline (node,).

    In the long run as many live where a unit of labour is worth V as

        E = E0 (V / V0)^eta ,

    the supply of people to one of many places under tastes of a Fréchet distribution (Bryan & Morten 2019,
    Journal of Political Economy 127(5)). Before, a part of them has come or gone.

    Parameters
    ----------
    economy
        The economy, staffed.
    adaptation
        The people who are there. None: everybody has come or gone who would.
    value
        Values V (node,), USD per unit.
    """
    able = (economy.migration > 0) & (value > 0) & (economy.living > 0)
    ratio = jnp.where(able, value, 1.0) / jnp.where(able, economy.living, 1.0)
    wanted = jnp.clip(economy.migration * jnp.log(ratio), -MOST_MOVED, MOST_MOVED)
    if adaptation is None:
        return wanted
    return (1 - adaptation.moved) * adaptation.people + adaptation.moved * wanted


def dread(economy: Economy, adaptation: Adaptation, expected: jax.Array) -> jax.Array:
    """What crews still ask for the fear of an earlier time, beyond risk pay (arc,), USD per unit at the tail.

    Parameters
    ----------
    economy
        The economy.
    adaptation
        What people are used to, with the pay that fear of an earlier time would ask.
    expected
        Believed probability of loss (arc,).
    """
    return jnp.maximum(adaptation.dread - economy.lethal_pay * expected, 0.0)


def _mask(place: npt.NDArray[np.int64], columns: int | npt.NDArray[np.int64]) -> FloatArray:
    """1 where a position equals one of the columns, numbered from 0 or listed, else 0 (position, column)."""
    named = np.arange(columns) if isinstance(columns, int) else columns
    return np.asarray(place[:, None] == named, dtype=float)
