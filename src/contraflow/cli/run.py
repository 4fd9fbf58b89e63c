"""The commands ``run`` and ``report``: from a case to a page."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow import _cache
from contraflow._io import today, write_atomically
from contraflow._language import _, locale
from contraflow._parallel import in_threads
from contraflow._version import __version__
from contraflow.analysis.dynamic_patterns import PATTERN_REPLICATES
from contraflow.case.schema import Question
from contraflow.cli import json_records, run_screen
from contraflow.cli.files import expect_writable, make_folder
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import emit, note, plain, progress, screen, written
from contraflow.errors import ComparisonError, ConvergenceError
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

Answers = Sequence[tuple[Question, "Outcome"]]


def run(
    name: str, out: Path | None, *, how: CalibrationOptions, report: bool, as_json: bool, open_it: bool
) -> None:
    """Calibrate, answer, validate and print a summary; then write the report."""
    from contraflow.lab import load

    with progress() as say:
        case = load(name).in_language(locale())
        folder = out if out is not None else Path(f"contraflow-{case.info.id}")
        if report:
            expect_writable(folder, folder=True)
            expect_writable(folder / REPORT)
            today()
        lab = calibrated(case, how, say)
        work = _Work(lab, {}, say, replicates=0)
        kept = _kept(lab, how, "record", lambda: json.dumps(_record(work), default=plain))
        record = json.loads(kept) | {"report": str(folder / REPORT) if report else None}
    if not as_json:
        run_screen.show(record, screen())
        if not report:
            run_screen.show_next(record, name, screen())
    if report:
        try:
            with progress() as say:
                work.say = say
                page = _kept(lab, how, "page", lambda: _page(work))
                write_atomically(make_folder(folder) / REPORT, page)
        except KeyboardInterrupt:
            note(_("Stopped before the report was written. The answers are kept for the next run."))
            raise
    if as_json:
        emit(record)
    elif report:
        run_screen.show_report(record, name, screen())
    if report and open_it:
        import webbrowser

        webbrowser.open((folder / REPORT).resolve().as_uri())


def report(asked: AskedPolicy, out: Path, *, how: CalibrationOptions) -> None:
    """Write the page on the headline questions or on one policy."""
    with progress() as say:
        expect_writable(out)
        today()
        lab = calibrated(asked.case, how, say)
        work = _Work(lab, asked.policy, say, PATTERN_REPLICATES, asked.title, asked.question)
        what = f"page of {asked.title} {asked.question} {sorted(asked.policy.items())}"
        page = _kept(lab, how, what, lambda: _page(work))
        make_folder(out.parent)
        write_atomically(out, page)
    written(screen(), _("The report is written."), out)


@dataclass(eq=False)
class _Work:
    """What a command computes at most once, for the screen and the page."""

    lab: Lab
    policy: Mapping[str, float]
    """The policy that is asked about; empty for the headline questions."""
    say: Progress
    replicates: int
    """Runs by which patterns that need time are checked; 0: they are not."""
    title: str | None = None
    """That of the policy, where it is that of a question."""
    question: str | None = None
    """Id of that question."""

    @cached_property
    def answers(self) -> Answers:
        """The questions with their answers."""
        if not self.policy:
            return self.lab.answers(progress=self.say)
        self.say(_("Answering"))
        asked = Question(
            id=self.question or "policy",
            title=self.title or describe(self.lab.case, self.policy),
            policy=dict(self.policy),
        )
        return [(asked, self.lab.respond(self.policy))]

    @cached_property
    def patterns(self) -> pd.DataFrame:
        """Which documented patterns hold."""
        self.say(_("Holding the model against documented behaviour"))
        return self.lab.validate(replicates=self.replicates, progress=self.say).table()


def _kept(lab: Lab, how: CalibrationOptions, what: str, make: Callable[[], str]) -> str:
    """What was made before of the same draws by the same package; otherwise it is made, and kept."""
    drawn = np.ascontiguousarray(lab.posterior.deviates).tobytes() if lab.posterior else b""
    parts = what, locale(), str(how), lab.case.fingerprint, os.environ.get("SOURCE_DATE_EPOCH", "")
    name = _cache.key(*parts, _cache.package(), lab.ledger.tobytes(), drawn, rooms=())
    packed = _cache.recall(name)
    if packed is None:
        packed = zlib.compress(make().encode())
        _cache.keep(name, packed)
    return zlib.decompress(packed).decode()


def _record(work: _Work) -> dict[str, Any]:
    """What ``run`` prints."""
    lab = work.lab
    work.say(_("Computing the baseline"))
    return (
        json_records.provenance(lab)
        | {"baseline": json_records.baseline(lab)}
        | {"answers": [_answer(work, q, found) for q, found in work.answers]}
        | {"fit": json_records.fit(lab), "patterns": json_records.patterns(work.patterns)}
    )


def _answer(work: _Work, question: Question, found: Outcome) -> dict[str, Any]:
    """The record of an answer; its title tells of changed numbers and beliefs, its question does not."""
    return {"id": question.id, "question": question.title} | json_records.answer(work.lab, found)


def _page(work: _Work) -> str:
    from contraflow.report.data import Meta, ReportData
    from contraflow.report.document import render

    lab, answers, patterns = work.lab, work.answers, work.patterns
    stop = Event()

    def say(text: str, part: float | None = None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        work.say(text, part)

    def on_the_evidence() -> dict[str, Any]:
        tension = lab.tension(say) if len(lab.ledger) >= FEWEST else None
        explanation, worth = _explained(lab, answers, say)
        return {
            "tension": tension,
            "explanation": explanation,
            "worth": worth,
            "predictions": lab.predictions(fitted=True),
            "errors": lab.prediction_errors(),
            "hindcast": _withheld(lab),
        }

    def in_time() -> dict[str, Any]:
        return {"simulations": _simulated(lab, answers, say), "paths": _followed(lab, answers, say)}

    evidence, course = in_threads(lambda part: part(), (on_the_evidence, in_time), stop)
    work.say(_("Writing the report"))
    return render(
        ReportData(
            case=lab.case,
            base=lab.baseline().data,
            answers=tuple((question, outcome.data) for question, outcome in answers),
            requirements={question.id: outcome.requirements() for question, outcome in answers},
            claims=lab.claims(),
            meta=Meta(__version__, lab.seed, lab.case.fingerprint, today()),
            ledger=lab.assumptions(),
            patterns=patterns if len(patterns) else None,
            **evidence,
            **course,
        )
    )


def _followed(lab: Lab, answers: Answers, say: Progress) -> tuple[FollowedQuestion, ...]:
    """Each question on its way to the long run, except where markets do not clear on the way."""
    from contraflow.lab.policy_paths import FOLLOWED, YEARS
    from contraflow.report.data import FollowedQuestion

    questions = [question for question, _ in answers]
    policies, titles = [q.policy for q in questions], [q.title for q in questions]
    paths = lab.with_few_draws(FOLLOWED).paths(policies, titles, years=YEARS, progress=say)
    return tuple(
        FollowedQuestion(question=question, table=path.table(), summary=path.summary())
        for question, path in zip(questions, paths, strict=True)
        if not isinstance(path, ConvergenceError)
    )


def _simulated(lab: Lab, answers: Answers, say: Progress) -> tuple[SimulatedQuestion, ...]:
    """Questions that ask for it, month by month, each with runs without its policy on the same random draws.

    An interruption ends the command: runs that broke off cannot stand beside complete ones.
    """
    from contraflow.report.data import SimulatedQuestion

    simulated = []
    for question, _answer in answers:
        if question.years is not None:
            say(_("Simulating month by month: {question}").format(question=question.title))
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
    say(_("Asking what the first answer rests on"))
    outcome, base = answers[0][1], lab.baseline()
    try:
        explanation = lab.explain(outcome, KEY, against=base, refits=REFITS, progress=say)
        return explanation, lab.worth_knowing(outcome, KEY, against=base)
    except ComparisonError:
        return None, None


def _withheld(lab: Lab) -> Hindcast | None:
    """How the later claims were predicted, where there are any."""
    return lab.hindcast() if len(lab.predictions()) else None
