"""Figures and the report: what they hold, that the page is whole, offline and written atomically."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import synthetic
from contraflow import _numbers
from contraflow.errors import OutputError
from contraflow.report import document
from contraflow.report.data import ledger_table
from contraflow.report.draw import outcome_figures, row_charts
from contraflow.report.draw.flow_curves import flows, split
from contraflow.results import tables
from contraflow.text import answer_sentences, sentences
from contraflow.text.names import shown_names
from contraflow.text.sentences import Subject

BASE, SHUT, CASE = synthetic.outcome(), synthetic.outcome(hazard=1.0), synthetic.case()
NAMES = shown_names(CASE)


def test_a_page_may_fetch_nothing(page):
    """Whatever a name holds that Plotly would take for markup."""
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    allowed = dict(part.strip().split(" ", 1) for part in policy[1].split(";"))
    assert allowed.pop("default-src") == "'none'"
    assert set(" ".join(allowed.values()).split()) <= {"'unsafe-inline'", "data:", "blob:"}
    assert page.index("Content-Security-Policy") < page.index("<script")


@pytest.fixture(scope="module")
def page():
    return document.render(synthetic.report())


def test_sentences_say_what_the_numbers_say():
    told = answer_sentences.tell(BASE, SHUT, NAMES)
    assert told.short[0].startswith("Exports by small plane all but end, from 190 to ")
    assert told.short[1].startswith("In all, exports of Peru hardly change, at ")
    assert "the price of washed paste in the VRAEM falls by " in told.short[1]
    findings = dict(told.findings)
    assert "Less leaves by small plane (−187 t)" in findings["Ways out"]
    assert "The state spends $15 million a year more (from $40 to $55 million)" in findings["The state"]
    still = answer_sentences.tell(BASE, BASE, NAMES)
    assert still.short[0].startswith("Nothing moves: ")
    assert still.short[0].endswith(
        " t of pure cocaine a year leave Peru as before, by the same ways, at the same prices."
    )


def test_goods_of_rivals_are_told_apart():
    all_flows = flows(BASE, tables.home_grown(BASE))
    own, rest = split(all_flows)
    assert sum(f.tonnes for f in own.values()) == pytest.approx(sum(f.tonnes for f in all_flows.values()))
    assert sum(f.tonnes for f in rest.values()) == pytest.approx(0)
    foreign = flows(BASE, tables.home_grown(BASE, "BO"))
    assert sum(f.tonnes for f in split(foreign)[0].values()) == 0


def test_every_figure_of_outcomes_is_drawn():
    made = (
        outcome_figures.flow_map(CASE, BASE),
        outcome_figures.change_map(CASE, BASE, SHUT),
        outcome_figures.journeys(CASE, BASE),
        outcome_figures.changes(CASE, BASE, SHUT),
        outcome_figures.changes(CASE, BASE, SHUT, "zone"),
        outcome_figures.incomes(BASE, SHUT),
        outcome_figures.price_ladder(CASE, BASE),
        outcome_figures.price_parts(CASE, BASE),
        outcome_figures.claims(synthetic.claims()),
    )
    for drawing in made:
        assert len(drawing.table)
        assert ElementTree.fromstring(drawing.svg()).get("role") == "img"


def test_the_ledger_tells_claims_from_assumptions():
    table = ledger_table(CASE, {"pay-backpack": 12.4})
    assert table.loc["pay-backpack", "origin"] == "pay-a"
    assert table.loc["hire-plane", "origin"] == "assumption"
    assert np.isnan(table.loc["hire-plane", "fitted"])


IMPLIED = ("thead", "tbody", "tr", "th", "td")
"""Elements whose end HTML may imply."""


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href", "data", "srcset") and tag != "a" and not value.startswith("#"):
                self.fetched.append(f"{tag} {value}")
        if tag not in ("meta", "link", "br", "input", "img", *IMPLIED):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in IMPLIED or self.open.pop() == tag


def test_the_page_is_whole_and_asks_the_network_for_nothing(page):
    parser = _Addresses()
    parser.feed(page)
    parser.close()
    assert not parser.open
    assert parser.fetched == ["link data:,"]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert len(page) < 1e6


def test_every_figure_says_in_words_what_it_shows(page):
    figures = re.findall(r'<figure id="([^"]*)".*?</figure>', page, re.DOTALL)
    assert len(figures) > 12
    for shown in re.findall(r"<figure id=.*?</figure>", page, re.DOTALL):
        label = re.search(r'<svg[^>]* role=(?:img|group) aria-label="([^"]{20,})"', shown)
        assert label is not None, shown[:200]


def test_text_of_the_case_cannot_break_the_page(page):
    claims = synthetic.claims()
    claims.loc[0, "statement"] = "</script><script>alert(1)</script>"
    text = document.render(replace(synthetic.report(), claims=claims, ledger=None))
    assert "<script>alert(1)" not in text
    assert text.count("</script") == page.count("</script")


FOREIGN = (
    '<b>B</b><a href="http://a.example">l</a><span style="background:url(http://b.example)">Z & co</span>'
)


def test_names_are_no_markup_in_figures():
    """Text of a case is shown as it is written."""
    report = synthetic.report()
    named = ("places", "forms", "modes", "actors", "measures")
    tables = {
        name: {k: row.model_copy(update={"name": FOREIGN}) for k, row in getattr(report.case, name).items()}
        for name in named
    }
    hostile = replace(
        report,
        case=replace(report.case, **tables),
        claims=report.claims.assign(statement=FOREIGN, source=FOREIGN),
    )
    page = document.render(hostile)
    assert "http://a.example" in page
    assert 'href="http://a.example"' not in page
    assert "<b>B" not in page
    figures = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert figures.count("&lt;b&gt;B") > 20
    assert "Z &amp; co" in figures


def test_the_report_is_written_whole(tmp_path):
    target = document.write_report(synthetic.report(), tmp_path / "report.html")
    assert "A made-up valley" in target.read_text("utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_failed_write_says_why_and_leaves_what_was_there(tmp_path, monkeypatch):
    target = tmp_path / "report.html"
    target.write_text("earlier")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OutputError, match=r"report\.html cannot be written: No space left on device"):
        document.write_report(synthetic.report(), target)
    assert target.read_text() == "earlier"
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"No such file or directory\. Name a file in a folder that exists"):
        document.write_report(synthetic.report(), tmp_path / "nowhere" / "report.html")


def test_a_report_without_questions_shows_the_baseline():
    text = document.render(replace(synthetic.report(), answers=(), ledger=None))
    assert 'id="fig-earns-near"' in text
    assert 'id="answers"' not in text


def test_what_fails_and_what_fits_worst_comes_first():
    rows = pd.DataFrame(
        {
            "pattern": ["a", "b", "c"],
            "statement": ["Holds so.", "Fails so.", "Waits so."],
            "expected": ["rises"] * 3,
            "ratio": [1.2, 0.8, np.nan],
            "holds": [True, False, None],
            "diagnosis": ["", "Loads turn away.", ""],
        }
    )
    text = document.render(replace(synthetic.report(), patterns=rows))
    assert text.index("Fails so.") < text.index("Holds so.") < text.index("Waits so.")
    assert "1 of 2 hold" in text
    assert "Most likely reason: Loads turn away." in text


def test_the_ledger_is_grouped_by_subject(page):
    groups = re.findall(r"<summary>([^<]*) <small>(\d+) numbers?,", page)
    assert ("Pay, hire and loads", "1") in groups


DRAWS = 20


@pytest.fixture(scope="module")
def drawn():
    return synthetic.report(DRAWS)


@pytest.fixture(scope="module")
def drawn_page(drawn):
    return document.render(drawn)


def row(before: float, *change: float) -> dict[str, float]:
    """A row as from a table: the median change and its four ends, with the same before in all draws."""
    ends = ("", "_5", "_25", "_75", "_95")
    changes = dict(zip((f"change{e}" for e in ends), change, strict=True))
    ratios = {f"ratio{e}": 1 + c / before for e, c in zip(ends, change, strict=True)}
    return {"before": before, "after": before + change[0]} | changes | ratios


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (row(100, -12, -20, -15, -8, -3), "falls by 12% (3 to 20%), from 100 to 88 t"),
        (row(100, 2, -4, 0, 5, 9), "may rise or fall (−4 to +9% of 100 t)"),
        (row(100, 0.1, -1, 0, 0.5, 1), "hardly changes, at 100 t"),
        (row(100, 5, -0.1, 2, 8, 14), "rises by 5% (0 to 14%), from 100 to 105 t"),
        (row(10, 20, 5, 10, 30, 50), "grows 3.0-fold (1.5 to 6.0-fold), from 10 to 30 t"),
        (row(100, -99, -100, -100, -98, -95), "all but ends, from 100 to 1.0 t"),
        (row(100, -99, -100, -100, -70, -40), "falls by 99% (40 to 100%), from 100 to 1.0 t"),
    ],
)
def test_sentences_are_honest_about_signs(made, said):
    assert sentences.clause(Subject("sales"), made, "{number} t") == f"sales {said}"


def test_a_clause_says_what_its_range_is_and_agrees_with_its_subject():
    made = row(100, -12, -20, -15, -8, -3)
    told = sentences.clause(Subject("sales", many=True), made, "${number} million", named=True)
    assert told == "sales fall by 12% (90% interval 3 to 20%), from $100 to $88 million"
    still = {"before": 0.0, "after": 0.0, "change": 0.0}
    assert sentences.clause(Subject("sales"), still, "{number} t") == ""
    assert sentences.clause(Subject("sales"), still | {"after": 3.0, "change": 3.0}, "{number} t") == (
        "sales appears, at 3.0 t"
    )


def test_what_makes_up_for_many_times_a_loss_is_not_told():
    assert sentences.made_up(0.76, (0.56, 0.87)) == "76% (56 to 87%)"
    assert sentences.made_up(0.76, (0.56, 40.0)) == "76%"
    assert [sentences.made_up(x) for x in (65.67, 0.001, float("nan"))] == ["", "", ""]
    assert [sentences.fraction(x) for x in (0.76, 0.5, 0.97)] == [
        "about three quarters", "about half", "nearly all",
    ]  # fmt: skip


def test_draws_that_are_left_out_are_told():
    assert sentences.left_out(0, 200) == ""
    assert sentences.left_out(1, 200) == "In 1 of 200 draws no equilibrium was found; it is left out."
    assert sentences.left_out(3, 200) == "In 3 of 200 draws no equilibrium was found; they are left out."


def test_medians_that_turn_a_change_round_are_not_told():
    made = row(1000, -5, -9, -7, -3, -2) | {"after": 1010.0}
    assert sentences.from_to(made, "{number} t") == "about 1,000 t"


@pytest.mark.parametrize(
    ("falls", "rises", "said"),
    [
        (0.83, 0.0, "fall by more than 5%: 83%."),
        (0.3, 0.6, "rise by more than 5%: 60%; that they fall by as much: 30%."),
        (0.0, 0.0, "change by more than 5%: below 1%."),
        (1.0, 0.0, "fall by more than 5%: above 99%."),
    ],
)
def test_probabilities_in_words(falls, rises, said):
    told = sentences.chance({"p_falls_5pct": falls, "p_rises_5pct": rises}, 200)
    assert told == f"Probability that exports {said}"


def test_with_draws_an_answer_has_ranges_and_a_probability(drawn):
    told = answer_sentences.tell(drawn.base, drawn.answers[0][1], NAMES)
    assert "(90% interval " in " ".join(told.short)
    assert "Probability that exports " in " ".join(told.short)
    text = answer_sentences.tell(BASE, SHUT, NAMES)
    assert not any("interval" in part or "Probability" in part for part in text.short)


def test_an_open_change_is_not_told_as_a_fall_or_rise():
    made = [synthetic.outcome(DRAWS), synthetic.outcome(DRAWS, hazard=0.02, seed=8)]
    told = answer_sentences.tell(*made, NAMES)
    assert " may rise or fall (" in " ".join(text for _, text in told.findings)


def test_the_page_shows_intervals_and_says_how_to_read_them(drawn, drawn_page):
    parser = _Addresses()
    parser.feed(drawn_page)
    assert not parser.open
    assert f"medians of {DRAWS} draws" in drawn_page
    assert drawn_page.count(row_charts.reading()) >= 3
    assert "means over the draws" in drawn_page
    assert "Falls by over 5%" in drawn_page
    card = re.search(r'Exports</span><b>.*?</b><span class="range">(.*?) to (.*?)</span>', drawn_page)
    low, high = (tables.headline(drawn.base).loc["exports", f"before_{end}"] for end in ("5", "95"))
    assert card is not None
    assert [float(x.replace(",", "")) for x in card.groups()] == pytest.approx([low, high], rel=0.05)


def test_the_page_of_a_best_fit_shows_no_interval(page):
    shown = page.partition("</style>")[2].partition("<script")[0]
    before, _, record = shown.partition('<section class="chapter" id="record">')
    assert "How often was it right?" in record  # of other histories, with intervals
    shown = re.sub(r"<li><b>How often right.*?</li>", "", before)
    shown += record.partition('<section class="chapter" id=')[2]
    assert 'class="range"' not in shown
    shown = re.sub(r"<style.*?</style>|<[^>]*>", " ", shown, flags=re.DOTALL)
    for word in ("90%", "50%", "Probability", "by over 5%", "medians of", "means over"):
        assert word not in shown


def test_every_figure_with_draws_is_drawn(drawn):
    base, after = drawn.base, drawn.answers[0][1]
    made = (
        outcome_figures.changes(CASE, base, after),
        outcome_figures.changes(CASE, base, after, "zone"),
        outcome_figures.incomes(base, after),
        outcome_figures.incomes(base),
        outcome_figures.price_ladder(CASE, base),
        outcome_figures.price_parts(CASE, base),
        outcome_figures.journeys(CASE, base),
        outcome_figures.change_map(CASE, base, after),
    )
    for drawing in made:
        assert len(drawing.table)
        assert ElementTree.fromstring(drawing.svg()).get("role") == "img"


def test_lost_draws_are_left_out_of_the_page_and_told(drawn):
    from contraflow.results.draws import mark_unsolved

    found = np.arange(DRAWS) != 4
    (question, first), second = drawn.answers
    data = replace(drawn, answers=((question, mark_unsolved(first, found)), second), ledger=None)
    text = document.render(data)
    assert "In 1 of 20 draws no equilibrium was found" in text
    assert "NaN" not in text.partition("<script>")[0]
    assert not re.search(r">nan<|\bnan\b(?=[^\w]*</td>)", text)
    kept = [b.sizes["draw"] for _, b, _ in data.pairs]
    assert kept == [DRAWS - 1, DRAWS]


def test_patterns_have_a_probability_on_the_page(drawn):
    rows = pd.DataFrame(
        {
            "pattern": ["a", "b"],
            "statement": ["Holds so.", "Waits so."],
            "expected": ["rises"] * 2,
            "ratio": [1.2, np.nan],
            "ratio_5": [1.1, np.nan],
            "ratio_95": [1.31, np.nan],
            "probability": [0.97, np.nan],
            "holds": [True, None],
        }
    )
    text = document.render(replace(drawn, answers=(), patterns=rows))
    assert '<span class="range">1.1 to 1.31</span>' in text
    assert "<td>97%" in text


def ways(page):
    """The tables of figures on the way to the long run, as rows of cells without tags."""
    caption = "Changes against the baseline after years and in the long run"
    found = re.findall(rf"<table[^>]*><caption[^>]*>{caption}</caption>(.*?)</table>", page, re.DOTALL)
    rows = [re.split(r"<tr[^>]*>", table)[1:] for table in found]
    return [
        [
            [re.sub(r"<[^>]+>", " ", cell).split() for cell in re.split(r"<t[hd][^>]*>", row)[1:]]
            for row in table
        ]
        for table in rows
    ]


def test_each_question_shows_figures_on_the_way_to_the_long_run(page, drawn):
    one, other = ways(page)
    heads = [
        ["Figure"],
        ["Before"],
        ["After", "1", "year"],
        ["After", "5", "years"],
        ["In", "the", "long", "run"],
    ]
    assert one[0] == heads == other[0]
    assert "is there after 1 year for the price of" in page
    assert "last to follow, after 5 years: exports" in page
    assert "or from assumed ranges, not from claims" in page
    found = {" ".join(row[0]): row[1:] for row in one[1:]}
    assert len(found) == 4
    before, *changes = next(cells for name, cells in found.items() if name.startswith("Exports by air"))
    table = synthetic.report().paths[0].table.loc["exports by air"]
    after_one, after_five, settled = (float(c[0].replace("−", "-").rstrip("%")) / 100 for c in changes)
    assert after_one == pytest.approx(table.loc[1.0, "ratio"] - 1, abs=0.005)
    assert after_five == pytest.approx(table.loc[5.0, "ratio"] - 1, abs=0.005)
    assert settled == after_five
    assert float(before[0]) > 0
    assert all(len(change) == 1 for change in changes)
    with_ranges = next(
        row for row in ways(document.render(drawn))[0] if row[0][:3] == ["Exports", "by", "air,"]
    )
    assert with_ranges[2][2] == "to"


def test_a_question_without_a_path_says_so_and_a_report_without_paths_does_not():
    made = synthetic.report()
    text = document.render(replace(made, paths=made.paths[:1], ledger=None))
    assert len(ways(text)) == 1
    assert text.count("On the way to the long run prices that clear all markets were not found") == 1
    none = document.render(replace(made, paths=(), ledger=None))
    assert not ways(none)
    assert "On the way to the long run" not in none
    assert "Each answer is for the long run" in none


def test_one_figure_is_one_number_in_the_chart_the_tables_and_at_a_glance(drawn_page, drawn):
    """Numbers in sentences, figures and tables of one answer are the same numbers."""
    _question, base, after = drawn.pairs[0]
    row = tables.headline(base, after).loc["exports"]
    change = _numbers.percent(row["ratio"] - 1)
    size = _numbers.size_of_change(row["ratio"] - 1)
    assert size.rstrip("%") == change.strip("−+%")
    front = re.search(r'<figure id="fig-front">.*?</figure>', drawn_page, re.DOTALL)
    assert front is not None
    assert change in front[0]
    glance = next(t for t in re.findall(r"<table.*?</table>", drawn_page, re.DOTALL) if "Question" in t)
    assert change in glance
    assert [cells[4][0] for cells in ways(drawn_page)[0] if cells[0][:1] == ["Exports,"]] == [change]
    told = " ".join(drawn.sentences[0].short)
    assert f"by {size}" in told or f"{size} less" in told or f"{size} more" in told
