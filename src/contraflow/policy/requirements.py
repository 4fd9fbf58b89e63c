"""How far measures reach their full effect, where they need others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contraflow._types import FloatArray
from contraflow.policy.levers import Levers


class RequirementMet(NamedTuple):
    """One requirement of a measure under a policy."""

    measure: str
    """Id of the measure."""
    level: float
    """Its level."""
    requires: str
    """Id of the measure that it needs."""
    required_level: float
    """The level of that one."""
    full_at: FloatArray
    """Level of that one at which this requirement is met in full (draw,)."""
    share: FloatArray
    """Part of its full effect to which the measure is held by this requirement (draw,), from 0 to 1."""
    effect: FloatArray
    """Part of its full effect that the measure has with all of its requirements (draw,)."""


def requirements_met(levers: Levers, ledger: FloatArray, levels: FloatArray) -> tuple[RequirementMet, ...]:
    """How far the requirements of the measures that stand above 0 are met.

    Parameters
    ----------
    levers
        The levers of a case.
    ledger
        Values of the ledger (draw, number).
    levels
        Levels of the levers (lever,).

    Returns
    -------
    tuple of RequirementMet
        In the order of ``requirements.csv``. Several requirements of one measure multiply.
    """
    ids = levers.ids
    full = ledger[:, levers.full_at]
    met = np.minimum(levels[levers.needed] / full, 1.0)
    rows = []
    for number, (measure, needed) in enumerate(zip(levers.needing, levers.needed, strict=True)):
        if levels[measure] > 0:
            effect = met[:, levers.needing == measure].prod(axis=1)
            level, required = float(levels[measure]), float(levels[needed])
            rows.append(
                RequirementMet(
                    ids[measure], level, ids[needed], required, full[:, number], met[:, number], effect
                )
            )
    return tuple(rows)
