"""From bytes on disk to cells, which are not interpreted yet; nothing is lost.

Rows are counted as a spreadsheet shows them: the header is row 1, a cell with a line break in it stays in one
row, and blank rows count but hold nothing.
"""

from __future__ import annotations

import csv
import io
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from stat import S_ISREG
from typing import Any

from contraflow.case.columns import Column, columns, file_of, model_of
from contraflow.case.table import Row
from contraflow.errors import Problem

MEGABYTE = 2**20
LARGEST = 20 * MEGABYTE
"""Size in bytes beyond which a file is not accepted as a table."""

_SAVE_AS_CSV = "Save the table from the spreadsheet as 'CSV UTF-8 (comma delimited)'"


@dataclass(frozen=True)
class Cells:
    """One row of a file."""

    row: int
    """Its number in a spreadsheet."""
    cells: dict[str, str]
    """Its filled cells by header."""
    whole: bool = True
    """False if the row has more or fewer cells than the header, so that cells may stand under wrong names."""


@dataclass(frozen=True)
class Sheet:
    """One file."""

    header: tuple[str, ...]
    """Names of the columns."""
    rows: tuple[Cells, ...]
    """Rows that are not blank."""
    problems: tuple[Problem, ...]
    """What is wrong with the file."""

    @property
    def unread(self) -> bool:
        """Whether the file could not be read at all, so that nothing is known of its rows."""
        return not self.header


def read_toml(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    """The content of a TOML file, empty if there are problems, and the problems."""
    text, problems = _text(path)
    if text is None:
        return {}, problems
    try:
        return tomllib.loads(text), []
    except ValueError as error:  # a TOMLDecodeError, or a number or date that Python refuses
        return {}, [Problem(path.name, f"This is no TOML: {error}", "Mend the syntax; strings need quotes")]
    except RecursionError:
        return {}, [
            Problem(path.name, "This is nested too deeply", "Write plain tables as in the example case")
        ]


def read_sheet(path: Path, model: type[Row] | None = None) -> Sheet:
    """The cells of one CSV file.

    ``model`` is its table. None: the table of a case that the file is named after.
    """
    text, problems = _text(path)
    if text is None:
        return Sheet((), (), tuple(problems))
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        problem = Problem(path.name, f"This is no CSV: {error}", "Close every quotation mark that is opened")
        return Sheet((), (), (problem,))
    if not records or not any(cell.strip() for cell in records[0]):
        problem = Problem(path.name, "There is no header", "Write the names of the columns in row 1", row=1)
        return Sheet((), (), (problem,))
    header = tuple(cell.strip() for cell in records[0])
    problems = _header_problems(path.name, header, columns(model or model_of(path.stem)))
    if problems and len(header) == 1:
        return Sheet((), (), tuple(problems))
    rows = []
    for number, record in enumerate(records[1:], start=2):
        cells = [cell.strip() for cell in record]
        if not any(cells):
            continue
        ragged = [*_ragged(path.name, number, header, cells), *_swallowed(path.name, number, header, cells)]
        problems += ragged
        filled = {name: cell for name, cell in zip(header, cells, strict=False) if name and cell}
        rows.append(Cells(number, filled, not ragged))
    return Sheet(header, tuple(rows), tuple(problems))


def _swallowed(file: str, number: int, header: tuple[str, ...], cells: list[str]) -> list[Problem]:
    """Cells that hold a line with as many commas as a row has: a quotation mark was opened by mistake."""
    return [
        Problem(
            file,
            "holds a line break and what looks like another row",
            "Delete the quotation mark that opens the cell, or close it where the cell ends",
            number,
            name,
            cell[:60],
        )
        for name, cell in zip(header, cells, strict=False)
        if any(line.count(",") >= len(header) - 1 for line in cell.splitlines()[1:])
    ]


def _text(path: Path) -> tuple[str | None, list[Problem]]:
    """The text of a file, or None and the reason."""
    name = path.name
    cure = _SAVE_AS_CSV if path.suffix == ".csv" else "Save it as plain text in UTF-8"
    try:
        known = path.stat()
        if not S_ISREG(known.st_mode):
            return None, [Problem(name, "This is no file", "Put a file with the table in its place")]
        size = known.st_size
        if size > LARGEST:
            found = f"This file has {size / MEGABYTE:.0f} MB"
            return None, [Problem(name, found, f"A table of a case has at most {LARGEST // MEGABYTE} MB")]
        content = path.read_bytes()
    except OSError as error:
        return None, [
            Problem(name, f"This cannot be read: {error.strerror}", "Put a readable file in its place")
        ]
    if b"\0" in content or content.startswith(b"PK\x03\x04"):
        return None, [Problem(name, "This is not a text file", cure)]
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Problem(name, "This is not UTF-8", cure, row=line)]


def _header_problems(file: str, header: tuple[str, ...], known: tuple[Column, ...]) -> list[Problem]:
    if len(header) == 1 and ";" in header[0]:
        return [Problem(file, "The columns are not separated by commas", _SAVE_AS_CSV, row=1)]
    names = [column.name for column in known]
    attributes = {column.attribute: column.name for column in known}
    problems = []
    for position, name in enumerate(header, start=1):
        if not name:
            cure = f"Name column {position} or delete it"
            problems.append(Problem(file, "A column has no name", cure, row=1))
        elif name in header[: position - 1]:
            problems.append(Problem(file, "stands twice in the header", "Keep one of them", 1, name, name))
        elif name not in names:
            close = attributes.get(name) or next(iter(get_close_matches(name, names, n=1)), None)
            cure = f"Did you mean '{close}'?" if close else f"The columns are: {', '.join(names)}"
            problems.append(Problem(file, "is not a column of this table", cure, 1, name, name))
    for column in known:
        if column.required and column.name not in header:
            cure = f"Add it: {column.description}"
            problems.append(Problem(file, "The column is missing", cure, 1, column.name))
    return problems


def _ragged(file: str, number: int, header: tuple[str, ...], cells: list[str]) -> list[Problem]:
    """Too few cells, or text beyond the last column: a comma too many or too few."""
    if len(cells) < len(header) or any(cells[len(header) :]):
        found = f"The row has {len(cells)} cells, the header {len(header)}"
        return [Problem(file, found, "Put cells that contain a comma in quotation marks", row=number)]
    return []


def absent(table: str) -> Sheet:
    """The sheet of a table that the case does not have."""
    return Sheet(tuple(column.name for column in columns(model_of(table))), (), ())


def missing(table: str) -> Sheet:
    """The sheet of a required table that the case does not have."""
    problem = Problem(file_of(table), "The file is missing", f"Add it: {model_of(table).about}")
    return Sheet((), (), (problem,))
