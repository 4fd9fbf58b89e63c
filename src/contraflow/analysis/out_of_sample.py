"""What the model foresaw: claims of later years against the equilibrium under the measures of their year.

Three figures stand side by side for each claim with ``use = predict``: what was observed, what the
model says under the measures of that year, and the naive forecast that nothing changes, which is the
model's baseline. Errors are in logarithms, forecast over observation, so that a half and a double
weigh the same. Nothing here is fitted: calibration never sees these claims.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contraflow._quantiles import ENDS
from contraflow._types import FloatArray
from contraflow.analysis.hindcast import Forecast, intervals
from contraflow.case import statements
from contraflow.case.case import Case
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
"""``model_5`` to ``model_95`` are ends of the 90 % and the 50 % interval of what a source would state: draws
of the model and the claim's errors together.
``place`` is the id of the one place that is observed, else empty; ``country`` its code, or all codes."""

FEW = 50
"""Draws whose median stands for the baseline."""

GROUP = ("quantity", "form", "basis", "place", "country")
"""What the claims of one row of the errors have in common."""


def predictions_table(
    case: Case, posterior: Posterior | None, *, fitted: bool = False, forecast: Forecast | None = None
) -> pd.DataFrame:
    """One row per predicted claim, in the order of series and years; columns :data:`COLUMNS`.

    With a ``forecast``, that in place of the equilibrium of the claim's year. With ``fitted`` also the fitted
    claims of the same series: what the forecast starts from. Empty for a lab that is not calibrated. Figures
    are in inside units.
    """
    import pandas as pd

    if posterior is None:
        return pd.DataFrame(columns=list(COLUMNS))
    likelihood, claims = posterior.log_posterior.likelihood, posterior.log_posterior.likelihood.claims
    known = np.ones(len(claims), dtype=bool) if forecast is None else forecast.known
    predicted = posterior.says if forecast is None else np.where(known, forecast.predicted, 0.0)
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

    Of claims dated from the year ``first`` to ``last``; of all unless given.

    Columns GROUP, then ``claims`` (how many), ``first`` and ``last`` year, ``model`` and ``naive`` (the
    errors) and ``better``, the share of claims that the model comes nearer to than the naive forecast.
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
        "form": "; ".join(claim.form),
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


def _at_baseline(posterior: Posterior) -> FloatArray:
    """What the model says of every claim (claim,) in the baseline, the median of some draws."""
    some = posterior.picks(FEW)
    return np.median([posterior.log_posterior.at_baseline(row) for row in posterior.ledger(some)], axis=0)


def _log_ratio(forecast: float | FloatArray, stated: float) -> float:
    if not (np.isfinite(forecast) and forecast > 0 and stated > 0):
        return float("nan")
    return float(np.log(forecast / stated))
