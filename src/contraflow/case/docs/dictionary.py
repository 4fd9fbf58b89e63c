"""The data dictionary in Markdown, made from the schema: ``python -m contraflow.case.docs.dictionary``."""

from __future__ import annotations

from pydantic import BaseModel

from contraflow.case import effects, schema
from contraflow.case.columns import CORE, STEPS, Column, columns, file_of
from contraflow.case.quantities import Quantity
from contraflow.case.table import Row

_HEAD = """\
# Data dictionary

Every table and column of a case. This page is written by `python -m contraflow.case.docs.dictionary`
from `schema.py`, `statements.py`, `effects.py` and `quantities.py` in `src/contraflow/case/`; do not edit
it.

A *parameter* cell holds the id of a row of `parameters.csv` whose unit converts to the unit given
here. A *reference* names a row of another table; a *list* holds names separated by semicolons. A
*selector* selects rows: `a; b` is a or b, `!a` is not a, empty is everything; places are selected by
id, country, kind or group. A column without default must be filled.
"""


def markdown() -> str:
    """The data dictionary: entries of ``case.toml``, columns, kinds of effect and observed quantities."""
    tables = [_table(model) for model in schema.TABLES]
    effect_kinds = ["## Kinds of effect", "", *effect_rows(), ""]
    quantities = ["## Observed quantities", "", *quantity_rows(), ""]
    entries = ["## case.toml", "", "Title, years and words of the case.", "", *entry_rows(), ""]
    return "\n".join([_HEAD, *entries, *tables, *effect_kinds, *quantities])


def entry_rows() -> list[str]:
    """The entries of ``case.toml`` as lines of a table."""
    groups: tuple[tuple[str, type[BaseModel], tuple[str, ...]], ...] = (
        ("", schema.CaseInfo, ("questions", "words")),
        ("words.", schema.CaseWords, ("es", "substance")),
        ("words.es.", schema.Words, ()),
        ("questions.", schema.Question, ()),
    )
    return ["| entry | needed | meaning |", "| --- | --- | --- |"] + [
        f"| `{prefix}{name}` | {'yes' if field.is_required() else ''} | {field.description} |"
        for prefix, model, besides in groups
        for name, field in model.model_fields.items()
        if name not in besides
    ]


def effect_rows() -> list[str]:
    """The kinds of effect of the package as lines of a table."""
    head = ["| kind | acts on | formula |", "| --- | --- | --- |"]
    return head + [f"| `{e.kind}` | {e.targets} | {e.about} |" for e in effects.BUILT_IN]


def quantity_rows() -> list[str]:
    """The quantities that the model observes as lines of a table."""
    head = ["| quantity | numerator | denominator | unit inside |", "| --- | --- | --- | --- |"]
    return head + [
        f"| `{q}` | {q.numerator} | {q.denominator} | {' or '.join(_inside(unit) for unit in q.units)} |"
        for q in Quantity
        if q.observed
    ]


def _inside(unit: str) -> str:
    return "1" if unit == "dimensionless" else unit


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
    if column.role is not None:
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
