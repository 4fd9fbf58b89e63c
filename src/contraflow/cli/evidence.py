"""The command ``evidence``: where the claims of a case disagree with one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contraflow._language import N_, _
from contraflow._numbers import DASH, fixed, to
from contraflow.cli import json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.long_lists import Filters, left_out, two_line_rows
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, next_step, paged, progress
from contraflow.cli.terminal_tables import say, table, tell_own

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.analysis.conflicts import Conflicts, DisagreementReport
    from contraflow.case import Case

COLOURS = ("green", "green", "yellow", "red", "bold red")
"""Of what believing a side costs, from nothing to the impossible."""


SUBSETS = (N_("fitted"), N_("held back"), N_("predicted"))
"""Claims of which it is asked whether they look as the model would have them."""


def evidence(
    asked: AskedPolicy, filters: Filters, *, how: CalibrationOptions, every: bool, as_json: bool
) -> None:
    """Show surprising claims, who outvoted which, and what each side of a disagreement implies."""
    from contraflow.text import conflict_sentences as words

    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so)
        found = lab.tension(say_so)
    if as_json:
        emit(json_records.provenance(lab) | record(found))
        return
    narrowed = filters.source is not None or filters.search is not None
    listed = filters.chosen(
        words.claim_rows(lab.case, found, None if every or narrowed else words.FEWEST),
        lambda row: f"{row['statement']} {row['claim']} {row['source']}",
        source=lambda row: str(row["source"]),
    )
    if filters.csv is not None:
        dropped = ("by", "ids", "by_ranges")
        filters.write([{k: v for k, v in row.items() if k not in dropped} for row in listed])
        return
    with paged() as console:
        tell_own(console, lab.own_attributes)
        _claims(console, found, listed, filters)
        if not narrowed:
            _groups(console, lab.case, found)
            _checks(console, found)
        if listed and filters.source is None:
            console.print()
            source = str(listed[0]["source"])
            next_step(console, _("What else this source says:"), "claims", asked.name, "--source", source)


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
            "id": side.id,
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


def _claims(
    console: Console, found: Conflicts, listed: Sequence[json_records.Record], filters: Filters
) -> None:
    from rich.text import Text

    from contraflow.text import conflict_sentences as words

    say(console, (_("How surprising claims are"), "bold"))
    say(console, words.outline(found))
    console.print()
    shown, more = filters.shown(listed, console)
    rows = []
    for row in shown:
        chance = row["odds"] or DASH
        small: list[str | Text] = [str(row["claim"]), f"{row['source']} {row['paragraph']}".strip()]
        about = Text(str(row["statement"]))
        if row["word"]:
            pulling = [_("“{statement}”").format(statement=s) for s in row["by"]]
            if row["by_ranges"]:
                text = _("the ranges of the model’s numbers ({share} of the pull)")
                pulling.append(text.format(share=row["by_ranges"]))
            by = "; ".join(pulling)
            head = _("outvoted by {claims}") if row["fitted"] else _("missed; pulled away by {claims}")
            about.append("\n" + head.format(claims=by), "yellow")
        if row["unsaid"]:
            about.append(f"\n{row['unsaid']}", "dim")
        figures = (str(row["states"]), str(row["range"]), Text(chance, "bold red" if row["word"] else ""))
        rows.append((about, figures, small))
    two_line_rows(console, (_("claim"), _("it states"), _("model"), _("chance")), rows)
    left_out(console, more)
    console.print()
    say(
        console,
        (
            _(
                "model: 90% interval of what it says. chance: of a statement as far off, if all other "
                "evidence is right about the model and the source errs as its grade allows."
            ),
            "dim",
        ),
    )


def _groups(console: Console, case: Case, found: Conflicts) -> None:
    from rich.text import Text

    from contraflow.text import conflict_sentences as words

    groups = words.group_rows(case, found)
    if groups:
        console.print()
        say(console, (_("Claims that cannot all be true"), "bold"))
        say(
            console,
            _(
                "Each side is believed in turn: its claims are taken as true, those of the other sides are "
                "left out, and the model is fitted again."
            ),
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
        say(console, (_("Contradictions that the model cannot weigh"), "bold"))
        for statements in others:
            say(console, " / ".join(s["statement"] for s in statements), head="  ")


def _checks(console: Console, found: Conflicts) -> None:
    shown = found.checks[found.checks["subset"].isin(SUBSETS)]
    if shown.empty:
        return
    console.print()
    say(console, (_("Do the claims look as the model would have them?"), "bold"))
    lines = [
        (
            f"{_(row['subset'])} ({row['claims']}): {_(row['statistic'])}",
            fixed(row["observed"], 2),
            to(fixed(row["low"], 2), fixed(row["high"], 2)),
            fixed(row["p"], 3),
        )
        for row in json_records.rows(shown)
    ]
    console.print(table(_("statistic|>claims|>made up|>p"), lines))
    console.print()
    say(
        console,
        (
            _(
                "made up: the same of claims that the model itself makes up, 90% interval. p: chance of as "
                "bad or worse; near 0 the claims do not look like the model's."
            ),
            "dim",
        ),
    )
