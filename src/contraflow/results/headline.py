"""One headline figure of an outcome, draw by draw."""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np
import xarray as xr

from contraflow._types import FloatArray
from contraflow.errors import ComparisonError
from contraflow.results import tables
from contraflow.results.draws import solved


def names(data: xr.Dataset, home: str | None = None) -> dict[str, str]:
    """The headline figures that an outcome has, with their units."""
    first = data.isel(draw=[int(np.argmax(solved(data)))])
    (index, _), units = tables.figures(first, tables.price_spot(first, home), home)
    return dict(zip(map(str, index), units, strict=True))


def unit_of(data: xr.Dataset, quantity: str, home: str | None = None) -> str:
    """Unit of a headline figure. Raises :class:`~contraflow.errors.ComparisonError` for an unknown one."""
    known = names(data, home)
    if quantity in known:
        return known[quantity]
    near = get_close_matches(quantity, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else ""
    raise ComparisonError(
        f"{quantity!r} is no headline figure. {hint} There are: {', '.join(known)}.".replace("  ", " ")
    )


def per_draw(data: xr.Dataset, quantity: str, home: str | None = None, spot: str | None = None) -> FloatArray:
    """A headline figure (draw,) in its unit; NaN in draws without an equilibrium.

    ``spot`` is the node whose price is quoted; left out, that of the outcome itself. Raises
    :class:`~contraflow.errors.ComparisonError` for an unknown figure.
    """
    unit_of(data, quantity, home)
    kept = solved(data)
    own = data.isel(draw=np.flatnonzero(kept))
    (index, values), _ = tables.figures(own, tables.price_spot(own, home) if spot is None else spot, home)
    whole = np.full(kept.size, np.nan)
    whole[kept] = values[:, list(map(str, index)).index(quantity)]
    return whole
