"""The command ``check``: everything that is wrong with a case and its network, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contraflow._language import _, ngettext
from contraflow.case.naming import number_of
from contraflow.cli.terminal import FAILED, emit, next_step, note, screen
from contraflow.cli.terminal_tables import say, table
from contraflow.errors import NetworkError, ObservationError, Problem

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.case import Case
    from contraflow.network import Network


def check(name: str, *, as_json: bool) -> None:
    """Print every problem, or that there is none; exit with 1 if there is one.

    Translations of texts that the case does not have any more are told, and are no problem.
    """
    from typer import Exit

    from contraflow import case as cases
    from contraflow.case.load import locate
    from contraflow.case.texts import left_over

    folder = locate(name)
    problems, sizes = cases.check(folder), {}
    warnings: list[Problem] = []
    if not problems:
        case = cases.load(folder)
        warnings = left_over(case)
        network, problems = find(case)
        sizes = {table: n for table, n in case.sizes().items() if n}
        if network is not None:
            sizes |= {"nodes": len(network.nodes), "arcs": len(network.arcs)}
        problems = [_with_row(problem, folder) for problem in problems]
    if as_json:
        found = [asdict(p) for p in problems]
        record = {"case": name, "well_formed": not problems, "problems": found, "sizes": sizes}
        emit(record | {"warnings": [asdict(w) for w in warnings]})
    else:
        _show(name, problems, sizes, screen())
        for warning in warnings:
            note(str(warning))
    if problems:
        raise Exit(FAILED)


def find(case: Case) -> tuple[Network | None, list[Problem]]:
    """What keeps a case that loads from being computed: its network, measures, claims and patterns."""
    from contraflow import network as networks
    from contraflow.model import Model
    from contraflow.model.observables import Observations, observable
    from contraflow.policy import make_levers

    try:
        network = networks.build(case)
    except NetworkError as error:
        return None, list(error.problems)
    problems: list[Problem] = []
    try:
        make_levers(network)
    except NetworkError as error:
        problems += error.problems
    model = Model(network)
    for row in observable([*case.claims.values(), *case.patterns.values()]):
        try:
            Observations(model, (row,)).resolve()
        except ObservationError as error:
            problems.append(error.problem or Problem(f"{row.table}.csv", str(error), "", None, "id", row.id))
    return network, problems


def _with_row(problem: Problem, folder: Path) -> Problem:
    """The problem with the row of the file in which the id that it names stands."""
    from contraflow.case.io.read import read_sheet

    if problem.row is not None or problem.value is None or not problem.file.endswith(".csv"):
        return problem
    cells = (c for c in read_sheet(folder / problem.file).rows if c.cells.get("id") == problem.value)
    first = next(cells, None)
    return problem if first is None else replace(problem, row=first.row)


def _show(name: str, problems: Sequence[Problem], sizes: dict[str, Any], console: Console) -> None:
    if not problems:
        listed = ", ".join(_counted(n, table) for table, n in sizes.items())
        say(console, (_("{case} is well formed").format(case=name), "green"), f": {listed}.")
        next_step(console, _("Next:"), "run", name)
        return
    if console.is_terminal:
        lines = [(_where(p), _found(p), p.cure) for p in problems]
        console.print(table(_("where|what|how to mend it"), lines, wrap=(0, 1, 2)))
        console.print()
    else:
        for p in problems:
            place = ":".join(str(part) for part in (p.file, p.row, p.column) if part is not None)
            console.print(f"{place}: {_found(p)}. {p.cure}.", soft_wrap=True)
    count = len(problems)
    text = ngettext("{case} has {number} problem.", "{case} has {number} problems.", count)
    say(console, (text.format(case=name, number=count), "bold"))


def _counted(number: int, things: str) -> str:
    """Rows of a table, nodes or arcs, in words."""
    if things == "nodes":
        return ngettext("{number} node", "{number} nodes", number).format(number=number)
    if things == "arcs":
        return ngettext("{number} arc", "{number} arcs", number).format(number=number)
    return number_of(number, things)


def _where(problem: Problem) -> str:
    """Where a problem is: the file, and below it the row and the column."""
    row = "" if problem.row is None else _("row {row}").format(row=problem.row)
    inside = ", ".join(filter(None, (row, problem.column)))
    return "\n".join(filter(None, (problem.file, inside)))


def _found(problem: Problem) -> str:
    return problem.message if problem.value is None else f"'{problem.value}' {problem.message}"
