"""Policies: levels of measures, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from contraflow.case.case import Case
from contraflow.case.levels import parse_levels
from contraflow.errors import PolicyError

Policy = Mapping[str, float]
"""Levels of measures by id; the others stay at their baseline level."""


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
        fault = str(error)
        raise PolicyError(
            f"{fault[:1].upper()}{fault[1:]}. Write a policy as measure=level, for example radar=1."
        ) from None


def levels(case: Case, baseline: npt.NDArray[np.float64], policy: Policy) -> npt.NDArray[np.float64]:
    """Levels of all measures under a policy.

    Parameters
    ----------
    case
        The case.
    baseline
        Levels in the baseline (measure,).
    policy
        Levels by measure; the others stay at the baseline.

    Returns
    -------
    numpy.ndarray
        Levels (measure,), in the order of the case.

    Raises
    ------
    PolicyError
        For a measure that is unknown, and a level that is not a number, negative or above the measure's
        maximum; lists all of them.
    """
    wrong: list[str] = []
    result = baseline.copy()
    order = {name: i for i, name in enumerate(case.measures)}
    for name, level in policy.items():
        if name not in order:
            wrong.append(unknown_measure(name, order))
            continue
        measure = case.measures[name]
        most = case.parameters[measure.maximum].value
        if not np.isfinite(level):
            wrong.append(f"{name}={level}: the level is not a finite number.")
        elif not 0 <= level <= most:
            wrong.append(f"{name}={level:g}: the level must lie between 0 and {most:g} ({measure.unit}).")
        else:
            result[order[name]] = level
    if wrong:
        raise PolicyError("\n".join(wrong))
    return result


def unknown_measure(name: str, known: Collection[str]) -> str:
    """Error message for a name that is not a measure, with the nearest of the ``known`` ones."""
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known measures: {', '.join(known)}."
    return f"'{name}' is not a measure of this case. {hint}"


def describe(case: Case, policy: Policy) -> str:
    """A policy in one line, such as ``Radar 1 (share of the airspace), Interceptors 4 (aircraft)``."""
    if not policy:
        return "as in the baseline"
    return ", ".join(
        f"{case.measures[m].name} {level:g} ({case.measures[m].unit})" for m, level in policy.items()
    )
