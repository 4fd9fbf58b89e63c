"""What measures do to an economy: levels in, a changed economy out.

All levers act through effects, whose kinds are declared in :mod:`contraflow.case.effects` and applied by the
functions of :mod:`contraflow.policy.effect_functions`. The amount of an effect is::

    amount = size * level / (1 + level / half) * product over requirements of min(1, level / full_at)

and hazard turns into losses by the law of random search, q = 1 - exp(-hazard) (Koopman 1946, Search and
Screening), so that searching has diminishing returns by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from contraflow._language import _
from contraflow._types import FloatArray, IntArray
from contraflow.case import effects, schema
from contraflow.case.behaviour import row_id
from contraflow.case.effects import ActsOn
from contraflow.case.levels import MARK
from contraflow.case.selectors import matches, matches_place
from contraflow.errors import NetworkError, Problem
from contraflow.model.economy import Economy, with_inputs
from contraflow.model.numerics import jax, jnp
from contraflow.network.network import ONE, ZERO, Network
from contraflow.policy.effect_functions import Acting, Change, change, total, without_function
from contraflow.policy.policy import levers_of

SCALE_DEMAND = "scale demand"
"""The kind of effect by which the demand or the price at a market is changed."""

_ON_ARCS = (ActsOn.ARCS, ActsOn.ACTIVITIES)
_APART = {"lethal_pay", "revenue_kept", "cleared", "open_part"}


@dataclass(frozen=True, eq=False)
class Levers:
    """The levers of a case, ready to act on its network; a market is acted on as by a measure of its own.

    Numbers are positions in the ledger; masks are 1 where an effect acts and 0 elsewhere.
    """

    network: Network
    """The network."""
    kinds: tuple[str, ...]
    """Kind of each effect."""
    measure: IntArray
    """Measure of each effect (effect,)."""
    needing: IntArray
    """Measure that needs another (requirement,)."""
    needed: IntArray
    """Measure that it needs (requirement,)."""
    full_at: IntArray
    """Level at which that is enough (requirement,)."""
    size: IntArray
    """Effect per unit of level (effect,)."""
    half: IntArray
    """Level at which half of the effect is lost to diminishing returns (effect,)."""
    rebuild: IntArray
    """Rebuilding rate, in units of size times level (effect,)."""
    stock: IntArray
    """Number of things that can be destroyed, in units of size times level (effect,)."""
    lethal: IntArray
    """Extra risk pay, USD per kg and unit of probability (effect,)."""
    targets: FloatArray
    """Mask of arcs (effect, arc)."""
    supplies: FloatArray
    """Mask of supplies (effect, supply)."""
    markets: FloatArray
    """Mask of markets (effect, market)."""
    facilities: FloatArray
    """Mask of facilities (effect, facility)."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the levers: the measures in the order of the case, then the markets."""
        return tuple(levers_of(self.network.case))

    @cached_property
    def count(self) -> int:
        """Number of levers."""
        return len(self.ids)

    @cached_property
    def baseline(self) -> FloatArray:
        """Levels in the baseline (lever,): the mean over its years."""
        first, last = self.network.case.info.baseline
        return np.asarray(np.mean([self.in_year(year) for year in range(first, last + 1)], axis=0))

    def in_year(self, year: int) -> FloatArray:
        """Levels in a ``year`` (lever,): for each measure the last event dated in or before it, else 0."""
        case = self.network.case
        levels = np.zeros(self.count)
        for event in sorted(case.events.values(), key=lambda e: e.date):
            if int(event.date[:4]) <= year:
                levels[self.ids.index(event.measure)] = case.parameters[event.level].value
        return levels

    def amounts(self, ledger: jax.Array, levels: jax.Array) -> jax.Array:
        """Amount of each effect (effect,) in the unit of its size, at ``levels`` (lever,).

        Levels of the measures alone (measure,) leave the markets as they are.
        """
        levels = jnp.pad(levels, (0, self.count - len(levels)))
        level = levels[self.measure]
        half = ledger[self.half]
        returns = jnp.where(self.half > ZERO, level / (1 + level / jnp.where(half > 0, half, 1.0)), level)
        reached = jnp.minimum(levels[self.needed] / ledger[self.full_at], 1.0)
        works = jnp.where(self.measure[:, None] == self.needing, reached, 1.0).prod(axis=1)
        return ledger[self.size] * returns * works

    def apply(
        self,
        economy: Economy,
        ledger: jax.Array,
        levels: jax.Array,
        *,
        effort: jax.Array | None = None,
        open_share: jax.Array | None = None,
    ) -> Economy:
        """The economy under the measures.

        Parameters
        ----------
        economy
            The economy without any measure.
        ledger
            Values of the ledger (number,).
        levels
            Levels of the measures (measure,).
        effort
            Search effort on each link (arc,): the hazard that an effect adds is spread in proportion to it,
            and keeps its sum. None: the same effort everywhere.
        open_share
            Capacity relative to the baseline (facility,). None: the capacity in the long run at these levels.
        """
        if not self.kinds:
            return economy
        if open_share is None:
            open_share = self.capacity(ledger, levels)
        made = self._change(_ON_ARCS, ledger, levels, effort)
        hazard = made.scale("hazard", made.add("hazard", economy.hazard))
        lethal = made.scale("hazard", made.add("lethal_pay", jnp.zeros_like(hazard)))
        kept = made.scaled.get("revenue_kept", jnp.zeros_like(hazard))
        demand = self._demand(ledger, levels) / self._demand(ledger, self.baseline)
        before = self._change(_ON_ARCS, ledger, self.baseline)
        whole = jnp.ones_like(hazard)
        given = jnp.ones_like(demand).at[self.network.cleared].set(0.0)
        own = {
            name: made.scale(name, made.add(name, getattr(economy, name)))
            for name in sorted((made.added.keys() | made.scaled.keys()) - _APART)
        }
        changed = replace(economy, **own)
        lethal = lethal / jnp.where(hazard > 0, hazard, 1.0)
        changed = replace(
            changed,
            risk_pay=changed.risk_pay + lethal,
            lethal_pay=lethal,
            planted=self._planted(ledger, made) / self._planted(ledger, before),
            open_part=made.scale("open_part", whole) / before.scale("open_part", whole),
            taken=-jnp.expm1(kept),
            demand=changed.demand * demand,
            price=changed.price * jnp.where(given > 0, demand, 1.0),
            open_share=changed.open_share * open_share,
        )
        return with_inputs(self.network, ledger, changed)

    def _planted(self, ledger: jax.Array, made: Change) -> jax.Array:
        """Part of the fields that are chosen which stand where some are destroyed every year (arc,).

        Of fields that people would have, A*, they plant the missing part at their pace kappa; a part e is
        destroyed in a year, of which a part rho is planted again at once, so that

            dA/dt = kappa (A* - A) - (1 - rho) e A ,   A = A* / (1 + (1 - rho) e / kappa) in the long run.
        """
        n = self.network
        cleared = made.added.get("cleared")
        if cleared is None:
            return jnp.ones(len(n.arcs))
        replanted = ledger[n.ledger.index(row_id("replanting"))]
        return 1 / (1 + (1 - replanted) * -jnp.expm1(-cleared) * ledger[n.pace])

    def capacity(self, ledger: jax.Array, levels: jax.Array) -> jax.Array:
        """Capacity relative to the baseline (facility,), in the long run at ``levels`` (measure,)."""
        return self._open(ledger, levels) / self._open(ledger, self.baseline)

    def mending(self, ledger: jax.Array, levels: jax.Array) -> jax.Array:
        """Rate at which capacity approaches its long-run value (facility,), per year; infinite if at once.

        Of N things (strips, for example) a share o is open. If R a year are rebuilt when all are closed, and
        D a year destroyed when all are open, then N do/dt = R (1 - o) - D o, which approaches its limit at
        the rate (R + D) / N.
        """
        amount = jnp.maximum(self.amounts(ledger, levels), 0.0)
        read = np.array(["stock" in effects.entry_of(kind).numbers for kind in self.kinds], dtype=bool)
        lasting = (self.stock > ZERO) & read
        number = jnp.where(lasting, ledger[self.stock], 1.0)
        rate = jnp.where(lasting, (ledger[self.rebuild] + amount) / number, jnp.inf)
        rates = jnp.where(self.facilities > 0, rate[:, None], jnp.inf)
        return rates.min(axis=0, initial=jnp.inf)

    @cached_property
    def searches(self) -> npt.NDArray[np.bool_]:
        """Links (arc,) that some measure searches, over which effort can be spread."""
        links = np.array([a.kind == "link" for a in self.network.arcs])
        rows = np.array([effects.entry_of(kind).searches for kind in self.kinds], dtype=bool)
        return np.asarray(links & (self.targets[rows] > 0).any(axis=0), dtype=bool)

    def _searched(self, effort: jax.Array | None) -> jax.Array | FloatArray:
        """Targets of effects (effect, arc), scaled by search effort on links.

        Each effect's targets keep their sum. Effects that act on no link with effort are unchanged.
        """
        if effort is None:
            return self.targets
        weighed = self.targets * jnp.where(self.searches, effort, 1.0)
        total = weighed.sum(axis=1)
        scale = self.targets.sum(axis=1) / jnp.where(total > 0, total, 1.0)
        return jnp.where((total > 0)[:, None], weighed * scale[:, None], self.targets)

    def spending(self, ledger: FloatArray, levels: FloatArray) -> FloatArray:
        """The state's spending on costed measures, USD per year.

        Parameters
        ----------
        ledger
            Values of the ledger (..., number).
        levels
            Levels of the levers (lever,), or (lever, column); of the measures alone likewise.

        Returns
        -------
        numpy.ndarray
            The leading dimensions of ``ledger``, then ``column`` if there is one.
        """
        costs = np.asarray(ledger)[..., self._unit_cost[: len(levels)]]
        return np.asarray(costs @ levels, dtype=float)

    @cached_property
    def _unit_cost(self) -> IntArray:
        """Positions in the ledger of the cost of a unit of each lever (lever,)."""
        rows = self.network.case.measures.values()
        place = [ZERO if m.unit_cost is None else self.network.ledger.index(m.unit_cost) for m in rows]
        return np.array(place + [ZERO] * (self.count - len(place)), dtype=np.int64)

    def _change(
        self,
        domains: tuple[ActsOn, ...],
        ledger: jax.Array,
        levels: jax.Array | FloatArray,
        effort: jax.Array | None = None,
    ) -> Change:
        """The sum of the changes made by effects of all kinds that act on some domains."""
        present = [
            entry for entry in effects.entries() if entry.kind in self.kinds and entry.acts_on in domains
        ]
        if not present:
            return Change()
        amount = self.amounts(ledger, jnp.asarray(levels))
        searched = self._searched(effort)
        places = {"rebuild": self.rebuild, "stock": self.stock, "lethal_pay": self.lethal}
        changes = []
        for entry in present:
            rows = np.flatnonzero([kind == entry.kind for kind in self.kinds])
            acting = Acting(
                network=self.network,
                ledger=ledger,
                amount=amount[rows],
                arcs=(searched if entry.searches else self.targets)[rows],
                supplies=self.supplies[rows],
                markets=self.markets[rows],
                facilities=self.facilities[rows],
                places={column: place[rows] for column, place in places.items()},
            )
            changes.append(change(entry.kind, acting))
        return total(changes)

    def _demand(self, ledger: jax.Array, levels: jax.Array | FloatArray) -> jax.Array:
        """Factor on demand, or on the price where the price is given (market,)."""
        made = self._change((ActsOn.MARKETS,), ledger, levels)
        return made.scale("demand", jnp.ones(len(self.network.markets)))

    def _open(self, ledger: jax.Array, levels: jax.Array | FloatArray) -> jax.Array:
        """Capacity of each facility relative to that without measures (facility,)."""
        made = self._change((ActsOn.FACILITIES,), ledger, levels)
        return made.scale("open_share", jnp.ones(len(self.network.facility_ids)))


def make_levers(network: Network) -> Levers:
    """Match the measures and effects of a case with its network.

    Parameters
    ----------
    network
        The network of the case.

    Raises
    ------
    NetworkError
        If an effect acts on nothing, or no function applies its kind; lists every such effect.
    """
    case = network.case
    rows = list(case.effects.values())
    idle = [_unapplied(e) for e in rows if without_function((e.kind,))]
    numbers = {name: i for i, name in enumerate(levers_of(case))}
    targets = _mask([_targets(network, e) for e in rows], len(network.arcs))
    supplies = _mask(
        [[bool(e.supply) and matches(s, e.supply) for s in case.supplies] for e in rows],
        len(case.supplies),
    )
    markets = _mask(
        [[bool(e.market) and matches(m.split("@")[0], e.market) for m in network.markets] for e in rows],
        len(network.markets),
    )
    facilities = _mask(
        [[bool(e.facility) and matches(f, e.facility) for f in case.facilities] for e in rows],
        len(case.facilities),
    )
    acts = targets.any(axis=1) | supplies.any(axis=1) | markets.any(axis=1) | facilities.any(axis=1)
    idle += [
        Problem(
            "effects.csv",
            _("acts on no arc, supply, market or facility"),
            _("Loosen its selectors, or remove the row"),
            None,
            "id",
            e.id,
        )
        for e, some in zip(rows, np.atleast_1d(acts), strict=True)
        if not some
    ]
    if idle:
        raise NetworkError(idle)
    sold = [name for name in numbers if MARK in name]
    of_row = {name: name.partition(MARK)[2] for name in sold}
    whole = _mask(
        [[m.partition("@")[0] == of_row[name] for m in network.markets] for name in sold],
        len(network.markets),
    )
    none = np.zeros(len(sold), dtype=np.int64)

    def with_markets(masks: FloatArray) -> FloatArray:
        """Masks of effects, of which those of the markets are empty."""
        return np.concatenate([masks, np.zeros((len(sold), masks.shape[1]))])

    def column(names: Sequence[str | None]) -> IntArray:
        return np.array([ZERO if n is None else network.ledger.index(n) for n in names], dtype=np.int64)

    needs = case.requirements.values()
    return Levers(
        network=network,
        kinds=(*(e.kind for e in rows), *(SCALE_DEMAND for _ in sold)),
        measure=np.array([*(numbers[e.measure] for e in rows), *map(numbers.get, sold)], dtype=np.int64),
        needing=np.array([numbers[r.measure] for r in needs], dtype=np.int64),
        needed=np.array([numbers[r.requires] for r in needs], dtype=np.int64),
        full_at=column([r.full_at or "1" for r in needs]),
        size=np.concatenate([column([e.size for e in rows]), none + ONE]),
        half=np.concatenate([column([e.half for e in rows]), none]),
        rebuild=np.concatenate([column([e.rebuild for e in rows]), none]),
        stock=np.concatenate([column([e.stock for e in rows]), none]),
        lethal=np.concatenate([column([e.lethal_pay for e in rows]), none]),
        targets=with_markets(targets),
        supplies=with_markets(supplies),
        markets=np.concatenate([markets, whole]),
        facilities=with_markets(facilities),
    )


def _unapplied(effect: schema.Effect) -> Problem:
    cure = _("Decorate the function that applies it with {decorator}").format(
        decorator=f"contraflow.policy.effect_functions.applies('{effect.kind}')"
    )
    message = _("is a kind of effect that no function applies")
    return Problem("effects.csv", message, cure, None, "kind", effect.kind)


def _mask(rows: list[list[bool]], width: int) -> FloatArray:
    """Rows of an effect each, as zeros and ones; of the right shape even if there are none."""
    return np.array(rows, dtype=float).reshape(len(rows), width)


def _targets(network: Network, effect: schema.Effect) -> list[bool]:
    """Whether an effect acts on each arc: all of its selectors must match."""
    if effect.supply or effect.market or effect.facility:
        return [False] * len(network.arcs)
    places: Mapping[str, schema.Place] = network.case.places
    local = effects.entry_of(effect.kind).acts_on is ActsOn.ACTIVITIES
    return [
        matches_place(places[a.from_place], effect.origin)
        and matches_place(places[a.to_place], effect.destination)
        and (not effect.mode or (a.kind == "link" and matches(a.mode, effect.mode)))
        and (not effect.form or matches(a.form, effect.form))
        and (not effect.step or matches(a.step, effect.step))
        and (not local or a.kind == "activity")
        and (bool(effect.step or effect.mode) or a.kind == "link" or local)
        for a in network.arcs
    ]
