"""The command ``explain``: what a figure rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contraflow._language import N_, _
from contraflow._numbers import fixed, share, signed, significant
from contraflow.cli import json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.long_lists import two_line_rows
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, next_step, paged, progress
from contraflow.cli.terminal_tables import known, say, table

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from contraflow.results.explanation import Explanation

ROWS = 8
"""Rows of each table on the screen; ``--json`` has all."""


def explain(
    asked: AskedPolicy,
    figure: str,
    *,
    change: bool,
    refits: int,
    how: CalibrationOptions,
    as_json: bool,
) -> None:
    """Explain a headline figure of one policy, or of the baseline without any."""
    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so)
        base = lab.baseline()
        outcome = lab.respond(asked.policy, asked.title) if asked.policy else base
        against = base if change and asked.policy else None
        explained = lab.explain(outcome, figure, against=against, refits=refits, progress=say_so)
        say_so(_("Weighing what would be worth knowing"))
        worth = lab.worth_knowing(outcome, figure, against=against)
    if as_json:
        emit(json_records.provenance(lab) | _record(explained, worth))
        return
    with paged() as console:
        _show(explained, worth, console)
        first = next(iter(json_records.rows(explained.claims)), None)
        if first is not None:
            console.print()
            text, source = _("All that the source of the first claim says:"), str(first["source"])
            next_step(console, text, "claims", asked.name, "--source", source)


def _record(explained: Explanation, worth: pd.DataFrame) -> json_records.Record:
    return {
        "outcome": explained.title,
        "against": explained.against or None,
        "quantity": explained.quantity,
        "unit": explained.unit,
        "median": explained.figure[""],
        "interval_90": [explained.figure["_5"], explained.figure["_95"]],
        "draws_used": explained.draws,
        "refits": explained.refits,
        "linear": explained.linear,
        "in_short": explained.words(),
        "shares": json_records.rows(explained.shares),
        "claims": json_records.rows(explained.claims),
        "sources": json_records.rows(explained.sources),
        "numbers": json_records.rows(explained.numbers),
        "groups": json_records.rows(explained.gathered(len(explained.numbers))),
        "worth_knowing": json_records.rows(worth.drop(columns="place")),
        "worth_chance": worth.attrs["chance"],
    }


def _show(explained: Explanation, worth: pd.DataFrame, console: Console) -> None:
    first, *rest = explained.words()
    say(console, (first, "bold"))
    for sentence in rest:
        say(console, sentence)
    unit = explained.unit
    lines = [
        (
            str(c["statement"]),
            (significant(c["without"]), _moved(c), fixed(c["k"], 2)),
            (str(c["claim"]), str(c["source"]), _(str(c["how"]))),
        )
        for c in json_records.rows(explained.claims.head(ROWS))
    ]
    heads = (_("claim"), _("without it, {unit}").format(unit=unit), _("shift"), "k")
    console.print()
    say(console, (_("Without a claim"), "bold"))
    two_line_rows(console, heads, lines)
    along = [
        (
            str(n["meaning"]),
            (share(n["share"]), significant(n["at_low"]), significant(n["at_high"])),
            _about(n),
        )
        for n in json_records.rows(explained.gathered(ROWS))
    ]
    console.print()
    say(console, (_("Along a number's range"), "bold"))
    two_line_rows(console, (_("number"), _("of the variance"), _("low end"), _("high end")), along)
    owed = [(_(s["group"]), share(s["share"]), _(s["meaning"])) for s in json_records.rows(explained.shares)]
    console.print()
    say(console, (_("Whose uncertainty it is"), "bold"))
    console.print(table(_("owed to|>share|"), owed, wrap=(2,)))
    console.print()
    _show_worth(worth, console)
    console.print()
    say(
        console,
        (
            _(
                "how: weighted, from the same draws; refitted, fitted anew; linear, by the straight-line "
                "account, where weights cannot be relied on (k above 0.7). low and high end: the figure with "
                "the number near the ends of its range, all else as the claims then demand."
            ),
            "dim",
        ),
    )


def _show_worth(worth: pd.DataFrame, console: Console) -> None:
    sure = worth[worth["worth"] > 0]
    if sure.empty:
        say(console, (_("No single fact would narrow it by more than chance would explain."), "bold"))
        return
    lines = [
        (w["what"], _(w["kind"]), share(w["worth"]), f"±{share(w['error'])}")
        for w in json_records.rows(sure.head(ROWS))
    ]
    title = _("What to report on next: part of the variance that knowing it would take away")
    say(console, (title, "bold"))
    console.print(table(_("fact|kind|>takes away|>error"), lines))


def _moved(row: json_records.Record) -> str:
    return signed(row["shift"]) + (f" ±{significant(row['error'])}" if known(row["error"]) else "")


HOW = (N_("weighted"), N_("refitted"), N_("linear"))
"""How it was found what leaving out a claim changes."""


def _about(row: json_records.Record) -> list[str]:
    """Group and role of a number, and the strongest arcs of a gathered one."""
    parts = [_(str(row["group"])), _(str(row["role"]))]
    if row["count"] > 1:
        text = _("{number} weights, strongest {strongest}")
        parts.append(text.format(number=row["count"], strongest=row["strongest"]))
    return [p for p in parts if p]
