"""The handout: every number is that of the lab, and the page works anywhere, with and without scripts."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import contraflow
from browser import NOWHERE, TWICE, WIDTHS, faults, needs_chromium, opened, violations
from contraflow._language import in_language
from contraflow._numbers import plain_number, significant
from contraflow.case.load import locate
from contraflow.cli import app
from contraflow.errors import ConvergenceError
from contraflow.lab import Lab, OpenCase
from contraflow.policy.policy import Lever, levers_of
from contraflow.report.draw.relative_changes import range_in_percent
from contraflow.results import tables
from contraflow.server.handout import PolicyGrid, grid_levels, measures_of, render_handout
from contraflow.server.screen import FOUR, MOST, cost
from contraflow.text.answer_sentences import tell_in_short
from contraflow.text.names import plain, shown_names

DATE = "2014-05-01"
PAIR = ("radar", "interceptors")
SHOWN = "document.querySelector('article.shown').id"


def grid(lab: Lab, count: int = 2) -> PolicyGrid:
    return PolicyGrid(levers=measures_of(lab.case), pairs=(PAIR,), count=count)


@pytest.fixture(scope="module")
def text(example_laplace):
    """The handout of the example."""
    return render_handout(example_laplace, "example", grid(example_laplace), DATE)


@pytest.fixture(scope="module")
def page(text, tmp_path_factory):
    """The same as a file."""
    return saved(text, tmp_path_factory.mktemp("handout"))


def saved(text: str, folder: Path) -> Path:
    file = folder / "handout.html"
    file.write_text(text, encoding="utf-8")
    return file


def answers(text: str) -> dict[str, str]:
    """Each answer by its address."""
    return dict(re.findall(r'<article id="([^"]+)">(.*?)</article>', text, re.DOTALL))


def words(markup: str) -> str:
    """What is read of markup."""
    return unescape(re.sub(r"<[^>]+>", "", markup))


def policy_of(address: str) -> dict[str, float]:
    parts = [part.partition("=") for part in address.split(";") if "=" in part]
    return {name: float(level) for name, _sign, level in parts}


def test_every_number_is_that_of_the_lab(text, example_laplace):
    lab, names = example_laplace, shown_names(example_laplace.case)
    base = lab.baseline()
    found = answers(text)
    assert len(found) > 12
    for address, answer in found.items():
        outcome = lab.respond(policy_of(address), alternatives=False) if address != "today" else base
        pair = outcome.compare(base).data
        rows = plain(tables.headline(*pair))
        figures = [rows[key] for key in FOUR if key in rows and rows[key]["before"]][:MOST]
        assert len(figures) == MOST
        shown = re.findall(r">([^<>]*→[^<>]*)<", answer)
        moved = [r for r in figures if any(r[end] for end in ("change", "change_5", "change_95"))]
        assert [one.strip() for one in shown] == [
            f"{significant(r['before'])} → {significant(r['after'])}" for r in moved
        ]
        assert all(significant(r["before"]) in words(answer) for r in figures)
        for row in figures:
            assert range_in_percent(row) in words(answer)
        assert cost(rows) in words(answer)
        if address != "today":
            for sentence in tell_in_short(*pair, names, rows):
                assert sentence in words(answer)


def test_today_questions_levels_and_pairs_are_answered(text, example_laplace):
    case, found = example_laplace.case, answers(text)
    today = dict(zip(levers_of(case), example_laplace.responder.levers.baseline.tolist(), strict=True))
    assert next(iter(found)) == "today"
    policies = [policy_of(address) for address in found]
    for question in case.info.questions:
        assert dict(question.policy) in policies
        address = re.search(rf'<a href="#([^"]+)">{re.escape(question.title)}</a></li>', text)
        assert address is not None
        assert policy_of(address[1]) == dict(question.policy)
    alone: dict[str, set[float]] = {name: set() for name in case.measures}
    for policy in policies:
        if len(policy) == 1:
            ((name, level),) = policy.items()
            alone[name].add(level)
    asked = [q.policy for q in case.info.questions]
    for name, levels in alone.items():
        own = levels - {q[name] for q in asked if set(q) == {name}}
        assert today[name] not in levels
        assert len(own | levels) >= 2
        assert {0.0, case.parameters[case.measures[name].maximum].value} - {today[name]} <= levels
    together = [policy for policy in policies if set(policy) == set(PAIR)]
    assert len({tuple(policy.items()) for policy in together}) == len(together) >= 4
    assert not any(lever.is_change and lever.id in text for lever in levers_of(case).values())


@pytest.mark.parametrize(
    ("today", "count", "expected"),
    [
        (0.0, 4, (0, 10, 20, 30, 40)),
        (40.0, 4, (0, 10, 20, 30, 40)),
        (12.0, 4, (0, 12, 20, 30, 40)),
        (3.0, 4, (0, 3, 20, 30, 40)),
        (20.0, 4, (0, 10, 20, 30, 40)),
        (0.0, 1, (0, 40)),
        (30.0, 1, (0, 30)),
        (0.0, 3, (0, 13, 27, 40)),
    ],
)
def test_levels_are_spread_from_lowest_to_highest(today, count, expected):
    lever = Lever("posts", "Posts", "posts", 0.0, 40.0)
    assert grid_levels(lever, today, 1.0, count) == expected


def test_levers_of_markets_go_as_far_as_in_the_lab_and_a_lever_that_cannot_move_stays():
    market = Lever("demand:x", "Demand", "", -0.99, 9.0, is_change=True)
    assert grid_levels(market, 0.0, 0.01, 4) == (-0.99, -0.49, 0.0, 0.5, 1.0)
    assert grid_levels(Lever("still", "Still", "", 0.0, 0.0), 0.0, 1.0, 4) == (0.0,)


def test_only_named_levers(example_laplace):
    market = next(name for name, lever in levers_of(example_laplace.case).items() if lever.is_change)
    text = render_handout(example_laplace, "example", PolicyGrid(levers=(market,), count=1), DATE)
    asked = [set(policy_of(address)) for address in answers(text)]
    questions = [set(q.policy) for q in example_laplace.case.info.questions]
    assert [one for one in asked if one and one not in questions] == [{market}]
    assert re.findall(r'<input type="range" id="lever-([^"]+)"', text) == [market]


def test_a_policy_without_equilibrium_has_its_sentence(example_laplace, monkeypatch, tmp_path):
    respond = Lab.respond

    def none(self, policy, *args, **named):
        if policy == {"radar": 4.0}:
            raise ConvergenceError("No equilibrium was found in any of <100> draws.")
        return respond(self, policy, *args, **named)

    monkeypatch.setattr(Lab, "respond", none)
    text = render_handout(example_laplace, "example", PolicyGrid(levers=("radar",), count=2), DATE)
    answer = words(answers(text)["radar=4"])
    assert "The model has no answer to this policy. No equilibrium was found in any of <100> draws." in answer
    assert "→" not in answer


def test_what_a_measure_lacks_stands_with_its_answer(text, example_laplace):
    case = example_laplace.case
    (row, *_more) = case.requirements.values()
    alone = next(a for address, a in answers(text).items() if set(policy_of(address)) == {row.measure})
    sentence = re.search(r'<p class="lacks">(.*?)</p>', alone)
    assert sentence is not None
    assert case.measures[row.requires].name in words(sentence[1])


def test_what_it_is_stands_once(text, example_laplace):
    info = example_laplace.case.info
    assert f"<title>{info.title} – Contraflow</title>" in text
    for once in (info.licence, DATE, example_laplace.case.fingerprint, "On what?", "To cite:"):
        assert once in text
    assert text.count("class=key") == text.count("On what?") == 1
    assert len(text) < 400e3


def test_the_record_stands_once_and_outside_of_answers(peru):
    text = render_handout(peru, "peru", PolicyGrid(levers=("radar",), count=1), DATE)
    assert text.count("How often right?") == 1
    assert not any("How often right?" in answer for answer in answers(text).values())
    assert "contraflow serve peru" in text


def test_it_says_nothing_of_the_folder_of_a_case_of_ones_own(example_laplace):
    text = render_handout(example_laplace, "/home/me/secret", PolicyGrid(levers=("radar",), count=1), DATE)
    assert "/home/me" not in text


def test_numbers_and_texts_are_in_the_language_of_the_reader(example_laplace):
    with in_language("es"):
        text = render_handout(
            example_laplace, "example", PolicyGrid(levers=("road-checkpoints",), count=1), DATE
        )
        outcome = example_laplace.respond({"road-checkpoints": 30.0}, alternatives=False)
        pair = outcome.compare(example_laplace.baseline()).data
        rows = plain(tables.headline(*pair))
        told = tell_in_short(*pair, shown_names(example_laplace.case), rows)
        price = f"{significant(rows['local price']['before'])} → {significant(rows['local price']['after'])}"
    assert '<html lang="es">' in text
    answer = words(answers(text)["road-checkpoints=30"])
    assert told[0] in answer
    assert price in answer
    assert (
        price != f"{significant(rows['local price']['before'])} → {significant(rows['local price']['after'])}"
    )


HOSTILE = "</title></script><script>document.title='taken'</script><img src=x onerror=alert(1)>\"'"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The handout of a case whose texts are markup."""
    folder = tmp_path_factory.mktemp("hostile") / "case"
    shutil.copytree(locate("example"), folder)
    file = folder / "case.toml"
    bad = HOSTILE.replace('"', '\\"')
    text = re.sub(r'(?m)^(title|summary) = ".*"$', lambda m: f'{m[1]} = "{bad}"', file.read_text("utf-8"))
    file.write_text(text, encoding="utf-8")
    for name in ("measures", "places"):
        table = folder / f"{name}.csv"
        head, *rows = table.read_text("utf-8").splitlines()
        at = head.split(",").index("name")
        quoted = '"' + HOSTILE.replace('"', '""') + '"'
        cells = [row.split(",") for row in rows]
        changed = [",".join([*row[:at], quoted, *row[at + 1 :]]) for row in cells]
        table.write_text("\n".join([head, *changed, ""]), encoding="utf-8")
    lab = contraflow.load(str(folder)).central_values()
    return render_handout(lab, str(folder), PolicyGrid(levers=PAIR, pairs=(PAIR,), count=1), DATE)


def test_text_of_a_case_stays_text(hostile, text):
    assert hostile.count("<script") == text.count("<script") == 1
    assert hostile.count("</script") == 1
    assert "<img" not in hostile
    assert hostile.count("&lt;img") > 20


@needs_chromium
def test_hostile_text_does_nothing_in_a_browser(hostile, tmp_path):
    file = saved(hostile, tmp_path)
    with opened(file, width=1280) as shown:
        assert shown.title() != "taken"
        assert shown.noted == [file.as_uri()]
        assert shown.evaluate("document.images.length") == 0


def move(shown, lever: str, key: str = "ArrowRight") -> None:
    """Move a lever by keyboard alone: tab from the top of the page until it has the focus."""
    shown.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    for _ in range(200):
        shown.keyboard.press("Tab")
        if shown.evaluate("document.activeElement.id") == f"lever-{lever}":
            shown.keyboard.press(key)
            return
    raise AssertionError(f"no way to {lever} by keyboard")


def lead(shown) -> str:
    found: str = shown.inner_text("article.shown .lead")
    return found


@needs_chromium
@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_whole_in_a_browser_and_asks_for_nothing(page, width):
    with opened(page, width=width) as shown:
        assert faults(shown) == {}
        assert shown.evaluate(NOWHERE) == []
        assert shown.evaluate(TWICE) == []
        assert violations(shown) == []
        assert shown.noted == [page.as_uri()]
        assert shown.evaluate(SHOWN) == "today"
        assert shown.locator("article:visible").count() == 1
        assert shown.is_visible("#standing")


@needs_chromium
def test_it_is_clean_in_the_dark_too(page):
    with opened(page, width=1280, dark=True) as shown:
        assert violations(shown) == []


@needs_chromium
@pytest.mark.parametrize("width", WIDTHS)
def test_without_scripts_it_is_a_document(page, text, width):
    with opened(page, width=width, scripts=False) as shown:
        assert shown.locator("article:visible").count() == len(answers(text))
        assert shown.locator("input:visible").count() == 0
        assert shown.noted == [page.as_uri()]
        wide = shown.locator("body").bounding_box()
        assert wide is not None
        assert wide["width"] <= width
        shown.locator(".group summary").first.click()
        shown.locator(".levels a:visible").first.click()
        assert "=" in shown.url


@needs_chromium
def test_levers_are_moved_by_keyboard_alone(page, text):
    with opened(page, width=1280) as shown:
        before = lead(shown)
        move(shown, "strip-demolition")
        address = shown.evaluate(SHOWN)
        assert set(policy_of(address)) == {"strip-demolition"}
        assert lead(shown) != before
        assert lead(shown) == words(re.search(r'class="lead">(.*?)</p>', answers(text)[address])[1])
        assert shown.url.endswith(f"#{address}")
        assert shown.inner_text("#said") == lead(shown)
        label = shown.get_attribute("#lever-strip-demolition", "aria-valuetext")
        assert label == shown.inner_text("article.shown [data-lever='strip-demolition']")
        shown.keyboard.press("ArrowLeft")
        assert shown.evaluate(SHOWN) == "today"


@needs_chromium
def test_other_levers_go_back_but_for_pairs(page):
    with opened(page, width=1280) as shown:
        move(shown, "strip-demolition")
        move(shown, "radar")
        assert set(policy_of(shown.evaluate(SHOWN))) == {"radar"}
        assert shown.get_attribute(".moved", "data-of") == "radar"
        assert shown.locator(".moved").count() == 1
        move(shown, "interceptors")
        assert set(policy_of(shown.evaluate(SHOWN))) == set(PAIR)
        move(shown, "interceptors", "Home")
        assert set(policy_of(shown.evaluate(SHOWN))) == {"radar"}


@needs_chromium
def test_the_address_is_the_state(page, text, example_laplace):
    question = example_laplace.case.info.questions[0]
    turned = ";".join(f"{n}={plain_number(v)}" for n, v in reversed(question.policy.items()))
    with opened(page, width=390) as shown:
        shown.locator(".questions a").first.click()
        assert policy_of(shown.evaluate(SHOWN)) == dict(question.policy)
        assert shown.inner_text("article.shown h2") == question.title
        assert shown.locator(".questions [aria-current]").inner_text() == question.title
        told = lead(shown)
        shown.reload()
        assert lead(shown) == told
        shown.evaluate("location.hash = 'today'")
        shown.wait_for_function(f"{SHOWN} === 'today'")
        shown.evaluate(f"location.hash = '{turned}'")
        shown.wait_for_function(f"{SHOWN} !== 'today'")
        assert lead(shown) == told
        shown.go_back()
        shown.wait_for_function(f"{SHOWN} === 'today'")
        assert not shown.is_visible("#nowhere")
        for unknown in ("radr=1", "%E0%A4%A", "radar=1e9"):
            shown.evaluate(f"location.hash = '{unknown}'")
            shown.wait_for_selector("#nowhere:visible")
            assert shown.evaluate(SHOWN) == "today"
            shown.evaluate("location.hash = 'today'")
            shown.wait_for_selector("#nowhere", state="hidden")


@needs_chromium
def test_print_shows_the_answer_that_is_shown(page):
    with opened(page, width=1280) as shown:
        move(shown, "radar")
        shown.emulate_media(media="print")
        assert shown.locator("article:visible").count() == 1
        assert shown.is_visible("#standing")
        assert not shown.is_visible("#levers")
        assert len(re.findall(rb"/Type\s*/Page\b", shown.pdf())) <= 3


def call(*given: object) -> Result:
    return CliRunner().invoke(app, [str(w) for w in given], env={"COLUMNS": "100"})


def test_the_command_writes_the_same_file(example_laplace, text, monkeypatch, tmp_path):
    monkeypatch.setattr(OpenCase, "calibrate", lambda self, **_: example_laplace)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1398902400")
    out = tmp_path / "new" / "handout.html"
    result = call("handout", "example", "--out", out, "--levels", 2, "--pair", ",".join(PAIR))
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("file://") == 1
    assert out.read_text(encoding="utf-8") == text


WRONG = [
    (("--measure", "radr"), "Did you mean 'radar'?"),
    (("--measure", "radar=1"), "is not a measure"),
    (("--measure", "demand:nowhere"), "is not a measure"),
    (("--pair", "radar"), "is no pair of measures"),
    (("--pair", "radar,radar"), "is no pair of measures"),
    (("--pair", "radar,interceptors,radar"), "is no pair of measures"),
    (("--pair", "radar,interceptrs"), "Did you mean 'interceptors'?"),
    (("--levels", "0"), "--levels"),
    (("--levels", "21"), "--levels"),
    (("--levels", "many"), "--levels"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[" ".join(g) for g, _said in WRONG])
def test_wrong_options_end_before_anything_is_computed(given, said, monkeypatch, tmp_path):
    monkeypatch.setattr(OpenCase, "calibrate", lambda self, **_: pytest.fail("calibrated"))
    result = call("handout", "example", "--out", tmp_path / "page.html", *given)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert not (tmp_path / "page.html").exists()


def test_a_folder_or_an_impossible_date_is_refused_before_anything_is_computed(monkeypatch, tmp_path):
    monkeypatch.setattr(OpenCase, "calibrate", lambda self, **_: pytest.fail("calibrated"))
    result = call("handout", "example", "--out", tmp_path)
    assert result.exit_code != 0
    assert "is a folder. Name a file." in result.stderr
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    result = call("handout", "example", "--out", tmp_path / "page.html")
    assert result.exit_code != 0
    assert "SOURCE_DATE_EPOCH" in result.stderr
