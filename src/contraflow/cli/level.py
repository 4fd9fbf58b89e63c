"""The command ``level``: the level of a measure at which a figure falls or rises by so much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contraflow._language import _
from contraflow._numbers import plain_number, rounded
from contraflow.cli import given_names, json_records
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, next_step, paged, progress
from contraflow.cli.terminal_tables import say

if TYPE_CHECKING:
    from contraflow.lab.level_search import LevelFor

SHARE = "share of exports by "


def aim_of(falls: str | None, rises: str | None, to: float | None) -> dict[str, float]:
    """What the figure is to do; anything but one aim ends the command with exit code 2."""
    given = {
        name: text for name, text in (("falls", falls), ("rises", rises), ("to", to)) if text is not None
    }
    if len(given) != 1:
        given_names.refuse(
            _("Say what the figure is to do by one of --falls 30%, --rises 30% and --to VALUE.")
        )
    ((name, text),) = given.items()
    return {name: float(text) if isinstance(text, float) else part_of(str(text), f"--{name}")}


def part_of(text: str, option: str) -> float:
    """A part written as ``30%`` or ``0.3``; anything else ends the command with exit code 2."""
    figure = text.strip().removesuffix("%").strip()
    try:
        return float(figure) / (1 if figure == text.strip() else 100)
    except ValueError:
        given_names.refuse(
            _("'{text}' is no part for {option}; write 30% or 0.3.").format(text=text, option=option)
        )


def expect_asked(case: str, measure: str, figure: str) -> None:
    """Refuse what is no measure and no figure; levers of markets are checked with the case."""
    if not figure.startswith(SHARE):
        given_names.expect_figure(figure)
    known = given_names.glance(case).ids("measures")
    if known is not None and given_names.OF_A_MARKET not in measure:
        given_names.expect(
            measure,
            known,
            _("'{name}' is not a measure of this case."),
            _("'contraflow measures {case}' lists all, with their ranges.").format(case=case),
        )


def level(
    asked: AskedPolicy,
    measure: str,
    figure: str,
    aim: dict[str, float],
    after: str,
    *,
    how: CalibrationOptions,
    as_json: bool,
) -> None:
    """Find the level in every draw and print it."""
    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so)
        say_so(_("Searching"))
        found = lab.level_for(measure, figure, policy=asked.policy, after=after, **aim)
    if as_json:
        emit(json_records.provenance(lab) | _record(found))
        return
    with paged() as console:
        say(console, (found.title, "bold"))
        for sentence in found.words():
            say(console, sentence)
        (row,) = json_records.rows(found.table())
        if row["reach"]:
            console.print()
            words = ["-m", f"{measure}={plain_number(rounded(row['level']))}", *asked.words]
            next_step(console, _("All else that it changes:"), "respond", asked.name, *words)


def _record(found: LevelFor) -> json_records.Record:
    (row,) = json_records.rows(found.table().reset_index())
    return {"question": found.title, "figure": found.figure, **row, "in_short": found.words()}
