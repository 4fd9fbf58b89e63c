"""Policies: levels of measures, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from contraflow.case.case import Case
from contraflow.errors import PolicyError

Policy = Mapping[str, float]


def parse(text: str) -> dict[str, float]:
    """Read ``measure=level; measure=level`` (or commas). Raises PolicyError with what is wrong."""
    policy: dict[str, float] = {}
    for part in filter(None, (p.strip() for p in text.replace(",", ";").split(";"))):
        name, sign, level = (s.strip() for s in part.partition("="))
        if not sign:
            raise PolicyError(f"'{part}' gives no level. Write it as measure=level, for example radar=1.")
        try:
            value = float(level)
        except ValueError:
            raise PolicyError(f"'{part}': '{level}' is not a number. Write it as measure=level.") from None
        if name in policy:
            raise PolicyError(f"'{name}' is given twice. Give each measure one level.")
        policy[name] = value
    return policy


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
    """What to say of a name that is no measure."""
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known measures: {', '.join(known)}."
    return f"'{name}' is no measure of this case. {hint}"


def describe(case: Case, policy: Policy) -> str:
    """One line in words, for example ``Radar 1 (share of the airspace), Interceptors 4 (aircraft)``."""
    if not policy:
        return "as in the baseline"
    return ", ".join(
        f"{case.measures[m].name} {level:g} ({case.measures[m].unit})" for m, level in policy.items()
    )
