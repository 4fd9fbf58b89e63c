"""What goes into a report, and the names and tables that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import xarray as xr

from contraflow.analysis.conflicts import Conflicts
from contraflow.analysis.hindcast import Hindcast
from contraflow.case.case import Case
from contraflow.case.schema import Question
from contraflow.results.draws import paired
from contraflow.results.explanation import Explanation


@dataclass(frozen=True)
class Meta:
    """What makes a report reproducible: version of the package, seed, fingerprint of the case, date."""

    version: str
    seed: int
    fingerprint: str
    date: str


@dataclass(frozen=True)
class FollowedQuestion:
    """A question followed month by month: ``data`` over months, ``calm`` on the same luck without the policy;
    ``changes`` as those of a simulation."""

    question: Question
    data: xr.Dataset
    calm: xr.Dataset
    changes: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class ReportData:
    """Everything that a report shows.

    ``base`` and the datasets of ``answers`` are those of outcomes, all with the same draws.
    ``claims`` has the columns of :data:`contraflow.report.draw.claims.COLUMNS`. ``ledger`` is as from
    :func:`ledger_table`; left out, it is made from the case. ``patterns``, where given, has the
    columns pattern, statement, expected, ratio and holds (None: not run) and, with draws, the ends of the
    ratio's intervals and probability. ``predictions`` is as from
    ``Lab.predictions(fitted=True)`` and ``errors`` as from ``Lab.prediction_errors()``. ``explanation`` and
    ``worth`` tell what the first question's key figure rests on, ``hindcast`` how withheld claims came out.
    ``tension`` is as from ``Lab.tension()``. ``courses`` are the questions that are followed in time.
    """

    case: Case
    base: xr.Dataset
    answers: tuple[tuple[Question, xr.Dataset], ...]
    claims: pd.DataFrame
    meta: Meta
    ledger: pd.DataFrame | None = None
    patterns: pd.DataFrame | None = None
    predictions: pd.DataFrame | None = None
    errors: pd.DataFrame | None = None
    explanation: Explanation | None = None
    worth: pd.DataFrame | None = None
    hindcast: Hindcast | None = None
    tension: Conflicts | None = None
    courses: tuple[FollowedQuestion, ...] = ()

    @property
    def draws(self) -> int:
        """Number of draws of the baseline."""
        return int(self.base.sizes["draw"])

    @cached_property
    def pairs(self) -> tuple[tuple[Question, xr.Dataset, xr.Dataset], ...]:
        """Each question with the baseline and the answer on the draws that are solved in both."""
        made = []
        for question, answer in self.answers:
            base, after = paired(self.base, answer)
            made.append((question, base, base if after is None else after))
        return tuple(made)


def ledger_table(case: Case, fitted: Mapping[str, float] | None = None) -> pd.DataFrame:
    """The ledger of numbers: range, unit, what calibration made of it, and what it rests on.

    Columns low, value, high, fitted (NaN where not given), unit, meaning, origin (ids of claims, or
    ``assumption``) and reason; rows by parameter. ``fitted`` holds posterior medians in each
    parameter's own unit.
    """
    fitted = fitted or {}
    rows = [
        {
            "parameter": i,
            "low": p.low,
            "value": p.value,
            "high": p.high,
            "fitted": fitted.get(i, float("nan")),
            "unit": "" if p.unit == "dimensionless" else p.unit,
            "meaning": p.meaning,
            "origin": ", ".join(p.claims) or "assumption",
            "reason": p.reason,
            "scale": p.scale.value,
        }
        for i, p in case.parameters.items()
    ]
    columns = ["parameter", "low", "value", "high", "fitted"]
    columns += ["unit", "meaning", "origin", "reason", "scale"]
    return pd.DataFrame(rows, columns=columns).set_index("parameter")
