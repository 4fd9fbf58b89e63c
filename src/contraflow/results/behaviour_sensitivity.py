"""Which numbers of behaviour a figure of a simulation turns on.

Replicates differ in their draws of the ledger, in behaviour and in chance. Spearman's rank correlation of a
figure with each number of behaviour tells how far the figure goes with that number whatever else differs, as
long as it goes one way; its square is the part of the variance of ranks.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.stats
import xarray as xr

from contraflow._language import _
from contraflow.case.behaviour import BEHAVIOUR
from contraflow.errors import ComparisonError
from contraflow.results import trajectory_tables
from contraflow.results.figures import series
from contraflow.results.view import MONTHS_PER_YEAR, coord

FEWEST = 10
"""Replicates that a rank correlation needs to tell anything."""


def behaviour_sensitivity(data: xr.Dataset, figure: str, year: int | None = None) -> pd.DataFrame:
    """Numbers of behaviour by how closely a figure of a year follows them over the replicates.

    Parameters
    ----------
    data
        Dataset of a simulation, with ``behaviour`` (replicate, number).
    figure
        A figure of :func:`~contraflow.results.figures.run_figures`.
    year
        Year whose mean is taken; by default the last.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``number``, the strongest first: ``meaning``, ``unit``, ``low`` and ``high`` of the draws,
        ``rank_correlation`` (Spearman), ``share`` (its square) and ``p_value`` of no relation at all; NaN for
        a number that is the same in all replicates. ``attrs`` hold ``figure``, ``year`` and ``replicates``.

    Raises
    ------
    ComparisonError
        For an unknown figure or year, and for fewer than FEWEST replicates in which the figure is known.
    """
    names = trajectory_tables.years(data)
    chosen = names[-1] if year is None else year
    if chosen not in names:
        raise ComparisonError(trajectory_tables.no_such_year(chosen, names))
    start = names.index(chosen) * MONTHS_PER_YEAR
    months = series(data, figure).values[:, start : start + MONTHS_PER_YEAR]
    value = months.mean(axis=1)
    sound = np.isfinite(value)
    if sound.sum() < FEWEST:
        text = _(
            "{figure} is known in {known} replicates; {fewest} are needed to tell what it turns on. "
            "Simulate with more replicates."
        )
        raise ComparisonError(text.format(figure=repr(figure), known=sound.sum(), fewest=FEWEST))
    rows = []
    for name, drawn in zip(coord(data, "number"), data["behaviour"].values[sound].T, strict=True):
        about = BEHAVIOUR[str(name)]
        correlation, p_value = np.nan, np.nan
        if np.ptp(drawn) > 0 and np.ptp(value[sound]) > 0:
            correlation, p_value = (float(x) for x in scipy.stats.spearmanr(drawn, value[sound]))
        rows.append(
            {
                "number": str(name),
                "meaning": about.meaning,
                "unit": about.unit,
                "low": float(drawn.min()),
                "high": float(drawn.max()),
                "rank_correlation": correlation,
                "share": correlation**2,
                "p_value": p_value,
            }
        )
    frame = pd.DataFrame(rows).set_index("number")
    frame = frame.sort_values("rank_correlation", key=np.abs, ascending=False, kind="stable")
    frame.attrs |= {"figure": figure, "year": chosen, "replicates": int(sound.sum())}
    return frame
