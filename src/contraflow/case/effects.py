"""Kinds of effect: one entry per kind says what it acts on, which columns it reads, its units and limits.

The choices of the column ``kind`` of effects.csv, the checks of the table, the data dictionary and the
resolution of an effect's targets are all made from these entries. What a kind does to an economy is a
function in :mod:`contraflow.policy.effect_functions`, registered under the same name.

A kind may be added from outside, before the case that uses it is loaded::

    from contraflow.case.effects import ActsOn, EffectType, register
    from contraflow.policy.effect_functions import Acting, Change, applies

    register(EffectType(kind="scale fees", about="fees x= 1 + amount", acts_on=ActsOn.ARCS))

    @applies("scale fees")
    def scale_fees(acting: Acting) -> Change:
        return Change(scaled={"fee": acting.on_arcs(jnp.log1p(acting.amount))})
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from contraflow._language import _

_PER_UNIT = ("USD/kg", "USD/ha")


class ActsOn(StrEnum):
    """What an effect acts on, unless it names supplies of inputs."""

    ARCS = "arcs"
    ACTIVITIES = "activities"
    FACILITIES = "facilities"
    MARKETS = "markets"


_SELECTORS = {
    ActsOn.ARCS: ("from", "to", "mode", "form", "step"),
    ActsOn.ACTIVITIES: ("from", "to", "form", "step"),
    ActsOn.FACILITIES: ("facility",),
    ActsOn.MARKETS: ("market",),
}
_NEEDED = {ActsOn.FACILITIES: ("facility",), ActsOn.MARKETS: ("market",)}

SELECTORS = ("from", "to", "mode", "form", "step", "supply", "market", "facility")
"""Columns of effects.csv that say what an effect acts on."""

NUMBERS = ("rebuild", "stock", "lethal_pay")
"""Columns of effects.csv that hold a number of some kinds only."""


@dataclass(frozen=True, kw_only=True)
class EffectType:
    """One kind of effect.

    Raises
    ------
    ValueError
        If the entry contradicts itself or names a column that effects.csv does not have.
    """

    kind: str
    """Name, as written in the column ``kind``."""
    about: str
    """What an amount of it does, for the documentation."""
    acts_on: ActsOn
    """What its selectors select. Kinds that act on facilities or markets must name some."""
    units: tuple[str, ...] = ("dimensionless",)
    """Units inside the model that its size may have."""
    supply_units: tuple[str, ...] = ()
    """Units of its size where it acts on supplies of inputs. Empty: it cannot act on them."""
    least: float = 0.0
    """Lowest size, in units of the model."""
    most: float = float("inf")
    """Highest size, in units of the model."""
    numbers: tuple[str, ...] = ()
    """Which of :data:`NUMBERS` it reads."""
    searches: bool = False
    """Whether it is a search, so that the state can spread its effort over links."""

    def __post_init__(self) -> None:
        for text in ("kind", "about", "units"):
            if not getattr(self, text):
                fault = _("the kind of effect '{kind}' has no {attribute}")
                raise ValueError(fault.format(kind=self.kind, attribute=text))
        if not self.least <= self.most:
            fault = _("the kind of effect '{kind}' has limits that no size can meet")
            raise ValueError(fault.format(kind=self.kind))
        for name in self.numbers:
            if name not in NUMBERS:
                fault = _("the kind of effect '{kind}' reads '{name}', which is not one of {known}")
                raise ValueError(fault.format(kind=self.kind, name=name, known=", ".join(NUMBERS)))
        if self.supply_units and self.acts_on not in (ActsOn.ARCS, ActsOn.ACTIVITIES):
            fault = _("the kind of effect '{kind}' cannot act on {targets} and supplies")
            raise ValueError(fault.format(kind=self.kind, targets=self.acts_on))

    @property
    def targets(self) -> str:
        """What it acts on, in words."""
        return f"{self.acts_on.value}, supplies" if self.supply_units else self.acts_on.value

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that must be filled."""
        return _NEEDED.get(self.acts_on, ())

    def reads(self, *, supplied: bool) -> frozenset[str]:
        """Which of :data:`SELECTORS` and :data:`NUMBERS` it reads; ``supplied`` if it acts on supplies."""
        if supplied and self.supply_units:
            return frozenset(("supply", *self.numbers))
        return frozenset((*_SELECTORS[self.acts_on], *self.numbers))

    def size_units(self, *, supplied: bool) -> tuple[str, ...]:
        """Units inside the model that its size may have; ``supplied`` if it acts on supplies."""
        return self.supply_units if supplied and self.supply_units else self.units


BUILT_IN = (
    EffectType(
        kind="add hazard",
        about="hazard += amount",
        acts_on=ActsOn.ARCS,
        supply_units=("dimensionless",),
        numbers=("lethal_pay",),
        searches=True,
    ),
    EffectType(
        kind="scale hazard",
        about="hazard ×= 1 + amount, after all additions",
        acts_on=ActsOn.ARCS,
        supply_units=("dimensionless",),
        least=float("-inf"),
    ),
    EffectType(
        kind="remove capacity",
        about="open share ×= rebuild / (rebuild + amount), or 1 - amount if `rebuild` is empty",
        acts_on=ActsOn.FACILITIES,
        numbers=("rebuild", "stock"),
    ),
    EffectType(kind="add capacity", about="open share ×= 1 + amount", acts_on=ActsOn.FACILITIES),
    EffectType(
        kind="add cost",
        about="cost += amount, per unit at the arc's tail; price of the supply += amount",
        acts_on=ActsOn.ARCS,
        units=_PER_UNIT,
        supply_units=(*_PER_UNIT, "dimensionless"),
        least=float("-inf"),
    ),
    EffectType(
        kind="remove hectares",
        about="hazard += amount: a share 1 - exp(-amount) of the year's crop is lost, and what is not "
        "replanted of these fields is missing in the next years",
        acts_on=ActsOn.ACTIVITIES,
        units=("dimensionless", "1/ha"),
        most=1.0,
    ),
    EffectType(
        kind="raise income",
        about="subsidy += amount, USD per labour-hectare",
        acts_on=ActsOn.ACTIVITIES,
        units=_PER_UNIT,
        least=float("-inf"),
    ),
    EffectType(
        kind="take revenue",
        about="the state takes the share 1 - Π(1 - amount) of delivered value after margins",
        acts_on=ActsOn.ARCS,
        most=1.0,
    ),
    EffectType(kind="deter", about="expected hazard += amount; losses stay as they are", acts_on=ActsOn.ARCS),
    EffectType(
        kind="close ways",
        about="the share amount of what would go this way is stopped; who used it remembers it",
        acts_on=ActsOn.ARCS,
        most=1.0,
    ),
    EffectType(
        kind="scale demand",
        about="demand ×= 1 + amount; where the price is given, the price",
        acts_on=ActsOn.MARKETS,
        least=float("-inf"),
    ),
)
"""The kinds that come with the package."""

_registry = {entry.kind: entry for entry in BUILT_IN}


def kinds() -> tuple[str, ...]:
    """Names of all registered kinds, those of the package first."""
    return tuple(_registry)


def entries() -> tuple[EffectType, ...]:
    """Entries of all registered kinds, those of the package first."""
    return tuple(_registry.values())


def entry_of(kind: str) -> EffectType:
    """The entry of a kind. Raises ValueError, with the nearest name, if it is not registered."""
    if kind not in _registry:
        close = get_close_matches(kind, _registry, n=1)
        if close:
            fault = _("'{kind}' is not a known kind of effect; did you mean '{name}'?")
            raise ValueError(fault.format(kind=kind, name=close[0]))
        fault = _("'{kind}' is not a known kind of effect; known kinds: {kinds}")
        raise ValueError(fault.format(kind=kind, kinds=", ".join(_registry)))
    return _registry[kind]


def known(kind: str) -> str:
    """The kind itself. Raises ValueError, with the nearest name, if it is not registered."""
    return entry_of(kind).kind


def register(entry: EffectType) -> EffectType:
    """Add a kind of effect, which cases that are loaded from then on may use.

    Parameters
    ----------
    entry
        The kind. :func:`contraflow.policy.effect_functions.applies` registers the function that applies it.

    Returns
    -------
    EffectType
        The entry itself.

    Raises
    ------
    ValueError
        If there is a kind of this name already.
    """
    if entry.kind in _registry:
        raise ValueError(_("the kind of effect '{kind}' is registered already").format(kind=entry.kind))
    _registry[entry.kind] = entry
    return entry


def unregister(kind: str) -> None:
    """Remove a kind that was added. Raises ValueError if there is none, or if it belongs to the package."""
    if entry_of(kind) in BUILT_IN:
        fault = _("the kind of effect '{kind}' belongs to the package and stays")
        raise ValueError(fault.format(kind=kind))
    del _registry[kind]


def readers(column: str) -> str:
    """The kinds of the package that read a column, in words.

    Examples
    --------
    >>> readers("facility")
    "'remove capacity' and 'add capacity'"
    """
    found = [
        f"'{entry.kind}'"
        for entry in BUILT_IN
        if column in entry.reads(supplied=False) | entry.reads(supplied=True)
    ]
    return " and ".join(filter(None, (", ".join(found[:-1]), found[-1])))
