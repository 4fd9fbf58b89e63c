"""The command ``path``: how the economy gets from the baseline to where a policy leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow._language import _
from contraflow._numbers import DASH, change_of, share, significant
from contraflow.cli import json_records
from contraflow.cli.files import csv_text, expect_table, replace_file
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.json_records import Record
from contraflow.cli.long_lists import two_line_rows
from contraflow.cli.options import CalibrationOptions, calibrated, opened
from contraflow.cli.respond import ABROAD
from contraflow.cli.terminal import emit, next_step, progress, screen, written
from contraflow.cli.terminal_tables import good_of, interval_of_share, known, say
from contraflow.dynamics.timeline import for_months
from contraflow.policy import describe, make_levers
from contraflow.text.adjustment_sentences import PACES, tell_path
from contraflow.text.figure_words import time_in_words
from contraflow.text.names import shown_names

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.lab import Lab
    from contraflow.lab.transition_path import TransitionPath
    from contraflow.policy.policy import Policy

SOON = 0.25
"""Years to the first time that the table shows, where the policy does not end within a year."""

MONTHS_PER_YEAR = 12


@dataclass(frozen=True)
class PathOptions:
    """What is to be followed, as the options say."""

    events: bool
    years: int
    first: int | None
    until: int | None
    """Months after which the policy ends."""


def path(
    policy: AskedPolicy, asked: PathOptions, out: Path | None, *, how: CalibrationOptions, as_json: bool
) -> None:
    """Follow a policy or the case's events from the baseline, and print how figures move."""
    if out is not None:
        expect_table(out)
    with progress() as say_so:
        case = opened(policy.case)
        if asked.until is not None:
            for_months(make_levers(case.network()), policy.policy, asked.until, asked.years)
        timeline: str | Policy = "events" if asked.events else policy.policy
        title = policy.title if asked.until is None else None
        if asked.events:
            title = _("{case}, events").format(case=case.info.title)
        elif asked.until is None and title is None:
            title = describe(case, policy.policy)
        lab = calibrated(case, how, say_so)
        found = lab.path(
            timeline,
            years=asked.years,
            months=asked.until,
            first=asked.first,
            title=title,
            progress=say_so,
        )
        record = _record(lab, found, policy, asked)
        if out is not None:
            csv = csv_text(found.table())
            replace_file(out, lambda target: target.write_text(csv, encoding="utf-8", newline=""))
    if as_json:
        emit(record)
        return
    console = screen()
    _show(record, console)
    if out is not None:
        written(console, _("The table of all steps is written."), out)
    if not asked.events:
        console.print()
        years = str(max(asked.years, 8))
        words = (policy.name, *policy.words)
        next_step(console, _("With clans that learn, month by month:"), "simulate", *words, "--years", years)


def _record(lab: Lab, found: TransitionPath, policy: AskedPolicy, asked: PathOptions) -> Record:
    summary, frame = found.summary(), found.table()
    return (
        json_records.provenance(lab)
        | {"title": found.title, "price_of": json_records.price_of(lab), "events": asked.events}
        | {
            "policy": policy.policy,
            "first": asked.first,
            "until_months": asked.until,
            "years": asked.years,
            "draws": frame.attrs["draws"],
            "left_out": frame.attrs["left_out"],
            "in_short": list(tell_path(summary, float(asked.years), shown_names(lab.case))),
            "summary": json_records.rows(summary.reset_index()),
            "table": json_records.rows(frame.reset_index()),
        }
    )


def times(years: int, until: int | None) -> list[float]:
    """Years at which the table shows figures: soon or when the policy ends, after a year, at the end."""
    ends = SOON if until is None else until / MONTHS_PER_YEAR
    return sorted({min(ends, SOON) if ends == 1 else ends, 1.0, float(years)})


def _show(record: Record, console: Console) -> None:
    length = time_in_words(float(record["years"]))
    say(
        console,
        (
            _("{title}: {length} from the baseline on").format(title=record["title"], length=length),
            "bold",
        ),
    )
    for sentence in record["in_short"]:
        say(console, sentence)
    columns = times(record["years"], record["until_months"])
    drawn = record["draws"] > 1
    last = _("90% interval") if drawn else _("change")
    heads = ["", _("before"), *map(time_in_words, columns), last, _("half"), _("left")]
    price = record["price_of"]
    at = _("{good} in {place}").format(good=good_of(price), place=price["place"])
    named = ABROAD | {"local price": at}
    rows = []
    for row in record["summary"]:
        steps = [step for step in record["table"] if step["figure"] == row["figure"]]
        label = f"{_(named.get(row['figure'], row['figure']))}, {_(row['unit'])}"
        rows.append((label, _cells(row, steps, columns), ()))
    console.print()
    two_line_rows(console, heads, rows)
    console.print()
    say(console, (_reading(record["draws"], length), "dim"))
    if record["left_out"]:
        every = record["draws"] + record["left_out"]
        text = _("In {lost} of {every} draws markets do not clear in some step; they are left out.")
        text = text.format(lost=record["left_out"], every=every)
        say(console, (text, "yellow"))


def _cells(row: Mapping[str, Any], steps: list[Record], columns: list[float]) -> list[str]:
    ends = np.array([step["years"] for step in steps])
    shown = [steps[int(np.searchsorted(ends, time - 1e-9))] for time in (0.0, *columns)]
    last = steps[-1]
    moved = interval_of_share(last) or change_of(last["value"] - row["before"], row["before"])
    half, kept = float(row["half_years"]), float(row["kept"])
    return [
        *(significant(step["value"]) for step in shown),
        moved,
        _time(half) if known(half) else DASH,
        share(kept) if known(kept) else DASH,
    ]


def _time(years: float) -> str:
    """A time where there is little room: ``1 mo``, ``2.2 yr``."""
    months = round(MONTHS_PER_YEAR * years)
    if months < MONTHS_PER_YEAR:
        return _("{months} mo").format(months=months)
    return _("{years} yr").format(years=significant(years))


def _reading(draws: int, length: str) -> str:
    many = _(
        "Medians of {draws} draws, at yearly rates. 90% interval: of the change after {length}, taken draw "
        "by draw."
    )
    one = _("A single best fit, at yearly rates: no uncertainty is shown. Change: after {length}.")
    half = _("Half: when half of the largest change is there; left: what is left of it after {length}.")
    change = (many if draws > 1 else one).format(draws=draws, length=length)
    return f"{change} {half.format(length=length)} {_(PACES)}"
