"""What claims, patterns and disagreements may observe: one entry per quantity.

An entry says in which units a quantity is stated, on which scale it is compared, and how it is written for
people. How it is computed is the entry of the same name in :mod:`contraflow.model.observables`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_PLAIN = ("dimensionless",)


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """Attributes of a :class:`Quantity`."""

    units: tuple[str, ...]
    numerator: str
    denominator: str = "1"
    is_share: bool = False
    yearly: bool = False
    observed: bool = True
    phrase: str = ""
    sign: str = ""

    def __post_init__(self) -> None:
        if not self.numerator or (self.observed and not self.units):
            raise ValueError("an observed quantity needs a unit and a numerator")


class Quantity(StrEnum):
    """Kinds of output that a claim, pattern or disagreement may observe."""

    units: tuple[str, ...]
    """Units inside the model. Empty: any."""
    numerator: str
    """What is computed, for the documentation."""
    denominator: str
    """Divisor, for the documentation."""
    is_share: bool
    """Whether it lies between 0 and 1, is compared in logits and shown in percent."""
    yearly: bool
    """Whether it is per year by nature, though its unit does not say so."""
    observed: bool
    """Whether the model can observe it."""
    phrase: str
    """Title of a series; ``{form}`` stands for what is counted."""
    sign: str
    """What stands before a figure without unit."""

    def __new__(cls, name: str, entry: _Entry | None = None) -> Quantity:
        """A member whose value is its name in the tables."""
        if entry is None:
            raise ValueError(f"the quantity '{name}' has no entry")
        member = str.__new__(cls, name)
        member._value_ = name
        vars(member).update(vars(entry))
        member.phrase = entry.phrase or f"{{form}}, {name}"
        return member

    FLOW = (
        "flow",
        _Entry(units=("kg/year",), numerator="flow over the selected links", phrase="{form} that moves"),
    )
    SHARE = (
        "share",
        _Entry(
            units=_PLAIN,
            numerator="flow over the selected links",
            denominator="flow over the links of the `of_` columns",
            is_share=True,
        ),
    )
    PRICE = (
        "price",
        _Entry(
            units=("USD/kg", "USD/ha", "dimensionless"),
            numerator="value × what passes, over the selected nodes",
            denominator="what passes",
            phrase="Price of {form}",
        ),
    )
    PRICE_RATIO = (
        "price ratio",
        _Entry(
            units=_PLAIN,
            numerator="price at the selected nodes",
            denominator="price at the nodes of the `of_` columns",
            sign="×",
        ),
    )
    VALUE = (
        "value",
        _Entry(units=("USD/year",), numerator="flow × value at the tail, over the selected links"),
    )
    AREA = (
        "area",
        _Entry(
            units=("ha",),
            numerator="hectares that stand, tended less lost, in activities that make a form with pure "
            "substance (or the form named)",
            phrase="{form} standing",
        ),
    )
    ERADICATED = (
        "eradicated",
        _Entry(
            units=("ha",),
            numerator="hectares lost to the state in those activities",
            phrase="{form} eradicated",
        ),
    )
    PRODUCTION = (
        "production",
        _Entry(
            units=("kg/year",),
            numerator="what the selected processes and activities make",
            phrase="{form} made",
        ),
    )
    ARRIVAL = (
        "arrival",
        _Entry(
            units=("kg/year",),
            numerator="what the selected links bring to their heads",
            phrase="{form} that arrives",
        ),
    )
    LOAD = (
        "load",
        _Entry(
            units=("kg",),
            numerator="the mode's load × flow, over the selected links",
            denominator="flow over these links",
        ),
    )
    CREW = (
        "crew",
        _Entry(
            units=("person",),
            numerator="the mode's crew × flow, over the selected links",
            denominator="flow over these links",
        ),
    )
    PAY = (
        "pay",
        _Entry(
            units=("USD/kg",),
            numerator="the mode's pay × flow, over the selected links",
            denominator="flow over these links",
        ),
    )
    FEE = (
        "fee",
        _Entry(
            units=("USD/kg", "USD/year"),
            numerator="fees that the selected links pay to the selected actors",
            denominator="flow over these links",
        ),
    )
    YIELD = (
        "yield",
        _Entry(
            units=("kg/ha", "dimensionless"),
            numerator="yield × flow, over the selected processes and activities",
            denominator="flow over these",
        ),
    )
    SEIZURE = (
        "seizure",
        _Entry(units=("kg/year",), numerator="flow × q, over the selected links", phrase="{form} seized"),
    )
    COUNT = (
        "count",
        _Entry(units=("1/year",), numerator="flow / load, over the selected links: consignments"),
    )
    INCOME = ("income", _Entry(units=("USD/year",), numerator="income of the selected actors"))
    LABOUR = ("labour", _Entry(units=("ha",), numerator="labour-hectares in the selected activities"))
    SUPPLY = ("supply", _Entry(units=("USD/year",), numerator="what the selected supplies are paid"))
    ARRESTS = (
        "arrests",
        _Entry(units=("person/year",), numerator="flow × q × crew / load, over the selected links"),
    )
    LEVEL = (
        "level",
        _Entry(units=_PLAIN, numerator="not observed: the level of a measure", yearly=True, observed=False),
    )
    SPREAD = (
        "spread",
        _Entry(
            units=_PLAIN,
            numerator="(flow over the selected links)²",
            denominator="sum of flow² over these links: the effective number of arcs in use (Simpson 1949)",
        ),
    )
    NONE = ("none", _Entry(units=(), numerator="not observed", observed=False))
