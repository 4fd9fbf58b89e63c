"""Which units a cell may have, beyond the unit that the schema gives its column.

The model counts by the year, so what is per year by nature may be written with or without
saying so: yields and costs per hectare, a state's spending, levels of measures, and the totals
that claims state. One consignment's load or one kilogram's price may not.
"""

from __future__ import annotations

from collections.abc import Mapping

from contraflow.case import schema, statements
from contraflow.case.columns import Column
from contraflow.case.table import Row

YEARLY = frozenset({"kg/ha", "USD/ha", "USD", "1/ha"})
"""Units of columns that are per year by nature."""

YEARLY_TABLES = frozenset({"activities", "measures", "requirements", "effects", "events"})
"""Tables whose dimensionless columns are per year by nature: crop losses, levels, effects of levels."""

_PLAIN = ("dimensionless",)
_PER_UNIT = ("USD/kg", "USD/ha")
_SUPPLIED = (*_PER_UNIT, *_PLAIN)
"""What a supply costs: a price per unit, or a share of revenue; which of them is checked by its input."""

EFFECT_UNITS: Mapping[schema.EffectKind, tuple[str, ...]] = {
    schema.EffectKind.ADD_HAZARD: _PLAIN,
    schema.EffectKind.SCALE_HAZARD: _PLAIN,
    schema.EffectKind.REMOVE_CAPACITY: _PLAIN,
    schema.EffectKind.ADD_CAPACITY: _PLAIN,
    schema.EffectKind.ADD_COST: _PER_UNIT,
    schema.EffectKind.REMOVE_HECTARES: ("dimensionless", "1/ha"),
    schema.EffectKind.RAISE_INCOME: _PER_UNIT,
    schema.EffectKind.TAKE_REVENUE: _PLAIN,
    schema.EffectKind.DETER: _PLAIN,
    schema.EffectKind.SCALE_DEMAND: _PLAIN,
}
"""Units of the size of an effect by its kind."""

CLAIM_UNITS: Mapping[statements.Quantity, tuple[str, ...]] = {
    statements.Quantity.FLOW: ("kg/year",),
    statements.Quantity.SHARE: _PLAIN,
    statements.Quantity.PRICE: (*_PER_UNIT, "dimensionless"),
    statements.Quantity.PRICE_RATIO: _PLAIN,
    statements.Quantity.VALUE: ("USD/year",),
    statements.Quantity.AREA: ("ha",),
    statements.Quantity.ERADICATED: ("ha",),
    statements.Quantity.PRODUCTION: ("kg/year",),
    statements.Quantity.ARRIVAL: ("kg/year",),
    statements.Quantity.LOAD: ("kg",),
    statements.Quantity.CREW: ("person",),
    statements.Quantity.PAY: ("USD/kg",),
    statements.Quantity.FEE: ("USD/kg", "USD/year"),
    statements.Quantity.YIELD: ("kg/ha", "dimensionless"),
    statements.Quantity.SEIZURE: ("kg/year",),
    statements.Quantity.COUNT: ("1/year",),
    statements.Quantity.INCOME: ("USD/year",),
    statements.Quantity.LABOUR: ("ha",),
    statements.Quantity.SUPPLY: ("USD/year",),
    statements.Quantity.ARRESTS: ("person/year",),
    statements.Quantity.LEVEL: _PLAIN,
    statements.Quantity.SPREAD: _PLAIN,
}
"""Units inside the model of what a claim observes; 'none' observes nothing and may have any."""


def of_cell(row: Row, column: Column, forms: Mapping[str, schema.Form]) -> tuple[str, ...]:
    """Units inside the model that the number named in a quantity column may have.

    Empty if that cannot be known, because a form that decides it is missing or broken.
    """
    units = _of_cell(row, column, forms)
    if any(unit in YEARLY for unit in units) or (units and row.table in YEARLY_TABLES):
        return (*units, *(per_year(unit) for unit in units))
    return units


def of_claim(quantity: statements.Quantity) -> Mapping[str, str]:
    """Units that a claim about this quantity may reduce to, each with the unit it is kept in.

    A claim may leave out 'per year' where the quantity is yearly, and say it where a yield, a
    price per hectare or a level of the year is meant. Empty: any unit.
    """
    kept: dict[str, str] = {}
    for unit in CLAIM_UNITS.get(quantity, ()):
        kept[unit] = unit
        if unit.endswith("/year"):
            kept[unit.removesuffix("/year").replace("1", "dimensionless")] = unit
        elif unit in YEARLY or quantity is statements.Quantity.LEVEL:
            kept[per_year(unit)] = unit
    return kept


def per_year(unit: str) -> str:
    """A unit divided by a year."""
    return "1/year" if unit == "dimensionless" else f"{unit}/year"


def _of_cell(row: Row, column: Column, forms: Mapping[str, schema.Form]) -> tuple[str, ...]:
    if isinstance(row, schema.Effect) and column.name == "size":
        bought = row.kind is schema.EffectKind.ADD_COST and row.supply
        return _SUPPLIED if bought else EFFECT_UNITS[row.kind]
    if isinstance(row, schema.Supply) and column.name == "price":
        return _SUPPLIED
    if isinstance(row, schema.Market) and column.name == "price":
        return _price(forms.get(row.form))
    if isinstance(row, schema.Process | schema.Activity) and column.name == "yield":
        if row.input not in forms or row.output not in forms:
            return ()
        output, used = forms[row.output].unit, forms[row.input].unit
        return _PLAIN if output == used else (f"{output}/{used}",)
    return (column.unit,) if column.unit else ()


def _price(form: schema.Form | None) -> tuple[str, ...]:
    """Units of the price of a form; a dollar's worth of hired work costs a number of dollars."""
    if form is None:
        return ()
    return _PLAIN if form.unit == "USD" else (f"USD/{form.unit}",)
