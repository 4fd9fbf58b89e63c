"""Claims and patterns as operators on the model's outputs.

Spread is the effective number of arcs in use, the inverse of the sum of squared shares (Simpson 1949).

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
area        hectares that stand: tended less those lost          1
eradicated  hectares lost in activities that grow the crop       1
production  what processes and activities make                   1
price       value x stock over nodes                             stock
price ratio price                                                price
pay, fee,   the number x flow over transport arcs                flow
load, crew
yield       output x flow over activities and processes          flow
labour      labour-hectares in activities                        1
spread      (flow over transport arcs)^2                         flow^2
arrests     flow x loss x crew / load over transport arcs        1
supply      what supplies of inputs are paid                     1
income      an actor's income                                    1
========== ==================================================== ===================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow.case import statements
from contraflow.case.selectors import matches, matches_place
from contraflow.errors import ObservationError
from contraflow.model.accounting import books
from contraflow.model.choice import flows
from contraflow.model.economy import Economy
from contraflow.model.equilibrium import Model, Point
from contraflow.model.numerics import jax, jnp

FloatArray = npt.NDArray[np.float64]
Kind = statements.Quantity
Statement = statements.Claim | statements.Pattern

FIELDS = {
    Kind.FLOW: "flow",
    Kind.SHARE: "flow",
    Kind.COUNT: "count",
    Kind.SEIZURE: "seized",
    Kind.ARRIVAL: "arrived",
    Kind.VALUE: "value",
    Kind.AREA: "standing",
    Kind.ERADICATED: "seized",
    Kind.PRODUCTION: "arrived",
    Kind.PAY: "pay",
    Kind.FEE: "flow",
    Kind.LOAD: "load",
    Kind.CREW: "crew",
    Kind.YIELD: "output",
    Kind.LABOUR: "flow",
    Kind.SPREAD: "flow",
    Kind.ARRESTS: "arrests",
}
WEIGHED = ("flow", "seized", "arrived")
"""Fields that may be counted as pure cocaine."""
MEANS = (Kind.PAY, Kind.FEE, Kind.LOAD, Kind.CREW, Kind.YIELD)
PRICES = (Kind.PRICE, Kind.PRICE_RATIO)
PAID = (Kind.INCOME, Kind.SUPPLY)
UNOBSERVED = (Kind.NONE, Kind.LEVEL)
TINY = 1e-12
"""Added to denominators, units per year: keeps the ratio of two empty flows finite."""


class _Sum(NamedTuple):
    """Sums ``mask @ field`` (row, arc) of one field, group and basis; ``part`` is top or bottom."""

    field: str
    group: int
    basis: str
    part: str
    rows: npt.NDArray[np.int64]
    mask: FloatArray


@dataclass(frozen=True, eq=False)
class Observations:
    """Rows of claims or patterns compiled against one model; ``rows`` are those that are observable."""

    model: Model
    rows: tuple[Statement, ...]

    @cached_property
    def _groups(self) -> list[tuple[str, ...]]:
        """Distinct selectors of where the crop was grown; the first is everywhere."""
        return list(dict.fromkeys([(), *(r.grown for r in self.rows)]))

    @cached_property
    def _sums(self) -> tuple[_Sum, ...]:
        """Masked sums over arcs that make numerators and denominators, those of one field together."""
        found: dict[tuple[str, int, str, str], list[tuple[int, FloatArray]]] = {}
        for number, row in enumerate(self.rows):
            if row.quantity in PRICES or row.quantity in PAID:
                continue
            group = self._groups.index(row.grown)
            field = FIELDS[row.quantity]
            basis = row.basis if field in WEIGHED else "product"
            top = self._arcs(row, "")
            if row.quantity is not Kind.FEE:
                found.setdefault((field, group, basis, "top"), []).append((number, top))
            if row.quantity is Kind.SHARE:
                found.setdefault(("flow", group, basis, "bottom"), []).append(
                    (number, self._arcs(row, "of_"))
                )
            elif row.quantity is Kind.SPREAD:
                found.setdefault(("squared", group, "product", "bottom"), []).append((number, top))
            elif row.quantity in MEANS:
                found.setdefault(("flow", group, "product", "bottom"), []).append((number, top))
        return tuple(
            _Sum(*key, np.array([n for n, _ in rows]), np.array([mask for _, mask in rows]))
            for key, rows in found.items()
        )

    @cached_property
    def _nodes_meant(self) -> tuple[FloatArray, FloatArray]:
        """Masks (row, node) of prices and of the prices they are compared with."""
        top = np.zeros((len(self.rows), len(self.model.network.nodes)))
        bottom = top.copy()
        for number, row in enumerate(self.rows):
            if row.quantity in PRICES:
                top[number] = self._nodes(row, row.origin, row.form)
            if row.quantity is Kind.PRICE_RATIO:
                bottom[number] = self._nodes(row, row.of_origin, row.of_form)
        return top, bottom

    @cached_property
    def _payments(self) -> tuple[FloatArray, FloatArray]:
        """Masks of levies (row, fee), and of incomes and then supplies of inputs (row, account)."""
        network = self.model.network
        fees = np.zeros((len(self.rows), len(network.fee_arc)))
        actors = len(network.actor_ids)
        incomes = np.zeros((len(self.rows), actors + 2 + len(network.supply_ids)))
        for number, row in enumerate(self.rows):
            if row.quantity is Kind.INCOME:
                incomes[number, :actors] = self._named(row, row.actor, network.actor_ids, "actor")
            elif row.quantity is Kind.SUPPLY:
                incomes[number, actors + 2 :] = self._named(row, row.supply, network.supply_ids, "supply")
            elif row.quantity is Kind.FEE:
                payee = np.array([matches(network.actor_ids[a], row.actor) for a in network.fee_actor])
                fees[number] = self._arcs(row, "")[network.fee_arc] * payee
        return fees, incomes

    def resolve(self) -> Observations:
        """Work out all selections now; raises ObservationError for the first row that selects nothing."""
        _ = self._sums, self._nodes_meant, self._payments
        return self

    def observe(self, ledger: jax.Array, economy: Economy, point: Point) -> jax.Array:
        """What the model says for every row (row,), in inside units."""
        network, rows = self.model.network, len(self.rows)
        n, content = network.numbers, ledger[network.content]
        grown = self._grown(economy, point)
        arrive = (1 - point.loss) * economy.output
        rate = {
            "flow": jnp.ones(len(network.arcs)),
            "count": 1 / ledger[n.load],
            "seized": point.loss,
            "standing": 1 - point.loss,
            "arrived": arrive,
            "value": point.value[network.tail],
            "pay": ledger[n.pay],
            "load": ledger[n.load],
            "crew": ledger[n.crew],
            "output": economy.output,
            "squared": point.flow,
            "arrests": point.loss * ledger[n.crew] / ledger[n.load],
        }
        top, bottom = jnp.zeros(rows), jnp.zeros(rows)
        for s in self._sums:
            field = grown[s.group] * rate[s.field]
            if s.basis == "pure":
                field = field * content[network.head if s.field == "arrived" else network.tail]
            total = s.mask @ field
            if s.part == "top":
                top = top.at[s.rows].set(total)
            else:
                bottom = bottom.at[s.rows].set(total)
        fees, incomes = self._payments
        for number in np.flatnonzero(fees.any(axis=1)):
            group = self._groups.index(self.rows[number].grown)
            paid = ledger[network.fee_amount] * grown[group][network.fee_arc]
            top = top.at[number].set(fees[number] @ paid)
        spread = np.array([r.quantity is Kind.SPREAD for r in self.rows], dtype=bool)
        top = jnp.where(spread, top**2, top)
        divided = np.array([r.quantity in (Kind.SHARE, Kind.SPREAD, *MEANS) for r in self.rows], dtype=bool)
        result = jnp.where(divided, top / (bottom + TINY), top)

        stock = point.stock + TINY
        above, below = (mask @ (stock * point.value) / (mask @ stock + TINY) for mask in self._nodes_meant)
        is_price = np.array([r.quantity is Kind.PRICE for r in self.rows], dtype=bool)
        is_ratio = np.array([r.quantity is Kind.PRICE_RATIO for r in self.rows], dtype=bool)
        result = jnp.where(is_price, above, result)
        result = jnp.where(is_ratio, above / jnp.where(is_ratio, below, 1.0), result)
        if incomes.any():
            kept = books(network, ledger, economy, point)
            income = incomes @ jnp.concatenate([kept.income, kept.supplied])
            result = jnp.where(incomes.any(axis=1), income, result)
        return result

    def _grown(self, economy: Economy, point: Point) -> jax.Array:
        """Flows (group, arc) of what was grown in each group of zones, given everyone's choices."""
        network, layout = self.model.network, self.model.layout
        places = network.case.places
        arrive = (1 - point.loss) * economy.output
        share = jnp.concatenate([point.share, jnp.zeros(1)])[layout.slots]
        masks = np.array(
            [[matches_place(places[p], g) for p in network.node_place] for g in self._groups[1:]]
        )
        if not len(masks):
            return point.flow[None]
        part = jax.vmap(lambda mask: flows(layout, share, arrive, economy.endowment * mask).arc)(
            jnp.asarray(masks, dtype=float)
        )
        return jnp.concatenate([point.flow[None], part])

    def _arcs(self, row: Statement, prefix: str) -> FloatArray:
        network = self.model.network
        places = network.case.places
        origin = getattr(row, f"{prefix}origin")
        destination = getattr(row, f"{prefix}destination")
        mode, form, step = (getattr(row, f"{prefix}{f}") for f in ("mode", "form", "step"))
        content = network.content
        chosen = np.zeros(len(network.arcs))
        for number, arc in enumerate(network.arcs):
            if row.quantity in (Kind.AREA, Kind.ERADICATED):
                kind = arc.kind == "activity" and (bool(form) or content[network.head[number]] > 0)
                form_ok = matches(arc.form_out, form)
            elif row.quantity is Kind.LABOUR:
                kind = arc.kind == "activity"
                form_ok = matches(arc.form_out, form)
            elif row.quantity is Kind.PRODUCTION or row.quantity is Kind.YIELD:
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

    def _nodes(self, row: Statement, origin: tuple[str, ...], form: tuple[str, ...]) -> FloatArray:
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

    def _named(
        self,
        row: Statement,
        tokens: tuple[str, ...],
        ids: tuple[str, ...],
        what: str,
    ) -> FloatArray:
        chosen = np.array([bool(tokens) and matches(name, tokens) for name in ids])
        if not chosen.any():
            raise self._empty(row, what)
        return chosen.astype(float)

    def _empty(self, row: Statement, what: str) -> ObservationError:
        return ObservationError(
            f"{row.table}.csv, '{row.id}': its {row.quantity.value} selects no {what} of the network. "
            "Loosen its selectors (from, to, mode, form, step, actor, supply), or set quantity to 'none'."
        )


def observable(
    rows: Sequence[Statement],
) -> tuple[Statement, ...]:
    """Those rows that name an output of the model."""
    return tuple(
        r
        for r in rows
        if r.quantity not in UNOBSERVED
        and not (isinstance(r, statements.Claim) and r.use is statements.Use.CONTEXT)
    )
