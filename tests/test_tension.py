"""Surprise, pulls and sides of disagreements: hand-made conflicts whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

import synthetic
from contraflow._language import in_language
from contraflow.analysis import contradictions
from contraflow.analysis.conflicts import MISSED, OUTVOTED, UNSAID
from contraflow.analysis.infinitesimal_jackknife import Pulls
from contraflow.analysis.loo_predictive import collapsed, leave_out, surprises, tail
from contraflow.analysis.psis import weighted_quantiles
from contraflow.case import check, new
from contraflow.errors import ConvergenceError, Problem
from contraflow.inference.calibration import Method, Settings
from contraflow.inference.map_estimate import refit_map
from contraflow.lab import calibrate, central_values
from contraflow.report.draw.claims import stated
from contraflow.report.sections import disagreements
from contraflow.text.conflict_sentences import (
    CANNOT_BE_SAID,
    DisplayScale,
    claim_rows,
    group_rows,
    odds,
    outline,
    scale_of,
    subset_in_words,
    unweighed,
)
from tiny import two_routes


def claim(t, name, quantity, value=None, **cells):
    usual = {"source": "s", "paragraph": "1", "statement": f"{name}.", "information": 2, "year": "2013"}
    t.add("claims", id=name, quantity=quantity, value=value, **{**usual, **cells})


def side(t, name, group, claims, **cells):
    t.add("tensions", id=name, group=group, title="How much?", side=name, claims=claims, **cells)


def quarrel():
    """Half or nine tenths by air? Two sources say half, one nine tenths; loads are nobody's quarrel."""
    t = two_routes(weights=(1.0, (0.02, 1.0, 50.0)))
    t.tables["modes"]["air"] = t.tables["modes"]["air"].model_copy(
        update={"load": t.number("air-load", (100.0, 300.0, 900.0))}
    )
    for name, reliability in (("other", "B"), ("third", "B")):
        t.add("sources", id=name, title=name, publisher="Nobody", published="2014", kind="report",
              reliability=reliability, reason="Invented.")  # fmt: skip
    air = {"from_": "valley", "mode": "air", "of_from": "valley"}
    claim(t, "half", "share", 0.5, information=1, **air)
    claim(t, "also-half", "share", 0.5, source="other", information=1, **air)
    claim(t, "most", "share", 0.95, source="third", contradicts="half; also-half", **air)
    claim(t, "load", "load", 300.0, mode="air")
    claim(t, "flights", "count", 6.0, mode="air", use="check")
    side(t, "half-fly", "air", "half; also-half", quantity="flow", from_="valley", mode="air")
    side(t, "most-fly", "air", "most", quantity="flow", from_="valley", mode="air")
    return t


@pytest.fixture(scope="module")
def lab():
    return calibrate(quarrel().case(), Settings(Method.LAPLACE, draws=1000), fresh=True)


@pytest.fixture(scope="module")
def tension(lab):
    return lab.tension()


def test_the_lone_claim_is_outvoted_by_the_two_that_agree(tension):
    table = tension.claims.set_index("claim")
    assert table.loc["most", "verdict"] == OUTVOTED
    assert set(table.loc["most", "outvoted_by"].split("; ")) == {"half", "also-half"}
    assert table.index[0] == "most"
    assert not (table.loc[["half", "also-half", "load"], "verdict"] == OUTVOTED).any()
    for name in ("half", "also-half"):
        assert table.loc[name, "surprise"] > 0.1
    assert table.loc["flights", "verdict"] == MISSED
    assert 0.45 < table.loc["half", "predicted_50"] < 0.7
    quantiles = table.filter(like="predicted_").to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()


def test_the_pulls_balance_at_the_best_fit(lab):
    pulls = Pulls(lab.posterior)
    total = pulls.by_claim.sum(axis=1) + pulls.by_number.sum(axis=1)
    assert np.abs(total).max() < 0.02
    names = [c.id for c in lab.posterior.log_posterior.likelihood.claims]
    most, half = names.index("most"), names.index("half")
    assert pulls.by_claim[half, most] > 0.01
    assert pulls.by_claim[half, half] < -0.01
    assert pulls.by_claim[names.index("load"), most] == pytest.approx(0, abs=1e-6)


def test_a_pull_is_what_the_output_moves_by_if_the_claim_counts_more(lab, monkeypatch):
    """Weights 10 % up and down against the first-order change: the infinitesimal jackknife."""
    monkeypatch.setattr("contraflow.inference.map_estimate.REFIT_TOLERANCE", 1e-12)
    posterior = lab.posterior
    target, figures = posterior.log_posterior, posterior.figures
    names = [c.id for c in target.likelihood.claims]
    most = names.index("most")
    said = []
    for part in (0.9, 1.1):
        weight = figures.weight.copy()
        weight[most] *= part
        found = refit_map(target, figures._replace(weight=weight), posterior.fit.deviates)
        said.append(target.linear(found.deviates, np.array([most]))[0][0])
    pull = Pulls(posterior).by_claim[most, most]
    assert (said[1] - said[0]) / 0.2 == pytest.approx(pull, rel=0.35)


def test_sides_are_worked_out_by_hand(tension):
    """1,000 kg leave; a side that takes a share as true flies that share of them."""
    group = next(g for g in tension.groups if g.id == "air")
    half, most = group.sides
    assert half.implied.figure[2] == pytest.approx(500, rel=0.01)
    assert most.implied.figure[2] == pytest.approx(950, rel=0.01)
    low, high = half.implied.figure[0], half.implied.figure[-1]
    assert 470 < low < high < 530
    assert not half.implied.unmet
    assert group.unit == "kg/year"
    assert most.implied.rise > half.implied.rise >= 0
    assert group.rest[0] < group.predicted[0] < group.predicted[-1] < group.rest[-1]


@pytest.mark.slow
def test_a_side_that_cannot_be_true_says_how_near_it_comes():
    t = two_routes(weights=(1.0, (0.5, 1.0, 2.0)))
    claim(t, "some", "flow", 500.0, from_="valley", mode="air")
    claim(t, "too-much", "flow", 3000.0, from_="valley", mode="air", use="check")
    side(t, "some-fly", "air", "some", quantity="flow", from_="valley", mode="air")
    side(t, "more-fly", "air", "too-much", quantity="flow", from_="valley", mode="air")
    lab = calibrate(t.case(), Settings(Method.LAPLACE), fresh=True)
    implied = lab.tension().groups[0].sides[1].implied
    (unmet,) = implied.unmet
    assert unmet.claim == "too-much"
    assert unmet.stated == 3000.0
    assert 500 < unmet.nearest < 1000
    (group,) = group_rows(lab.case, lab.tension())
    assert "cannot make this true" in group["sides"][1]["sentences"][0]


@pytest.mark.slow
def test_what_would_be_off_is_named():
    t = two_routes(weights=(1.0, (0.02, 1.0, 50.0)))
    air = {"from_": "valley", "mode": "air"}
    claim(t, "half", "share", 0.5, of_from="valley", **air)
    claim(t, "tonnes", "flow", 500.0, **air)
    claim(t, "most", "share", 0.95, of_from="valley", contradicts="half", **air)
    side(t, "half-fly", "air", "half", quantity="flow", **air)
    side(t, "most-fly", "air", "most", quantity="flow", **air)
    lab = calibrate(t.case(), Settings(Method.LAPLACE), fresh=True)
    half, most = lab.tension().groups[0].sides
    assert not half.implied.worse
    (worse,) = most.implied.worse
    assert worse.claim == "tonnes"
    assert worse.before == pytest.approx(500, rel=0.1)
    assert worse.after == pytest.approx(950, rel=0.02)


def test_contradictions_without_a_row_make_groups_of_their_own():
    t = quarrel()
    t.tables["tensions"].clear()
    claim(t, "told", "none", 1.0, use="context", contradicts="load")
    case = t.case()
    first, second = contradictions.disagreements(case, set(case.claims) - {"told"})
    assert [p.claims for p in first.positions] == [("half",), ("also-half",), ("most",)]
    assert first.figure is case.claims["half"]
    assert second.figure is None
    assert {c for p in second.positions for c in p.claims} == {"load", "told"}


def test_stated_groups_hold_their_contradictions(lab):
    case = lab.case
    (group,) = contradictions.disagreements(case, case.claims)
    assert group.id == "air"
    assert group.claims == {"half", "also-half", "most"}


def test_the_tail_of_a_known_predictive():
    one = np.ones(1)
    assert tail(np.array([0.0]), one, 0) == pytest.approx(1.0)
    assert tail(np.array([2.0]), one, 0) == pytest.approx(2 * student.sf(2, 4))
    assert tail(np.array([-2.0]), one, 1) == pytest.approx(student.sf(2, 4))
    assert tail(np.array([2.0]), one, 1) == pytest.approx(student.cdf(2, 4))
    assert tail(np.array([2.0]), one, -1) == pytest.approx(student.sf(2, 4))


def test_leaving_a_claim_out_of_normal_draws_gives_the_prior_back():
    """Prior N(0, 1), one claim at 1 of deviation 1: posterior N(1/2, 1/2); without the claim N(0, 1)."""
    draws = norm(0.5, np.sqrt(0.5)).rvs(20000, random_state=1)
    weight, pareto = leave_out(-0.5 * (draws - 1) ** 2)
    assert weight.sum() == pytest.approx(1)
    assert pareto < 0.7
    assert weight @ draws == pytest.approx(0, abs=0.08)
    assert weight @ draws**2 == pytest.approx(1, abs=0.1)
    assert weighted_quantiles(draws, weight[None])[0, 2] == pytest.approx(0, abs=0.08)


def test_a_bound_that_no_draw_breaks_is_left_as_it_is():
    weight, pareto = leave_out(np.zeros(500))
    assert np.ptp(weight) == 0
    assert np.isnan(pareto)


def test_weights_that_few_draws_carry_have_collapsed():
    draws = norm(0.0, 0.1).rvs(2000, random_state=2)
    weight, pareto = leave_out(-0.5 * (draws / 0.1) ** 2 * 40)
    assert pareto > 0.7
    assert collapsed(weight, pareto)
    few = np.r_[np.full(19, 1 / 19), np.zeros(981)]
    assert collapsed(few, 0.1)
    assert not collapsed(np.full(1000, 1e-3), 0.1)
    assert not collapsed(np.full(10, 0.1), np.nan)


def test_no_verdict_is_given_where_the_weights_have_collapsed(lab, monkeypatch):
    """One draw in a thousand carries the weight: what it would expect of the source is debris."""

    def one_draw(log_likelihood):
        weight = np.zeros(log_likelihood.size)
        weight[0] = 1.0
        return weight, 1.7

    monkeypatch.setattr("contraflow.analysis.loo_predictive.leave_out", one_draw)
    again = calibrate(lab.case, Settings(Method.LAPLACE, draws=1000))
    found = again.tension()
    table = found.claims.set_index("claim")
    assert set(table.loc[["half", "also-half", "most", "load"], "verdict"]) == {UNSAID}
    assert table.loc["flights", "verdict"] == MISSED
    assert table.loc["most", ["surprise", "expected_5", "expected_95"]].isna().all()
    assert np.isfinite(table.loc["most", "predicted_50"])
    assert set(found.pulled_away_by) == {"flights"}
    assert not found.checks["statistic"].eq("inside 90 %, left out").any()
    rows = {row["claim"]: row for row in claim_rows(lab.case, found, None)}
    told = rows["most"]
    assert told["unsaid"] == CANNOT_BE_SAID
    assert told["expected"] == told["odds"] == told["word"] == ""
    assert rows["flights"]["unsaid"] == ""
    assert "Of 4 fitted claims it cannot be said" in outline(found)
    assert "cannot be said" not in outline(lab.tension())


def test_checks_find_claims_that_are_too_far_off(tension):
    checks = tension.checks.set_index(["subset", "statistic"])
    assert ((checks["p"] >= 0) & (checks["p"] <= 1)).all()
    fitted = checks.loc["fitted"]
    assert set(fitted.index) >= {"inside 50 %", "inside 90 %", "inside 90 %, left out", "root mean square"}
    assert fitted.loc["largest discrepancy", "observed"] > fitted.loc["largest discrepancy", "replicated"]


@pytest.mark.slow
def test_the_best_fit_alone_is_weighed_too():
    lab = calibrate(quarrel().case(), Settings(Method.BEST), fresh=True)
    found = surprises(lab.posterior)
    assert np.isfinite(found.chance).all()
    assert np.isnan(found.pareto).all()
    with pytest.raises(ConvergenceError, match="method='laplace'"):
        lab.tension()


def test_a_lab_without_posterior_has_no_tension():
    with pytest.raises(ConvergenceError, match="calibrated"):
        central_values(quarrel().case()).tension()


@pytest.mark.slow
def test_sides_are_fitted_once(lab, tension, monkeypatch):
    monkeypatch.setattr("contraflow.analysis.refit_sides.refit_map", lambda *_: pytest.fail("fitted again"))
    again = calibrate(lab.case, Settings(Method.LAPLACE, draws=1000), fresh=True).tension()
    assert again.groups[0].sides == tension.groups[0].sides


def test_words_of_figures():
    assert odds(0.052) == "1 in 19"
    assert odds(0.5) == "50%"
    assert odds(1e-6) == "under 1 in 1,000"
    assert scale_of("flow", "kg/year", 2e5).span(113e3, 223e3) == "113 to 223 t"
    assert scale_of("share", "dimensionless", 0.9).text(0.9) == "90%"
    assert scale_of("pay", "USD/kg", 90.0).span(83.0, 120.0) == "$83 to $120 a kg"
    assert DisplayScale(1.0, "", " ha").span(5.01, 5.02) == "5.0 ha"
    assert scale_of("yield", "dimensionless", 0.1).text(0.1) == "0.1 kg per kg"


def test_what_is_counted_is_written_in_whole_numbers():
    people = scale_of("none", "person", 15.0)
    assert [people.text(1.0), people.text(20.0)] == ["1 person", "20 people"]
    assert people.span(1.0, 15.0) == "1 to 15 people"
    with in_language("es"):
        assert scale_of("none", "year", 3.0).text(3.0) == "3 años"


def test_claims_that_are_compared_are_named_in_the_readers_language(lab):
    sources = lab.case.sources
    with in_language("es"):
        assert subset_in_words("grade B", sources) == "grado B"
        assert subset_in_words("quantity price ratio", sources) == "razón de precios"
        assert subset_in_words("source s", sources) == sources["s"].title
        assert subset_in_words("held back", sources) != "held back"


def test_a_figure_that_only_words_explain_is_left_to_them():
    """A rank or a number of cases without its words would be a number without a unit."""
    row = {"claim": "x", "quantity": "none", "unit": "dimensionless", "low": None, "value": 1.0, "high": None,
           "bound": "about"}  # fmt: skip
    assert stated(row) == ""
    assert stated(row | {"unit": "person"}) == "1 person"
    assert stated(row | {"quantity": "price ratio"}) != ""


def test_the_section_tells_each_side(lab, tension):
    report = replace(synthetic.report(), case=lab.case, tension=tension)
    section = disagreements.make(report, {})
    assert section is not None
    (group,) = section.data["groups"]
    assert group["sides"][0]["implies"].endswith("kg")
    drawing = section.drawings[group["id"]]
    assert len(drawing.table) == len(group["sides"])
    assert drawing.svg().count("<circle") == sum(side["figure"] is not None for side in group["sides"])
    assert unweighed(lab.case, tension) == []
    rows = claim_rows(lab.case, tension)
    assert rows[0]["word"] == "outvoted"
    assert "half." in rows[0]["by"]
    assert disagreements.make(replace(report, tension=None), {}) is None


def test_bad_disagreements_are_told(tmp_path):
    folder = new(tmp_path / "case")
    path = folder / "tensions.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    (problem,) = check(folder)
    assert isinstance(problem, Problem)
    assert (problem.file, problem.row, problem.column) == ("tensions.csv", 2, "group")
    assert "one side only" in problem.message
