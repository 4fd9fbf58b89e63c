"""A month: prices, plans, consignments, losses, money and what is learnt.

The same network, rule and numbers as the equilibrium. Prices go towards those at which what is planned
would clear, by the equilibrium's own equations; values run backward from them; households and clans choose;
goods run forward, on links in whole consignments of which each is lost with the arc's probability. What makes
no whole load waits at the place, as does what nobody is there to buy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow._types import IntArray
from contraflow.dynamics import clans as trade
from contraflow.dynamics.clans import Behaviour, Clans, Fates, Orders, Roster
from contraflow.model.accounting import Books, books
from contraflow.model.choice import Spread, Values, flows, values
from contraflow.model.economy import Economy
from contraflow.model.equilibrium import NOTHING, Anchor, Model, Point, Terms
from contraflow.model.numerics import jax, jnp
from contraflow.model.root_finding import find_root, inverse_jacobian

MONTHS = 12
"""Months in a year, the unit of the model's rates."""

LARGEST_STEP = 1.0
"""Largest change of a price or a load in a month, in logarithms."""

PRECISE = 1e-6
"""Excess, in logarithms, at which prices of a month count as clearing."""

CLEARED_OUT = 2.0
"""Times a year that what waits is reckoned to be sold off, where prices are made."""

LEAST_PRICE = 0.02
"""Least part of its value that a good fetches where nobody has capital."""


class State(NamedTuple):
    """The economy at the start of a month.

    ``prices`` (unknown,) as in :mod:`~contraflow.model.equilibrium`; ``stock`` (node,) units that wait
    unsold and ``expected`` (node,) units that are expected in a month; ``need`` (place,) USD that buying them
    takes; ``waiting`` (arc,) parts of a load that wait for the rest; ``crops`` (arc,) shares of households'
    land that each use of it has.
    """

    prices: jax.Array
    stock: jax.Array
    expected: jax.Array
    need: jax.Array
    waiting: jax.Array
    crops: jax.Array
    clans: Clans


class RandomDraws(NamedTuple):
    """The random draws of a month, uniform on [0, 1): ``search`` and ``order`` (arc,), ``fate`` (3, bench,
    abreast); ``size`` (bench, abreast) of newcomers against the mean, positive."""

    search: jax.Array
    order: jax.Array
    fate: jax.Array
    size: jax.Array


class Month(NamedTuple):
    """What happened in a month, in units and USD per month.

    Over arcs: ``sent`` units at the tail, ``lost`` of them, ``consignments`` and ``caught``, ``believed``
    loss. Over nodes: ``price`` USD per unit, ``stock`` that waits at the end, in loads not yet whole too;
    ``put_by`` USD, the value of what was added to it. Over markets: ``sold`` units, ``market_price``;
    ``sales`` of goods, USD. ``books`` as of an equilibrium, per month. Over clans (bench, abreast):
    ``capital`` USD at the end. ``excess`` is the largest of the equilibrium's residuals.
    """

    sent: jax.Array
    lost: jax.Array
    consignments: jax.Array
    caught: jax.Array
    believed: jax.Array
    price: jax.Array
    stock: jax.Array
    put_by: jax.Array
    sold: jax.Array
    sales: jax.Array
    market_price: jax.Array
    books: Books
    capital: jax.Array
    fates: Fates
    excess: jax.Array


class _Swept(NamedTuple):
    """Goods after a month: over nodes ``stock`` at hand and ``arrived``; over arcs ``sent`` and ``lost``
    units, ``consignments``, ``caught``, loads ``waiting`` after it and ``loads`` that came."""

    stock: jax.Array
    arrived: jax.Array
    sent: jax.Array
    lost: jax.Array
    consignments: jax.Array
    caught: jax.Array
    waiting: jax.Array
    loads: jax.Array


@dataclass(frozen=True, eq=False)
class MonthlyEconomy:
    """The economy month by month: pure functions of arrays, as those of the model.

    With ``informed`` clans know the true losses, and weigh them as they are.
    """

    model: Model
    roster: Roster
    informed: bool = False

    @cached_property
    def _link(self) -> npt.NDArray[np.bool_]:
        return np.array([a.kind == "link" for a in self.model.network.arcs])

    @cached_property
    def _households(self) -> npt.NDArray[np.bool_]:
        """Arcs that households choose among (arc,)."""
        return np.array([a.kind == "activity" for a in self.model.network.arcs])

    @cached_property
    def _carries(self) -> npt.NDArray[np.bool_]:
        """Arcs by which households take up work as carriers (arc,)."""
        carries = np.zeros(len(self.model.network.arcs), dtype=bool)
        carries[self.model.network.hiring.activity] = True
        return carries

    @cached_property
    def _goods(self) -> IntArray:
        """Markets where goods are sold, not work."""
        n = self.model.network
        return np.setdiff1d(np.arange(len(n.markets)), n.hiring.market)

    @cached_property
    def _labour(self) -> npt.NDArray[np.bool_]:
        """Nodes that are labour, which cannot be kept (node,)."""
        labour = np.zeros(len(self.model.network.nodes), dtype=bool)
        labour[self.model.network.tail[self._households]] = True
        return labour

    def start(
        self,
        behaviour: Behaviour,
        point: Point,
        prices: jax.Array,
        key: jax.Array,
    ) -> State:
        """An economy that has settled at ``point``: nothing unsold, loads begun by chance, capital in
        proportion to purchases."""
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
            prices,
            jnp.zeros(len(network.nodes)),
            point.stock / MONTHS,
            need,
            jnp.where(self._link & (point.flow > 0), waiting, 0.0),
            self._land(point.share),
            clans,
        )

    def step(
        self,
        ledger: jax.Array,
        behaviour: Behaviour,
        economy: Economy,
        anchor: Anchor,
        prior: jax.Array,
        known: jax.Array,
        state: State,
        orders: Orders,
        reachable: jax.Array,
        draws: RandomDraws,
    ) -> tuple[State, Month]:
        """One month. ``prior`` (arc,) losses known from before, ``known`` (row, abreast) how well
        newcomers know their ways, ``reachable`` (bench, abreast) clans that arrests on order may hit."""
        model, network, roster, b = self.model, self.model.network, self.roster, behaviour
        true = model.terms(economy, state.prices)
        trades = trade.trade_shares(roster, state.clans.capital)
        expected, mean = self._expected(b, economy, true, prior, state, trades)
        purse = self._purse(state.clans.capital, state.need)
        terms = self._at(economy, state.prices, mean, purse)
        backward = self._values(economy, terms)
        share = backward.share.reshape(-1)[model.layout.arc_slot]
        need = self._need(backward.node, state.expected + state.stock)
        price = backward.node * purse
        arc, tail = roster.arc, network.tail[roster.arc]
        fetches = terms.gross * backward.node[network.head]
        at_stake = fetches + economy.risk_pay
        part = trade.choose(
            roster,
            trades,
            economy.weight[arc][:, None] * state.clans.known,
            (fetches - terms.fixed)[arc][:, None] - at_stake[arc][:, None] * expected,
            backward.node[tail],
            economy.theta[tail],
        )
        crops = self._crops(b, state.crops, share)
        taken = trade.by_arc(roster, part, len(network.arcs))
        shares = self._shares(share, taken, crops)

        supply = economy.endowment + CLEARED_OUT * state.stock
        planned = self._planned(economy, terms, true.loss, shares, supply)
        excess = model.excess(economy, anchor, state.prices, planned)
        excess = jnp.where(self._idle(anchor), 0.0, excess)
        prices = self._cleared(b, economy, anchor, state, true.loss, mean, purse, trades, excess, supply)

        swept = self._sweep(ledger, economy, true.loss, shares, state, draws.search)
        shipped = trade.divide(
            roster, part, taken, state.waiting, swept.loads, swept.caught, self._load(ledger), swept.sent,
            true.loss, draws.order,
        )  # fmt: skip
        earned = self._earned(economy, terms, price, shipped)
        profit, sent, lost = (trade.by_clan(roster, x) for x in (earned, shipped.sent, shipped.lost))
        caught = lost / jnp.maximum(sent, 1.0)
        capital, founded, fates = trade.fortunes(
            roster, b, state.clans, profit, caught, need, orders, reachable, draws.fate, draws.size
        )
        clans = self._learnt(b, state.clans, prior, capital, founded, known, shipped, swept)
        expected_stock = (planned.stock - CLEARED_OUT * state.stock) / MONTHS
        after = State(prices, swept.stock, expected_stock, need, swept.waiting, crops, clans)
        month = self._record(
            ledger, economy, terms, price, share, state, after, planned, swept, mean, capital, fates,
            excess,
        )  # fmt: skip
        return after, month

    def _expected(
        self,
        b: Behaviour,
        economy: Economy,
        true: Terms,
        prior: jax.Array,
        state: State,
        trades: jax.Array,
    ) -> tuple[jax.Array, jax.Array]:
        """Loss that clans expect on their ways (row, abreast), and the mean on each arc (arc,)."""
        roster = self.roster
        arc = roster.arc
        if self.informed:
            same = jnp.broadcast_to(true.expected[arc][:, None], state.clans.known.shape)
            return same, true.expected
        belief = trade.believed(roster, b, prior, state.clans.experience)
        weighed = trade.weighed(roster, state.clans.attitude, prior, belief)
        weighed = jnp.where(self._link[arc][:, None], weighed, true.loss[arc][:, None])
        expected = 1 - (1 - weighed) * jnp.exp(-economy.fear * true.diluted)[arc][:, None]
        arcs = len(self.model.network.arcs)
        present = self._present(trades)
        mean = trade.mean_belief(roster, trades, expected, arcs)
        return expected, jnp.where(present > 0.5, mean, true.expected)

    def _values(self, economy: Economy, terms: Terms) -> Values:
        e, sinks = economy, self.model.network.market_node
        return values(self.model.layout, e.weight, terms.keep, terms.outlay, e.theta, sinks, terms.price)

    def _need(self, value: jax.Array, stock: jax.Array) -> jax.Array:
        """USD that it takes to buy ``stock`` (node,), by place (place,)."""
        place = self.roster.node_place
        spent = jnp.zeros(len(self.roster.places) + 1).at[place].add(value * stock)
        return spent[:-1]

    def _purse(self, capital: jax.Array, need: jax.Array) -> jax.Array:
        """Part of its value that clans can pay for a good (node,), where a dollar turns once a month.

        Cash-in-the-market pricing (Allen & Gale 1994, American Economic Review 84): where capital is short,
        prices fall until it buys all there is, and what clans then earn rebuilds it.
        """
        held = jnp.zeros(len(self.roster.places)).at[self.roster.place].add(capital.sum(axis=1))
        part = jnp.clip(held / jnp.maximum(need, 1e-9), LEAST_PRICE, 1.0)
        return jnp.where(self.roster.traded, jnp.append(part, 1.0)[self.roster.node_place], 1.0)

    def _at(self, economy: Economy, prices: jax.Array, mean: jax.Array, purse: jax.Array) -> Terms:
        """Terms at ``prices`` where losses ``mean`` (arc,) are expected and buyers pay the part ``purse``."""
        terms = self.model.terms(economy, prices, mean)
        paid = purse[self.model.network.head]
        return terms._replace(keep=terms.keep * paid, gross=terms.gross * paid)

    def _present(self, trades: jax.Array) -> jax.Array:
        """Whether anybody trades where each arc begins (arc,), as 1 or 0."""
        there = jnp.zeros(len(self.roster.places) + 1).at[self.roster.place].add(trades.sum(axis=1))
        return jnp.minimum(there[self.roster.node_place[self.model.network.tail]], 1.0)

    def _land(self, share: jax.Array) -> jax.Array:
        """Use of the land of households that do not carry (arc,)."""
        tail = self.model.network.tail
        uses = jnp.where(self._households & ~self._carries, share, 0.0)
        total = jnp.zeros(len(self.model.network.nodes)).at[tail].add(uses)[tail]
        return uses / jnp.where(total > 0, total, 1.0)

    def _crops(self, b: Behaviour, crops: jax.Array, share: jax.Array) -> jax.Array:
        """Use of households' land (arc,) after a month, moved towards what pays best at the growers' rate."""
        return crops + (self._land(share) - crops) / b.growers

    def _shares(self, share: jax.Array, taken: jax.Array, crops: jax.Array) -> jax.Array:
        """Shares of stocks that take each arc (arc,): households' crops, what clans take, else the rule's."""
        tail = self.model.network.tail
        carried = jnp.zeros(len(self.model.network.nodes)).at[tail].add(jnp.where(self._carries, share, 0.0))
        grown = jnp.where(self._carries, share, crops * (1 - carried[tail]))
        chosen = jnp.where(self.roster.traded[tail], taken, share)
        return jnp.where(self._households, grown, chosen)

    def _planned(
        self, economy: Economy, terms: Terms, loss: jax.Array, shares: jax.Array, supply: jax.Array
    ) -> Point:
        """The flows that are planned, at yearly rates; no other field of the point is used."""
        layout, network = self.model.layout, self.model.network
        forward = flows(layout, Spread(layout)(shares, 0.0), (1 - loss) * economy.output, supply)
        nothing = jnp.zeros(0)
        return Point(
            value=nothing, stock=forward.stock, flow=forward.arc, share=shares, net=nothing, loss=loss,
            expected_loss=nothing, wages=terms.wages, surcharge=terms.surcharge, price=terms.price,
            sold=forward.stock[network.market_node], load=self.model.loads(forward.arc),
        )  # fmt: skip

    def _cleared(
        self,
        b: Behaviour,
        economy: Economy,
        anchor: Anchor,
        state: State,
        loss: jax.Array,
        mean: jax.Array,
        purse: jax.Array,
        trades: jax.Array,
        excess: jax.Array,
        supply: jax.Array,
    ) -> jax.Array:
        """Prices and loads (unknown,) after a month: gone part of the way to where plans would clear.

        Solved like an equilibrium, starting from current prices and using mean beliefs. The difference
        between the clans' actual plans, whose residual is ``excess``, and the plan at mean beliefs is held
        at its current value.
        """
        tail = self.model.network.tail
        part = jnp.where(self.roster.traded[tail], self._present(trades), 1.0)
        idle = self._idle(anchor)

        def residual(prices: jax.Array) -> jax.Array:
            terms = self._at(economy, prices, mean, purse)
            backward = self._values(economy, terms)
            share = backward.share.reshape(-1)[self.model.layout.arc_slot]
            crops = self._crops(b, state.crops, share)
            planned = self._planned(economy, terms, loss, self._shares(share, share * part, crops), supply)
            found = self.model.excess(economy, anchor, prices, planned)
            return jnp.where(idle, prices, found)

        own = jnp.clip(jnp.where(idle, 0.0, excess) - residual(state.prices), -1.0, 1.0)
        own = jnp.where(idle, 0.0, own)
        inverse = inverse_jacobian(residual, state.prices)
        inverse = jnp.where(jnp.isfinite(inverse), inverse, 0.0)
        root = find_root(
            lambda z: residual(z) + own, state.prices, inverse, newton_rounds=0, tolerance=PRECISE
        )
        change = jnp.asarray(b.price_speed) * (root.state - state.prices)
        return state.prices + change / jnp.maximum(1.0, jnp.abs(change).max(initial=0.0) / LARGEST_STEP)

    def _idle(self, anchor: Anchor) -> jax.Array:
        """Unknowns (unknown,) of markets and facilities that nothing reaches in the baseline."""
        sold = anchor.sold[self.model.network.cleared] <= 10 * NOTHING
        return jnp.concatenate([sold, anchor.load <= 10 * NOTHING])

    def _load(self, ledger: jax.Array) -> jax.Array:
        """Units in a consignment (arc,), nil where nothing is consigned."""
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
        """Goods run forward for a month, in whole consignments."""
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
        """What clans earn on each way in a month (row, abreast), USD: margins, and what chance adds."""
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
        known: jax.Array,
        shipped: trade.Shipped,
        swept: _Swept,
    ) -> Clans:
        """Clans at the end of a month: what they met, whom they got to know; newcomers start afresh."""
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
        closer = clans.known + (1 - clans.known) / b.acquaintance
        return Clans(capital, clans.attitude, jnp.where(new, known, closer), experience)

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
        mean: jax.Array,
        capital: jax.Array,
        fates: Fates,
        excess: jax.Array,
    ) -> Month:
        network = self.model.network
        some = swept.sent > 0
        sold = swept.arrived[network.market_node]
        happened = Point(
            value=value,
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
            believed=mean,
            price=value,
            stock=stock,
            put_by=(stock - earlier) * value,
            sold=sold,
            sales=(sold * terms.price)[self._goods].sum(),
            market_price=terms.price,
            books=accounts,
            capital=capital,
            fates=fates,
            excess=jnp.abs(excess).max(initial=0.0),
        )


NORMAL = 500.0
"""Expected number in logarithms of the first term beyond which a binomial is taken as normal."""

_Search = tuple[jax.Array, jax.Array, jax.Array, jax.Array]
"""A number k, the probability of k (term,), of k or less, and how many numbers are too small."""

TERMS = 16
"""Terms that a turn of the search for a binomial number adds: a turn costs about as much as many terms."""


def binomial(u: jax.Array, n: jax.Array, p: jax.Array) -> jax.Array:
    """Binomial numbers by inversion: the least k with P(X <= k) > u, X of ``n`` trials of chance ``p``.

    Monotone in ``u``, so that two policies on the same random draws differ by the policy alone. Where the
    chance that no trial succeeds is below exp(-NORMAL), the normal distribution stands in.
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
