"""Clans: many small traders at each place, who choose by the one rule on what each believes.

A clan buys a good where it is at home, picks a way on by the rule of :mod:`~contraflow.model.choice`, sends
whole consignments, and sells at the next place at the going price; so a good passes through many hands on
its way. What it believes of a way is the discounted mean of a Beta-binomial learner::

    b_ca = ((n0 + omega N_g) q0_a + omega X_g + S_ca) / (n0 + omega N_g + N_ca)
    N' = N exp(-1/memory) + consignments sent,   S' = S exp(-1/memory) + consignments lost

with q0 the loss known from the baseline, n0 its weight in consignments, N and S the clan's own experience.
News gets about with weight omega: what all have sent by ways of a kind g (the mode, the countries it joins)
and how much more they lost than was known, X = S - sum N_a q0_a. So a plane shot down is heard of by whoever
flies; beliefs stay between 0 and 1, and what is not renewed is forgotten. Forgetting by discounts is that of
dynamic Bayesian models (West & Harrison 1997, Bayesian Forecasting and Dynamic Models, ch. 6).

How well a clan knows a way, r_ca, multiplies the way's weight. It is drawn so that a clan's shares in the
baseline are Dirichlet around everybody's, with as many trials as the ways that a clan knows; it moves to 1
as clans get acquainted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow._types import FloatArray, IntArray
from contraflow.case.behaviour import BEHAVIOUR
from contraflow.model.choice import natural_log
from contraflow.model.numerics import jax, jnp
from contraflow.network.network import ZERO, Network

Number = jax.Array | FloatArray | float


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Behaviour:
    """How clans and households act in time; each a number, or an array over replicates (replicate,).

    :data:`~contraflow.case.behaviour.BEHAVIOUR` says what each means, and in which unit: times are in months.
    The values here are the package's central ones; :func:`~contraflow.dynamics.simulator.draw_behaviour`
    draws those of replicates from the ledger of a case.
    """

    memory: Number = BEHAVIOUR["memory"].value
    prior_weight: Number = BEHAVIOUR["prior_weight"].value
    news: Number = BEHAVIOUR["news"].value
    attitude: Number = BEHAVIOUR["attitude"].value
    ways: Number = BEHAVIOUR["ways"].value
    acquaintance: Number = BEHAVIOUR["acquaintance"].value
    size_dispersion: Number = BEHAVIOUR["size_dispersion"].value
    cover: Number = BEHAVIOUR["cover"].value
    entry: Number = BEHAVIOUR["entry"].value
    dismantled: Number = BEHAVIOUR["dismantled"].value
    growers: Number = BEHAVIOUR["growers"].value
    price_speed: Number = BEHAVIOUR["price_speed"].value


@dataclass(frozen=True, eq=False)
class Roster:
    """Who trades where, and by which ways.

    Clans sit on *benches* of ABREAST, all of one place, so that what they decide is computed abreast: arrays
    over clans are (bench, abreast), and ``taken`` tells seats that a clan has from those left over. ``place``
    (bench,) is the home of each bench, a number in ``places``. A *way* is a clan with an arc from its home:
    arrays over ways are (row, abreast), a row being a bench with an arc, ``arc`` and ``bench`` (row,), sorted
    by arc, then bench. A *stand* is a bench with a node: ``stand`` (row,) is that of each row, ``stands``
    their number. ``kind`` (arc,) numbers the ``kinds`` of ways that news tells apart. ``traded`` (node,) is
    true where clans hold the good, ``node_place`` (node,) its place or -1.
    """

    places: tuple[str, ...]
    place: IntArray
    taken: npt.NDArray[np.bool_]
    arc: IntArray
    bench: IntArray
    stand: IntArray
    stands: int
    kind: IntArray
    kinds: int
    traded: npt.NDArray[np.bool_]
    node_place: IntArray

    @property
    def clans(self) -> int:
        """Number of clans."""
        return int(self.taken.sum())

    @property
    def settled(self) -> IntArray:
        """Clans at each place (place,)."""
        return np.bincount(self.place, self.taken.sum(axis=1), len(self.places)).astype(np.int64)


def make_roster(network: Network, clans: int, stock: FloatArray) -> Roster:
    """Settle ``clans`` clans where goods of the case's own substance change hands.

    Each place has clans in proportion to the pure kilograms that pass it, ``stock`` (node,) units per year
    times their content, but at least FEWEST where there are enough. Raises ValueError for fewer clans than
    places.
    """
    degree = np.bincount(network.tail, minlength=len(network.nodes))
    goods = (network.content > ZERO) & (degree > 0)
    places = tuple(dict.fromkeys(p for p, some in zip(network.node_place, goods, strict=True) if some))
    if clans < len(places):
        raise ValueError(f"{clans} clans are too few: goods change hands at {len(places)} places.")
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
"""Clans at a place, if there are enough for all places: fewer would make it hang on single clans."""


def _apportion(weight: FloatArray, seats: int) -> IntArray:
    """Seats in proportion to weight, FEWEST each if they suffice, by largest remainders."""
    least = min(FEWEST, seats // weight.size)
    left = seats - least * weight.size
    wanted = left * weight / max(float(weight.sum()), 1e-300)
    given = np.floor(wanted).astype(np.int64)
    order = np.argsort(given - wanted, kind="stable")
    given[order[: left - int(given.sum())]] += 1
    return given + least


class Experience(NamedTuple):
    """Consignments as remembered, discounted: own ``sent`` and ``lost`` (row, abreast); of all, by kind of
    way (kind,), ``heard`` of and lost in ``excess`` of what was known."""

    sent: jax.Array
    lost: jax.Array
    heard: jax.Array
    excess: jax.Array


class Clans(NamedTuple):
    """Clans at the start of a month.

    Over clans (bench, abreast): ``capital`` in USD, nil where a seat is vacant; ``attitude``, the factor by
    which a clan weighs a change of risk. Over ways (row, abreast): ``known``, how well a way is known against
    the mean clan.
    """

    capital: jax.Array
    attitude: jax.Array
    known: jax.Array
    experience: Experience


def no_experience(roster: Roster) -> Experience:
    """Nothing sent, nothing lost."""
    own, shared = jnp.zeros((roster.arc.size, roster.taken.shape[1])), jnp.zeros(roster.kinds)
    return Experience(own, own, shared, shared)


def believed(roster: Roster, behaviour: Behaviour, prior: jax.Array, experience: Experience) -> jax.Array:
    """Loss that a clan expects on its ways (row, abreast), where ``prior`` (arc,) was known before."""
    e, kind = experience, roster.kind
    news = jnp.asarray(behaviour.news)
    known = (behaviour.prior_weight + news * e.heard)[kind]
    without = known * prior + (news * e.excess)[kind]
    belief = (without[roster.arc][:, None] + e.lost) / (known[roster.arc][:, None] + e.sent)
    return jnp.clip(belief, 0.0, 1.0)


def weighed(roster: Roster, attitude: jax.Array, prior: jax.Array, belief: jax.Array) -> jax.Array:
    """Loss as clans weigh it in their choices (row, abreast): what they believe beyond what was known before,
    ``prior`` (arc,), counts ``attitude`` (bench, abreast) times."""
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
    """Experience after a month: consignments sent and lost, each clan's ``own`` (row, abreast) and those
    ``of_all`` (arc,)."""
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
    """Part of a place's trade that each of its clans does (bench, abreast): its part of their capital."""
    total = _by(roster.place, capital.sum(axis=1), len(roster.places))
    return capital * (1 / jnp.where(total > 0, total, 1.0))[roster.place][:, None]


def mean_belief(roster: Roster, trades: jax.Array, expected: jax.Array, arcs: int) -> jax.Array:
    """What those who trade expect to lose, on average (arc,), from ``expected`` (row, abreast)."""
    return by_arc(roster, trades[roster.bench] * expected, arcs)


def by_arc(roster: Roster, what: jax.Array, arcs: int) -> jax.Array:
    """Sums over clans (arc,) of ``what`` (row, abreast)."""
    return _by(roster.arc, what.sum(axis=1), arcs)


def by_clan(roster: Roster, what: jax.Array) -> jax.Array:
    """Sums over the ways of each clan (bench, abreast) of ``what`` (row, abreast)."""
    return _by(roster.bench, what, roster.place.size)


def choose(
    roster: Roster,
    trades: jax.Array,
    weight: jax.Array,
    net: jax.Array,
    worth: jax.Array,
    theta: jax.Array,
) -> jax.Array:
    """Part of a node's stock that each clan sends each way (row, abreast).

    ``trades`` (bench, abreast) are :func:`trade_shares`; over ways (row, abreast): ``weight`` and ``net``
    value u as the clan expects it; over rows (row,): ``worth`` V and ``theta`` of the node. A clan for which
    nothing pays keeps what it has.
    """
    some = worth > 0
    unit = jnp.where(some, 1 / jnp.where(some, worth, 1.0), 0.0)[:, None]
    ratio = net * unit
    open_ = (ratio > 0) & (weight > 0)
    power = jnp.where(
        open_, weight * jnp.exp(theta[:, None] * natural_log(jnp.where(open_, ratio, 1.0))), 0.0
    )
    total = _by(roster.stand, power, roster.stands)
    each = trades[roster.bench] / jnp.where(total > 0, total, 1.0)[roster.stand]
    return power * each


class Shipped(NamedTuple):
    """What each clan sent and lost in a month, over ways (row, abreast): whole consignments, where a way has
    any, and units at the tail."""

    sent: jax.Array
    lost: jax.Array
    units: jax.Array
    units_lost: jax.Array


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
    """Whose consignments left, and whose were lost.

    Clans at a place lay their goods together, one behind the other: whoever completes a load sends it, and
    what is lost on a way in a month is borne by all who sent that way, in proportion. Over arcs: ``waiting``
    and ``loads``, what lay there and what came to it, in loads; ``lost`` consignments; ``load`` units, nil on
    arcs without consignments, where ``left`` units left and the part ``loss`` is lost; ``uniform`` random
    draws on [0, 1). ``part`` (row, abreast) is that of :func:`choose`, ``whole`` (arc,) its sums.
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
    """Arrests of a month: the ``share`` of all clans, the ``largest`` (0 or 1)."""

    share: jax.Array | FloatArray
    largest: jax.Array | FloatArray


class Fates(NamedTuple):
    """What became of clans in a month: numbers that failed, were arrested, were founded."""

    failed: jax.Array
    arrested: jax.Array
    founded: jax.Array


FAILS = 0.1
"""Capital below which a clan fails, as part of the mean clan's at its place."""


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
    """Capital after a month, which clans are new, both (bench, abreast), and how many failed.

    ``profit`` USD and ``caught`` part of the consignments of the month; ``need`` (place,) USD that a month's
    purchases take; ``reachable`` is true for clans that an arrest on order may hit; ``uniform`` (3, bench,
    abreast) random draws on [0, 1); ``size`` of a newcomer against the mean; all others (bench, abreast).
    Clans keep as capital what they need, the small rather more than that and the large less, and spend the
    rest over some months.
    """
    b = behaviour
    there = clans.capital > 0
    crowd = jnp.maximum(_by(roster.place, there.sum(axis=1).astype(float), len(roster.places)), 1.0)
    mean = (b.cover * need / crowd)[roster.place][:, None]
    capital = clans.capital + profit
    share = trade_shares(roster, clans.capital)
    target = (b.cover * need / jnp.sqrt(crowd))[roster.place][:, None] * jnp.sqrt(share)
    capital = capital - jnp.maximum(capital - target, 0.0) / 3
    failed = there & (capital <= FAILS * mean)
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


def draw_known(roster: Roster, behaviour: Behaviour, share: jax.Array, key: jax.Array) -> jax.Array:
    """How well each clan knows each way (row, abreast): a Dirichlet draw centred on the baseline's shares
    ``share`` (arc,), divided by those shares."""
    base = share[roster.arc][:, None]
    shape = (roster.arc.size, roster.taken.shape[1])
    mass = jax.random.gamma(key, jnp.broadcast_to(jnp.maximum(behaviour.ways * base, 1e-3), shape))
    total = _by(roster.stand, mass, roster.stands)[roster.stand]
    return jnp.where(base > 0, mass / jnp.where(total > 0, total, 1.0) / jnp.where(base > 0, base, 1.0), 1.0)


def _by(where: IntArray, what: jax.Array, size: int) -> jax.Array:
    ordered = bool((np.diff(where) >= 0).all())
    return jnp.zeros((size, *what.shape[1:])).at[where].add(what, indices_are_sorted=ordered)
