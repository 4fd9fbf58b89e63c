"""Many policies as one table: a row a policy, a column a measure."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow._language import N_, _, locale, ngettext
from contraflow._types import FloatArray
from contraflow.case.case import Case
from contraflow.case.io.cell_text import did_you_mean, short
from contraflow.case.io.rows import NUMBER
from contraflow.errors import PolicyError, Problem
from contraflow.policy.policy import levers_of, unknown_measure

if TYPE_CHECKING:
    import pandas as pd

NAME = "policy"
"""Column that names policies; all others are measures."""

LISTED = 20
"""Problems that a message lists."""

_SAVE = N_("Save the table from the spreadsheet as 'CSV UTF-8 (comma delimited)'")


@dataclass(frozen=True, eq=False)
class PolicyTable:
    """Policies in order, checked against a case.

    Only the measures that some policy sets have a column, so that a million policies of three measures take
    24 MB.
    """

    measures: tuple[str, ...]
    """Measures that some policy sets (column,)."""
    stated: FloatArray
    """Levels (policy, column), each in its measure's unit; NaN where a policy leaves the baseline's."""
    names: tuple[str, ...] = ()
    """Names of the policies; empty if they have none."""

    def __len__(self) -> int:
        return len(self.stated)

    def levels(self, case: Case, baseline: FloatArray, first: int, last: int) -> FloatArray:
        """Levels of all measures under policies ``first`` to ``last``, exclusive (policy, measure)."""
        order = {name: i for i, name in enumerate(levers_of(case))}
        place = [order[name] for name in self.measures]
        result = np.repeat(baseline[None], last - first, axis=0)
        stated = self.stated[first:last]
        result[:, place] = np.where(np.isnan(stated), baseline[place], stated)
        return result

    @property
    def digest(self) -> str:
        """Digest of the measures and levels: equal for the same policies in the same order."""
        digest = sha256("\n".join(self.measures).encode())
        digest.update(np.ascontiguousarray(self.stated).tobytes())
        digest.update("\n".join(self.names).encode())
        return digest.hexdigest()


def policy_table(
    case: Case, policies: PolicyTable | pd.DataFrame | Iterable[Mapping[str, float]]
) -> PolicyTable:
    """Policies of any form as a table.

    Parameters
    ----------
    case
        The case.
    policies
        A table that was read, a DataFrame with a column for each measure (NaN: as in the baseline; a column
        ``policy`` names them), or policies one after the other, each with its levels by measure.

    Returns
    -------
    PolicyTable
        The policies.

    Raises
    ------
    PolicyError
        If there are none, for an unknown measure, and for levels that are not numbers or out of range; says
        at which policy, counted from 0.
    """
    if isinstance(policies, PolicyTable):
        return policies
    names: tuple[str, ...] = ()
    if hasattr(policies, "columns"):
        frame: Any = policies
        names = tuple(map(str, frame[NAME])) if NAME in frame else ()
        measures = tuple(str(c) for c in frame.columns if c != NAME)
        try:
            stated = frame[list(measures)].to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError) as error:
            text = _("The table of policies holds what is no number: {error}.")
            raise PolicyError(text.format(error=error)) from None
    else:
        measures, stated = _of_mappings(policies)
    known = levers_of(case)
    if not known:
        raise PolicyError(_("The case has no measures, so there are no policies."))
    unknown = [unknown_measure(m, known) for m in measures if m not in known]
    if unknown:
        raise PolicyError("\n".join(unknown))
    if not len(stated):
        raise PolicyError(
            _("There are no policies. Give one at least; one that sets nothing is the baseline.")
        )
    text = _("policy {row}: {measure}={level}: {fault}")
    faults = [
        text.format(row=row, measure=measures[column], level=f"{stated[row, column]:g}", fault=fault)
        for row, column, fault in islice(_faults(case, measures, stated), LISTED)
    ]
    if faults:
        raise PolicyError("\n".join(faults))
    return _in_order(case, measures, stated, names)


def read_policies(case: Case, path: Path) -> PolicyTable:
    """Read a CSV file of policies.

    Its first row names measures, and ``policy`` where policies have names; an empty cell leaves the
    baseline's level. The file is read row by row, so that a million policies need little memory.

    Parameters
    ----------
    case
        The case.
    path
        The file, in UTF-8.

    Returns
    -------
    PolicyTable
        The policies, in the order of the file.

    Raises
    ------
    PolicyError
        If the file cannot be read, names no measure of the case, or holds a level that is no number or out of
        range; lists problems with file, row, column and cure. Rows are counted as in a spreadsheet.
    """
    problems: list[Problem] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = _read(case, path.name, csv.reader(file, strict=True), problems)
    except OSError as error:
        found = _("This cannot be read: {reason}").format(reason=error.strerror or error)
        problems = [Problem(str(path), found, _("Name a CSV file"))]
    except UnicodeDecodeError:
        problems = [Problem(path.name, _("This is not UTF-8"), _(_SAVE))]
    except csv.Error as error:
        found = _("This is no CSV: {reason}").format(reason=error)
        problems = [Problem(path.name, found, _("Close every quotation mark that is opened"))]
    if problems:
        raise PolicyError(_listed(problems))
    return table


def _listed(problems: Sequence[Problem]) -> str:
    head = ngettext("{number} problem in the policies:", "{number} problems in the policies:", len(problems))
    lines = [head.format(number=len(problems)), *(f"  {problem}" for problem in problems[:LISTED])]
    if len(problems) > LISTED:
        more = _("and {number} more").format(number=len(problems) - LISTED)
        lines.append(f"  {more}")
    return "\n".join(lines)


def _read(case: Case, file: str, rows: Iterator[list[str]], problems: list[Problem]) -> PolicyTable:
    header = [cell.strip() for cell in next(rows, [])]
    if not any(header):
        cure = _("Write the names of measures in row 1")
        problems.append(Problem(file, _("There is no header"), cure, row=1))
        return PolicyTable((), np.zeros((0, 0)))
    problems += _header_problems(case, file, header)
    if problems:
        return PolicyTable((), np.zeros((0, 0)))
    columns = [place for place, name in enumerate(header) if name != NAME]
    measures = tuple(header[place] for place in columns)
    named = header.index(NAME) if NAME in header else None
    levels, lines, names = array("d"), array("q"), []
    for number, record in enumerate(rows, start=2):
        cells = [cell.strip() for cell in record]
        if not any(cells):
            continue
        if len(cells) < len(header) or any(cells[len(header) :]):
            text = _("The row has {cells} cells, the header {columns}")
            found = text.format(cells=len(cells), columns=len(header))
            cure = _("Put cells that contain a comma in quotation marks")
            problems.append(Problem(file, found, cure, row=number))
            continue
        for place in columns:
            text = cells[place]
            if text and not NUMBER.fullmatch(text):
                found, value = _("is not a number"), short(text)
                cure = _("Write a finite number such as 0.5, without its unit, or leave the cell empty")
                problems.append(Problem(file, found, cure, number, header[place], value))
            levels.append(float(text) if text and NUMBER.fullmatch(text) else math.nan)
        lines.append(number)
        if named is not None:
            names.append(cells[named])
    if not lines and not problems:
        cure = _("Write one in each row below the header")
        problems.append(Problem(file, _("There are no policies"), cure))
    stated = np.frombuffer(levels, dtype=float).reshape(len(lines), len(measures))
    for row, column, fault in _faults(case, measures, stated):
        value, name = f"{stated[row, column]:g}", measures[column]
        problems.append(Problem(file, fault.rstrip("."), _range(case, name), lines[row], name, value))
    return _in_order(case, measures, stated, tuple(names))


def _header_problems(case: Case, file: str, header: Sequence[str]) -> Iterator[Problem]:
    if len(header) == 1 and ";" in header[0]:
        yield Problem(file, _("The columns are not separated by commas"), _(_SAVE), row=1)
        return
    known = [NAME, *levers_of(case)]
    listed = _("The measures are: {measures}").format(measures=", ".join(case.measures))
    for position, name in enumerate(header, start=1):
        if not name:
            cure = _("Name column {number} or delete it").format(number=position)
            yield Problem(file, _("A column has no name"), cure, row=1)
        elif name in header[: position - 1]:
            yield Problem(file, _("stands twice in the header"), _("Keep one of them"), 1, name, name)
        elif name not in known:
            near = get_close_matches(name, known, n=1)
            cure = did_you_mean(near[0]) if near else listed
            yield Problem(file, _("is not a measure of this case"), cure, 1, name, name)
    if not any(name in known[1:] for name in header):
        yield Problem(file, _("No column is a measure"), listed, row=1)


def _range(case: Case, measure: str) -> str:
    return _("Write a number from {lowest} to {highest} ({unit})").format(**_limits(case, measure))


def _limits(case: Case, measure: str) -> dict[str, str]:
    lever = levers_of(case.in_language(locale()))[measure]
    return {"lowest": f"{lever.least:g}", "highest": f"{lever.most:g}", "unit": lever.unit}


def _faults(case: Case, measures: Sequence[str], stated: FloatArray) -> Iterator[tuple[int, int, str]]:
    """Row, column and fault of levels that are not finite or out of range."""
    known = levers_of(case)
    least, most = (np.array([getattr(known[m], end) for m in measures]) for end in ("least", "most"))
    wrong = ~np.isnan(stated) & ~((stated >= least) & (stated <= most))
    for row, column in np.argwhere(wrong):
        text = _("the level must lie between {lowest} and {highest} ({unit}).")
        yield int(row), int(column), text.format(**_limits(case, measures[column]))


def _of_mappings(policies: Iterable[Mapping[str, float]]) -> tuple[tuple[str, ...], FloatArray]:
    columns: dict[str, int] = {}
    rows, places, levels, count = array("q"), array("q"), array("d"), 0
    for count, policy in enumerate(policies, start=1):
        for name, level in policy.items():
            try:
                levels.append(float(level))
            except (TypeError, ValueError):
                levels.append(math.nan)
            if math.isnan(levels[-1]):
                text = _("policy {row}: {measure}={level}: the level is not a finite number.")
                raise PolicyError(text.format(row=count - 1, measure=name, level=level))
            rows.append(count - 1)
            places.append(columns.setdefault(name, len(columns)))
    stated = np.full((count, len(columns)), np.nan)
    stated[np.frombuffer(rows, dtype=rows.typecode), np.frombuffer(places, dtype=places.typecode)] = levels
    return tuple(columns), stated


def _in_order(case: Case, measures: Sequence[str], stated: FloatArray, names: tuple[str, ...]) -> PolicyTable:
    """The table with its columns in the order of the case, so that it does not matter who comes first."""
    place = {name: i for i, name in enumerate(measures)}
    known = levers_of(case)
    ordered = tuple(name for name in known if name in place)
    if not ordered:
        none = next(iter(known))
        return PolicyTable((none,), np.full((len(stated), 1), np.nan), names)
    return PolicyTable(ordered, stated[:, [place[name] for name in ordered]], names)
