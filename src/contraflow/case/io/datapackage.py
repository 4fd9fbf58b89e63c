"""The Frictionless Data Package descriptor of a case, made from the schema.

Other tools can then read and check a case without Contraflow: https://datapackage.org.
Lists (``a; b``) stay strings, and so have no foreign keys.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contraflow._io import write_atomically
from contraflow.case import schema, texts
from contraflow.case.case import Case
from contraflow.case.columns import Column, columns, file_of
from contraflow.case.io.read import read_sheet
from contraflow.case.load import load, locate
from contraflow.case.table import Row

FILE = "datapackage.json"


def describe(folder: str | Path) -> dict[str, Any]:
    """The Data Package descriptor of a case, with the tables and columns that its files have.

    Parameters
    ----------
    folder
        Name of a shipped case, or the path of a folder.

    Returns
    -------
    dict
        The content of ``datapackage.json``.

    Raises
    ------
    CaseError
        If the case is not well formed.

    Examples
    --------
    >>> describe("example")["name"]
    'example'
    """
    return _describe(load(folder), locate(folder))


def write_datapackage(folder: str | Path) -> Path:
    """Write ``datapackage.json`` into the folder of a case.

    Parameters
    ----------
    folder
        Name of a shipped case, or the path of a folder.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    CaseError
        If the case is not well formed.
    OutputError
        If the file cannot be written.
    """
    path = locate(folder) / FILE
    text = json.dumps(describe(folder), indent=2, ensure_ascii=False) + "\n"
    return write_atomically(path, text)


def _describe(case: Case, folder: Path) -> dict[str, Any]:
    present = [model for model in schema.TABLES if (folder / file_of(model.table)).is_file()]
    tables = frozenset(model.table for model in present)
    return {
        "profile": "data-package",
        "name": case.info.id,
        "title": case.info.title,
        "description": case.info.summary,
        "licenses": [{"name": case.info.licence}],
        "resources": [
            *(_resource(model, folder, tables) for model in present),
            *(_translations(code) for code in texts.TRANSLATED if (folder / texts.file_for(code)).is_file()),
        ],
    }


def _translations(code: str) -> dict[str, Any]:
    """The resource of a file of translations."""
    path = texts.file_for(code)
    return {
        "profile": "tabular-data-resource",
        "name": path.removesuffix(".csv"),
        "path": path,
        "description": f"{texts.Translation.about} Language: {code}.",
        "encoding": "utf-8",
        "schema": {
            "fields": [_field(column) for column in columns(texts.Translation)],
            "primaryKey": ["text"],
            "missingValues": [""],
        },
    }


def _resource(model: type[Row], folder: Path, tables: frozenset[str]) -> dict[str, Any]:
    by_name = {column.name: column for column in columns(model)}
    present = [by_name[name] for name in read_sheet(folder / file_of(model.table)).header]
    keys = [
        _foreign_key(model, column)
        for column in present
        if _refers_once(column, tables) and column.attribute not in _IMPLIED
    ]
    described = {
        "fields": [_field(column) for column in present],
        "primaryKey": ["id"],
        "missingValues": [""],
    }
    return {
        "profile": "tabular-data-resource",
        "name": model.table,
        "path": file_of(model.table),
        "description": model.about,
        "encoding": "utf-8",
        "schema": described | ({"foreignKeys": keys} if keys else {}),
    }


_IMPLIED = ("switching",)
"""Columns that may name a row of behaviour, which a case need not state itself."""


def _field(column: Column) -> dict[str, Any]:
    bounds = {"pattern": column.pattern, "minimum": column.least, "maximum": column.most}
    constraints: dict[str, Any] = {name: value for name, value in bounds.items() if value is not None}
    if column.required:
        constraints["required"] = True
    if column.choices:
        constraints["enum"] = list(column.choices)
    if column.name == "id":
        constraints["unique"] = True
    field: dict[str, Any] = {
        "name": column.name,
        "type": column.kind if column.kind in ("number", "integer") else "string",
        "description": column.description,
    }
    if column.unit:
        field["unit"] = column.unit
    return field | ({"constraints": constraints} if constraints else {})


def _refers_once(column: Column, tables: frozenset[str]) -> bool:
    """Whether each cell names one row of a table that the case has."""
    return column.kind != "list" and column.refers in tables


def _foreign_key(model: type[Row], column: Column) -> dict[str, Any]:
    # The specification writes a reference within the same table as an empty name.
    resource = "" if column.refers == model.table else column.refers
    return {"fields": [column.name], "reference": {"resource": resource, "fields": ["id"]}}
