"""The command ``given``: what a policy does, given how far some figure was seen to move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from contraflow._language import _
from contraflow._numbers import cell, to
from contraflow.cli import given_names, json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.level import SHARE, part_of
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, paged, progress
from contraflow.cli.terminal_tables import say, table

if TYPE_CHECKING:
    from contraflow.lab.conditioned import Conditional

RANGE = ".."
"""What stands between the ends of a range of levels."""


def read_seen(saw: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Observations from ``FIGURE=CHANGE,ERROR``; what cannot be read ends the command with exit code 2."""
    found = {}
    for text in saw:
        figure, sign, rest = (part.strip() for part in text.partition("="))
        change, comma, error = (part.strip() for part in rest.partition(","))
        if not (figure and sign and change and comma and error):
            given_names.refuse(
                _(
                    "'{text}' is not written as FIGURE=CHANGE,ERROR, such as 'exports by air=-40%,10%'."
                ).format(text=text)
            )
        expect_shown(figure)
        found[figure] = (part_of(change, "--saw"), part_of(error, "--saw"))
    return found


def expect_shown(figure: str) -> None:
    """Refuse what is no headline figure and no share of exports."""
    if not figure.startswith(SHARE):
        given_names.expect_figure(figure)


def split_ranges(given: Sequence[str]) -> tuple[list[str], dict[str, tuple[float, float]]]:
    """Levels as they are given, and ranges by measure."""
    plain: list[str] = []
    ranges: dict[str, tuple[float, float]] = {}
    for text in given:
        name, _sign, level = (part.strip() for part in text.partition("="))
        if RANGE not in level:
            plain.append(text)
            continue
        low, _dots, high = level.partition(RANGE)
        ranges[name] = (part_of(low, "-m"), part_of(high, "-m"))
    return plain, ranges


def given(
    asked: AskedPolicy,
    ranges: Mapping[str, tuple[float, float]],
    seen: Mapping[str, tuple[float, float]],
    figures: tuple[str, ...],
    after: str,
    *,
    how: CalibrationOptions,
    as_json: bool,
) -> None:
    """Weigh the draws by what was seen and print what follows."""
    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so)
        say_so(_("Weighing draws"))
        policy: dict[str, float | tuple[float, float]] = {**asked.policy, **ranges}
        found = lab.conditional(policy, seen, figures=figures or None, after=after)
    if as_json:
        emit(json_records.provenance(lab) | _record(found))
        return
    with paged() as console:
        say(console, (found.title, "bold"))
        rows = json_records.rows(found.table().reset_index())
        console.print()
        lines = [(f"{_(r['figure'])}, {_(r['unit'])}", r["before"], r["after"], r["change"]) for r in rows]
        console.print(table(_("|>before|>after|>change (90% interval)"), lines))
        for lever in json_records.rows(found.level_table().reset_index()):
            console.print()
            text = _("{lever} must have stood at {level} (90% interval {span}); assumed beforehand: {prior}.")
            say(
                console,
                text.format(
                    lever=lever["lever"],
                    level=cell(lever["posterior"]),
                    span=to(cell(lever["posterior_5"]), cell(lever["posterior_95"])),
                    prior=to(*map(cell, ranges[lever["lever"]])),
                ),
            )
        console.print()
        for sentence in found.words():
            say(console, (sentence, "dim"))


def _record(found: Conditional) -> json_records.Record:
    return {
        "question": found.title,
        "given": {o.figure: {"change": o.change, "error": o.error} for o in found.observations},
        "effective_draws": found.effective_draws,
        "figures": json_records.rows(found.summary().reset_index()),
        "levels": json_records.rows(found.level_table().reset_index()),
    }
