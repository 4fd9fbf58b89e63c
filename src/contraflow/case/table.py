"""What every table of a case is made of: rows, and kinds of columns."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contraflow._language import N_, _

ID_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
YEAR_PATTERN = r"^(1[89]|20)\d{2}(-(1[89]|20)\d{2})?$"
LONGEST_ID = 60
"""Characters that an id may have: it stands in tables and in names of files."""

RESERVED = re.compile(r"nan?|n-a|nil|null|none|undefined|inf|infinity|true|false|\d+(e\d+)?")
"""Ids that spreadsheets and programs read as a number, as true or false or as nothing at all."""

DATE_PATTERN = r"^(1[89]|20)\d{2}(-\d{2}(-\d{2})?)?$"


def _split(cell: Any) -> Any:
    """Split a cell ``a; b; c`` into its parts."""
    if isinstance(cell, str):
        return tuple(part for part in (p.strip() for p in cell.split(";")) if part)
    return cell


def _expect_name(text: str) -> str:
    if RESERVED.fullmatch(text):
        raise ValueError(_("this is read as a number or as nothing: write a word"))
    return text


Id = Annotated[
    str, StringConstraints(pattern=ID_PATTERN, max_length=LONGEST_ID), AfterValidator(_expect_name)
]
Text = Annotated[str, StringConstraints(min_length=1)]
Year = Annotated[str, StringConstraints(pattern=YEAR_PATTERN)]
Date = Annotated[str, StringConstraints(pattern=DATE_PATTERN)]
Selector = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""``a; b``: any of these; ``!a``: not this. A token is an id, a place's country, kind or group."""


class Role(StrEnum):
    """A group of parameters, titled as the ledger shows it and in its order."""

    SWITCHING = N_("How readily people switch")
    DEMAND = N_("Demand")
    PRICE = N_("Prices")
    TRANSPORT = N_("Pay, hire and loads")
    COST = N_("Costs")
    FEE = N_("Levies and bribes")
    MARGIN = N_("Margins and pay for risk")
    HAZARD = N_("Risk of being stopped")
    LAND = N_("Land, yields and content")
    MEASURE = N_("Measures of the state")
    BEHAVIOUR = N_("How clans and households act in time")
    WEIGHT = N_("Weights of options")
    OTHER = N_("Everything else")


def column(description: str, **extra: Any) -> Any:
    """A column that must be filled.

    Parameters
    ----------
    description
        Meaning, for the data dictionary and, marked by ``N_``, for the cure where the cell is empty.
    extra
        Further facts: ``unit`` inside the model, ``refers`` or ``selects`` with the name of a table, limits
        ``ge`` and ``le``, and ``shown``: whether people read the text, so that it is translated.
    """
    return Field(description=description, json_schema_extra=extra or None)


def optional(description: str, default: Any = None, **extra: Any) -> Any:
    """A column that may be left empty.

    Parameters
    ----------
    description
        Meaning, for the data dictionary.
    default
        Value of an empty cell.
    extra
        Further facts, as for :func:`column`.
    """
    return Field(default=default, description=description, json_schema_extra=extra or None)


def quantity(description: str, unit: str, role: Role) -> Any:
    """A column that must name a row of ``parameters.csv``.

    Parameters
    ----------
    description
        Meaning, as for :func:`column`.
    unit
        Unit inside the model, to which the unit of the row must convert.
    role
        Group of the ledger that the number stands in.
    """
    return column(description, unit=unit, refers="parameters", role=role)


def maybe_quantity(description: str, unit: str, role: Role, absent: str) -> Any:
    """A column that may name a row of ``parameters.csv``.

    Parameters
    ----------
    description
        Meaning, for the data dictionary.
    unit
        Unit inside the model, to which the unit of the row must convert.
    role
        Group of the ledger that the number stands in.
    absent
        What an empty cell means.
    """
    return optional(f"{description} Empty: {absent}.", unit=unit, refers="parameters", role=role)


class Row(BaseModel):
    """One row of a table; unknown columns are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    table: ClassVar[str]
    """Name of the table, and of its file without ``.csv``."""
    typed: ClassVar[bool] = True
    """Whether people write the numbers of the table, so that one of them may be a slip of theirs."""
    about: ClassVar[str]
    """What the table holds, for the data dictionary."""
