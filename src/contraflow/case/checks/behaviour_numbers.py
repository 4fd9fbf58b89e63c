"""Checks of the behaviour parameters that a case sets: known names, fitting units, possible values."""

from __future__ import annotations

from difflib import get_close_matches

from contraflow._language import _
from contraflow.case import schema
from contraflow.case.behaviour import BEHAVIOUR, MONTH, PREFIX, ROWS
from contraflow.case.io.cell_text import did_you_mean
from contraflow.case.io.located_rows import Tables
from contraflow.case.io.units import UnitError, Units
from contraflow.errors import Problem


def behaviour_known(tables: Tables, units: Units) -> list[Problem]:
    """Every row whose id begins with the prefix of behaviour states a behaviour parameter."""
    problems = []
    for entry in tables.of(schema.Parameter):
        name = entry.item.id
        if not name.startswith(PREFIX) or name in ROWS:
            continue
        known = [row.removeprefix(PREFIX) for row in ROWS]
        close = get_close_matches(name.removeprefix(PREFIX), known, n=1)
        cure = _("Name one of {names}, or let the id begin with another word").format(names=", ".join(ROWS))
        if close:
            cure = did_you_mean(PREFIX + close[0])
        problems.append(entry.problem("id", _("is not a number of behaviour"), cure, name))
    return problems


def behaviour_possible(tables: Tables, units: Units) -> list[Problem]:
    """Behaviour parameters are in months or without unit, and within the limits of the simulation."""
    problems = []
    for entry in tables.of(schema.Parameter):
        item = entry.item
        if item.id not in ROWS:
            continue
        number = BEHAVIOUR[ROWS[item.id]]
        try:
            unit = units.read(item.unit)
        except UnitError:
            continue
        if units.fits(unit, (number.unit,)) is None:
            message = _("is no unit of {name}, which is in {unit}").format(name=item.id, unit=number.unit)
            cure = _("Write {unit}, or a unit that converts to it").format(unit=number.unit)
            problems.append(entry.problem("unit", message, cure, item.unit))
            continue
        scale = unit.factor / (MONTH if number.unit == "month" else 1.0)
        for column in ("low", "value", "high"):
            given = getattr(item, column)
            fault = number.fault(given * scale)
            if fault is not None:
                unit_shown = "" if number.unit == "dimensionless" else f" {number.unit}"
                message = _("{fault}, which is impossible for {name}")
                message = message.format(fault=fault + unit_shown, name=item.id)
                cure = _("Correct the number or its unit")
                problems.append(entry.problem(column, message, cure, f"{given:g}"))
    return problems
