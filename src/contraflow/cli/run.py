"""The commands ``run`` and ``report``: from a case to a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from contraflow._version import __version__
from contraflow.case.schema import Question
from contraflow.cli import json_records, run_screen
from contraflow.cli.files import expect_writable, make_folder
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, progress, screen
from contraflow.errors import ComparisonError, ConvergenceError, OutputError
from contraflow.policy import describe

if TYPE_CHECKING:
    import pandas as pd

    from contraflow._types import Progress
    from contraflow.analysis.hindcast import Hindcast
    from contraflow.lab import Lab
    from contraflow.lab.outcome import Outcome
    from contraflow.report.data import FollowedQuestion, SimulatedQuestion
    from contraflow.results.explanation import Explanation

REPORT = "report.html"

KEY, REFITS, FEWEST = "exports", 2, 30
"""Figure that the report explains, fits made anew for it, draws without which it is not explained."""

REPLICATES = 24
"""Runs of a question that is simulated month by month."""

YEARS, FOLLOWED = 5, 24
"""Years for which a question is followed on its way to the long run, and draws in which it is, at most."""

Answers = Sequence[tuple[Question, "Outcome"]]


def run(
    name: str, out: Path | None, *, how: CalibrationOptions, report: bool, as_json: bool, open_it: bool
) -> None:
    """Calibrate, answer, validate and print a summary; then write the report."""
    from contraflow.lab import load

    with progress() as say:
        case = load(name)
        folder = out if out is not None else Path(f"contraflow-{case.info.id}")
        if report:
            expect_writable(folder, folder=True)
            expect_writable(folder / REPORT)
            _today()
        lab = calibrated(case, how, say)
        say("Computing the baseline")
        record = json_records.provenance(lab) | {"baseline": json_records.baseline(lab)}
        answers = lab.answers(progress=say)
        record["answers"] = [{"id": q.id} | json_records.answer(lab, outcome) for q, outcome in answers]
        record["fit"] = json_records.fit(lab)
        say("Holding the model against documented behaviour")
        patterns = lab.validate(replicates=0).table()
        record["patterns"] = json_records.patterns(patterns)
        record["report"] = str(folder / REPORT) if report else None
    if not as_json:
        run_screen.show(record, screen())
    if report:
        with progress() as say:
            _write(lab, answers, patterns, make_folder(folder) / REPORT, say)
    if as_json:
        emit(record)
    elif report:
        run_screen.show_report(record, screen())
    if report and open_it:
        import webbrowser

        webbrowser.open((folder / REPORT).resolve().as_uri())


def report(name: str, out: Path, given: Sequence[str], *, how: CalibrationOptions) -> None:
    """Write the page on the headline questions or on one policy."""
    from contraflow.lab import load

    with progress() as say:
        case = load(name)
        policy = json_records.policy_of(case, given)
        expect_writable(out)
        lab = calibrated(case, how, say)
        answers: Answers
        if policy:
            say("Answering")
            title = describe(case, policy)
            answers = [(Question(id="policy", title=title, policy=policy), lab.respond(policy))]
        else:
            answers = lab.answers(progress=say)
        make_folder(out.parent)
        path = _write(lab, answers, lab.validate(progress=say).table(), out, say)
    screen().print(f"The report is in {path}", soft_wrap=True)


def _write(lab: Lab, answers: Answers, patterns: pd.DataFrame, path: Path, say: Progress) -> Path:
    from contraflow.report.data import Meta, ReportData
    from contraflow.report.document import write_report

    tension = lab.tension(say) if len(lab.ledger) >= FEWEST else None
    say("Writing the report")
    explanation, worth = _explained(lab, answers, say)
    data = ReportData(
        case=lab.case,
        base=lab.baseline().data,
        answers=tuple((question, outcome.data) for question, outcome in answers),
        claims=lab.claims(),
        meta=Meta(__version__, lab.seed, lab.case.fingerprint, _today()),
        ledger=lab.assumptions(),
        patterns=patterns if len(patterns) else None,
        predictions=lab.predictions(fitted=True),
        errors=lab.prediction_errors(),
        explanation=explanation,
        worth=worth,
        hindcast=_withheld(lab),
        tension=tension,
        simulations=_simulated(lab, answers, say),
        paths=_followed(lab, answers, say),
    )
    return write_report(data, path)


def _followed(lab: Lab, answers: Answers, say: Progress) -> tuple[FollowedQuestion, ...]:
    """Each question on its way to the long run, except where markets do not clear on the way."""
    from contraflow.report.data import FollowedQuestion

    some = _some_draws(lab)
    followed = []
    for question, _ in answers:
        try:
            path = some.path(question.policy, years=YEARS, title=question.title, progress=say)
        except ConvergenceError:
            continue
        followed.append(FollowedQuestion(question=question, table=path.table(), summary=path.summary()))
    return tuple(followed)


def _some_draws(lab: Lab) -> Lab:
    """The lab with FOLLOWED of its draws, spread evenly, since a path takes as long as twenty answers."""
    draws = len(lab.ledger)
    if draws <= FOLLOWED:
        return lab
    own = np.linspace(0, draws, FOLLOWED, endpoint=False).astype(np.int64)
    picks = lab.picks[own] if lab.picks.size == draws else lab.picks
    return replace(lab, ledger=lab.ledger[own], picks=picks)


def _simulated(lab: Lab, answers: Answers, say: Progress) -> tuple[SimulatedQuestion, ...]:
    """Questions that ask for it, month by month, each with runs without its policy on the same random draws.

    An interruption ends the command: runs that broke off cannot stand beside complete ones.
    """
    from contraflow.report.data import SimulatedQuestion

    simulated = []
    for question, _ in answers:
        if question.years is not None:
            say(f"Simulating month by month: {question.title}")
            without, run = (
                lab.simulate(policy, years=question.years, replicates=REPLICATES, progress=say)
                for policy in ({}, question.policy)
            )
            if without.interrupted or run.interrupted:
                raise KeyboardInterrupt
            simulated.append(
                SimulatedQuestion(question=question, data=run.data, without=without.data, changes=run.changes)
            )
    return tuple(simulated)


def _explained(lab: Lab, answers: Answers, say: Progress) -> tuple[Explanation | None, pd.DataFrame | None]:
    """What the change of the first answer's key figure rests on; nothing for a lab of a single draw."""
    if not answers or len(lab.ledger) < FEWEST:
        return None, None
    say("Asking what the first answer rests on")
    outcome, base = answers[0][1], lab.baseline()
    try:
        explanation = lab.explain(outcome, KEY, against=base, refits=REFITS, progress=say)
        return explanation, lab.worth_knowing(outcome, KEY, against=base)
    except ComparisonError:
        return None, None


def _withheld(lab: Lab) -> Hindcast | None:
    """How the later claims were predicted, where there are any."""
    return lab.hindcast() if len(lab.predictions()) else None


def _today() -> str:
    """The date, or that of SOURCE_DATE_EPOCH, by which pages can be reproduced."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return date.today().isoformat()
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise OutputError(
            f"SOURCE_DATE_EPOCH is '{epoch}'. Set it to seconds since 1970, or not at all."
        ) from None
