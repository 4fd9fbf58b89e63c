"""The tables of sections and parts: whole entries, one page made of them, and sections from outside."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import section_from_outside
import synthetic
from contraflow.report.data import ReportData
from contraflow.report.document import render, write_report
from contraflow.report.jinja import TEMPLATES
from contraflow.report.section import Content, Part, Section
from contraflow.report.sections.registry import CHAPTERS, PARTS, SECTIONS
from contraflow.report.shown_table import ShownTable

OUTSIDE = section_from_outside.SECTION


def nothing(report, names):
    """The content of a section that is only text."""
    return Content()


def section(**changes):
    given = {
        "chapter": "method",
        "id": "extra",
        "title": "Extra",
        "template": "<p>More.</p>",
        "make": nothing,
    }
    return Section(**given | changes)


def shown(page):
    """Ids of the sections in the order of the page, each with its heading."""
    found = re.findall(r'<(?:details|section) class="section" id="([^"]*)">(.*?)</h3>', page, re.DOTALL)
    return {address: re.sub(r"<[^>]*>", "", head).strip() for address, head in found}


def figures(page):
    """Addresses of the figures of a page."""
    return re.findall(r'<figure id="([^"]*)"', page)


@pytest.fixture(scope="module")
def report():
    return synthetic.report()


def test_the_page_follows_the_tables(report):
    page = render(report)
    ids = [one.id for one in SECTIONS]
    own = [address for address in shown(page) if address in ids]
    assert own == [one for one in ids if one in own]
    assert {"baseline", "chain", "price", "earns", "claims", "numbers", "limits"} <= set(own)
    assert not {"sides", "predictions", "patterns", "rests"} & set(own)
    for question in report.questions:
        parts = [a for a in shown(page) if a.startswith(f"{question.id}-")]
        assert parts == [f"{question.id}-{p.id}" for p in PARTS if f"{question.id}-{p.id}" in parts]
        assert f"{question.id}-figures" in parts


def test_each_chapter_that_is_not_empty_has_a_link_and_a_heading(report):
    page = render(report)
    nav = re.search(r"<nav.*?</nav>", page, re.DOTALL)
    assert nav is not None
    linked = re.findall(r'<a href="#([^"]*)">', nav[0])
    assert linked == [
        chapter for chapter, _ in CHAPTERS if f'<section class="chapter" id="{chapter}">' in page
    ]
    assert {"answers", "today", "evidence", "method"} <= set(linked)


def test_each_template_has_an_entry():
    assert {one.template for one in SECTIONS} - {p.template for p in PARTS} == set(
        (TEMPLATES / "sections").iterdir()
    )
    assert {one.template for one in PARTS} == set((TEMPLATES / "parts").iterdir())


def test_tables_have_captions_and_headers(report):
    page = render(report)
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    assert tables
    for table in tables:
        assert re.search(r"<caption[^>]*>[^<]+</caption>", table)
        assert table.count("<th scope=col>") >= 2
        assert table.count("<th scope=row>") == table.count("<tr") - 1
    assert not [path for path in TEMPLATES.rglob("*.j2") if "<table" in path.read_text("utf-8")]


def test_a_table_is_whole():
    with pytest.raises(ValueError, match="needs a caption"):
        ShownTable(caption=" ", heads=("a", "b"), rows=())
    with pytest.raises(ValueError, match="2 headers and a row of 1 cells"):
        ShownTable(caption="Of two", heads=("a", "b"), rows=(("1",),))


def test_a_long_table_can_be_scrolled_by_keyboard():
    rows = tuple((str(i), "<b>") for i in range(40))
    text = ShownTable(caption="Many", heads=("a", 'of "b"'), rows=rows, figures=(1,)).html()
    assert '<div class="tall" tabindex="0" role="group" aria-label="Many">' in text
    assert "<td>&lt;b&gt;" in text
    assert "<b>" not in text


def test_a_section_from_outside_stands_where_it_is_put(report):
    place = next(i for i, one in enumerate(SECTIONS) if one.id == "chain")
    page = render(report, (*SECTIONS[:place], OUTSIDE, *SECTIONS[place:]))
    order = list(shown(page))
    assert order[order.index("chain") - 1] == "modes-of-export"
    assert shown(page)["modes-of-export"] == "Exports &amp; modes"
    assert "Tonnes that leave Peru in the baseline, by mode. The heaviest: small plane." in page
    assert set(figures(page)) - set(figures(render(report))) == {"fig-modes-of-export-bars"}


def test_a_section_with_nothing_to_show_is_not_on_the_page(report):
    page = render(report, (*SECTIONS, section(make=lambda report, names: None)))
    assert "extra" not in shown(page)


def test_a_template_may_be_a_file_that_uses_what_the_page_has(report, tmp_path):
    path = tmp_path / "extra.html.j2"
    path.write_text(
        "<p>{{ text }}, {{ 1234.5|amount }}, {{ report.draws }} draw, {{ names.home }}</p>", encoding="utf-8"
    )
    made = section(template=path, make=lambda report, names: Content(data={"text": "<b>"}, title="Late"))
    page = write_report(report, tmp_path / "report.html", (made,)).read_text("utf-8")
    assert "<p>&lt;b&gt;, 1,234, 1 draw, Peru</p>" in page
    assert shown(page)["extra"] == "Late"


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
        (SECTIONS, {"id": "claims"}, "two entries of the report have the id 'claims'"),
        ((), {"chapter": "none"}, "belongs to the chapter 'none', which the page does not have"),
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
            {"template": '{{ figure("none") }}'},
            "the section 'extra' shows the figure 'none', which its content does not have",
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


def test_a_part_from_outside_stands_in_each_answer(report):
    mine = Part(
        id="title", title="Its title", template="<p>{{ asked }}</p>",
        make=lambda report, names, number: Content(data={"asked": report.questions[number].title}),
    )  # fmt: skip
    page = render(report, parts=(*PARTS, mine))
    for question in report.questions:
        assert shown(page)[f"{question.id}-title"] == "Its title"


def test_data_of_a_report_are_given_by_name(report):
    with pytest.raises(TypeError):
        ReportData(report.case, report.base, report.answers, report.claims, report.meta)
    assert replace(report, answers=()).questions == ()
