"""Series of observations in words: what they are about, where, in what unit, and when.

Rows are those of ``Lab.predictions`` and ``Lab.prediction_errors``; ``names`` are those of forms, places and
countries, by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from contraflow.case.quantities import Quantity
from contraflow.results.view import KG_PER_TONNE

UNITS = {"kg/year": "t a year", "USD/kg": "$ a kg", "ha": "ha", "USD/year": "$ a year", "1/year": "a year"}
"""Inside units as they are shown; others are shown as they are."""


def title(row: Mapping[Any, Any], names: Mapping[str, str]) -> str:
    """What a series is about: ``Price of cocaine hydrochloride``."""
    quantity = Quantity(row["quantity"])
    form = names.get(row["form"], row["form"]) or getattr(names, "crop", "")
    words = quantity.phrase.format(form=form[:1].lower() + form[1:])
    return words[:1].upper() + words[1:].strip(", ")


def where(row: Mapping[Any, Any], names: Mapping[str, str]) -> str:
    """The place or country of a series."""
    country = row["country"] if ";" not in row["country"] else ""
    known = names.get(row["place"]) or names.get(country, country)
    return known.removesuffix(", directly") or "everywhere"


def unit(row: Mapping[Any, Any]) -> str:
    """Unit of a figure that was divided by :func:`divisor`."""
    plain = UNITS.get(row["unit"], "" if row["unit"] == "dimensionless" else row["unit"])
    return plain.replace("t a year", "t pure a year") if row["basis"] == "pure" else plain


def divisor(row: Any) -> float:
    """What figures of a row, or of a table of one series, are divided by: 1,000 for kg a year, else 1."""
    own = row["unit"].iloc[0] if isinstance(row, pd.DataFrame) else row["unit"]
    return KG_PER_TONNE if own == "kg/year" else 1.0


def middle(year: str) -> float:
    """The middle of a year or of a span of years: 2015.5 for ``2015-2016``."""
    begin, _, end = year.partition("-")
    return (int(begin) + int(end or begin)) / 2
