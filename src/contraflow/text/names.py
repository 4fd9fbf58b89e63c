"""Names of places, modes, goods and countries as people read them, and the case's own words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from contraflow._language import N_, _, countries
from contraflow.case.case import Case
from contraflow.case.naming import lower
from contraflow.case.schema import PlaceKind

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
    columns = [frame.iloc[:, i].tolist() for i in range(len(names))]
    rows = zip(*columns, strict=True) if names else iter([()] * len(frame))
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
    zone: str = ""
    """What a place is called where it is grown: ``valley``."""
    works: Mapping[str, str] = MappingProxyType({})
    """What households do, within a sentence, by the form that their labour becomes: ``coca`` for leaf."""


def shown_names(case: Case) -> Names:
    """Names of places, modes, forms and countries, by id, and the case's words.

    Where two tables share an id, a place's name goes before a mode's or form's.
    """
    names = Names(countries())
    names |= {code: _(name) for code, name in AFAR.items()}
    names |= {i: f.name for i, f in case.forms.items()}
    names |= {i: m.name for i, m in case.modes.items()}
    names |= {i: p.name for i, p in case.places.items()}
    names.home = names.get(case.info.home, case.info.home)
    names.substance = case.info.substance
    own = [a.output for a in case.activities.values() if _holds(case, a.output)]
    names.harvest = lower(case.forms[own[0]].name) if own else ""
    names.crop = names.harvest
    grows = any(p.kind is PlaceKind.ZONE for p in case.places.values())
    names.zone = _("zone") if grows else _("place")
    names.works = _works(case, names.crop)
    return names


def _works(case: Case, crop: str) -> dict[str, str]:
    """What labour is turned into: the crop, or the good's name; goods of one other substance are one."""
    found: dict[str, str] = {}
    by_substance: dict[str, str] = {}
    for form in dict.fromkeys(activity.output for activity in case.activities.values()):
        row = case.forms[form]
        name = crop if crop and _holds(case, form) else lower(row.name)
        found[form] = by_substance.setdefault(row.substance, name) if row.substance else name
    return found


def _holds(case: Case, form: str) -> bool:
    row = case.forms[form]
    return bool(row.content) and not row.substance
