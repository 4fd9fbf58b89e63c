"""The command ``respond``: what one policy would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contraflow.cli import records
from contraflow.cli.records import Record
from contraflow.cli.show import number, percent, say, signed, table
from contraflow.cli.terminal import emit, progress, screen
from contraflow.model.root import TOLERANCE

if TYPE_CHECKING:
    from rich.console import Console

HEADS = "|>before|>after|>change|>"
WORD_JOINER = "\u2060"

ABROAD = {
    "delivered": "delivered, all producers",
    "hectares": "hectares, all producers",
    "seized": "seized, all producers",
    "arrests": "arrests, all producers",
}
"""Figures that are not those of the home country alone."""

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
        record["in_short"] = [sentence.replace(WORD_JOINER, "") for sentence in told]
    if as_json:
        emit(record)
    else:
        _show(record, screen())


def _show(record: Record, console: Console) -> None:
    say(console, (record["title"], "bold"))
    for sentence in record["in_short"]:
        say(console, sentence)
    price = record["price_of"]
    named = ABROAD | {"valley price": f"{price['good']} in {price['place']}"}
    figures = [{"name": f"{named.get(name, name)}, {f['unit']}"} | f for name, f in record["figures"].items()]
    _table(console, "Figures", figures)
    titles = {"mode": "Ways out of the country, t/yr", "route": "Where it leaves, t/yr", "zone": "Coca, ha"}
    for by, moved in record["displacement"].items():
        _table(console, titles[by], moved["rows"])
        if moved["displaced"] > UNSEEN:
            say(console, (f"{moved['displaced']:.0%} of what is lost here comes up elsewhere", "dim"))
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
    settled = sum(c["last_residual"] <= 10 * TOLERANCE for c in record["convergence"])
    starts, found = len(record["convergence"]), record["equilibria"]
    ways = "one equilibrium" if found == 1 else f"{found} different equilibria"
    say(console, (f"{settled} of {starts} starts settled, at {ways}; the first is the baseline", "dim"))
    say(
        console, (f"Recomputed from the results: largest relative error {record['largest_error']:.0e}", "dim")
    )
