"""Posterior predictive checks: do the claims, taken together, look as the model would have them?

Each statistic of the claims as stated is compared with the same statistic of claims simulated from the
posterior, draw by draw (Gelman, Carlin, Stern, Dunson, Vehtari & Rubin, Bayesian Data Analysis, 3rd ed.,
2013, section 6.3). Bounds have no replicates, since the model does not say which bound would be stated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from contraflow import _random
from contraflow._quantiles import INTERVAL, LEVELS
from contraflow._types import BoolArray, FloatArray
from contraflow.analysis.loo_predictive import Surprises, sound_draws
from contraflow.inference.posterior import Posterior

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3
"""Claims below which a subset is not checked."""

STATISTICS = {"inside 50 %": -1, "inside 90 %": -1, "largest discrepancy": 1, "root mean square": 1}
"""Statistics, and whether more (1) or less (-1) of them is worse."""

WIDTH = 2 * 1.645
"""Width of the 90 % interval in standard deviations of a normal distribution, the unit of discrepancies."""


def predictive_checks(posterior: Posterior, found: Surprises) -> pd.DataFrame:
    """Check statistics of the claims against their posterior predictive distribution.

    Parameters
    ----------
    posterior
        The posterior.
    found
        Surprises of the claims.

    Returns
    -------
    pandas.DataFrame
        One row per statistic and subset of claims: ``subset`` (all of a use, a quantity, a grade or a
        source), number of ``claims``, ``statistic``, ``observed``, ``low``, ``replicated`` and ``high``
        (median and 90 % interval of the replicates), and ``p``, the probability of a replicate at least as
        bad. The statistics are the shares of figures inside the 50 % and 90 % interval of what would be
        stated, and the largest and the root mean square discrepancy in standard deviations. The row ``inside
        90 %, left out`` takes each fitted claim's interval without itself, where that is known; its p treats
        the claims as independent.
    """
    import pandas as pd

    sound = sound_draws(posterior)
    if not sound.size:
        return pd.DataFrame()
    rng = _random.stream("posterior predictive checks", posterior.seed)
    made_up = posterior.predictive(rng)[sound]
    ends = np.quantile(made_up, LEVELS, axis=0)
    centre = posterior.figures.centre
    rows = []
    for name, chosen in _subsets(posterior):
        within = ends[:, chosen]
        for statistic, bad in STATISTICS.items():
            observed = float(_measure(statistic, centre[chosen], within))
            replicates = _measure(statistic, made_up[:, chosen], within)
            low, middle, high = np.quantile(replicates, sorted(INTERVAL)).tolist()
            p = float((bad * replicates >= bad * observed).mean())
            rows.append((name, int(chosen.sum()), statistic, observed, low, middle, high, p))
        if name == "fitted" and (chosen & found.known).any():
            rows.append(_left_out(posterior, found, chosen))
    columns = ["subset", "claims", "statistic", "observed", "low", "replicated", "high", "p"]
    return pd.DataFrame(rows, columns=columns)


def _left_out(
    posterior: Posterior, found: Surprises, chosen: BoolArray
) -> tuple[str, int, str, float, float, float, float, float]:
    from scipy.stats import binom

    known = chosen & found.known
    inside, many = int((found.chance[known] >= 0.1).sum()), int(known.sum())
    low, middle, high = (float(binom.ppf(q, many, 0.9)) / many for q in sorted(INTERVAL))
    p = float(binom.cdf(inside, many, 0.9))
    return "fitted", many, "inside 90 %, left out", inside / many, low, middle, high, p


def _measure(statistic: str, figures: FloatArray, ends: FloatArray) -> FloatArray:
    """A statistic of figures (..., claim), given quantiles ``ends`` (level, claim) of the predictions."""
    if statistic.startswith("inside"):
        low, high = (ends[1], ends[3]) if "50" in statistic else (ends[0], ends[4])
        return np.asarray(((figures >= low) & (figures <= high)).mean(axis=-1))
    off = np.abs(figures - ends[2]) / (ends[4] - ends[0]) * WIDTH
    return np.asarray(off.max(axis=-1) if "largest" in statistic else np.sqrt((off**2).mean(axis=-1)))


def _subsets(posterior: Posterior) -> Iterator[tuple[str, BoolArray]]:
    """Names and masks (claim,) of the subsets with enough figures; predictions of later years are apart."""
    likelihood = posterior.log_posterior.likelihood
    sources = likelihood.responder.model.network.case.sources
    figure = (likelihood.sides == 0) & np.isfinite(posterior.figures.centre)
    fitted = posterior.figures.weight > 0
    uses = np.array([c.use.value for c in likelihood.claims])
    labels: list[tuple[str, BoolArray]] = [
        ("fitted", fitted),
        ("held back", ~fitted & (uses != "predict")),
        ("predicted", ~fitted & (uses == "predict")),
    ]
    now = uses != "predict"
    for words, key in (
        ("quantity", [c.quantity.value for c in likelihood.claims]),
        ("grade", [sources[c.source].reliability for c in likelihood.claims]),
        ("source", [c.source for c in likelihood.claims]),
    ):
        values = np.array(key)
        labels += [(f"{words} {value}", (values == value) & now) for value in sorted(set(key))]
    for name, mask in labels:
        if (mask & figure).sum() >= FEWEST:
            yield name, mask & figure
