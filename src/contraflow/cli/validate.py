"""The command ``validate``: documented behaviour against the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contraflow._numbers import DASH, fixed, share, significant, to
from contraflow.cli import hindcast, json_records
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import FAILED, emit, progress, screen
from contraflow.cli.terminal_tables import known, say, table

if TYPE_CHECKING:
    from contraflow.lab import Lab


def validate(
    name: str, *, how: CalibrationOptions, as_json: bool, replicates: int, until: int | None = None
) -> None:
    """Show every pattern with the model's ratio, predictions of later years and, with ``until``, a hindcast.

    Exits with 1 if a pattern that was run does not hold; a prediction may be wrong.
    """
    from typer import Exit

    from contraflow.lab import load

    with progress() as say_so:
        lab = calibrated(load(name), how, say_so, until)
        withheld = None if until is None else lab.hindcast()
        say_so("Holding the model against documented behaviour")
        record = json_records.patterns(lab.validate(replicates=replicates, progress=say_so).table())
        foreseen = json_records.predictions(lab)
    if as_json:
        scores = {} if withheld is None else {"hindcast": hindcast.record_of(withheld)}
        emit(json_records.provenance(lab) | record | foreseen | scores)
    else:
        _show_patterns(record)
        if foreseen["predictions"]:
            _show_predictions(lab)
        if withheld is not None:
            console = screen()
            console.print()
            hindcast.show_hindcast(withheld, console)
    if record["failing"]:
        raise Exit(FAILED)


def _show_patterns(record: json_records.Record) -> None:
    from rich.text import Text

    console = screen()
    order = {False: 0, True: 1, None: 2}
    every = sorted(record["patterns"], key=lambda p: order[p["holds"]])
    words = {False: Text("no", "bold red"), True: Text("yes", "green"), None: Text("not run", "dim")}
    lines = [
        (
            Text.assemble(p["statement"], "\n", (_why(p), "dim")),
            p["expected"],
            DASH if p["holds"] is None else Text.assemble(_ratio(p["ratio"]), (_range(p), "dim")),
            Text.assemble(words[p["holds"]], (_probability(p), "dim")),
        )
        for p in every
    ]
    if lines:
        console.print(table("documented behaviour|should|>model|holds", lines))
        console.print()
    say(console, (f"{record['hold']} of {record['run']} patterns hold.", "bold"))
    if record["failing"]:
        say(console, f"Not: {', '.join(record['failing'])}.")
    if record["not_run"]:
        say(console, f"{len(record['not_run'])} need time: --replicates 0 leaves them out.")
    if any("probability" in p for p in every):
        say(
            console,
            (
                "model: the quantity with the measure over that without, median and 90% interval. Below yes "
                "or no: in what share of the draws the behaviour shows; yes from half of them on.",
                "dim",
            ),
        )
    elif record["run"]:
        say(console, ("A single best fit: no uncertainty is shown.", "dim"))


def _show_predictions(lab: Lab) -> None:
    """Typical errors of the predictions of later years, by series."""
    from rich.text import Text

    from contraflow.report.sections.predictions import error_rows
    from contraflow.text.names import shown_names

    console = screen()
    errors = error_rows(lab.prediction_errors(), shown_names(lab.case))
    console.print()
    say(console, ("Predictions of later years", "bold"))
    lines = [
        (
            f"{e['what']}, {e['where']}",
            e["years"],
            Text(e["model"], "green" if e["wins"] else ""),
            Text(e["naive"], "" if e["wins"] else "green"),
            f"{e['nearer']} of {e['claims']}",
        )
        for e in errors
    ]
    console.print(table("what, where|years|>model|>naive|>nearer", lines))
    console.print()
    last = lab.case.info.baseline[1]
    say(
        console,
        (
            f"model: typical factor off, from claims up to {last} and each year's measures alone. naive: off "
            "if all had stayed as in the baseline. nearer: years in which the model comes nearer.",
            "dim",
        ),
    )


def _why(pattern: json_records.Record) -> str:
    """The pattern's id, with the most likely reason where it does not hold."""
    return ": ".join(part for part in (str(pattern["pattern"]), str(pattern["diagnosis"])) if part)


def _ratio(ratio: float) -> str:
    """The quantity with the policy over the quantity without, as precise as the verdict needs."""
    if not known(ratio):
        return DASH
    return f"×{fixed(ratio, 3)}" if ratio < 9.9995 else f"×{significant(ratio)}"


def _range(pattern: json_records.Record) -> str:
    """The 90 % interval of the ratio, on a line of its own; nothing without one."""
    if not known(pattern.get("ratio_5")):
        return ""
    low, high = (_ratio(pattern[f"ratio_{end}"]).removeprefix("×") for end in ("5", "95"))
    return f"\n{to(low, high)}"


def _probability(pattern: json_records.Record) -> str:
    """In what share of the draws a pattern shows, on a line of its own; nothing for a single draw."""
    part = pattern.get("probability")
    return f"\n{share(part)}" if part is not None and known(part) else ""
