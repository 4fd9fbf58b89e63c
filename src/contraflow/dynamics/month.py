"""A month: prices, plans, consignments, losses, money and learning.

The network, the rule and the numbers are those of the equilibrium, and people adapt as on a path between
equilibria (:mod:`~contraflow.dynamics.adjustment`): a month is a step of a path in which clans have their own
beliefs, capital and luck. Prices are those at which plans at mean beliefs clear, by the equilibrium's own
equations; values run backward from them; households and clans choose; goods run forward, on
links in whole consignments, each of which is lost with the probability of its arc. Goods that do not fill a
load wait at the place, as do goods that nobody buys. At the end of the month clans learn, and what people are
used to moves by the part of them that has reconsidered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow._types import IntArray
from contraflow.case.behaviour import row_id
from contraflow.dynamics import clans as trade
from contraflow.dynamics.clans import Behaviour, Clans, Fates, Orders, Roster
from contraflow.model.accounting import Books, books
from contraflow.model.choice import Adaptation, Spread, Values, adapted, flows, values
from contraflow.model.economy import Economy
from contraflow.model.equilibrium import (
    NOTHING,
    Anchor,
    Model,
    Point,
    Terms,
    dread,
    gathered,
    people,
    street,
)
from contraflow.model.numerics import jax, jnp
from contraflow.model.root_finding import find_root, inverse_jacobian

MONTHS = 12
"""Months in a year, the unit of the model's rates."""

LARGEST_CHANGE = 2.0
"""Largest change of a price in a month, in logarithms."""

PRECISE = 1e-6
"""Residual, in logarithms, at which the prices of a month count as clearing."""

CLEARED_OUT = 2.0
"""Times a year that waiting stocks are assumed to be sold off, where prices are set."""

LEAST_PRICE = 0.02
"""Lowest fraction of its value that a good fetches where nobody has capital."""


class State(NamedTuple):
    """The economy at the start of a month."""

    prices: jax.Array
    """Logarithms of prices and loads relative to the baseline (unknown,)."""
    stock: jax.Array
    """Units that wait unsold (node,)."""
    expected: jax.Array
    """Units that are expected to arrive in the month (node,)."""
    need: jax.Array
    """Cost of buying them (place,), USD."""
    waiting: jax.Array
    """Fraction of a load that waits for the rest (arc,)."""
    used: Adaptation
    """What people are used to, and the part of them that reconsiders in a month."""
    clans: Clans
    """The clans."""


class RandomDraws(NamedTuple):
    """The random draws of a month."""

    search: jax.Array
    """Uniform on [0, 1), for the consignments that are lost (arc,)."""
    order: jax.Array
    """Uniform on [0, 1), for the clans that lose them (arc,)."""
    fate: jax.Array
    """Uniform on [0, 1), for dismantling, arrest and entry (3, bench, abreast)."""
    size: jax.Array
    """Capital of newcomers relative to the mean (bench, abreast)."""


class Month(NamedTuple):
    """What happened in a month, in units and USD per month."""

    sent: jax.Array
    """Units that left the tail (arc,)."""
    lost: jax.Array
    """Of these, lost (arc,)."""
    consignments: jax.Array
    """Consignments that left (arc,); 0 except on links."""
    caught: jax.Array
    """Of these, lost (arc,)."""
    believed: jax.Array
    """Mean loss that traders expected (arc,)."""
    price: jax.Array
    """Value of a unit (node,), USD."""
    stock: jax.Array
    """Units that wait at the end of the month, including incomplete loads (node,)."""
    put_by: jax.Array
    """Value of what was added to that stock (node,), USD."""
    sold: jax.Array
    """Units sold (market,)."""
    sales: jax.Array
    """Value of all goods sold, USD."""
    market_price: jax.Array
    """Price (market,), USD per unit."""
    books: Books
    """Accounts of the month, as those of an equilibrium."""
    capital: jax.Array
    """Capital of clans at the end (bench, abreast), USD."""
    fates: Fates
    """Clans that failed, were arrested or were founded."""
    excess: jax.Array
    """Largest residual of the clearing of markets, in logarithms."""


class _Swept(NamedTuple):
    """Goods after a month."""

    stock: jax.Array
    """At hand (node,)."""
    arrived: jax.Array
    """Arrived in the month (node,)."""
    sent: jax.Array
    """Units sent (arc,)."""
    lost: jax.Array
    """Units lost (arc,)."""
    consignments: jax.Array
    """Consignments sent (arc,)."""
    caught: jax.Array
    """Consignments lost (arc,)."""
    waiting: jax.Array
    """Fraction of a load that waits afterwards (arc,)."""
    loads: jax.Array
    """Loads that came (arc,)."""


@dataclass(frozen=True, eq=False)
class MonthlyEconomy:
    """The economy month by month: pure functions of arrays, like those of the model."""

    model: Model
    """The model."""
    roster: Roster
    """The clans."""
    informed: bool = False
    """Whether clans know the true losses and weigh them without distortion."""

    @cached_property
    def _link(self) -> npt.NDArray[np.bool_]:
        return np.array([a.kind == "link" for a in self.model.network.arcs])

    @cached_property
    def _traded(self) -> npt.NDArray[np.bool_]:
        """Arcs that clans choose among (arc,)."""
        return self.roster.traded[self.model.network.tail]

    @cached_property
    def _goods(self) -> IntArray:
        """Markets where goods are sold, not labour."""
        n = self.model.network
        return np.setdiff1d(np.arange(len(n.markets)), n.hiring.market)

    @cached_property
    def _labour(self) -> npt.NDArray[np.bool_]:
        """Whether a node is labour, which cannot be stored (node,)."""
        labour = np.zeros(len(self.model.network.nodes), dtype=bool)
        activity = np.array([a.kind == "activity" for a in self.model.network.arcs])
        labour[self.model.network.tail[activity]] = True
        return labour

    def start(
        self,
        behaviour: Behaviour,
        point: Point,
        used: Adaptation,
        key: jax.Array,
    ) -> State:
        """An economy that has settled at ``point``.

        Nothing is unsold, loads are begun by chance, and capital is in proportion to purchases.

        Parameters
        ----------
        behaviour
            Behaviour parameters of the replicate.
        point
            The equilibrium of the baseline.
        used
            What people are used to in it, and the part of them that reconsiders in a month.
        key
            Key of the random draws.
        """
        roster, network = self.roster, self.model.network
        attitude, known, size, begun = jax.random.split(key, 4)
        need = self._need(point.value, point.stock / MONTHS)
        seats = roster.taken.shape
        sizes = jnp.exp(behaviour.size_dispersion * jax.random.normal(size, seats))
        parts = trade.trade_shares(roster, jnp.where(roster.taken, sizes, 0.0))
        spread = jnp.asarray(behaviour.attitude)
        weighs = jnp.exp(spread * jax.random.normal(attitude, seats) - spread**2 / 2)
        waiting = jax.random.uniform(begun, (len(network.arcs),))
        known_ways = trade.draw_known(roster, behaviour, point.share, known)
        clans = Clans(
            jnp.asarray(behaviour.cover) * need[roster.place][:, None] * parts,
            jnp.ones(seats) if self.informed else weighs,
            known_ways,
            trade.no_experience(roster),
        )
        return State(
            jnp.zeros(self.model.unknowns),
            jnp.zeros(len(network.nodes)),
            point.stock / MONTHS,
            need,
            jnp.where(self._link & (point.flow > 0), waiting, 0.0),
            used,
            clans,
        )

    def step(
        self,
        ledger: jax.Array,
        behaviour: Behaviour,
        economy: Economy,
        anchor: Anchor,
        prior: jax.Array,
        state: State,
        orders: Orders,
        reachable: jax.Array,
        draws: RandomDraws,
    ) -> tuple[State, Month]:
        """One month.

        Parameters
        ----------
        ledger
            Values of the ledger (number,).
        behaviour
            Behaviour parameters of the replicate.
        economy
            The economy under the measures of the month, staffed.
        anchor
            Anchor of the baseline.
        prior
            Loss known from the baseline (arc,).
        state
            The economy at the start of the month.
        orders
            Arrests on order.
        reachable
            Whether these may hit a clan (bench, abreast).
        draws
            Random draws of the month.

        Returns
        -------
        tuple
            The state after the month, and what happened in it.
        """
        model, network, roster, b = self.model, self.model.network, self.roster, behaviour
        arc, tail, arcs = roster.arc, network.tail, len(network.arcs)
        used, clans = state.used, state.clans
        trades = trade.trade_shares(roster, clans.capital)
        uses = trade.users(roster, trades, clans.known, arcs)
        belief = trade.weighed(
            roster, clans.attitude, prior, trade.believed(roster, b, prior, clans.experience)
        )
        mean = prior + trade.by_arc(roster, uses * (belief - prior[arc][:, None]), arcs)
        purse = self._purse(clans.capital, state.need)
        prices = self._cleared(economy, anchor, state, mean, purse)

        terms = self._terms(economy, prices, mean, purse)
        there, terms, backward = self._chosen(economy, terms, used)
        share = backward.share.reshape(-1)[model.layout.arc_slot]
        need = self._need(backward.node, state.expected + state.stock)
        price = backward.node * purse
        net = terms.keep * backward.node[network.head] - terms.outlay
        expected = self._expected(economy, terms, belief, arc[:, None])
        at_stake = terms.gross * backward.node[network.head] + there.risk_pay
        own = net[arc][:, None] + at_stake[arc][:, None] * (terms.expected[arc][:, None] - expected)
        part = trade.choose(roster, uses, share, own, net, used.theta[tail], tail)
        taken = trade.by_arc(roster, part, arcs)
        shares = jnp.where(self._traded, taken, share)

        planned = self._planned(there, terms, shares, state.stock)
        excess = jnp.where(self._idle(anchor), 0.0, model.excess(economy, anchor, prices, planned, used))
        swept = self._sweep(ledger, there, terms.loss, shares, state, draws.search)
        shipped = trade.divide(
            roster, part, taken, state.waiting, swept.loads, swept.caught, self._load(ledger), swept.sent,
            terms.loss, draws.order,
        )  # fmt: skip
        earned = self._earned(there, terms, price, shipped)
        profit, sent, lost = (trade.by_clan(roster, x) for x in (earned, shipped.sent, shipped.lost))
        caught = lost / jnp.maximum(sent, 1.0)
        capital, founded, fates = trade.fortunes(
            roster, b, clans, profit, caught, need, orders, reachable, draws.fate, draws.size
        )
        after = State(
            prices,
            swept.stock,
            (planned.stock - CLEARED_OUT * state.stock) / MONTHS,
            need,
            swept.waiting,
            self._adapted(ledger, there, used, net, backward.node, terms.expected, planned.sold),
            self._learnt(b, clans, prior, capital, founded, shipped, swept),
        )
        month = self._record(
            ledger, there, terms, price, share, state, after, planned, swept, capital, fates, excess
        )
        return after, month

    def _expected(
        self, economy: Economy, terms: Terms, belief: jax.Array, arc: IntArray | slice = slice(None)
    ) -> jax.Array:
        """Loss that is expected on some arcs if clans believe ``belief``; the true law where they do not."""
        feared = 1 - (1 - belief) * jnp.exp(-economy.fear * terms.diluted)[arc]
        learns = self._link & self._traded & (not self.informed)
        return jnp.where(learns[arc], feared, terms.expected[arc])

    def _chosen(self, economy: Economy, terms: Terms, used: Adaptation) -> tuple[Economy, Terms, Values]:
        """What people choose, and the economy with those who are there and what their fear asks for."""
        asked = dread(economy, used, terms.expected)
        terms = terms._replace(outlay=terms.outlay + asked)
        habit = used._replace(weight=used.weight * economy.open_part)
        e, sinks = economy, self.model.network.market_node
        backward = values(
            self.model.layout, e.weight, terms.keep, terms.outlay, e.theta, sinks, terms.price, habit
        )
        terms = gathered(terms, backward)
        some = terms.expected > 0
        pay = jnp.where(some, asked / jnp.where(some, terms.expected, 1.0), 0.0)
        there = replace(
            economy,
            endowment=economy.endowment * jnp.exp(people(economy, used, backward.node)),
            output=economy.output * backward.gathered,
            risk_pay=economy.risk_pay + pay,
            lethal_pay=economy.lethal_pay + pay,
        )
        return there, terms, backward

    def _adapted(
        self,
        ledger: jax.Array,
        economy: Economy,
        used: Adaptation,
        net: jax.Array,
        value: jax.Array,
        expected: jax.Array,
        sold: jax.Array,
    ) -> Adaptation:
        """What people are used to after a month, who is there, what is on the way, and remembered fear."""
        tail = self.model.network.tail
        half_life = ledger[self.model.network.ledger.index(row_id("fear_half_life"))]
        after = adapted(used, tail, economy.weight, economy.theta, net, economy.open_part)
        return after._replace(
            people=people(economy, used, value),
            street=street(sold, used),
            dread=0.5 ** (1 / (MONTHS * half_life)) * economy.lethal_pay * expected,
        )

    def _need(self, value: jax.Array, stock: jax.Array) -> jax.Array:
        """Cost of buying ``stock`` (node,) at each place (place,), USD."""
        place = self.roster.node_place
        spent = jnp.zeros(len(self.roster.places) + 1).at[place].add(value * stock)
        return spent[:-1]

    def _purse(self, capital: jax.Array, need: jax.Array) -> jax.Array:
        """Fraction of its value that clans can pay for a good (node,), if a dollar turns over once a month.

        Cash-in-the-market pricing (Allen & Gale 1994, American Economic Review 84): where capital is short,
        prices fall until it buys all there is, and the resulting profits rebuild it.
        """
        held = jnp.zeros(len(self.roster.places)).at[self.roster.place].add(capital.sum(axis=1))
        part = jnp.clip(held / jnp.maximum(need, 1e-9), LEAST_PRICE, 1.0)
        return jnp.where(self.roster.traded, jnp.append(part, 1.0)[self.roster.node_place], 1.0)

    def _terms(self, economy: Economy, prices: jax.Array, mean: jax.Array, purse: jax.Array) -> Terms:
        """Terms at ``prices`` if clans believe in losses ``mean`` (arc,) and buyers pay ``purse`` (node,)."""
        true = self.model.terms(economy, prices)
        terms = self.model.terms(economy, prices, self._expected(economy, true, mean))
        paid = purse[self.model.network.head]
        return terms._replace(keep=terms.keep * paid, gross=terms.gross * paid)

    def _planned(self, economy: Economy, terms: Terms, shares: jax.Array, stock: jax.Array) -> Point:
        """The planned flows at yearly rates; fields that the residual does not read are empty."""
        layout, network = self.model.layout, self.model.network
        loss, supply = terms.loss, economy.endowment + CLEARED_OUT * stock
        forward = flows(layout, Spread(layout)(shares, 0.0), (1 - loss) * economy.output, supply)
        nothing = jnp.zeros(0)
        return Point(
            value=nothing, endowment=supply,
            stock=forward.stock, flow=forward.arc, share=shares, net=nothing, loss=loss,
            expected_loss=nothing, wages=terms.wages, surcharge=terms.surcharge, price=terms.price,
            sold=forward.stock[network.market_node], load=self.model.loads(forward.arc),
        )  # fmt: skip

    def _cleared(
        self, economy: Economy, anchor: Anchor, state: State, mean: jax.Array, purse: jax.Array
    ) -> jax.Array:
        """Prices and loads (unknown,) at which the plans of a month at mean beliefs clear.

        Solved like an equilibrium, starting from the month before. A market that nothing reaches for a month
        has no price at which it clears: prices change by LARGEST_CHANGE at most.
        """
        idle = self._idle(anchor)

        def residual(prices: jax.Array) -> jax.Array:
            terms = self._terms(economy, prices, mean, purse)
            there, terms, backward = self._chosen(economy, terms, state.used)
            share = backward.share.reshape(-1)[self.model.layout.arc_slot]
            planned = self._planned(there, terms, share, state.stock)
            return jnp.where(idle, prices, self.model.excess(economy, anchor, prices, planned, state.used))

        inverse = inverse_jacobian(residual, state.prices)
        inverse = jnp.where(jnp.isfinite(inverse), inverse, 0.0)
        change = find_root(residual, state.prices, inverse, tolerance=PRECISE).state - state.prices
        price = np.arange(self.model.unknowns) < len(self.model.network.cleared)
        bounded = jnp.clip(change, -LARGEST_CHANGE, LARGEST_CHANGE)
        return state.prices + jnp.where(price, bounded, change)

    def _idle(self, anchor: Anchor) -> jax.Array:
        """Whether nothing reaches the market or facility of an unknown in the baseline (unknown,)."""
        sold = anchor.sold[self.model.network.cleared] <= 10 * NOTHING
        return jnp.concatenate([sold, anchor.load <= 10 * NOTHING])

    def _load(self, ledger: jax.Array) -> jax.Array:
        """Units in a consignment (arc,); 0 where there are no consignments."""
        return jnp.where(self._link, ledger[self.model.network.numbers.load], 0.0)

    def _sweep(
        self,
        ledger: jax.Array,
        economy: Economy,
        loss: jax.Array,
        shares: jax.Array,
        state: State,
        uniform: jax.Array,
    ) -> _Swept:
        """Run goods forward for a month, in whole consignments."""
        layout, network = self.model.layout, self.model.network
        spread = Spread(layout)
        has = state.stock + economy.endowment / MONTHS
        start = jnp.zeros(layout.padded_nodes).at[layout.node_slot].set(has)
        steps = (
            spread(shares, 0.0),
            spread(self._load(ledger), 0.0),
            spread(loss, 0.0),
            spread(economy.output, 0.0),
            spread(state.waiting, 0.0),
            spread(uniform, 0.0),
            jnp.asarray(layout.heads),
            jnp.asarray(layout.local),
            jnp.arange(layout.chunks) * layout.span,
        )

        def step(stock: jax.Array, chunk: tuple[jax.Array, ...]) -> tuple[jax.Array, tuple[jax.Array, ...]]:
            share, load, loss, output, waiting, uniform, heads, local, first = chunk
            here = jax.lax.optimization_barrier(jax.lax.dynamic_slice(stock, (first,), (layout.span,)))
            taken = share * (here if layout.one_row else here[local])
            consigned = load > 0
            loads = jnp.where(consigned, taken / jnp.where(consigned, load, 1.0), 0.0)
            number = jnp.floor(waiting + loads)
            caught = binomial(uniform, number, loss)
            sent = jnp.where(consigned, number * load, taken)
            lost = jnp.where(consigned, caught * load, taken * loss)
            left = jnp.where(consigned, waiting + loads - number, 0.0)
            arrives = (sent - lost) * output
            return stock.at[heads].add(arrives), (sent, lost, number, caught, left, loads)

        padded, out = jax.lax.scan(step, start, steps)
        stock = padded[layout.node_slot]
        sent, lost, number, caught, left, loads = (x.reshape(-1)[layout.arc_slot] for x in out)
        leaves = jnp.zeros(stock.size).at[network.tail].add(stock[network.tail] * shares)
        rests = jnp.maximum(stock - leaves, 0.0)
        sink = np.bincount(network.tail, minlength=stock.size) == 0
        rests = jnp.where(self._labour | sink, 0.0, rests)
        return _Swept(rests, stock - has, sent, lost, number, caught, left, loads)

    def _earned(self, economy: Economy, terms: Terms, value: jax.Array, shipped: trade.Shipped) -> jax.Array:
        """Profit of clans on each way in a month (row, abreast), USD: margins, and the effect of chance."""
        arc, n = self.roster.arc, self.model.network
        e = economy
        kept = e.margin + (1 - e.margin) * (1 - e.taken) * (1 - e.bought_share)
        fetched = (e.output * kept * value[n.head])[arc][:, None] * (shipped.units - shipped.units_lost)
        spent = (terms.outlay + value[n.tail])[arc][:, None] * shipped.units
        return fetched - spent

    def _learnt(
        self,
        b: Behaviour,
        clans: Clans,
        prior: jax.Array,
        capital: jax.Array,
        founded: jax.Array,
        shipped: trade.Shipped,
        swept: _Swept,
    ) -> Clans:
        """Clans at the end of a month, with their experience; newcomers start without any."""
        roster = self.roster
        new = founded[roster.bench]
        experience = trade.remembered(
            roster,
            b,
            prior,
            clans.experience,
            (shipped.sent, shipped.lost),
            (swept.consignments, swept.caught),
        )
        experience = experience._replace(
            sent=jnp.where(new, 0.0, experience.sent), lost=jnp.where(new, 0.0, experience.lost)
        )
        return clans._replace(capital=capital, experience=experience)

    def _record(
        self,
        ledger: jax.Array,
        economy: Economy,
        terms: Terms,
        value: jax.Array,
        share: jax.Array,
        before: State,
        after: State,
        planned: Point,
        swept: _Swept,
        capital: jax.Array,
        fates: Fates,
        excess: jax.Array,
    ) -> Month:
        network = self.model.network
        some = swept.sent > 0
        sold = swept.arrived[network.market_node]
        happened = Point(
            value=value,
            endowment=economy.endowment,
            stock=swept.arrived * MONTHS,
            flow=swept.sent * MONTHS,
            share=share,
            net=share,
            loss=jnp.where(some, swept.lost / jnp.where(some, swept.sent, 1.0), 0.0),
            expected_loss=terms.expected,
            wages=terms.wages,
            surcharge=terms.surcharge,
            price=terms.price,
            sold=sold * MONTHS,
            load=planned.load,
        )
        accounts = books(network, ledger, economy, happened)
        accounts = jax.tree.map(lambda x: x / MONTHS, accounts)
        load = self._load(ledger)
        lying = jnp.zeros(len(network.nodes)).at[network.tail]
        stock = after.stock + lying.add(after.waiting * load)
        earlier = before.stock + lying.add(before.waiting * load)
        return Month(
            sent=swept.sent,
            lost=swept.lost,
            consignments=swept.consignments,
            caught=swept.caught,
            believed=terms.expected,
            price=value,
            stock=stock,
            put_by=(stock - earlier) * value,
            sold=sold,
            sales=(sold * terms.price)[self._goods].sum(),
            market_price=terms.price,
            books=accounts,
            capital=capital,
            fates=fates,
            excess=jnp.abs(excess[: len(network.cleared)]).max(initial=0.0),
        )


NORMAL = 500.0
"""Expected number, in logarithms of the first term, beyond which a binomial is taken as normal."""

_Search = tuple[jax.Array, jax.Array, jax.Array, jax.Array]
"""A number k, the probability of k (term,), of k or less, and how many numbers are too small."""

TERMS = 16
"""Terms added by a turn of the search for a binomial number: a turn costs about as much as many terms."""


def binomial(u: jax.Array, n: jax.Array, p: jax.Array) -> jax.Array:
    """Binomial numbers by inversion: the least k with P(X <= k) > u.

    Monotone in ``u``, so that two policies with the same random draws differ by the policy alone. Where the
    probability of no success is below exp(-NORMAL), the normal approximation is used.

    Parameters
    ----------
    u
        Uniform draws on [0, 1).
    n
        Numbers of trials.
    p
        Probabilities of success.

    Examples
    --------
    >>> n, p = jnp.array([10.0, 10.0]), jnp.array([0.0, 0.5])
    >>> binomial(jnp.array([0.7, 0.5]), n, p).tolist()
    [0.0, 5.0]
    """
    none = n * jnp.log1p(-jnp.minimum(p, 1 - 1e-12))
    exact = none > -NORMAL
    odds = jnp.where(p < 1, p / jnp.where(p < 1, 1 - p, 1.0), 0.0)
    first = jnp.where(exact, jnp.exp(none), 1.0)

    def unfinished(x: _Search) -> jax.Array:
        k, _, below, _ = x
        return ((below <= u) & (k < n) & exact).any()

    def further(x: _Search) -> _Search:
        k, term, below, count = x
        for _ in range(TERMS):
            count = count + ((below <= u) & (k < n))
            term = jnp.maximum(term * odds * (n - k) / (k + 1), 0.0)
            k, below = k + 1, below + term
        return k, term, below, count

    start = (jnp.zeros(()), first, first, jnp.zeros_like(first))
    count = jax.lax.while_loop(unfinished, further, start)[3]
    spread = jnp.sqrt(n * p * (1 - p))
    inner = jnp.clip(u, 1e-12, 1 - 1e-12)
    rough = jnp.clip(jnp.round(n * p + spread * jax.scipy.special.ndtri(inner)), 0.0, n)
    return jnp.where(exact, count, rough)
