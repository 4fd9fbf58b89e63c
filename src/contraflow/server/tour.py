"""A tour of the page in five steps, each of which is an address: the case's own questions, seen five ways."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from contraflow._language import N_, _, locale
from contraflow.server.address import Asked, write
from contraflow.server.workshop import Standing
from contraflow.text.evidence_sentences import requirements

STEPS = (
    (
        N_("One question"),
        N_("This is the case’s first question: {question}"),
        N_(
            "The levers on the page stand as it asks. The sentence says what moves, where to, and how sure "
            "that is; below it four figures stand today (open dot) and with the policy (full dot)."
        ),
        N_("The lines are intervals: nine of ten draws of the model’s numbers lie within the thin one."),
    ),
    (
        N_("What a measure needs"),
        N_("Now this: {question}"),
        N_("Some measures do nothing, or little, without others; the page says so above the figures."),
        N_("Move a lever that it names, and see what difference that makes."),
    ),
    (
        N_("Two policies side by side"),
        N_("Policy A is the first question’s. Policy B, on the levers, is this one: {question}"),
        N_("A black bar marks A; below each figure stands in how many draws B is lower or higher."),
        N_("Both are asked of the same draws, so what is uncertain in both does not blur the difference."),
    ),
    (
        N_("If you believe …"),
        N_("The sources disagree: {question}"),
        N_("Here one side is taken as true, the others are left out, and the case is fitted again."),
        N_("What changes in the answer is what the disagreement is worth. Choose another side, or all."),
    ),
    (
        N_("Where it goes, and who gains"),
        N_("Back to the first question, and down the page: {question}"),
        N_("The map, the ways out and the incomes show where it goes instead and who gains and loses."),
        N_(
            "Everything can be taken away: each figure as a picture or table with its source; the address of "
            "the page is the answer itself."
        ),
    ),
)
"""Heading and three sentences of each step; ``{question}`` is a question or disagreement of the case."""


AHEAD = 2
"""Steps before one that believes something, from which on the case is fitted to that."""


def step(asked: Asked, standing: Standing) -> Mapping[str, Any] | None:
    """What the page shows of the step that an address names; None for none."""
    states = _states(asked, standing)
    if not 1 <= asked.tour <= len(states):
        return None
    told, _state = states[asked.tour - 1]
    number = asked.tour
    known = standing.known
    return {
        "number": number,
        "of": len(states),
        "title": told[0],
        "sentences": told[1:],
        "before": write(states[number - 2][1], known) if number > 1 else "",
        "next": write(states[number][1], known) if number < len(states) else "",
        "end": write(dataclasses.replace(asked, tour=0), known),
        "soon": next((s.believes for _told, s in states[number : number + AHEAD] if s.believes), {}),
    }


def begins(asked: Asked, standing: Standing) -> str:
    """Address of the first step; empty where the case has no questions."""
    states = _states(asked, standing)
    return write(states[0][1], standing.known) if states else ""


def _states(asked: Asked, standing: Standing) -> list[tuple[tuple[str, ...], Asked]]:
    """Texts and state of each step that the case can show."""
    case = standing.case.in_language(locale())
    questions = case.info.questions
    if not questions:
        return []
    first = questions[0]
    lacking = next((q for q in questions if _lacks(standing, q.policy)), questions[-1])
    others = [q for q in questions if q.id not in (first.id, lacking.id)]
    other = others[0] if others else lacking
    plain = dataclasses.replace(asked, policy={}, against={}, believes={})

    def state(number: int, policy: Mapping[str, float], **more: Any) -> Asked:
        return dataclasses.replace(plain, policy=dict(policy), tour=number, **more)

    made: list[tuple[tuple[str, ...], Asked]] = []

    def add(texts: tuple[str, ...], about: str, policy: Mapping[str, float], **more: Any) -> None:
        told = tuple(_(text).format(question=about) for text in texts)
        made.append((told, state(len(made) + 1, policy, **more)))

    add(STEPS[0], first.title, first.policy)
    add(STEPS[1], lacking.title, lacking.policy)
    add(STEPS[2], other.title, other.policy, against=dict(first.policy))
    sides = standing.known.sides
    if sides:
        group = next(iter(sides))
        titles = dict(standing.desk.lab.disagreements()[["disagreement", "title"]].values.tolist())
        add(STEPS[3], titles[group], first.policy, believes={group: sides[group][0]})
    add(STEPS[4], first.title, first.policy)
    return made


def _lacks(standing: Standing, policy: Mapping[str, float]) -> bool:
    """Whether a measure of a policy has less than its full effect."""
    lab = standing.desk.lab
    return bool(requirements(lab.case, lab.requirements(policy), policy))
