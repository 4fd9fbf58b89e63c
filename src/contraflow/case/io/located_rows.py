"""The tables of a case while it is being checked: rows with the place where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from contraflow.case import schema
from contraflow.case.columns import STEPS, file_of
from contraflow.case.selectors import labels
from contraflow.case.table import Row
from contraflow.errors import Problem

Row_co = TypeVar("Row_co", bound=Row, covariant=True)


@dataclass(frozen=True)
class Entry(Generic[Row_co]):
    """A row that was read, with its number in the spreadsheet."""

    row: int
    item: Row_co

    def problem(self, column: str, message: str, cure: str, value: object = None) -> Problem:
        """A problem of this row."""
        shown = None if value is None else str(value)
        return Problem(file_of(self.item.table), message, cure, self.row, column, shown)


@dataclass(frozen=True)
class Tables:
    """What could be read of a case.

    ``entries`` are the rows that are valid in themselves, ``ids`` the ids of all rows, also of
    those that are not (a broken row must not make every reference to it look broken), with
    their row numbers. ``unread`` are tables whose file is missing or illegible, ``faulty``
    those with rows that could not be understood.
    """

    info: schema.CaseInfo | None
    entries: Mapping[str, tuple[Entry[Row], ...]]
    ids: Mapping[str, tuple[tuple[int, str], ...]]
    unread: frozenset[str]
    faulty: frozenset[str]

    def of(self, model: type[Row_co]) -> Iterator[Entry[Row_co]]:
        """The valid rows of one table."""
        return iter(cast("tuple[Entry[Row_co], ...]", self.entries.get(model.table, ())))

    def by_id(self, model: type[Row_co]) -> dict[str, Entry[Row_co]]:
        """The valid rows of one table by id."""
        return {getattr(entry.item, "id"): entry for entry in self.of(model)}  # noqa: B009 (Row has no id)

    def names(self, table: str) -> set[str] | None:
        """Ids of a table, or of all steps for 'steps'; None if they cannot be known."""
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
