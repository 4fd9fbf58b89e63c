"""Loading: the example is well formed, and every kind of slip ends in one clear problem."""

from __future__ import annotations

import csv
import dataclasses
import os
import pickle
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import contraflow.case as cases
from contraflow._language import _, in_language
from contraflow.case import schema
from contraflow.case.columns import CORE, columns
from contraflow.case.io.read import read_sheet
from contraflow.case.load import data
from contraflow.case.table import DATE_PATTERN, ID_PATTERN, YEAR_PATTERN
from contraflow.errors import CaseError, OutputError, Problem

EXAMPLE = data() / "example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return cases.new(tmp_path / "case")


def table(folder: Path, name: str) -> list[list[str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def write(folder: Path, name: str, rows: list[list[str]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def edit(folder: Path, name: str, row: str, column: str, value: str) -> int:
    """Put a value into the row with this id; returns the row's number in a spreadsheet."""
    rows = table(folder, name)
    at = rows[0].index(column)
    number = next(i for i, cells in enumerate(rows) if cells[rows[0].index("id")] == row)
    rows[number][at] = value
    write(folder, name, rows)
    return number + 1


def only(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


ENGLISH = re.compile(r"\b(?:the|of|from|by|to|and|or|with|at|which|that|than|is|are|it)\b", re.IGNORECASE)
"""Words that no Spanish sentence has."""

AS_IT_IS = re.compile(r"(TOML|CSV|columnas son): .*?(?=\. |$)")
"""What Python's own readers say, in English only, and names of columns."""


def in_spanish(folder: Path) -> None:
    """The same problems at the same places, without English words but for those of the files."""
    english = cases.check(folder)
    with in_language("es"):
        spanish = cases.check(folder)
    assert [place(p) for p in spanish] == [place(p) for p in english]
    told = [AS_IT_IS.sub("", f"{p.message}. {p.cure}") for p in spanish]
    assert [text for text in told if ENGLISH.search(re.sub(r"'[^']*'", "", text))] == []


def place(problem: Problem) -> Problem:
    """A problem without its words."""
    return dataclasses.replace(problem, message="", cure="")


def test_example_is_well_formed() -> None:
    assert cases.check("example") == []
    case = cases.load("example")
    assert len(case.fingerprint) == 64
    assert set(case.links) >= {"selva-strips", "selva-port"}
    assert case.links["selva-port"].origin == "alta-selva"


@pytest.mark.parametrize("name", cases.shipped())
def test_shipped_cases_are_well_formed(name: str) -> None:
    assert "\n".join(map(str, cases.check(name))) == ""


def test_numbers_are_in_units_of_the_model() -> None:
    case = cases.load("example")
    price = case.parameters["price-europe"]
    assert (price.unit, price.value) == ("USD/kg", pytest.approx(27 * 1.1 * 1000))
    assert case.parameters["endowment-nortia"].value == pytest.approx(40_000)
    assert case.parameters["hazard-land"].unit == "1/km"
    flights = case.claims["flights-a-month"]
    assert (flights.unit, flights.value) == ("1/year", pytest.approx(360))
    assert case.claims["coca-area"].unit == "ha"
    assert case.claims["share-by-air"].value is None


# One line per slip: table, id of the row, column, value, what the message and the cure say.
SLIPS = [
    ("parameters", "pay-plane", "low", "", "empty", "Fill it"),
    ("parameters", "pay-plane", "low", "nan", "is not a number", "finite"),
    ("parameters", "pay-plane", "high", "inf", "is not a number", "finite"),
    ("parameters", "pay-plane", "high", "1e999", "too large", "finite"),
    ("parameters", "pay-plane", "value", "80,5", "is not a number", "point for decimals"),
    ("parameters", "pay-plane", "value", "1.080,5", "is not a number", "point for decimals"),
    ("parameters", "pay-plane", "value", "80.123", "may mean 80123 or 80.123", "80.1230"),
    ("parameters", "pay-plane", "value", "+80,123", "may mean +80123 or +80.123", "+80.1230"),
    ("parameters", "pay-plane", "unit", "1.500 USD/kg", "may mean 1500 or 1.500", "1.5000"),
    ("patterns", "strips-to-road", "policy", "radar=1.234", "may mean 1234 or 1.234", "1.2340"),
    ("claims", "coca-area", "low", "12.345", "may mean 12345 or 12.345", "12.3450"),
    ("places", "nortia", "name", "Nor\x1b]0;title\x07tia", "U+001B", "Delete it"),
    ("places", "nortia", "name", "Nor\u202etia", "U+202E", "Delete it"),
    ("places", "nortia", "name", "\u200b\u2800", "can be seen", "Write a text"),
    ("places", "nortia", "name", "n" * 10_001, "10,001 characters", "Shorten it"),
    ("events", "posts-opened", "id", "c" * 61, "61 characters", "Shorten it to 60"),
    ("events", "posts-opened", "id", "nan", "as nothing", "row-nan"),
    ("events", "posts-opened", "id", "1e5", "as a number", "row-1e5"),
    ("parameters", "pay-plane", "value", "80 USD", "is not a number", "without its unit"),
    ("parameters", "pay-plane", "value", "10", "less than low", "low <= value <= high"),
    ("parameters", "pay-plane", "high", "79", "less than value", "low <= value <= high"),
    ("parameters", "surcharge-airstrips", "low", "0", "log scale", "linear"),
    ("parameters", "pay-plane", "scale", "Log", "choices", "Did you mean 'log'?"),
    ("parameters", "pay-plane", "unit", "USD/kgg", "unknown unit 'kgg'", "Did you mean 'kg'?"),
    ("parameters", "pay-plane", "unit", "GBP/kg", "unknown unit 'GBP'", "[currency]"),
    ("parameters", "pay-plane", "unit", "))(", "is not a known unit", "USD/kg"),
    ("parameters", "load-plane", "claims", "plane-laod", "claims.csv", "Did you mean 'plane-load'?"),
    ("parameters", "load-plane", "claims", "!plane-load", "excludes", "columns that select"),
    ("parameters", "load-plane", "claims", "plane-load; plane-load", "twice", "once"),
    ("parameters", "load-plane", "claims", "; ;", "names nothing", "semicolons"),
    ("places", "nortia", "latitude", "91", "above 90", "up to 90"),
    ("places", "nortia", "longitude", "-181", "below -180", "from -180"),
    ("places", "nortia", "kind", "zones", "choices", "Did you mean 'zone'?"),
    ("places", "nortia", "source", "invented-mapp", "sources.csv", "Did you mean 'invented-map'?"),
    ("places", "frontera", "country", "bolivia", "not written", "ISO 3166"),
    (
        "places",
        "nortia",
        "endowment",
        "load-plane",
        "in kg, which does not convert to ha",
        "Correct the unit",
    ),
    ("forms", "labour", "unit", "hectare", "counted", "kg, ha or USD"),
    ("links", "selva-port", "to", "puerto-soll", "places.csv", "Did you mean 'puerto-sol'?"),
    ("links", "selva-port", "to", "alta-selva", "also where the link begins", "elsewhere"),
    ("links", "selva-port", "forms", "paste; leav", "forms.csv", "Did you mean 'leaf'?"),
    ("links", "selva-port", "id", "Selva Port", "not written", "lower-case"),
    ("links", "selva-port", "facility", "checkpoint", "facilities.csv", "'checkpoints'"),
    ("links", "selva-port", "weight", "0.5", "parameters.csv", "name the row here"),
    ("processes", "refining", "yield", "yield-leaf", "does not convert to dimensionless", "Correct"),
    ("activities", "grow-coca", "yield", "yield-paste", "does not convert to kg/ha", "Correct"),
    ("activities", "licit-living", "output", "labour", "also the input", "another form"),
    ("markets", "europe", "price", "price-licit", "does not convert to USD/kg", "Correct"),
    ("fees", "front-levy", "from", "valey", "neither the id", "Did you mean 'valley'?"),
    ("fees", "front-levy", "from", "!QX", "neither the id", "add it to places"),
    ("fees", "front-levy", "mode", "!portr", "modes.csv", "Did you mean 'porter'?"),
    (
        "requirements",
        "interceptors-need-radar",
        "requires",
        "radars",
        "measures.csv",
        "Did you mean 'radar'?",
    ),
    ("requirements", "interceptors-need-radar", "requires", "interceptors", "require itself", "Break"),
    ("supplies", "chemicals-port", "price", "size-demolition", "is bought per unit", "in USD/kg"),
    ("effects", "fewer-strips", "facility", "", "kind needs it", "Name the facilities"),
    ("effects", "searches", "facility", "airstrips", "no meaning", "change the kind"),
    ("effects", "searches", "rebuild", "rebuild-strips", "no meaning", "change the kind"),
    ("effects", "fewer-strips", "mode", "road", "no meaning", "change the kind"),
    ("effects", "searches", "kind", "add hazards", "choices", "Did you mean 'add hazard'?"),
    ("effects", "searches", "step", "selva-prot", "neither a link", "Did you mean 'selva-port'?"),
    ("effects", "searches", "size", "pay-plane", "does not convert to dimensionless", "Correct"),
    ("events", "posts-opened", "date", "2015-13", "not a date", "2014-08"),
    ("events", "posts-opened", "date", "2015-02-30", "not a date", "2014-08"),
    ("events", "posts-opened", "measure", "road-checkpoint", "measures.csv", "Did you mean"),
    ("claims", "coca-area", "year", "2021-2019", "ends before", "2010-2014"),
    ("claims", "coca-area", "year", "'21", "not written", "2010-2014"),
    ("claims", "coca-area", "information", "7", "above 6", "up to 6"),
    ("claims", "coca-area", "information", "2.0", "is not a whole number", "digits"),
    ("claims", "coca-area", "unit", "t", "not a unit of the quantity", "converts to ha"),
    ("claims", "coca-area", "low", "-12", "impossible", "Correct"),
    ("claims", "share-by-air", "high", "120", "impossible", "Correct"),
    ("claims", "coca-area", "quantity", "none", "observes nothing", "context"),
    ("claims", "paste-price", "unit", "USD/kg/year", "not a unit of the quantity", "USD/kg or USD/ha"),
    ("claims", "yield-of-paste", "unit", "kg/kgg", "unknown unit", "Did you mean"),
    ("patterns", "rival-gains", "low", "", "range is expected", "Fill low"),
    ("patterns", "rival-gains", "low", "-1", "no ratio", "ratio"),
    ("patterns", "rival-gains", "high", "0.5", "less than low", "low <= value"),
    ("patterns", "strips-to-road", "policy", "strip-demolitoin=60", "measures.csv", "Did you mean"),
    ("patterns", "strips-to-road", "policy", "strip-demolition: 60", "measure=level", "radar=1"),
    ("patterns", "strips-to-road", "policy", "radar=-1", "from 0", "radar=1"),
    ("patterns", "strips-to-road", "policy", "radar=1_0", "is not a number", "radar=1"),
    ("patterns", "strips-to-road", "policy", "radar=1; radar=2", "given twice", "radar=1"),
    ("patterns", "strips-to-road", "policy", "radar=9", "above its maximum 4", "Lower it"),
    ("patterns", "strips-to-road", "policy", "", "with itself", "differ"),
    ("patterns", "strips-to-road", "quantity", "none", "observes nothing", "output"),
    (
        "tensions",
        "thirty-flights",
        "claims",
        "flights-a-mont",
        "claims.csv",
        "Did you mean 'flights-a-month'",
    ),
    ("tensions", "thirty-flights", "claims", "yield-of-paste", "does not observe", "another use"),
    ("tensions", "thirty-flights", "title", "Another question?", "differs from row 2", "same question"),
    ("tensions", "thirty-flights", "mode", "porter", "differs from row 2", "same figure"),
]


@pytest.mark.parametrize(("name", "row", "column", "value", "message", "cure"), SLIPS)
def test_slip(folder: Path, name: str, row: str, column: str, value: str, message: str, cure: str) -> None:
    number = edit(folder, name, row, column, value)
    problem = only(cases.check(folder))
    assert (problem.file, problem.row, problem.column) == (f"{name}.csv", number, column)
    assert message in problem.message or message in (problem.value or "")
    assert cure in problem.cure
    in_spanish(folder)


@pytest.mark.parametrize(
    ("name", "low", "unit", "fault"),
    [
        ("yield-leaf", "-5", "kg/ha", "not above 0"),
        ("detour-air", "0.5", "dimensionless", "below 1"),
        ("margin-clans", "-1", "percent", "below 0"),
        ("surcharge-airstrips", "-1", "USD/kg", "below 0"),
        ("size-searches", "-0.1", "dimensionless", "below 0"),
    ],
)
def test_impossible_number(folder: Path, name: str, low: str, unit: str, fault: str) -> None:
    edit(folder, "parameters", name, "scale", "linear")
    edit(folder, "parameters", name, "unit", unit)
    number = edit(folder, "parameters", name, "low", low)
    problem = only(cases.check(folder))
    assert (problem.file, problem.row, problem.column, problem.value) == (
        "parameters.csv",
        number,
        "low",
        low,
    )
    assert fault in problem.message


def test_share_above_one(folder: Path) -> None:
    number = edit(folder, "parameters", "margin-clans", "high", "165")
    problem = only(cases.check(folder))
    assert (problem.row, problem.column) == (number, "high")
    assert "above 1" in problem.message


def test_duplicate_ids(folder: Path) -> None:
    rows = table(folder, "fees")
    write(folder, "fees", [*rows, rows[1]])
    problem = only(cases.check(folder))
    assert (problem.row, problem.column, problem.value) == (4, "id", "front-levy")
    assert "fees.csv, row 2" in problem.message


def test_prices_of_supplies_fit_what_the_input_is_bought_for(folder: Path) -> None:
    edit(folder, "inputs", "chemicals", "basis", "revenue")
    problems = cases.check(folder)
    assert [(p.file, p.column) for p in problems] == [("supplies.csv", "price")] * 2
    assert all("bought of revenue" in p.message for p in problems)


def test_steps_share_one_namespace(folder: Path) -> None:
    rows = table(folder, "activities")
    write(folder, "activities", [*rows, ["selva-port", *rows[1][1:]]])
    problem = only(cases.check(folder))
    assert (problem.file, problem.row) == ("activities.csv", 5)
    assert "links.csv, row 4" in problem.message


def damage(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return act


def swallow(folder: Path) -> None:
    """A quotation mark is opened in the note of one event and closed in that of the next."""
    lines = (folder / "events.csv").read_text(encoding="utf-8").splitlines()
    lines[1], lines[2] = f'{lines[1]}"see page 3', f'{lines[2]} end"'
    (folder / "events.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")


def leads_to(target: str, name: str = "fees.csv") -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(target)

    return act


FEES = (EXAMPLE / "fees.csv").read_bytes()

FILES: list[tuple[str, Callable[[Path], None], str, str]] = [
    ("fees.csv", damage("fees.csv", b"PK\x03\x04..."), "not a text file", "CSV UTF-8"),
    ("fees.csv", damage("fees.csv", b"id,actor\n\0"), "not a text file", "CSV UTF-8"),
    ("fees.csv", damage("fees.csv", FEES.decode().encode("utf-16")), "not a text file", "CSV UTF-8"),
    ("fees.csv", damage("fees.csv", FEES + "n,peñón".encode("latin-1")), "not UTF-8", "CSV UTF-8"),
    ("fees.csv", damage("fees.csv", FEES + b" " * (21 * 2**20)), "21 MB", "at most 20 MB"),
    ("fees.csv", damage("fees.csv", b""), "no header", "row 1"),
    *(
        (
            "fees.csv",
            damage("fees.csv", start + FEES.replace(b",", mark)),
            "not separated by commas",
            "list sep",
        )
        for start, mark in ((b"", b";"), (b"", b"\t"), (b"", b"|"), (b"sep=;\n", b";"), (b"sep=,\n", b","))
    ),
    ("fees.csv", damage("fees.csv", FEES + b'"open,quote\n'), "no CSV", "quotation mark"),
    ("fees.csv", damage("fees.csv", FEES + b"x" * 200_000), "more than 131,072 characters", "10,000"),
    ("fees.csv", damage("fees.csv", FEES + b'"' + b"x\n" * 9000), "no CSV", "opened"),
    ("fees.csv", damage("fees.csv", FEES + b"," * 300), "cells", "more than 200"),
    ("fees.csv", damage("fees.csv", b"id" + b"," * 2**24 + b"\n"), "A line has 16,777,219", "short"),
    ("fees.csv", damage("fees.csv", FEES + b"\n" * (19 * 2**20)), "lines", "blank rows"),
    ("fees.csv", damage("fees.csv", FEES + b"\r\n" * 10_000), "lines", "blank rows"),
    ("fees.csv", damage("fees.csv", FEES + b",,,,,,\n" * 1_048_576), "lines", "blank rows"),
    ("fees.csv", leads_to("/etc/passwd"), "link that leads out", "Copy the file"),
    ("fees.csv", leads_to("/dev/zero"), "link that leads out", "Copy the file"),
    ("fees.csv", leads_to("../elsewhere.csv"), "link that leads out", "Copy the file"),
    ("fees.csv", leads_to("fees.csv"), "link that leads out", "Copy the file"),
    ("case.toml", leads_to("/etc/passwd", "case.toml"), "link that leads out", "Copy the file"),
    ("fees.csv", damage("fees.csv", FEES + b"a,b\n"), "2 cells", "quotation marks"),
    ("fees.csv", replace("fees.csv", "note\n", "note,note\n"), "twice", "Keep one"),
    ("fees.csv", replace("fees.csv", "note\n", "remark\n"), "not a column", "The columns are"),
    ("fees.csv", replace("fees.csv", "note\n", "notes\n"), "not a column", "Did you mean 'note'?"),
    ("fees.csv", replace("fees.csv", ",amount,", ",,"), "no name", "Name column"),
    ("links.csv", replace("links.csv", "id,from,", "id,origin,"), "not a column", "Did you mean 'from'?"),
    (
        "link.csv",
        lambda f: shutil.copy(f / "links.csv", f / "link.csv") and None,
        "not a table",
        "'links.csv'",
    ),
    *(
        (
            other,
            lambda f, other=other: (f / "fees.csv").rename(f / other) and None,
            "looks like a table of a case, but is not read",
            "fees.csv",
        )
        for other in ("fees.csv.txt", "fees.tsv", "Fees.xlsx", "fees.csv.gz")
    ),
    ("events.csv", swallow, "looks like another row", "Delete the quotation mark"),
    *(
        (
            "fees.csv",
            lambda f, pipe=pipe: (f / "fees.csv").unlink() or pipe(f / "fees.csv"),
            "no file",
            "in its place",
        )
        for pipe in [getattr(os, "mkfifo", None)]
        if pipe
    ),
    ("case.toml", replace("case.toml", "EUR = 1.1", "EUR = true"), "not valid", "example"),
    ("case.toml", replace("case.toml", "EUR = 1.1", 'EUR = "1.1"'), "not valid", "example"),
    ("case.toml", replace("case.toml", "radar = 2", "radar = true"), "not valid", "example"),
    ("case.toml", replace("case.toml", "radar = 2", 'radar = "2"'), "not valid", "example"),
    ("case.toml", replace("case.toml", "[2020, 2021]", '["2020", "2021"]'), "not valid", "example"),
    ("case.toml", replace("case.toml", "[2020, 2021]", "[1000, 9999]"), "not a pair of years", "1800"),
    ("case.toml", replace("case.toml", "EUR = 1.1", "EUR = 1.234"), "may mean 1234 or 1.234", "1.2340"),
    ("case.toml", replace("case.toml", "EUR = 1.1", f"EUR = 0x{'f' * 9000}"), "too long", "Shorten"),
    ("case.toml", replace("case.toml", "title = ", 'title = "\\u2800 \\u200b" #'), "can be seen", "text"),
    ("case.toml", replace("case.toml", "title = ", 'title = "\\u001b]0;x\\u0007" #'), "U+001B", "Delete"),
    ("case.toml", replace("case.toml", "title = ", 'title = "\\u202eabc" #'), "U+202E", "Delete"),
    ("case.toml", replace("case.toml", 'id = "example"', 'id = "nan"'), "not valid", "as nothing"),
    ("case.toml", damage("case.toml", b"a" + b".a" * 8_000 + b" = 1"), "nested too deeply", "plain"),
    ("case.toml", damage("case.toml", b"# " + b"x" * 2**17), "128 kB", "16 kB"),
    ("case.toml", lambda f: (f / "case.toml").unlink(), "missing", "baseline"),
    ("case.toml", replace("case.toml", "home = ", "# home = "), "entry is missing", 'home = "QM"'),
    ("case.toml", replace("case.toml", "substance = ", "# "), "entry is missing", "headline figures count"),
    ("case.toml", replace("case.toml", "[currency]\nEUR = 1.1", ""), "entry is missing", "[currency]"),
    ("case.toml", replace("case.toml", 'crop = "coca"', 'crop = ""'), "can be seen", "leave it out"),
    ("case.toml", replace("case.toml", 'crop = "coca"', 'corp = "coca"'), "not an entry", "words.crop"),
    ("case.toml", damage("case.toml", b"id = example"), "no TOML", "quotes"),
    ("case.toml", damage("case.toml", b"\xff"), "not UTF-8", "plain text"),
    (
        "case.toml",
        replace("case.toml", "baseline = [2020, 2021]", "baseline = [2021, 2020]"),
        "ends",
        "first",
    ),
    ("case.toml", replace("case.toml", "[2020, 2021]", "[20, 21]"), "not a pair of years", "first"),
    ("case.toml", replace("case.toml", "baseline = [2020, 2021]", "baseline = 2020"), "not valid", "example"),
    ("case.toml", replace("case.toml", 'home = "QM"', 'home = "PE"'), "country of no place", "own places"),
    ("case.toml", replace("case.toml", "title =", "titel ="), "not an entry", "Did you mean 'title'?"),
    ("case.toml", replace("case.toml", 'drift = "drift"', 'drift = "drit"'), "parameters.csv", "'drift'"),
    ("case.toml", replace("case.toml", "radar = 2", "raddar = 2"), "measures.csv", "'radar'"),
    ("case.toml", replace("case.toml", "radar = 2", "radar = 20"), "above its maximum 4", "Lower"),
    ("case.toml", replace("case.toml", "EUR = 1.1", "EUR = -1"), "rate of EUR", "positive"),
    ("case.toml", replace("case.toml", "EUR = 1.1", "EUR = 1.1\nUSD = 2"), "USD", "ISO code"),
    ("case.toml", replace("case.toml", '"destroy-strips"', '"shut-the-sky"'), "twice", "own id"),
    *[
        (f"{core}.csv", lambda f, core=core: (f / f"{core}.csv").unlink(), "missing", "Add it")
        for core in CORE
    ],
]


@pytest.mark.parametrize(("file", "act", "message", "cure"), FILES)
def test_damaged_file(folder: Path, file: str, act: Callable[[Path], None], message: str, cure: str) -> None:
    act(folder)
    begun = time.process_time()
    problems = cases.check(folder)
    assert time.process_time() - begun < 4
    named = [p for p in problems if p.file == file and message in f"{p.value} {p.message}"]
    assert named, "\n".join(map(str, problems))
    assert cure in named[0].cure
    # A broken file must not make other files look broken.
    assert {p.file for p in problems} == {file}
    in_spanish(folder)


@pytest.mark.parametrize(
    ("name", "row", "column", "value"),
    [
        ("places", "nortia", "latitude", "-9.123"),
        ("parameters", "pay-plane", "value", "80.1230"),
        ("parameters", "surcharge-airstrips", "low", "0.125"),
        ("parameters", "pay-plane", "high", "1234.567"),
        ("places", "nortia", "note", "One line\r\nand another\tone"),
    ],
)
def test_a_cell_that_can_mean_one_thing_only_is_read(
    folder: Path, name: str, row: str, column: str, value: str
) -> None:
    edit(folder, name, row, column, value)
    assert cases.check(folder) == []


RULES: list[tuple[str, dict[str, str], str, str, str]] = [
    ("patterns:strips-to-road", {"needs": "dynamics"}, "months", "needs time", "13-24"),
    (
        "patterns:strips-to-road",
        {"needs": "dynamics", "months": "24-13"},
        "months",
        "ends before",
        "first-last",
    ),
    (
        "patterns:strips-to-road",
        {"needs": "dynamics", "months": "13-24", "against_months": "12-1"},
        "against_months",
        "ends before",
        "first-last",
    ),
    (
        "patterns:strips-to-road",
        {"needs": "dynamics", "months": "13-24", "policy": ""},
        "policy",
        "a simulation with itself",
        "differ",
    ),
    (
        "patterns:strips-to-road",
        {"needs": "dynamics", "months": "13-24", "arrest_at": "nortia"},
        "arrest_at",
        "nobody is arrested",
        "'arrest'",
    ),
    ("patterns:strips-to-road", {"months": "13-24"}, "months", "no meaning in an equilibrium", "dynamics"),
    ("patterns:rival-gains", {"high": ""}, "high", "a range is expected", "Fill low and high"),
    ("parameters:drift", {"unit": "kg"}, "unit", "not a unit of the drift", "dimensionless"),
    ("parameters:drift", {"low": "-0.1", "scale": "linear"}, "low", "below 0", "from 0"),
    (
        "parameters:behaviour-growers",
        {"meaning": "m", "low": "6", "value": "6", "high": "6", "unit": "kg", "scale": "log", "reason": "r"},
        "unit",
        "no unit of behaviour-growers",
        "Write month",
    ),
    ("markets:europe", {"hired_from": "nortia"}, "hired_from", "nobody hires", "'hired_by'"),
    (
        "markets:europe",
        {"hired_by": "plane", "form": "hydrochloride"},
        "form",
        "not counted in USD",
        "unit USD",
    ),
    (
        "markets:europe",
        {"hired_by": "plane", "elasticity": "elasticity-demand"},
        "elasticity",
        "are the demand",
        "empty",
    ),
    (
        "markets:porters-hired",
        {"form": "carrying", "hired_by": "", "hired_from": ""},
        "form",
        "no mode",
        "or",
    ),
    ("markets:porters-hired", {"places": "alta-selva; nortia"}, "places", "one place", "its own row"),
    (
        "parameters:behaviour-growers",
        {
            "meaning": "m",
            "low": "-6",
            "value": "6",
            "high": "6",
            "unit": "month",
            "scale": "linear",
            "reason": "r",
        },
        "low",
        "impossible for behaviour-growers",
        "Correct",
    ),
    (
        "requirements:again",
        {"measure": "interceptors", "requires": "radar"},
        "requires",
        "already required",
        "Keep one row",
    ),
]


@pytest.mark.parametrize(("where", "cells", "column", "message", "cure"), RULES)
def test_rule(folder: Path, where: str, cells: dict[str, str], column: str, message: str, cure: str) -> None:
    """Rules that take several cells to break."""
    name, _, key = where.partition(":")
    header, *rows = table(folder, name)
    header += [cell for cell in cells if cell not in header]
    records = [dict(zip(header, row, strict=False)) for row in rows]
    if key not in (record["id"] for record in records):
        records.append({"id": key})
    number = next(i for i, record in enumerate(records, start=2) if record["id"] == key)
    records[number - 2] |= cells
    write(folder, name, [header, *([record.get(cell, "") for cell in header] for record in records)])
    found = [p for p in cases.check(folder) if p.column == column and message in f"{p.value} {p.message}"]
    assert [(p.file, p.row) for p in found] == [(f"{name}.csv", number)]
    assert cure in found[0].cure
    assert found[0].value == (cells.get(column) or None)
    in_spanish(folder)


def test_what_a_cure_says_of_a_column_has_a_translation() -> None:
    """Columns that must be filled, and those whose cure is their description."""
    with in_language("es"):
        lacking = [
            f"{model.table}.{column.name}"
            for model in schema.TABLES
            for column in columns(model)
            if (column.required or column.pattern) and _(column.description) == column.description
            if column.pattern not in (ID_PATTERN, DATE_PATTERN, YEAR_PATTERN) or column.required
        ]
    assert lacking == []


def test_an_error_is_whole_after_its_way_to_another_process(folder: Path) -> None:
    edit(folder, "links", "selva-port", "to", "nowhere")
    with pytest.raises(CaseError) as caught:
        cases.load(folder)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.problems) == (str(caught.value), caught.value.problems)


def test_the_place_within_a_file_is_told(folder: Path) -> None:
    replace("case.toml", 'title = "What happens if radar', 'title = "\\u202eWhat happens if radar')(folder)
    problem = next(p for p in cases.check(folder) if "U+202E" in p.message)
    assert (problem.column or "").startswith("questions.")
    assert (problem.column or "").endswith(".title")
    damage("fees.csv", FEES + b"x" * 200_000)(folder)
    problem = next(p for p in cases.check(folder) if p.file == "fees.csv")
    assert problem.row == FEES.count(b"\n") + 1


def test_a_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / "tables").mkdir()
    (folder / "fees.csv").rename(folder / "tables" / "fees.csv")
    (folder / "fees.csv").symlink_to(Path("tables") / "fees.csv")
    assert cases.check(folder) == []


def test_thousands_of_slips_take_seconds(folder: Path) -> None:
    rows = table(folder, "links")
    write(folder, "links", [rows[0], *([f"link-{i}", f"p{i}", f"q{i}", *rows[1][3:]] for i in range(8000))])
    begun = time.process_time()
    assert len(cases.check(folder)) >= 16_000
    assert time.process_time() - begun < 20


def test_all_problems_at_once(folder: Path) -> None:
    edit(folder, "links", "selva-port", "to", "nowhere")
    edit(folder, "places", "nortia", "latitude", "99")
    edit(folder, "parameters", "pay-plane", "low", "x")
    with pytest.raises(CaseError, match="3 problems in the case") as caught:
        cases.load(folder)
    assert [p.file for p in caught.value.problems] == ["parameters.csv", "places.csv", "links.csv"]


def test_a_ragged_row_is_one_problem(folder: Path) -> None:
    path = folder / "fees.csv"
    path.write_bytes(path.read_bytes() + b"a,b\n")
    assert only(cases.check(folder)).row == 4


def test_core_table_without_rows(folder: Path) -> None:
    write(folder, "markets", table(folder, "markets")[:1])
    assert "no rows" in only(cases.check(folder)).message


def test_optional_files_may_be_absent(folder: Path) -> None:
    (folder / "patterns.csv").unlink()
    (folder / "fees.csv").unlink()
    case = cases.load(folder)
    assert dict(case.patterns) == {}


def test_layout_is_forgiven_and_the_fingerprint_is_of_content(folder: Path) -> None:
    before = cases.load(folder).fingerprint
    rows = table(folder, "links")
    padded = [[f" {cell} " for cell in row] for row in [rows[0], *reversed(rows[1:])]]
    write(folder, "links", [*padded, [""] * len(rows[0]), []])
    text = (folder / "links.csv").read_bytes()
    (folder / "links.csv").write_bytes(b"\xef\xbb\xbf" + text)
    assert cases.load(folder).fingerprint == before
    edit(folder, "parameters", "pay-plane", "value", "81")
    assert cases.load(folder).fingerprint != before


def test_rows_are_counted_as_a_spreadsheet_does(folder: Path) -> None:
    rows = table(folder, "places")
    rows[1][-1] = "two\nlines"
    rows.insert(2, [""] * len(rows[0]))
    write(folder, "places", rows)
    number = edit(folder, "places", "nortia", "latitude", "99")
    assert number == 7
    assert only(cases.check(folder)).row == 7


@pytest.mark.parametrize("name", ["exampel", "", "no/such/folder", "x\0y", "a" * 5000])
def test_no_such_case(name: str) -> None:
    problem = only(cases.check(name))
    assert "no such case" in problem.message
    assert "example" in problem.cure
    with pytest.raises(CaseError):
        cases.load(name)


def test_new_refuses_what_is_not_empty(folder: Path) -> None:
    with pytest.raises(OutputError, match="not an empty folder"):
        cases.new(folder)
    with pytest.raises(OutputError, match="not an empty folder"):
        cases.new(folder / "case.toml")
    with pytest.raises(OutputError):
        cases.new(folder / "case.toml" / "below")


def test_new_fills_an_empty_folder(tmp_path: Path) -> None:
    assert cases.new(tmp_path) == tmp_path
    assert cases.check(tmp_path) == []
    assert "invented" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_importing_costs_no_heavy_library() -> None:
    heavy = "{'pint', 'numpy', 'pandas', 'jax', 'xarray'}"
    code = f"import sys, contraflow.case; sys.exit(len({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_functions_win_over_modules_of_their_name() -> None:
    import contraflow.case.load

    assert callable(contraflow.case.load)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20).map(str.strip)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=4, max_size=4), max_size=8))
def test_cells_survive_writing_and_reading(tmp_path: Path, rows: list[list[str]]) -> None:
    header = ["id", "name", "kind", "note"]
    write(tmp_path, "actors", [header, *rows])
    sheet = read_sheet(tmp_path / "actors.csv")
    assert sheet.problems == ()
    expected = [(n, dict(zip(header, row, strict=True))) for n, row in enumerate(rows, start=2) if any(row)]
    assert [(c.row, {name: c.cells.get(name, "") for name in header}) for c in sheet.rows] == expected
