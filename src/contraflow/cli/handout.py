"""The command ``handout``: one HTML file with the answers to a grid of policies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from contraflow._io import today
from contraflow._language import _
from contraflow.cli import given_names
from contraflow.cli.files import expect_writable, replace_file
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import next_step, progress, screen, written
from contraflow.policy.policy import levers_of


def read_pairs(given: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs from ``MEASURE,MEASURE``; what is not written so ends the command with exit code 2."""
    found = []
    for text in given:
        names = [name.strip() for name in text.split(",")]
        if len(names) != 2 or not all(names) or names[0] == names[1]:
            fault = _("'{text}' is no pair of measures; write two, such as radar,air-interdiction.")
            given_names.refuse(fault.format(text=text))
        found.append((names[0], names[1]))
    return found


def expect_levers(asked: AskedPolicy, given: Sequence[str]) -> None:
    """Refuse what is no lever of the case."""
    for name in given:
        given_names.expect(
            name,
            levers_of(asked.case),
            _("'{name}' is not a measure of this case."),
            _("'contraflow measures {case}' lists all, with their ranges.").format(case=asked.name),
        )


def handout(
    asked: AskedPolicy,
    out: Path,
    levers: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    count: int,
    *,
    how: CalibrationOptions,
) -> None:
    """Answer the policies and write the file."""
    from contraflow.server.handout import PolicyGrid, measures_of, render_handout

    date = today()
    expect_writable(out)
    grid = PolicyGrid(levers=levers or measures_of(asked.case), pairs=pairs, count=count)
    with progress() as say:
        lab = calibrated(asked.case, how, say)
        text = render_handout(lab, asked.name, grid, date, say)
        replace_file(out, lambda part: part.write_text(text, encoding="utf-8"))
    written(screen(), _("The handout is written."), out)
    next_step(screen(), _("Any other policy, as a page on this machine:"), "serve", asked.name)
