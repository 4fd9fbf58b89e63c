"""Every error that Contraflow raises on purpose.

ContraflowError
├── CaseError            the case on disk is not well formed; lists every problem
├── NetworkError         the tables do not make a network that goods can cross
├── PolicyError          a level is unknown, negative or beyond its range
├── ConvergenceError     no equilibrium, or no fit, was found; says what was tried
├── ObservationError     a claim or pattern selects nothing in the model
├── HistoryError         episodes or forecasts of them are not well formed; lists every problem
├── ComparisonError      two outcomes do not go together, or a figure is not among theirs
├── ClusterError         workers cannot be reached, or do not have the code that they should
└── OutputError          a result cannot be written

CacheWarning             what was kept between runs cannot be used, and is computed again
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from contraflow._language import _, ngettext

FOREIGN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
"""Characters that are no text: they command a terminal, turn the direction of writing or are never seen."""


def harmless(text: str) -> str:
    """Text as it may be shown anywhere: characters that are no text stand as ``\\x1b`` or ``\\u202e``."""
    return FOREIGN.sub(lambda c: c[0].encode("unicode_escape").decode(), text.replace("\r\n", "\n"))


def place(file: str, row: int | None = None, column: str | None = None) -> str:
    """Where something stands: ``links.csv, row 4, column 'to'``."""
    if row is None and column is None:
        return file
    if column is None:
        return _("{file}, row {row}").format(file=file, row=row)
    if row is None:
        return _("{file}, column '{column}'").format(file=file, column=column)
    return _("{file}, row {row}, column '{column}'").format(file=file, row=row, column=column)


class CacheWarning(UserWarning):
    """What was kept between runs cannot be used or written; its text is meant to be shown to a person."""


class ContraflowError(Exception):
    """Base of all errors; its text is meant to be shown to a person."""

    def __str__(self) -> str:
        """The message, without characters that are no text."""
        return harmless(super().__str__())


@dataclass(frozen=True)
class Problem:
    """One problem of a case: where it is, what was found and how to mend it, in the reader's language.

    The message is what is said of the ``value``; without one it is a sentence of its own.
    """

    file: str
    message: str
    cure: str
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        """One line: ``links.csv, row 4, column 'to': 'prot' names no place. Did you mean 'port'?``."""
        found = f"'{self.value}' " if self.value is not None else ""
        where = place(self.file, self.row, self.column)
        return harmless(f"{where}: {found}{self.message}. {self.cure}")


class _ListedProblems(ContraflowError):
    """An error with all problems that were found, one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems."""
        self.problems = tuple(problems)
        super().__init__("\n".join([self._head(len(self.problems)), *(f"  {p}" for p in self.problems)]))

    def _head(self, count: int) -> str:
        raise NotImplementedError

    def __reduce__(self) -> tuple[type[_ListedProblems], tuple[tuple[Problem, ...]]]:
        """Made from its problems again, on another machine too."""
        return type(self), (self.problems,)


class CaseError(_ListedProblems):
    """The case is not well formed; ``problems`` lists all that was found."""

    def _head(self, count: int) -> str:
        text = ngettext("{count} problem in the case:", "{count} problems in the case:", count)
        return text.format(count=count)


class HistoryError(_ListedProblems):
    """Episodes of history or forecasts are not well formed; ``problems`` lists all that was found."""

    def _head(self, count: int) -> str:
        text = ngettext("{count} problem in the tables:", "{count} problems in the tables:", count)
        return text.format(count=count)


class NetworkError(CaseError):
    """The tables do not make a network that goods can cross."""


class PolicyError(ContraflowError):
    """A level is unknown, negative or beyond its range."""


class ConvergenceError(ContraflowError):
    """No equilibrium, or no fit, was found; the text says what was tried."""


class ObservationError(ContraflowError):
    """A claim or pattern selects nothing in the model."""

    def __init__(self, text: str, problem: Problem | None = None) -> None:
        """Keep the problem of the row that selects nothing, where one is at fault."""
        self.problem = problem
        super().__init__(text)


class ComparisonError(ContraflowError, ValueError):
    """Two outcomes cannot be compared draw by draw, or a figure is asked for that they do not have."""


class ClusterError(ContraflowError):
    """Workers of a cluster cannot be reached, are lost, or do not have the same code and libraries."""


class OutputError(ContraflowError):
    """A result cannot be written."""
