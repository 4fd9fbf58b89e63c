"""What is made from the schema: selectors, data dictionary, data package."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import contraflow.case as cases
from contraflow.case import schema
from contraflow.case.columns import columns
from contraflow.case.docs import dictionary
from contraflow.case.load import data
from contraflow.case.selectors import matches, matches_place

DICTIONARY = Path(__file__).parent.parent / "docs" / "data-dictionary.md"


@pytest.fixture
def place() -> schema.Place:
    return schema.Place(
        id="vraem", name="VRAEM", kind="zone", country="PE", group="valley; south",
        latitude=-12, longitude=-74, source="map",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ((), True),
        (("vraem",), True),
        (("PE",), True),
        (("zone",), True),
        (("south",), True),
        (("BO", "valley"), True),
        (("BO",), False),
        (("!BO",), True),
        (("!PE",), False),
        (("PE", "!south"), False),
        (("PE", "!north"), True),
        (("!BO", "!XE"), True),
    ],
)
def test_selectors(place: schema.Place, tokens: tuple[str, ...], expected: bool) -> None:
    assert matches_place(place, tokens) is expected


def test_selectors_of_names() -> None:
    assert matches("plane", ())
    assert matches("plane", ("river", "plane"))
    assert not matches("plane", ("river",))
    assert matches("plane", ("!river",))
    assert not matches("plane", ("!plane",))


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("", {}),
        ("radar=1", {"radar": 1.0}),
        (" radar = 1 ; interceptors=6; ", {"radar": 1.0, "interceptors": 6.0}),
    ],
)
def test_levels(text: str, levels: dict[str, float]) -> None:
    assert cases.parse_levels(text) == levels


@pytest.mark.parametrize("text", ["radar", "radar=", "=1", "radar=x", "radar=nan", "radar=-1", "a=1; a=1"])
def test_levels_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"radar|measure|'a'"):
        cases.parse_levels(text)


def test_every_reference_in_the_schema_names_a_table() -> None:
    tables = {model.table for model in schema.TABLES}
    for model in schema.TABLES:
        for column in columns(model):
            assert column.refers is None or column.refers in tables
            assert column.selects is None or column.selects in tables | {"steps"}
            assert not (column.refers and column.selects)
            assert column.description.endswith(".")


def test_columns_say_what_the_schema_says() -> None:
    by_name = {column.name: column for column in columns(schema.Place)}
    assert (by_name["latitude"].least, by_name["latitude"].most) == (-90, 90)
    assert by_name["endowment"].unit == "ha"
    assert not by_name["endowment"].required
    assert "zone" in by_name["kind"].choices
    assert {c.name: c.attribute for c in columns(schema.Link)}["from"] == "origin"


def test_the_committed_dictionary_is_current() -> None:
    cure = "run: python -m contraflow.case.docs.dictionary > docs/data-dictionary.md"
    assert DICTIONARY.read_text(encoding="utf-8") == dictionary.markdown(), cure


def test_the_dictionary_prints_itself() -> None:
    command = [sys.executable, "-X", "utf8", "-m", "contraflow.case.docs.dictionary"]
    printed = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
    assert printed == dictionary.markdown()


def validate(descriptor: Path) -> list[Any]:
    """Problems that the Frictionless reference implementation finds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of frictionless and what it imports
        from frictionless import validate

        report: Any = validate(str(descriptor))
    return list(report.flatten(["name", "rowNumber", "fieldName", "type", "note"]))


def test_the_data_package_is_valid(tmp_path: Path) -> None:
    descriptor = cases.write_datapackage(cases.new(tmp_path / "case"))
    assert validate(descriptor) == []
    content = json.loads(descriptor.read_text(encoding="utf-8"))
    tables = {model.table for model in schema.TABLES}
    assert {r["name"] for r in content["resources"]} == {*tables, "texts.es"}


def test_the_data_package_finds_what_is_wrong(tmp_path: Path) -> None:
    descriptor = cases.write_datapackage(cases.new(tmp_path / "case"))
    links = tmp_path / "case" / "links.csv"
    links.write_text(links.read_text(encoding="utf-8").replace("puerto-sol", "nowhere", 1), encoding="utf-8")
    assert [row[3] for row in validate(descriptor)] == ["foreign-key"]


def test_the_data_package_covers_the_tables_that_are_there(tmp_path: Path) -> None:
    folder = cases.new(tmp_path / "case")
    (folder / "patterns.csv").unlink()
    assert "patterns" not in {r["name"] for r in cases.describe(folder)["resources"]}
    assert validate(cases.write_datapackage(folder)) == []


@pytest.mark.parametrize("name", cases.shipped())
def test_shipped_cases_carry_a_current_data_package(name: str) -> None:
    descriptor = data() / name / "datapackage.json"
    if not descriptor.exists():
        pytest.skip(f"{name} ships without a descriptor")
    assert json.loads(descriptor.read_text(encoding="utf-8")) == cases.describe(name)
    assert validate(descriptor) == []
