"""What people read, in both languages: whole, alike in its numbers, and clean of debris."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthetic
from contraflow import _numbers, errors
from contraflow._language import LANGUAGES, in_language, marks
from contraflow.analysis.posterior_predictive_checks import STATISTICS
from contraflow.case import effects
from contraflow.case.quantities import Quantity
from contraflow.history import left_out, read_episodes
from contraflow.results.explanation import Group
from contraflow.text import (
    adjustment_sentences,
    answer_sentences,
    episode_names,
    evidence_sentences,
    figure_words,
    sentences,
    side_economy_sentences,
)
from contraflow.text.episode_names import past
from contraflow.text.names import Names, shown_names
from contraflow.text.sentences import Subject
from contraflow.text.series_names import QUANTITIES

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "contraflow"

TRANSLATED = ()
"""Where every text has a translation: files and folders of the package. Empty: everywhere."""

OTHERS = tuple(code for code in LANGUAGES if code != "en")

FUNCTION_WORDS = re.compile(r"\b(?:the|of|from|by|to|and|or|with|at|which|that|than)\b", re.IGNORECASE)
"""English words that no Spanish sentence has."""

DEBRIS = re.compile(r"\bnan\b|\binf\b|\d[eE][-+−]?\d|  | [.,;:]|[{}]|\(\)|;\.|\.\.|,,")
"""What no sentence may hold: numbers that are none, exponents, gaps, braces without a value."""

CASE = synthetic.case()
DRAWS = 24


@pytest.fixture(scope="module")
def catalogue():
    """The tool that keeps the catalogues."""
    found = importlib.util.spec_from_file_location("catalogue", ROOT / "tools" / "catalogue.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def missing_texts(catalogue, code: str, where: tuple[str, ...] = TRANSLATED) -> list[str]:
    """Texts of the package, or of some of it, without a translation into a language."""
    wanted = catalogue.texts()
    lacking = set(catalogue.missing(catalogue.read(code), wanted))
    return [
        f"{file}:{line} {message.id}"
        for message in wanted
        if str(message.id) in lacking
        for file, line in message.locations
        if not where or file.startswith(where)
    ]


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_lacks_a_translation(catalogue, code):
    assert missing_texts(catalogue, code) == []


@pytest.mark.parametrize("code", OTHERS)
def test_translations_have_the_places_of_their_texts_and_no_others(catalogue, code):
    """A place may be left out, as words of a case that another language says otherwise."""
    wrong = []
    for message in catalogue.read(code):
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        known = {place for text in texts for place in re.findall(r"\{\w*\}", text)}
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        wrong += [text for text in said if set(re.findall(r"\{\w*\}", text)) - known]
    assert wrong == []


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_shown_is_compiled_from_the_catalogue(catalogue, code):
    made = catalogue.po_file(code).with_suffix(".mo").read_bytes()
    assert made == catalogue.compiled(catalogue.read(code))


def test_no_text_is_marked_where_the_catalogue_cannot_see_it():
    """Texts inside f-strings are not extracted."""
    hidden = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.JoinedStr):
                continue
            hidden += [
                f"{path.name}:{inner.lineno}"
                for inner in ast.walk(node)
                if isinstance(inner, ast.Call)
                and isinstance(inner.func, ast.Name)
                and inner.func.id in ("_", "N_", "ngettext", "pgettext")
                and inner.args
                and isinstance(inner.args[0], ast.Constant)
            ]
    assert hidden == []


def is_english(node: ast.expr) -> bool:
    """Whether an expression is a text of several words that no catalogue can translate."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(re.search(r"[a-z]{2,},? [a-z]{2,}", node.value))
    if isinstance(node, ast.JoinedStr):
        return any(is_english(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return is_english(node.left) or is_english(node.right)
    return isinstance(node, ast.IfExp) and (is_english(node.body) or is_english(node.orelse))


def test_what_is_wrong_is_told_in_the_readers_language():
    """Errors, problems of a case and notices go through the catalogue."""
    own = {name for name, found in vars(errors).items() if isinstance(found, type)}
    spoken = own - {"Problem"} | {"BadParameter", "refuse", "complain", "note"}
    english = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            parts = node.args if name in spoken else []
            if name == "Problem":
                named = (k.value for k in node.keywords if k.arg in ("message", "cure"))
                parts = [*node.args[1:3], *named]
            where = path.relative_to(SOURCE).as_posix()
            english += [f"{where}:{node.lineno} {ast.unparse(part)}" for part in parts if is_english(part)]
    assert english == []


def numbers(text: str, code: str) -> list[str]:
    """Numbers of a text, without the marks of its language."""
    decimal, group = marks(code)
    found = re.findall(r"[−+±×]?\d[\d.,]*", text.replace("\u2060", "").replace("$", ""))
    plain = [number.rstrip(".,").replace(group, "").replace(decimal, ".") for number in found]
    return sorted(plain)


def told(base, after, names: Callable[[], Names]) -> dict[str, list[str]]:
    """An answer in every language: each of its sentences."""
    said = {}
    for code in LANGUAGES:
        with in_language(code):
            answer = answer_sentences.tell(base, after, names())
            said[code] = [*answer.short, *(finding.text for finding in answer.findings)]
    return said


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (138.0, 0.088, (138.0, 0.1)),
        (0.0024, 21.0, (0.0, 21.0)),
        (312.0, 228.0, (312.0, 228.0)),
        (0, 0, (0, 0)),
    ],
)
def test_a_figure_is_no_finer_than_a_thousandth_of_that_beside_it(before, after, shown):
    row = {"before": before, "after": after, "change_5": -1.0}
    assert tuple(sentences.level(row, side) for side in ("before", "after")) == shown
    single = {"before": before, "after": after}
    assert tuple(sentences.level(single, side) for side in ("before", "after")) == (before, after)


def bare() -> Names:
    """Names without any words, so that what is left are those of the sentences."""
    names = Names({key: f"X{n}" for n, key in enumerate(shown_names(CASE))})
    names.home, names.substance, names.crop, names.harvest, names.zone = "Xh", "xs", "xc", "xl", "xz"
    names.crops = dict.fromkeys(CASE.forms, "xw")
    names.actors = dict.fromkeys(CASE.actors, "xa")
    return names


def answers() -> Iterator[tuple[str, object, object]]:
    """Outcomes before and after: of one draw and many, that fall, rise, hardly change or may do either."""
    for draws in (1, DRAWS):
        base = synthetic.outcome(draws)
        for hazard, seed in ((0.5, 7), (0.02, 8), (0.3, 9)):
            yield f"{draws}-{hazard}", base, synthetic.outcome(draws, hazard=hazard, seed=seed)
        yield f"{draws}-still", base, base


@pytest.mark.parametrize(("base", "after"), [pytest.param(b, a, id=name) for name, b, a in answers()])
def test_an_answer_has_the_same_numbers_in_both_languages_and_no_english_in_spanish(base, after):
    said = told(base, after, bare)
    assert [len(texts) for texts in said.values()] == [len(said["en"])] * len(said)
    for english, spanish in zip(said["en"], said["es"], strict=True):
        assert numbers(english, "en") == numbers(spanish, "es")
        assert english != spanish
        assert FUNCTION_WORDS.findall(spanish) == []
    for text in (text for texts in said.values() for text in texts):
        assert DEBRIS.findall(text) == []


def test_the_case_says_what_sentences_are_about():
    """Nothing is told of fields where nothing is grown, nor is any substance named but the case's own."""
    names = bare()
    names.crop = names.harvest = names.substance = ""
    base, after = synthetic.outcome(DRAWS), synthetic.outcome(DRAWS, hazard=0.5, seed=7)
    answer = answer_sentences.tell(base, after, names)
    text = " ".join([*answer.short, *(f"{f.subject}. {f.text}" for f in answer.findings)])
    assert re.search(r"cocaine|coca|leaf|valley|hectares|farm gate|pure", text) is None
    assert DEBRIS.findall(text) == []


def test_the_first_sentence_leads_with_direction_and_size_in_few_numbers():
    base, after = synthetic.outcome(DRAWS), synthetic.outcome(DRAWS, hazard=0.5, seed=7)
    first = answer_sentences.tell(base, after, shown_names(CASE)).short[0]
    assert len(re.findall(r"\d[\d.,]*", first.replace("90% interval", ""))) <= 5
    assert re.match(r"Exports by \w+ \w+ (?:fall|all but end)", first)


VALUES = st.one_of(
    st.sampled_from([0.0, 1.0, 1e-13, -1e-13, 5.2e-11, 1e-4, 0.05, 999.6, 1e9, 1e15]),
    st.floats(-1e12, 1e12, allow_nan=False),
    st.sampled_from([float("nan"), float("inf"), float("-inf")]),
)
SIZES = st.one_of(st.sampled_from([0.0, 1e-12, 0.3, 1.0, 142.0, 1e7]), st.floats(0, 1e9))
RATIOS = st.one_of(st.sampled_from([0.0, 1.0, 0.999, 1.02, 70.0, 1e6]), st.floats(0, 1e4))


@st.composite
def rows(draw) -> dict[str, float]:
    """Rows of a table of changes, with intervals or without, also of what is nothing before or after."""
    before = draw(SIZES)
    ratio = draw(RATIOS)
    after = before * ratio if before else draw(SIZES)
    made = {"before": before, "after": after, "change": after - before}
    if not draw(st.booleans()):
        return made
    low, high = sorted((draw(RATIOS), draw(RATIOS)))
    ends = {"_5": min(low, ratio), "_95": max(high, ratio)}
    unknown = draw(st.booleans())
    made["ratio"] = float("nan") if not before else ratio
    for end, value in ends.items():
        made[f"ratio{end}"] = float("nan") if not before or unknown else value
        made[f"change{end}"] = before * (value - 1)
    fall = draw(st.floats(0, 1))
    made |= {"p_falls": fall, "p_rises": 1 - fall, "p_falls_5pct": fall / 2, "p_rises_5pct": (1 - fall) / 2}
    return made


@given(made=rows(), many=st.booleans(), named=st.booleans(), code=st.sampled_from([*LANGUAGES, "es_PE"]))
@settings(max_examples=400, deadline=None)
def test_clauses_hold_no_debris(made, many, named, code):
    with in_language(code):
        for unit in (sentences.pure("xs"), sentences.millions(), sentences.hectares()):
            text = sentences.clause(Subject("xs", many), made, unit, named)
            assert DEBRIS.findall(f"{text}.") == []
        if "p_falls" in made:
            assert DEBRIS.findall(sentences.chance(made, 200)) == []


@given(value=VALUES, other=VALUES, draws=st.integers(1, 5000), code=st.sampled_from([*LANGUAGES, "es_PE"]))
@settings(max_examples=400, deadline=None)
def test_numbers_hold_no_debris(value, other, draws, code):
    with in_language(code):
        shown = [
            _numbers.significant(value), _numbers.cell(value), _numbers.fixed(value, 2),
            _numbers.signed(value),
            _numbers.order(abs(value)), _numbers.span(value, other), _numbers.share(value),
            _numbers.signed_share(value), _numbers.small_share(value, 0.01),
            _numbers.share_span(value, other),
            _numbers.size_of_change(value), _numbers.change_of(value, other), _numbers.percent(value),
            _numbers.probability(value, draws), _numbers.dollars(value, sign=True), _numbers.money(value),
            _numbers.mass(value), _numbers.amount(value), _numbers.signed_span(value, other),
            sentences.made_up(value), sentences.left_out(draws, 2 * draws), sentences.fraction(value),
        ]  # fmt: skip
        assert [text for text in shown if DEBRIS.search(text) or "-" in text] == []


@given(level=st.floats(0, 1e6), part=VALUES, code=st.sampled_from([*LANGUAGES]))
@settings(max_examples=100, deadline=None)
def test_requirements_hold_no_debris(level, part, code):
    with in_language(code):
        for unit in ("", "share of air space covered", "index, 1 as in 2013"):
            text = evidence_sentences.requirement("Patrols", "Radar", level, part, unit)
            assert DEBRIS.findall(text) == []


def test_a_measure_says_what_it_lacks():
    lacking = evidence_sentences.requirement("Interceptors", "Radar", 0.0, 0.0)
    assert lacking == "“Interceptors” does nothing without “Radar”, which stands at 0."
    part = evidence_sentences.requirement("Interceptors", "Radar", 0.3, 0.3, "share of air space covered")
    assert part == "“Interceptors” has 30% of its full effect: “Radar” stands at 30% of air space covered."
    assert evidence_sentences.requirement("Interceptors", "Radar", 1.0, 1.0) == ""
    with in_language("es"):
        lacking = evidence_sentences.requirement("Interceptores", "Radar", 0.0, 0.0)
        assert lacking == "«Interceptores» no logra nada sin «Radar», que está en 0."


def test_the_record_counts_what_lay_inside():
    found = left_out()
    text = evidence_sentences.track_record(found)
    seen = found.observations
    inside = seen["observed"].between(seen["the model 0.05"], seen["the model 0.95"]).sum()
    assert text.startswith(f"Of {len(seen)} figures observed in {seen['title'].nunique()} episodes")
    assert f"{inside} lay in the 90% interval" in text
    with in_language("es"):
        spanish = evidence_sentences.track_record(found)
    assert numbers(text, "en") == numbers(spanish, "es")
    assert FUNCTION_WORDS.findall(spanish) == []


@pytest.mark.parametrize(
    ("level", "unit", "said"),
    [
        (1.0, "share of air space covered", "100% of air space covered"),
        (0.125, "share of fairs shut", "12.5% of fairs shut"),
        (50.0, "per cent above present demand", "50% above present demand"),
        (2.0, "index, 1 as in 2013 and 2014", "2 (1 as in 2013 and 2014)"),
        (12000.0, "hectares per year", "12,000 hectares per year"),
        (3.0, "", "3"),
    ],
)
def test_levels_in_words(level, unit, said):
    assert figure_words.level_in_words(level, unit) == said


def test_levels_in_spanish():
    with in_language("es"):
        assert figure_words.level_in_words(0.3, "parte del espacio aéreo cubierto") == (
            "30\u202f% del espacio aéreo cubierto"
        )


def test_constants_are_looked_up_when_they_are_shown():
    texts = (
        adjustment_sentences.PACES, adjustment_sentences.STILL_ADJUSTING, answer_sentences.RANGES,
        side_economy_sentences.STILL, side_economy_sentences.UNSURE,
    )  # fmt: skip
    with in_language("es"):
        assert all(figure_words._(text) != text for text in texts)
        assert figure_words.time_in_words(0.25) == "3 meses"
        assert figure_words.after_in_words("long run") == "a largo plazo"
        assert sentences.listed(["Lima", "Iquitos"]) == "Lima e Iquitos"


def test_each_episode_of_history_has_a_title_in_each_language():
    titles = {episode.row.title for episode in read_episodes().values()}
    for code in OTHERS:
        with in_language(code):
            assert len({past(title) for title in titles}) == len(titles)
            known = episode_names._names(code)
        assert titles <= set(known)


def test_words_that_stand_for_entries_are_in_the_catalogue(catalogue):
    """Names of entries are shown in the reader's language, so each is marked, a new one too."""
    known = {str(message.id) for message in catalogue.texts()}
    quantities = set(Quantity) - {Quantity.NONE, Quantity.LEVEL}
    assert set(QUANTITIES) == quantities
    assert {kind.kind for kind in effects.BUILT_IN} <= known
    assert set(STATISTICS) <= known
    assert {group.value for group in Group} <= known
