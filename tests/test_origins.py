"""Where cases come from: names of rows, coverage, sources and their terms, no private persons."""

from __future__ import annotations

import csv
import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

import contraflow.case as cases
from contraflow.case import schema
from contraflow.case.case import Case
from contraflow.case.docs import coverage, pages, provenance
from contraflow.case.load import data
from contraflow.case.naming import name_of, number_of
from contraflow.report.sections import source_coverage, sources

DOCS = Path(__file__).parents[1] / "docs"
DIGESTS = """
023a31099946 046ffe59ddbc 2438dcb03779 2d004f08a40b 4893202e7eb3 508e8f25e7fe 5451a2673689 7c00f9216a92
88ddc7300cd2 953562bc26be a5ac08ad7e2c ca9994fbfcbd d8aa95b71cfc e770e94419cb e9e45da8b540 eb109bf915d3
f85b0afe27a9 f8f4b823eb6b
"""
PERSONS = frozenset(DIGESTS.split())
"""First 12 digits of the SHA-256 of names that the five reports of the Peru case print, in lower case
without accents: surnames and by-names that are nobody else's, and pairs of words. Hashed, so that
the test does not itself spread them."""

TITLES = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|President|General|Colonel|Minister|alias|nicknamed)\.? [A-Z][a-z]+")
"""What usually stands before a person's name."""


@pytest.fixture(scope="module")
def case() -> Case:
    return cases.load("example")


@pytest.mark.parametrize("name", cases.shipped())
def test_every_row_can_be_named(name: str) -> None:
    case = cases.load(name)
    for model in schema.TABLES:
        for key in getattr(case, model.table):
            assert name_of(case, model.table, key).strip()


def test_names_read_like_names(case: Case) -> None:
    assert name_of(case, "links", "selva-port") == "Alta Selva to Puerto Sol, hidden in lorries"
    assert name_of(case, "fees", "front-levy") == "to the Front, backpack column"
    assert name_of(case, "effects", "shoot-down") == "Interceptors that may shoot: add hazard"
    assert name_of(case, "requirements", "interceptors-need-radar").endswith("needs radar coverage")
    assert number_of(1, "supplies") == "1 supply"
    assert number_of(2, "measures") == "2 measures"
    with pytest.raises(KeyError):
        name_of(case, "links", "nowhere")


def test_coverage_counts_and_lists(case: Case) -> None:
    every = coverage.total(case)
    assert (every.items, every.represented, every.outside) == (3, 2, 1)
    assert [(t.kind, t.items) for t in coverage.tally(case)] == [("mechanism", 1), ("actor", 2)]
    first = case.coverage["W1"]
    assert coverage.counted(first) == "1 effect, 1 facility, 1 mode"
    assert coverage.counted(first, coverage.EVIDENCE) == ""
    page = coverage.markdown(case)
    assert "1 (33 %) lie outside" in page
    assert "- modes: Hidden in lorries (`road`)" in page
    assert page.index("**W2**") < page.index("### Outside the model") < page.index("**W3**")
    whole = dataclasses.replace(case, coverage={"W1": first})
    assert "Nothing." in coverage.markdown(whole)


def test_what_rests_on_a_source(case: Case) -> None:
    report, survey, drawn = provenance.provenance(case)
    assert report.uses == {"fitted": 2, "checked": 2, "predicted": 0, "context": 1}
    assert report.quantities["share"] == 1
    assert "yield-paste" in report.parameters
    assert report.grade == "C, fairly reliable"
    assert survey.uses["fitted"] == 1
    assert len(drawn.places) == len(case.places)
    assert [s.id for s in provenance.attributions(case)] == ["invented-map"]
    page = provenance.markdown(case)
    assert "Coordinates: Map of Mirania, [CC0-1.0](https://creativecommons.org/" in page
    assert "Claims: 2 fitted, 2 checked, 1 context (" in page


def test_a_contradiction_is_told_on_both_sides(case: Case) -> None:
    claims = dict(case.claims)
    claims["coca-area"] = claims["coca-area"].model_copy(update={"contradicts": ("share-by-air",)})
    torn = dataclasses.replace(case, claims=claims)
    report, survey, _ = provenance.provenance(torn)
    assert survey.disputes == (provenance.Dispute("coca-area", "share-by-air", "invented-report"),)
    assert report.disputes == (provenance.Dispute("share-by-air", "coca-area", "invented-survey"),)
    page = provenance.markdown(torn)
    assert "(`coca-area`), against About half of the paste leaves the valley by air (`share-by-air`" in page
    claims["share-by-air"] = claims["share-by-air"].model_copy(update={"contradicts": ("coca-area",)})
    assert len(provenance.provenance(torn)[0].disputes) == 1
    assert sources.sources(torn)[0]["disputes"][0]["other"] == claims["coca-area"].statement


def test_the_report_lists_coverage_and_sources(case: Case) -> None:
    told = source_coverage.content(case)
    assert told is not None
    assert len(told.data["outside"].rows) == 1
    first = told.data["kinds"][0]["table"].rows[0]
    assert "Airstrips of the Alta Selva; Hidden in lorries" in first[1]
    assert source_coverage.content(dataclasses.replace(case, coverage={})) is None
    assert sources.sources(case)[0]["rests"].startswith("claims: 2 fitted, 2 checked, 1 context; ")
    assert sources.credits(case)[0]["licence"] == "CC0-1.0"


def test_the_committed_pages_are_current(tmp_path: Path) -> None:
    pages.write(tmp_path)
    for written in tmp_path.iterdir():
        committed = DOCS / written.name
        assert committed.read_text(encoding="utf-8") == written.read_text(encoding="utf-8"), (
            f"{committed.name} is old; run: python -m contraflow.case.docs.pages docs"
        )


def test_peru_covers_what_its_five_reports_describe() -> None:
    peru = cases.load("peru")
    every = coverage.total(peru)
    assert set(peru.coverage) == {f"M{number:03d}" for number in range(1, 132)}
    assert every.outside <= 0.1 * every.items
    for item in peru.coverage.values():
        assert not (item.rows and item.outside), item.id


@pytest.mark.parametrize("name", cases.shipped())
def test_every_source_has_terms_and_a_reason(name: str) -> None:
    case = cases.load(name)
    for source in case.sources.values():
        assert source.licence.strip(), source.id
        assert source.reason.strip(), source.id
    assert all(source.licence for source in provenance.attributions(case))


def test_geonames_is_credited_where_places_are_shown() -> None:
    assert "[CC-BY 4.0](https://creativecommons.org/licenses/by/4.0/)" in (DOCS / "sources.md").read_text(
        encoding="utf-8"
    )
    credited = sources.credits(cases.load("peru"))
    assert {"https://www.geonames.org"} <= {c["url"] for c in credited}


@pytest.mark.parametrize("name", cases.shipped())
def test_no_private_person_stands_in_a_table(name: str) -> None:
    for place, text in cells(data() / name):
        assert not persons(text), place
        assert not TITLES.search(text), f"{place}: {text}"


def test_no_private_person_stands_in_the_documentation() -> None:
    for page in DOCS.glob("*.md"):
        assert not persons(page.read_text(encoding="utf-8")), page.name


def test_a_name_would_be_found() -> None:
    known = frozenset((digest("ann example"), digest("zorro")))
    assert persons("told by Ánn Example, said others", known) == {digest("ann example")}
    assert persons("known as “Zorro”", known) == {digest("zorro")}
    assert not persons("an example of Ann", known)
    assert TITLES.search("so said Dr. Example")


def cells(folder: Path) -> Iterator[tuple[str, str]]:
    """Every cell of a case with its place, but for the authors of published works."""
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                for column, text in row.items():
                    if (path.name, column) != ("sources.csv", "author"):
                        yield f"{path.name}, row {number}, {column}", text or ""


def persons(text: str, known: frozenset[str] = PERSONS) -> set[str]:
    """Digests of the listed names that occur in a text, as a word or as two words in a row."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    words = re.findall(r"[^\W\d_]+", "".join(c for c in plain if not unicodedata.combining(c)))
    pairs = (f"{one} {two}" for one, two in pairwise(words))
    return {digest(name) for name in (*words, *pairs)} & known


def digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:12]
