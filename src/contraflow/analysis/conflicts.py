"""Where the evidence disagrees: surprising claims, claims outvoted, and what each side implies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow import _cache
from contraflow._io import write_atomically
from contraflow._quantiles import LEVELS
from contraflow._types import FloatArray, Progress, silent
from contraflow.analysis.contradictions import Disagreement, disagreements
from contraflow.analysis.infinitesimal_jackknife import Pulls, PullsAway
from contraflow.analysis.loo_predictive import UNLIKELY, Surprises, surprises
from contraflow.analysis.posterior_predictive_checks import predictive_checks
from contraflow.analysis.refit_sides import Implied, Sides, Unmet, Worse, Yardsticks
from contraflow.case.case import Case
from contraflow.case.quantities import Quantity
from contraflow.errors import ConvergenceError, OutputError
from contraflow.inference import store
from contraflow.inference.posterior import Posterior

if TYPE_CHECKING:
    import pandas as pd

OUTVOTED, MISSED, FITS = "outvoted", "missed", "fits"
"""Verdicts: a fitted claim, a claim held back, outside the 90 % interval of what would be stated; others."""


@dataclass(frozen=True)
class Side:
    """One side of a disagreement: what it says in plain words, its claims, and what follows if it is right.

    ``implied`` is None where the model observes none of its claims or finds no fit with them.
    """

    words: str
    claims: tuple[str, ...]
    note: str
    implied: Implied | None


@dataclass(frozen=True)
class DisagreementReport:
    """A disagreement.

    ``predicted`` are quantiles (level,) of the figure in the posterior, ``rest`` those of the fit without any
    of the sides, both at :data:`~contraflow._quantiles.LEVELS` and in ``unit``; None where the model observes
    none of the claims.
    """

    id: str
    title: str
    quantity: str
    unit: str
    predicted: tuple[float, ...] | None
    rest: tuple[float, ...] | None
    sides: tuple[Side, ...]


@dataclass(frozen=True, eq=False)
class Conflicts:
    """Where the evidence of a calibrated case disagrees.

    ``claims`` has one row per observable claim, the most surprising first: claim, statement, source,
    paragraph, grade, year, quantity, unit, bound, use, fitted; ``stated``, the figure; ``predicted_5``
    to ``predicted_95``, what the model says; ``expected_5`` to ``expected_95``, what the source would state
    if the model were true, for fitted claims without the claim itself; ``surprise``, the probability of a
    statement as far off; ``pareto_k``, above 0.7 where that rests on few draws; ``verdict``;
    ``outvoted_by``, claims that pull the model away, parted by semicolons; ``ranges``, the part of that pull
    which assumed ranges have. Figures are in inside units. ``pulled_away_by`` says more of what pulls, by
    claim. ``checks`` are the posterior predictive checks
    (:func:`~contraflow.analysis.posterior_predictive_checks.predictive_checks`).
    """

    claims: pd.DataFrame
    pulled_away_by: Mapping[str, PullsAway]
    groups: tuple[DisagreementReport, ...]
    checks: pd.DataFrame

    def __repr__(self) -> str:
        """How many claims are outvoted, and how many disagreements there are."""
        verdicts = self.claims["verdict"]
        out, missed, fitted = (
            int(x.sum()) for x in (verdicts == OUTVOTED, verdicts == MISSED, self.claims["fitted"])
        )
        return (
            f"<Conflicts: {out} of {fitted} fitted claims outvoted, {missed} others missed; "
            f"{len(self.groups)} disagreements>"
        )

    def _repr_html_(self) -> str:
        shown = self.claims[
            ["statement", "stated", "predicted_50", "unit", "surprise", "verdict", "outvoted_by"]
        ]
        return str(shown.head(20).to_html(index=False))


def tension(case: Case, posterior: Posterior, ledger: FloatArray, say: Progress = silent) -> Conflicts:
    """Where the evidence of a posterior disagrees. ``ledger`` (draw, number) are the draws of results.

    ``say`` is told how far it is. Sides are fitted once and kept beside the posterior. Raises
    ObservationError for a figure that selects nothing.
    """
    say("Leaving out each claim in turn")
    found = surprises(posterior)
    pulls = Pulls(posterior)
    pulled_away_by = {
        claim.id: pulls.away_from(number)
        for number, claim in enumerate(posterior.log_posterior.likelihood.claims)
        if found.chance[number] < UNLIKELY
    }
    return Conflicts(
        _claims(case, posterior, found, pulled_away_by),
        pulled_away_by,
        _groups(case, posterior, ledger, say),
        predictive_checks(posterior, found),
    )


def _claims(
    case: Case, posterior: Posterior, found: Surprises, pulled_away_by: Mapping[str, PullsAway]
) -> pd.DataFrame:
    import pandas as pd

    likelihood = posterior.log_posterior.likelihood
    rows = []
    for number, claim in enumerate(likelihood.claims):
        fitted = bool(posterior.figures.weight[number] > 0)
        verdict = FITS if found.chance[number] >= UNLIKELY else OUTVOTED if fitted else MISSED
        pulled = pulled_away_by.get(claim.id)
        rows.append(
            {
                "claim": claim.id,
                "statement": claim.statement,
                "source": claim.source,
                "paragraph": claim.paragraph,
                "grade": f"{case.sources[claim.source].reliability}{claim.information}",
                "year": claim.year or "",
                "quantity": claim.quantity.value,
                "unit": claim.unit,
                "bound": claim.bound.value,
                "use": claim.use.value,
                "fitted": fitted,
                "stated": float(likelihood.stated[number]),
                **_quantiles("predicted", found.predicted[number]),
                **_quantiles("expected", found.expected[number]),
                "surprise": float(found.chance[number]),
                "pareto_k": float(found.pareto[number]),
                "verdict": verdict,
                "outvoted_by": "; ".join(v.id for v in pulled.claims) if pulled else "",
                "ranges": pulled.ranges if pulled else np.nan,
            }
        )
    return pd.DataFrame(rows).sort_values("surprise", kind="stable", ignore_index=True)


def _quantiles(name: str, values: FloatArray) -> dict[str, float]:
    return {f"{name}_{level:.0%}".rstrip("%"): float(v) for level, v in zip(LEVELS, values, strict=True)}


def _groups(
    case: Case, posterior: Posterior, ledger: FloatArray, say: Progress
) -> tuple[DisagreementReport, ...]:
    numbers = {c.id: n for n, c in enumerate(posterior.log_posterior.likelihood.claims)}
    groups = disagreements(case, numbers)
    seen = [g for g in groups if g.figure is not None]
    yardsticks = Yardsticks(posterior.log_posterior, tuple(g.figure for g in seen if g.figure is not None))
    if not seen:
        return tuple(_words_only(g) for g in groups)
    path = store.folder() / f"{_key(case, posterior, groups)}.json"
    fits = _recalled(path)
    if fits is None:
        fits = {}
        for row, group in enumerate(seen):
            say(f"Believing each side: {group.title}")
            fits[group.id] = _fitted(group, posterior, yardsticks, row, numbers)
        _keep(path, fits)
    predicted = yardsticks.over(ledger)
    result = []
    for group in groups:
        if group.figure is None:
            result.append(_words_only(group))
            continue
        row, known = seen.index(group), fits[group.id]
        sides = tuple(
            Side(p.words, p.claims, p.note, _implied(i))
            for p, i in zip(group.positions, known["sides"], strict=True)
        )
        rest = None if known["rest"] is None else tuple(known["rest"])
        quantiles = tuple(float(x) for x in predicted[row])
        quantity = group.figure.quantity.value
        result.append(
            DisagreementReport(group.id, group.title, quantity, _unit(case, group), quantiles, rest, sides)
        )
    return tuple(result)


def _words_only(group: Disagreement) -> DisagreementReport:
    sides = tuple(Side(p.words, p.claims, p.note, None) for p in group.positions)
    return DisagreementReport(group.id, group.title, Quantity.NONE.value, "", None, None, sides)


def _fitted(
    group: Disagreement, posterior: Posterior, yardsticks: Yardsticks, row: int, numbers: Mapping[str, int]
) -> dict[str, Any]:
    """What the rest of the evidence and each side imply, as plain lists."""
    sides = Sides(posterior, np.array(sorted(numbers[c] for c in group.claims if c in numbers)))
    try:
        rest = [float(x) for x in yardsticks.at(sides.rest)[row]]
    except ConvergenceError:
        return {"rest": None, "sides": [None for _ in group.positions]}
    believed = []
    for position in group.positions:
        side = np.array([numbers[c] for c in position.claims if c in numbers], dtype=np.int64)
        implied = sides.believe(side, yardsticks, row) if side.size else None
        believed.append(implied)
    return {"rest": rest, "sides": believed}


def _implied(plain: Any) -> Implied | None:
    """What follows from a side, from plain lists."""
    if plain is None:
        return None
    figure, rise, worse, unmet = plain
    return Implied(tuple(figure), rise, tuple(Worse(*w) for w in worse), tuple(Unmet(*u) for u in unmet))


def _unit(case: Case, group: Disagreement) -> str:
    """Unit inside of a group's figure: that of its claims about the same quantity."""
    quantity = group.figure.quantity if group.figure is not None else Quantity.NONE
    units = [case.claims[c].unit for p in group.positions for c in p.claims]
    kinds = [case.claims[c].quantity for p in group.positions for c in p.claims]
    same = [u for u, k in zip(units, kinds, strict=True) if k is quantity]
    return same[0] if same else quantity.units[0]


def _key(case: Case, posterior: Posterior, groups: tuple[Disagreement, ...]) -> str:
    """Key of the sides' fits: the case, the posterior's figures and maximum, and the code."""
    arrays = (*posterior.figures, posterior.fit.deviates)
    return _cache.key(
        "sides", case.fingerprint, str([g.id for g in groups]),
        *(np.ascontiguousarray(array).tobytes() for array in arrays),
        rooms=(*_cache.CALIBRATION, "analysis"),
    )  # fmt: skip


def _recalled(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _keep(path: Path, fits: Mapping[str, Any]) -> None:
    """Keep fits; where the folder cannot be written nothing is kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(fits))
    except (OSError, OutputError):
        return
