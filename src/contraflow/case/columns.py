"""The schema read as data: one :class:`Column` per column of each table.

Reading, checking, the data package and the data dictionary take all they know about a column from here, so
that :mod:`contraflow.case.schema` is the only place that states it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from contraflow.case import effects, schema
from contraflow.case.table import Role, Row

Shapes = dict[str, Any]
Kind = Literal["text", "number", "integer", "list"]

CORE = ("sources", "parameters", "places", "forms", "markets")
"""Tables without which there is no case; any other file may be absent while it has no rows."""

STEPS = ("links", "processes", "activities")
"""Tables whose rows become arcs; their ids form one namespace, the selectors' 'steps'."""

_KINDS: dict[str, Kind] = {"string": "text", "number": "number", "integer": "integer", "array": "list"}


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    """Header in the file."""
    attribute: str
    """Name in Python."""
    kind: Kind
    """Type of a cell."""
    required: bool
    """Whether every row must fill it."""
    default: Any
    """Value of an empty cell."""
    description: str
    """Meaning."""
    unit: str | None = None
    """Unit inside the model."""
    refers: str | None = None
    """Table whose ids the cell must name."""
    selects: str | None = None
    """Table whose rows the cell's tokens select."""
    role: Role | None = None
    """Group of the number in the ledger; None unless the cell names a row of ``parameters.csv``."""
    least: float | None = None
    """Lowest number that may be written in the cell itself."""
    most: float | None = None
    """Highest number that may be written in the cell itself."""
    pattern: str | None = None
    """Regular expression that text must match."""
    choices: tuple[str, ...] = ()
    """Values of an enumeration; empty if any text will do."""
    shown: bool | None = None
    """Whether people read the text, so that it has a translation in other languages; None: not said."""


def columns(model: type[Row]) -> tuple[Column, ...]:
    """The columns of a table in the schema's order."""
    return _columns(model, effects.kinds())


@cache
def _columns(model: type[Row], kinds: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns while these ``kinds`` of effect are registered, since they are choices of a column."""
    described = model.model_json_schema(by_alias=True)
    shapes, definitions = described["properties"], described.get("$defs", {})
    return tuple(
        _column(attribute, field.alias or attribute, field, shapes[field.alias or attribute], definitions)
        for attribute, field in model.model_fields.items()
    )


@cache
def model_of(table: str) -> type[Row]:
    """The schema class of a table. Raises KeyError if there is none of this name."""
    models: dict[str, type[Row]] = {model.table: model for model in schema.TABLES}
    return models[table]


def file_of(table: str) -> str:
    """Name of the file that holds a table."""
    return f"{table}.csv"


def _column(attribute: str, name: str, field: Any, shape: dict[str, Any], definitions: Shapes) -> Column:
    core = _core(shape, definitions)
    return Column(
        name=name,
        attribute=attribute,
        kind=_KINDS[core["type"]],
        required=field.is_required(),
        default=None if field.is_required() else field.default,
        description=field.description or "",
        unit=shape.get("unit"),
        refers=shape.get("refers"),
        selects=shape.get("selects"),
        role=Role(shape["role"]) if "role" in shape else None,
        least=shape.get("ge"),
        most=shape.get("le"),
        pattern=core.get("pattern"),
        choices=tuple(core.get("enum", ())),
        shown=shape.get("shown"),
    )


def _core(shape: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The JSON type of a filled cell: without ``null``, with enumerations looked up."""
    options = [option for option in shape.get("anyOf", [shape]) if option.get("type") != "null"]
    core: dict[str, Any] = options[0]
    if "$ref" in core:
        core = definitions[core["$ref"].rsplit("/", 1)[1]]
    return core
