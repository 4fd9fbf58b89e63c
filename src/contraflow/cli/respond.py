"""The command ``respond``: what one policy would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from contraflow._language import _
from contraflow._numbers import change_of, order, signed, significant, to
from contraflow.cli import json_records
from contraflow.cli.json_records import Record
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, progress, screen
from contraflow.cli.terminal_tables import interval, likely, say, table
from contraflow.model.root_finding import ACCEPTED
from contraflow.policy.horizon import LONG_RUN, in_years
from contraflow.text.adjustment_sentences import PACES, STILL_ADJUSTING
from contraflow.text.figure_words import after_in_words
from contraflow.text.sentences import left_out, level, made_up

if TYPE_CHECKING:
    from rich.console import Console

HEADS = "|>before|>after|>change|>"
DRAWN = "|>before|>after|>change|>90% interval"
"""Heads with draws; the figures have one more, of probabilities."""
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


def respond(
    name: str,
    given: Sequence[str],
    after: str,
    *,
    how: CalibrationOptions,
    as_json: bool,
    convergence: bool,
) -> None:
    """Answer one policy and print what changes."""
    from contraflow.lab import load
    from contraflow.text.answer_sentences import tell
    from contraflow.text.names import shown_names

    with progress() as say_so:
        case = load(name)
        policy = json_records.policy_of(case, given)
        in_years(after)
        lab = calibrated(case, how, say_so)
        say_so("Answering")
        outcome = lab.respond(policy, after=after)
        record = json_records.provenance(lab) | json_records.answer(lab, outcome)
        if convergence:
            record["convergence"] = json_records.convergence(outcome)
        sentences = tell(lab.baseline().data, outcome.data, shown_names(case)).short
        record["in_short"] = [sentence.replace(WORD_JOINER, "") for sentence in sentences]
    if as_json:
        emit(record)
    else:
        _show(record, screen())


def _show(record: Record, console: Console) -> None:
    say(console, (f"{record['title']}, {after_in_words(record['after'])}", "bold"))
    for sentence in record["in_short"]:
        say(console, sentence)
    price = record["price_of"]
    named = ABROAD | {"local price": f"{price['good']} in {price['place']}"}
    figures = [{"name": f"{named.get(name, name)}, {f['unit']}"} | f for name, f in record["figures"].items()]
    _table(console, "Figures", figures, record["draws"])
    titles = {"mode": "Ways out of the country, t/yr", "route": "Where it leaves, t/yr", "zone": "Coca, ha"}
    for by, moved in record["displacement"].items():
        _table(console, titles[by], moved["rows"])
        ends = (moved["displaced_5"], moved["displaced_95"]) if "displaced_5" in moved else None
        elsewhere = made_up(moved["displaced"], ends)
        if elsewhere:
            text = _("{part} of what is lost here comes up elsewhere").format(part=elsewhere)
            say(console, (text, "dim"))
    _table(console, "Incomes, million $/yr", record["incomes"])
    for text in otherwise(record):
        console.print()
        say(console, (f"It may also settle otherwise{text}.", "yellow"))
    console.print()
    if record["after"] != LONG_RUN:
        say(console, (f"{_(STILL_ADJUSTING)} {_(PACES)}", "dim"))
    _uncertainty(console, record)
    if "convergence" in record:
        _convergence(console, record)


def otherwise(record: Mapping[str, Any]) -> list[str]:
    """Other equilibria of an answer, each by its exports; with draws, in how many there are any."""
    ends = [float(other["figures"]["exports"]["after"]) for other in record["alternatives"]]
    if record["draws"] == 1 or not ends:
        return [f": exports {significant(end)} t" for end in ends]
    some = max(other["draws"] for other in record["alternatives"])
    low, high = significant(min(ends)), significant(max(ends))
    return [f", in {some} of {record['draws']} draws: exports {to(low, high)} t"]


def _uncertainty(console: Console, record: Record) -> None:
    """What the figures are: medians with intervals, or a best fit without."""
    if record["left_out"]:
        text = left_out(record["left_out"], record["draws"] + record["left_out"])
        say(console, (text, "yellow"))
    if record["draws"] == 1:
        say(console, ("A single best fit: no uncertainty is shown.", "dim"))
        return
    say(
        console,
        (
            f"Medians of {record['draws']} draws. A change is taken draw by draw, so medians need not add "
            "up; its 90% interval holds nine draws in ten. over 5%: how probable it is that a figure falls "
            "or rises by more than a twentieth.",
            "dim",
        ),
    )


def _table(console: Console, title: str, rows: Sequence[Record], draws: int = 1) -> None:
    """Before, after and change; with intervals where the rows have them, and probabilities with draws."""
    rows = [row for row in rows if max(abs(row["before"]), abs(row["after"])) >= UNSEEN]
    if not rows:
        return
    many = "change_5" in rows[0]
    heads = DRAWN if many else HEADS
    lines = []
    for row in rows:
        cells = [
            row["name"],
            *(significant(level(row, c)) for c in ("before", "after")),
            signed(row["change"]),
        ]
        cells.append(interval(row) if many else change_of(row["change"], row["before"]))
        if many and draws > 1:
            cells.append(likely(row, draws))
        lines.append(cells)
    console.print()
    console.print(table(f"{heads}|>over 5%" if many and draws > 1 else heads, lines, title=title))


def _convergence(console: Console, record: Record) -> None:
    lines = [
        (
            str(c["start"] + 1),
            str(c["rounds"]),
            str(c["evaluations"]),
            order(c["first_residual"]),
            order(c["last_residual"]),
        )
        for c in record["convergence"]
    ]
    heads = ">start|>rounds|>evaluations|>misfit at first|>at last"
    console.print()
    title = "How the equilibrium was sought"
    console.print(table(heads, lines, title=title, wrap=()))
    settled = sum(c["last_residual"] <= ACCEPTED for c in record["convergence"])
    starts, found = len(record["convergence"]), record["equilibria"]
    ways = "one equilibrium" if found == 1 else f"{found} different equilibria"
    say(console, (f"{settled} of {starts} starts settled, at {ways}; the first is the baseline", "dim"))
    say(
        console,
        (f"Recomputed from the results: largest relative error {order(record['largest_error'])}", "dim"),
    )
