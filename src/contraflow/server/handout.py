"""One HTML file with the answers to a grid of policies: a small lab for whoever cannot install one."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from contraflow._language import _, language, locale
from contraflow._numbers import plain_number
from contraflow._types import Progress, silent
from contraflow._version import __version__
from contraflow.case.case import Case
from contraflow.case.load import shipped
from contraflow.errors import ContraflowError
from contraflow.history import left_out
from contraflow.lab import Lab
from contraflow.policy.policy import Lever, levers_of
from contraflow.report.data import Meta, ReportData
from contraflow.report.draw import row_charts
from contraflow.report.draw.drawing import Drawing
from contraflow.report.front import evidence, learned
from contraflow.report.jinja import environment
from contraflow.server import screen
from contraflow.server.address import Asked, Known, policy_text, snapped
from contraflow.server.controls import SHOWN, Control, grouped, known_of
from contraflow.server.desk import Desk
from contraflow.server.lab_pages import static
from contraflow.server.screen import TEMPLATES
from contraflow.text.evidence_sentences import track_record
from contraflow.text.figure_words import lever_in_words

COUNT, MOST = 4, 20
"""Levels of a lever beside today's: as a rule, and at most."""

TODAY = "today"
"""Address of the answer without a policy; those of policies hold a ``=``."""


@dataclass(frozen=True, kw_only=True)
class PolicyGrid:
    """What a handout answers beside today and the headline questions of its case."""

    levers: Sequence[str]
    """Levers that stand alone, by id."""
    pairs: Sequence[tuple[str, str]] = ()
    """Pairs of levers of which every level goes with every level."""
    count: int = COUNT
    """Levels of each lever beside today's."""


def measures_of(case: Case) -> tuple[str, ...]:
    """Levers of a handout as a rule: all but those of markets."""
    return tuple(name for name, lever in levers_of(case).items() if not lever.is_change)


def grid_levels(lever: Lever, today: float, step: float, count: int) -> tuple[float, ...]:
    """Levels of a lever from its lowest to its highest, today's among them, in ascending order.

    They are evenly spread, but for that nearest to today's, in whose place today's stands; both ends stay.
    Levers of markets go to where the control of the lab goes.

    Parameters
    ----------
    lever
        The lever.
    today
        Its level in the baseline.
    step
        Step of its control; levels between the ends are multiples of it.
    count
        Levels beside today's; there are fewer where steps are wider.
    """
    most = min(lever.most, SHOWN) if lever.is_change else lever.most
    between = np.linspace(lever.least, most, count + 1)[1:-1].tolist()
    points = [lever.least, *(min(snapped(level, lever, step), most) for level in between), most]
    at_an_end = min(today - lever.least, most - today) < step / 2
    near = points if at_an_end or not between else points[1:-1]
    points.remove(min(near, key=lambda level: abs(level - today)))
    return tuple(sorted({*points, today}))


def policies_of(
    case: Case, known: Known, levels: Mapping[str, Sequence[float]], pairs: Collection[tuple[str, str]]
) -> dict[str, dict[str, float]]:
    """All policies of a handout by their address: today, the questions, single levers, pairs."""
    found: dict[str, dict[str, float]] = {TODAY: {}}

    def add(policy: Mapping[str, float]) -> None:
        if policy:
            own = {name: policy[name] for name in known.levers if name in policy}
            found.setdefault(policy_text(own), own)

    def moved(policy: Mapping[str, float]) -> dict[str, float]:
        return {name: level for name, level in policy.items() if level != known.today[name]}

    for question in case.info.questions:
        add(question.policy)
    for name, every in levels.items():
        for level in every:
            add(moved({name: level}))
    for pair in pairs:
        for both in product(*(levels[name] for name in pair)):
            add(moved(dict(zip(pair, both, strict=True))))
    return found


def render_handout(
    lab: Lab, source: str, grid: PolicyGrid, date: str, progress: Progress | None = None
) -> str:
    """The file as text, in the language of the reader.

    Parameters
    ----------
    lab
        What answers, in all its draws. A policy without an equilibrium gets the sentence that says so.
    source
        The case as its user names it.
    grid
        What is answered.
    date
        When it was made.
    progress
        Callback ``progress(message, fraction=None)``, with the part done from 0 to 1.
    """
    say = progress or silent
    say(_("Computing the baseline"))
    desk, case = Desk(lab, source), lab.case.in_language(locale())
    levers = levers_of(case)
    known = known_of(lab)
    wanted = [*grid.levers, *(name for pair in grid.pairs for name in pair)]
    levels = {
        name: grid_levels(lever, known.today[name], known.steps[name], grid.count)
        for name, lever in levers.items()
        if name in wanted
    }
    policies = policies_of(case, known, levels, grid.pairs)
    answers, key = [], Markup("")
    for number, (address, policy) in enumerate(policies.items()):
        say(_("Answering {number} policies").format(number=len(policies)), number / len(policies))
        answer = _answer(desk, Asked(policy=policy, language=language()), known)
        drawing: Drawing | None = answer["drawing"]
        if drawing is not None and not key:
            key = drawing.key_html()
        answers.append(answer | {"address": address, "words": _in_words(policy, levers), "questions": []})
    of_address = {answer["address"]: answer for answer in answers}
    questions = []
    for question in case.info.questions:
        address = policy_text({name: question.policy[name] for name in levers if name in question.policy})
        of_address[address or TODAY]["questions"].append(question.title)
        questions.append({"title": question.title, "address": address or TODAY})
    report = ReportData(
        case=case,
        base=desk.base.data,
        claims=desk.claims,
        meta=Meta(__version__, lab.seed, case.fingerprint, date),
    )
    script, style = _own("handout.js"), _style()
    text = (
        environment(TEMPLATES)
        .get_template("handout.html.j2")
        .render(
            language=language(),
            report=report,
            names=desk.names(),
            questions=questions,
            answers=answers,
            groups=_groups(desk, known, levels, grid.pairs),
            pairs=[tuple(levers[name].name for name in pair) for pair in grid.pairs],
            key=key,
            reading=row_charts.reading() if report.draws > 1 else "",
            record=track_record(left_out()) if learned(report) else "",
            evidence=evidence(report) if len(report.claims) else None,
            command=f"contraflow serve {source}" if source in shipped() else "",
            script=script,
            style=style,
            allowed={"script": _digest(script), "style": _digest(style)},
        )
    )
    return _unindented(text)


def _answer(desk: Desk, asked: Asked, known: Known) -> dict[str, Any]:
    """What the template takes of one answer, or why there is none."""
    try:
        return screen.answer_data(screen.answered(desk, asked, known)) | {"error": ""}
    except ContraflowError as error:
        return {"error": screen.no_answer(error), "drawing": None}


def _in_words(policy: Mapping[str, float], levers: Mapping[str, Lever]) -> Markup:
    """A policy in words, in which the script finds the level of each lever."""
    told = [
        Markup(_("{measure}: {level}")).format(
            measure=levers[name].name,
            level=Markup('<span data-lever="{}">{}</span>').format(name, lever_in_words(levers[name], level)),
        )
        for name, level in policy.items()
    ]
    return Markup("; ").join(told) or escape(_("Today"))


@dataclass(frozen=True, kw_only=True)
class SteppedControl:
    """A lever of a handout: its control in the lab, and the levels to which it goes."""

    shown: Control
    levels: Sequence[dict[str, str]]
    """Levels with their words and the address of their answer."""
    today: int
    """Which of them is today's."""
    partners: str
    """Ids of levers that it combines with, separated by spaces."""
    partners_words: str
    """Their names."""


def _groups(
    desk: Desk,
    known: Known,
    levels: Mapping[str, Sequence[float]],
    pairs: Collection[tuple[str, str]],
) -> list[dict[str, Any]]:
    """Levers in the groups of the lab; those that can go nowhere are left out."""
    made = []
    for group in grouped(desk.lab, Asked(), known.today):
        controls = [_stepped(one, known, levels[one.id], pairs) for one in _controls(group)
                    if len(levels.get(one.id, ())) > 1]  # fmt: skip
        if controls:
            made.append({"title": group["title"], "controls": controls})
    return made


def _controls(group: Mapping[str, Any]) -> Sequence[Control]:
    found: Sequence[Control] = group["controls"]
    return found


def _stepped(
    shown: Control, known: Known, levels: Sequence[float], pairs: Collection[tuple[str, str]]
) -> SteppedControl:
    lever, today = known.levers[shown.id], known.today[shown.id]
    partners = [b if a == shown.id else a for a, b in pairs if shown.id in (a, b)]
    return SteppedControl(
        shown=shown,
        levels=[
            {
                "level": plain_number(level),
                "words": lever_in_words(lever, level),
                "address": TODAY if level == today else policy_text({shown.id: level}),
            }
            for level in levels
        ],
        today=list(levels).index(today),
        partners=" ".join(partners),
        partners_words=", ".join(known.levers[name].name for name in partners),
    )


def _style() -> Markup:
    """The rules of the lab's page, and the few of the handout's own."""
    found = static("lab.css")
    assert found is not None
    return Markup(_unindented(found[0])) + _own("handout.css")


def _own(name: str) -> Markup:
    """A script or style as it stands within the page."""
    return Markup(_unindented((TEMPLATES / name).read_text("utf-8")))


def _unindented(text: str) -> str:
    return re.sub(r"\n\s+", "\n", text)


def _digest(text: str) -> str:
    """What a content security policy calls a script or style that it allows."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
