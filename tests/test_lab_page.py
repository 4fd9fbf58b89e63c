"""The lab in a real browser: by keyboard and address, at two widths, in two languages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from browser import NOWHERE, TWICE, browser, faults, needs_chromium, violations
from contraflow._numbers import significant
from contraflow.case.load import data
from lab_server import QUIET, served, wait_for

pytestmark = needs_chromium

QUERY = "radar=2&interceptors=4"
OPEN_ALL = "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
SETTLED = "() => !document.getElementById('answer').classList.contains('old')"


@pytest.fixture(scope="module")
def site(example_laplace):
    with served("example", lambda _case, _say: example_laplace) as found:
        yield found


@contextmanager
def page_of(site, query="", *, width=1280, scripts=True, dark=False, **more) -> Iterator:
    """A page of the lab, with the addresses that it asks for and what its console says."""
    context = browser().new_context(
        viewport={"width": width, "height": 844 if width < 600 else 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        accept_downloads=True,
        **more,
    )
    page = context.new_page()
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(f"{site[0]}?{query}")
    if scripts:
        page.wait_for_function(QUIET)
    try:
        yield page
        assert page.said == []
        assert {re.match(r"(blob:)?(\w+://[^/]+|data:)", url)[2] for url in page.asked} <= {
            site[0].rsplit("/", 1)[0], "data:"
        }  # fmt: skip
    finally:
        context.close()


def settled(page):
    page.wait_for_function(SETTLED)
    page.wait_for_function(QUIET)


def numbers(page):
    """The figures of the answer as they are read."""
    return re.findall(r"[\d.,]+ → [\d.,]+", page.locator("#fig-figures").text_content())


def test_a_lever_moves_by_keyboard_alone_and_the_answer_follows(site, example_laplace):
    with page_of(site) as page:
        before = page.locator("#sentence").text_content()
        for _press in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "lever-interceptors":
                break
        else:
            pytest.fail("the lever cannot be reached by the tab key")
        for _press in range(4):
            page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.getElementById('answer').classList.contains('old') === false"
                               " && location.search.includes('interceptors=4')")  # fmt: skip
        settled(page)
        assert page.locator("#sentence").text_content() != before
        truth = example_laplace.respond({"interceptors": 4.0}).summary().loc["exports", "figure"]
        assert numbers(page)[0].endswith(f"→ {significant(float(truth))}")
        assert page.evaluate("document.activeElement.id") == "lever-interceptors"


def test_every_control_can_be_reached_by_the_tab_key(site):
    with page_of(site, QUERY) as page:
        page.evaluate(OPEN_ALL)
        page.wait_for_function(QUIET)
        wanted = page.evaluate(
            """() => { const names = new Set();
            for (const e of document.querySelectorAll('a[href], button, input, summary, textarea, select'))
              if (e.type !== 'hidden' && e.checkVisibility() && !(e.type === 'radio' && !e.checked)) {
                e.dataset.own = names.size; names.add(e.dataset.own); }
            return [...names]; }"""
        )
        page.evaluate("document.activeElement.blur()")
        reached = set()
        for _press in range(3 * len(wanted)):
            page.keyboard.press("Tab")
            own = page.evaluate("document.activeElement.dataset ? document.activeElement.dataset.own : null")
            reached.add(own)
        assert set(wanted) <= reached


def test_dots_follow_while_a_lever_moves_and_the_old_intervals_stay(site):
    with page_of(site, QUERY) as page:
        held = []

        def hold(route):
            held.append(route)

        page.route("**/answer?**", hold)
        ranges = page.locator("g.range").first.inner_html()
        dot = page.locator("#fig-figures g.now").first.inner_html()
        page.locator("#lever-radar").focus()
        page.keyboard.press("Home")
        page.wait_for_function(
            "was => document.querySelector('#fig-figures g.now').innerHTML !== was", arg=dot
        )
        assert page.locator("#answer.old").count() == 1
        assert page.locator("g.range").first.inner_html() == ranges
        wait_for(lambda: bool(held) or page.wait_for_timeout(50))
        held[-1].continue_()
        settled(page)
        assert page.locator("g.range").first.inner_html() != ranges


def test_a_shared_address_gives_the_same_after_a_reload(site):
    with page_of(site) as page:
        page.locator("#lever-radar").focus()
        page.keyboard.press("End")
        page.wait_for_function("() => location.search.includes('radar=4')")
        settled(page)
        address, shown, sentence = page.url, numbers(page), page.locator("#sentence").text_content()
        assert page.locator("#share").input_value() == address
        page.reload()
        page.wait_for_function(QUIET)
        assert (numbers(page), page.locator("#sentence").text_content()) == (shown, sentence)
        assert page.locator("#lever-radar").input_value() == "4"
    with page_of(site, address.partition("?")[2], scripts=False) as page:
        assert (numbers(page), page.locator("#sentence").text_content()) == (shown, sentence)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("code", ["en", "es"])
def test_nothing_is_cut_overprinted_or_wider_than_the_page(site, width, code):
    for query in (f"{QUERY}&lang={code}", f"{QUERY}&vs=radar%3D4&tour=2&lang={code}"):
        with page_of(site, query, width=width) as page:
            page.evaluate(OPEN_ALL)
            page.wait_for_function(QUIET)
            assert faults(page) == {}
            assert page.evaluate(NOWHERE) == []
            assert page.evaluate(TWICE) == []
            assert page.evaluate("document.documentElement.lang") == code


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("code", "width"), [("en", 1280), ("es", 390)])
def test_axe_finds_nothing(site, code, width, dark):
    with page_of(site, f"{QUERY}&vs=radar%3D4&tour=1&lang={code}", width=width, dark=dark) as page:
        page.evaluate(OPEN_ALL)
        page.wait_for_function(QUIET)
        assert violations(page) == []


def test_on_a_phone_the_answer_comes_first_and_fingers_find_the_controls(site):
    with page_of(site, QUERY, width=390) as page:
        box = page.locator("#sentence").bounding_box()
        assert box["y"] + box["height"] < 844
        small = page.evaluate(
            """() => [...document.querySelectorAll('.levers input:not([type=hidden]), .button, button')]
            .filter(e => e.checkVisibility() && e.type !== 'radio' && e.getBoundingClientRect().height < 43.5)
            .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert [one for one in small if "data-copy-figure" not in one and "data-png" not in one] == []
        page.locator("#lever-strip-demolition").scroll_into_view_if_needed()
        sticky = page.locator("#sticky").bounding_box()
        assert sticky["y"] >= 0
        assert sticky["y"] + sticky["height"] < 140


def test_without_scripts_the_page_is_a_form(site):
    with page_of(site, "", scripts=False) as page:
        page.locator("#lever-radar").focus()
        page.keyboard.press("End")
        page.locator("button.scriptless").click()
        assert "radar=4" in page.url
        assert "Radar coverage: 4" in page.locator("#answer").text_content()


def test_a_policy_is_kept_and_compared(site, example_laplace):
    with page_of(site, QUERY) as page:
        page.get_by_text("Keep as A, and compare").click()
        page.wait_for_load_state()
        page.locator("#lever-interceptors").focus()
        page.keyboard.press("End")
        page.wait_for_function("() => location.search.includes('interceptors=8')")
        settled(page)
        a, b = ({"radar": 2.0, "interceptors": level} for level in (4.0, 8.0))
        row = example_laplace.respond(b).compare(example_laplace.respond(a)).summary().loc["exports"]
        told = page.locator("#fig-figures").text_content()
        assert f"A: {significant(float(row['before']))}; B against A:" in told
        assert page.locator("#fig-figures g.other").count() >= 4


def test_a_belief_is_fitted_and_moves_the_answer(site):
    with page_of(site, QUERY) as page:
        before = numbers(page)
        page.locator(".beliefs > summary").click()
        side = page.locator(".beliefs input[type=radio]:not([value=''])").first
        side.focus()
        page.keyboard.press("Space")
        page.wait_for_function("() => location.search.includes('believe.')")
        settled(page)
        assert "If you believe:" in page.locator("#answer").text_content()
        assert numbers(page) != before
        page.locator(".beliefs input[value='']").first.check()
        page.wait_for_function("() => !location.search.includes('believe.')")
        settled(page)
        assert numbers(page) == before


def test_the_tour_is_walked_by_keyboard(site):
    with page_of(site) as page:
        page.get_by_role("link", name="A tour in five steps").focus()
        page.keyboard.press("Enter")
        steps = []
        for number in range(1, 6):
            page.wait_for_selector(f".tour h2:has-text('{number} of')")
            page.wait_for_function(QUIET)
            steps.append(page.locator(".tour").text_content())
            assert page.locator("#sentence").count() == 1
            if number < 5:
                page.locator("#tour-next").focus()
                page.keyboard.press("Enter")
        assert len(set(steps)) == 5
        page.get_by_role("link", name="End the tour").click()
        page.wait_for_function("() => !document.querySelector('.tour')")


def test_views_questions_and_panels_open(site):
    with page_of(site, QUERY) as page:
        difference = page.locator("#fig-map-map .fig").inner_html()
        page.locator("input[name=view][value=after]").check()
        page.wait_for_function("() => location.search.includes('view=after')")
        page.wait_for_function(QUIET)
        assert page.locator("#fig-map-map .fig").inner_html() != difference
        assert page.locator("input[name=view][value=after]").is_checked()
        page.locator("#questions > summary").click()
        page.wait_for_selector("#questions li span")
        page.locator("#panel-time > summary").click()
        page.wait_for_selector("#fig-time-path")
        page.locator("#questions a").first.click()
        page.wait_for_function(QUIET)
        assert page.locator(".control.moved").count() >= 1


def test_figures_are_taken_away(site):
    with page_of(site, QUERY) as page:
        page.locator("#answer .take summary").click()
        for name, begins in (("SVG", b"<svg"), ("CSV", b"figure,unit")):
            with page.expect_download() as caught:
                page.locator("#answer .take").get_by_text(name, exact=True).click()
            assert caught.value.path().read_bytes().startswith(begins)
        with page.expect_download() as caught:
            page.locator("#answer .take").get_by_text("PNG", exact=True).click()
        assert caught.value.suggested_filename == "figures.png"
        picture = caught.value.path().read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 10_000


def test_hostile_texts_do_nothing(tmp_path):
    folder = tmp_path / "hostile"
    shutil.copytree(data() / "example", folder)
    file = folder / "case.toml"
    hostile = "<img src=x onerror=\"document.title='caught'\"><script>document.title='caught'</script>"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^title = .*$", f"title = '''{hostile}'''", text, count=0), encoding="utf-8")
    with served(folder, lambda case, _say: case.central_values()) as site, page_of(site, QUERY) as page:
        page.evaluate(OPEN_ALL)
        page.wait_for_function(QUIET)
        assert page.title() != "caught"
        assert page.locator("img").count() == 0
        assert hostile.partition("'")[0] in page.locator("h1").text_content()


def test_a_server_that_has_gone_is_told_and_nothing_is_lost(example_laplace):
    with served("example", lambda _case, _say: example_laplace) as site:
        context = browser().new_context()
        page = context.new_page()
        page.goto(f"{site[0]}?{QUERY}")
        page.wait_for_function(QUIET)
        page.context.set_offline(True)
        page.locator("#lever-radar").focus()
        page.keyboard.press("End")
        page.wait_for_selector("#news:not([hidden])")
        assert "does not answer" in page.locator("#news").text_content()
        assert "radar=4" in page.url
        page.context.set_offline(False)
        page.locator("#news button").click()
        page.wait_for_function(QUIET)
        assert "Radar coverage: 4" in page.locator("#answer").text_content()
        context.close()
