"""From bytes on disk to cells, which are not interpreted yet; nothing is lost.

Rows are counted as a spreadsheet shows them: the header is row 1, a cell with a line break in it stays in one
row, and blank rows count but hold nothing.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from stat import S_ISREG
from typing import Any

from contraflow._language import N_, _
from contraflow.case.columns import Column, columns, file_of, model_of
from contraflow.case.io.cell_text import LONGEST, did_you_mean, grouped, short, text_fault, twofold
from contraflow.case.table import Row
from contraflow.errors import Problem

MEGABYTE = 2**20
LARGEST = 20 * MEGABYTE
"""Size in bytes beyond which a file is not accepted as a table."""
LARGEST_TOML = 2**14
"""The same for ``case.toml``, whose parser may take the square of the length."""
MOST_LINES = 10_000
"""Lines that a table may have, blank ones and those within cells included."""
LONGEST_LINE = 2**19
"""Characters that a line may have."""
MOST_COLUMNS = 200
"""Cells that a row may have."""

_SAVE_AS_CSV = N_("Save the table from the spreadsheet as 'CSV UTF-8 (comma delimited)'")
_SEPARATE = N_(
    "Excel's 'CSV UTF-8 (comma delimited)' writes the list separator of Windows, whatever its name: make "
    "that a comma and the decimal symbol a point (Settings, Region, Additional settings), and save again"
)


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
    text, problems = _text(path, LARGEST_TOML)
    if text is None:
        return {}, problems
    floats: list[str] = []

    def number(written: str) -> float:
        floats.append(written)
        return float(written)

    try:
        content = tomllib.loads(text, parse_float=number)
        strings = list(_strings(content))
    except ValueError as error:  # a TOMLDecodeError, or a number or date that Python refuses
        found = _("This is no TOML: {reason}").format(reason=error)
        return {}, [Problem(path.name, found, _("Mend the syntax; strings need quotes"))]
    except RecursionError:
        cure = _("Write plain tables as in the example case")
        return {}, [Problem(path.name, _("This is nested too deeply"), cure)]
    problems = [
        Problem(path.name, *fault, text.count("\n", 0, text.index(written)) + 1, value=written)
        for written in floats
        if (fault := twofold(written))
    ]
    problems += [
        Problem(path.name, *fault, column=short(name), value=short(string))
        for name, string in strings
        if (fault := text_fault(string))
    ]
    return ({} if problems else content), problems


def _strings(content: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text and every key of TOML with the name of its entry."""
    if isinstance(content, str):
        yield name, content
    for key, part in content.items() if isinstance(content, dict) else ():
        inner = f"{name}.{key}".lstrip(".")
        yield inner, key
        yield from _strings(part, inner)
    for number, part in enumerate(content, 1) if isinstance(content, list) else ():
        yield from _strings(part, f"{name}.{number}")


def leads_outside(path: Path) -> Problem | None:
    """That a file is a link out of its folder, whose target nobody meant to show who only reads a case."""
    try:
        if not path.is_symlink() or path.resolve().is_relative_to(path.parent.resolve()):
            return None
    except (OSError, RuntimeError):  # a ring of links
        pass
    cure = _("Copy the file into the folder: a case holds all that it is made of")
    return Problem(path.name, _("This is a link that leads out of the folder of the case"), cure)


def read_sheet(path: Path, model: type[Row] | None = None) -> Sheet:
    """The cells of one CSV file.

    ``model`` is its table. None: the table of a case that the file is named after.
    """
    text, problems = _text(path)
    if text is None:
        return Sheet((), (), tuple(problems))
    problem = _too_long(path.name, text)
    records: list[list[str]] = []
    try:
        for record in () if problem else csv.reader(io.StringIO(text, newline=""), strict=True):
            records.append(record)
            if len(record) > MOST_COLUMNS:
                found = _("The row has {count} cells").format(count=grouped(len(record)))
                cure = _("No table has more than {count}").format(count=MOST_COLUMNS)
                problem = Problem(path.name, found, cure, len(records))
                break
    except csv.Error as error:
        problem = _no_csv(path.name, str(error), len(records) + 1)
    if problem:
        return Sheet((), (), (problem,))
    if not records or not any(cell.strip() for cell in records[0]):
        cure = _("Write the names of the columns in row 1")
        problem = Problem(path.name, _("There is no header"), cure, row=1)
        return Sheet((), (), (problem,))
    header = tuple(cell.strip() for cell in records[0])
    known = columns(model or model_of(path.stem))
    if _otherwise_separated(header, known):
        problem = Problem(path.name, _("The columns are not separated by commas"), _(_SEPARATE), row=1)
        return Sheet((), (), (problem,))
    problems = _header_problems(path.name, header, known)
    if not {*header}.intersection(column.name for column in known):
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


def _too_long(file: str, text: str) -> Problem | None:
    """That a table has more lines or longer ones than any case needs, found before they are taken apart."""
    lines = max(text.count("\n"), text.count("\r"))
    if lines > MOST_LINES:
        cure = _("Delete blank rows below the table; a table of a case has at most {count} lines")
        found = _("This file has {count} lines").format(count=grouped(lines))
        return Problem(file, found, cure.format(count=grouped(MOST_LINES)))
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > LONGEST_LINE:
            cure = _("Check that each row stands on a line of its own, and that texts are short")
            found = _("A line has {count} characters").format(count=grouped(len(line)))
            return Problem(file, found, cure, number)
    return None


def _no_csv(file: str, error: str, row: int) -> Problem:
    """What keeps a file from being CSV, with the row that begins before it."""
    if "field limit" in error:
        found = _("A cell has more than {count} characters").format(count=grouped(csv.field_size_limit()))
        cure = _("A cell has at most {count}: shorten it, or close the quotation mark that opens it")
        return Problem(file, found, cure.format(count=grouped(LONGEST)), row)
    cure = _("Close every quotation mark that is opened, and double those inside a cell")
    return Problem(file, _("This is no CSV: {reason}").format(reason=error), cure, row)


def _swallowed(file: str, number: int, header: tuple[str, ...], cells: list[str]) -> list[Problem]:
    """Cells that hold a line with as many commas as a row has: a quotation mark was opened by mistake."""
    return [
        Problem(
            file,
            _("holds a line break and what looks like another row"),
            _("Delete the quotation mark that opens the cell, or close it where the cell ends"),
            number,
            name,
            short(cell),
        )
        for name, cell in zip(header, cells, strict=False)
        if any(line.count(",") >= len(header) - 1 for line in cell.splitlines()[1:])
    ]


def _text(path: Path, largest: int = LARGEST) -> tuple[str | None, list[Problem]]:
    """The text of a file, or None and the reason."""
    name = path.name
    cure = _(_SAVE_AS_CSV) if path.suffix == ".csv" else _("Save it as plain text in UTF-8")
    try:
        known = path.stat()
        if not S_ISREG(known.st_mode):
            return None, [Problem(name, _("This is no file"), _("Put a file with the table in its place"))]
        with path.open("rb") as file:
            content = file.read(largest + 1) if known.st_size <= largest else b""
        if max(known.st_size, len(content)) > largest:
            found = _("This file has {size}").format(size=_size(max(known.st_size, len(content))))
            return None, [Problem(name, found, _("It may have at most {size}").format(size=_size(largest)))]
    except OSError as error:
        found = _("This cannot be read: {reason}").format(reason=error.strerror)
        return None, [Problem(name, found, _("Put a readable file in its place"))]
    if b"\0" in content or content.startswith(b"PK\x03\x04"):
        return None, [Problem(name, _("This is not a text file"), cure)]
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Problem(name, _("This is not UTF-8"), cure, row=line)]


def _size(size: int) -> str:
    return f"{size / MEGABYTE:.0f} MB" if size >= MEGABYTE else f"{size / 1024:.0f} kB"


def _otherwise_separated(header: tuple[str, ...], known: tuple[Column, ...]) -> bool:
    """Whether another mark than a comma finds more columns in the header."""
    names = {column.name for column in known}
    found = [names.intersection(part.strip(' "') for part in ",".join(header).split(mark)) for mark in ";\t|"]
    return max(map(len, found)) > len(names.intersection(header)) or header[0].startswith("sep=")


def _header_problems(file: str, header: tuple[str, ...], known: tuple[Column, ...]) -> list[Problem]:
    names = [column.name for column in known]
    attributes = {column.attribute: column.name for column in known}
    problems = []
    for position, name in enumerate(header, start=1):
        if not name:
            cure = _("Name column {number} or delete it").format(number=position)
            problems.append(Problem(file, _("A column has no name"), cure, row=1))
        elif name in header[: position - 1]:
            found, shown = _("stands twice in the header"), short(name)
            problems.append(Problem(file, found, _("Keep one of them"), 1, shown, shown))
        elif name not in names:
            close = attributes.get(name) or next(iter(get_close_matches(name, names, n=1)), None)
            cure = _("The columns are: {names}").format(names=", ".join(names))
            found, shown = _("is not a column of this table"), short(name)
            problems.append(Problem(file, found, did_you_mean(close) if close else cure, 1, shown, shown))
    for column in known:
        if column.required and column.name not in header:
            cure = _("Add it: {description}").format(description=_(column.description))
            problems.append(Problem(file, _("The column is missing"), cure, 1, column.name))
    return problems


def _ragged(file: str, number: int, header: tuple[str, ...], cells: list[str]) -> list[Problem]:
    """Too few cells, or text beyond the last column: a comma too many or too few."""
    if len(cells) < len(header) or any(cells[len(header) :]):
        found = _("The row has {cells} cells, the header {names}").format(cells=len(cells), names=len(header))
        return [Problem(file, found, _("Put cells that contain a comma in quotation marks"), row=number)]
    return []


def absent(table: str) -> Sheet:
    """The sheet of a table that the case does not have."""
    return Sheet(tuple(column.name for column in columns(model_of(table))), (), ())


def missing(table: str) -> Sheet:
    """The sheet of a required table that the case does not have."""
    cure = _("Add it: {about}").format(about=_(model_of(table).about))
    return Sheet((), (), (Problem(file_of(table), _("The file is missing"), cure),))
