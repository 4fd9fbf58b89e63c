"""Clans: many small traders at each place, who choose by the one rule on their own beliefs.

A clan buys goods at its home, chooses where to send them by the rule of :mod:`~contraflow.model.choice`,
sends whole consignments, and sells at the next place at the going price; so goods pass through many hands.
What the traders of a place are used to is one for all of them, and moves at the pace of traders (adaptation
in that rule); in what follows they differ. A clan's belief about the loss on a route is the discounted mean
of a Beta-binomial learner::

    b_ca = ((n0 + omega N_g) q0_a + omega X_g + S_ca) / (n0 + omega N_g + N_ca)
    N' = N exp(-1/memory) + consignments sent,   S' = S exp(-1/memory) + consignments lost

with q0 the loss known from the baseline, n0 its weight in consignments, and N and S the clan's own
experience. News spreads with the weight omega: the consignments of all clans by routes of a kind g (a mode
and the two countries it joins), and their losses in excess of what was known, X = S - sum N_a q0_a. So every
clan that flies hears of a plane shot down; beliefs stay between 0 and 1, and experience that is not renewed
is forgotten. Forgetting by discounts is that of dynamic Bayesian models (West & Harrison 1997, Bayesian
Forecasting and Dynamic Models, ch. 6).

A clan's familiarity with a route, r_ca, is drawn so that the shares of a clan in the baseline are Dirichlet
around those of all clans, with as many trials as a clan uses routes. With k_c the capital of the clans, P_a
and u_a the share and the net value of a route at mean beliefs, u_ca the net value that a clan expects, and t
the elasticity at once, a clan sends by a route the share of the goods of its place::

    p_ca ~ P_a h_ca (u_ca / u_a)^t ,   h_ca = k_c r_ca / sum_d k_d r_da

So a route that its users know to be safer than others think is used more, and by them; clans that agree share
it by capital and familiarity, and their sum is the choice of the mean clan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow._language import _
from contraflow._types import FloatArray, IntArray
from contraflow.case.behaviour import BEHAVIOUR
from contraflow.model.choice import natural_log
from contraflow.model.numerics import jax, jnp
from contraflow.network.network import ZERO, Network

Number = jax.Array | FloatArray | float


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Behaviour:
    """Behaviour of clans and households in time: numbers, or arrays over replicates (replicate,).

    :data:`~contraflow.case.behaviour.BEHAVIOUR` gives their meanings and units; times are in months. The
    defaults are the package's central values; :func:`~contraflow.dynamics.simulator.draw_behaviour` draws the
    values of replicates from the ledger of a case.
    """

    memory: Number = BEHAVIOUR["memory"].value
    """Months after which a clan's experience counts e times less."""
    prior_weight: Number = BEHAVIOUR["prior_weight"].value
    """Weight of the loss known from the baseline, in consignments."""
    news: Number = BEHAVIOUR["news"].value
    """Weight of the consignments of all clans, relative to a clan's own."""
    attitude: Number = BEHAVIOUR["attitude"].value
    """Standard deviation, in logarithms, of the factor by which clans weigh a change of risk."""
    ways: Number = BEHAVIOUR["ways"].value
    """Trials of the Dirichlet distribution of a clan's shares of routes."""
    size_dispersion: Number = BEHAVIOUR["size_dispersion"].value
    """Standard deviation, in logarithms, of the capital of clans at the start."""
    cover: Number = BEHAVIOUR["cover"].value
    """Months of purchases for which clans hold capital."""
    entry: Number = BEHAVIOUR["entry"].value
    """Months until a new clan takes a vacant seat."""
    dismantled: Number = BEHAVIOUR["dismantled"].value
    """Probability that a month in which a clan loses all its consignments ends it."""
    growers: Number = BEHAVIOUR["growers"].value
    """Months in which two thirds of households reconsider what they grow."""
    crop_buyers: Number = BEHAVIOUR["crop_buyers"].value
    """Months in which two thirds of the buyers of a crop reconsider."""
    traders: Number = BEHAVIOUR["traders"].value
    """Months in which two thirds of traders reconsider."""
    carriers: Number = BEHAVIOUR["carriers"].value
    """Months in which two thirds of those who carry reconsider."""
    trade_at_once: Number = BEHAVIOUR["trade_at_once"].value
    """Part of the elasticity between ways and buyers that is there at once."""
    theta_trade: Number = BEHAVIOUR["theta_trade"].value
    """How readily goods are sent by other ways and to other buyers, in the long run."""
    theta_land: Number = BEHAVIOUR["theta_land"].value
    """How readily land and labour go to other uses, in the long run."""
    migration: Number = BEHAVIOUR["migration"].value
    """How readily people come to a zone or leave it, over how readily they change crops."""
    stocks: Number = BEHAVIOUR["stocks"].value
    """Months of sales that are on the way to the street."""
    replanting: Number = BEHAVIOUR["replanting"].value
    """Part of destroyed fields that is planted again at once."""
    fear_multiplier: Number = BEHAVIOUR["fear_multiplier"].value
    """Believed over true chance of being hit, where lives are at risk."""
    fear_half_life: Number = BEHAVIOUR["fear_half_life"].value
    """Months in which half of the fear of a measure that has ended is gone."""
    land_at_once: Number = BEHAVIOUR["land_at_once"].value
    """Part of the elasticity between uses of land and labour that is there at once."""


@dataclass(frozen=True, eq=False)
class Roster:
    """The clans, their homes and their routes.

    Clans sit on *benches* of ABREAST, all of one place, so that they are computed side by side: arrays over
    clans are (bench, abreast). A *way* is a clan with an arc from its home: arrays over ways are (row,
    abreast), where a row is a bench with an arc. Rows are sorted by arc, then by bench. A *stand* is a bench
    with a node.
    """

    places: tuple[str, ...]
    """Places where clans are at home."""
    place: IntArray
    """Home of each bench, a position in ``places`` (bench,)."""
    taken: npt.NDArray[np.bool_]
    """Whether a seat has a clan (bench, abreast)."""
    arc: IntArray
    """Arc of each row (row,), ascending."""
    bench: IntArray
    """Bench of each row (row,)."""
    stand: IntArray
    """Stand of each row (row,)."""
    stands: int
    """Number of stands."""
    kind: IntArray
    """Kind of each arc in the news (arc,): its mode and the countries that it joins."""
    kinds: int
    """Number of these kinds."""
    traded: npt.NDArray[np.bool_]
    """Whether clans hold the good (node,)."""
    node_place: IntArray
    """Place of each node, a position in ``places`` (node,); -1 where clans do not hold the good."""

    @property
    def clans(self) -> int:
        """Number of clans."""
        return int(self.taken.sum())

    @property
    def settled(self) -> IntArray:
        """Number of clans at each place (place,)."""
        return np.bincount(self.place, self.taken.sum(axis=1), len(self.places)).astype(np.int64)


def make_roster(network: Network, clans: int, stock: FloatArray) -> Roster:
    """Settle clans where goods of the case's own substance change hands.

    Each place has clans in proportion to the pure kilograms that pass it, but at least FEWEST if there are
    enough.

    Parameters
    ----------
    network
        The network.
    clans
        Number of clans.
    stock
        What passes each node (node,), units per year.

    Raises
    ------
    ValueError
        For fewer clans than places.
    """
    degree = np.bincount(network.tail, minlength=len(network.nodes))
    goods = (network.content > ZERO) & (degree > 0)
    places = tuple(dict.fromkeys(p for p, some in zip(network.node_place, goods, strict=True) if some))
    if clans < len(places):
        text = _("{clans} clans are too few: goods change hands at {places} places.")
        raise ValueError(text.format(clans=clans, places=len(places)))
    number = {p: i for i, p in enumerate(places)}
    node_place = np.array(
        [number[p] if some else -1 for p, some in zip(network.node_place, goods, strict=True)]
    )
    pure = stock * network.ledger.value[network.content]
    passes = np.zeros(len(places))
    np.maximum.at(passes, node_place[goods], pure[goods])
    here = _apportion(passes, clans)
    benches = -(-here // ABREAST)
    place = np.repeat(np.arange(len(places)), benches)
    first = np.concatenate([[0], np.cumsum(benches)])
    behind = ABREAST * (np.arange(place.size) - first[place])
    taken = behind[:, None] + np.arange(ABREAST) < here[place][:, None]
    arcs = np.flatnonzero(goods[network.tail])
    home = node_place[network.tail[arcs]]
    arc = np.repeat(arcs, benches[home])
    bench = np.concatenate([np.arange(first[p], first[p + 1]) for p in home]) if arcs.size else arcs
    distinct, stand = np.unique(network.tail[arc] * place.size + bench, return_inverse=True)
    countries = {p.id: p.country for p in network.case.places.values()}
    kinds: dict[tuple[str, str, str], int] = {}
    kind = [
        kinds.setdefault((a.mode, countries[a.from_place], countries[a.to_place]), len(kinds))
        for a in network.arcs
    ]
    return Roster(
        places, place, taken, arc, bench, stand, distinct.size, np.array(kind), len(kinds), goods, node_place
    )


ABREAST = 8
"""Clans on a bench: as many doubles as a vector register of current processors holds."""

FEWEST = 5
"""Clans at a place, if there are enough for all: with fewer, single clans would decide what happens there."""


def _apportion(weight: FloatArray, seats: int) -> IntArray:
    """Seats in proportion to ``weight``, at least FEWEST each if they suffice, by largest remainders."""
    least = min(FEWEST, seats // weight.size)
    left = seats - least * weight.size
    wanted = left * weight / max(float(weight.sum()), 1e-300)
    given = np.floor(wanted).astype(np.int64)
    order = np.argsort(given - wanted, kind="stable")
    given[order[: left - int(given.sum())]] += 1
    return given + least


class Experience(NamedTuple):
    """Discounted experience of consignments."""

    sent: jax.Array
    """Sent by the clan (row, abreast)."""
    lost: jax.Array
    """Of these, lost (row, abreast)."""
    heard: jax.Array
    """Sent by all clans on routes of a kind (kind,)."""
    excess: jax.Array
    """Of these, lost in excess of what was known from the baseline (kind,)."""


class Clans(NamedTuple):
    """Clans at the start of a month."""

    capital: jax.Array
    """Capital in USD (bench, abreast); 0 where a seat is vacant."""
    attitude: jax.Array
    """Factor by which a clan weighs a change of risk (bench, abreast)."""
    known: jax.Array
    """Familiarity with each way, relative to the mean clan (row, abreast); newcomers have the seat's."""
    experience: Experience
    """Experience of consignments."""


def no_experience(roster: Roster) -> Experience:
    """No consignments sent or lost."""
    own, shared = jnp.zeros((roster.arc.size, roster.taken.shape[1])), jnp.zeros(roster.kinds)
    return Experience(own, own, shared, shared)


def believed(roster: Roster, behaviour: Behaviour, prior: jax.Array, experience: Experience) -> jax.Array:
    """Loss that a clan expects on each way (row, abreast), from what was known in the baseline (arc,).

    Parameters
    ----------
    roster
        The clans.
    behaviour
        Behaviour parameters; ``prior_weight`` and ``news`` are used.
    prior
        Loss known from the baseline (arc,).
    experience
        Experience of consignments.
    """
    e, kind = experience, roster.kind
    news = jnp.asarray(behaviour.news)
    known = (behaviour.prior_weight + news * e.heard)[kind]
    without = known * prior + (news * e.excess)[kind]
    belief = (without[roster.arc][:, None] + e.lost) / (known[roster.arc][:, None] + e.sent)
    return jnp.clip(belief, 0.0, 1.0)


def weighed(roster: Roster, attitude: jax.Array, prior: jax.Array, belief: jax.Array) -> jax.Array:
    """Loss as a clan weighs it in its choices (row, abreast).

    The difference between its belief and the loss known from the baseline counts ``attitude`` times.

    Parameters
    ----------
    roster
        The clans.
    attitude
        Factor on changes of risk (bench, abreast).
    prior
        Loss known from the baseline (arc,).
    belief
        Believed loss (row, abreast).
    """
    known = prior[roster.arc][:, None]
    return jnp.clip(known + attitude[roster.bench] * (belief - known), 0.0, 1.0)


def remembered(
    roster: Roster,
    behaviour: Behaviour,
    prior: jax.Array,
    experience: Experience,
    own: tuple[jax.Array, jax.Array],
    of_all: tuple[jax.Array, jax.Array],
) -> Experience:
    """Experience after a month.

    Parameters
    ----------
    roster
        The clans.
    behaviour
        Behaviour parameters; ``memory`` is used.
    prior
        Loss known from the baseline (arc,).
    experience
        Experience before.
    own
        Consignments that each clan sent and lost in the month (row, abreast).
    of_all
        Consignments that all sent and lost (arc,).
    """
    kept = jnp.exp(-1 / jnp.asarray(behaviour.memory))
    traded = np.isin(np.arange(prior.size), roster.arc)
    sent, lost = (jnp.where(traded, x, 0.0) for x in of_all)
    return Experience(
        kept * experience.sent + own[0],
        kept * experience.lost + own[1],
        kept * experience.heard + _by(roster.kind, sent, roster.kinds),
        kept * experience.excess + _by(roster.kind, lost - sent * prior, roster.kinds),
    )


def trade_shares(roster: Roster, capital: jax.Array) -> jax.Array:
    """Each clan's share of the trade of its place (bench, abreast): its share of the clans' capital there."""
    total = _by(roster.place, capital.sum(axis=1), len(roster.places))
    return capital * (1 / jnp.where(total > 0, total, 1.0))[roster.place][:, None]


def users(roster: Roster, trades: jax.Array, known: jax.Array, arcs: int) -> jax.Array:
    """Each clan's part in the use of each route, if all think alike of it (row, abreast).

    The parts of a route add up to 1, or to 0 where nobody trades.

    Parameters
    ----------
    roster
        The clans.
    trades
        Shares of the trade, :func:`trade_shares` (bench, abreast).
    known
        Familiarity with each way (row, abreast).
    arcs
        Number of arcs.
    """
    part = trades[roster.bench] * known
    total = by_arc(roster, part, arcs)
    return part * (1 / jnp.where(total > 0, total, 1.0))[roster.arc][:, None]


def by_arc(roster: Roster, what: jax.Array, arcs: int) -> jax.Array:
    """Sums over clans (arc,) of ``what`` (row, abreast)."""
    return _by(roster.arc, what.sum(axis=1), arcs)


def by_clan(roster: Roster, what: jax.Array) -> jax.Array:
    """Sums over the ways of each clan (bench, abreast) of ``what`` (row, abreast)."""
    return _by(roster.bench, what, roster.place.size)


def choose(
    roster: Roster,
    uses: jax.Array,
    share: jax.Array,
    net: jax.Array,
    mean: jax.Array,
    theta: jax.Array,
    tail: IntArray,
) -> jax.Array:
    """Share of a node's stock that each clan sends by each way (row, abreast).

    Parameters
    ----------
    roster
        The clans.
    uses
        Parts of the clans in the use of each route, :func:`users` (row, abreast).
    share
        Choice probabilities P at mean beliefs (arc,).
    net
        Net value u as the clan expects it (row, abreast), USD per unit.
    mean
        The same at mean beliefs (arc,).
    theta
        Elasticity of substitution at once (arc,).
    tail
        Node where each arc is chosen (arc,).
    """
    arc = roster.arc
    open_ = (net > 0) & ((share > 0) & (mean > 0))[arc][:, None]
    ratio = jnp.where(open_, net, 1.0) * (1 / jnp.where(mean > 0, mean, 1.0))[arc][:, None]
    power = jnp.exp(theta[arc][:, None] * natural_log(jnp.where(open_, ratio, 1.0)))
    power = jnp.where(open_, uses * power * share[arc][:, None], 0.0)
    nodes = int(tail.max(initial=-1)) + 1
    before, after = (_by(tail, x, nodes)[tail] for x in (share, by_arc(roster, power, share.size)))
    return power * (before / jnp.where(after > 0, after, 1.0))[arc][:, None]


class Shipped(NamedTuple):
    """What each clan sent and lost in a month, over ways (row, abreast)."""

    sent: jax.Array
    """Whole consignments sent; 0 on arcs without consignments."""
    lost: jax.Array
    """Consignments lost."""
    units: jax.Array
    """Units sent, at the tail."""
    units_lost: jax.Array
    """Units lost, at the tail."""


def divide(
    roster: Roster,
    part: jax.Array,
    whole: jax.Array,
    waiting: jax.Array,
    loads: jax.Array,
    lost: jax.Array,
    load: jax.Array,
    left: jax.Array,
    loss: jax.Array,
    uniform: jax.Array,
) -> Shipped:
    """Divide the consignments that left, and those that were lost, among the clans.

    The clans of a place pool their goods, one behind the other: the clan that completes a load sends it. The
    losses of a route in a month are borne in proportion by all clans that sent by it.

    Parameters
    ----------
    roster
        The clans.
    part
        Share of the node's stock, :func:`choose` (row, abreast).
    whole
        Its sum over clans (arc,).
    waiting
        Loads that lay waiting (arc,).
    loads
        Loads that came to them (arc,).
    lost
        Consignments lost (arc,).
    load
        Units in a consignment (arc,); 0 on arcs without consignments.
    left
        Units that left (arc,).
    loss
        Share that is lost on arcs without consignments (arc,).
    uniform
        Random draws on [0, 1) (arc,).
    """
    arc = roster.arc
    first = np.searchsorted(arc, arc)
    last = np.append(arc[1:] != arc[:-1], True)
    inside = part @ np.triu(np.ones((part.shape[1], part.shape[1] + 1)), 1)
    row = jnp.concatenate([jnp.zeros(1), jnp.cumsum(inside[:, -1])])
    some = whole > 0
    scale = jnp.where(some, 1 / jnp.where(some, whole, 1.0), 0.0)
    stretch, lies = (scale * loads)[arc], waiting[arc]
    total = jnp.floor(waiting + loads)
    behind, ahead = (
        jnp.minimum(jnp.floor(lies + (edge - row[first]) * stretch), total[arc])
        for edge in (row[:-1], row[1:])
    )
    ahead = jnp.where(last, total[arc], ahead)
    along = (row[:-1] - row[first])[:, None] + inside[:, 1:-1]
    within = jnp.floor(lies[:, None] + along * stretch[:, None])
    done = jnp.concatenate([behind[:, None], jnp.minimum(within, ahead[:, None]), ahead[:, None]], axis=1)
    rate = lost / jnp.where(total > 0, total, 1.0)
    gone = jnp.floor(done * rate[arc][:, None] + uniform[arc][:, None])
    carried = (some & (load > 0))[arc][:, None]
    sent, caught = (jnp.where(carried, x[:, 1:] - x[:, :-1], 0.0) for x in (done, gone))
    units = part * (scale * left)[arc][:, None]
    return Shipped(sent, caught, units, units * jnp.where(load > 0, rate, loss)[arc][:, None])


class Orders(NamedTuple):
    """Arrests on order, in a month or over months (month,)."""

    share: jax.Array | FloatArray
    """Share of all clans that is arrested."""
    largest: jax.Array | FloatArray
    """1 if the largest clan is arrested, else 0."""


class Fates(NamedTuple):
    """Numbers of clans by what became of them in a month."""

    failed: jax.Array
    """Clans that lost their capital."""
    arrested: jax.Array
    """Clans that were arrested or dismantled."""
    founded: jax.Array
    """Clans that took a vacant seat."""


FAILS = 0.1
"""Capital below which a clan fails, relative to the mean clan at its place."""


def fortunes(
    roster: Roster,
    behaviour: Behaviour,
    clans: Clans,
    profit: jax.Array,
    caught: jax.Array,
    need: jax.Array,
    orders: Orders,
    reachable: jax.Array,
    uniform: jax.Array,
    size: jax.Array,
) -> tuple[jax.Array, jax.Array, Fates]:
    """Capital of the clans after a month, the clans that are new, and the numbers of both.

    Clans keep the capital that they need, small ones rather more and large ones less than in proportion, and
    spend the rest over some months.

    Parameters
    ----------
    roster
        The clans.
    behaviour
        Behaviour parameters; ``cover``, ``dismantled`` and ``entry`` are used.
    clans
        Clans at the start of the month.
    profit
        Profit of the month (bench, abreast), USD.
    caught
        Share of the month's consignments that was lost (bench, abreast).
    need
        Cost of a month's purchases (place,), USD.
    orders
        Arrests on order.
    reachable
        Whether an arrest on order may hit the clan (bench, abreast).
    uniform
        Random draws on [0, 1) for dismantling, arrest and entry (3, bench, abreast).
    size
        Capital of a newcomer relative to the mean (bench, abreast).

    Returns
    -------
    tuple
        Capital in USD (bench, abreast), whether the clan is new (bench, abreast), and the :class:`Fates`.
    """
    b = behaviour
    there = clans.capital > 0
    crowd = jnp.maximum(_by(roster.place, there.sum(axis=1).astype(float), len(roster.places)), 1.0)
    capital = clans.capital + profit
    share = trade_shares(roster, clans.capital)
    target = (b.cover * need / jnp.sqrt(crowd))[roster.place][:, None] * jnp.sqrt(share)
    capital = capital - jnp.maximum(capital - target, 0.0) / 3
    mean = _by(roster.place, jnp.maximum(capital, 0.0).sum(axis=1), len(roster.places)) / crowd
    failed = there & (capital <= FAILS * mean[roster.place][:, None])
    ended = uniform[0] < b.dismantled * caught
    hit = reachable & (uniform[1] < orders.share)
    biggest = jnp.argmax(jnp.where(reachable, clans.capital, -1.0))
    number = np.arange(roster.taken.size).reshape(roster.taken.shape)
    hit = hit | ((number == biggest) & (orders.largest > 0) & reachable)
    arrested = there & ~failed & (ended | hit)
    stays = there & ~failed & ~arrested
    usual = (b.cover * need / roster.settled)[roster.place][:, None]
    founded = jnp.asarray(roster.taken) & ~there & (uniform[2] < 1 / jnp.asarray(b.entry)) & (usual > 0)
    capital = jnp.where(stays, capital, jnp.where(founded, size * usual, 0.0))
    return capital, founded, Fates(failed.sum(), arrested.sum(), founded.sum())


LEAST_KNOWN = 1e-3
"""Least familiarity of a clan with a way, so that a way is open even to a place whose clans do not use it."""


def draw_known(roster: Roster, behaviour: Behaviour, share: jax.Array, key: jax.Array) -> jax.Array:
    """Draw how familiar each clan is with each way.

    A Dirichlet draw centred on the baseline shares, divided by those shares.

    Parameters
    ----------
    roster
        The clans.
    behaviour
        Behaviour parameters; ``ways`` is used.
    share
        Shares of the arcs in the stock of their tail in the baseline (arc,).
    key
        Key of the random draws.

    Returns
    -------
    jax.Array
        Relative to 1 for the mean clan, at least LEAST_KNOWN (row, abreast).
    """
    base = share[roster.arc][:, None]
    shape = (roster.arc.size, roster.taken.shape[1])
    mass = jax.random.gamma(key, jnp.broadcast_to(jnp.maximum(behaviour.ways * base, 1e-3), shape))
    total = _by(roster.stand, mass, roster.stands)[roster.stand]
    relative = mass / jnp.where(total > 0, total, 1.0) / jnp.where(base > 0, base, 1.0)
    return jnp.where(base > 0, jnp.maximum(relative, LEAST_KNOWN), 1.0)


def _by(where: IntArray, what: jax.Array, size: int) -> jax.Array:
    ordered = bool((np.diff(where) >= 0).all())
    return jnp.zeros((size, *what.shape[1:])).at[where].add(what, indices_are_sorted=ordered)
