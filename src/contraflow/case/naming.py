"""Readable names of rows: every row has an id, but few have a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contraflow.case import schema, statements
from contraflow.case.case import Case
from contraflow.case.table import Row

SHOWN = 3
"""Places that a name lists; more are counted."""


SINGULAR = {"processes": "process", "activities": "activity", "facilities": "facility", "supplies": "supply"}


PEOPLES = ("an", "ish")
"""Endings of words for peoples and what is theirs."""

COMMON = frozenset({"artisan", "clan", "fish", "human", "urban", "van"})
"""Words that end like peoples and are none."""

REGIONS = frozenset({"West"})
"""First words of names of parts of the world: West African buyers."""


def number_of(number: int, things: str) -> str:
    """A count with its noun in singular or plural.

    Examples
    --------
    >>> number_of(1, "supplies"), number_of(2, "supplies")
    ('1 supply', '2 supplies')
    """
    return f"{number} {SINGULAR.get(things, things.removesuffix('s')) if number == 1 else things}"


def name_of(case: Case, table: str, key: str) -> str:
    """The readable name of a row.

    Parameters
    ----------
    case
        The case.
    table
        Name of the table.
    key
        Id of the row.

    Raises
    ------
    KeyError
        If there is no such row.

    Examples
    --------
    >>> from contraflow.case import load
    >>> name_of(load("example"), "measures", "radar")
    'Radar coverage'
    """
    row = getattr(case, table)[key]
    name = getattr(row, "name", None)
    return str(name) if name else _NAMED[type(row)](case, row)


def lower(name: str) -> str:
    """A text as it stands inside a sentence: with a small first letter, unless it begins with a name.

    Abbreviations (a second capital: NGO), peoples (Italian buyers, Spanish ports) and parts of the
    world (:data:`REGIONS`) keep their capital.
    """
    first = name.partition(" ")[0]
    people = first.endswith(PEOPLES) and first.lower() not in COMMON
    if name[1:2].isupper() or people or first in REGIONS:
        return name
    return name[:1].lower() + name[1:]


def _list(case: Case, table: str, keys: tuple[str, ...]) -> str:
    if len(keys) > SHOWN:
        return f"{len(keys)} {table}"
    return ", ".join(name_of(case, table, key) for key in keys)


def _link(case: Case, row: schema.Link) -> str:
    ends = (name_of(case, "places", end) for end in (row.origin, row.destination))
    return f"{' to '.join(ends)}, {lower(name_of(case, 'modes', row.mode))}"


def _step(case: Case, row: schema.Process | schema.Activity) -> str:
    made, used = (lower(name_of(case, "forms", form)) for form in (row.output, row.input))
    return f"{made} from {used}, {_list(case, 'places', row.places)}"


def _market(case: Case, row: schema.Market) -> str:
    return f"{name_of(case, 'forms', row.form)}, {_list(case, 'places', row.places)}"


def _fee(case: Case, row: schema.Fee) -> str:
    modes = [lower(name_of(case, "modes", mode)) for mode in row.mode if mode in case.modes]
    return ", ".join([f"to {lower(name_of(case, 'actors', row.actor))}", *modes])


def _supply(case: Case, row: schema.Supply) -> str:
    bought = lower(name_of(case, "inputs", row.input))
    return f"{row.id.replace('-', ' ')} ({bought} from {name_of(case, 'places', row.origin)})"


def _requirement(case: Case, row: schema.Requirement) -> str:
    needs = lower(name_of(case, "measures", row.requires))
    return f"{name_of(case, 'measures', row.measure)}: needs {needs}"


def _effect(case: Case, row: schema.Effect) -> str:
    return f"{name_of(case, 'measures', row.measure)}: {row.kind}"


def _event(case: Case, row: schema.Event) -> str:
    return f"{name_of(case, 'measures', row.measure)} from {row.date}"


_NAMED: dict[type[Row], Callable[[Case, Any], str]] = {
    schema.Source: lambda _, row: str(row.title),
    statements.Claim: lambda _, row: str(row.statement),
    statements.Pattern: lambda _, row: str(row.statement),
    statements.Tension: lambda _, row: str(row.side),
    schema.Parameter: lambda _, row: str(row.meaning),
    statements.Coverage: lambda _, row: str(row.description),
    schema.Link: _link,
    schema.Process: _step,
    schema.Activity: _step,
    schema.Market: _market,
    schema.Fee: _fee,
    schema.Supply: _supply,
    schema.Requirement: _requirement,
    schema.Effect: _effect,
    schema.Event: _event,
}
