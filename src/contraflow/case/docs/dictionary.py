"""The data dictionary in Markdown, made from the schema: ``python -m contraflow.case.docs.dictionary``."""

from __future__ import annotations

from contraflow.case import schema
from contraflow.case.columns import CORE, STEPS, Column, columns, file_of
from contraflow.case.table import Row

_HEAD = """\
# Data dictionary

Every table and column of a case. This page is written by `python -m contraflow.case.docs.dictionary`
from `src/contraflow/case/schema.py` and `statements.py`; do not edit it.

A *parameter* cell holds the id of a row of `parameters.csv` whose unit converts to the unit given
here. A *reference* names a row of another table; a *list* holds names separated by semicolons. A
*selector* selects rows: `a; b` is a or b, `!a` is not a, empty is everything; places are selected by
id, country, kind or group. A column without default must be filled.
"""


def markdown() -> str:
    """The data dictionary: for each table its columns with type, unit, default and meaning."""
    return "\n".join([_HEAD, *(_table(model) for model in schema.TABLES)])


def _table(model: type[Row]) -> str:
    presence = "" if model.table in CORE else " The file may be absent."
    lines = [
        f"## {file_of(model.table)}",
        "",
        model.about + presence,
        "",
        "| column | type | unit | default | meaning |",
        "| --- | --- | --- | --- | --- |",
        *(_row(column) for column in columns(model)),
        "",
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    cells = (f"`{column.name}`", _type(column), column.unit or "", _default(column), _meaning(column))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(column: Column) -> str:
    if column.quantity:
        return "parameter"
    if column.selects:
        return f"selector of {' / '.join(STEPS) if column.selects == 'steps' else column.selects}"
    if column.refers:
        return f"{'list' if column.kind == 'list' else 'reference'} into {column.refers}"
    return "choice" if column.choices else column.kind


def _default(column: Column) -> str:
    if column.required:
        return ""
    return f"`{column.default}`" if column.default else "empty"


def _meaning(column: Column) -> str:
    parts = [column.description]
    if column.choices:
        parts.append("One of: " + ", ".join(f"`{choice}`" for choice in column.choices) + ".")
    if column.least is not None and column.most is not None:
        parts.append(f"From {column.least:g} to {column.most:g}.")
    return " ".join(parts)


if __name__ == "__main__":
    print(markdown(), end="")
