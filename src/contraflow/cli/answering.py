"""The command ``respond``: what one policy would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contraflow.cli import records
from contraflow.cli.records import Record
from contraflow.cli.show import number, percent, say, signed, table
from contraflow.cli.terminal import emit, progress, screen

if TYPE_CHECKING:
    from rich.console import Console

HEADS = "|>before|>after|>change|>"
UNSEEN = 0.005
"""A figure that stays below this, in its unit, before and after is left out of a table."""


def respond(name: str, given: Sequence[str], *, seed: int, as_json: bool, convergence: bool) -> None:
    """Answer one policy and print what changes."""
    from contraflow.lab import load
    from contraflow.report.contents import shown_names
    from contraflow.report.summary import tell

    with progress() as say_so:
        case = load(name)
        policy = records.policy_of(case, given)
        lab = case.calibrate(seed=seed, progress=say_so)
        say_so("Answering")
        outcome = lab.respond(policy)
        record = records.provenance(lab) | records.answer(lab, outcome)
        if convergence:
            record["convergence"] = records.convergence(outcome)
        told = tell(lab.baseline().data, outcome.data, shown_names(case)).short
        record["in_short"] = list(told)
    if as_json:
        emit(record)
    else:
        _show(record, screen())


def _show(record: Record, console: Console) -> None:
    say(console, (record["title"], "bold"))
    for sentence in record["in_short"]:
        say(console, sentence)
    figures = [{"name": f"{name}, {f['unit']}"} | f for name, f in record["figures"].items()]
    _table(console, "Figures", figures)
    titles = {"mode": "Ways out of the country, t/yr", "route": "Where it leaves, t/yr", "zone": "Coca, ha"}
    for by, moved in record["displacement"].items():
        share = f"; {moved['displaced']:.0%} of what is lost comes up elsewhere" if moved["displaced"] else ""
        _table(console, titles[by] + share, moved["rows"])
    _table(console, "Incomes, million $/yr", record["incomes"])
    for other in record["alternatives"]:
        out = other["figures"]["exports"]
        console.print()
        say(console, (f"It may also settle otherwise: exports {number(out['after'])} t.", "yellow"))
    if "convergence" in record:
        _convergence(console, record)


def _table(console: Console, title: str, rows: Sequence[Record]) -> None:
    lines = [
        (
            row["name"],
            number(row["before"]),
            number(row["after"]),
            signed(row["change"]),
            percent(row["change"], row["before"]),
        )
        for row in rows
        if max(abs(row["before"]), abs(row["after"])) >= UNSEEN
    ]
    if lines:
        console.print()
        console.print(table(HEADS, lines, title=title))


def _convergence(console: Console, record: Record) -> None:
    lines = [
        (
            str(c["start"] + 1),
            str(c["rounds"]),
            str(c["evaluations"]),
            f"{c['first_residual']:.0e}",
            f"{c['last_residual']:.0e}",
        )
        for c in record["convergence"]
    ]
    heads = ">start|>rounds|>evaluations|>misfit at first|>at last"
    console.print()
    title = "How the equilibrium was sought"
    console.print(table(heads, lines, title=title, wrap=()))
    say(
        console, (f"Recomputed from the results: largest relative error {record['largest_error']:.0e}", "dim")
    )
