from dataclasses import replace

from contraflow.case import columns, load, schema
from contraflow.case.behaviour import ROWS
from contraflow.case.roles import roles
from contraflow.case.table import Role


def renamed(case):
    """The case with parameters called p1, p2 and so on, and the new name of each."""
    new = {i: i if i in ROWS else f"p{n}" for n, i in enumerate(case.parameters, start=1)}
    tables = {"parameters": {new[i]: p.model_copy(update={"id": new[i]}) for i, p in case.parameters.items()}}
    for table in schema.TABLES:
        named = [c.attribute for c in columns.columns(table) if c.role is not None]
        if named:
            tables[table.table] = {
                key: row.model_copy(update={a: new.get(getattr(row, a)) for a in named})
                for key, row in getattr(case, table.table).items()
            }
    return replace(case, **tables), new


def test_every_column_that_names_a_parameter_has_a_role_and_no_role_lacks_a_column():
    every = [c for table in schema.TABLES for c in columns.columns(table)]
    assert all((c.role is not None) == (c.refers == "parameters" and c.kind == "text") for c in every)
    assert {c.role for c in every} >= set(Role) - {Role.BEHAVIOUR, Role.OTHER}


def test_the_role_of_a_number_does_not_come_from_its_name():
    case = load("example")
    other, new = renamed(case)
    assert roles(other) == {new[i]: role for i, role in roles(case).items()}
    assert len(set(roles(other).values())) > 5


def test_a_number_has_the_role_of_the_column_that_refers_to_it():
    case = load("example")
    told = roles(case)
    for mode in case.modes.values():
        assert told[mode.load] is Role.TRANSPORT
    for fee in case.fees.values():
        assert told[fee.amount] is Role.FEE
