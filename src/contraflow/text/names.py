"""Names of places, modes, goods and countries as people read them, and the case's own words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from contraflow._language import N_, _, countries, language, locale
from contraflow.case.case import Case
from contraflow.case.naming import lower
from contraflow.case.selectors import matches_place

AFAR = {
    "XE": N_("Europe, directly"),
    "XN": N_("North America, directly"),
    "XF": N_("Africa, directly"),
    "XA": N_("Asia, directly"),
    "XS": N_("Southern Cone, directly"),
}
"""Distant markets, whose codes no country has."""


def plain(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows of a table by label, as plain dictionaries."""
    names = list(map(str, frame.columns))
    rows = frame.to_numpy(dtype=object).tolist()
    return {str(k): dict(zip(names, row, strict=True)) for k, row in zip(frame.index, rows, strict=True)}


class Names(dict[str, str]):
    """Names as shown, by id, and the words that sentences and headings take from the case."""

    home: str = ""
    """Name of the home country."""
    substance: str = ""
    """Substance whose pure mass is counted: ``cocaine``."""
    crop: str = ""
    """What is grown or dug for it, as a mass noun: ``coca``; empty where nothing is."""
    harvest: str = ""
    """First good that holds it, as it leaves the ground: ``leaf``; empty where nothing is grown."""
    crops: Mapping[str, str] = MappingProxyType({})
    """What is grown, dug or done to make a form, by its id: ``poppy`` for opium."""
    actors: Mapping[str, str] = MappingProxyType({})
    """Names of those who earn, by id."""
    zone: str = ""
    """What a place is called where it is grown or dug: ``valley``."""
    zones: str = ""
    """Several of them: ``valleys``."""


def shown_names(case: Case) -> Names:
    """Names of places, modes, forms and countries, by id, and the case's words.

    Where two tables share an id, a place's name goes before a mode's or form's. Names are in the reader's
    language, whichever that of ``case`` is; those that the case does not translate are as it has them.
    """
    case = case.in_language(locale())
    own = case.info.words.in_language(language())
    names = Names(countries())
    names |= {code: _(name) for code, name in AFAR.items()}
    names |= own.countries
    names |= {i: f.name for i, f in case.forms.items()}
    names |= {i: m.name for i, m in case.modes.items()}
    names |= {i: p.name for i, p in case.places.items()}
    names.home = names.get(case.info.home, case.info.home)
    names.substance = own.substance or case.info.substance
    first = _harvest(case)
    names.harvest = own.harvest or (lower(case.forms[first].name) if first else "")
    names.crop = own.crop or names.harvest
    makes = {a.output: lower(case.forms[a.output].name) for a in case.activities.values()}
    names.crops = makes | ({first: names.crop} if first else {}) | own.crops
    names.actors = {i: a.name for i, a in case.actors.items()}
    names.zone = own.zone or _("zone")
    names.zones = own.zones or (f"{own.zone}s" if own.zone else _("zones"))
    return names


def _harvest(case: Case) -> str:
    """Form with the case's substance that some activity makes, home before abroad; empty for none."""
    made = {
        (place.country == case.info.home, activity.output): None
        for activity in case.activities.values()
        for place in case.places.values()
        if _holds(case, activity.output) and matches_place(place, activity.places)
    }
    at_home_first = sorted(made, key=lambda each: not each[0])
    return at_home_first[0][1] if at_home_first else ""


def _holds(case: Case, form: str) -> bool:
    row = case.forms[form]
    return bool(row.content) and row.substance in ("", case.info.substance)
