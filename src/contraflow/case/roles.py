"""The part that each number plays in the model, from the columns that refer to it."""

from __future__ import annotations

from enum import StrEnum

from contraflow.case import columns, schema
from contraflow.case.behaviour import ROWS
from contraflow.case.case import Case


class Role(StrEnum):
    """A group of parameters, titled as the ledger shows it and in its order."""

    SWITCHING = "How readily people switch"
    DEMAND = "Demand"
    PRICE = "Prices"
    TRANSPORT = "Pay, hire and loads"
    COST = "Costs"
    FEE = "Levies and bribes"
    MARGIN = "Margins and pay for risk"
    HAZARD = "Risk of being stopped"
    LAND = "Land, yields and content"
    MEASURE = "Measures of the state"
    BEHAVIOUR = "How clans and households act in time"
    WEIGHT = "Weights of options"
    OTHER = "Everything else"


ROLES = {
    "switching": Role.SWITCHING,
    "elasticity": Role.DEMAND,
    "price": Role.PRICE,
    "load": Role.TRANSPORT, "crew": Role.TRANSPORT, "detour": Role.TRANSPORT, "pay": Role.TRANSPORT,
    "haul": Role.TRANSPORT, "distance": Role.TRANSPORT,
    "cost": Role.COST, "surcharge": Role.COST, "steepness": Role.COST,
    "amount": Role.FEE,
    "margin": Role.MARGIN, "risk_pay": Role.MARGIN,
    "hazard": Role.HAZARD, "trip_hazard": Role.HAZARD, "dilution": Role.HAZARD,
    "endowment": Role.LAND, "content": Role.LAND, "output_yield": Role.LAND, "recovery": Role.LAND,
    "maximum": Role.MEASURE, "unit_cost": Role.MEASURE, "full_at": Role.MEASURE, "size": Role.MEASURE,
    "half": Role.MEASURE, "rebuild": Role.MEASURE, "stock": Role.MEASURE, "lethal_pay": Role.MEASURE,
    "level": Role.MEASURE,
    "weight": Role.WEIGHT,
}  # fmt: skip
"""Role by the attribute of every column of the schema that names a parameter."""


def roles(case: Case) -> dict[str, Role]:
    """Role of each parameter by its id.

    A number to which several columns refer has the role of the first of them in the order of the schema; it
    is a weight only if it is nothing else. A number to which no column refers is among the others, except for
    behaviour parameters, whose rows the package knows by name.
    """
    found: dict[str, Role] = dict.fromkeys(ROWS, Role.BEHAVIOUR)
    for table in schema.TABLES:
        named = [c.attribute for c in columns.columns(table) if c.quantity]
        rows = getattr(case, table.table)
        for row in rows.values() if named else ():
            for attribute in named:
                key, role = getattr(row, attribute), ROLES[attribute]
                if key is not None and found.get(key, Role.WEIGHT) is Role.WEIGHT:
                    found[key] = role
    return {key: found.get(key, Role.OTHER) for key in case.parameters}
