"""Names of places, modes, forms and countries as people read them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from contraflow.case.case import Case

COUNTRIES = {
    "PE": "Peru",
    "BO": "Bolivia",
    "BR": "Brazil",
    "CO": "Colombia",
    "EC": "Ecuador",
    "CL": "Chile",
    "AR": "Argentina",
    "PY": "Paraguay",
    "UY": "Uruguay",
    "MX": "Mexico",
    "PA": "Panama",
    "VE": "Venezuela",
    "GW": "Guinea-Bissau",
    "XE": "Europe, directly",
    "XN": "North America, directly",
    "XF": "Africa, directly",
    "XA": "Asia, directly",
    "XS": "Southern Cone, directly",
}


def plain(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows of a table by label, as plain dictionaries."""
    names = list(map(str, frame.columns))
    columns = [frame.iloc[:, i].tolist() for i in range(len(names))]
    rows = zip(*columns, strict=True) if names else iter([()] * len(frame))
    return {str(k): dict(zip(names, row, strict=True)) for k, row in zip(frame.index, rows, strict=True)}


def shown_names(case: Case) -> dict[str, str]:
    """Names of places, modes, forms and countries, by id.

    Raises nothing on an id that two tables share: a place's name goes before a mode's or form's.
    """
    names = dict(COUNTRIES)
    names |= {i: f.name for i, f in case.forms.items()}
    names |= {i: m.name for i, m in case.modes.items()}
    names |= {i: p.name for i, p in case.places.items()}
    return names
