"""Cases in other languages: complete where shipped, the same in what is computed, clear when wrong."""

from __future__ import annotations

import csv
import importlib.util
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

import contraflow as cf
import contraflow.case as cases
from contraflow._language import in_language
from contraflow.case import behaviour, schema, texts
from contraflow.case.case import Case
from contraflow.case.columns import columns
from contraflow.case.statements import BREAK
from contraflow.cli import app
from contraflow.errors import CaseError
from contraflow.inference import store
from contraflow.text.names import shown_names

NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
NAMED = ("places", "forms", "modes", "actors", "facilities", "inputs", "measures")


def tool() -> ModuleType:
    path = Path(__file__).parents[1] / "tools" / "case_texts.py"
    spec = importlib.util.spec_from_file_location("case_texts", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return cases.new(tmp_path / "case")


def write(folder: Path, rows: list[list[str]], header: str = "text,translation") -> None:
    with (folder / "texts.es.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])


def all_translations(folder: Path) -> dict[str, str]:
    return dict(texts.read(folder, "es").by_text)


@pytest.mark.parametrize("name", [*cases.shipped(), "package"])
def test_every_shown_text_has_a_translation_and_every_translation_a_text(name, capsys):
    complete = tool().main(name, "es", check=True) == 0
    assert complete, capsys.readouterr().out
    if name != "package":
        assert texts.missing(cases.load(name), "es") == ()
        assert texts.left_over(cases.load(name)) == []


@pytest.mark.parametrize("name", [*cases.shipped(), ""])
def test_translations_have_the_numbers_of_their_texts(name):
    for text, translation in all_translations(texts.packaged() / name).items():
        assert Counter(NUMBER.findall(text)) == Counter(NUMBER.findall(translation)), text
        assert (text[-1] == "?") == (translation[-1] == "?"), text
        assert translation.count("¿") == translation.count("?"), text


ENGLISH = re.compile(r"\b(the|and|of|which|with|from|were|hectares of|is|are|per cent|by)\b")


@pytest.mark.parametrize("name", [*cases.shipped(), ""])
def test_no_translation_is_left_in_english(name):
    left = {t for t in all_translations(texts.packaged() / name).values() if ENGLISH.search(t)}
    works = ("Handbook of Operations", "Institute for", "Review of", "Journal of", "Crime and Justice")
    assert [t for t in left if not t.startswith(works)] == []


def test_breaks_of_method_are_known_in_every_language():
    for name in cases.shipped():
        case = cases.load(name)
        for key, claim in case.claims.items():
            spanish = case.in_language("es").claims[key].note
            assert claim.note.startswith(BREAK) == spanish.startswith(BREAK), key


@pytest.mark.parametrize("name", cases.shipped())
def test_names_that_differ_in_english_differ_in_spanish(name):
    case = cases.load(name)
    for table in NAMED:
        own, other = getattr(case, table), getattr(case.in_language("es"), table)
        assert len({row.name for row in own.values()}) == len({row.name for row in other.values()}), table


def test_each_column_of_free_text_is_said_to_be_shown_or_not():
    undecided = [
        f"{model.table}.{column.name}"
        for model in schema.TABLES
        for column in columns(model)
        if column.kind == "text" and column.shown is None and column.name != "note"
        and not (column.choices or column.pattern or column.refers or column.unit)
    ]  # fmt: skip
    assert undecided == [], "say shown=True or shown=False in the schema"


def differences(one: Case, other: Case) -> set[tuple[str, str]]:
    """Columns in which two cases differ."""
    assert one.sizes() == other.sizes()
    return {
        (model.table, attribute)
        for model in schema.TABLES
        for key, row in getattr(one, model.table).items()
        for attribute in model.model_fields
        if getattr(row, attribute) != getattr(getattr(other, model.table)[key], attribute)
    }


@pytest.mark.parametrize("name", cases.shipped())
def test_only_shown_texts_change(name):
    case = cases.load(name)
    spanish = case.in_language("es")
    shown = {(m.table, c.attribute) for m in schema.TABLES for c in columns(m) if c.shown}
    changed = differences(case, spanish)
    assert changed <= shown
    assert ("measures", "name") in changed
    assert spanish.fingerprint == case.fingerprint
    assert spanish.info.title != case.info.title
    assert [q.policy for q in spanish.info.questions] == [q.policy for q in case.info.questions]
    assert spanish.info.id == case.info.id
    taken = behaviour.taken_from(case.parameters, case.info.learned)
    assert behaviour.taken_from(spanish.parameters, spanish.info.learned) == taken


def test_a_language_is_asked_for_by_its_code(folder):
    case = cases.load(folder)
    assert case.in_language("en") is case
    assert case.in_language("es").in_language("en") is case
    assert case.in_language("es").in_language("es") is case.in_language("es")
    with pytest.raises(ValueError, match="no catalogue of the language 'xx'"):
        case.in_language("xx")


def test_numbers_have_the_marks_of_the_country(folder):
    text = "A kilogram of paste sells for 1,500 to 2,000 dollars in the valley"
    write(folder, [[text, "De 1,500 a 2,000 dólares, 0.5 por ciento"], ["table 1", "tabla 1.5"]])
    case = cases.load(folder)

    def said(code: str) -> str:
        return next(c.statement for c in case.in_language(code).claims.values() if "2" in c.statement)

    assert said("en") == text

    assert said("es") == "De 1.500 a 2.000 dólares, 0,5 por ciento"
    assert said("es_PE") == "De 1,500 a 2,000 dólares, 0.5 por ciento"
    assert case.translation("table 1", "es") == "tabla 1.5"


def test_a_text_without_translation_stays_as_it_is(folder):
    write(folder, [["Radar coverage", "Cobertura de radar"], ["Pilots", ""]])
    case = cases.load(folder)
    spanish = case.in_language("es")
    assert spanish.measures["radar"].name == "Cobertura de radar"
    assert spanish.actors["pilots"].name == "Pilots"
    assert spanish.info.title == case.info.title
    assert case.translation("Pilots", "es") == "Pilots"
    assert "Pilots" in {one.text for one in texts.missing(case, "es")}
    assert cases.check(folder) == []


def test_a_case_without_translations_is_shown_as_it_is(folder):
    (folder / "texts.es.csv").unlink()
    case = cases.load(folder)
    assert case.in_language("es").measures == case.measures
    assert case.in_language("es").parameters["behaviour-memory"].meaning.startswith("Meses")
    assert cases.check(folder) == []


def test_line_breaks_and_spaces_do_not_part_a_text_from_its_translation(folder):
    path = folder / "case.toml"
    text = path.read_text(encoding="utf-8")
    told = re.search(r'summary = "(.*)"', text)
    assert told is not None
    wrapped = '"""\n' + told[1].replace(": ", ":\n  ") + '\n"""'
    path.write_text(text.replace(f'"{told[1]}"', wrapped), encoding="utf-8")
    assert cases.load(folder).in_language("es").info.summary.startswith("Un caso pequeño")


FAULTS = {
    "two translations": ([["Pilots", "Pilotos"], ["Pilots", "Aviadores"]], "", 3, "text", "stands twice"),
    "an unknown column": ([["Pilots", "Pilotos", "x"]], "text,translation,note", 1, "note", "not a column"),
    "no text": ([["", "Pilotos"]], "", 2, "text", "empty"),
    "a missing column": ([["Pilots"]], "text", None, None, None),
    "too few cells": ([["Pilots"]], "", 2, None, "1 cells"),
    "a command in a text": ([["Pilots", "Pilo\x1btos"]], "", 2, "translation", "no text"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_bad_file_is_told_with_its_row(folder, what):
    rows, header, row, column, message = FAULTS[what]
    write(folder, rows, header or "text,translation")
    problems = cases.check(folder)
    if message is None:
        assert problems == []
        return
    (problem,) = problems
    assert (problem.file, problem.row, problem.column) == ("texts.es.csv", row, column)
    assert message in problem.message
    assert problem.cure
    case = cases.load(folder)
    assert case.in_language("en") is case
    with pytest.raises(CaseError, match=r"texts\.es\.csv"):
        case.in_language("es")


@pytest.mark.parametrize("name", ["texts.csv", "texts.fr.csv", "text.es.csv", "texts.es.xlsx"])
def test_a_file_of_translations_with_another_name_is_told(folder, name):
    (folder / name).write_text("text,translation\n", encoding="utf-8")
    (problem,) = cases.check(folder)
    assert problem.file == name


def test_a_file_of_translations_may_not_lead_out_of_the_folder(folder, tmp_path):
    (folder / "texts.es.csv").rename(tmp_path / "secret.csv")
    try:
        (folder / "texts.es.csv").symlink_to(tmp_path / "secret.csv")
    except OSError:
        pytest.skip("no links on this system")
    (problem,) = cases.check(folder)
    assert "leads out of the folder" in problem.message


def test_check_tells_translations_whose_text_is_gone(folder):
    actors = folder / "actors.csv"
    actors.write_text(actors.read_text(encoding="utf-8").replace("Pilots", "Flyers"), encoding="utf-8")
    row = texts.read(folder, "es").rows["Pilots"]
    result = CliRunner().invoke(app, ["check", str(folder)])
    assert result.exit_code == 0
    told = " ".join(result.stderr.split())
    assert f"texts.es.csv, row {row}, column 'text': 'Pilots' is no text of the case that is shown" in told
    assert "Flyers" in {one.text for one in texts.missing(cases.load(folder), "es")}


def test_the_tool_keeps_translations_and_lists_what_is_missing(folder, capsys):
    actors = folder / "actors.csv"
    actors.write_text(actors.read_text(encoding="utf-8").replace("Pilots", "Flyers"), encoding="utf-8")
    before = all_translations(folder)
    assert tool().main(str(folder), "es", check=True) == 1
    assert tool().main(str(folder), "es", check=False) == 0
    assert "Flyers" in capsys.readouterr().out
    assert all_translations(folder) == before
    assert "Flyers" in texts.read(folder, "es").rows
    assert cases.check(folder) == []


def test_names_are_in_the_language_of_the_reader():
    case = cases.load("example")
    with in_language("es"):
        names = shown_names(case)
        assert (names["plane"], names.harvest, names.substance) == ("Avioneta", "hoja", "cocaína")
    assert shown_names(case.in_language("es"))["plane"] == "Small plane"


def test_a_translated_case_recalls_the_same_fit_and_gives_the_same_numbers(example):
    other = cf.load("example").in_language("es").calibrate(method="best")
    assert other.case.measures["radar"].name == "Cobertura de radar"
    assert store.key(other.posterior.log_posterior, {}) == store.key(example.posterior.log_posterior, {})
    policy = {"radar": 2, "interceptors": 4}
    one, two = example.respond(policy), other.respond(policy)
    assert one.summary().equals(two.summary())
    for name, values in one.data.variables.items():
        if values.dtype.kind in "fib":
            assert values.equals(two.data.variables[name]), name
