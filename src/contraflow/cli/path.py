"""The command ``path``: how the economy gets from the baseline to where a policy leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow._numbers import DASH, change_of, share, significant
from contraflow.cli import json_records
from contraflow.cli.files import csv_text, expect_writable, replace_file
from contraflow.cli.json_records import Record
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.respond import ABROAD
from contraflow.cli.terminal import emit, progress, screen
from contraflow.cli.terminal_tables import interval_of_share, known, say, table
from contraflow.dynamics.timeline import for_months
from contraflow.errors import OutputError, PolicyError
from contraflow.policy import describe, make_levers
from contraflow.policy.horizon import in_words
from contraflow.text.adjustment_sentences import PACES, tell_path

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow.lab import Lab, OpenCase
    from contraflow.lab.transition_path import TransitionPath
    from contraflow.policy.policy import Policy

ENDING = ".csv"

SOON = 0.25
"""Years to the first time that the table shows, where the policy does not end within a year."""

MONTHS_PER_YEAR = 12


@dataclass(frozen=True)
class PathOptions:
    """What is to be followed, as the options say."""

    measures: tuple[str, ...]
    events: bool
    years: int
    first: int | None
    until: int | None
    """Months after which the policy ends."""


def path(name: str, asked: PathOptions, out: Path | None, *, how: CalibrationOptions, as_json: bool) -> None:
    """Follow a policy or the case's events from the baseline, and print how figures move."""
    from contraflow.lab import load

    if out is not None:
        if out.suffix != ENDING:
            raise OutputError(f"{out}: the table is written as CSV, to a file that ends in {ENDING}.")
        expect_writable(out)
    with progress() as say_so:
        case = load(name)
        timeline = _asked(case, asked)
        title = f"{case.info.title}, events" if asked.events else None
        if isinstance(timeline, Mapping) and asked.until is None:
            title = describe(case, timeline)
        lab = calibrated(case, how, say_so)
        found = lab.path(
            timeline,
            years=asked.years,
            months=asked.until,
            first=asked.first,
            title=title,
            progress=say_so,
        )
        record = _record(lab, found, asked)
        if out is not None:
            csv = csv_text(found.table())
            replace_file(out, lambda target: target.write_text(csv, encoding="utf-8", newline=""))
    if as_json:
        emit(record)
        return
    console = screen()
    _show(record, console)
    if out is not None:
        console.print(f"The table of all steps is in {out}", soft_wrap=True)


def _asked(case: OpenCase, asked: PathOptions) -> str | Policy:
    """The timeline, checked before anything is computed. Raises PolicyError."""
    policy = json_records.policy_of(case, asked.measures)
    if asked.events == bool(policy):
        raise PolicyError("Give either measures (-m) or the case's own events (--events).")
    if asked.until is not None:
        for_months(make_levers(case.network()), policy, asked.until, asked.years)
    return "events" if asked.events else policy


def _record(lab: Lab, found: TransitionPath, asked: PathOptions) -> Record:
    summary, frame = found.summary(), found.table()
    return (
        json_records.provenance(lab)
        | {"title": found.title, "price_of": json_records.price_of(lab), "events": asked.events}
        | {
            "policy": {} if asked.events else json_records.policy_of(lab.case, asked.measures),
            "first": asked.first,
            "until_months": asked.until,
            "years": asked.years,
            "draws": frame.attrs["draws"],
            "left_out": frame.attrs["left_out"],
            "in_short": list(tell_path(summary, float(asked.years))),
            "summary": json_records.rows(summary.reset_index()),
            "table": json_records.rows(frame.reset_index()),
        }
    )


def times(years: int, until: int | None) -> list[float]:
    """Years at which the table shows figures: soon or when the policy ends, after a year, at the end."""
    ends = SOON if until is None else until / MONTHS_PER_YEAR
    return sorted({min(ends, SOON) if ends == 1 else ends, 1.0, float(years)})


def _show(record: Record, console: Console) -> None:
    length = in_words(float(record["years"]))
    say(console, (f"{record['title']}: {length} from the baseline on", "bold"))
    for sentence in record["in_short"]:
        say(console, sentence)
    columns = times(record["years"], record["until_months"])
    drawn = record["draws"] > 1
    heads = ["", "before", *map(in_words, columns), "90% interval" if drawn else "change", "half", "left"]
    price = record["price_of"]
    named = ABROAD | {"valley price": f"{price['good']} in {price['place']}"}
    lines = []
    for row in record["summary"]:
        steps = [step for step in record["table"] if step["figure"] == row["figure"]]
        label = f"{named.get(row['figure'], row['figure'])}, {row['unit']}"
        lines.append((label, *_cells(row, steps, columns)))
    console.print()
    console.print(table("|>".join(heads), lines))
    console.print()
    say(console, (_reading(record["draws"], length), "dim"))
    if record["left_out"]:
        every = record["draws"] + record["left_out"]
        text = (
            f"In {record['left_out']} of {every} draws markets do not clear in some step; they are left out."
        )
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
    return f"{months} mo" if months < MONTHS_PER_YEAR else f"{years:.2g} yr"


def _reading(draws: int, length: str) -> str:
    change = (
        f"Medians of {draws} draws, at yearly rates. 90% interval: of the change after {length}, taken draw "
        "by draw."
        if draws > 1
        else f"A single best fit, at yearly rates: no uncertainty is shown. Change: after {length}."
    )
    half = f"Half: when half of the largest change is there; left: what is left of it after {length}."
    return f"{change} {half} {PACES}"
