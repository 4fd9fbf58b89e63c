"""Numbers and names as people read them: one way for the report, the terminal and sentences."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from contraflow import _numbers
from contraflow._language import in_language
from contraflow.case.naming import lower

SOURCE = Path(__file__).parents[1] / "src" / "contraflow"
NAN = float("nan")


def test_figures_are_as_many_as_a_reader_can_use():
    values = (0.0, 1234.5, 86.4, 3.42, 0.0712, -5.0, NAN, None)
    assert [_numbers.significant(x) for x in values] == ["0", "1,230", "86", "3.4", "0.071", "−5.0", "–", "–"]
    assert _numbers.significant(NAN, none="unknown") == "unknown"
    assert [_numbers.signed(x) for x in (2.0, -2.0, 0.0)] == ["+2.0", "−2.0", "0"]


def test_tables_show_three_figures_as_sources_print_them():
    assert [_numbers.cell(x) for x in (1234.5, 0.12345, -2, NAN, None, "x")] == [
        "1,234", "0.123", "−2", "", "", "x",
    ]  # fmt: skip
    assert _numbers.span(1.0, 2.5) == "1 to 2.5"
    assert _numbers.span(1.0001, 1.0002) == "1"
    assert _numbers.row_span({"a_5": 1.0, "a_95": 2.0}, "a") == "1 to 2"
    assert _numbers.row_span({"a": 1.0}, "a") == ""


def test_fixed_digits_have_a_true_minus():
    assert [_numbers.fixed(x, 1, sign=True) for x in (2.04, -2.94, 0.0)] == ["+2.0", "−2.9", "+0.0"]
    assert _numbers.fixed(12345.678, 0) == "12,346"
    assert [_numbers.fixed(x, 1) for x in (-0.04, NAN, float("inf"))] == ["0.0", "–", "–"]


def test_no_number_has_an_exponent():
    """What is next to nothing is 0, and an order of magnitude is told in words."""
    assert [_numbers.significant(x) for x in (5.2e-11, -8.6e-13, 0.00012, 3e15)] == [
        "0", "0", "0.00012", "3,000,000,000,000,000",
    ]  # fmt: skip
    assert [_numbers.signed(x) for x in (5.2e-11, -5.2e-11, 0.2)] == ["0", "0", "+0.2"]
    assert [_numbers.cell(x) for x in (1.25e-5, 3e-9, 1e12)] == ["0.0000125", "0", "1,000,000,000,000"]
    assert [_numbers.order(x) for x in (3.21e-12, 3.2e-5, 0.001, 2.34)] == [
        "below one in a million", "less than 0.0001", "0.001", "2.3",
    ]  # fmt: skip
    assert _numbers.money(5e9) == "$5,000,000 billion"


def test_numbers_by_locale():
    with in_language("es"):
        assert [_numbers.significant(x) for x in (1234.5, 12345, 1234567, 3.42, -0.5)] == [
            "1230", "12.300", "1.230.000", "3,4", "−0,5",
        ]  # fmt: skip
        assert [_numbers.share(0.12), _numbers.share_span(0.03, 0.2)] == ["12\u202f%", "3 a 20\u202f%"]
        assert _numbers.signed_span(-0.04, 0.09) == "−4 a +9\u202f%"
        assert [_numbers.money(28.4), _numbers.money(-1234)] == [
            "28 millones de dólares", "−1,23 mil millones de dólares",
        ]  # fmt: skip
        assert _numbers.probability(1.0, 20) == "más del 95\u202f%"
        assert _numbers.mass(31400) == "31,4 t"
    with in_language("es_PE"):
        assert [_numbers.significant(x) for x in (1234.5, 12345, 3.42)] == ["1230", "12,300", "3.4"]
    assert _numbers.significant(1234.5) == "1,230"


def test_shares_are_in_whole_per_cent():
    assert [_numbers.share(x) for x in (0.234, -0.001, -0.03)] == ["23%", "0%", "−3%"]
    assert [_numbers.signed_share(x) for x in (0.12, -0.12)] == ["+12%", "−12%"]
    assert _numbers.share_span(0.03, 0.2) == "3 to 20%"
    assert _numbers.share_span(0.03, 0.031) == "3%"
    assert [_numbers.size_of_change(x) for x in (0.12, 0.004, -0.999, -1.0)] == ["12%", "0.4%", "99%", "100%"]


def test_changes_as_shares_of_what_was_there():
    changes = [_numbers.change_of(c, 100) for c in (0.0, -2.5, 30, 900)]
    assert changes == ["0%", "−2.5%", "+30%", "×10"]
    assert _numbers.change_of(1, 0) == "–"
    assert [_numbers.percent(x) for x in (0.004, -0.12, 9.0, NAN)] == ["±0%", "−12%", "×10", ""]


@pytest.mark.parametrize(
    ("millions", "words", "short"),
    [
        (1234.0, "$1.23 billion", "+$1.2bn"),
        (28.4, "$28 million", "+$28M"),
        (0.934, "$0.93 million", "+$0.93M"),
        (-0.5, "−$0.5 million", "−$0.5M"),
    ],
)
def test_money(millions, words, short):
    assert _numbers.money(millions) == words
    assert _numbers.dollars(millions, sign=True) == short


def test_a_probability_is_no_more_certain_than_the_draws_allow():
    assert [_numbers.probability(p, 20) for p in (1.0, 0.0, 0.5)] == ["above 95%", "below 5%", "50%"]
    assert [_numbers.probability(p, 20, short=True) for p in (1.0, 0.0, 0.5)] == [">95%", "<5%", "50%"]


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("Washed paste", "washed paste"),
        ("A kilo of leaf", "a kilo of leaf"),
        ("VRAEM", "VRAEM"),
        ("US air cooperation", "US air cooperation"),
        ("Colombian groups", "Colombian groups"),
        ("Spanish ports", "Spanish ports"),
        ("West African intermediaries", "West African intermediaries"),
        ("Human couriers", "human couriers"),
        ("12", "12"),
        ("", ""),
    ],
)
def test_within_a_sentence_only_names_keep_their_capital(name, inside):
    assert lower(name) == inside


def test_numbers_for_people_are_formatted_in_one_place():
    """The terminal, sentences, explanations and sections of the report have no formats of their own.

    ``:g`` is for levels that are copied into a command.
    """
    own = []
    for room in ("cli", "text", "results", "report/sections"):
        for path in sorted((SOURCE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
                    spec = "".join(str(getattr(part, "value", "")) for part in node.format_spec.values)
                    if re.search(r"[%ef]$", spec):
                        own.append(f"{path.name}:{node.lineno} {spec}")
    assert own == []


def test_what_is_not_all_is_not_a_hundred_per_cent():
    for part in (-0.998, -0.99999):
        assert _numbers.percent(part) == "−99%"
        assert _numbers.change_of(part, 1.0) == "−99%"
        assert _numbers.size_of_change(part) == "99%"
    assert _numbers.percent(-1.0) == _numbers.change_of(-1.0, 1.0) == "−100%"
