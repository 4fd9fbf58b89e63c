"""The command ``respond``: what one policy would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from contraflow._language import N_, _, ngettext
from contraflow._numbers import change_of, order, plain_number, significant, to
from contraflow.cli import json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.json_records import Record
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, next_step, paged, progress
from contraflow.cli.terminal_tables import change, good_of, interval, likely, say, table
from contraflow.model.root_finding import ACCEPTED
from contraflow.policy.horizon import LONG_RUN
from contraflow.text.adjustment_sentences import PACES, STILL_ADJUSTING
from contraflow.text.figure_words import after_in_words
from contraflow.text.sentences import left_out, level, made_up

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.text.names import Names

HEADS = N_("|>before|>after|>change|>")
DRAWN = N_("|>before|>after|>change|>90% interval")
"""Heads with draws; the figures have one more, of probabilities."""
LIKELY = N_("|>before|>after|>change|>90% interval|>over 5%")
"""Heads with draws and probabilities."""
WORD_JOINER = "\u2060"

ABROAD = {
    "delivered": N_("delivered, all producers"),
    "hectares": N_("hectares, all producers"),
    "seized": N_("seized, all producers"),
    "arrests": N_("arrests, all producers"),
}
"""Figures that are not those of the home country alone."""

UNSEEN = 0.005
"""A figure that stays below this, in its unit, before and after is left out of a table."""


def respond(
    asked: AskedPolicy,
    after: str,
    *,
    how: CalibrationOptions,
    as_json: bool,
    convergence: bool,
) -> None:
    """Answer one policy and print what changes."""
    from contraflow.text.answer_sentences import tell
    from contraflow.text.evidence_sentences import requirements
    from contraflow.text.names import shown_names

    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so)
        say_so(_("Answering"))
        outcome = lab.respond(asked.policy, asked.title, after=after)
        record = json_records.provenance(lab) | json_records.answer(lab, outcome)
        if convergence:
            record["convergence"] = json_records.convergence(outcome)
        shown = shown_names(asked.case)
        sentences = tell(lab.baseline().data, outcome.data, shown).short
        lacks = requirements(lab.case, outcome.requirements(), asked.policy)
        record["in_short"] = [sentence.replace(WORD_JOINER, "") for sentence in (*lacks, *sentences)]
    if as_json:
        emit(record | ({"question": asked.question} if asked.question else {}))
        return
    with paged() as console:
        _show(record, shown, console)
        _next(asked, record, console)


def _next(asked: AskedPolicy, record: Record, console: Console) -> None:
    """What to ask next of the same policy: what it rests on, and whether time changes it."""
    console.print()
    words = (asked.name, *asked.words)
    by_air = record["figures"].get("exports by air", {"change": 0.0})
    figure = ("--figure", "exports by air") if abs(by_air["change"]) > UNSEEN else ()
    next_step(console, _("What this answer rests on:"), "explain", *words, *figure, "--change")
    if record["after"] == LONG_RUN:
        next_step(console, _("How the economy gets there:"), "path", *words)
    else:
        next_step(console, _("Where it settles:"), "respond", *words)
    given = [word for k, v in asked.policy.items() for word in ("-m", f"{k}={plain_number(v)}")]
    next_step(console, _("As a page with maps:"), "report", asked.name, *given, "--out", "answer.html")


def _show(record: Record, shown: Names, console: Console) -> None:
    when = after_in_words(record["after"])
    text = _("{question} ({when})") if str(record["title"]).endswith("?") else _("{policy}, {when}")
    say(console, (text.format(question=record["title"], policy=record["title"], when=when), "bold"))
    for sentence in record["in_short"]:
        say(console, sentence)
    price = record["price_of"]
    at = _("{good} in {place}").format(good=good_of(price), place=price["place"])
    named = ABROAD | {"local price": at}
    figures = [
        {"name": f"{_(named.get(name, name))}, {_(f['unit'])}"} | f for name, f in record["figures"].items()
    ]
    _table(console, _("Figures"), figures, record["draws"])
    titles = {
        "mode": _("Ways out of the country, t/yr"),
        "route": _("Where it leaves, t/yr"),
        "zone": _("{crop}, ha").format(crop=shown.crop[:1].upper() + shown.crop[1:])
        if shown.crop
        else _("ha"),
    }
    for by, moved in record["displacement"].items():
        _table(console, titles[by], moved["rows"])
        ends = (moved["displaced_5"], moved["displaced_95"]) if "displaced_5" in moved else None
        elsewhere = made_up(moved["displaced"], ends)
        if elsewhere:
            text = _("{part} of what is lost here comes up elsewhere").format(part=elsewhere)
            say(console, (text, "dim"))
    _table(console, _("Incomes, million $/yr"), record["incomes"])
    for text in otherwise(record):
        console.print()
        say(console, (_("It may also settle otherwise{how}.").format(how=text), "yellow"))
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
        return [_(": exports {exports} t").format(exports=significant(end)) for end in ends]
    some = max(other["draws"] for other in record["alternatives"])
    low, high = significant(min(ends)), significant(max(ends))
    text = _(", in {some} of {draws} draws: exports {exports} t")
    return [text.format(some=some, draws=record["draws"], exports=to(low, high))]


def _uncertainty(console: Console, record: Record) -> None:
    """What the figures are: medians with intervals, or a best fit without."""
    if record["left_out"]:
        text = left_out(record["left_out"], record["draws"] + record["left_out"])
        say(console, (text, "yellow"))
    if record["draws"] == 1:
        say(console, (_("A single best fit: no uncertainty is shown."), "dim"))
        return
    say(
        console,
        (
            _(
                "Medians of {draws} draws. A change is taken draw by draw, so medians need not add up; its "
                "90% interval holds nine draws in ten. over 5%: how probable it is that a figure falls or "
                "rises by more than a twentieth."
            ).format(draws=record["draws"]),
            "dim",
        ),
    )


def _table(console: Console, title: str, rows: Sequence[Record], draws: int = 1) -> None:
    """Before, after and change; with intervals where the rows have them, and probabilities with draws."""
    rows = [row for row in rows if max(abs(row["before"]), abs(row["after"])) >= UNSEEN]
    if not rows:
        return
    many = "change_5" in rows[0]
    lines = []
    for row in rows:
        cells = [
            row["name"],
            *(significant(level(row, c)) for c in ("before", "after")),
            change(row),
        ]
        cells.append(interval(row) if many else change_of(row["change"], row["before"]))
        if many and draws > 1:
            cells.append(likely(row, draws))
        lines.append(cells)
    console.print()
    heads = LIKELY if many and draws > 1 else DRAWN if many else HEADS
    say(console, (title, "bold"))
    console.print(table(_(heads), lines))


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
    heads = _(">start|>rounds|>evaluations|>misfit at first|>at last")
    console.print()
    title = _("How the equilibrium was sought")
    say(console, (title, "bold"))
    console.print(table(heads, lines, wrap=()))
    settled = sum(c["last_residual"] <= ACCEPTED for c in record["convergence"])
    starts, found = len(record["convergence"]), record["equilibria"]
    text = ngettext(
        "{settled} of {starts} starts settled, at one equilibrium; the first is the baseline",
        "{settled} of {starts} starts settled, at {found} different equilibria; the first is the baseline",
        found,
    )
    say(console, (text.format(settled=settled, starts=starts, found=found), "dim"))
    text = _("Recomputed from the results: largest relative error {error}")
    say(console, (text.format(error=order(record["largest_error"])), "dim"))
