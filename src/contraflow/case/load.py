"""From a folder to a case, or to every problem that prevents it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contraflow._language import N_, _
from contraflow.case import checks, schema, statements, texts
from contraflow.case.case import Case
from contraflow.case.checks import dimensions
from contraflow.case.checks.meaning import CASE_FILE
from contraflow.case.columns import CORE, file_of
from contraflow.case.io.cell_text import did_you_mean, either, short
from contraflow.case.io.located_rows import Entry, Tables
from contraflow.case.io.read import Sheet, absent, leads_outside, missing, read_sheet, read_toml
from contraflow.case.io.rows import parse, reason
from contraflow.case.io.units import UnitError, Units
from contraflow.case.table import Row
from contraflow.errors import CaseError, Problem


def load(case: str | Path) -> Case:
    """Read a shipped case by its name, or a case from a folder.

    Parameters
    ----------
    case
        Name of a shipped case, or the path of a folder. A name that is both means the shipped case: write
        ``./name`` or pass a Path for the folder.

    Returns
    -------
    Case
        The checked tables, with numbers in the units of the model: kg, USD of the baseline year, ha, km,
        year, person.

    Raises
    ------
    CaseError
        If the case is missing or not well formed; lists every problem.

    Examples
    --------
    >>> load("example").info.id
    'example'
    """
    found, problems = _read(locate(case))
    if found is None:
        raise CaseError(problems)
    return found


def check(case: str | Path) -> list[Problem]:
    """Check a case without loading it.

    Parameters
    ----------
    case
        Name of a shipped case, or the path of a folder, as for :func:`load`.

    Returns
    -------
    list of Problem
        Every problem with its file, row, column and how to mend it; empty if :func:`load` would succeed, and
        the case be shown in every language that it has.

    Examples
    --------
    >>> import contraflow as cf
    >>> cf.check("example")
    []
    >>> print(cf.check("exampel")[0])
    exampel: There is no such case. Did you mean 'example'?
    """
    try:
        folder = locate(case)
    except CaseError as error:
        return list(error.problems)
    problems = _read(folder)[1]
    return problems or [p for code in texts.TRANSLATED for p in texts.read(folder, code).problems]


def shipped() -> tuple[str, ...]:
    """Names of the cases that come with the package.

    Examples
    --------
    >>> shipped()
    ('andes-1990s', 'example', 'peru')
    """
    return tuple(sorted(folder.name for folder in data().iterdir() if (folder / CASE_FILE).is_file()))


def data() -> Path:
    """The folder of the shipped cases."""
    return Path(str(resources.files("contraflow.case") / "data"))


def locate(case: str | Path) -> Path:
    """The folder of a case named as in :func:`load`. Raises CaseError if there is none."""
    if isinstance(case, str) and case in shipped():
        return data() / case
    folder = Path(case)
    try:
        if str(case) and folder.is_dir():
            return folder
    except (OSError, ValueError):  # a name that no file system accepts
        pass
    known = shipped()
    close = get_close_matches(str(case), known, n=1)
    cure = _("Name a folder or a shipped case: {names}").format(names=", ".join(known))
    cure = did_you_mean(close[0]) if close else cure
    raise CaseError([Problem(short(case) or "''", _("There is no such case"), cure)])


def _read(folder: Path) -> tuple[Case | None, list[Problem]]:
    """The case, or None and its problems."""
    try:
        return _read_folder(folder)
    except OSError as error:
        found = _("The folder cannot be read: {reason}").format(reason=error.strerror)
        return None, [Problem(str(folder), found, _("Check that you may read it"))]


def _read_folder(folder: Path) -> tuple[Case | None, list[Problem]]:
    info, problems = _read_info(folder)
    problems += _strays(folder)
    tables = _read_tables(folder, info, problems)
    units, faults = _units(info)
    problems += faults
    problems += checks.run(tables, units)
    if problems or info is None or units is None:
        return None, sorted(problems, key=_reading_order)
    rows = {
        model.table: {name: row for name, row in _converted(tables, model, units)} for model in schema.TABLES
    }
    case = Case(info=info, **rows, fingerprint=_fingerprint(info, rows), location=str(folder))  # type: ignore[arg-type]
    return case, []


def _reading_order(problem: Problem) -> tuple[int, int]:
    """Sorts problems as a person mends them: file by file, from the first row down."""
    files = [CASE_FILE, *(file_of(model.table) for model in schema.TABLES)]
    place = files.index(problem.file) if problem.file in files else len(files)
    return place, problem.row or 0


def _read_info(folder: Path) -> tuple[schema.CaseInfo | None, list[Problem]]:
    path = folder / CASE_FILE
    if outside := leads_outside(path):
        return None, [outside]
    if not path.exists():
        names = ", ".join(n for n, f in schema.CaseInfo.model_fields.items() if f.is_required())
        cure = _("Add it, with {entries}").format(entries=names)
        return None, [Problem(CASE_FILE, _("The file is missing"), cure)]
    content, problems = read_toml(path)
    if problems:
        return None, problems
    try:
        text = json.dumps(content, default=lambda date: [str(date)])
        return schema.CaseInfo.model_validate_json(text, strict=True), []
    except ValidationError as error:
        return None, [_info_problem(detail) for detail in error.errors()]
    except ValueError:  # a number of more digits than Python writes
        return None, [Problem(CASE_FILE, _("holds a number that is too long"), _("Shorten it"))]


def _units(info: schema.CaseInfo | None) -> tuple[Units | None, list[Problem]]:
    """The units that the case may use, or None if its currencies are not known."""
    if info is None:
        return None, []
    try:
        return Units(info.currency), []
    except UnitError as error:
        found = _("In [currency], {fault}").format(fault=error)
        return None, [Problem(CASE_FILE, found, error.cure, None, "currency")]


def _info_problem(detail: Any) -> Problem:
    """What pydantic found in case.toml, in this package's words."""
    name = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "missing":
        cure = _(_ASKED.get(name, _AS_IN_EXAMPLE))
        return Problem(CASE_FILE, _("The entry is missing"), cure, column=name)
    if detail["type"] == "extra_forbidden":
        close = get_close_matches(name, _entries(), n=1)
        cure = did_you_mean(close[0]) if close else _("Delete it")
        return Problem(CASE_FILE, _("is not an entry of case.toml"), cure, column=name, value=short(name))
    cure = _("Write it as in the example case ({reason})").format(reason=reason(detail))
    return Problem(CASE_FILE, _("is not valid"), cure, column=name, value=short(detail["input"]))


def _entries() -> list[str]:
    """Entries of case.toml, those of its table of words as ``words.crop``."""
    words = [f"words.{name}" for name in schema.CaseWords.model_fields]
    return [
        *schema.CaseInfo.model_fields,
        *words,
        *(f"words.es.{name}" for name in schema.Words.model_fields),
    ]


_AS_IN_EXAMPLE = N_("Add it as in the example case")

_ASKED = {
    "home": N_('Write the ISO 3166 code of the country whose state acts, as in places.csv: home = "QM"'),
    "substance": N_(
        'Write what the headline figures count, as it stands inside a sentence: substance = "..."'
    ),
    "currency": N_(
        "Write the table [currency] with dollars of the baseline year per unit of each other currency that "
        "units mention, such as EUR = 1.1; leave it empty if all money is in dollars"
    ),
}
"""How to mend what nobody can assume about an economy."""

SPREADSHEETS = (".txt", ".tsv", ".tab", ".xlsx", ".xlsm", ".xls", ".ods", ".numbers", ".gz", ".zip")
"""Endings under which spreadsheets and compressors save a table."""


def _strays(folder: Path) -> list[Problem]:
    """Files that look like tables of a case, but have another name or ending and would not be read."""
    known = [file_of(model.table) for model in schema.TABLES]
    tables = {name.removesuffix(".csv") for name in known}
    problems = []
    for path in sorted(folder.iterdir()):
        name = path.name.lower()
        stem = name.partition(".")[0].strip()
        if stem in (*tables, texts.Translation.table) and path.suffix.lower() in SPREADSHEETS:
            file = f"{stem}.csv" if stem in tables else either(texts.FILES)
            cure = _("Save it as {file} (comma separated values), or move it out of the folder of the case")
            found = _("This looks like a table of a case, but is not read")
            problems.append(Problem(path.name, found, cure.format(file=file)))
        elif path.suffix.lower() == ".csv" and path.name not in (*known, *texts.FILES):
            close = get_close_matches(path.name.lower(), (*known, *texts.FILES), n=1)
            cure = did_you_mean(close[0]) if close else _("Move it out of the folder of the case")
            problems.append(Problem(path.name, _("This is not a table of a case"), cure))
    return problems


def _read_tables(folder: Path, info: schema.CaseInfo | None, problems: list[Problem]) -> Tables:
    """All tables; what is wrong with single files, rows and cells is added to ``problems``."""
    entries: dict[str, tuple[Entry[Row], ...]] = {}
    ids: dict[str, tuple[tuple[int, str], ...]] = {}
    unread, faulty = set(), set()
    for model in schema.TABLES:
        table = model.table
        sheet = _sheet(folder, table)
        problems += sheet.problems
        if sheet.unread:
            unread.add(table)
            continue
        present, rows = frozenset(sheet.header), []
        for cells in (cells for cells in sheet.rows if cells.whole):
            row, found = parse(model, cells, present)
            problems += found
            if row is not None:
                rows.append(Entry(cells.row, row))
        if len(rows) < len(sheet.rows):
            faulty.add(table)
        if table in CORE and not sheet.rows:
            cure = _("Add some: {about}").format(about=_(model.about))
            problems.append(Problem(file_of(table), _("The table has no rows"), cure))
        entries[table] = tuple(rows)
        ids[table] = tuple((cells.row, cells.cells["id"]) for cells in sheet.rows if "id" in cells.cells)
    return Tables(info, entries, ids, frozenset(unread), frozenset(faulty))


def _sheet(folder: Path, table: str) -> Sheet:
    path = folder / file_of(table)
    if outside := leads_outside(path):
        return Sheet((), (), (outside,))
    if path.exists() or path.is_symlink():
        return read_sheet(path)
    return missing(table) if table in CORE else absent(table)


def _converted(tables: Tables, model: type[Row], units: Units) -> list[tuple[str, Row]]:
    """Rows by id, numbers in units of the model."""
    entries = tables.by_id(model).items()
    return [(name, _inside(entry.item, units)) for name, entry in entries]


def _inside(row: Row, units: Units) -> Row:
    """A row with its numbers in units of the model."""
    if not isinstance(row, schema.Parameter | statements.Claim):
        return row
    unit = units.read(row.unit)
    name = unit.unit
    if isinstance(row, statements.Claim):
        kept = dimensions.of_claim(row.quantity)
        name = kept.get(units.fits(unit, kept) or "", name)
    numbers = {n: getattr(row, n) for n in ("low", "value", "high")}
    scaled = {n: None if number is None else number * unit.factor for n, number in numbers.items()}
    return row.model_copy(update={**scaled, "unit": name})


def _fingerprint(info: schema.CaseInfo, rows: Mapping[str, Mapping[str, Row]]) -> str:
    """SHA-256 of the content of a case; independent of the order of rows and the layout of files."""
    content = {
        "case": info.model_dump(mode="json"),
        **{
            table: [by_id[name].model_dump(mode="json") for name in sorted(by_id)]
            for table, by_id in rows.items()
        },
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
