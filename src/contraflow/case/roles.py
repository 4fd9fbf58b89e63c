"""The part that each number plays in the model, from the columns that refer to it."""

from __future__ import annotations

from contraflow.case import columns, schema
from contraflow.case.behaviour import ROWS
from contraflow.case.case import Case
from contraflow.case.table import Role


def roles(case: Case) -> dict[str, Role]:
    """Role of each parameter by its id.

    A number to which several columns refer has the role of the first of them in the order of the schema; it
    is a weight only if it is nothing else. A number to which no column refers is among the others, except for
    behaviour parameters, whose rows the package knows by name.
    """
    found: dict[str, Role] = dict.fromkeys(ROWS, Role.BEHAVIOUR)
    for table in schema.TABLES:
        named = [(c.attribute, c.role) for c in columns.columns(table) if c.role is not None]
        rows = getattr(case, table.table)
        for row in rows.values() if named else ():
            for attribute, role in named:
                key = getattr(row, attribute)
                if key is not None and found.get(key, Role.WEIGHT) is Role.WEIGHT:
                    found[key] = role
    return {key: found.get(key, Role.OTHER) for key in case.parameters}
