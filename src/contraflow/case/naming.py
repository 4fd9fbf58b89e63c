"""Readable names of rows: every row has an id, but few have a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contraflow._language import N_, _, ngettext
from contraflow.case import schema, statements
from contraflow.case.case import Case
from contraflow.case.table import Row

SHOWN = 3
"""Places that a name lists; more are counted."""

KINDS = (
    N_("add hazard"), N_("scale hazard"), N_("remove capacity"), N_("add capacity"), N_("add cost"),
    N_("remove hectares"), N_("raise income"), N_("take revenue"), N_("deter"), N_("close ways"),
    N_("scale demand"),
)  # fmt: skip
"""Kinds of effect that come with the package, marked for the catalogue."""

PEOPLES = ("an", "ish")
"""Endings of words for peoples and what is theirs."""

COMMON = frozenset({"artisan", "clan", "fish", "human", "urban", "van"})
"""Words that end like peoples and are none."""

REGIONS = frozenset({"West"})
"""First words of names of parts of the world: West African buyers."""


def number_of(number: int, things: str) -> str:
    """A count of the rows of a table, with its noun in singular or plural.

    Examples
    --------
    >>> number_of(1, "supplies"), number_of(2, "supplies")
    ('1 supply', '2 supplies')
    """
    return _COUNTED[things](number).format(number=number)


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
        return number_of(len(keys), table)
    return ", ".join(name_of(case, table, key) for key in keys)


def _link(case: Case, row: schema.Link) -> str:
    return _("{origin} to {destination}, {mode}").format(
        origin=name_of(case, "places", row.origin),
        destination=name_of(case, "places", row.destination),
        mode=lower(name_of(case, "modes", row.mode)),
    )


def _step(case: Case, row: schema.Process | schema.Activity) -> str:
    made, used = (lower(name_of(case, "forms", form)) for form in (row.output, row.input))
    text = _("{made} from {used}, {places}")
    return text.format(made=made, used=used, places=_list(case, "places", row.places))


def _market(case: Case, row: schema.Market) -> str:
    return f"{name_of(case, 'forms', row.form)}, {_list(case, 'places', row.places)}"


def _fee(case: Case, row: schema.Fee) -> str:
    modes = [lower(name_of(case, "modes", mode)) for mode in row.mode if mode in case.modes]
    paid = _("to {actor}").format(actor=lower(name_of(case, "actors", row.actor)))
    return ", ".join([paid, *modes])


def _supply(case: Case, row: schema.Supply) -> str:
    bought = lower(name_of(case, "inputs", row.input))
    return _("{supply} ({input} from {place})").format(
        supply=row.id.replace("-", " "), input=bought, place=name_of(case, "places", row.origin)
    )


def _requirement(case: Case, row: schema.Requirement) -> str:
    needs = lower(name_of(case, "measures", row.requires))
    return _("{measure}: needs {required}").format(
        measure=name_of(case, "measures", row.measure), required=needs
    )


def _effect(case: Case, row: schema.Effect) -> str:
    return _("{measure}: {effect}").format(measure=name_of(case, "measures", row.measure), effect=_(row.kind))


def _event(case: Case, row: schema.Event) -> str:
    return _("{measure} from {date}").format(measure=name_of(case, "measures", row.measure), date=row.date)


_NAMED: dict[type[Row], Callable[[Case, Any], str]] = {
    schema.Source: lambda _case, row: str(row.title),
    statements.Claim: lambda _case, row: str(row.statement),
    statements.Pattern: lambda _case, row: str(row.statement),
    statements.Tension: lambda _case, row: str(row.side),
    schema.Parameter: lambda _case, row: str(row.meaning),
    statements.Coverage: lambda _case, row: str(row.description),
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

_COUNTED: dict[str, Callable[[int], str]] = {
    "sources": lambda n: ngettext("{number} source", "{number} sources", n),
    "claims": lambda n: ngettext("{number} claim", "{number} claims", n),
    "parameters": lambda n: ngettext("{number} parameter", "{number} parameters", n),
    "places": lambda n: ngettext("{number} place", "{number} places", n),
    "forms": lambda n: ngettext("{number} form", "{number} forms", n),
    "modes": lambda n: ngettext("{number} mode", "{number} modes", n),
    "actors": lambda n: ngettext("{number} actor", "{number} actors", n),
    "facilities": lambda n: ngettext("{number} facility", "{number} facilities", n),
    "links": lambda n: ngettext("{number} link", "{number} links", n),
    "processes": lambda n: ngettext("{number} process", "{number} processes", n),
    "activities": lambda n: ngettext("{number} activity", "{number} activities", n),
    "markets": lambda n: ngettext("{number} market", "{number} markets", n),
    "fees": lambda n: ngettext("{number} fee", "{number} fees", n),
    "inputs": lambda n: ngettext("{number} input", "{number} inputs", n),
    "supplies": lambda n: ngettext("{number} supply", "{number} supplies", n),
    "measures": lambda n: ngettext("{number} measure", "{number} measures", n),
    "requirements": lambda n: ngettext("{number} requirement", "{number} requirements", n),
    "effects": lambda n: ngettext("{number} effect", "{number} effects", n),
    "events": lambda n: ngettext("{number} event", "{number} events", n),
    "patterns": lambda n: ngettext("{number} pattern", "{number} patterns", n),
    "tensions": lambda n: ngettext("{number} side of a disagreement", "{number} sides of disagreements", n),
    "coverage": lambda n: ngettext("{number} item of the coverage", "{number} items of the coverage", n),
}
"""Counts of rows by table."""
