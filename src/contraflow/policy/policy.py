"""Policies: levels of measures, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from contraflow._language import _
from contraflow._numbers import share, signed_share
from contraflow.case.case import Case
from contraflow.case.levels import MARK, parse_levels
from contraflow.case.naming import lower
from contraflow.errors import PolicyError

Policy = Mapping[str, float]
"""Levels of levers by id; the others stay at their baseline level."""

DEMAND, PRICE = "demand", "price"
"""Beginnings of the ids of levers that act on a market."""

LEAST_CHANGE, MOST_CHANGE = -0.99, 9.0
"""Lowest and highest change of a market's demand or price, as a share of the baseline."""


def parse(text: str) -> dict[str, float]:
    """Read a policy from text, such as ``radar=1; interceptors=6``.

    Parameters
    ----------
    text
        Levels, as :func:`~contraflow.case.levels.parse_levels` reads them.

    Returns
    -------
    dict
        Level by measure.

    Raises
    ------
    PolicyError
        Says what is wrong with the text.

    Examples
    --------
    >>> parse("radar=1; interceptors=6")
    {'radar': 1.0, 'interceptors': 6.0}
    """
    try:
        return parse_levels(text)
    except ValueError as error:
        fault, cure = str(error), _("Write a policy as measure=level, for example radar=1.")
        raise PolicyError(f"{fault[:1].upper()}{fault[1:]}. {cure}") from None


@dataclass(frozen=True)
class Lever:
    """What a policy can set: a measure of the case, or the demand or the price at one of its markets."""

    id: str
    """Id of the measure; ``demand:`` or ``price:`` and the id of a market."""
    name: str
    """Name as shown."""
    unit: str
    """What one unit of level is."""
    least: float
    """Lowest level."""
    most: float
    """Highest level."""
    is_change: bool = False
    """Whether its level is a change as a share of the baseline, such as -0.3, rather than an amount."""

    def fault(self, level: float) -> str:
        """What is wrong with a level, as a sentence; empty if nothing is."""
        if not np.isfinite(level):
            return _("the level is not a finite number.")
        if self.least <= level <= self.most:
            return ""
        if self.is_change:
            return _(
                "the level is a change, from {least} (a fall by {fall}) to {most}; 0 is no change."
            ).format(least=f"{self.least:g}", fall=share(-self.least), most=f"{self.most:g}")
        return _("the level must lie between {least} and {most} ({unit}).").format(
            least=f"{self.least:g}", most=f"{self.most:g}", unit=self.unit
        )

    def at(self, level: float, *, unit: bool = True) -> str:
        """The lever at a level, in words: ``Radar 1 (radars working)``, ``Demand in Europe −30%``."""
        if self.is_change:
            return f"{self.name} {signed_share(level)}"
        return f"{self.name} {level:g}" + (f" ({self.unit})" if unit else "")


def levers_of(case: Case) -> dict[str, Lever]:
    """All levers of a case by id: its measures in their order, then the markets where goods are sold.

    Where the price moves until a market clears, ``demand:MARKET`` changes what is bought at each price. Where
    the price is given, ``price:MARKET`` changes it. Levels of both are changes as a share of the baseline,
    negative for a fall. A row of ``markets.csv`` with several places has one lever for all of them.
    """
    levers = {
        m.id: Lever(m.id, m.name, m.unit, 0.0, case.parameters[m.maximum].value)
        for m in case.measures.values()
    }
    for market in case.markets.values():
        if market.hired_by:
            continue
        places = ", ".join(case.places[p].name if p in case.places else p for p in market.places)
        text = _("Demand for {good} in {places}") if market.elasticity else _("Price of {good} in {places}")
        name = text.format(good=lower(case.forms[market.form].name), places=places)
        kind = DEMAND if market.elasticity else PRICE
        own = kind + MARK + market.id
        unit = _("change as a share of the baseline")
        levers[own] = Lever(own, name, unit, LEAST_CHANGE, MOST_CHANGE, is_change=True)
    return levers


def levels(case: Case, baseline: npt.NDArray[np.float64], policy: Policy) -> npt.NDArray[np.float64]:
    """Levels of all levers under a policy.

    Parameters
    ----------
    case
        The case.
    baseline
        Levels in the baseline (lever,).
    policy
        Levels by lever; the others stay at the baseline.

    Returns
    -------
    numpy.ndarray
        Levels (lever,), in the order of :func:`levers_of`.

    Raises
    ------
    PolicyError
        For what is no mapping, a lever that is unknown, and a level that is not a number or out of its range;
        lists all of them.
    """
    if not isinstance(policy, Mapping):
        text = _("A policy is a mapping of measures to levels, such as {example}; {given} is a {type}.")
        raise PolicyError(text.format(example="{'radar': 1}", given=repr(policy), type=type(policy).__name__))
    wrong: list[str] = []
    result = baseline.copy()
    known = levers_of(case)
    order = {name: i for i, name in enumerate(known)}
    for name, level in policy.items():
        if name not in order:
            wrong.append(unknown_measure(str(name), known))
            continue
        if isinstance(level, bool) or not isinstance(level, int | float | np.number):
            text = _("{given}: the level is not a number, but {type}.")
            wrong.append(text.format(given=f"{name}={level!r}", type=type(level).__name__))
            continue
        fault = known[name].fault(float(level))
        if fault:
            wrong.append(f"{name}={level:g}: {fault}")
        else:
            result[order[name]] = level
    if wrong:
        raise PolicyError("\n".join(wrong))
    return result


def unknown_measure(name: str, known: Collection[str]) -> str:
    """Error message for a name that is no lever, with the nearest of the ``known`` ones."""
    kind, _sep, market = name.partition(MARK)
    other = {DEMAND: PRICE, PRICE: DEMAND}.get(kind, "") + MARK + market
    if market and other in known:
        text = (
            _("'{name}' is not a lever of this case: the price moves until it clears at '{market}'.")
            if kind == PRICE
            else _("'{name}' is not a lever of this case: the price is given at '{market}'.")
        )
        cure = _("Write '{other}'.").format(other=other)
        return f"{text.format(name=name, market=market)} {cure}"
    near = get_close_matches(name, known, n=1)
    measures = [lever for lever in known if MARK not in lever]
    hint = (
        _("Did you mean '{name}'?").format(name=near[0])
        if near
        else _("Known measures: {measures}.").format(measures=", ".join(measures))
    )
    text = _("'{name}' is not a measure of this case.").format(name=name)
    return f"{text} {hint}"


def describe(case: Case, policy: Policy) -> str:
    """A policy in one line, such as ``Radar 1 (share of the airspace), Interceptors 4 (aircraft)``."""
    if not policy:
        return _("as in the baseline")
    known = levers_of(case)
    return ", ".join(known[name].at(level) for name, level in policy.items())


def in_short(case: Case, policy: Policy) -> str:
    """A policy in a few words: levers and levels, without units."""
    known = levers_of(case)
    return ", ".join(known[name].at(level, unit=False) for name, level in policy.items())
