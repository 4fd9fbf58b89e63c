"""Figures that questions may name: the headline figures, and the share of a way of moving in exports."""

from __future__ import annotations

import numpy as np
import xarray as xr

from contraflow._language import _
from contraflow._types import FloatArray
from contraflow.errors import ComparisonError
from contraflow.results import figures
from contraflow.results.choices import near_match
from contraflow.results.draws import solved
from contraflow.results.view import coord, leaving

SHARE = "share of exports by "
"""Beginning of the name of a share; then a family of modes, such as ``air``, or the id of a mode."""


def asked_figure(data: xr.Dataset, name: str, spot: str) -> FloatArray:
    """A figure in each draw (draw,); NaN in draws without an equilibrium.

    Parameters
    ----------
    data
        Dataset of an outcome.
    name
        A headline figure, or ``share of exports by `` and a family of modes or a mode.
    spot
        Node whose price is quoted.

    Raises
    ------
    ComparisonError
        For an unknown figure.
    """
    if not isinstance(name, str):
        text = _("A figure is named by text, such as 'exports'; {name} is none.")
        raise ComparisonError(text.format(name=repr(name)))
    if not name.startswith(SHARE):
        return figures.per_draw(data, name, spot=spot)
    way, out = name.removeprefix(SHARE), leaving(data)
    family, mode = coord(data, "family"), coord(data, "mode")
    chosen = out & ((family == way) | (mode == way))
    if not chosen.any():
        known = sorted({*map(str, family[out]), *map(str, mode[out])})
        hint = near_match(way, known) or _("There are: {names}.").format(names=", ".join(known))
        text = _("Nothing leaves the country by {way}.").format(way=repr(way))
        raise ComparisonError(f"{text} {hint}")
    pure = data.variables["pure"].values
    whole = pure[:, out].sum(axis=1)
    part = pure[:, chosen].sum(axis=1) / np.where(whole > 0, whole, np.nan)
    return np.where(solved(data), part, np.nan)


def unit_of(name: str) -> str:
    """Unit of a figure, as shown. Raises ComparisonError for an unknown one."""
    return "1" if str(name).startswith(SHARE) else figures.outcome_figure(name).unit
