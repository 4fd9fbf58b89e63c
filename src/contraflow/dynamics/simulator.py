"""Many courses of the economy in time: draws of the ledger, random draws and timelines, compiled once.

A *replicate* is one course: a draw of the ledger and of behaviour, and random draws of its own. They
come from named streams, so that two policies on the same seed have the same draws and differ by the policy
alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Event
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow import _random
from contraflow._parallel import in_threads
from contraflow._types import FloatArray
from contraflow.case.behaviour import BEHAVIOUR, row_id
from contraflow.case.statements import SearchStrategy
from contraflow.dynamics.clans import Behaviour, Orders, Roster, make_roster
from contraflow.dynamics.month import MONTHS, Month, MonthlyEconomy, RandomDraws, State
from contraflow.dynamics.search_allocation import best, chasing, concentrated
from contraflow.errors import PolicyError
from contraflow.model.accounting import books
from contraflow.model.equilibrium import TRACE, Anchor, Point
from contraflow.model.numerics import jax, jnp
from contraflow.network.network import Ledger
from contraflow.policy.responder import Responder, Settled

BLOCK = 4
"""Replicates that run side by side on a core, where there are few ways."""

WAYS = 100_000
"""Ways of all replicates that run side by side, at most: so that their arrays stay in cache."""

BURN_IN = 2
"""Years before the first that is kept, at the levels that hold before it."""


class MonthlySummary(NamedTuple):
    """Months as they are kept: those of :class:`~contraflow.dynamics.month.Month` without its largest arrays.

    Over arcs: ``sent`` and ``lost`` units, ``consignments``, ``caught``, ``believed`` loss. Over nodes:
    ``price`` USD per unit, ``stock`` units, what endowments ``earned``, USD. Over markets: ``sold`` units,
    ``market_price`` USD. Over facilities: ``open_share``. Over actors: ``income`` USD. Of clans: their number
    (``clans``), that of the ``largest``'s part of capital, ``concentration`` (Herfindahl index of capital),
    numbers ``failed``, ``arrested``, ``founded``; of ``crews`` (actor,) those arrested, persons. ``sales``,
    ``grants`` (subsidies and unobserved gains), ``put_by`` (added to stocks) and ``taken`` by the state in
    USD close the money. ``excess`` is how far prices are from clearing, in logarithms.
    """

    sent: jax.Array
    lost: jax.Array
    consignments: jax.Array
    caught: jax.Array
    believed: jax.Array
    price: jax.Array
    stock: jax.Array
    earned: jax.Array
    sold: jax.Array
    market_price: jax.Array
    open_share: jax.Array
    income: jax.Array
    clans: jax.Array
    largest: jax.Array
    concentration: jax.Array
    failed: jax.Array
    arrested: jax.Array
    founded: jax.Array
    crews: jax.Array
    sales: jax.Array
    grants: jax.Array
    put_by: jax.Array
    taken: jax.Array
    excess: jax.Array


class Setting(NamedTuple):
    """What all replicates of a run share: ``search_strategy``, a number in the order of
    :class:`~contraflow.case.statements.SearchStrategy`, and ``reachable`` (bench, abreast), clans that
    arrests on order may hit.
    """

    search_strategy: jax.Array | int
    reachable: jax.Array | npt.NDArray[np.bool_]


class _Fixed(NamedTuple):
    """What does not change within a replicate; ``busy`` (arc,) are logarithms of flows in the baseline."""

    ledger: jax.Array
    behaviour: Behaviour
    anchor: Anchor
    prior: jax.Array
    known: jax.Array
    busy: jax.Array
    key: jax.Array


class _Trajectory(NamedTuple):
    """Where a replicate stands: the economy, capacity, effort, and the year's seizures and flows so far."""

    state: State
    open_share: jax.Array
    effort: jax.Array
    seized: jax.Array
    flowed: jax.Array


@dataclass(frozen=True, eq=False)
class Simulator:
    """Courses of one case with one roster of clans, who know the true losses if ``informed``."""

    responder: Responder
    roster: Roster
    informed: bool = False

    @cached_property
    def calendar(self) -> MonthlyEconomy:
        """The months of this economy."""
        return MonthlyEconomy(self.responder.model, self.roster, self.informed)

    @property
    def block(self) -> int:
        """Replicates that run side by side."""
        return int(np.clip(WAYS // max(self.roster.arc.size * self.roster.taken.shape[1], 1), 1, BLOCK))

    def run(
        self,
        ledger: FloatArray,
        behaviour: Behaviour,
        before: FloatArray,
        levels: FloatArray,
        orders: Orders,
        setting: Setting,
        seed: int,
        progress: Callable[[float], object] | None = None,
    ) -> tuple[MonthlySummary, bool]:
        """Run replicates, one a row of ``ledger`` (replicate, number).

        ``behaviour`` holds arrays (replicate,), ``before`` (replicate, measure) the levels of the burn-in,
        ``levels`` (replicate, month, measure), ``orders`` arrays (month,). Returns arrays (replicate, month,
        ...) in NumPy, and whether it was interrupted: then only what was done is there, whole replicates if
        any were finished, else the years that are.
        """
        count, months = levels.shape[:2]
        blocks = [np.arange(i, min(i + self.block, count)) for i in range(0, count, self.block)]
        years = months // MONTHS
        done: list[list[MonthlySummary]] = [[] for _ in blocks]
        steps = len(blocks) * (years + BURN_IN)
        ticks: list[int] = []
        stop = Event()

        def one(number: int) -> None:
            pick = np.resize(blocks[number], min(self.block, count))
            size = blocks[number].size
            parts = self._block(
                ledger[pick], jax.tree.map(lambda x: np.asarray(x)[pick], behaviour), before[pick],
                levels[pick], orders, setting, seed, pick,
            )  # fmt: skip
            for part in parts:
                if stop.is_set():
                    return
                ticks.append(1)
                if part is not None:
                    done[number].append(jax.tree.map(lambda x: np.asarray(x)[:size], part))
                if progress is not None:
                    progress(len(ticks) / steps)

        try:
            in_threads(one, range(len(blocks)), stop)
        except KeyboardInterrupt:
            stop.set()
        return _joined(done, years + 1), stop.is_set()

    def _block(
        self,
        ledger: FloatArray,
        behaviour: Behaviour,
        before: FloatArray,
        levels: FloatArray,
        orders: Orders,
        setting: Setting,
        seed: int,
        replicate: npt.NDArray[np.int64],
    ) -> Iterator[MonthlySummary | None]:
        """Years of one block of replicates: None for those of the burn-in."""
        keys = _keys(seed, replicate)
        fixed, course = self._begin(ledger, behaviour, keys, setting)
        calm = Orders(np.zeros(MONTHS), np.zeros(MONTHS))
        for year in range(-BURN_IN, levels.shape[1] // MONTHS):
            month = np.arange(MONTHS) + year * MONTHS
            wanted, now = np.repeat(before[:, None], MONTHS, axis=1), calm
            if year >= 0:
                wanted = levels[:, month]
                now = Orders(np.asarray(orders.share)[month], np.asarray(orders.largest)[month])
            course, summary = self._year(fixed, course, wanted, now, month, setting)
            yield summary if year >= -1 else None

    @cached_property
    def _begin(self) -> jax.stages.Wrapped:
        """Compiled start of replicates from ledger, behaviour and key, each (replicate, ...)."""
        responder, calendar = self.responder, self.calendar
        arcs = len(responder.model.network.arcs)

        def begin(
            ledger: jax.Array, behaviour: Behaviour, key: jax.Array, setting: Setting
        ) -> tuple[_Fixed, _Trajectory]:
            anchor, _, point = responder.baseline(ledger)
            start = calendar.start(
                behaviour, point, jnp.zeros(responder.model.unknowns), _stream(key, "start")
            )
            busy = jnp.log(self._pure(ledger) * point.flow + 1e-9)
            fixed = _Fixed(ledger, behaviour, anchor, point.loss, start.clans.known, busy, key)
            covered = jnp.asarray(responder.levers.searches)
            most = concentrated(covered, busy)
            effort = jnp.where(
                setting.search_strategy == _NUMBER[SearchStrategy.CONCENTRATE], most, jnp.ones(arcs)
            )
            nothing = jnp.zeros(arcs)
            return fixed, _Trajectory(start, jnp.ones(len(anchor.load)), effort, nothing, nothing)

        return _compiled(begin, (0, 0, 0, None))

    @cached_property
    def _year(self) -> jax.stages.Wrapped:
        """Compiled year of replicates: levels (replicate, month, measure), orders and numbers (month,)."""

        def year(
            fixed: _Fixed,
            course: _Trajectory,
            levels: jax.Array,
            orders: Orders,
            number: jax.Array,
            setting: Setting,
        ) -> tuple[_Trajectory, MonthlySummary]:
            course = course._replace(effort=self._looked_back(fixed, course, levels[0], number[0], setting))
            return jax.lax.scan(
                lambda course, month: self._month(fixed, course, *month, setting),
                course,
                (levels, orders, number),
            )

        return _compiled(year, (0, 0, 0, None, None, None))

    def _month(
        self,
        fixed: _Fixed,
        course: _Trajectory,
        levels: jax.Array,
        orders: Orders,
        number: jax.Array,
        setting: Setting,
    ) -> tuple[_Trajectory, MonthlySummary]:
        levers, model = self.responder.levers, self.responder.model
        ledger = fixed.ledger
        draws, searches = self._draws(fixed, number)
        plain = model.economy(ledger)
        effort = self._searches(fixed, course, searches, setting)
        goal = levers.capacity(ledger, levels)
        lag = jnp.exp(-levers.mending(ledger, levels) / MONTHS)
        open_share = goal + (course.open_share - goal) * lag
        measured = levers.apply(plain, ledger, levels, effort=effort, open_share=open_share)
        economy = fixed.anchor.staffed(measured)
        state, month = self.calendar.step(
            ledger, fixed.behaviour, economy, fixed.anchor, fixed.prior, fixed.known, course.state, orders,
            jnp.asarray(setting.reachable), draws,
        )  # fmt: skip
        fresh = number % MONTHS == 0
        pure = self._pure(ledger)
        seized = jnp.where(fresh, 0.0, course.seized) + pure * month.lost
        flowed = jnp.where(fresh, 0.0, course.flowed) + pure * month.sent
        return _Trajectory(state, open_share, course.effort, seized, flowed), self._summary(
            ledger, month, open_share
        )

    def _looked_back(
        self,
        fixed: _Fixed,
        course: _Trajectory,
        levels: jax.Array,
        number: jax.Array,
        setting: Setting,
    ) -> jax.Array:
        """How searches are spread for a year that begins (arc,), by what the last one brought."""
        levers = self.responder.levers
        covered = jnp.asarray(levers.searches)
        plain = self.responder.model.economy(fixed.ledger)
        even = levers.apply(plain, fixed.ledger, levels).hazard
        added = jnp.maximum(even - plain.hazard, 0.0)
        chased = chasing(covered, course.seized)
        spread = best(covered, course.flowed, plain.hazard, added)
        known = course.flowed.sum() > 0
        effort = jnp.where(
            known & (setting.search_strategy == _NUMBER[SearchStrategy.CHASE]), chased, course.effort
        )
        return jnp.where(
            known & (setting.search_strategy == _NUMBER[SearchStrategy.OPTIMISE]), spread, effort
        )

    def _searches(
        self, fixed: _Fixed, course: _Trajectory, uniform: jax.Array, setting: Setting
    ) -> jax.Array:
        """How searches are spread this month (arc,)."""
        covered = jnp.asarray(self.responder.levers.searches)
        drawn = concentrated(covered, fixed.busy - jnp.log(-jnp.log(uniform)))
        return jnp.where(setting.search_strategy == _NUMBER[SearchStrategy.RANDOM], drawn, course.effort)

    def window(
        self, ledger: FloatArray, levels: FloatArray, summary: MonthlySummary, months: slice
    ) -> Settled:
        """Some months as one economy at yearly rates, with its books: over replicates (replicate, ...).

        Flows and losses are sums, prices and beliefs means; the books are kept at those. Where searches were
        not spread evenly, ``economy.hazard`` is what they would be if they were, ``point.loss`` what was
        lost.
        """
        s = jax.tree.map(lambda x: x[:, months], summary)
        parts = []
        for first in range(0, len(ledger), BLOCK):
            pick = np.minimum(np.arange(first, first + BLOCK), len(ledger) - 1)
            done = self._window(
                ledger[pick], levels[pick][:, months].mean(axis=1), s.sent[pick].mean(axis=1) * MONTHS,
                s.lost[pick].mean(axis=1) * MONTHS, s.believed[pick].mean(axis=1), s.price[pick].mean(axis=1),
                s.market_price[pick].mean(axis=1), s.open_share[pick].mean(axis=1),
            )  # fmt: skip
            parts.append(jax.tree.map(np.asarray, done))
        count = len(ledger)
        settled: Settled = jax.tree.map(lambda *x: np.concatenate(x)[:count], *parts)
        return settled

    @cached_property
    def _window(self) -> jax.stages.Wrapped:
        model, network = self.responder.model, self.responder.model.network

        def one(
            ledger: jax.Array,
            levels: jax.Array,
            sent: jax.Array,
            lost: jax.Array,
            believed: jax.Array,
            value: jax.Array,
            market_price: jax.Array,
            open_share: jax.Array,
        ) -> Settled:
            anchor = self.responder.anchor(ledger)
            plain = model.economy(ledger)
            measured = self.responder.levers.apply(plain, ledger, levels, open_share=open_share)
            economy = anchor.staffed(measured)
            load = model.loads(sent)
            relative = jnp.log(market_price / jnp.where(economy.price > 0, economy.price, 1.0))
            crowd = jnp.log(load / anchor.load + TRACE)
            terms = model.terms(economy, jnp.concatenate([relative[network.cleared], crowd]), believed)
            some = sent > 0
            loss = jnp.where(some, lost / jnp.where(some, sent, 1.0), 0.0)
            arrived = (sent - lost) * economy.output
            stock = economy.endowment + jnp.zeros(len(network.nodes)).at[network.head].add(arrived)
            at_hand = stock[network.tail]
            point = Point(
                value=value, stock=stock, flow=sent,
                share=jnp.where(at_hand > 0, sent / jnp.where(at_hand > 0, at_hand, 1.0), 0.0),
                net=terms.keep * value[network.head] - terms.outlay, loss=loss, expected_loss=terms.expected,
                wages=terms.wages, surcharge=terms.surcharge, price=market_price,
                sold=stock[network.market_node], load=load,
            )  # fmt: skip
            return Settled(economy, point, books(network, ledger, economy, point))

        return jax.jit(jax.vmap(one))

    def _draws(self, fixed: _Fixed, number: jax.Array) -> tuple[RandomDraws, jax.Array]:
        """The random draws of a month, and those of searches (arc,)."""
        month = number + BURN_IN * MONTHS
        searched, whose, searches = _uniform(
            fixed.key, month, ARC_STREAMS, len(self.responder.model.network.arcs), jnp.float64
        )
        seats = self.roster.taken.shape
        drawn = _uniform(fixed.key, month, CLAN_STREAMS, self.roster.taken.size, jnp.float32)
        drawn = drawn.reshape(-1, *seats)
        dispersion = jnp.asarray(fixed.behaviour.size_dispersion)
        normal = math.sqrt(2) * jax.lax.erf_inv(2 * drawn[-1] - 1).astype(jnp.float64)
        return RandomDraws(
            searched, whose, drawn[:-1], jnp.exp(dispersion * normal - dispersion**2 / 2)
        ), searches

    def _summary(self, ledger: jax.Array, month: Month, open_share: jax.Array) -> MonthlySummary:
        total = month.capital.sum()
        part = month.capital / jnp.where(total > 0, total, 1.0)
        accounts = month.books
        network = self.responder.model.network
        payee = np.where(network.actors.pay < 0, len(network.actor_ids) + 1, network.actors.pay)
        crews = jnp.zeros(len(network.actor_ids) + 2).at[payee]
        return MonthlySummary(
            sent=month.sent,
            lost=month.lost,
            consignments=month.consignments,
            caught=month.caught,
            believed=month.believed,
            price=month.price,
            stock=month.stock,
            earned=accounts.endowment,
            sold=month.sold,
            market_price=month.market_price,
            open_share=open_share,
            income=accounts.income,
            clans=(month.capital > 0).sum(),
            largest=part.max(),
            concentration=(part**2).sum(),
            failed=month.fates.failed,
            arrested=month.fates.arrested,
            founded=month.fates.founded,
            crews=crews.add(month.caught * ledger[network.numbers.crew]),
            sales=month.sales,
            grants=accounts.subsidy.sum() + accounts.gain.sum(),
            put_by=month.put_by.sum(),
            taken=accounts.taken.sum(),
            excess=month.excess,
        )

    def _pure(self, ledger: jax.Array) -> jax.Array:
        """Pure kilograms of the case's substance in a unit at the tail of each arc (arc,)."""
        network = self.responder.model.network
        return ledger[network.content][network.tail]


_NUMBER = {search_strategy: number for number, search_strategy in enumerate(SearchStrategy)}


def settle_clans(responder: Responder, clans: int) -> Roster:
    """Who trades where, by the flows of the baseline at central values. Raises PolicyError."""
    point = jax.jit(responder.baseline)(responder.model.network.ledger.value)[2]
    try:
        return make_roster(responder.model.network, clans, np.asarray(point.stock))
    except ValueError as error:
        raise PolicyError(f"clans={clans}: {error}") from None


def setting(
    roster: Roster,
    search_strategy: SearchStrategy = SearchStrategy.EVEN,
    places: Collection[str] | None = None,
) -> Setting:
    """The setting of a run in which arrests on order may hit clans at ``places``, by default everywhere."""
    here = np.array([places is None or p in places for p in roster.places])
    return Setting(_NUMBER[search_strategy], here[roster.place][:, None] & roster.taken)


def draw_behaviour(
    ledger: Ledger, replicates: int, seed: int, fixed: Mapping[str, float] | None = None
) -> Behaviour:
    """Behaviour of each replicate, drawn from the ranges of the ledger.

    Each number is uniform in its range, on the scale of its row: in logarithms or in the number itself.
    Numbers in ``fixed``, in their own units, have the value given, and leave the draws of the others as
    they are.
    """
    rng = _random.stream("behaviour", seed)
    given = fixed or {}
    numbers = {}
    for name, number in BEHAVIOUR.items():
        spot = ledger.index(row_id(name))
        low, high = (float(end[spot]) / number.factor for end in (ledger.low, ledger.high))
        part = rng.uniform(size=replicates)
        even = ledger.logarithmic[spot] and low > 0
        drawn = low * (high / low) ** part if even else low + (high - low) * part
        numbers[name] = np.full(replicates, float(given[name])) if name in given else drawn
    return Behaviour(**numbers)


def _compiled(function: Callable[..., Any], axes: tuple[int | None, ...]) -> jax.stages.Wrapped:
    """Compiled for replicates side by side. Each block has a core of its own: to part single operations
    among cores as well gains nothing and makes blocks wait for each other."""
    options = {"xla_cpu_multi_thread_eigen": False} if jax.default_backend() == "cpu" else None
    return jax.jit(jax.vmap(function, in_axes=axes), compiler_options=options)


def _keys(seed: int, replicate: npt.NDArray[np.int64]) -> Any:
    root = jax.random.key(seed)
    return jax.vmap(lambda r: jax.random.fold_in(root, r))(jnp.asarray(replicate))


ARC_STREAMS = ("interception", "whose", "searches")
CLAN_STREAMS = ("dismantled", "arrest", "entry", "size")
"""What is random in a month, by arc and by clan; the start of a course has a stream of its own. Fates of
clans need no double precision, which would cost as much as all that clans decide."""


def _stream(key: jax.Array, name: str) -> jax.Array:
    return jax.random.fold_in(key, _random.fold(name))


def _uniform(
    key: jax.Array, month: jax.Array, streams: tuple[str, ...], size: int, precision: Any
) -> jax.Array:
    """Numbers on (0, 1) of some streams in a month (stream, size)."""
    numbers = jnp.array([_random.fold(name) for name in streams])
    keys = jax.vmap(lambda n: jax.random.fold_in(jax.random.fold_in(key, n), month))(numbers)
    least = float(np.finfo(precision).eps)
    return jax.vmap(lambda k: jax.random.uniform(k, (size,), precision, minval=least))(keys)


def _joined(done: list[list[MonthlySummary]], years: int) -> MonthlySummary:
    """Years and blocks put together: all whole replicates, else the years of the first that began."""
    whole = [block for block in done if len(block) == years]
    some = whole or [max(done, key=len)]
    if not some[0]:
        raise KeyboardInterrupt
    blocks = [jax.tree.map(lambda *x: np.concatenate(x, axis=1), *block) for block in some]
    joined: MonthlySummary = jax.tree.map(lambda *x: np.concatenate(x), *blocks)
    return joined
