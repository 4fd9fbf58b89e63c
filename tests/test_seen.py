"""Reports as they are seen: at a desk's and a phone's width, in the dark, printed, without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

import synthetic
from browser import NOWHERE, TWICE, WIDTHS, expect_whole, faults, needs_chromium, opened, violations
from contraflow._language import in_language
from contraflow.report.document import write_report

pytestmark = needs_chromium


@pytest.fixture(scope="module", params=["en", "es"])
def file(request, tmp_path_factory):
    """A report of an invented economy, with draws."""
    with in_language(request.param):
        return write_report(synthetic.report(draws=40), tmp_path_factory.mktemp("page") / "report.html")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_or_overprinted(file, width):
    with opened(file, width=width) as page:
        assert faults(page) == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(file, dark):
    with opened(file, width=1280, dark=dark) as page:
        assert violations(page) == []


def test_a_page_asks_for_nothing_but_itself(file):
    with opened(file, width=1280) as page:
        assert page.noted == [file.as_uri()] or page.noted == []


def test_addresses_lead_where_they_say(file):
    with opened(file, width=1280) as page:
        assert page.evaluate(NOWHERE) == []
        assert page.evaluate(TWICE) == []


def test_an_address_inside_a_fold_opens_it(file):
    with opened(file, width=1280, unfold=False) as page:
        page.evaluate("location.hash = document.querySelector('details tr[id^=claim-]').id")
        page.wait_for_function("document.querySelector(':target').closest('details').open")
        assert page.locator(":target").is_visible()


def test_a_phone_shows_an_answer_on_its_first_screen(file):
    for width in WIDTHS:
        with opened(file, width=width, unfold=False) as page:
            box = page.locator(".front .lead").bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < page.viewport_size["height"]
            assert page.locator(".front .sure li").first.bounding_box()["y"] < page.viewport_size["height"]


def test_a_page_without_scripts_still_shows_its_figures(file):
    with opened(file, width=1280, scripts=False) as page:
        assert page.locator("#fig-front svg").is_visible()
        page.locator("ol.answers summary").first.click()
        assert page.locator("ol.answers .fig svg").first.is_visible()


def test_a_printed_page_loses_nothing(file):
    with opened(file, width=720) as page:
        page.emulate_media(media="print")
        assert faults(page) == {}
        assert len(page.pdf()) > 10_000


FINISHED = sorted((Path(__file__).parents[1] / "docs" / "reports").glob("*.html"))


@pytest.mark.parametrize("report", FINISHED, ids=lambda path: path.stem)
def test_a_finished_report_is_whole_on_desk_and_phone(report):
    """Those of the documentation: of a shipped case, in both languages, with all folds open."""
    assert report.stat().st_size <= 2_000_000
    expect_whole(report)
