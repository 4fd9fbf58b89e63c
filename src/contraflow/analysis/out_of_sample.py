"""Predictions of later years: claims against the equilibrium under the measures of their year.

Each claim with ``use = predict`` is compared with two forecasts: the model's under the measures of that year,
and the naive one that nothing changes, which is the model's baseline. Errors are logarithms of forecast over
observation, so that a half and a double weigh the same. Calibration never sees these claims.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contraflow._quantiles import ENDS
from contraflow._types import FloatArray
from contraflow.analysis.hindcast import Forecast, intervals
from contraflow.case import statements
from contraflow.case.case import Case
from contraflow.case.quantities import Quantity
from contraflow.case.selectors import matches_place
from contraflow.inference.likelihood import series, within
from contraflow.inference.posterior import Posterior

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "claim", "series", "quantity", "form", "basis", "place", "country", "year", "stated", "unit", "use",
    "baseline", "model", "naive", "log_error", "naive_log_error", "note",
    *(f"model{end}" for end in ENDS),
)  # fmt: skip
"""Columns of the table of predictions. ``model_5`` to ``model_95`` bound the 90 % and the 50 % interval of
what a source would state, from draws of the model and the claim's errors together. ``place`` is the id of the
one place that is observed, else empty; ``country`` its code, or all codes.
"""

FEW = 50
"""Draws whose median is taken as the baseline."""

GROUP = ("quantity", "form", "basis", "place", "country")
"""What the claims of one row of errors have in common."""


def predictions_table(
    case: Case, posterior: Posterior | None, *, fitted: bool = False, forecast: Forecast | None = None
) -> pd.DataFrame:
    """Predicted claims, in the order of series and years.

    Parameters
    ----------
    case
        The case.
    posterior
        Its posterior, or None.
    fitted
        Include the fitted claims of the same series, from which the forecast starts.
    forecast
        Predictions to use instead of the equilibrium of each claim's year.

    Returns
    -------
    pandas.DataFrame
        One row per claim with the columns :data:`COLUMNS`, in units of the model; empty without a posterior.
    """
    import pandas as pd

    if posterior is None:
        return pd.DataFrame(columns=list(COLUMNS))
    likelihood, claims = posterior.log_posterior.likelihood, posterior.log_posterior.likelihood.claims
    known = np.ones(len(claims), dtype=bool) if forecast is None else forecast.known
    predicted = posterior.predicted if forecast is None else np.where(known, forecast.predicted, 0.0)
    median = np.nanmedian(predicted, axis=0)
    foreseen = {series(c) for c in claims if c.use is statements.Use.PREDICT}
    at_baseline = _at_baseline(posterior) if foreseen else np.zeros(len(claims))
    chosen = [
        i
        for i, claim in enumerate(claims)
        if known[i]
        and (
            claim.use is statements.Use.PREDICT
            or (fitted and likelihood.fitted[i] and claim.year and series(claim) in foreseen)
        )
    ]
    ends = intervals(posterior, np.array(chosen, dtype=np.int64), forecast)
    rows = [
        _row(case, claims[i], likelihood.stated[i], median[i], at_baseline[i])
        | {f"model{end}": float(x) for end, x in zip(ENDS, ends[:, place], strict=True)}
        for place, i in enumerate(chosen)
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    order = {name: n for n, name in enumerate(dict.fromkeys(frame["series"]))}
    return frame.sort_values(
        ["series", "year"], key=lambda c: c.map(order) if c.name == "series" else c, kind="stable"
    ).reset_index(drop=True)


def errors_table(
    predictions: pd.DataFrame, first: int | None = None, last: int | None = None
) -> pd.DataFrame:
    """Mean absolute log errors of the model and of the naive forecast, by quantity and country.

    Parameters
    ----------
    predictions
        As from :func:`predictions_table`.
    first, last
        Years between which the claims are dated, both included. None: no limit.

    Returns
    -------
    pandas.DataFrame
        Columns GROUP, then number of ``claims``, ``first`` and ``last`` year, errors of ``model`` and
        ``naive``, and ``better``, the share of claims to which the model comes nearer.
    """
    import pandas as pd

    later = predictions[predictions["use"] == statements.Use.PREDICT.value]
    later = later[np.array([within(str(year), first, last) for year in later["year"]], dtype=bool)]
    rows = [
        {
            **dict(zip(GROUP, key, strict=True)),
            "claims": len(group),
            "first": group["year"].min(),
            "last": group["year"].max(),
            "model": float(group["log_error"].abs().mean()),
            "naive": float(group["naive_log_error"].abs().mean()),
            "better": float((group["log_error"].abs() < group["naive_log_error"].abs()).mean()),
        }
        for key, group in later.groupby(list(GROUP), sort=False)
    ]
    return pd.DataFrame(rows, columns=[*GROUP, "claims", "first", "last", "model", "naive", "better"])


def _row(
    case: Case, claim: statements.Claim, stated: float, model: float, baseline: float
) -> dict[str, object]:
    places = [p for p in case.places.values() if matches_place(p, claim.origin or claim.destination)]
    return {
        "claim": claim.id,
        "series": " ".join(series(claim)),
        "quantity": claim.quantity.value,
        "form": "; ".join(claim.form or _made(case, claim)),
        "basis": claim.basis,
        "place": places[0].id if len(places) == 1 else "",
        "country": "; ".join(dict.fromkeys(p.country for p in places)),
        "year": claim.year or "",
        "stated": float(stated),
        "unit": claim.unit,
        "use": claim.use.value,
        "baseline": float(baseline),
        "model": float(model),
        "naive": float(baseline),
        "log_error": _log_ratio(model, stated),
        "naive_log_error": _log_ratio(baseline, stated),
        "note": claim.note,
    }


def _made(case: Case, claim: statements.Claim) -> tuple[str, ...]:
    """What the steps of a claim make, where it names no form and counts goods; areas are of the crop."""
    if claim.quantity in (Quantity.AREA, Quantity.ERADICATED) or not claim.step:
        return ()
    steps = [row for row in (*case.processes.values(), *case.activities.values()) if row.id in claim.step]
    return tuple(dict.fromkeys(row.output for row in steps))


def _at_baseline(posterior: Posterior) -> FloatArray:
    """Value of every claim in the baseline (claim,), the median of some draws."""
    some = posterior.picks(FEW)
    return np.median([posterior.log_posterior.at_baseline(row) for row in posterior.ledger(some)], axis=0)


def _log_ratio(forecast: float | FloatArray, stated: float) -> float:
    if not (np.isfinite(forecast) and forecast > 0 and stated > 0):
        return float("nan")
    return float(np.log(forecast / stated))
