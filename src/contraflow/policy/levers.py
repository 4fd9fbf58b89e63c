"""What measures do to an economy: levels in, a changed economy out.

All levers act through the closed set of effects of :class:`~contraflow.case.schema.EffectKind`. The
amount of an effect is::

    amount = size * level / (1 + level / half) * product over requirements of min(1, level / full_at)

and hazard turns into losses by the law of random search, q = 1 - exp(-hazard) (Koopman 1946), so
returns to searching diminish of themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from contraflow.case import schema
from contraflow.case.selectors import matches, matches_place
from contraflow.errors import NetworkError, Problem
from contraflow.model.economy import Economy, with_inputs
from contraflow.model.numerics import jax, jnp
from contraflow.network.network import ZERO, Network

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

Kind = schema.EffectKind
CAPACITY = (Kind.REMOVE_CAPACITY, Kind.ADD_CAPACITY)


@dataclass(frozen=True, eq=False)
class Levers:
    """The measures of a case, ready to act on the arcs of its network.

    ``size``, ``half``, ``rebuild``, ``stock``, ``lethal`` (effect,) are places in the ledger; ``measure``
    (effect,) are measure numbers; ``needing``, ``needed`` (requirement,) too, and ``full_at`` (requirement,)
    places in the ledger; ``targets`` (effect, arc), ``supplies`` (effect, supply), ``markets`` (effect,
    market) and ``facilities`` (effect, facility) say what each effect acts on.
    """

    network: Network
    kinds: tuple[schema.EffectKind, ...]
    measure: IntArray
    needing: IntArray
    needed: IntArray
    full_at: IntArray
    size: IntArray
    half: IntArray
    rebuild: IntArray
    stock: IntArray
    lethal: IntArray
    targets: FloatArray
    supplies: FloatArray
    markets: FloatArray
    facilities: FloatArray

    @property
    def ids(self) -> tuple[str, ...]:
        """Measures in the order of the case."""
        return tuple(self.network.case.measures)

    @cached_property
    def baseline(self) -> FloatArray:
        """Levels in the baseline (measure,): the mean over its years."""
        first, last = self.network.case.info.baseline
        return np.asarray(np.mean([self.in_year(year) for year in range(first, last + 1)], axis=0))

    def in_year(self, year: int) -> FloatArray:
        """Levels in a year (measure,): of each measure the last event dated in or before it, else 0."""
        case = self.network.case
        levels = np.zeros(len(case.measures))
        for event in sorted(case.events.values(), key=lambda e: e.date):
            if int(event.date[:4]) <= year:
                levels[self.ids.index(event.measure)] = case.parameters[event.level].value
        return levels

    def amounts(self, ledger: jax.Array, levels: jax.Array) -> jax.Array:
        """Amount of each effect (effect,) in its own unit at ``levels`` (measure,)."""
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
        """The economy under the measures at ``levels`` (measure,); ``economy`` is the one without any.

        ``effort`` (arc,) says how searches are spread over links: hazard added is in proportion to it, each
        effect's sum staying what it is. ``open_share`` (facility,) is capacity against the baseline, by
        default what the levels lead to in the long run.
        """
        if not self.kinds:
            return economy
        amount = self.amounts(ledger, levels)
        arcs, supplies = self.targets, self.supplies
        searched = self._searched(effort)
        if open_share is None:
            open_share = self.capacity(ledger, levels)
        added = self._sum(Kind.ADD_HAZARD, amount, searched) + self._sum(Kind.REMOVE_HECTARES, amount, arcs)
        scaled = self._sum(Kind.SCALE_HAZARD, jnp.log1p(amount), arcs)
        hazard = (economy.hazard + added) * jnp.exp(scaled)
        lethal = self._sum(Kind.ADD_HAZARD, amount * ledger[self.lethal], searched) * jnp.exp(scaled)
        kept = self._sum(Kind.TAKE_REVENUE, jnp.log1p(-jnp.clip(amount, 0.0, 0.999)), arcs)
        demand = self._demand(ledger, levels) / self._demand(ledger, self.baseline)
        given = jnp.ones_like(demand).at[self.network.cleared].set(0.0)
        changed = replace(
            economy,
            hazard=hazard,
            fear=economy.fear + self._sum(Kind.DETER, amount, arcs),
            risk_pay=economy.risk_pay + lethal / jnp.where(hazard > 0, hazard, 1.0),
            cost=economy.cost + self._sum(Kind.ADD_COST, amount, arcs),
            subsidy=economy.subsidy + self._sum(Kind.RAISE_INCOME, amount, arcs),
            taken=-jnp.expm1(kept),
            demand=economy.demand * demand,
            price=economy.price * jnp.where(given > 0, demand, 1.0),
            open_share=economy.open_share * open_share,
            supply_price=economy.supply_price + self._sum(Kind.ADD_COST, amount, supplies),
            supply_hazard=(economy.supply_hazard + self._sum(Kind.ADD_HAZARD, amount, supplies))
            * jnp.exp(self._sum(Kind.SCALE_HAZARD, jnp.log1p(amount), supplies)),
        )
        return with_inputs(self.network, ledger, changed)

    def capacity(self, ledger: jax.Array, levels: jax.Array) -> jax.Array:
        """Capacity of facilities (facility,) against the baseline's, in the long run at ``levels``."""
        return self._open(ledger, levels) / self._open(ledger, self.baseline)

    def mending(self, ledger: jax.Array, levels: jax.Array) -> jax.Array:
        """How fast capacity comes to its long run (facility,), per year; infinite where it is at once.

        Of N that there are a share o is open, R a year are rebuilt if all are closed and D a year destroyed
        if all are open, so that N do/dt = R (1 - o) - D o: a rate of (R + D) / N.
        """
        amount = jnp.maximum(self.amounts(ledger, levels), 0.0)
        lasting = (self.stock > ZERO) & np.isin(np.arange(len(self.kinds)), self._rows(Kind.REMOVE_CAPACITY))
        number = jnp.where(lasting, ledger[self.stock], 1.0)
        rate = jnp.where(lasting, (ledger[self.rebuild] + amount) / number, jnp.inf)
        rates = jnp.where(self.facilities > 0, rate[:, None], jnp.inf)
        return rates.min(axis=0, initial=jnp.inf)

    @cached_property
    def searches(self) -> npt.NDArray[np.bool_]:
        """Links (arc,) on which some measure adds hazard: those over which effort can be spread."""
        links = np.array([a.kind == "link" for a in self.network.arcs])
        rows = self._rows(Kind.ADD_HAZARD)
        return links & (self.targets[rows] > 0).any(axis=0)

    def _searched(self, effort: jax.Array | None) -> jax.Array | FloatArray:
        """Targets of effects (effect, arc), weighed by effort on links, with the same sum over an
        effect's; an effect that acts on no link with effort stays as it is."""
        if effort is None:
            return self.targets
        weighed = self.targets * jnp.where(self.searches, effort, 1.0)
        total = weighed.sum(axis=1)
        scale = self.targets.sum(axis=1) / jnp.where(total > 0, total, 1.0)
        return jnp.where((total > 0)[:, None], weighed * scale[:, None], self.targets)

    def spending(self, ledger: FloatArray, levels: FloatArray) -> FloatArray:
        """State's spending on costed measures in USD per year; ledger may lead with (draw,)."""
        return np.asarray(np.asarray(ledger)[..., self._unit_cost] @ levels, dtype=float)

    @cached_property
    def _unit_cost(self) -> IntArray:
        """Places in the ledger of what a unit of each measure costs (measure,)."""
        rows = self.network.case.measures.values()
        place = [ZERO if m.unit_cost is None else self.network.ledger.index(m.unit_cost) for m in rows]
        return np.array(place, dtype=np.int64)

    def _rows(self, *kinds: Kind) -> IntArray:
        return np.flatnonzero([k in kinds for k in self.kinds])

    def _sum(self, kind: Kind, amount: jax.Array, targets: jax.Array | FloatArray) -> jax.Array:
        """Sum of the effects of a kind over their targets (target,)."""
        rows = self._rows(kind)
        if not rows.size:
            return jnp.zeros(targets.shape[1])
        return amount[rows] @ targets[rows]

    def _demand(self, ledger: jax.Array, levels: jax.Array | FloatArray) -> jax.Array:
        """Factor on demand, or on the price where that is given (market,)."""
        amount = jnp.maximum(self.amounts(ledger, jnp.asarray(levels)), -0.999)
        return jnp.exp(self._sum(Kind.SCALE_DEMAND, jnp.log1p(amount), self.markets))

    def _open(self, ledger: jax.Array, levels: jax.Array | FloatArray) -> jax.Array:
        """Each facility's capacity against none of the measures (facility,).

        What is removed leaves rebuild / (rebuild + destroy), what is added comes on top.
        """
        rows = self._rows(*CAPACITY)
        if not rows.size:
            return jnp.ones(len(self.network.facility_ids))
        amount = self.amounts(ledger, jnp.asarray(levels))[rows]
        rebuild = ledger[self.rebuild][rows]
        rebuilt = rebuild / (rebuild + jnp.maximum(amount, 0.0) + (rebuild == 0))
        left = jnp.where(self.rebuild[rows] > ZERO, rebuilt, jnp.clip(1 - amount, 1e-6, 1.0))
        adds = np.array([self.kinds[i] is Kind.ADD_CAPACITY for i in rows])
        return jnp.exp(jnp.log(jnp.where(adds, 1 + amount, left)) @ self.facilities[rows])


def make_levers(network: Network) -> Levers:
    """Resolve the measures and effects of a case against its network.

    Raises :class:`~contraflow.errors.NetworkError` naming every effect that acts on nothing.
    """
    case = network.case
    effects = list(case.effects.values())
    numbers = {name: i for i, name in enumerate(case.measures)}
    targets = _mask([_targets(network, e) for e in effects], len(network.arcs))
    supplies = _mask(
        [[bool(e.supply) and matches(s, e.supply) for s in case.supplies] for e in effects],
        len(case.supplies),
    )
    markets = _mask(
        [[bool(e.market) and matches(m.split("@")[0], e.market) for m in network.markets] for e in effects],
        len(network.markets),
    )
    facilities = _mask(
        [[bool(e.facility) and matches(f, e.facility) for f in case.facilities] for e in effects],
        len(case.facilities),
    )
    acts = targets.any(axis=1) | supplies.any(axis=1) | markets.any(axis=1) | facilities.any(axis=1)
    idle = [
        Problem(
            "effects.csv",
            "acts on no arc, supply, market or facility",
            "Loosen its selectors, or remove the row",
            None,
            "id",
            e.id,
        )
        for e, some in zip(effects, np.atleast_1d(acts), strict=True)
        if not some
    ]
    if idle:
        raise NetworkError(idle)

    def column(names: Sequence[str | None]) -> IntArray:
        return np.array([ZERO if n is None else network.ledger.index(n) for n in names], dtype=np.int64)

    needs = case.requirements.values()
    return Levers(
        network=network,
        kinds=tuple(e.kind for e in effects),
        measure=np.array([numbers[e.measure] for e in effects], dtype=np.int64),
        needing=np.array([numbers[r.measure] for r in needs], dtype=np.int64),
        needed=np.array([numbers[r.requires] for r in needs], dtype=np.int64),
        full_at=column([r.full_at or "1" for r in needs]),
        size=column([e.size for e in effects]),
        half=column([e.half for e in effects]),
        rebuild=column([e.rebuild for e in effects]),
        stock=column([e.stock for e in effects]),
        lethal=column([e.lethal_pay for e in effects]),
        targets=targets,
        supplies=supplies,
        markets=markets,
        facilities=facilities,
    )


def _mask(rows: list[list[bool]], width: int) -> FloatArray:
    """Rows of an effect each, as zeros and ones; well shaped where there are none."""
    return np.array(rows, dtype=float).reshape(len(rows), width)


def _targets(network: Network, effect: schema.Effect) -> list[bool]:
    """Which arcs an effect acts on: all of its selectors must agree."""
    if effect.supply or effect.market or effect.facility:
        return [False] * len(network.arcs)
    places: Mapping[str, schema.Place] = network.case.places
    local = effect.kind in (schema.EffectKind.REMOVE_HECTARES, schema.EffectKind.RAISE_INCOME)
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
