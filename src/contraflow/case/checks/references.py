"""Checks of references: ids are unique, and everything that a cell refers to exists."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from contraflow._language import _
from contraflow.case import schema
from contraflow.case.behaviour import ROWS
from contraflow.case.checks.behaviour_numbers import behaviour_known
from contraflow.case.columns import STEPS, Column, columns, file_of
from contraflow.case.io.cell_text import did_you_mean, short
from contraflow.case.io.located_rows import Entry, Tables
from contraflow.case.io.rows import NUMBER
from contraflow.case.io.units import Units
from contraflow.case.selectors import bare
from contraflow.case.table import Row
from contraflow.errors import Problem, place


def duplicate_ids(tables: Tables, units: Units) -> list[Problem]:
    """No id occurs twice in a table, nor among links, processes and activities together."""
    problems = []
    spaces = [[model.table] for model in schema.TABLES if model.table not in STEPS]
    for space in [*spaces, list(STEPS)]:
        first: dict[str, tuple[str, int]] = {}
        for table in space:
            for row, name in tables.ids.get(table, ()):
                if name in first:
                    message = _("is already the id of {place}").format(place=place(*first[name]))
                    cure = _("Give it another id")
                    problems.append(Problem(file_of(table), message, cure, row, "id", short(name)))
                first.setdefault(name, (file_of(table), row))
    return problems


def dangling_references(tables: Tables, units: Units) -> list[Problem]:
    """Every id that a cell refers to exists."""
    problems = []
    for model, column in _columns():
        names = tables.names(column.refers) if column.refers else None
        if names is None:
            continue
        if column.refers == schema.Parameter.table:
            names = {*names, *ROWS}
        for entry in tables.of(model):
            for name in _parts(entry, column):
                if name not in names:
                    problems.append(
                        _unknown(tables, entry, column, name, _names_no_row(column.refers), names)
                    )
    return problems


def empty_selectors(tables: Tables, units: Units) -> list[Problem]:
    """Every token of a selector names something, so that a misspelt one never silently selects nothing."""
    problems = []
    for model, column in _columns():
        names = tables.selectable(column.selects) if column.selects else None
        if names is None:
            continue
        for entry in tables.of(model):
            for token in _parts(entry, column):
                if bare(token) not in names:
                    what = _selects_nothing(column.selects)
                    problems.append(_unknown(tables, entry, column, token, what, names))
    return problems


REFERENCES: tuple[Callable[[Tables, Units], list[Problem]], ...] = (
    duplicate_ids,
    dangling_references,
    empty_selectors,
    behaviour_known,
)
"""All checks of names."""


def _columns() -> Iterable[tuple[type[Row], Column]]:
    return ((model, column) for model in schema.TABLES for column in columns(model))


def _parts(entry: Entry[Row], column: Column) -> tuple[str, ...]:
    value = getattr(entry.item, column.attribute)
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _names_no_row(table: str | None) -> str:
    return _("names no row of {file}").format(file=f"{table}.csv")


def _selects_nothing(table: str | None) -> str:
    if table == "places":
        return _("is neither the id, country, kind nor group of a place")
    if table == "steps":
        return _("is neither a link, a process nor an activity")
    return _names_no_row(table)


def _unknown(
    tables: Tables, entry: Entry[Row], column: Column, name: str, what: str, names: Iterable[str]
) -> Problem:
    close = tables.nearest(bare(name), names)
    table = column.refers or column.selects
    cure = did_you_mean(close) if close else _("Correct it, or add it to {table}").format(table=table)
    if column.role is not None and NUMBER.fullmatch(name):
        cure = _("Numbers stand in parameters.csv, with range, unit and reason; name the row here")
    return entry.problem(column.name, what, cure, short(name))
