"""The Peru case: it loads, fits, answers, and every number has an origin."""

import numpy as np

from contraflow import verify
from contraflow.analysis import dynamic_patterns
from contraflow.case.behaviour import row_id, taken_from


def test_every_parameter_has_an_origin(peru):
    for p in peru.case.parameters.values():
        assert p.claims or p.reason.strip()
        assert p.low <= p.value <= p.high


def test_no_fitted_claim_is_later_than_the_baseline(peru):
    claims = peru.claims()
    years = claims.loc[claims["fitted"] & (claims["year"] != ""), "year"]
    assert (years.str[-4:].astype(int) <= 2014).all()
    assert claims["fitted"].sum() >= 60


def test_numbers_stay_inside_their_ranges(peru):
    """What is learned from episodes has a 90 % interval for its range, and may lie beyond it."""
    ledger = peru.network.ledger
    taken = taken_from(peru.case.parameters, peru.case.info.learned)
    learned = np.isin(ledger.ids, [row_id(name) for name in taken])
    assert learned.sum() == len(taken) > 5
    slack = 1e-9 * np.maximum(np.abs(ledger.high), 1)
    assert (peru.ledger >= ledger.low - slack)[:, ~learned].all()
    assert (peru.ledger <= ledger.high + slack)[:, ~learned].all()


def test_headline_answers_settle_and_their_books_balance(peru, peru_answers):
    base = peru.baseline().data
    assert verify(base).worst < 1e-9
    answers = peru_answers
    assert len(answers) >= 4
    for _, outcome in answers:
        assert verify(outcome.data, base).worst < 1e-9
        assert not outcome.convergence().empty


def test_displacement_keeps_the_sum(peru, peru_answers):
    shut = dict((q.id, o) for q, o in peru_answers)["close-air-bridge"]
    comparison = shut.compare(peru.baseline())
    for by in ("mode", "route"):
        moved = comparison.displacement(by)
        exports = comparison.summary().loc["exports"]
        assert np.isclose(moved["after"].sum(), exports["after"], rtol=1e-9)
        assert np.isclose(moved["before"].sum(), exports["before"], rtol=1e-9)


def test_patterns_run_and_failures_are_told(peru):
    table = peru.validate(replicates=0).table()
    ran = table["holds"].notna()
    assert ran.sum() >= 15
    assert table.loc[ran, "ratio"].notna().all()
    assert {note.split(":")[0] for note in table.loc[~ran, "note"]} == {"Takes time to show"}


def test_patterns_that_take_time_are_simulated(peru):
    chosen = ("bridge-carriers-at-once", "interceptors-alone-in-time", "clans-replaced")
    patterns = tuple(replace_clans(peru.case.patterns[name]) for name in chosen)
    before, after = dynamic_patterns.unfold(peru.responder, patterns, peru.ledger, replicates=4, seed=0)
    ratio = np.median(after / before, axis=1)
    assert ratio[0] > 1.02
    assert ratio[1] == 1
    assert 0.95 < ratio[2] < 1.05


def replace_clans(pattern):
    return pattern.model_copy(update={"clans": 300})


def test_another_seed_tells_the_same_story(peru):
    costs = peru.posterior.fit.costs
    assert np.allclose(costs, costs.min(), rtol=0.02)


def test_reprs_are_short_and_readable(peru):
    assert f"of {peru.posterior.log_posterior.likelihood.fitted.sum()} fitted claims" in repr(peru)
    assert "t/yr" in repr(peru.baseline())
    assert "<table" in peru.baseline()._repr_html_()
