"""Withheld claims: scores against closed forms, the naive forecast, what was known too early."""

import numpy as np
import pytest
from scipy import stats

from contraflow._quantiles import ENDS
from contraflow.analysis import hindcast as h
from contraflow.errors import ComparisonError, ObservationError, PolicyError
from contraflow.inference.calibration import Settings
from contraflow.inference.method import Method
from contraflow.lab import calibrate
from contraflow.results.view import KG_PER_TONNE
from test_predictions import case

T4 = stats.t(4)


def test_scores_of_one_draw_are_those_of_student_t():
    forecast = h.Mixture(np.array([[1.0, 0.0]]), np.array([0.5, 2.0]))
    stated = np.array([1.7, -1.0])
    off = np.array([1.4, -0.5])
    assert np.allclose(h.below(forecast, stated), T4.cdf(off))
    assert np.allclose(h.log_score(forecast, stated), T4.logpdf(off) - np.log([0.5, 2.0]))
    ends = h.quantiles(forecast)
    assert np.allclose(ends[:, 0], 1 + 0.5 * T4.ppf(list(ENDS.values())), atol=1e-6)


def test_scores_of_many_draws_are_those_of_the_mixture():
    centre = np.random.default_rng(0).standard_normal((20000, 1))
    forecast = h.Mixture(centre, np.array([0.01]))
    assert np.allclose(h.quantiles(forecast)[:, 0], stats.norm.ppf(list(ENDS.values())), atol=0.05)
    assert h.log_score(forecast, np.array([0.3]))[0] == pytest.approx(stats.norm.logpdf(0.3), abs=0.1)
    assert h.below(forecast, np.array([0.3]))[0] == pytest.approx(stats.norm.cdf(0.3), abs=0.02)


def test_errors_treat_a_series_as_one():
    values = np.array([1.0, 1.0, -1.0, -1.0])
    cluster = np.array(["a", "a", "b", "b"], dtype=object)
    assert h.clustered_error(values, cluster) == pytest.approx(np.sqrt(2 * 4 * 2) / 4)
    alone = h.clustered_error(values, np.array(list("abcd"), dtype=object))
    assert alone == pytest.approx(values.std(ddof=1) / 2)
    assert np.isnan(h.clustered_error(values, np.array(["a"] * 4, dtype=object)))


@pytest.fixture(scope="module")
def lab():
    return calibrate(elastic(), fresh=True, **method())


@pytest.fixture(scope="module")
def found(lab):
    return lab.hindcast()


def elastic():
    """The case with costs that are free, so that there is something to fit."""
    made = case(elasticity=3.0)
    for name in ("by-road-cost", "by-air-cost"):
        made.parameters[name] = made.parameters[name].model_copy(update={"low": 9.0, "high": 11.0})
    return made


def method():
    return {"settings": Settings(Method.LAPLACE)}


def test_every_later_claim_is_predicted(found):
    claims = found.claims.set_index("year")
    assert list(claims.index) == ["2015", "2016", "2018"]
    assert np.allclose(claims.loc[["2015", "2018"], "model"], 500, rtol=0.05)
    assert claims.loc["2016", "model"] > 550
    assert (claims["model_5"] < claims["model_25"]).all()
    assert (claims["model_25"] < claims["model"]).all()
    assert (claims["inside_90"] == (np.abs(claims["pit"] - 0.5) <= 0.45)).all()


def test_the_naive_forecast_repeats_the_last_claim_and_widens_with_the_years(found):
    claims = found.claims.set_index("year")
    assert (claims["naive_from"] == "road-2014").all()
    assert np.allclose(claims["naive"], 500, rtol=5e-3)
    width = np.log(claims["naive_95"] / claims["naive_5"])
    assert width["2015"] < width["2016"] < width["2018"]


def test_the_summary_counts(found):
    assert list(found.summary["quantity"]) == ["flow", "all"]
    row = found.summary.iloc[-1]
    assert (row["claims"], row["series"]) == (3, 1)
    gain = (found.claims["log_score"] - found.claims["naive_log_score"]).mean()
    assert row["difference"] == pytest.approx(gain)
    assert "dated after 2014" in found.words()[0]
    assert any("Tax (2016, 2018)" in line for line in found.words())


def test_some_years_are_scored_by_themselves(found):
    later = found.within(2016, 2017)
    assert list(later.claims["year"]) == ["2016"]
    assert later.summary.iloc[-1]["claims"] == 1
    assert len(found.within().claims) == 3
    assert found.within(2030).summary.empty
    assert found.within(2030).words() == ["No claim dated after 2014 can be compared with the model."]


def test_ranges_that_rest_on_later_claims_are_named():
    later = case()
    size = later.parameters["dearer-size"].model_copy(update={"claims": ("road-2016", "road-2013")})
    later.parameters["dearer-size"] = size
    leaks = h.leakage(later, 2014)
    assert leaks.to_dict("records") == [
        {"parameter": "dearer-size", "meaning": size.meaning, "claims": "road-2016"}
    ]
    assert h.leakage(later, 2016).empty


@pytest.mark.slow
def test_a_limit_withholds_claims_that_would_calibrate():
    lab = calibrate(elastic(), until=2013, fresh=True, **method())
    assert list(lab.hindcast().claims["year"]) == ["2014", "2015", "2016", "2018"]
    with pytest.raises(ObservationError, match="until=YEAR"):
        calibrate(elastic(), until=2018, fresh=True, **method()).hindcast()


@pytest.fixture(scope="module")
def told(lab):
    return lab.history(first=2013, clans=40, replicates=8)


@pytest.mark.slow
def test_a_history_comes_to_each_year_through_those_before(told, found):
    claims = told.scores.claims.set_index("year")
    assert list(claims.index) == ["2015", "2016", "2018"]
    settled = found.claims.set_index("year")
    assert claims.loc["2015", "model"] == pytest.approx(500, rel=0.08)
    assert claims.loc["2016", "model"] == pytest.approx(settled.loc["2016", "model"], rel=0.15)
    assert claims.loc["2016", "model"] > 1.05 * claims.loc["2015", "model"]
    assert claims.loc["2018", "model"] == pytest.approx(500, rel=0.1)
    table = told.predictions.set_index("year")
    assert {"2013", "2014", "2015"} <= set(table.index)
    assert (table["model_5"] < table["model"]).all()
    assert told.errors()["claims"].tolist() == [3]
    assert told.errors(2016)["claims"].tolist() == [2]


@pytest.mark.slow
def test_a_history_ends_where_it_is_told_to(lab):
    told = lab.history(first=2013, last=2016, clans=40, replicates=8)
    assert list(told.scores.claims["year"]) == ["2015", "2016"]
    with pytest.raises(PolicyError, match="no year"):
        lab.history(first=2013, last=2012)


@pytest.mark.slow
def test_histories_are_drawn_in_a_panel_each(lab, told):
    series = told.predictions.iloc[0]
    drawing = told.fan(told, quantity=series["quantity"], where=series["place"])
    assert [lab.case.info.title in facet.title for facet in drawing.facets] == [True, True]
    assert len(drawing.table) == 2 * len(told.predictions)
    medians = drawing.table.filter(like="model [").iloc[: len(told.predictions), 0]
    assert sorted(medians) == pytest.approx(sorted(told.predictions["model"] / KG_PER_TONNE))
    full = drawing.facets[0].body.count('class="f-ink s-ink"')
    assert full == int((told.predictions["use"] == "fit").sum())
    with pytest.raises(ComparisonError, match=r"no series 'area PE'\. It has: flow"):
        told.fan(where="PE")


@pytest.mark.slow
def test_a_history_needs_draws(lab):
    best = calibrate(elastic(), Settings(Method.BEST), fresh=True)
    with pytest.raises(ObservationError, match="needs draws"):
        best.history()
