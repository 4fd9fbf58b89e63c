"""Claims and patterns as operators on the model's outputs.

Every observation is a ratio of two sums over arcs (or nodes) of one of a few fields, so all of them
together are two masked sums.

========== ==================================================== ===================
quantity    numerator                                            denominator
========== ==================================================== ===================
flow        flow over transport arcs                             1
count       flow / load                                          1
seizure     flow x loss                                          1
arrival     what arrives at the selected places                  1
value       flow x value at the tail                             1
share       flow over the numerator's arcs                       the denominator's
area        hectares in activities that grow the crop            1
production  what processes and activities make                   1
price       value x stock over nodes                             stock
price ratio price                                                price
pay, fee,   the number x flow over transport arcs                flow
load, crew
yield       output x flow over activities and processes          flow
income      an actor's income                                    1
========== ==================================================== ===================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from contraflow.case import schema
from contraflow.case.selectors import matches, matches_place
from contraflow.errors import ObservationError
from contraflow.model.accounting import books
from contraflow.model.choice import flows
from contraflow.model.economy import Economy
from contraflow.model.equilibrium import Model, Point
from contraflow.model.numerics import jax, jnp

FloatArray = npt.NDArray[np.float64]
Kind = schema.Quantity

ARC_FIELDS = {
    Kind.FLOW: "flow",
    Kind.SHARE: "flow",
    Kind.COUNT: "count",
    Kind.SEIZURE: "seized",
    Kind.ARRIVAL: "arrived",
    Kind.VALUE: "value",
    Kind.AREA: "flow",
    Kind.PRODUCTION: "arrived",
    Kind.PAY: "pay",
    Kind.FEE: "fee",
    Kind.LOAD: "load",
    Kind.CREW: "crew",
    Kind.YIELD: "output",
}
MEANS = (Kind.PAY, Kind.FEE, Kind.LOAD, Kind.CREW, Kind.YIELD)
PRICES = (Kind.PRICE, Kind.PRICE_RATIO)
UNOBSERVED = (Kind.NONE, Kind.LEVEL)
FIELDS = ("flow", "count", "seized", "arrived", "value", "pay", "load", "crew", "output", "fee")
TINY = 1e-12
"""Added to denominators, units per year: keeps the ratio of two empty flows finite."""


@dataclass(frozen=True, eq=False)
class Observations:
    """Rows of claims or patterns compiled against one model; ``rows`` are those that are observable."""

    model: Model
    rows: tuple[schema.Claim | schema.Pattern, ...]

    @cached_property
    def _groups(self) -> list[tuple[str, ...]]:
        """Distinct selectors of where the crop was grown; the first is everywhere."""
        return list(dict.fromkeys([(), *(r.grown for r in self.rows)]))

    @cached_property
    def _selections(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        network = self.model.network
        arcs, nodes = len(network.arcs), len(network.nodes)
        top, bottom = np.zeros((len(self.rows), arcs)), np.zeros((len(self.rows), arcs))
        node_top, node_bottom = np.zeros((len(self.rows), nodes)), np.zeros((len(self.rows), nodes))
        fees = np.zeros((len(self.rows), len(network.fee_arc)))
        incomes = np.zeros((len(self.rows), len(network.actor_ids) + 2))
        for number, row in enumerate(self.rows):
            if row.quantity in PRICES:
                node_top[number] = self._nodes(row, row.origin, row.form)
                if row.quantity is Kind.PRICE_RATIO:
                    node_bottom[number] = self._nodes(row, row.of_origin, row.of_form)
            elif row.quantity is Kind.INCOME:
                incomes[number, : len(network.actor_ids)] = self._actors(row)
            else:
                top[number] = self._arcs(row, "")
                if row.quantity is Kind.SHARE:
                    bottom[number] = self._arcs(row, "of_")
                elif row.quantity in MEANS:
                    bottom[number] = top[number]
                if row.quantity is Kind.FEE:
                    fees[number] = top[number][network.fee_arc] * np.array(
                        [matches(network.actor_ids[a], row.actor) for a in network.fee_actor], dtype=float
                    )
        return top, bottom, node_top, node_bottom, fees, incomes

    def observe(self, ledger: jax.Array, economy: Economy, point: Point) -> jax.Array:
        """What the model says for every row (row,), in inside units."""
        if not self.rows:
            return jnp.zeros(0)
        network, model = self.model.network, self.model
        top, bottom, node_top, node_bottom, fee_mask, income_mask = self._selections
        grown = self._grown(economy, point)
        content = ledger[network.content]
        n = network.numbers
        arrive = (1 - point.loss) * economy.output
        fields = {
            "flow": grown,
            "count": grown / ledger[n.load],
            "seized": grown * point.loss,
            "arrived": grown * arrive,
            "value": grown * point.value[network.tail],
            "pay": grown * ledger[n.pay],
            "load": grown * ledger[n.load],
            "crew": grown * ledger[n.crew],
            "output": grown * economy.output,
            "fee": grown * 0.0,
        }
        stacked = jnp.stack([fields[name] for name in FIELDS])
        kind = np.array([FIELDS.index(ARC_FIELDS.get(r.quantity, "flow")) for r in self.rows])
        group = np.array([self._groups.index(r.grown) for r in self.rows])
        pure = np.array([r.basis == "pure" for r in self.rows])
        tail_content, head_content = content[network.tail], content[network.head]
        at_head = np.isin(kind, [FIELDS.index("arrived")])
        weight = jnp.where(at_head[:, None], head_content, tail_content)
        weight = jnp.where(pure[:, None], weight, 1.0)
        numerator = jnp.sum(stacked[kind, group] * weight * top, axis=1)
        paid = ledger[network.fee_amount] * grown[:, network.fee_arc][group]
        numerator = numerator + jnp.sum(paid * fee_mask, axis=1)
        denominator = jnp.sum(grown[group] * jnp.where(pure[:, None], tail_content, 1.0) * bottom, axis=1)
        ratio = np.array([r.quantity is Kind.SHARE or r.quantity in MEANS for r in self.rows])
        result = jnp.where(ratio, numerator / (denominator + TINY), numerator)

        stock = point.stock + TINY
        price = node_top @ (stock * point.value) / (node_top @ stock + TINY)
        other = node_bottom @ (stock * point.value) / (node_bottom @ stock + TINY)
        is_price = np.array([r.quantity is Kind.PRICE for r in self.rows])
        is_ratio = np.array([r.quantity is Kind.PRICE_RATIO for r in self.rows])
        result = jnp.where(is_price, price, result)
        result = jnp.where(is_ratio, price / jnp.where(is_ratio, other, 1.0), result)
        if income_mask.any():
            income = income_mask @ books(network, ledger, economy, point).income
            result = jnp.where(np.array([r.quantity is Kind.INCOME for r in self.rows]), income, result)
        return result

    def _grown(self, economy: Economy, point: Point) -> jax.Array:
        """Flows (group, arc) of what was grown in each group of zones, given everyone's choices."""
        network, plan = self.model.network, self.model.plan
        places = network.case.places
        arrive = (1 - point.loss) * economy.output
        share = jnp.concatenate([point.share, jnp.zeros(1)])[plan.slots]
        masks = np.array([[matches_place(places[p], g) for p in network.node_place] for g in self._groups[1:]])
        if not len(masks):
            return point.flow[None]
        part = jax.vmap(lambda mask: flows(plan, share, arrive, economy.endowment * mask).arc)(
            jnp.asarray(masks, dtype=float)
        )
        return jnp.concatenate([point.flow[None], part])

    def _arcs(self, row: schema.Claim | schema.Pattern, prefix: str) -> FloatArray:
        network = self.model.network
        places = network.case.places
        origin = getattr(row, f"{prefix}origin")
        destination = getattr(row, f"{prefix}destination")
        mode, form, step = (getattr(row, f"{prefix}{f}") for f in ("mode", "form", "step"))
        content = network.content
        chosen = np.zeros(len(network.arcs))
        for number, arc in enumerate(network.arcs):
            if row.quantity is Kind.AREA:
                kind = arc.kind == "activity" and (bool(form) or content[network.head[number]] > 0)
                form_ok = matches(arc.form_out, form)
            elif row.quantity is Kind.PRODUCTION:
                kind = arc.kind in ("process", "activity")
                form_ok = matches(arc.form_out, form)
            elif row.quantity is Kind.YIELD:
                kind = arc.kind in ("process", "activity")
                form_ok = matches(arc.form_out, form)
            else:
                kind = arc.kind == "link"
                form_ok = matches(arc.form, form)
            chosen[number] = (
                kind
                and form_ok
                and matches_place(places[arc.from_place], origin)
                and matches_place(places[arc.to_place], destination)
                and matches(arc.mode, mode)
                and matches(arc.step, step)
            )
        if not chosen.any():
            raise self._empty(row, "arc" if not prefix else "arc of its denominator")
        return chosen

    def _nodes(
        self, row: schema.Claim | schema.Pattern, origin: tuple[str, ...], form: tuple[str, ...]
    ) -> FloatArray:
        network = self.model.network
        chosen = np.array(
            [
                matches_place(network.case.places[p], origin) and matches(f, form)
                for p, f in zip(network.node_place, network.node_form, strict=True)
            ],
            dtype=float,
        )
        if not chosen.any():
            raise self._empty(row, "node")
        return chosen

    def _actors(self, row: schema.Claim | schema.Pattern) -> FloatArray:
        chosen = np.array([bool(row.actor) and matches(a, row.actor) for a in self.model.network.actor_ids])
        if not chosen.any():
            raise self._empty(row, "actor")
        return chosen.astype(float)

    def _empty(self, row: schema.Claim | schema.Pattern, what: str) -> ObservationError:
        return ObservationError(
            f"{row.table}.csv, '{row.id}': its {row.quantity.value} selects no {what} of the network. "
            "Loosen its selectors (from, to, mode, form, step, actor), or set quantity to 'none'."
        )


def observable(rows: Sequence[schema.Claim | schema.Pattern]) -> tuple[schema.Claim | schema.Pattern, ...]:
    """Those rows that name an output of the model."""
    return tuple(
        r
        for r in rows
        if r.quantity not in UNOBSERVED
        and not (isinstance(r, schema.Claim) and r.use is schema.Use.CONTEXT)
    )
