"""The command ``claims``: each claim beside the model's figure."""

from __future__ import annotations

from contraflow._numbers import DASH, cell, fixed
from contraflow.cli import json_records
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, progress, screen
from contraflow.cli.terminal_tables import known, say, table


def claims(name: str, *, how: CalibrationOptions, as_json: bool) -> None:
    """Show each claim beside the model's figure, by size of the residual."""
    from rich.text import Text

    from contraflow.lab import load

    with progress() as say_so:
        lab = calibrated(load(name), how, say_so)
        frame = lab.claims()
    frame = frame.iloc[(-frame["residual"].abs().fillna(-1.0)).argsort(kind="stable")]
    listed = json_records.rows(frame)
    if as_json:
        emit(json_records.provenance(lab) | {"claims": listed})
        return
    console = screen()
    lines = [
        (
            Text.assemble(c["statement"], "\n", (f"{c['claim']}, {c['source']} {c['paragraph']}", "dim")),
            c["grade"],
            _claimed(c),
            _figure(c["model"]),
            _off(float(c["residual"])),
            "fitted" if c["fitted"] else c["use"] if c["use"] != "fit" else "later",
        )
        for c in listed
    ]
    console.print(table("claim|grade|>it says|>model|>off by|use", lines))
    console.print()
    say(
        console,
        (
            "off by: standard deviations that the model lies above (+) or below the claim. grade: source A "
            "to F, information 1 to 6. check: compared, not fitted; later: after the baseline, not fitted; "
            "context: not compared.",
            "dim",
        ),
    )


def _claimed(claim: json_records.Record) -> str:
    low, value, high = (float(claim[c]) for c in ("low", "value", "high"))
    unit = "" if claim["unit"] == "dimensionless" else f" {claim['unit']}".replace(" 1/", " per ")
    ends = [x for x in (low, high) if known(x)]
    if len(ends) == 2 and low < high:
        text = f"{_figure(low)} to {_figure(high)}"
    else:
        text = _figure(next((x for x in (value, *ends) if known(x)), value))
    bound = "" if claim["bound"] == "about" else f"{claim['bound']} "
    return f"{bound}{text}{unit}" if text != DASH else DASH


def _figure(value: float) -> str:
    """Three figures."""
    if not known(value):
        return DASH
    return cell(value)


def _off(residual: float) -> str:
    if not known(residual):
        return DASH
    return "0" if abs(residual) < 0.05 else fixed(residual, 1, sign=True)
