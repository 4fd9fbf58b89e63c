"""What each kind of effect does to an economy: one function per entry of :mod:`contraflow.case.effects`.

A function takes the effects of its kind and returns a :class:`Change`. The changes of all kinds are summed,
so their order has no meaning: first everything is added, then everything is scaled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from contraflow._language import N_, _
from contraflow._types import FloatArray, IntArray
from contraflow.case import effects
from contraflow.case.behaviour import row_id
from contraflow.case.effects import ActsOn
from contraflow.model.economy import Economy
from contraflow.model.numerics import jax, jnp
from contraflow.network.network import ZERO, Network

_BY_DOMAIN = {ActsOn.FACILITIES: frozenset(("open_share",)), ActsOn.MARKETS: frozenset(("demand",))}
_DERIVED = frozenset(
    (
        "weight",
        "gain",
        "endowment",
        "hired",
        "bought",
        "bought_share",
        "taken",
        "lethal_pay",
        "planted",
        "open_part",
    )
)
_FIELDS = frozenset(f.name for f in fields(Economy)) - _DERIVED - frozenset().union(*_BY_DOMAIN.values())

ADDABLE = _FIELDS | {"lethal_pay", "cleared"}
"""Fields to which effects on arcs, activities or supplies may add: those of
:class:`~contraflow.model.economy.Economy` except those that follow from others, ``lethal_pay`` (arc,), the
added hazard times what crews ask for it beyond risk pay, in USD per unit, and ``cleared`` (arc,), the rate at
which fields are destroyed, per year.
"""

SCALABLE = _FIELDS | {"revenue_kept", "open_part"}
"""Fields that they may scale: the same, ``revenue_kept`` (arc,), the share of delivered value that the state
leaves, and ``open_part`` (arc,), the part of an option that is open.
"""


@dataclass(frozen=True)
class Change:
    """What effects do to the fields of an economy.

    Kinds that act on facilities may only scale ``open_share``, and those that act on markets only ``demand``;
    both are relative to the baseline.
    """

    added: Mapping[str, jax.Array] = field(default_factory=dict)
    """What is added to a field of :data:`ADDABLE`, by its name."""
    scaled: Mapping[str, jax.Array] = field(default_factory=dict)
    """Natural logarithm of the factor on a field of :data:`SCALABLE`, by its name."""

    def add(self, name: str, value: jax.Array) -> jax.Array:
        """The ``value`` of a field, with what is added to it."""
        return value + self.added[name] if name in self.added else value

    def scale(self, name: str, value: jax.Array) -> jax.Array:
        """The ``value`` of a field, scaled."""
        return value * jnp.exp(self.scaled[name]) if name in self.scaled else value


@dataclass(frozen=True, eq=False)
class Acting:
    """All effects of one kind in a case, at one set of levels of the measures.

    Masks are 1 where an effect acts and 0 elsewhere.
    """

    network: Network
    """The network."""
    ledger: jax.Array
    """Values of the ledger (number,)."""
    amount: jax.Array
    """Amount of each effect (effect,), in the unit of its size."""
    arcs: jax.Array | FloatArray
    """Mask of arcs (effect, arc); for searches, weighted by the effort spent there."""
    supplies: FloatArray
    """Mask of supplies (effect, supply)."""
    markets: FloatArray
    """Mask of markets (effect, market)."""
    facilities: FloatArray
    """Mask of facilities (effect, facility)."""
    places: Mapping[str, IntArray]
    """Positions in the ledger (effect,), by column of effects.csv."""

    def number(self, column: str) -> jax.Array:
        """The number that each effect names in a ``column`` (effect,); 0 where the cell is empty."""
        return self.ledger[self.places[column]]

    def names(self, column: str) -> npt.NDArray[np.bool_]:
        """Whether each effect names a number in a ``column`` (effect,)."""
        return self.places[column] > ZERO

    def on_arcs(self, amount: jax.Array) -> jax.Array:
        """Sum of amounts (effect,) over the effects that act on each arc (arc,)."""
        return amount @ self.arcs

    def on_supplies(self, amount: jax.Array) -> jax.Array:
        """Sum of amounts (effect,) over the effects that act on each supply (supply,)."""
        return amount @ self.supplies

    def on_markets(self, amount: jax.Array) -> jax.Array:
        """Sum of amounts (effect,) over the effects that act on each market (market,)."""
        return amount @ self.markets

    def on_facilities(self, amount: jax.Array) -> jax.Array:
        """Sum of amounts (effect,) over the effects that act on each facility (facility,)."""
        return amount @ self.facilities


Application = Callable[[Acting], Change]

_applications: dict[str, Application] = {}


def applies(kind: str) -> Callable[[Application], Application]:
    """Register the decorated function as the one that applies a kind of effect.

    Parameters
    ----------
    kind
        A kind that is registered in :mod:`contraflow.case.effects`.

    Raises
    ------
    ValueError
        If the kind is not registered, or has a function already.
    """
    entry = effects.entry_of(kind)

    def keep(function: Application) -> Application:
        if entry.kind in _applications:
            text = _("the kind of effect '{kind}' is applied by another function already")
            raise ValueError(text.format(kind=kind))
        _applications[entry.kind] = function
        return function

    return keep


def withdraw(kind: str) -> None:
    """Remove a kind that was added, with its function. Raises ValueError for a kind of the package."""
    effects.unregister(kind)
    _applications.pop(kind, None)


def without_function(kinds: Iterable[str]) -> tuple[str, ...]:
    """Those of ``kinds`` that no function applies."""
    return tuple(kind for kind in kinds if kind not in _applications)


def by_contraflow(kind: str) -> bool:
    """Whether the function of a kind is that of this module, whose code is known."""
    return _applications[kind].__module__ == __name__


def change(kind: str, acting: Acting) -> Change:
    """What the effects of a kind do.

    Parameters
    ----------
    kind
        A kind with a function.
    acting
        The effects of this kind, at their levels.

    Raises
    ------
    ValueError
        If the function changes a field that effects of this kind may not change.
    """
    made = _applications[kind](acting)
    only = _BY_DOMAIN.get(effects.entry_of(kind).acts_on)
    allowed = (ADDABLE, SCALABLE) if only is None else (frozenset[str](), only)
    texts = (
        N_("the kind of effect '{kind}' adds to '{field}', but this may be one of {fields}"),
        N_("the kind of effect '{kind}' scales '{field}', but this may be one of {fields}"),
    )
    for text, names, may in zip(texts, (made.added, made.scaled), allowed, strict=True):
        if wrong := sorted(set(names) - may):
            told = (
                _(text)
                if may
                else _("the kind of effect '{kind}' adds to '{field}', but this is not possible for it")
            )
            raise ValueError(told.format(kind=kind, field=wrong[0], fields=", ".join(sorted(may))))
    return made


def total(changes: Iterable[Change]) -> Change:
    """The sum of changes."""
    added: dict[str, jax.Array] = {}
    scaled: dict[str, jax.Array] = {}
    for made in changes:
        for into, part in ((added, made.added), (scaled, made.scaled)):
            for name, value in part.items():
                into[name] = into[name] + value if name in into else value
    return Change(added, scaled)


@applies("add hazard")
def _add_hazard(acting: Acting) -> Change:
    lethal = acting.amount * acting.names("lethal_pay")
    ledger = acting.network.ledger
    believed = acting.ledger[ledger.index(row_id("fear_multiplier"))]
    return Change(
        added={
            "hazard": acting.on_arcs(acting.amount),
            "fear": acting.on_arcs((believed - 1) * lethal),
            "lethal_pay": acting.on_arcs(acting.amount * acting.number("lethal_pay")),
            "supply_hazard": acting.on_supplies(acting.amount),
        }
    )


@applies("scale hazard")
def _scale_hazard(acting: Acting) -> Change:
    factor = jnp.log1p(acting.amount)
    return Change(scaled={"hazard": acting.on_arcs(factor), "supply_hazard": acting.on_supplies(factor)})


@applies("remove capacity")
def _remove_capacity(acting: Acting) -> Change:
    """Where N r are rebuilt a year and N d destroyed, r / (r + d) are open in the long run."""
    rebuild = acting.number("rebuild")
    rebuilt = rebuild / (rebuild + jnp.maximum(acting.amount, 0.0) + (rebuild == 0))
    left = jnp.where(acting.names("rebuild"), rebuilt, jnp.clip(1 - acting.amount, 1e-6, 1.0))
    return Change(scaled={"open_share": acting.on_facilities(jnp.log(left))})


@applies("add capacity")
def _add_capacity(acting: Acting) -> Change:
    return Change(scaled={"open_share": acting.on_facilities(jnp.log(1 + acting.amount))})


@applies("add cost")
def _add_cost(acting: Acting) -> Change:
    return Change(
        added={"cost": acting.on_arcs(acting.amount), "supply_price": acting.on_supplies(acting.amount)}
    )


@applies("remove hectares")
def _remove_hectares(acting: Acting) -> Change:
    rate = acting.on_arcs(acting.amount)
    return Change(added={"hazard": rate, "cleared": rate})


@applies("raise income")
def _raise_income(acting: Acting) -> Change:
    return Change(added={"subsidy": acting.on_arcs(acting.amount)})


@applies("take revenue")
def _take_revenue(acting: Acting) -> Change:
    kept = jnp.log1p(-jnp.clip(acting.amount, 0.0, 0.999))
    return Change(scaled={"revenue_kept": acting.on_arcs(kept)})


@applies("deter")
def _deter(acting: Acting) -> Change:
    return Change(added={"fear": acting.on_arcs(acting.amount)})


@applies("close ways")
def _close_ways(acting: Acting) -> Change:
    return Change(scaled={"open_part": acting.on_arcs(jnp.log1p(-jnp.clip(acting.amount, 0.0, 0.999999)))})


@applies("scale demand")
def _scale_demand(acting: Acting) -> Change:
    amount = jnp.maximum(acting.amount, -0.999)
    return Change(scaled={"demand": acting.on_markets(jnp.log1p(amount))})


def check_applications(kinds: Iterable[str]) -> None:
    """Raise ValueError if one of ``kinds`` has no function."""
    for kind in without_function(kinds):
        raise ValueError(
            f"no function of contraflow.policy.effect_functions applies the kind of effect '{kind}'"
        )


check_applications(entry.kind for entry in effects.BUILT_IN)
