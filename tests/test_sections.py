"""The table of sections: whole entries, one page made of them, and sections from outside the package."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

import section_from_outside
import synthetic
from contraflow.report.data import ReportData
from contraflow.report.document import render, write_report
from contraflow.report.draw.drawing import Drawing
from contraflow.report.jinja import TEMPLATES, environment, fill
from contraflow.report.section import Content, Section
from contraflow.report.sections.registry import SECTIONS

OUTSIDE = section_from_outside.SECTION


def nothing(report, names):
    """The content of a section that is only text."""
    return Content()


def section(**changes):
    return Section(**{"id": "extra", "title": "Extra", "template": "<p>More.</p>", "make": nothing} | changes)


def anchors(page):
    """Ids of the sections in the order of the page, and those of the navigation with its labels."""
    body = page.partition("<main>")[2]
    shown = re.findall(r'<section id="([^"]*)"', body)
    nav = re.search(r"<nav.*?</nav>", page, re.DOTALL)
    assert nav is not None
    return shown, re.findall(r'<a href="#([^"]*)">([^<]*)</a>', nav[0])


def figures(page):
    """Figures that the page holds, by name."""
    found = re.findall(r'<script type="application/json" id="fig-(.*?)">(.*?)</script>', page, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


@pytest.fixture(scope="module")
def report():
    return synthetic.report()


def test_the_page_and_its_navigation_follow_the_table(report):
    shown, nav = anchors(render(report))
    ids = [one.id for one in SECTIONS]
    assert shown == [one for one in ids if one in shown]
    assert [anchor for anchor, _ in nav] == shown
    assert {"findings", "map", "moves", "chain", "price", "earns", "claims", "ledger"} <= set(shown)
    assert dict(nav)["map"] == "Map"
    assert not {"time", "tension", "predictions", "patterns", "rests"} & set(shown)
    backwards, nav = anchors(render(report, SECTIONS[::-1]))
    assert backwards == shown[::-1] == [anchor for anchor, _ in nav]


def test_each_template_of_a_section_has_an_entry():
    assert {one.template for one in SECTIONS} == set((TEMPLATES / "sections").iterdir())


def test_wide_tables_scroll_in_a_box_of_their_own():
    """So that on a narrow screen the page itself does not scroll sideways."""
    for path in TEMPLATES.rglob("*.j2"):
        boxes = re.findall(r'(<div class="(?:scroll|tall)">)?\s*<table', path.read_text("utf-8"))
        assert all(boxes), path.name


def test_a_tick_near_the_end_of_an_axis_is_marked_so_that_its_text_stays_on_the_page():
    chart = {
        "ticks": [(50.0, "$50"), (95.0, "$95")],
        "wide": (1, 9),
        "half": (2, 5),
        "middle": 4,
        "sides": [None],
    }
    side = {"words": "One", "sources": "A", "sentences": [], "note": ""}
    group = {"id": "pay", "title": "How much?", "text": "So.", "sides": [side], "chart": chart}
    text = fill(
        environment(),
        TEMPLATES / "sections" / "disagreements.html.j2",
        "the section",
        {
            "groups": [group],
            "unweighed": [],
            "claims": [],
            "outline": "",
            "checks": [],
            "colours": ["#fff"] * 5,
        },
    )
    assert '<span style="left:50.0%">$50</span>' in text
    assert '<span class="end" style="left:95.0%">$95</span>' in text


def test_a_section_from_outside_stands_where_it_is_put(report):
    page = render(report, (*SECTIONS[:2], OUTSIDE, *SECTIONS[2:]))
    shown, nav = anchors(page)
    assert shown[:4] == ["findings", "map", "modes-of-export", "moves"]
    assert nav[2] == ("modes-of-export", "Modes")
    assert "<h2>Exports &amp; modes</h2>" in page
    assert "Tonnes that leave Peru in the baseline, by mode. The heaviest: small plane." in page
    assert 'data-fig="modes-of-export"' in page
    drawn = figures(page)["modes-of-export"]
    assert drawn["data"][0]["y"][-1] == "small plane"
    content = OUTSIDE.make(report, report.names)
    assert content is not None
    assert len(content.drawings["modes-of-export"].figure().data) == 1
    assert set(figures(page)) - set(figures(render(report))) == {"modes-of-export"}


def test_a_section_with_nothing_to_show_is_neither_on_the_page_nor_in_the_navigation(report):
    shown, nav = anchors(render(report, (*SECTIONS, section(make=lambda report, names: None))))
    assert "extra" not in shown
    assert "extra" not in dict(nav)


def test_a_template_may_be_a_file_that_uses_what_the_page_has(report, tmp_path):
    path = tmp_path / "extra.html.j2"
    path.write_text(
        '{% from "tabs.html.j2" import tabs with context %}{{ tabs("Question") }}'
        "<p>{{ text }}, {{ 1234.5|amount }}, {{ report.draws }} draw, {{ home }}</p>",
        encoding="utf-8",
    )
    made = section(template=path, make=lambda report, names: Content(data={"text": "<b>"}, title="Late"))
    target = write_report(report, tmp_path / "report.html", (made,))
    page = target.read_text("utf-8")
    assert "<p>&lt;b&gt;, 1,234, 1 draw, Peru</p>" in page
    assert page.count('role="tab"') == len(report.questions)
    assert anchors(page) == (["extra"], [("extra", "Late")])
    assert "<h2>Late</h2>" in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ""}, "'' cannot be the id of a section"),
        ({"id": "My section"}, "'My section' cannot be the id of a section"),
        ({"title": " "}, "'extra' has no title: write the heading"),
        (
            {"template": TEMPLATES / "none.html.j2"},
            r"'extra' has no template: .*none\.html\.j2",
        ),
        ({"template": ""}, "which has no tags; give the path of a file"),
        ({"template": "extra.html.j2"}, "is the text 'extra.html.j2', which has no tags; give the path"),
        ({"make": None}, "'extra' has no function"),
    ],
)
def test_a_half_made_entry_is_an_error_where_it_is_written(changes, message):
    with pytest.raises(ValueError, match=message):
        section(**changes)


@pytest.mark.parametrize(
    ("others", "changes", "message"),
    [
        (SECTIONS, {"id": "claims"}, "two sections of the report have the id 'claims'"),
        (
            SECTIONS,
            {"make": lambda report, names: Content(drawings={"ladder": Drawing({})})},
            "the sections 'price' and 'extra' both have a figure of the name 'ladder'",
        ),
        (
            (),
            {"make": lambda report, names: Content(data={"report": 1})},
            "'extra' has data of the name 'report', which every template has",
        ),
        (
            (),
            {"template": "<p>{{ missing }}</p>"},
            "the template of the section 'extra' cannot be filled: 'missing' is undefined",
        ),
        (
            (),
            {"template": "<p>\n{% if %}</p>"},
            "template of the section 'extra', line 2 cannot be filled",
        ),
    ],
)
def test_what_clashes_or_lacks_is_named(report, others, changes, message):
    with pytest.raises(ValueError, match=message):
        render(report, (*others, section(**changes)))


def test_data_of_a_report_are_given_by_name(report):
    with pytest.raises(TypeError):
        ReportData(report.case, report.base, report.answers, report.claims, report.meta)
    assert replace(report, answers=()).questions == ()
