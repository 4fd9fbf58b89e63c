"""Many runs of the economy in time: draws of the ledger, random draws and timelines, compiled once.

A *replicate* is one run: a draw of the ledger and of behaviour, with random draws of its own. These come from
named streams, so that two policies with the same seed have the same draws and differ by the policy alone.
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
from contraflow.model.equilibrium import Anchor, Point, crowd
from contraflow.model.numerics import compiled, jax, jnp
from contraflow.network.network import Ledger
from contraflow.policy.responder import Responder, Settled

BLOCK = 4
"""Replicates that run together on a core, where there are few ways."""

WAYS = 100_000
"""Ways of all replicates that run together, at most, so that their arrays stay in cache."""

BURN_IN = 2
"""Years before the first that is kept, at the levels that hold before it."""


class MonthlySummary(NamedTuple):
    """Months as they are kept: :class:`~contraflow.dynamics.month.Month` without its largest arrays.

    From :meth:`Simulator.run` all arrays lead with (replicate, month).
    """

    sent: jax.Array
    """Units that left the tail (arc,)."""
    lost: jax.Array
    """Of these, lost (arc,)."""
    consignments: jax.Array
    """Consignments that left (arc,)."""
    caught: jax.Array
    """Of these, lost (arc,)."""
    believed: jax.Array
    """Mean loss that traders expected (arc,)."""
    price: jax.Array
    """Value of a unit (node,), USD."""
    stock: jax.Array
    """Units that wait at the end of the month (node,)."""
    earned: jax.Array
    """Income of endowments (node,), USD."""
    sold: jax.Array
    """Units sold (market,)."""
    market_price: jax.Array
    """Price (market,), USD per unit."""
    open_share: jax.Array
    """Capacity relative to the baseline (facility,)."""
    income: jax.Array
    """Income of actors and residual accounts (actor + 2,), USD."""
    clans: jax.Array
    """Number of clans."""
    largest: jax.Array
    """Share of the largest clan in all capital."""
    concentration: jax.Array
    """Herfindahl index of capital."""
    failed: jax.Array
    """Clans that failed."""
    arrested: jax.Array
    """Clans that were arrested."""
    founded: jax.Array
    """Clans that were founded."""
    crews: jax.Array
    """Persons arrested on consignments, by the actor that they are (actor + 2,)."""
    sales: jax.Array
    """Value of goods sold, USD."""
    grants: jax.Array
    """Subsidies and unobserved gains, USD."""
    put_by: jax.Array
    """Value added to stocks, USD."""
    taken: jax.Array
    """Taken by the state, USD."""
    excess: jax.Array
    """Largest residual of the clearing of markets, in logarithms."""


class Setting(NamedTuple):
    """What all replicates of a run share."""

    search_strategy: jax.Array | int
    """Position in :class:`~contraflow.case.statements.SearchStrategy`."""
    reachable: jax.Array | npt.NDArray[np.bool_]
    """Whether an arrest on order may hit the clan (bench, abreast)."""


class _Fixed(NamedTuple):
    """What does not change within a replicate; ``busy`` (arc,) is the logarithm of flows in the baseline."""

    ledger: jax.Array
    behaviour: Behaviour
    anchor: Anchor
    prior: jax.Array
    busy: jax.Array
    key: jax.Array


class _Trajectory(NamedTuple):
    """State of a replicate: economy, capacity, effort, and the seizures and flows of the year so far."""

    state: State
    open_share: jax.Array
    effort: jax.Array
    seized: jax.Array
    flowed: jax.Array


@dataclass(frozen=True, eq=False)
class Simulator:
    """Runs of one case with one roster of clans."""

    responder: Responder
    """The model with its levers."""
    roster: Roster
    """The clans."""
    informed: bool = False
    """Whether clans know the true losses."""

    @cached_property
    def calendar(self) -> MonthlyEconomy:
        """The months of this economy."""
        return MonthlyEconomy(self.responder.model, self.roster, self.informed)

    @property
    def block(self) -> int:
        """Replicates that run together on a core."""
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
        """Run replicates in parallel.

        If interrupted, what is done is returned: all whole replicates or, if there are none, the finished
        years of the first.

        Parameters
        ----------
        ledger
            Values of the ledger (replicate, number); rows of behaviour give way to ``behaviour``.
        behaviour
            Behaviour parameters (replicate,).
        before
            Levels of the measures in the burn-in (replicate, measure).
        levels
            Levels of the measures (replicate, month, measure).
        orders
            Arrests on order (month,).
        setting
            Search strategy and clans that arrests may hit.
        seed
            Seed of the random draws.
        progress
            Callback with the part done, from 0 to 1.

        Returns
        -------
        tuple
            NumPy arrays (replicate, month, ...), which begin with the last year of the burn-in; and whether
            the run was interrupted.
        """
        ledger = in_ledger(self.responder.model.network.ledger, ledger, behaviour)
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
        """Years of one block of replicates; None for years that are not kept."""
        keys = _keys(seed, replicate)
        fixed, trajectory = self._begin(ledger, behaviour, keys, setting)
        calm = Orders(np.zeros(MONTHS), np.zeros(MONTHS))
        for year in range(-BURN_IN, levels.shape[1] // MONTHS):
            month = np.arange(MONTHS) + year * MONTHS
            wanted, now = np.repeat(before[:, None], MONTHS, axis=1), calm
            if year >= 0:
                wanted = levels[:, month]
                now = Orders(np.asarray(orders.share)[month], np.asarray(orders.largest)[month])
            trajectory, summary = self._year(fixed, trajectory, wanted, now, month, setting)
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
            used = responder.adaptation(ledger, 1 / MONTHS, point)
            start = calendar.start(behaviour, point, used, _stream(key, "start"))
            busy = jnp.log(self._pure(ledger) * point.flow + 1e-9)
            fixed = _Fixed(ledger, behaviour, anchor, point.loss, busy, key)
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
            trajectory: _Trajectory,
            levels: jax.Array,
            orders: Orders,
            number: jax.Array,
            setting: Setting,
        ) -> tuple[_Trajectory, MonthlySummary]:
            effort = self._looked_back(fixed, trajectory, levels[0], number[0], setting)
            trajectory = trajectory._replace(effort=effort)
            return jax.lax.scan(
                lambda trajectory, month: self._month(fixed, trajectory, *month, setting),
                trajectory,
                (levels, orders, number),
            )

        return _compiled(year, (0, 0, 0, None, None, None))

    def _month(
        self,
        fixed: _Fixed,
        trajectory: _Trajectory,
        levels: jax.Array,
        orders: Orders,
        number: jax.Array,
        setting: Setting,
    ) -> tuple[_Trajectory, MonthlySummary]:
        levers, model = self.responder.levers, self.responder.model
        ledger = fixed.ledger
        draws, searches = self._draws(fixed, number)
        plain = model.economy(ledger)
        effort = self._searches(fixed, trajectory, searches, setting)
        goal = levers.capacity(ledger, levels)
        lag = jnp.exp(-levers.mending(ledger, levels) / MONTHS)
        open_share = goal + (trajectory.open_share - goal) * lag
        measured = levers.apply(plain, ledger, levels, effort=effort, open_share=open_share)
        economy = fixed.anchor.staffed(measured)
        state, month = self.calendar.step(
            ledger, fixed.behaviour, economy, fixed.anchor, fixed.prior, trajectory.state, orders,
            jnp.asarray(setting.reachable), draws,
        )  # fmt: skip
        fresh = number % MONTHS == 0
        pure = self._pure(ledger)
        seized = jnp.where(fresh, 0.0, trajectory.seized) + pure * month.lost
        flowed = jnp.where(fresh, 0.0, trajectory.flowed) + pure * month.sent
        return _Trajectory(state, open_share, trajectory.effort, seized, flowed), self._summary(
            ledger, month, open_share
        )

    def _looked_back(
        self,
        fixed: _Fixed,
        trajectory: _Trajectory,
        levels: jax.Array,
        number: jax.Array,
        setting: Setting,
    ) -> jax.Array:
        """Search effort for the coming year (arc,), from the results of the last."""
        levers = self.responder.levers
        covered = jnp.asarray(levers.searches)
        plain = self.responder.model.economy(fixed.ledger)
        even = levers.apply(plain, fixed.ledger, levels).hazard
        added = jnp.maximum(even - plain.hazard, 0.0)
        chased = chasing(covered, trajectory.seized)
        spread = best(covered, trajectory.flowed, plain.hazard, added)
        known = trajectory.flowed.sum() > 0
        effort = jnp.where(
            known & (setting.search_strategy == _NUMBER[SearchStrategy.CHASE]), chased, trajectory.effort
        )
        return jnp.where(
            known & (setting.search_strategy == _NUMBER[SearchStrategy.OPTIMISE]), spread, effort
        )

    def _searches(
        self, fixed: _Fixed, trajectory: _Trajectory, uniform: jax.Array, setting: Setting
    ) -> jax.Array:
        """Search effort of the month (arc,)."""
        covered = jnp.asarray(self.responder.levers.searches)
        drawn = concentrated(covered, fixed.busy - jnp.log(-jnp.log(uniform)))
        return jnp.where(setting.search_strategy == _NUMBER[SearchStrategy.RANDOM], drawn, trajectory.effort)

    def window(
        self, ledger: FloatArray, levels: FloatArray, summary: MonthlySummary, months: slice
    ) -> Settled:
        """Some months as one economy at yearly rates, with its books.

        Flows and losses are sums, prices and beliefs are means; the books are kept at these. Where searches
        were not spread evenly, ``economy.hazard`` is the hazard of even searches, and ``point.loss`` what was
        really lost.

        Parameters
        ----------
        ledger
            Values of the ledger (replicate, number).
        levels
            Levels of the measures, from the first month of the summary (replicate, month, measure).
        summary
            Result of :meth:`run`.
        months
            Slice of its months.

        Returns
        -------
        Settled
            Economies, points and books (replicate, ...).
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
            state = jnp.concatenate([relative[network.cleared], crowd(load, anchor)])
            terms = model.terms(economy, state, believed)
            some = sent > 0
            loss = jnp.where(some, lost / jnp.where(some, sent, 1.0), 0.0)
            arrived = (sent - lost) * economy.output
            stock = economy.endowment + jnp.zeros(len(network.nodes)).at[network.head].add(arrived)
            at_hand = stock[network.tail]
            point = Point(
                value=value, endowment=economy.endowment, stock=stock, flow=sent,
                share=jnp.where(at_hand > 0, sent / jnp.where(at_hand > 0, at_hand, 1.0), 0.0),
                net=terms.keep * value[network.head] - terms.outlay, loss=loss, expected_loss=terms.expected,
                wages=terms.wages, surcharge=terms.surcharge, price=market_price,
                sold=stock[network.market_node], load=load,
            )  # fmt: skip
            return Settled(economy, point, books(network, ledger, economy, point))

        return compiled(jax.vmap(one))

    def _draws(self, fixed: _Fixed, number: jax.Array) -> tuple[RandomDraws, jax.Array]:
        """The random draws of a month, and those of the search strategy (arc,)."""
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
    """Settle clans by the flows of the baseline at central values.

    Parameters
    ----------
    responder
        The model with its levers.
    clans
        Number of clans.

    Raises
    ------
    PolicyError
        For fewer clans than places where goods change hands.
    """
    point = compiled(responder.baseline)(responder.model.network.ledger.value)[2]
    try:
        return make_roster(responder.model.network, clans, np.asarray(point.stock))
    except ValueError as error:
        raise PolicyError(f"clans={clans}: {error}") from None


def setting(
    roster: Roster,
    search_strategy: SearchStrategy = SearchStrategy.EVEN,
    places: Collection[str] | None = None,
) -> Setting:
    """The setting of a run.

    Parameters
    ----------
    roster
        The clans.
    search_strategy
        How the state spreads its searches.
    places
        Homes of the clans that arrests on order may hit. None: all.
    """
    here = np.array([places is None or p in places for p in roster.places])
    return Setting(_NUMBER[search_strategy], here[roster.place][:, None] & roster.taken)


def draw_behaviour(
    ledger: Ledger, replicates: int, seed: int, fixed: Mapping[str, float] | None = None
) -> Behaviour:
    """Behaviour parameters of each replicate, drawn from the ranges of the ledger.

    Each is uniform in its range, on the scale of its row: in logarithms or in the number itself.

    Parameters
    ----------
    ledger
        The ledger.
    replicates
        Number of replicates.
    seed
        Seed of the draws.
    fixed
        Values of some parameters, in their own units; the draws of the others are the same with or without
        them.
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


def in_ledger(ledger: Ledger, draws: FloatArray, behaviour: Behaviour) -> FloatArray:
    """Draws of the ledger (draw, number) whose rows of behaviour hold these parameters.

    Parameters
    ----------
    ledger
        The ledger.
    draws
        Its values (draw, number).
    behaviour
        Behaviour parameters (draw,).
    """
    whole = draws.copy()
    for name, number in BEHAVIOUR.items():
        whole[:, ledger.index(row_id(name))] = np.asarray(getattr(behaviour, name)) * number.factor
    return whole


def _compiled(function: Callable[..., Any], axes: tuple[int | None, ...]) -> jax.stages.Wrapped:
    """A function compiled for replicates together.

    Each block has a core of its own; splitting single operations among cores as well gains nothing and makes
    blocks wait for each other.
    """
    options = {"xla_cpu_multi_thread_eigen": False} if jax.default_backend() == "cpu" else {}
    return compiled(jax.vmap(function, in_axes=axes), **options)


def _keys(seed: int, replicate: npt.NDArray[np.int64]) -> Any:
    root = jax.random.key(seed)
    return jax.vmap(lambda r: jax.random.fold_in(root, r))(jnp.asarray(replicate))


ARC_STREAMS = ("interception", "whose", "searches")
CLAN_STREAMS = ("dismantled", "arrest", "entry", "size")
"""Random quantities of a month, by arc and by clan; the start of a run has a stream of its own. Fates of
clans need no double precision, which would cost as much as all other computations for clans.
"""


def _stream(key: jax.Array, name: str) -> jax.Array:
    return jax.random.fold_in(key, _random.fold(name))


def _uniform(
    key: jax.Array, month: jax.Array, streams: tuple[str, ...], size: int, precision: Any
) -> jax.Array:
    """Uniform numbers on (0, 1) of some streams in a month (stream, size)."""
    numbers = jnp.array([_random.fold(name) for name in streams])
    keys = jax.vmap(lambda n: jax.random.fold_in(jax.random.fold_in(key, n), month))(numbers)
    least = float(np.finfo(precision).eps)
    return jax.vmap(lambda k: jax.random.uniform(k, (size,), precision, minval=least))(keys)


def _joined(done: list[list[MonthlySummary]], years: int) -> MonthlySummary:
    """Join years and blocks: all whole replicates or, without any, the years of the first that began."""
    whole = [block for block in done if len(block) == years]
    some = whole or [max(done, key=len)]
    if not some[0]:
        raise KeyboardInterrupt
    blocks = [jax.tree.map(lambda *x: np.concatenate(x, axis=1), *block) for block in some]
    joined: MonthlySummary = jax.tree.map(lambda *x: np.concatenate(x), *blocks)
    return joined
