"""The command ``history``: a case's events history_run forward."""

from __future__ import annotations

from pathlib import Path

from contraflow._language import _
from contraflow.cli import json_records
from contraflow.cli.files import expect_writable, make_folder
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.hindcast import record_of, show_hindcast
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, next_step, progress, screen, written
from contraflow.cli.terminal_tables import tell_own
from contraflow.errors import OutputError


def history(
    asked: AskedPolicy,
    out: Path | None,
    *,
    first: int | None,
    last: int | None,
    clans: int,
    replicates: int,
    how: CalibrationOptions,
    as_json: bool,
) -> None:
    """Tell a case's events forward and show how near it came to what was observed."""
    from contraflow.report.draw.drawing import KINDS

    if out is not None:
        if out.suffix.lower() not in KINDS:
            text = _("{path}: the figure is written as one of {endings}; end the name so.")
            raise OutputError(text.format(path=out, endings=", ".join(KINDS)))
        expect_writable(out)
    with progress() as say_so:
        lab = calibrated(asked.case, how, say_so)
        history_run = lab.history(first=first, last=last, clans=clans, replicates=replicates, progress=say_so)
        scores = history_run.scores
        if out is not None:
            drawing = history_run.figure()
            if drawing is None:
                text = _("{path} is not written: no series of the case has enough figures to draw.")
                raise OutputError(text.format(path=out))
            make_folder(out.parent)
            drawing.save(out)
    if as_json:
        emit(json_records.provenance(lab) | {"history": record_of(scores)})
        return
    tell_own(screen(), lab.own_attributes)
    show_hindcast(scores, screen())
    if out is not None:
        written(screen(), _("The figure is written."), out)
    else:
        year = ("--from", str(first)) if first is not None else ()
        next_step(
            screen(),
            _("The same as a figure:"),
            "history",
            asked.name,
            *year,
            "--out",
            f"{asked.case.info.id}.html",
        )
