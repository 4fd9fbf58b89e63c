"""The tables of a case while it is being checked: rows with the place where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import count
from typing import Generic, TypeVar, cast

from contraflow.case import schema
from contraflow.case.columns import STEPS, file_of
from contraflow.case.selectors import labels
from contraflow.case.table import Row
from contraflow.errors import Problem

SUGGESTED = 500
"""Slips for which the most alike name is sought: each search takes a time that grows with the case."""

Row_co = TypeVar("Row_co", bound=Row, covariant=True)


@dataclass(frozen=True)
class Entry(Generic[Row_co]):
    """A row that was read, with its number in the spreadsheet."""

    row: int
    """Number of the row; the header is row 1."""
    item: Row_co
    """The row."""

    def problem(self, column: str, message: str, cure: str, value: object = None) -> Problem:
        """A problem of this row.

        Parameters
        ----------
        column
            Header of the column.
        message
            What was found.
        cure
            How to mend it.
        value
            The faulty value, as shown.
        """
        shown = None if value is None else str(value)
        return Problem(file_of(self.item.table), message, cure, self.row, column, shown)


@dataclass(frozen=True)
class Tables:
    """What could be read of a case."""

    info: schema.CaseInfo | None
    """``case.toml``; None if it could not be read."""
    entries: Mapping[str, tuple[Entry[Row], ...]]
    """Rows that are valid in themselves, by table."""
    ids: Mapping[str, tuple[tuple[int, str], ...]]
    """Row numbers and ids of all rows by table, including those that are not valid: one broken row must not
    make every reference to it seem broken.
    """
    unread: frozenset[str]
    """Tables whose file is missing or illegible."""
    faulty: frozenset[str]
    """Tables with rows that could not be read."""
    _asked: count[int] = field(default_factory=count, repr=False, compare=False)

    def nearest(self, name: str, names: Iterable[str]) -> str | None:
        """The most alike of the names, or None; also None after so many questions as SUGGESTED."""
        if next(self._asked) >= SUGGESTED:
            return None
        return next(iter(get_close_matches(name, sorted(names), n=1)), None)

    def of(self, model: type[Row_co]) -> Iterator[Entry[Row_co]]:
        """The valid rows of one table."""
        return iter(cast("tuple[Entry[Row_co], ...]", self.entries.get(model.table, ())))

    def by_id(self, model: type[Row_co]) -> dict[str, Entry[Row_co]]:
        """The valid rows of one table by id."""
        return {getattr(entry.item, "id"): entry for entry in self.of(model)}  # noqa: B009 (Row has no id)

    def names(self, table: str) -> set[str] | None:
        """Ids of a table, or of all steps for ``steps``; None if they cannot be known."""
        members = STEPS if table == "steps" else (table,)
        if self.unread.intersection(members):
            return None
        return {name for member in members for _, name in self.ids.get(member, ())}

    def selectable(self, table: str) -> set[str] | None:
        """Every token by which rows of a table may be selected; None if they cannot be known."""
        if table != "places":
            return self.names(table)
        if table in self.unread or table in self.faulty:
            return None
        return {label for entry in self.of(schema.Place) for label in labels(entry.item)}
