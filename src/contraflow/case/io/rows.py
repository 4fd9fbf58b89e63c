"""From cells to rows: each cell is compared with the schema of its column."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from contraflow._language import N_, _
from contraflow.case.columns import Column, columns, file_of
from contraflow.case.io.cell_text import did_you_mean, short, text_fault, twofold
from contraflow.case.io.read import Cells
from contraflow.case.table import DATE_PATTERN, ID_PATTERN, LONGEST_ID, RESERVED, YEAR_PATTERN, Row
from contraflow.errors import Problem

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""A number as a cell may write it: a point for decimals, no thousands separators, finite."""
_INTEGER = re.compile(r"[+-]?\d{1,9}", re.ASCII)

_PATTERN_CURES = {
    ID_PATTERN: N_("Use lower-case letters, digits and single hyphens, such as 'upper-river'"),
    YEAR_PATTERN: N_("Write a year or a span of years, from 1800 to 2099: 2012 or 2010-2014"),
    DATE_PATTERN: N_("Write the date as 2014, 2014-08 or 2014-08-15, from 1800 to 2099"),
}

_PYDANTIC = {
    "string_type": N_("Input should be a valid string"),
    "string_too_short": N_("String should have at least 1 character"),
    "string_too_long": N_("String should have at most {max_length} characters"),
    "string_pattern_mismatch": N_("String should match pattern '{pattern}'"),
    "int_type": N_("Input should be a valid integer"),
    "float_type": N_("Input should be a valid number"),
    "less_than_equal": N_("Input should be less than or equal to {le}"),
    "greater_than_equal": N_("Input should be greater than or equal to {ge}"),
    "tuple_type": N_("Input should be a valid array"),
    "too_long": N_("Tuple should have at most {max_length} items after validation, not {actual_length}"),
    "dict_type": N_("Input should be an object"),
    "model_type": N_("Input should be an object"),
}
"""What Pydantic says of entries of ``case.toml``, by the type of its error."""


def parse(model: type[Row], cells: Cells, present: frozenset[str]) -> tuple[Row | None, list[Problem]]:
    """Read one row of a table.

    Parameters
    ----------
    model
        The table.
    cells
        The row's cells.
    present
        Columns of the file. A required column that the whole file lacks is reported once, with the header,
        and not again for every row.

    Returns
    -------
    tuple
        The row, or None; and its problems.
    """
    file, problems, values = file_of(model.table), [], {}
    for column in columns(model):
        text = cells.cells.get(column.name)
        if text is None:
            if column.required and column.name in present:
                cure = _("Fill it: {description}").format(description=_(column.description))
                problems.append(Problem(file, _("The cell is empty"), cure, cells.row, column.name))
            continue
        fault = cell_fault(column, text)
        if fault is None and model.typed and column.kind == "number":
            fault = _number_in_two_ways(column, text)
        if fault is not None:
            problems.append(Problem(file, fault[0], fault[1], cells.row, column.name, short(text)))
        values[column.name] = text
    if problems or not present.issuperset(column.name for column in columns(model) if column.required):
        return None, problems
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        found, cure = _("is not valid: {reason}"), _("Compare the data dictionary")
        return None, [
            Problem(file, found.format(reason=reason(e)), cure, cells.row, str(e["loc"][0]))
            for e in error.errors()
        ]


def reason(detail: Any) -> str:
    """What Pydantic found, in the reader's language where it is one of the common faults."""
    context = detail.get("ctx", {})
    if detail["type"] == "value_error":
        return str(context["error"])
    known = _PYDANTIC.get(detail["type"])
    return _(known).format(**context) if known else str(detail["msg"])


def cell_fault(column: Column, text: str) -> tuple[str, str] | None:
    """What is wrong with a filled cell and how to mend it, or None."""
    kinds = {"number": _number_faults, "integer": _number_faults, "list": _list_faults, "text": _text_faults}
    return text_fault(text) or next(kinds[column.kind](column, text), None)


def _number_in_two_ways(column: Column, text: str) -> tuple[str, str] | None:
    """That the number may mean another one, unless the column could not hold the other."""
    fault = twofold(text)
    if fault is None:
        return None
    thousands = float(text.replace(".", ""))
    below = column.least is not None and thousands < column.least
    return None if below or (column.most is not None and thousands > column.most) else fault


def _text_faults(column: Column, text: str) -> Iterator[tuple[str, str]]:
    if column.choices and text not in column.choices:
        close = get_close_matches(text.lower(), column.choices, n=1)
        cure = _("Write one of: {choices}").format(choices=", ".join(column.choices))
        yield _("is not one of the choices"), did_you_mean(close[0]) if close else cure
    if column.pattern and not re.fullmatch(column.pattern, text, re.ASCII):
        yield _("is not written as it should be"), _(_PATTERN_CURES.get(column.pattern, column.description))
    if column.pattern == ID_PATTERN and column.refers is None:
        if len(text) > LONGEST_ID:
            cure = _("Shorten it to {count}").format(count=LONGEST_ID)
            yield _("has {count} characters").format(count=len(text)), cure
        if RESERVED.fullmatch(text):
            cure = _("Put a word before it: {example}").format(example=f"row-{text}")
            yield _("is read as a number or as nothing by other programs"), cure
    if column.pattern == DATE_PATTERN and not _is_date(text):
        yield _("is not a date"), _(_PATTERN_CURES[DATE_PATTERN])
    if column.pattern == YEAR_PATTERN and text[:4] > text[-4:]:
        yield _("ends before it starts"), _(_PATTERN_CURES[YEAR_PATTERN])


def _number_faults(column: Column, text: str) -> Iterator[tuple[str, str]]:
    if column.kind == "integer" and not _INTEGER.fullmatch(text):
        yield _("is not a whole number"), _("Write digits only")
    if not NUMBER.fullmatch(text):
        if in_two_ways := twofold(text):
            yield in_two_ways
        separated = re.fullmatch(r"[+-]?\d[\d., ]*", text)
        cure = (
            _("Use a point for decimals and nothing between thousands: 1234.5")
            if separated
            else _("Write a finite number such as 1234.5, without its unit")
        )
        yield _("is not a number"), cure
        return
    number = float(text)
    if not math.isfinite(number):
        yield _("is too large"), _("Write a finite number")
    if column.least is not None and number < column.least:
        limit = f"{column.least:g}"
        yield _("is below {limit}").format(limit=limit), _("Write a number from {limit}").format(limit=limit)
    if column.most is not None and number > column.most:
        limit = f"{column.most:g}"
        yield _("is above {limit}").format(limit=limit), _("Write a number up to {limit}").format(limit=limit)


def _list_faults(column: Column, text: str) -> Iterator[tuple[str, str]]:
    parts = [part.strip() for part in text.split(";")]
    if not any(parts):
        yield _("names nothing"), _("Write names separated by semicolons, or leave the cell empty")
    if not all(parts[:-1]):
        yield _("has an empty name"), _("Write names separated by single semicolons: a; b")
    if column.selects is None and any(part.startswith("!") for part in parts):
        yield _("excludes a name where names are listed"), _("Use '!' only in columns that select")
    if len({*parts}) < len(parts):
        yield _("names something twice"), _("Name each once")


def _is_date(text: str) -> bool:
    year, month, day = (int(part) for part in (text + "-01-01").split("-")[:3])
    return year > 0 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
