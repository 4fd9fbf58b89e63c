"""Series of observations in words: what they are about, where, in what unit, and when.

Rows are those of ``Lab.predictions`` and ``Lab.prediction_errors``; ``names`` are those of forms, places and
countries, by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from contraflow._language import N_, _
from contraflow.case.naming import lower
from contraflow.case.quantities import Quantity
from contraflow.results.view import KG_PER_TONNE
from contraflow.text.names import Names
from contraflow.text.sentences import capital, listed

UNITS = {
    "USD/kg": N_("$ a kg"),
    "ha": N_("ha"),
    "USD/year": N_("$ a year"),
    "1/year": N_("a year"),
    "person/year": N_("people a year"),
}
"""Inside units as they are shown; others are shown as they are."""

MASSES = {"pure": N_("t pure a year"), "product": N_("t gross a year"), "": N_("t a year")}
"""Units of masses by what they count: the substance in them, or the goods as they are carried."""

TITLES = {
    Quantity.FLOW: N_("{form} that moves"),
    Quantity.SHARE: N_("Share of {form}"),
    Quantity.PRICE: N_("Price of {form}"),
    Quantity.PRICE_RATIO: N_("Price of {form}, as a ratio"),
    Quantity.VALUE: N_("Value of {form}"),
    Quantity.AREA: N_("{form} standing"),
    Quantity.ERADICATED: N_("{form} eradicated"),
    Quantity.PRODUCTION: N_("{form} made"),
    Quantity.ARRIVAL: N_("{form} that arrives"),
    Quantity.LOAD: N_("Load of {form}"),
    Quantity.CREW: N_("Crew for {form}"),
    Quantity.PAY: N_("Pay for {form}"),
    Quantity.FEE: N_("Fees on {form}"),
    Quantity.YIELD: N_("Yield of {form}"),
    Quantity.SEIZURE: N_("{form} seized"),
    Quantity.COUNT: N_("Consignments of {form}"),
    Quantity.INCOME: N_("Income"),
    Quantity.LABOUR: N_("Labour"),
    Quantity.SUPPLY: N_("Supply of inputs"),
    Quantity.ARRESTS: N_("Arrests"),
    Quantity.SPREAD: N_("Ways in use"),
}
"""Titles of series by quantity."""

QUANTITIES = {
    Quantity.FLOW: N_("flow"), Quantity.SHARE: N_("share"), Quantity.PRICE: N_("price"),
    Quantity.PRICE_RATIO: N_("price ratio"), Quantity.VALUE: N_("value"), Quantity.AREA: N_("area"),
    Quantity.ERADICATED: N_("eradicated"), Quantity.PRODUCTION: N_("production"),
    Quantity.ARRIVAL: N_("arrival"), Quantity.LOAD: N_("load"), Quantity.CREW: N_("crew"),
    Quantity.PAY: N_("pay"), Quantity.FEE: N_("fee"), Quantity.YIELD: N_("yield"),
    Quantity.SEIZURE: N_("seizure"), Quantity.COUNT: N_("count"), Quantity.INCOME: N_("income"),
    Quantity.LABOUR: N_("labour"), Quantity.SUPPLY: N_("supply"), Quantity.ARRESTS: N_("arrests"),
    Quantity.SPREAD: N_("spread"),
}  # fmt: skip
"""Quantities in a word."""

FIELDS = (Quantity.AREA, Quantity.ERADICATED)
"""Quantities that count what is grown, where no form is named."""


def quantity_in_a_word(name: str) -> str:
    """A quantity in the reader's language: ``price``; one that came from outside as it is named."""
    known = QUANTITIES.get(Quantity(name))
    return _(known) if known else name


def title(row: Mapping[Any, Any], names: Mapping[str, str]) -> str:
    """What a series is about: ``Price of cocaine hydrochloride``."""
    quantity = Quantity(row["quantity"])
    form = listed([names.get(one, one) for one in filter(None, str(row["form"]).split("; "))])
    if not form and isinstance(names, Names):
        form = names.crop if quantity in FIELDS else names.substance
    words = _(TITLES[quantity]) if quantity in TITLES else quantity.value
    return capital(words.format(form=lower(form) if form else _("goods")))


def where(row: Mapping[Any, Any], names: Mapping[str, str]) -> str:
    """The place or country of a series."""
    country = row["country"] if ";" not in row["country"] else ""
    known = names.get(row["place"]) or names.get(country, country)
    return known.removesuffix(_(", directly")) or _("everywhere")


def unit(row: Mapping[Any, Any]) -> str:
    """Unit of a figure that was divided by :func:`divisor`; of a mass also whether it is pure or gross."""
    own = row["unit"]
    if own == "kg/year":
        return _(MASSES.get(row["basis"], MASSES[""]))
    if own == "dimensionless":
        return ""
    return _(UNITS[own]) if own in UNITS else own


def divisor(row: Any) -> float:
    """What figures of a row, or of a table of one series, are divided by: 1,000 for kg a year, else 1."""
    own = row["unit"].iloc[0] if isinstance(row, pd.DataFrame) else row["unit"]
    return KG_PER_TONNE if own == "kg/year" else 1.0


def middle(year: str) -> float:
    """The middle of a year or of a span of years: 2015.5 for ``2015-2016``."""
    begin, _, end = year.partition("-")
    return (int(begin) + int(end or begin)) / 2
