"""Which units a cell may have, beyond the unit that the schema gives its column.

The model counts by the year, so numbers that are per year by nature may leave out "per year": yields and
costs per hectare, the state's spending, levels of measures, and the totals that claims state. The load of a
consignment and the price of a kilogram may not be per year.
"""

from __future__ import annotations

from collections.abc import Mapping

from contraflow.case import effects, schema
from contraflow.case.columns import Column
from contraflow.case.quantities import Quantity
from contraflow.case.table import Row

YEARLY = frozenset({"kg/ha", "USD/ha", "USD", "1/ha"})
"""Units of columns that are per year by nature."""

YEARLY_TABLES = frozenset({"activities", "measures", "requirements", "effects", "events"})
"""Tables whose dimensionless columns are per year by nature: crop losses, levels, effects of levels."""

_PLAIN = ("dimensionless",)
_SUPPLIED = ("USD/kg", "USD/ha", *_PLAIN)
"""Units of a supply's price, which is per unit or a share of revenue, as its input is bought."""


def of_cell(row: Row, column: Column, forms: Mapping[str, schema.Form]) -> tuple[str, ...]:
    """Units inside the model that the parameter named in a cell may have.

    Parameters
    ----------
    row
        The row of the cell.
    column
        A quantity column.
    forms
        Forms by id.

    Returns
    -------
    tuple of str
        Empty if the units cannot be known because a form that decides them is missing or broken.
    """
    units = _of_cell(row, column, forms)
    if any(unit in YEARLY for unit in units) or (units and row.table in YEARLY_TABLES):
        return (*units, *(per_year(unit) for unit in units))
    return units


def of_claim(quantity: Quantity) -> Mapping[str, str]:
    """Units to which a claim about a quantity may reduce, each with the unit in which it is kept.

    A claim may leave out "per year" where the quantity is yearly, and may add it to a yield, a price per
    hectare or a level. Empty: any unit.
    """
    kept: dict[str, str] = {}
    for unit in quantity.units:
        kept[unit] = unit
        if unit.endswith("/year"):
            kept[unit.removesuffix("/year").replace("1", "dimensionless")] = unit
        elif unit in YEARLY or quantity.yearly:
            kept[per_year(unit)] = unit
    return kept


def per_year(unit: str) -> str:
    """A unit divided by a year."""
    return "1/year" if unit == "dimensionless" else f"{unit}/year"


def _of_cell(row: Row, column: Column, forms: Mapping[str, schema.Form]) -> tuple[str, ...]:
    if isinstance(row, schema.Effect) and column.name == "size":
        return effects.entry_of(row.kind).size_units(supplied=bool(row.supply))
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
