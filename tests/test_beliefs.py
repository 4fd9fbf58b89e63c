"""Labs that believe one side of a disagreement: what they take as true, their draws, and what they say."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from typer.testing import CliRunner

import contraflow as cf
from contraflow._language import in_language
from contraflow.analysis import believed_posterior
from contraflow.analysis.contradictions import Disagreement, Position, disagreements
from contraflow.analysis.refit_sides import MET, Sides, Yardsticks
from contraflow.case.behaviour import BEHAVIOUR, row_id
from contraflow.cli import app
from contraflow.errors import ComparisonError, ConvergenceError, ObservationError, PolicyError
from contraflow.inference.method import Method
from contraflow.lab import OpenCase
from contraflow.lab.beliefs import Beliefs, read_sides, to_be_believed

GROUP, HALF, THIRTY = "paste-by-plane", "half-by-plane", "thirty-flights"
TOLD = "Thirty flights a month of three hundred kilograms at most"


@pytest.fixture(scope="module")
def half(example_laplace):
    return example_laplace.believing({GROUP: HALF})


@pytest.fixture(scope="module")
def thirty(example_laplace):
    return example_laplace.believing({GROUP: THIRTY})


def positions(lab, claims):
    known = {c.id: n for n, c in enumerate(lab.posterior.log_posterior.likelihood.claims)}
    return np.array([known[c] for c in claims])


def away(lab, claims):
    """How far the model stays from claims, on their scales: 0 on the allowed side of a bound."""
    likelihood, rows = lab.posterior.log_posterior.likelihood, positions(lab, claims)
    off = (np.median(lab.posterior.locations, axis=0) - lab.posterior.figures.centre)[rows]
    sign = likelihood.sides[rows]
    return np.where(sign > 0, np.maximum(-off, 0), np.where(sign < 0, np.maximum(off, 0), np.abs(off)))


def paired(lab, other):
    """Share of the draws of a lab whose nearest draw of another lab, of all of them, is their own."""
    one, two = (x.posterior.z[x.picks] for x in (lab, other))
    return float((cdist(one, two).argmin(axis=1) == np.arange(len(one))).mean())


def agrees(lab, believer, group, side):
    """Whether the median of the disagreement's figure lies in the interval that the side implies."""
    report = next(g for g in lab.tension().groups if g.id == group)
    implied = next(s.implied for s in report.sides if s.id == side)
    figure = next(g.figure for g in disagreements(lab.case, lab._weighed) if g.id == group)
    found = Yardsticks(lab.posterior.log_posterior, (figure,)).over(believer.ledger)[0]
    return implied.figure[0] <= found[2] <= implied.figure[-1]


def test_a_side_is_taken_as_true_and_the_others_are_left_out(example_laplace, half, thirty):
    before = example_laplace.posterior.figures.weight
    for lab, own, others in (
        (half, ("share-by-air", "coca-area"), ("flights-a-month", "plane-load")),
        (thirty, ("flights-a-month", "plane-load"), ("share-by-air", "coca-area")),
    ):
        assert lab.beliefs.unmet == {}
        assert away(lab, own).max() < MET
        weight = lab.posterior.figures.weight
        assert (weight[positions(lab, others)] == 0).all()
        rest = np.setdiff1d(np.arange(weight.size), positions(lab, own + others))
        assert rest.size
        assert (weight[rest] == before[rest]).all()
        fitted = lab.claims().set_index("claim")["fitted"]
        assert fitted[list(own)].all()
        assert not fitted[list(others)].any()
        assert fitted["paste-price"]
    off = away(example_laplace, ("share-by-air", "coca-area"))
    assert (away(half, ("share-by-air", "coca-area")) <= off).all()


def test_a_side_moves_the_answers(example_laplace, half, thirty):
    hectares = [x.baseline().summary().loc["hectares at home", "figure"] for x in (half, thirty)]
    assert hectares[0] > 1.05 * hectares[1]
    assert half.case is example_laplace.case
    assert half.responder is example_laplace.responder


@pytest.mark.parametrize(("lab", "side"), [("half", HALF), ("thirty", THIRTY)])
def test_the_figure_is_what_the_evidence_says_that_the_side_implies(example_laplace, lab, side, request):
    assert agrees(example_laplace, request.getfixturevalue(lab), GROUP, side)


def test_draws_use_the_random_numbers_of_those_that_they_stand_for(example_laplace, half, thirty):
    for lab in (half, thirty):
        assert len(lab.ledger) == len(example_laplace.ledger)
        assert paired(lab, example_laplace) > 0.95
    ids = half.network.ledger
    for name in BEHAVIOUR:
        place = ids.index(row_id(name))
        assert (half.ledger[:, place] == example_laplace.ledger[:, place]).all()


def test_a_side_is_fitted_once_and_then_recalled(example_laplace, half, monkeypatch):
    monkeypatch.setattr(believed_posterior, "approximate", lambda *_: pytest.fail("drawn again"))
    monkeypatch.setattr(Sides, "fit", lambda *_: pytest.fail("fitted again"))
    said = []
    again = example_laplace.believing({GROUP: HALF}, progress=lambda text, part=None: said.append(text))
    assert said == []
    assert np.array_equal(again.ledger, half.ledger)
    assert np.array_equal(again.posterior.predicted, half.posterior.predicted)
    for one, two in zip(again.posterior.figures, half.posterior.figures, strict=True):
        assert np.array_equal(one, two)


def test_other_draws_and_other_sides_are_other_results(example_laplace, half):
    posterior, picks = example_laplace.posterior, example_laplace.picks
    group = positions(half, ("share-by-air", "coca-area", "flights-a-month", "plane-load"))
    true = [positions(half, c) for c in (("share-by-air", "coca-area"), ("flights-a-month", "plane-load"))]
    keys = {
        believed_posterior._key(posterior, some, believed_posterior.Believed(own, every))
        for some in (picks, picks[:50])
        for own in true
        for every in (group, group[:3])
    }
    assert len(keys) == 8


def test_what_is_believed_is_told_everywhere(thirty):
    assert thirty.believes == {GROUP: THIRTY}
    shut = thirty.respond({"radar": 2}, "Radar")
    assert shut.title == f"Radar (believing: {TOLD})"
    written = f"{GROUP}={THIRTY}"
    assert shut.data.attrs["believes"] == written
    change = shut.compare(thirty.baseline())
    for frame in (shut.summary(), change.summary(), change.prices(), change.displacement(), change.table()):
        assert frame.attrs["believes"] == written
        assert frame.attrs["believes_in_words"] == TOLD
    path = thirty.path({"radar": 2}, years=1)
    run = thirty.simulate({"radar": 2}, years=1, clans=60, replicates=2)
    many = thirty.respond_many([{"radar": 2}])
    level = thirty.level_for("interceptors", "exports by air", falls=0.1)
    seen = thirty.conditional({"interceptors": (0, 4)}, given={"exports by air": (-0.4, 0.1)})
    for shown in (thirty, shut, change, path, run, many, level, seen):
        assert TOLD in repr(shown), type(shown)
    for frame in (many.table(), level.table(), seen.summary(), run.data):
        assert frame.attrs["believes"] == written
    assert f"Believed: {TOLD}." in seen.words()
    why = thirty.explain(thirty.baseline(), "exports", refits=0)
    assert why.title == f"Baseline (believing: {TOLD})"
    assert "flights-a-month" in set(why.claims["claim"])
    assert "share-by-air" not in set(why.claims["claim"])


def test_outcomes_of_labs_with_other_beliefs_do_not_compare(example_laplace, half, thirty):
    for other in (example_laplace, thirty):
        with pytest.raises(ComparisonError, match=f"{GROUP}={HALF}"):
            half.baseline().compare(other.baseline())
    with pytest.raises(ComparisonError, match="no side of any disagreement"):
        example_laplace.baseline().compare(half.baseline())


def test_a_belief_can_be_changed_and_repeated(half, thirty, monkeypatch):
    monkeypatch.setattr(Sides, "fit", lambda *_: pytest.fail("fitted again"))
    for lab in (half.believing({GROUP: THIRTY}), thirty.believing({GROUP: THIRTY})):
        assert lab.believes == {GROUP: THIRTY}
        assert np.array_equal(lab.ledger, thirty.ledger)


def test_numbers_of_ones_own_go_with_beliefs_in_either_order(example_laplace, thirty):
    one = thirty.with_numbers({"theta-goods": 3})
    two = example_laplace.with_numbers({"theta-goods": 3}).believing({GROUP: THIRTY})
    assert np.array_equal(one.ledger, two.ledger)
    assert (one.ledger[:, one.network.ledger.index("theta-goods")] == 3).all()
    for lab in (one, two):
        assert lab.baseline().data.attrs["numbers"] == "theta-goods=3"
        assert lab.baseline().data.attrs["believes"] == f"{GROUP}={THIRTY}"
    with pytest.raises(ObservationError, match="refit=True"):
        one.claims()


@pytest.mark.slow
def test_a_case_that_is_calibrated_anew_is_believed_anew(example):
    lab = example.believing({GROUP: HALF}).with_numbers({"yield-leaf": 1800}, refit=True)
    assert lab.believes == {GROUP: HALF}
    assert away(lab, ("share-by-air", "coca-area")).max() < MET
    assert lab.ledger[0, lab.network.ledger.index("yield-leaf")] == 1800
    assert "yield-leaf = 1800; calibrated anew" in lab.baseline().title
    assert "Half of the paste" in lab.baseline().title


def test_a_best_fit_gives_a_best_fit(example, half):
    lab = example.believing({GROUP: HALF})
    assert lab.posterior.method is Method.BEST
    assert len(lab.ledger) == 1
    assert away(lab, ("share-by-air", "coca-area")).max() < MET
    assert np.array_equal(lab.posterior.z[0], lab.posterior.fit.deviates)
    assert np.allclose(lab.posterior.fit.deviates, half.posterior.fit.deviates, atol=0.2)


def test_chains_are_followed_by_the_approximation_which_says_so(example_laplace):
    posterior = example_laplace.posterior
    z, predicted = (x.reshape(2, -1, x.shape[1]) for x in (posterior.z, posterior.predicted))
    chains = replace(posterior, method=Method.NUTS, deviates=z, predicted_by_chain=predicted)
    lab = replace(example_laplace, posterior=chains).believing({GROUP: HALF})
    assert lab.posterior.method is Method.LAPLACE
    assert "quick approximation" in repr(lab)
    assert lab.baseline().data.attrs["method"] == "laplace"
    assert away(lab, ("share-by-air", "coca-area")).max() < MET
    assert len(lab.ledger) == len(example_laplace.ledger)


def test_names_that_are_none_are_refused(example_laplace, example_prior):
    for given, said in (
        ({"paste": HALF}, "'paste' is no disagreement of this case. There are: paste-by-plane"),
        ({"paste-by-plan": HALF}, "Did you mean 'paste-by-plane'"),
        ({GROUP: "thirty"}, f"Its sides are: 'half-by-plane' .*'{THIRTY}' \\({TOLD}\\)"),
        ({}, "No side is given"),
        ([GROUP], "write them by disagreement"),
    ):
        with pytest.raises(PolicyError, match=said):
            example_laplace.believing(given)
    with pytest.raises(ObservationError, match="not calibrated"):
        example_prior.believing({GROUP: HALF})


def test_all_that_is_wrong_is_told_at_once():
    def side(name, claim):
        return Position(name, f"It is {name}", (claim,))

    amounts = (side("much", "a"), side("little", "b"), side("none", "x"))
    seen = Disagreement("how-much", "How much?", amounts, None)
    unseen = Disagreement("who", "Who?", (side("he", "y"), side("she", "z")), None)
    weighed = {"a": 0, "b": 1}
    with pytest.raises(PolicyError) as found:
        read_sides((seen, unseen), weighed, {"how-much": "none", "who": "he", "why": "so"})
    lines = str(found.value).splitlines()
    assert len(lines) == 3
    assert "observes none of the claims of 'none' (x)" in lines[0]
    assert "It does of: much, little." in lines[0]
    assert "It observes no side of this disagreement." in lines[1]
    assert "'why' is no disagreement of this case" in lines[2]
    with pytest.raises(PolicyError, match="do not disagree on anything"):
        read_sides((), weighed, {"how-much": "much"})


def test_a_claim_that_one_side_takes_as_true_counts_though_another_is_rejected():
    one = Disagreement("one", "?", (Position("x", "", ("a", "b")), Position("y", "", ("c",))), None)
    two = Disagreement("two", "?", (Position("p", "", ("a",)), Position("q", "", ("d",))), None)
    three = Disagreement("three", "?", (Position("r", "", ("e",)), Position("s", "", ("f",))), None)
    weighed = {name: place for place, name in enumerate("abcdef")}
    believed = to_be_believed((one, two, three), weighed, {"one": one.positions[0], "two": two.positions[1]})
    assert believed.true.tolist() == [0, 1, 3]
    assert believed.group.tolist() == [0, 1, 2, 3]


def test_what_the_model_does_not_reach_is_told():
    case = cf.load("example")
    beliefs = Beliefs({GROUP: THIRTY}, case, {GROUP: ("flights-a-month",)})
    assert beliefs.words == f"{TOLD} (out of the model's reach: flights-a-month)"
    assert beliefs.titled("Radar") == f"Radar (believing: {TOLD})"
    assert Beliefs().titled("Radar") == "Radar"
    assert Beliefs().attributes == {}


def test_no_fit_is_an_error_and_nothing_is_kept(example_laplace, monkeypatch):
    def lost(*_):
        raise ConvergenceError("no finite figure")

    monkeypatch.setattr(believed_posterior.store, "recall", lambda *_: None)
    monkeypatch.setattr(believed_posterior.store, "keep", lambda *_: pytest.fail("kept"))
    monkeypatch.setattr("contraflow.analysis.refit_sides.refit_map", lost)
    with pytest.raises(ConvergenceError, match="no finite figure"):
        example_laplace.believing({GROUP: HALF})


def test_disagreements_are_listed_side_by_side(example_prior, example_laplace):
    frame = example_laplace.disagreements()
    assert frame["disagreement"].tolist() == [GROUP, GROUP]
    assert frame["side"].tolist() == [HALF, THIRTY]
    assert frame["claims"].tolist() == ["share-by-air; coca-area", "flights-a-month; plane-load"]
    assert frame["weighed"].all()
    assert example_prior.disagreements().equals(frame)
    with in_language("es"):
        spanish = example_laplace.disagreements()
    assert spanish["title"][0].startswith("¿Cuánta pasta")
    assert spanish["words"][1].startswith("Treinta vuelos")
    assert spanish["side"].tolist() == frame["side"].tolist()


def test_beliefs_are_told_in_the_language_of_the_reader(thirty):
    with in_language("es"):
        assert thirty.beliefs.words.startswith("Treinta vuelos")
        assert "Treinta vuelos" in thirty.respond({"radar": 2}).title


def test_sides_of_found_disagreements_are_claims():
    case = cf.load("peru")
    claims = set(case.claims)
    stated = {row.group for row in case.tensions.values()}
    found = [group for group in disagreements(case, claims) if group.id not in stated]
    assert found
    for group in found:
        assert all(position.claims == (position.id,) for position in group.positions)
    frame = case.central_values().disagreements()
    assert not frame.duplicated(["disagreement", "side"]).any()
    assert 0 < (~frame["weighed"]).sum() < len(frame)


# --- on the command line


@pytest.fixture
def call(example_laplace, monkeypatch):
    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: example_laplace)
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *words: CliRunner().invoke(app, [*words])


@pytest.mark.parametrize(
    "words",
    [
        ("respond", "example", "-m", "radar=2"),
        ("path", "example", "-m", "radar=2", "--years", "1"),
        ("level", "example", "interceptors", "exports by air", "--falls", "10%"),
        ("given", "example", "-m", "interceptors=0..4", "--saw", "exports by air=-40%,10%"),
        ("tables", "example", "prices"),
        ("explain", "example", "--refits", "0"),
        ("claims", "example"),
        ("validate", "example", "--replicates", "0"),
        ("run", "example", "--no-report"),
    ],
    ids=lambda words: words[0],
)
def test_commands_believe_and_say_so(call, thirty, words):
    believe = ("--believe", f"{GROUP}={THIRTY}")
    shown = call(*words, *believe)
    assert shown.exit_code == 0, shown.output
    assert TOLD in " ".join(shown.stdout.split())
    record = json.loads(call(*words, *believe, "--json").stdout)
    assert record["believes"] == f"{GROUP}={THIRTY}"
    assert record["believes_in_words"] == TOLD


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("paste=half-by-plane", "Did you mean 'paste-by-plane'?"),
        (f"{GROUP}=thirty", "Did you mean 'thirty-flights'?"),
        (GROUP, "not written as DISAGREEMENT=SIDE"),
        ("one-or-another=one", "no disagreement of this case"),
    ],
)
def test_what_cannot_be_believed_ends_with_code_2(call, given, said):
    shown = call("respond", "example", "-m", "radar=2", "--believe", given)
    assert shown.exit_code == 2
    assert said in " ".join(shown.stderr.split())


def test_one_disagreement_is_not_believed_twice(call):
    both = ("--believe", f"{GROUP}={HALF}", "--believe", f"{GROUP}={THIRTY}")
    assert call("respond", "example", "-m", "radar=2", *both).exit_code == 2


def test_the_next_command_asks_the_same_lab(call, thirty):
    believe = f"--believe {GROUP}={THIRTY}"
    shown = call("claims", "example", "--seed", "0", *believe.split())
    said = " ".join(shown.stdout.replace("\\", " ").split())
    assert re.search(rf"contraflow claims example --source \S+ {believe}", said)
    assert "--believe" not in call("measures", "example").stdout


def test_pages_say_what_is_believed(call, thirty, tmp_path):
    believe = ("--believe", f"{GROUP}={THIRTY}")
    for words in (("report", "-q", "shut-the-sky"), ("handout", "-m", "radar", "--levels", "1")):
        page = tmp_path / f"{words[0]}.html"
        shown = call(words[0], "example", *words[1:], "--out", str(page), *believe)
        assert shown.exit_code == 0, shown.output
        assert f'<p class="notice">Believed: {TOLD}.</p>' in page.read_text(encoding="utf-8")


def test_disagreements_in_a_terminal(call, tmp_path):
    shown = call("disagreements", "example")
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert f"{GROUP}={THIRTY}" in shown.stdout
    record = json.loads(call("disagreements", "example", "--search", "thirty", "--json").stdout)
    assert [row["side"] for row in record["disagreements"]] == [THIRTY]
    target = tmp_path / "sides.csv"
    assert call("disagreements", "example", "--csv", str(target)).exit_code == 0
    assert len(target.read_text(encoding="utf-8").splitlines()) == 3
    none = call("disagreements", "andes-1990s")
    assert none.exit_code == 0


# --- on a case of full size


@pytest.mark.slow
def test_sides_of_peru():
    lab = cf.load("peru").calibrate(keep=60)
    side = "six-hundred-flights"
    believer = lab.believing({"air-bridge": side})
    told = set(believer.beliefs.unmet.get("air-bridge", ()))
    met = [c for c in lab.case.tensions[side].claims if c not in told]
    assert met
    assert away(believer, met).max() < MET
    others = [
        c
        for row in lab.case.tensions.values()
        if row.group == "air-bridge" and row.id != side
        for c in row.claims
        if c not in lab.case.tensions[side].claims
    ]
    assert (believer.posterior.figures.weight[positions(believer, others)] == 0).all()
    assert paired(believer, lab) > 0.9
    assert agrees(lab, believer, "air-bridge", side)
    both = believer.believing({"coca": "coca-united-states"})
    assert both.believes == {"air-bridge": side, "coca": "coca-united-states"}
    for group, name in both.believes.items():
        missed = set(both.beliefs.unmet.get(group, ()))
        claims = [c for c in lab.case.tensions[name].claims if c not in missed]
        assert away(both, claims).max(initial=0.0) < MET
    hectares = [x.baseline().summary().loc["hectares at home", "figure"] for x in (believer, both)]
    assert hectares[1] > hectares[0]
    again = lab.believing({"coca": "coca-united-states", "air-bridge": side})
    assert np.array_equal(again.ledger, both.ledger)
