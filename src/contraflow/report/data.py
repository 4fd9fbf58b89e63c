"""What goes into a report, and the names and tables that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
import xarray as xr

from contraflow.analysis.conflicts import Conflicts
from contraflow.analysis.hindcast import Hindcast
from contraflow.case.case import Case
from contraflow.case.schema import Question
from contraflow.results.draws import paired
from contraflow.results.explanation import Explanation
from contraflow.results.short_table import own_notes
from contraflow.results.view import home_country
from contraflow.text import answer_sentences
from contraflow.text.names import Names, shown_names


@dataclass(frozen=True)
class Meta:
    """What makes a report reproducible: version of the package, seed, fingerprint of the case, date."""

    version: str
    seed: int
    fingerprint: str
    date: str


@dataclass(frozen=True, kw_only=True)
class SimulatedQuestion:
    """A question that is simulated month by month."""

    question: Question
    """The question."""

    data: xr.Dataset
    """Runs with its policy: the dataset of a simulation, by replicate and month."""

    without: xr.Dataset
    """The same runs without the policy, with the same random draws."""

    changes: tuple[tuple[int, str], ...]
    """Months, counted from the first of the data, at which something changes, and what does."""


@dataclass(frozen=True, kw_only=True)
class FollowedQuestion:
    """The way from the baseline to the answer of a question."""

    question: Question
    """The question."""

    table: pd.DataFrame
    """Headline figures along the path, by ``figure`` and ``years``: as from ``TransitionPath.table()``."""

    summary: pd.DataFrame
    """How each figure moves: as from ``TransitionPath.summary()``."""


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """Everything that a report shows."""

    case: Case
    """The case."""

    base: xr.Dataset
    """The baseline: the dataset of an outcome."""

    answers: tuple[tuple[Question, xr.Dataset], ...] = ()
    """Each question with the dataset of its outcome, on the draws of ``base``."""

    claims: pd.DataFrame
    """Claims beside the model, with the columns of :data:`contraflow.report.draw.claims.COLUMNS`."""

    meta: Meta
    """What makes the report reproducible."""

    requirements: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """How far the measures of each question have what they need, by its id: as from
    ``Outcome.requirements()``."""

    ledger: pd.DataFrame | None = None
    """The numbers of the case, as from :func:`ledger_table`; left out, they are taken from the case."""

    patterns: pd.DataFrame | None = None
    """Documented behaviour: columns pattern, statement, expected, ratio and holds (None: not run); with
    draws, also the ends of the ratio's intervals and the probability."""

    predictions: pd.DataFrame | None = None
    """Later claims beside the model, as from ``Lab.predictions(fitted=True)``."""

    errors: pd.DataFrame | None = None
    """Typical errors of these predictions by series, as from ``Lab.prediction_errors()``."""

    explanation: Explanation | None = None
    """What the key figure of the first question rests on, as from ``Lab.explain``."""

    worth: pd.DataFrame | None = None
    """By how much single facts would narrow that figure, as from ``Lab.worth_knowing``."""

    hindcast: Hindcast | None = None
    """How withheld claims were predicted, as from ``Lab.hindcast``."""

    tension: Conflicts | None = None
    """Where the sources disagree, as from ``Lab.tension``."""

    simulations: tuple[SimulatedQuestion, ...] = ()
    """Questions that are simulated month by month."""

    paths: tuple[FollowedQuestion, ...] = ()
    """Questions whose figures are also shown on the way to the long run."""

    @property
    def draws(self) -> int:
        """Number of draws of the baseline."""
        return int(self.base.sizes["draw"])

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions that the report answers."""
        return tuple(question for question, _ in self.answers)

    @property
    def home(self) -> str:
        """Code of the home country."""
        return home_country(self.base)

    @property
    def own(self) -> list[str]:
        """Numbers that were changed and sides that are believed, a sentence each; as a rule none."""
        return own_notes(self.base.attrs)

    @cached_property
    def names(self) -> Names:
        """Names as shown, by id, and the case's own words."""
        return shown_names(self.case)

    @cached_property
    def pairs(self) -> tuple[tuple[Question, xr.Dataset, xr.Dataset], ...]:
        """Each question with the baseline and the answer on the draws that are solved in both."""
        made = []
        for question, answer in self.answers:
            base, after = paired(self.base, answer)
            made.append((question, base, base if after is None else after))
        return tuple(made)

    @cached_property
    def sentences(self) -> tuple[answer_sentences.Answer, ...]:
        """Each answer in words."""
        return tuple(answer_sentences.tell(base, after, self.names) for _, base, after in self.pairs)


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
