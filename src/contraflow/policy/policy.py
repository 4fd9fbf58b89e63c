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


def parse(text: str) -> dict[str, float]:
    """Levels of measures from text, as :func:`~contraflow.case.levels.parse_levels` reads them.

    Raises :class:`~contraflow.errors.PolicyError` that says what is wrong.
    """
    try:
        return parse_levels(text)
    except ValueError as error:
        fault = str(error)
        raise PolicyError(
            f"{fault[:1].upper()}{fault[1:]}. Write a policy as measure=level, for example radar=1."
        ) from None


def levels(case: Case, baseline: npt.NDArray[np.float64], policy: Policy) -> npt.NDArray[np.float64]:
    """Levels of all measures (measure,): those of the policy, the baseline's for the rest.

    Raises :class:`~contraflow.errors.PolicyError` that lists every level that is unknown, not a
    number, negative or beyond its range.
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
    """What to say of a name that is not a measure."""
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known measures: {', '.join(known)}."
    return f"'{name}' is not a measure of this case. {hint}"


def describe(case: Case, policy: Policy) -> str:
    """One line in words, for example ``Radar 1 (share of the airspace), Interceptors 4 (aircraft)``."""
    if not policy:
        return "as in the baseline"
    return ", ".join(
        f"{case.measures[m].name} {level:g} ({case.measures[m].unit})" for m, level in policy.items()
    )
