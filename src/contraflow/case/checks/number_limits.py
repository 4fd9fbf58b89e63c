"""Checks of numbers: ranges in order, signs and limits that the model needs, units that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from contraflow._language import _
from contraflow.case import effects, schema, statements
from contraflow.case.checks import dimensions
from contraflow.case.checks.behaviour_numbers import behaviour_possible
from contraflow.case.columns import Column, columns, file_of
from contraflow.case.io.cell_text import either, short
from contraflow.case.io.located_rows import Entry, Tables
from contraflow.case.io.units import Inside, UnitError, Units
from contraflow.case.table import Row
from contraflow.errors import Problem, place

_RANGE = ("low", "value", "high")


@dataclass(frozen=True)
class Limit:
    """Limits of the values of a quantity, in units of the model."""

    least: float = 0.0
    """Lowest value."""
    most: float = float("inf")
    """Highest value."""
    open_: bool = False
    """Whether the limits themselves are excluded."""

    def fault(self, number: float) -> str | None:
        """What is wrong with a number, or None."""
        if number < self.least or (self.open_ and number == self.least):
            text = _("is not above {limit}") if self.open_ else _("is below {limit}")
            return text.format(limit=f"{self.least:g}")
        if number > self.most or (self.open_ and number == self.most):
            text = _("is not below {limit}") if self.open_ else _("is above {limit}")
            return text.format(limit=f"{self.most:g}")
        return None


_POSITIVE = Limit(open_=True)
_SHARE = Limit(most=1.0)

LIMITS = {
    "content": _SHARE,
    "switching": _POSITIVE,
    "load": _POSITIVE,
    "crew": _POSITIVE,
    "detour": Limit(least=1.0),
    "distance": _POSITIVE,
    "weight": _POSITIVE,
    "yield": _POSITIVE,
    "recovery": _SHARE,
    "margin": _SHARE,
    "steepness": _POSITIVE,
    "dilution": _SHARE,
    "price": _POSITIVE,
    "elasticity": _POSITIVE,
    "full_at": _POSITIVE,
    "hazard": Limit(),
    "half": _POSITIVE,
    "rebuild": _POSITIVE,
    "stock": _POSITIVE,
}
"""Limits by column; every other quantity may not be negative."""

FORM_UNITS = ("kg", "ha", "USD")
"""Units in which forms are counted."""


def ranges_in_order(tables: Tables, units: Units) -> list[Problem]:
    """low <= value <= high, and above 0 on a logarithmic scale."""
    problems = []
    for model in (schema.Parameter, statements.Claim, statements.Pattern):
        for entry in tables.of(model):
            given = [(name, getattr(entry.item, name, None)) for name in _RANGE]
            filled = [(name, number) for name, number in given if number is not None]
            for (before, lower), (after, upper) in pairwise(filled):
                if upper < lower:
                    message = _("is less than {column}, {number}").format(column=before, number=f"{lower:g}")
                    cure = _("Write low <= value <= high")
                    problems.append(entry.problem(after, message, cure, f"{upper:g}"))
    for entry in tables.of(schema.Parameter):
        item = entry.item
        # A fixed number is never drawn, so a fixed zero needs no logarithm.
        if item.scale is schema.Scale.LOG and item.low <= 0 and item.low != item.high:
            cure = _("Write linear in 'scale', or a low above 0")
            problems.append(entry.problem("low", _("is not above 0 on a log scale"), cure, f"{item.low:g}"))
    return problems


def units_known(tables: Tables, units: Units) -> list[Problem]:
    """Units of parameters and claims can be read, and a claim's fits what it observes."""
    problems = []
    for parameter in tables.of(schema.Parameter):
        try:
            units.read(parameter.item.unit)
        except UnitError as error:
            problems.append(parameter.problem("unit", str(error), error.cure, short(parameter.item.unit)))
    for entry in tables.of(statements.Claim):
        claim = entry.item
        try:
            unit = units.read(claim.unit)
        except UnitError as error:
            problems.append(entry.problem("unit", str(error), error.cure, short(claim.unit)))
            continue
        kept = {} if claim.use is statements.Use.CONTEXT else dimensions.of_claim(claim.quantity)
        if kept and units.fits(unit, kept) is None:
            message = _("is not a unit of the quantity '{quantity}'").format(quantity=claim.quantity.value)
            cure = _("Give a unit that converts to {units}")
            cure = cure.format(units=either(tuple(dict.fromkeys(kept.values()))))
            problems.append(entry.problem("unit", message, cure, short(claim.unit)))
    return problems


def units_fit(tables: Tables, units: Units) -> list[Problem]:
    """Every parameter has the dimensions of each column that refers to it."""
    problems = []
    for use in _uses(tables, units):
        if use.expected and units.fits(use.unit, use.expected) is None:
            parameter = use.parameter
            message = _("is in {unit}, which does not convert to {units}")
            message = message.format(unit=parameter.item.unit, units=either(use.shown))
            cure = _("Correct the unit in parameters.csv, row {row}, or name another parameter")
            cure = cure.format(row=parameter.row)
            problems.append(use.entry.problem(use.column.name, message, cure, parameter.item.id))
    return problems


def numbers_possible(tables: Tables, units: Units) -> list[Problem]:
    """No negative yields, loads or costs, no shares beyond 1, wherever the number is used."""
    problems: dict[tuple[int, str, str], Problem] = {}
    for use in _uses(tables, units):
        limit = LIMITS.get(use.column.name, Limit())
        if isinstance(use.entry.item, schema.Effect) and use.column.name == "size":
            kind = effects.entry_of(use.entry.item.kind)
            limit = Limit(kind.least, kind.most)
        for name in _RANGE:
            number = getattr(use.parameter.item, name)
            fault = limit.fault(number * use.unit.factor)
            if fault is None:
                continue
            message = _("{fault}, which is impossible for '{column}' in {place}").format(
                fault=fault,
                column=use.column.name,
                place=place(file_of(use.entry.item.table), use.entry.row),
            )
            cure = _("Correct the number or its unit")
            problem = use.parameter.problem(name, message, cure, f"{number:g}")
            problems.setdefault((use.parameter.row, name, use.column.name), problem)
    return list(problems.values())


def claims_possible(tables: Tables, units: Units) -> list[Problem]:
    """No negative observations, no shares above 1."""
    problems = []
    for entry in tables.of(statements.Claim):
        claim = entry.item
        if claim.use is statements.Use.CONTEXT:
            continue
        try:
            factor = units.read(claim.unit).factor
        except UnitError:
            continue
        limit = _SHARE if claim.quantity.is_share else Limit()
        for name in _RANGE:
            number = getattr(claim, name)
            fault = None if number is None else limit.fault(number * factor)
            if fault is not None:
                message = _("{fault}, which is impossible for the quantity '{quantity}'")
                message = message.format(fault=fault, quantity=claim.quantity.value)
                cure = _("Correct the number or its unit")
                problems.append(entry.problem(name, message, cure, f"{number:g}"))
    return problems


NUMBERS: tuple[Callable[[Tables, Units], list[Problem]], ...] = (
    ranges_in_order,
    units_known,
    units_fit,
    numbers_possible,
    claims_possible,
    behaviour_possible,
)
"""All checks that need units."""


@dataclass(frozen=True)
class _Use:
    """A cell of a quantity column with the parameter that it names."""

    entry: Entry[Row]
    column: Column
    parameter: Entry[schema.Parameter]
    unit: Inside
    expected: tuple[str, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """The expected units without the optional 'per year'."""
        plain = tuple(u for u in self.expected if not u.endswith("/year"))
        return plain or self.expected


def _uses(tables: Tables, units: Units) -> Iterator[_Use]:
    """Every use of a parameter whose row and unit can be read."""
    parameters = tables.by_id(schema.Parameter)
    forms = {
        name: entry.item for name, entry in tables.by_id(schema.Form).items() if entry.item.unit in FORM_UNITS
    }
    for model in schema.TABLES:
        for column in (column for column in columns(model) if column.role is not None):
            for entry in tables.of(model):
                parameter = parameters.get(getattr(entry.item, column.attribute) or "")
                if parameter is None:
                    continue
                try:
                    unit = units.read(parameter.item.unit)
                except UnitError:
                    continue
                yield _Use(entry, column, parameter, unit, dimensions.of_cell(entry.item, column, forms))
