"""The levers as a reader finds them: in groups by what they act on, with steps that fit their range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contraflow._language import N_, _, locale
from contraflow._numbers import cell, money, plain_number, significant, with_percent
from contraflow.lab import Lab
from contraflow.policy.levers import Levers
from contraflow.policy.policy import Lever, levers_of
from contraflow.report.draw.row_charts import round_step
from contraflow.server.address import Asked, Known, snapped
from contraflow.text.figure_words import lever_in_words, unit_beside

GROUPS = (
    ("air", N_("In the air")),
    ("land", N_("On roads, tracks and rivers")),
    ("sea", N_("At sea and in ports")),
    ("ways", N_("On all ways")),
    ("fields", N_("Fields and incomes")),
    ("inputs", N_("Money, inputs and processing")),
    ("abroad", N_("In other countries")),
    ("markets", N_("Demand and prices")),
)
"""Groups of levers by id, with their headings."""

FAMILIES = {"air": "air", "road": "land", "foot": "land", "river": "land", "sea": "sea"}
"""Group of a family of modes."""

PRICED = ("take revenue", "add cost")
"""Kinds of effect that act on money and inputs, wherever they do."""

LARGE, USD_PER_MILLION = 1e5, 1e6
"""Dollars from which a cost is told in millions, and a million."""

STEPS, WHOLE, FINE = 100, 8.0, 0.01
"""Steps of a control, about; the highest level from which levels are whole numbers; step of a change."""

DIGITS = 9
"""Decimals of a number that a reader types, beyond which products of floating point differ."""

SHOWN = 1.0
"""Highest change of a market to which a control goes as a rule."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """A lever with what its control shows."""

    id: str
    name: str
    unit: str
    """What stands beside its number."""
    scale: str
    """By what its level is multiplied in that number: 100 where it is in per cent."""
    least: str
    most: str
    step: str
    level: str
    """Where it stands."""
    number: tuple[str, str, str]
    """The same, the least and the most as numbers with that unit."""
    today: str
    today_number: str
    today_words: str
    moved: bool
    """Whether it stands elsewhere than today."""
    cost: str
    """What it costs a year, in words; empty where that is not known."""
    needs: str
    """What it needs in order to work, by name; empty where it needs nothing."""
    needs_ids: str
    """Ids of these levers, separated by spaces."""


def step_of(lever: Lever) -> float:
    """Step of the control of a lever."""
    if lever.is_change:
        return FINE
    step = round_step((lever.most - lever.least) / STEPS)
    return max(step, 1.0) if lever.most >= WHOLE else step


def known_of(lab: Lab) -> Known:
    """What addresses of a lab may name, in the reader's language."""
    levers = levers_of(lab.case.in_language(locale()))
    sides: dict[str, list[str]] = {}
    for row in lab.disagreements().to_dict("records"):
        if row["weighed"]:
            sides.setdefault(row["disagreement"], []).append(row["side"])
    return Known(
        levers=levers,
        today=dict(zip(levers, lab.responder.levers.baseline.tolist(), strict=True)),
        steps={name: step_of(lever) for name, lever in levers.items()},
        sides=sides,
        fingerprint=lab.case.fingerprint,
    )


def grouped(lab: Lab, asked: Asked, today: Mapping[str, float]) -> list[dict[str, object]]:
    """Groups with their controls, at the levels of a policy, in the reader's language."""
    case = lab.case.in_language(locale())
    levers = levers_of(case)
    costs = lab.measures()["unit_cost"].to_dict()
    needed: dict[str, list[str]] = {}
    for row in case.requirements.values():
        needed.setdefault(row.measure, []).append(row.requires)
    where = group_of(lab.responder.levers)
    found: dict[str, list[Control]] = {group: [] for group, _title in GROUPS}
    for name, lever in levers.items():
        level = asked.policy.get(name, today[name])
        most = max(min(lever.most, SHOWN), level) if lever.is_change else lever.most
        scale, unit = unit_beside(lever)
        found[where[name]].append(
            Control(
                id=name,
                name=lever.name,
                unit=unit,
                scale=plain_number(scale),
                number=(_number(level, scale), _number(lever.least, scale), _number(most, scale)),
                least=plain_number(lever.least),
                most=plain_number(most),
                step=plain_number(step_of(lever)),
                level=plain_number(level),
                today=plain_number(snapped(today[name], lever, step_of(lever))),
                today_number=_told(today[name] * scale, unit),
                today_words=lever_in_words(lever, today[name]),
                moved=name in asked.policy,
                cost=_cost(costs[name], scale),
                needs=", ".join(levers[own].name for own in needed.get(name, ())),
                needs_ids=" ".join(needed.get(name, ())),
            )
        )
    return [
        {
            "id": group,
            "title": _(title),
            "controls": found[group],
            "moved": any(c.moved for c in found[group]),
        }
        for group, title in GROUPS
        if found[group]
    ]


def _number(level: float, scale: float) -> str:
    return plain_number(round(level * scale, DIGITS))


def _told(number: float, unit: str) -> str:
    return with_percent(cell(number)) if unit.startswith("%") else cell(number)


def _cost(unit_cost: float, scale: float) -> str:
    """What a level costs a year: all of it where it is a share, else each unit."""
    if not np.isfinite(unit_cost):
        return ""
    cost = money(unit_cost / USD_PER_MILLION) if unit_cost >= LARGE else f"${significant(unit_cost)}"
    text = _("{cost} a year at 100%") if scale != 1 else _("{cost} a year for each")
    return text.format(cost=cost)


def group_of(levers: Levers) -> dict[str, str]:
    """Group of each lever, from the arcs, supplies and markets on which its first effect acts.

    A measure without an effect stands with the first measure that needs it.
    """
    case = levers.network.case
    first: dict[int, int] = {}
    for effect, measure in enumerate(levers.measure.tolist()):
        first.setdefault(measure, effect)
    found = {name: "" for name in levers.ids}
    for measure, effect in first.items():
        found[levers.ids[measure]] = _group(levers, effect)
    for row in case.requirements.values():
        if not found[row.requires]:
            found[row.requires] = found[row.measure]
    return {name: group or "inputs" for name, group in found.items()}


def _group(levers: Levers, effect: int) -> str:
    network, case = levers.network, levers.network.case
    if levers.markets[effect].any():
        return "markets"
    supplies = [s for s, hit in zip(case.supplies.values(), levers.supplies[effect], strict=True) if hit]
    arcs = [
        arc
        for arc, hit, facility in zip(network.arcs, levers.targets[effect], network.facility, strict=True)
        if hit or (facility >= 0 and levers.facilities[effect, facility])
    ]
    places = [supply.origin for supply in supplies] or [arc.from_place for arc in arcs]
    if places and all(case.places[place].country != case.info.home for place in places):
        return "abroad"
    if supplies or levers.kinds[effect] in PRICED:
        return "inputs"
    links = {FAMILIES.get(case.modes[arc.mode].family.value, "ways") for arc in arcs if arc.kind == "link"}
    if links:
        return links.pop() if len(links) == 1 else "ways"
    return "fields" if any(arc.kind == "activity" for arc in arcs) else "inputs"
