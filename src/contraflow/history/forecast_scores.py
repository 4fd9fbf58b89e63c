"""An open benchmark: forecasts of the same observations by any model, scored beside the rivals.

A table of forecasts has a row for each observation that is foreseen: ``observation``, and ``low``, ``median``
and ``high``, the 5 %, 50 % and 95 % quantiles of the figure after over the figure before; ``low_50`` and
``high_50``, the ends of the 50 % interval, may be added. Of any forecaster only these quantiles are used, so
that all are scored alike: by the quantile score (twice the mean pinball loss of logarithms, which becomes the
CRPS as quantiles grow dense; Gneiting & Raftery 2007) and by the log density of a normal distribution of
logarithms in two halves through the three quantiles. Both are means over the observations of an episode, and
then over episodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from contraflow._language import N_, _
from contraflow._types import FloatArray
from contraflow.case.io.cell_text import did_you_mean
from contraflow.case.io.read import read_sheet
from contraflow.case.io.rows import parse
from contraflow.case.table import Row, Text, column, optional
from contraflow.errors import HistoryError, Problem
from contraflow.history.left_out_episodes import NEW, RIVALS, LeftOut, compare

YOURS = "yours"
NINETY = 1.6448536269514722
LEAST = 0.01
"""Least half width of an interval in logarithms that counts: nobody is surer than that."""


class ForecastRow(Row):
    """What a model foresees of one observation."""

    typed: ClassVar[bool] = False
    table: ClassVar[str] = "forecasts"
    about: ClassVar[str] = "forecasts"

    observation: Text = column(N_("Name of the observation, as in observations.csv."))
    low: float = column(N_("5 % quantile of after over before."), ge=1e-30)
    median: float = column(N_("Median of after over before."), ge=1e-30)
    high: float = column(N_("95 % quantile of after over before."), ge=1e-30)
    low_50: float | None = optional(N_("25 % quantile."), None, ge=1e-30)
    high_50: float | None = optional(N_("75 % quantile."), None, ge=1e-30)


LEVELS_OF: Mapping[str, float] = {"low": 0.05, "low_50": 0.25, "median": 0.5, "high_50": 0.75, "high": 0.95}


def read_forecasts(path: Path, known: pd.DataFrame) -> pd.DataFrame:
    """Read and check a table of forecasts.

    Parameters
    ----------
    path
        The file.
    known
        Observations that can be foreseen, with column ``observation``.

    Returns
    -------
    pandas.DataFrame
        Quantiles in logarithms by level, indexed by observation.

    Raises
    ------
    HistoryError
        With every problem found: row, column, what is wrong and how to mend it.
    """
    if not path.is_file():
        message, cure = _("This file does not exist"), _("Name a CSV file of forecasts")
        raise HistoryError([Problem(str(path), message, cure)])
    sheet = read_sheet(path, ForecastRow)
    problems, rows = list(sheet.problems), {}
    names = list(known["observation"])
    for cells in sheet.rows:
        row, faults = parse(ForecastRow, cells, frozenset(sheet.header))
        problems += faults
        if not isinstance(row, ForecastRow):
            continue
        given = {name: getattr(row, name) for name in LEVELS_OF}
        if row.observation not in names:
            close = get_close_matches(row.observation, names, n=1)
            cure = (
                did_you_mean(close[0]) if close else _("'contraflow behaviour --episodes --json' lists them")
            )
            problems.append(_fault(cells.row, "observation", row.observation, _("is no observation"), cure))
        elif row.observation in rows:
            cure = _("Keep one of them")
            problems.append(_fault(cells.row, "observation", row.observation, _("stands twice"), cure))
        values = [v for v in given.values() if v is not None]
        if values != sorted(values):
            cure = _("Order them: low, median, high")
            message = _("is out of order: quantiles fall")
            problems.append(_fault(cells.row, "median", f"{row.median:g}", message, cure))
        if (row.low_50 is None) != (row.high_50 is None):
            message, cure = _("One end is missing"), _("Fill both ends, or neither")
            problems.append(_fault(cells.row, "low_50", None, message, cure))
        rows[row.observation] = {
            f"{LEVELS_OF[n]:g}": np.log(v) if v is not None else np.nan for n, v in given.items()
        }
    if not rows and not problems:
        cure = _("Write a row for each observation that is foreseen")
        problems.append(Problem(path.name, _("There is no forecast"), cure))
    if problems:
        raise HistoryError([replace(p, file=path.name) for p in problems])
    return pd.DataFrame.from_dict(rows, orient="index")


def _fault(row: int, column: str, value: str | None, message: str, cure: str) -> Problem:
    return Problem("", message, cure, row, column, value)


def quantile_score(observed: FloatArray, quantiles: Mapping[float, FloatArray]) -> FloatArray:
    """Twice the mean pinball loss of quantiles (observation,) by level.

    Examples
    --------
    >>> quantile_score(np.array([1.0]), {0.5: np.array([0.0])}).tolist()
    [1.0]
    """
    losses = [
        np.where(observed >= q, level * (observed - q), (1 - level) * (q - observed))
        for level, q in quantiles.items()
    ]
    return np.asarray(2 * np.mean(losses, axis=0))


def two_piece_log_density(
    observed: FloatArray, low: FloatArray, median: FloatArray, high: FloatArray
) -> FloatArray:
    """Log density of a normal distribution in two halves, by its 5 %, 50 % and 95 % quantiles.

    Examples
    --------
    >>> wide = two_piece_log_density(*(np.array([x]) for x in (0.0, -1.645, 0.0, 1.645)))
    >>> round(float(wide[0]), 3)
    -0.919
    """
    below = np.maximum(median - low, LEAST) / NINETY
    above = np.maximum(high - median, LEAST) / NINETY
    off = observed - median
    scaled = np.where(off < 0, off / below, off / above)
    return np.asarray(np.log(2 / (below + above)) - 0.5 * np.log(2 * np.pi) - 0.5 * scaled**2)


def score_forecasts(path: str | Path, against: LeftOut | None = None) -> pd.DataFrame:
    """Score a table of forecasts beside the model and its rivals, on the observations that it foresees.

    Parameters
    ----------
    path
        The CSV file.
    against
        Forecasts of left-out episodes by the model and its rivals. None: those of the package.

    Returns
    -------
    pandas.DataFrame
        By forecaster: quantile score (``crps``) and log score, each with the lead of your forecasts and its
        standard error over episodes; ``inside_90``, the part of the observations that 90 % intervals hold;
        ``observations`` and ``episodes`` that were scored.

    Raises
    ------
    HistoryError
        If the table is not well formed.
    """
    if against is None:
        from contraflow.history.learned_tables import left_out

        against = left_out()
    frame = against.observations.set_index("observation")
    yours = read_forecasts(Path(path), against.observations)
    frame = frame.loc[[name for name in frame.index if name in yours.index]]
    yours = yours.loc[frame.index]
    finer = bool(yours[["0.25", "0.75"]].notna().all().all())
    levels = [level for level in LEVELS_OF.values() if finer or level not in (0.25, 0.75)]
    observed = frame["observed"].to_numpy(float)
    scored = frame[["episode"]].copy()
    inside = {}
    for name in (YOURS, NEW, *RIVALS):
        q = {
            v: (yours[f"{v:g}"] if name == YOURS else frame[f"{name} {v:g}"]).to_numpy(float) for v in levels
        }
        scored[f"{name} crps"] = quantile_score(observed, q)
        scored[f"{name} log score"] = two_piece_log_density(observed, q[0.05], q[0.5], q[0.95])
        inside[name] = float(((observed >= q[0.05]) & (observed <= q[0.95])).mean())
    by_episode = scored.groupby("episode", sort=False).mean()
    by_episode["weight"] = against.episodes.set_index("episode")["weight"].reindex(by_episode.index)
    result = compare(by_episode, [YOURS, NEW, *RIVALS])
    result["inside_90"] = pd.Series(inside)
    result["observations"], result["episodes"] = len(frame), len(by_episode)
    assert all(isfinite(x) for x in result["crps"])
    return result
