"""Claims and patterns as operators on the outputs of the model.

Every observation is a ratio of two sums over arcs (or nodes, or accounts), and :data:`OPERATORS` has one
entry per quantity that says which. Units and words of the quantities are in
:mod:`contraflow.case.quantities`. All sums of one field are computed as one product with a mask. Spread is
the effective number of arcs in use, the inverse of the sum of squared shares (Simpson 1949, Nature 163).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow._language import N_, _
from contraflow._types import FloatArray
from contraflow.case import statements
from contraflow.case.quantities import Quantity
from contraflow.case.selectors import matches, matches_place
from contraflow.errors import ObservationError, Problem
from contraflow.model.accounting import books
from contraflow.model.choice import flows
from contraflow.model.economy import Economy
from contraflow.model.equilibrium import Model, Point
from contraflow.model.numerics import jax, jnp
from contraflow.network.network import Arc, Network

Kind = Quantity
Statement = statements.Claim | statements.Pattern


class Seen(NamedTuple):
    """An economy and the point where it settles, as operators see them."""

    network: Network
    """The network."""
    ledger: jax.Array
    """Values of the ledger (number,)."""
    economy: Economy
    """The economy."""
    point: Point
    """Prices, flows and losses."""


RATES: dict[str, Callable[[Seen], jax.Array]] = {
    "flow": lambda s: jnp.ones(len(s.network.arcs)),
    "consignments": lambda s: 1 / s.ledger[s.network.numbers.load],
    "seized": lambda s: s.point.loss,
    "standing": lambda s: 1 - s.point.loss,
    "arrived": lambda s: (1 - s.point.loss) * s.economy.output,
    "value": lambda s: s.point.value[s.network.tail],
    "pay": lambda s: s.ledger[s.network.numbers.pay],
    "load": lambda s: s.ledger[s.network.numbers.load],
    "crew": lambda s: s.ledger[s.network.numbers.crew],
    "output": lambda s: s.economy.output,
    "squared": lambda s: s.point.flow,
    "arrests": lambda s: s.point.loss * s.ledger[s.network.numbers.crew] / s.ledger[s.network.numbers.load],
}
"""Fields by name: what is counted per unit of flow at the tail of an arc (arc,)."""

WEIGHED = ("flow", "seized", "arrived")
"""Fields that may be counted as pure substance."""


class Arcs(NamedTuple):
    """Arcs that a quantity may select."""

    kinds: tuple[str, ...]
    """Kinds of arcs."""
    made: bool = False
    """Whether the selector of forms means the form that the arc makes, not the one it uses up or carries."""
    pure: bool = False
    """Whether, if no form is named, only arcs are meant that make a form with a content of pure substance."""


LINKS = Arcs(("link",))
CROPS = Arcs(("activity",), made=True, pure=True)
ACTIVITIES = Arcs(("activity",), made=True)
MAKERS = Arcs(("process", "activity"), made=True)


@dataclass(frozen=True)
class Sums:
    """A sum of a field over arcs, or a ratio of two."""

    arcs: Arcs
    """Arcs that may be selected."""
    top: str
    """Field of the numerator."""
    bottom: str | None = None
    """Field of the denominator; None for a plain sum."""
    of: bool = False
    """Whether the denominator is over the arcs that the columns ``of_`` select, instead of the same arcs."""
    squared: bool = False
    """Whether the numerator is squared."""


@dataclass(frozen=True)
class Levies:
    """Fees that arcs pay to actors, relative to a field."""

    arcs: Arcs
    """Arcs that may be selected."""
    bottom: str
    """Field of the denominator, over the same arcs."""


@dataclass(frozen=True)
class Prices:
    """Price at nodes, weighted by stock."""

    ratio: bool
    """Whether it is divided by the price at the nodes of the columns ``of_``."""


@dataclass(frozen=True)
class Payments:
    """Income of some accounts."""

    accounts: Literal["actor", "supply"]
    """Accounts of actors, or of supplies of inputs."""


Operator = Sums | Levies | Prices | Payments

OPERATORS: Mapping[Kind, Operator] = {
    Kind.FLOW: Sums(LINKS, "flow"),
    Kind.SHARE: Sums(LINKS, "flow", "flow", of=True),
    Kind.PRICE: Prices(ratio=False),
    Kind.PRICE_RATIO: Prices(ratio=True),
    Kind.VALUE: Sums(LINKS, "value"),
    Kind.AREA: Sums(CROPS, "standing"),
    Kind.ERADICATED: Sums(CROPS, "seized"),
    Kind.PRODUCTION: Sums(MAKERS, "arrived"),
    Kind.ARRIVAL: Sums(LINKS, "arrived"),
    Kind.LOAD: Sums(LINKS, "load", "flow"),
    Kind.CREW: Sums(LINKS, "crew", "flow"),
    Kind.PAY: Sums(LINKS, "pay", "flow"),
    Kind.FEE: Levies(LINKS, "flow"),
    Kind.YIELD: Sums(MAKERS, "output", "flow"),
    Kind.SEIZURE: Sums(LINKS, "seized"),
    Kind.COUNT: Sums(LINKS, "consignments"),
    Kind.INCOME: Payments("actor"),
    Kind.LABOUR: Sums(ACTIVITIES, "flow"),
    Kind.SUPPLY: Payments("supply"),
    Kind.ARRESTS: Sums(LINKS, "arrests"),
    Kind.SPREAD: Sums(LINKS, "flow", "squared", squared=True),
}
"""Operator of each quantity."""


def check_operators(operators: Mapping[Kind, Operator], quantities: Iterable[Kind] = Kind) -> None:
    """Check that the operators are complete.

    Parameters
    ----------
    operators
        Operator of each quantity.
    quantities
        All quantities.

    Raises
    ------
    ValueError
        Unless every observed quantity has an operator made of known fields, and no other quantity has one.
    """
    observed = {quantity for quantity in quantities if quantity.observed}
    for quantity in sorted(observed.symmetric_difference(operators)):
        fault = "no operator" if quantity in observed else "an operator, but is not observed"
        raise ValueError(f"the quantity '{quantity}' has {fault}")
    for quantity, operator in operators.items():
        for field in (getattr(operator, "top", None), getattr(operator, "bottom", None)):
            if field is not None and field not in RATES:
                raise ValueError(f"the quantity '{quantity}' is made of the unknown field '{field}'")
        if isinstance(operator, Sums) and operator.of and operator.bottom is None:
            raise ValueError(f"the quantity '{quantity}' has the arcs of a denominator, but no field for it")


check_operators(OPERATORS)

NO_ARC = N_("its {quantity} selects no arc of the network")
NO_ARC_BELOW = N_("its {quantity} selects no arc of its denominator of the network")
NO_ACTOR = N_("its {quantity} selects no actor of the network")
NO_SUPPLY = N_("its {quantity} selects no supply of the network")

TINY = 1e-12
"""Added to denominators, units per year; keeps the ratio of two empty flows finite."""


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
    """Claims or patterns compiled against one model."""

    model: Model
    """The model."""
    rows: tuple[Statement, ...]
    """Observable rows."""

    @cached_property
    def _groups(self) -> list[tuple[str, ...]]:
        """Distinct selectors of the zones where the crop was grown; the first is everywhere."""
        return list(dict.fromkeys([(), *(r.grown for r in self.rows)]))

    @cached_property
    def _sums(self) -> tuple[_Sum, ...]:
        """Masked sums over arcs for numerators and denominators, grouped by field."""
        found: dict[tuple[str, int, str, str], list[tuple[int, FloatArray]]] = {}

        def add(field: str, number: int, basis: str, part: str, mask: FloatArray) -> None:
            key = field, self._groups.index(self.rows[number].grown), basis, part
            found.setdefault(key, []).append((number, mask))

        for number, row in enumerate(self.rows):
            operator = OPERATORS[row.quantity]
            if not isinstance(operator, Sums | Levies):
                continue
            over = self._arcs(row, operator.arcs, "")
            if isinstance(operator, Sums):
                basis = row.basis if operator.top in WEIGHED else "product"
                add(operator.top, number, basis, "top", over)
            if isinstance(operator, Sums) and operator.of and operator.bottom is not None:
                basis = row.basis if operator.bottom in WEIGHED else "product"
                add(operator.bottom, number, basis, "bottom", self._arcs(row, operator.arcs, "of_"))
            elif operator.bottom is not None:
                add(operator.bottom, number, "product", "bottom", over)
        return tuple(
            _Sum(*key, np.array([n for n, _ in rows]), np.array([mask for _, mask in rows]))
            for key, rows in found.items()
        )

    @cached_property
    def _nodes_meant(self) -> tuple[FloatArray, FloatArray]:
        """Masks (row, node) of prices and of the prices with which they are compared."""
        top = np.zeros((len(self.rows), len(self.model.network.nodes)))
        bottom = top.copy()
        for number, row in enumerate(self.rows):
            operator = OPERATORS[row.quantity]
            if isinstance(operator, Prices):
                top[number] = self._nodes(row, row.origin, row.form)
                if operator.ratio:
                    bottom[number] = self._nodes(row, row.of_origin, row.of_form)
        return top, bottom

    @cached_property
    def _payments(self) -> tuple[FloatArray, FloatArray]:
        """Masks of levies (row, fee), and of incomes followed by supplies of inputs (row, account)."""
        network = self.model.network
        fees = np.zeros((len(self.rows), len(network.fee_arc)))
        actors = len(network.actor_ids)
        incomes = np.zeros((len(self.rows), actors + 2 + len(network.supply_ids)))
        for number, row in enumerate(self.rows):
            operator = OPERATORS[row.quantity]
            if isinstance(operator, Levies):
                payee = np.array([matches(network.actor_ids[a], row.actor) for a in network.fee_actor])
                fees[number] = self._arcs(row, operator.arcs, "")[network.fee_arc] * payee
            elif isinstance(operator, Payments) and operator.accounts == "actor":
                incomes[number, :actors] = self._named(row, row.actor, network.actor_ids, NO_ACTOR)
            elif isinstance(operator, Payments):
                incomes[number, actors + 2 :] = self._named(row, row.supply, network.supply_ids, NO_SUPPLY)
        return fees, incomes

    @cached_property
    def _zones(self) -> FloatArray:
        """Masks (group, node) of the zones of each group but the first."""
        network = self.model.network
        places = network.case.places
        masks = [[matches_place(places[p], g) for p in network.node_place] for g in self._groups[1:]]
        return np.array(masks, dtype=float).reshape(len(masks), len(network.nodes))

    def parts(self) -> Iterator[str | npt.NDArray[np.generic]]:
        """All that :meth:`observe` takes from the rows, in a fixed order; the model is all that is missing.

        Rows with equal parts, against models of one structure, are observed by the same compiled code.
        """
        yield repr([(row.quantity.value, self._groups.index(row.grown)) for row in self.rows])
        for part in self._sums:
            yield repr((part.field, part.group, part.basis, part.part))
            yield part.rows
            yield part.mask
        yield from (self._zones, *self._nodes_meant, *self._payments)

    def resolve(self) -> Observations:
        """Resolve all selectors now. Raises ObservationError for the first row that selects nothing."""
        _ = self._sums, self._nodes_meant, self._payments
        return self

    def observe(self, ledger: jax.Array, economy: Economy, point: Point) -> jax.Array:
        """The model's value of every row (row,), in units of the model.

        Parameters
        ----------
        ledger
            Values of the ledger (number,).
        economy
            The economy, staffed.
        point
            Prices, flows and losses.
        """
        network, rows = self.model.network, len(self.rows)
        content = ledger[network.content]
        seen = Seen(network, ledger, economy, point)
        grown = self._grown(economy, point)
        top, bottom = jnp.zeros(rows), jnp.zeros(rows)
        for s in self._sums:
            field = grown[s.group] * RATES[s.field](seen)
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
        operators = [OPERATORS[row.quantity] for row in self.rows]
        squared = np.array([isinstance(o, Sums) and o.squared for o in operators], dtype=bool)
        top = jnp.where(squared, top**2, top)
        divided = np.array(
            [isinstance(o, Sums | Levies) and o.bottom is not None for o in operators], dtype=bool
        )
        result = jnp.where(divided, top / (bottom + TINY), top)

        stock = point.stock + TINY
        above, below = (mask @ (stock * point.value) / (mask @ stock + TINY) for mask in self._nodes_meant)
        is_price = np.array([o == Prices(ratio=False) for o in operators], dtype=bool)
        is_ratio = np.array([o == Prices(ratio=True) for o in operators], dtype=bool)
        result = jnp.where(is_price, above, result)
        result = jnp.where(is_ratio, above / jnp.where(is_ratio, below, 1.0), result)
        if incomes.any():
            kept = books(network, ledger, economy, point)
            income = incomes @ jnp.concatenate([kept.income, kept.supplied])
            result = jnp.where(incomes.any(axis=1), income, result)
        return result

    def _grown(self, economy: Economy, point: Point) -> jax.Array:
        """Flows (group, arc) of what was grown in each group of zones, given everyone's choices."""
        layout = self.model.layout
        arrive = (1 - point.loss) * economy.output
        share = jnp.concatenate([point.share, jnp.zeros(1)])[layout.slots]
        if not len(self._zones):
            return point.flow[None]
        part = jax.vmap(lambda mask: flows(layout, share, arrive, point.endowment * mask).arc)(
            jnp.asarray(self._zones)
        )
        return jnp.concatenate([point.flow[None], part])

    def _arcs(self, row: Statement, arcs: Arcs, prefix: str) -> FloatArray:
        """Mask (arc,) of the arcs that the selectors of a row, or of its denominator, select."""
        network = self.model.network
        places = network.case.places
        origin = getattr(row, f"{prefix}origin")
        destination = getattr(row, f"{prefix}destination")
        mode, form, step = (getattr(row, f"{prefix}{f}") for f in ("mode", "form", "step"))
        content = network.content

        def chosen(number: int, arc: Arc) -> bool:
            return (
                arc.kind in arcs.kinds
                and (not arcs.pure or bool(form) or bool(content[network.head[number]] > 0))
                and matches(arc.form_out if arcs.made else arc.form, form)
                and matches_place(places[arc.from_place], origin)
                and matches_place(places[arc.to_place], destination)
                and matches(arc.mode, mode)
                and matches(arc.step, step)
            )

        mask = np.array([chosen(number, arc) for number, arc in enumerate(network.arcs)], dtype=float)
        if not mask.any():
            raise self._empty(row, NO_ARC if not prefix else NO_ARC_BELOW)
        return mask

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
            raise self._empty(row, N_("its {quantity} selects no node of the network"))
        return chosen

    def _named(
        self,
        row: Statement,
        tokens: tuple[str, ...],
        ids: tuple[str, ...],
        text: str,
    ) -> FloatArray:
        chosen = np.array([bool(tokens) and matches(name, tokens) for name in ids])
        if not chosen.any():
            raise self._empty(row, text)
        return chosen.astype(float)

    def _empty(self, row: Statement, text: str) -> ObservationError:
        message = _(text).format(quantity=row.quantity.value)
        cure = _(
            "Loosen its selectors (from, to, mode, form, step, actor, supply), or set quantity to 'none'"
        )
        problem = Problem(f"{row.table}.csv", message, cure, None, "id", row.id)
        return ObservationError(f"{problem.file}, '{row.id}': {message}. {cure}.", problem)


def observable(
    rows: Sequence[Statement],
) -> tuple[Statement, ...]:
    """The rows that name an output of the model and are not mere context."""
    return tuple(
        r
        for r in rows
        if r.quantity.observed and not (isinstance(r, statements.Claim) and r.use is statements.Use.CONTEXT)
    )
