"""The command ``evidence``: where the claims of a case disagree with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contraflow._numbers import DASH, fixed
from contraflow.cli import json_records
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, progress, screen
from contraflow.cli.terminal_tables import say, table

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.analysis.conflicts import Conflicts, DisagreementReport
    from contraflow.case import Case

COLOURS = ("green", "green", "yellow", "red", "bold red")
"""Of what believing a side costs, from nothing to the impossible."""


def evidence(name: str, *, how: CalibrationOptions, every: bool, as_json: bool) -> None:
    """Show surprising claims, who outvoted which, and what each side of a disagreement implies."""
    from contraflow.lab import load

    with progress() as say_so:
        lab = calibrated(load(name), how, say_so)
        found = lab.tension(say_so)
    if as_json:
        emit(json_records.provenance(lab) | record(found))
        return
    console = screen()
    _claims(console, lab.case, found, every=every)
    _groups(console, lab.case, found)
    _checks(console, found)


def record(found: Conflicts) -> json_records.Record:
    """A tension as plain records."""
    pulled_away_by = {
        claim: {
            "claims": [v._asdict() for v in a.claims],
            "numbers": [v._asdict() for v in a.numbers],
            "ranges": a.ranges,
        }
        for claim, a in found.pulled_away_by.items()
    }
    return {
        "claims": json_records.rows(found.claims),
        "pulled_away_by": pulled_away_by,
        "groups": [_plain(g) for g in found.groups],
        "checks": json_records.rows(found.checks),
    }


def _plain(group: DisagreementReport) -> json_records.Record:
    sides = [
        {
            "side": side.words,
            "claims": side.claims,
            "note": side.note,
            "figure": side.implied and side.implied.figure,
            "rise": side.implied and side.implied.rise,
            "worse": [w._asdict() for w in side.implied.worse] if side.implied else [],
            "unmet": [u._asdict() for u in side.implied.unmet] if side.implied else [],
        }
        for side in group.sides
    ]
    return {
        "group": group.id,
        "title": group.title,
        "quantity": group.quantity,
        "unit": group.unit,
        "predicted": group.predicted,
        "rest": group.rest,
        "sides": sides,
    }


def _claims(console: Console, case: Case, found: Conflicts, *, every: bool) -> None:
    from rich.text import Text

    from contraflow.text import conflict_sentences as words

    lines = []
    for row in words.claim_rows(case, found, None if every else words.FEWEST):
        where = f"{row['claim']}, {row['source']} {row['paragraph']}"
        claim = Text.assemble(row["statement"], "\n", (where, "dim"))
        if row["word"]:
            pulling = [f"“{s}”" for s in row["by"]]
            pulling += [f"the ranges of the model’s numbers ({row['by_ranges']} of the pull)"]
            head = "outvoted by " if row["fitted"] else "missed; pulled away by "
            claim.append(f"\n{head}{'; '.join(pulling)}", "yellow")
        if row["unsaid"]:
            claim.append(f"\n{row['unsaid']}", "dim")
        chance = row["odds"] or DASH
        style = "bold red" if row["word"] else ""
        lines.append((claim, row["states"], row["range"], Text(chance, style)))
    say(console, ("How surprising claims are", "bold"))
    say(console, words.outline(found))
    console.print()
    console.print(table("claim|>it states|>model|>chance", lines, wrap=(0, 1, 2, 3)))
    console.print()
    say(
        console,
        (
            "model: 90% interval of what it says. chance: of a statement as far off, if all other evidence "
            "is right about the model and the source errs as its grade allows.",
            "dim",
        ),
    )


def _groups(console: Console, case: Case, found: Conflicts) -> None:
    from rich.text import Text

    from contraflow.text import conflict_sentences as words

    groups = words.group_rows(case, found)
    if groups:
        console.print()
        say(console, ("Claims that cannot all be true", "bold"))
        say(
            console,
            "Each side is believed in turn: its claims are taken as true, those of the other sides are left "
            "out, and the model is fitted again.",
        )
    for group in groups:
        console.print()
        say(console, (group["title"], "bold"))
        say(console, group["text"])
        for side in group["sides"]:
            console.print()
            say(console, side["words"], (f"  {side['sources']}", "dim"), head="  ")
            if side["figure"] is not None:
                verdict = (side["word"], COLOURS[side["level"]])
                line = Text.assemble("    → ", (side["implies"], "bold"), ": ", verdict)
                console.print(line, soft_wrap=True)
            say(console, (" ".join([*side["sentences"], side["note"]]).strip(), "dim"), head="    ")
    others = words.unweighed(case, found)
    if others:
        console.print()
        say(console, ("Contradictions that the model cannot weigh", "bold"))
        for statements in others:
            say(console, " / ".join(s["statement"] for s in statements), head="  ")


def _checks(console: Console, found: Conflicts) -> None:
    shown = found.checks[found.checks["subset"].isin(["fitted", "held back", "predicted"])]
    if shown.empty:
        return
    console.print()
    say(console, ("Do the claims look as the model would have them?", "bold"))
    lines = [
        (
            f"{row['subset']} ({row['claims']}): {row['statistic']}",
            fixed(row["observed"], 2),
            f"{fixed(row['low'], 2)} to {fixed(row['high'], 2)}",
            fixed(row["p"], 3),
        )
        for row in json_records.rows(shown)
    ]
    console.print(table("statistic|>claims|>made up|>p", lines))
    console.print()
    say(
        console,
        (
            "made up: the same of claims that the model itself makes up, 90% interval. p: chance of as bad "
            "or worse; near 0 the claims do not look like the model's.",
            "dim",
        ),
    )
