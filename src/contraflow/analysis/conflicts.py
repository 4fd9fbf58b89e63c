"""Where the evidence disagrees: surprising claims, outvoted claims, and what each side implies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contraflow import _cache
from contraflow._language import _
from contraflow._quantiles import LEVELS
from contraflow._types import FloatArray, Progress, silent
from contraflow.analysis.contradictions import Disagreement, disagreements
from contraflow.analysis.infinitesimal_jackknife import Pulls, PullsAway
from contraflow.analysis.loo_predictive import UNLIKELY, Surprises, surprises
from contraflow.analysis.posterior_predictive_checks import predictive_checks
from contraflow.analysis.refit_sides import Implied, Sides, Unmet, Worse, Yardsticks
from contraflow.case.case import Case
from contraflow.case.quantities import Quantity
from contraflow.errors import ConvergenceError
from contraflow.inference.posterior import Posterior

if TYPE_CHECKING:
    import pandas as pd

OUTVOTED, MISSED, FITS, UNSAID = "outvoted", "missed", "fits", "cannot be said"
"""Verdicts: a fitted claim, or one held back, outside the 90 % interval of what would be stated; others; and
fitted claims without which the model would be another one, so that no draws tell what it would expect."""


SIDES = (*_cache.CALIBRATION, "analysis")
"""Rooms whose code decides what follows from a side."""


@dataclass(frozen=True)
class Side:
    """One side of a disagreement."""

    id: str
    """Its id, as of :class:`~contraflow.analysis.contradictions.Position`."""
    words: str
    """What it says, in plain words."""
    claims: tuple[str, ...]
    """Ids of its claims."""
    note: str
    """What readers should know about it."""
    implied: Implied | None
    """What follows if it is right; None if the model observes none of its claims or no fit is found."""


@dataclass(frozen=True)
class DisagreementReport:
    """A disagreement, with what each of its sides implies."""

    id: str
    """Id of the group."""
    title: str
    """The disagreement as a question."""
    quantity: str
    """Quantity in which the sides are compared."""
    unit: str
    """Its unit."""
    predicted: tuple[float, ...] | None
    """Quantiles of the figure in the posterior at :data:`~contraflow._quantiles.LEVELS` (level,); None if
    the model observes none of the claims.
    """
    rest: tuple[float, ...] | None
    """The same in the fit without any of the sides."""
    sides: tuple[Side, ...]
    """The sides."""


@dataclass(frozen=True, eq=False)
class Conflicts:
    """Where the evidence of a calibrated case disagrees.

    Made by :meth:`contraflow.Lab.tension`.
    """

    claims: pd.DataFrame
    """One row per observable claim, the most surprising first: ``claim``, ``statement``, ``source``,
    ``paragraph``, ``grade``, ``year``, ``quantity``, ``unit``, ``bound``, ``use``, ``fitted``; ``stated``,
    the figure; ``predicted_5`` to ``predicted_95``, quantiles of the model's value; ``expected_5`` to
    ``expected_95``, of what the source would state if the model were true (for fitted claims from a posterior
    without the claim); ``surprise``, the probability of a statement at least as far off; ``pareto_k``, above
    0.7 if too few draws tell of the model without the claim, so that neither is known; ``verdict`` (outvoted,
    missed, fits or cannot be said); ``outvoted_by``, the claims that
    pull the model away; ``ranges``, the share of that pull due to assumed ranges. Figures are in units of
    the model.
    """
    pulled_away_by: Mapping[str, PullsAway]
    """What pulls the model away from each surprising claim, by its id."""
    groups: tuple[DisagreementReport, ...]
    """The disagreements."""
    checks: pd.DataFrame
    """Posterior predictive checks, as from
    :func:`~contraflow.analysis.posterior_predictive_checks.predictive_checks`.
    """

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
    """Find where the evidence of a posterior disagrees.

    Fits that believe a side are computed once and kept on disk.

    Parameters
    ----------
    case
        The case.
    posterior
        Its posterior, with at least two draws.
    ledger
        Draws of the ledger that results carry (draw, number).
    say
        Callback ``progress(message, fraction=None)``.

    Raises
    ------
    ObservationError
        If the figure of a disagreement selects nothing in the model.
    """
    say(_("Leaving out each claim in turn"))
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
        verdict = OUTVOTED if fitted else MISSED
        if not found.known[number]:
            verdict = UNSAID
        elif found.chance[number] >= UNLIKELY:
            verdict = FITS
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
    name = sides_key(case, posterior)
    kept = _cache.recall(name)
    fits = {} if kept is None else json.loads(kept)
    if kept is None:
        for row, group in enumerate(seen):
            say(_("Believing each side: {title}").format(title=group.title))
            fits[group.id] = _fitted(group, posterior, yardsticks, row, numbers)
        _cache.keep(name, json.dumps(fits).encode())
    predicted = yardsticks.over(ledger)
    result = []
    for group in groups:
        if group.figure is None:
            result.append(_words_only(group))
            continue
        row, known = seen.index(group), fits[group.id]
        sides = tuple(
            Side(p.id, p.words, p.claims, p.note, _implied(i))
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
    sides = tuple(Side(p.id, p.words, p.claims, p.note, None) for p in group.positions)
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
    """What a side implies, from plain lists."""
    if plain is None:
        return None
    figure, rise, worse, unmet = plain
    return Implied(tuple(figure), rise, tuple(Worse(*w) for w in worse), tuple(Unmet(*u) for u in unmet))


def _unit(case: Case, group: Disagreement) -> str:
    """Unit of a group's figure: that of its claims about the same quantity."""
    quantity = group.figure.quantity if group.figure is not None else Quantity.NONE
    units = [case.claims[c].unit for p in group.positions for c in p.claims]
    kinds = [case.claims[c].quantity for p in group.positions for c in p.claims]
    same = [u for u, k in zip(units, kinds, strict=True) if k is quantity]
    return same[0] if same else quantity.units[0]


def sides_key(case: Case, posterior: Posterior) -> str:
    """Key of the fits of the sides: the case, the posterior's figures and maximum, and the code."""
    arrays = (*posterior.figures, posterior.fit.deviates)
    return _cache.key(
        "sides",
        case.fingerprint,
        *(np.ascontiguousarray(array).tobytes() for array in arrays),
        rooms=SIDES,
    )
