"""The texts of a case in other languages: which are shown to people, and what their translations are.

A case is written in English. ``texts.es.csv`` beside its tables holds, row by row, a text as the case has it
and its translation; the folder of the shipped cases has such a file for the texts of the package's own rows.
Translations change what is shown and nothing else: ids, numbers and the fingerprint of a case stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from contraflow._language import LANGUAGES, N_, _, marks
from contraflow.case import schema
from contraflow.case.columns import columns, file_of
from contraflow.case.io.cell_text import did_you_mean, short
from contraflow.case.io.read import leads_outside, read_sheet
from contraflow.case.io.rows import parse
from contraflow.case.table import Row, Text, column, optional
from contraflow.errors import CaseError, Problem

SOURCE = "en"
"""Language in which cases are written."""

TRANSLATED = tuple(code for code in LANGUAGES if code != SOURCE)
"""Languages that a case may have translations into."""

CASE_FILE = "case.toml"


REFERENCES = ("paragraph", "licence", "publisher")
"""Columns whose numbers are those of tables, versions and volumes, written everywhere alike."""

SUGGESTED = 20
"""Translations left over for which the most alike text is sought: each search takes a while."""

_MARKED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+", re.ASCII)


class Translation(Row):
    """One row of a file of translations."""

    table: ClassVar[str] = "texts"
    typed: ClassVar[bool] = False
    about: ClassVar[str] = "Texts of the case in another language."

    text: Text = column(N_("A text as the case has it; line breaks and runs of spaces count as one space."))
    translation: str = optional(
        "The same in the language of the file, with numbers as the text has them (1,240.5). Empty: none yet.",
        "",
    )


class WithTexts(Protocol):
    """A case, as far as its texts are concerned; its tables are attributes too."""

    @property
    def info(self) -> schema.CaseInfo:
        """``case.toml``."""

    @property
    def location(self) -> str:
        """Folder from which it was read."""


@dataclass(frozen=True)
class ShownText:
    """A text that people read, and where the case has it first."""

    text: str
    """The text, on one line."""
    file: str
    """File of the case."""
    column: str
    """Its column, or its entry of ``case.toml``."""
    row: str = ""
    """Id of its row."""


@dataclass(frozen=True)
class Translations:
    """The content of one file of translations."""

    by_text: Mapping[str, str]
    """Translations by text."""
    rows: Mapping[str, int]
    """Rows of the file by text, as a spreadsheet counts them."""
    problems: tuple[Problem, ...]
    """What is wrong with the file."""


def file_for(code: str) -> str:
    """Name of the file with the translations into a language.

    Examples
    --------
    >>> file_for("es")
    'texts.es.csv'
    """
    return f"texts.{code}.csv"


FILES = tuple(file_for(code) for code in TRANSLATED)
"""Names of all files of translations."""


def one_line(text: str) -> str:
    """A text by which its translation is found: line breaks and runs of spaces as single spaces."""
    return " ".join(text.split())


def has_words(text: str) -> bool:
    """Whether there is anything to translate."""
    return any(c.isalpha() for c in text)


def shown(case: WithTexts) -> dict[str, ShownText]:
    """Every text of a case that people read, by the text, in the order of ``case.toml`` and the tables.

    Texts without a letter are left out.
    """
    found: dict[str, ShownText] = {}
    for entry, text in _entries(case.info):
        found.setdefault(one_line(text), ShownText(one_line(text), CASE_FILE, entry))
    for model in schema.TABLES:
        names = _shown_columns(model)
        for row in getattr(case, model.table).values() if names else ():
            for attribute, header in names.items():
                text = one_line(getattr(row, attribute))
                found.setdefault(text, ShownText(text, file_of(model.table), header, row.id))
    return {text: where for text, where in found.items() if has_words(text)}


def _entries(model: BaseModel, name: str = "") -> Iterator[tuple[str, str]]:
    """Texts of ``case.toml`` that people read, with the names of their entries."""
    for attribute, field in type(model).model_fields.items():
        held, inner = getattr(model, attribute), f"{name}.{attribute}".lstrip(".")
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("shown"):
            yield from ((inner, text) for text in _strings(held))
        for number, part in enumerate(held if isinstance(held, tuple) else (held,), 1):
            if isinstance(part, BaseModel):
                yield from _entries(part, f"{inner}.{number}" if isinstance(held, tuple) else inner)


def _strings(held: Any) -> Iterator[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, Mapping):
        yield from (text for text in held.values() if isinstance(text, str))


def _shown_columns(model: type[Row]) -> dict[str, str]:
    """Headers of a table's columns that people read, by attribute."""
    return {c.attribute: c.name for c in columns(model) if c.shown}


def in_other_words(case: WithTexts, by_text: Mapping[str, str]) -> dict[str, Any]:
    """``info`` and tables of a case with those of its shown texts replaced that have a translation."""

    def said(held: Any) -> Any:
        if isinstance(held, str):
            return by_text.get(one_line(held), held)
        if isinstance(held, Mapping):
            return {key: said(part) for key, part in held.items()}
        return held

    def told(model: BaseModel) -> BaseModel:
        new: dict[str, Any] = {}
        for attribute, field in type(model).model_fields.items():
            held, extra = getattr(model, attribute), field.json_schema_extra
            if isinstance(extra, dict) and extra.get("shown"):
                new[attribute] = said(held)
            elif isinstance(held, BaseModel):
                new[attribute] = told(held)
            elif isinstance(held, tuple) and any(isinstance(part, BaseModel) for part in held):
                new[attribute] = tuple(told(part) if isinstance(part, BaseModel) else part for part in held)
        return model.model_copy(update=new)

    parts: dict[str, Any] = {"info": told(case.info)}
    for model in schema.TABLES:
        if names := _shown_columns(model):
            rows = getattr(case, model.table)
            parts[model.table] = {
                key: row.model_copy(update={name: said(getattr(row, name)) for name in names})
                for key, row in rows.items()
            }
    return parts


def translations(case: WithTexts, code: str) -> dict[str, str]:
    """Translations into a language by text: those of the package's own rows and the case's, which prevail.

    Parameters
    ----------
    case
        The case; its file is read from the folder that it came from, where there is one.
    code
        The language or locale, ``es`` or ``es_PE``. Numbers get its marks.

    Raises
    ------
    CaseError
        If the file cannot be read, or is not well formed.
    """
    language = code.partition("_")[0]
    own = read(Path(case.location), language) if case.location else Translations({}, {}, ())
    found = (read(packaged(), language), own)
    if problems := [problem for one in found for problem in one.problems]:
        raise CaseError(problems)
    by_text, places = {**found[0].by_text, **found[1].by_text}, shown(case)
    decimal, group = marks(code)
    table = {ord(","): group, ord("."): decimal}
    return {
        text: by_text[text]
        if where.column in REFERENCES
        else _MARKED.sub(lambda number: number[0].translate(table), by_text[text])
        for text, where in places.items()
        if text in by_text
    }


def packaged() -> Path:
    """The folder with translations of the rows that the package adds to every case."""
    return Path(str(resources.files("contraflow.case") / "data"))


def read(folder: Path, code: str) -> Translations:
    """The translations that a folder holds into a language; none where it has no such file."""
    path = folder / file_for(code)
    if outside := leads_outside(path):
        return Translations({}, {}, (outside,))
    if not (path.exists() or path.is_symlink()):
        return Translations({}, {}, ())
    sheet = read_sheet(path, Translation)
    problems = list(sheet.problems)
    by_text: dict[str, str] = {}
    rows: dict[str, int] = {}
    for cells in (cells for cells in sheet.rows if cells.whole):
        row, found = parse(Translation, cells, frozenset(sheet.header))
        problems += [replace(problem, file=path.name) for problem in found]
        if not isinstance(row, Translation):
            continue
        text = one_line(row.text)
        if text in rows:
            cure = _("Keep one of the two: row {row} has it too").format(row=rows[text])
            problems.append(Problem(path.name, _("stands twice"), cure, cells.row, "text", short(text)))
            continue
        rows[text] = cells.row
        if row.translation:
            by_text[text] = row.translation
    return Translations(by_text, rows, tuple(problems))


def missing(case: WithTexts, code: str) -> tuple[ShownText, ...]:
    """Texts of a case that people read and that have no translation into a language.

    Raises
    ------
    CaseError
        If the file of translations is not well formed.
    """
    known = translations(case, code)
    return tuple(where for text, where in shown(case).items() if text not in known)


def left_over(case: WithTexts) -> list[Problem]:
    """Translations, in all files of a case, of texts that the case does not have any more."""
    texts = shown(case)
    problems: list[Problem] = []
    for code in TRANSLATED:
        for text, row in read(Path(case.location), code).rows.items():
            if text not in texts:
                close = get_close_matches(text, texts, n=1) if len(problems) < SUGGESTED else ()
                cure = did_you_mean(short(close[0])) if close else _("Delete the row")
                found = _("is no text of the case that is shown")
                problems.append(Problem(file_for(code), found, cure, row, "text", short(text)))
    return problems
