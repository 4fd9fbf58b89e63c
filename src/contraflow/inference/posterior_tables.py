"""Tables of the claims and of the ledger, with the posterior's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contraflow.case import schema
from contraflow.case.case import Case
from contraflow.inference.posterior import Posterior
from contraflow.network.network import Network

if TYPE_CHECKING:
    import pandas as pd


def claims_table(case: Case, posterior: Posterior | None) -> pd.DataFrame:
    """Table of all claims of a case.

    Parameters
    ----------
    case
        The case.
    posterior
        Its posterior. None: the columns of the model are empty.

    Returns
    -------
    pandas.DataFrame
        One row per claim: statement, source and grade, stated figures, and whether it is ``fitted``.
        ``model`` is the median prediction over draws, ``deviation`` that of the claim's error and
        ``residual`` (model - claim) / deviation, both on the claim's scale; all three are NaN for claims
        about no output of the model. Figures are in units of the model (kg, USD, ha, year).
    """
    import pandas as pd

    fits: dict[str, tuple[float, float, float, bool]] = {}
    if posterior is not None:
        likelihood = posterior.log_posterior.likelihood
        median = np.nanmedian(posterior.predicted, axis=0)
        residuals = likelihood.standardised(median)
        for number, claim in enumerate(likelihood.claims):
            fits[claim.id] = (
                float(median[number]),
                float(residuals[number]),
                float(likelihood.deviations[number]),
                bool(likelihood.fitted[number]),
            )
    nothing = (np.nan, np.nan, np.nan, False)
    return pd.DataFrame(
        [
            {
                "claim": c.id,
                "source": c.source,
                "paragraph": c.paragraph,
                "grade": f"{case.sources[c.source].reliability}{c.information}",
                "statement": c.statement,
                "quantity": c.quantity.value,
                "year": c.year or "",
                "bound": c.bound.value,
                "low": _number(c.low),
                "value": _number(c.value),
                "high": _number(c.high),
                "unit": c.unit,
                "use": c.use.value,
                "fitted": fits.get(c.id, nothing)[3],
                "model": fits.get(c.id, nothing)[0],
                "deviation": fits.get(c.id, nothing)[2],
                "residual": fits.get(c.id, nothing)[1],
                "note": c.note,
            }
            for c in case.claims.values()
        ]
    )


def ledger_table(network: Network, ledger: np.ndarray) -> pd.DataFrame:
    """Table of all parameters of a case.

    Parameters
    ----------
    network
        The network of the case.
    ledger
        Values of the ledger (draw, number), in units of the model.

    Returns
    -------
    pandas.DataFrame
        One row per parameter: meaning, range, ``calibrated`` (median over draws), unit, origin, kind of
        origin (``claims``, ``assumption`` or ``fixed``) and reason.
    """
    import pandas as pd

    rows = []
    for p in network.case.parameters.values():
        rows.append(
            {
                "parameter": p.id,
                "meaning": p.meaning,
                "low": p.low,
                "value": p.value,
                "high": p.high,
                "calibrated": float(np.median(ledger[:, network.ledger.index(p.id)])),
                "unit": p.unit,
                "origin": "; ".join(p.claims) or ("constant" if p.low == p.high else "assumption"),
                "kind": _kind(p),
                "reason": p.reason,
            }
        )
    return pd.DataFrame(rows)


def _kind(p: schema.Parameter) -> str:
    if p.claims:
        return "claims"
    return "fixed" if p.low == p.high else "assumption"


def _number(x: float | None) -> float:
    return np.nan if x is None else x
