"""Draws of outcomes: which of them were solved, and how two outcomes go together draw by draw.

Draw i of every outcome of a lab holds the same numbers, so policies are compared draw by draw. Where no
equilibrium was found in a draw, the coordinate ``solved`` (draw,) is false and the draw's variables are
NaN; without that coordinate all draws are solved. Tables leave such draws out, on both sides of a
comparison, and say how many in ``attrs["left_out"]``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._language import N_, _
from contraflow._quantiles import ENDS, MEDIAN
from contraflow._types import BoolArray, FloatArray
from contraflow.errors import ComparisonError

NOISE = 1e-6
"""A change below this part of the value before is the solver's, not the policy's."""

OWN = ("numbers", "numbers_in_words", "believes", "believes_in_words")
"""Attributes of results of a lab that a user has made their own: which numbers they changed and which sides
of disagreements they believe, as they are written and in words."""

OF_TWO_CASES = N_(
    "The outcomes are of different cases, so their draws do not go together: compare outcomes of one lab"
)
OF_TWO_LABS = N_(
    "The outcomes are of different labs, so their draws do not go together: compare outcomes of one lab"
)


def solved(data: xr.Dataset) -> BoolArray:
    """In which draws an equilibrium was found (draw,)."""
    if "solved" not in data.coords:
        return np.ones(data.sizes["draw"], dtype=bool)
    return np.asarray(data.coords["solved"].values, dtype=bool)


def mark_unsolved(data: xr.Dataset, found: BoolArray) -> xr.Dataset:
    """The dataset with draws that are not ``found`` (draw,) emptied, and a coordinate that says so."""
    whole = data if found.all() else data.where(xr.DataArray(found, dims="draw"))
    return whole.assign_coords(solved=("draw", found))


def paired(base: xr.Dataset, after: xr.Dataset | None = None) -> tuple[xr.Dataset, xr.Dataset | None]:
    """Both outcomes on the draws that are solved in both.

    Parameters
    ----------
    base
        Dataset of an outcome.
    after
        Dataset of another outcome of the same lab. None: only the draws that ``base`` lacks are left out.

    Returns
    -------
    tuple of xarray.Dataset
        ``base`` and ``after``, or None, on the same draws; ``attrs["left_out"]`` counts those left out.

    Raises
    ------
    ComparisonError
        If the outcomes do not share their draws, or if none is left.
    """
    kept = solved(base)
    if after is not None:
        expect_same_draws(base, after)
        kept = kept & solved(after)
    if kept.all():
        return base, after
    if not kept.any():
        text = (
            _("In none of the {draws} draws an equilibrium was found.")
            if after is None
            else _(
                "In none of the {draws} draws an equilibrium was found both before and after: there is "
                "nothing to compare."
            )
        )
        raise ComparisonError(text.format(draws=kept.size))
    chosen, lost = np.flatnonzero(kept), int((~kept).sum())

    def part(data: xr.Dataset) -> xr.Dataset:
        return data.isel(draw=chosen).assign_attrs(left_out=left_out(data) + lost)

    return part(base), None if after is None else part(after)


def expect_same_draws(base: xr.Dataset, after: xr.Dataset) -> None:
    """Refuse outcomes of which draw i does not hold the same numbers.

    Raises
    ------
    ComparisonError
        If the number or the labels of the draws differ, what is believed does, or the hashes of the case or
        of the ledger where both outcomes have them.
    """
    count, other = base.sizes["draw"], after.sizes["draw"]
    if count != other:
        text = _(
            "before has {before} draws and after {after}: compare outcomes of one lab, which share theirs"
        )
        raise ComparisonError(text.format(before=count, after=other))
    believed = [data.attrs.get("believes", "") for data in (base, after)]
    if believed[0] != believed[1]:
        one, two = (sides or _("no side of any disagreement") for sides in believed)
        text = _(
            "The outcomes rest on different beliefs (before: {before}; after: {after}). Their draws come "
            "from two posteriors, so that no draw of one holds the numbers of a draw of the other: compare "
            "each with the baseline of its own lab, and the two changes with one another"
        )
        raise ComparisonError(text.format(before=one, after=two))
    for name, text in (("fingerprint", OF_TWO_CASES), ("ledger", OF_TWO_LABS)):
        one, two = base.attrs.get(name), after.attrs.get(name)
        if one is not None and two is not None and one != two:
            raise ComparisonError(_(text))
    if "draw" in base.coords and "draw" in after.coords:
        labels, others = base.coords["draw"].values, after.coords["draw"].values
        if not np.array_equal(labels, others):
            raise ComparisonError(
                _("The outcomes hold different draws of one lab: choose the same on both sides")
            )


def left_out(data: xr.Dataset) -> int:
    """Number of draws that were left out of a dataset."""
    return int(data.attrs.get("left_out", 0))


def noted(frame: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    """The table with what it rests on in its attributes.

    These are the numbers of draws that it rests on and that were left out and, where a user changed numbers
    of the case or believes a side, those of :data:`OWN`.
    """
    frame.attrs |= {"draws": data.sizes["draw"], "left_out": left_out(data)}
    frame.attrs |= {name: data.attrs[name] for name in OWN if name in data.attrs}
    return frame


def median(data: xr.Dataset, name: str) -> FloatArray:
    """A variable's median over the solved draws; its other dimensions are kept, NaN are not skipped."""
    values = data[name].values
    kept = solved(data)
    return np.asarray(np.median(values if kept.all() else values[kept], axis=0), dtype=float)


def mean(data: xr.Dataset, name: str) -> FloatArray:
    """As :func:`median`, the mean: unlike medians, means of parts add up."""
    values = data[name].values
    kept = solved(data)
    return np.asarray(np.mean(values if kept.all() else values[kept], axis=0), dtype=float)


def quantiles(name: str, values: FloatArray) -> dict[str, FloatArray]:
    """Columns of a table from figures in each draw.

    Parameters
    ----------
    name
        Name of the column that holds the medians.
    values
        Figures (draw, row).

    Returns
    -------
    dict
        ``name`` and, with more than one draw, ``name_5``, ``name_25``, ``name_75`` and ``name_95``: the ends
        of the 90 % and the 50 % interval, each (row,).
    """
    if values.shape[0] == 1:
        return {name: values[0].copy()}
    found = np.quantile(values, (MEDIAN, *ENDS.values()), axis=0)
    return dict(zip((name, *(name + end for end in ENDS)), found, strict=True))


def known_quantiles(name: str, values: FloatArray) -> dict[str, FloatArray]:
    """As :func:`quantiles`, over the draws in which a row is a number; NaN for a row without any."""
    columns = quantiles(name, values)
    gaps = np.isnan(values)
    for row in np.flatnonzero(gaps.any(axis=0)):
        own = values[~gaps[:, row], row]
        filled = quantiles(name, own[:, None]) if own.size else {}
        for key, column in columns.items():
            column[row] = filled[key][0] if key in filled else np.nan
    return columns


def row_of(before: FloatArray, after: FloatArray) -> dict[str, float]:
    """One row of a table of changes.

    Parameters
    ----------
    before, after
        A figure on both sides (draw,).

    Returns
    -------
    dict
        ``before``, ``after``, ``change`` (after less before) and ``ratio`` (after over before, over the draws
        with something before), each with the ends of its intervals as :func:`quantiles` names them.
    """
    ratio = after / np.where(before == 0, np.nan, before)
    columns = quantiles("before", before[:, None]) | quantiles("after", after[:, None])
    columns |= quantiles("change", (after - before)[:, None]) | known_quantiles("ratio", ratio[:, None])
    return {name: float(column[0]) for name, column in columns.items()}


def with_ends(stems: Sequence[str]) -> list[str]:
    """Names of columns, each followed by those of the ends of its intervals."""
    return [name for stem in stems for name in (stem, *(stem + end for end in ENDS))]


def falls(before: FloatArray, change: FloatArray, by: float = 0.0) -> FloatArray:
    """Share of draws in which rows fall.

    Parameters
    ----------
    before, change
        Value before and change of each row (draw, row).
    by
        Part of the value before that the fall has to exceed, at least NOISE.

    Returns
    -------
    numpy.ndarray
        Shares from 0 to 1 (row,).
    """
    return np.asarray((change < -max(by, NOISE) * np.abs(before)).mean(axis=0), dtype=float)


def rises(before: FloatArray, change: FloatArray, by: float = 0.0) -> FloatArray:
    """Share of draws (row,) in which rows rise, as :func:`falls`."""
    return np.asarray((change > max(by, NOISE) * np.abs(before)).mean(axis=0), dtype=float)
