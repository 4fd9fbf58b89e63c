"""What a figure rests on, against a linear world with Gaussian errors that is solved by hand."""

import numpy as np
import pytest
from scipy import stats

from contraflow._quantiles import INTERVAL
from contraflow.analysis import evppi, leave_one_out, psis
from contraflow.errors import ComparisonError
from contraflow.inference.likelihood import ClaimErrors
from contraflow.lab import sensitivity
from contraflow.results.explanation import Group


@pytest.fixture(scope="module")
def linear():
    """Three deviates, two claims with residuals J z - b, a figure g z; many draws of the posterior."""
    jacobian = np.array([[2.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    b, gradient = np.array([1.0, -0.5]), np.array([1.0, 2.0, 0.5])
    covariance = np.linalg.inv(np.eye(3) + jacobian.T @ jacobian)
    rng = np.random.default_rng(1)
    z = rng.multivariate_normal(covariance @ jacobian.T @ b, covariance, size=4000)
    return jacobian, b, gradient, covariance, z


def test_shares_of_variance_add_up_and_are_those_of_perturbed_claims_and_ranges(linear):
    jacobian, _, gradient, covariance, _ = linear
    told = leave_one_out.account(gradient, jacobian)
    assert told.variance == pytest.approx(gradient @ covariance @ gradient)
    assert told.deviates.sum() + told.claims.sum() == pytest.approx(told.variance)
    # least squares of perturbed claims e and perturbed centres d: z = C (d + J' e)
    weights = np.hstack([covariance, covariance @ jacobian.T]).T @ gradient
    assert np.allclose(np.append(told.deviates, told.claims), weights**2)


def test_a_claim_left_out_by_weights_gives_the_posterior_without_it(linear):
    jacobian, b, gradient, _, z = linear
    figure = z @ gradient
    log_likelihood = -0.5 * (z @ jacobian.T - b) ** 2
    found = psis.smooth(-log_likelihood[:, [1]].T)
    assert found.k[0] < psis.RELIABLE_K
    kept = jacobian[:1]
    left = np.linalg.inv(np.eye(3) + kept.T @ kept)
    mean, deviation = gradient @ left @ kept.T @ b[:1], np.sqrt(gradient @ left @ gradient)
    wanted = stats.norm(mean, deviation).ppf(INTERVAL)
    assert np.allclose(psis.weighted_quantiles(figure, found.weights, INTERVAL)[0], wanted, atol=0.3)
    error = leave_one_out.shift_errors(figure, found.weights, np.random.default_rng(0))
    assert 0 < error[0] < 0.2


def test_the_linear_account_leaves_a_claim_out_as_the_normal_equations_say(linear):
    jacobian, b, gradient, covariance, _ = linear
    centre = covariance @ jacobian.T @ b
    told = leave_one_out.linear_leave_one_out(
        centre, jacobian @ centre - b, jacobian, gradient, np.array([[1.0, 0.0], [1, 1]])
    )
    kept = jacobian[:1]
    left = np.linalg.inv(np.eye(3) + kept.T @ kept)
    assert told.shift[0] == pytest.approx(gradient @ (left @ kept.T @ b[:1] - centre))
    assert told.spread[0] == pytest.approx(
        np.sqrt(gradient @ left @ gradient / (gradient @ covariance @ gradient))
    )
    assert told.shift[1] == pytest.approx(0, abs=1e-12)
    assert told.spread[1] == pytest.approx(1)


def test_weights_fail_where_a_claim_holds_everything():
    z = np.random.default_rng(0).standard_normal(400)
    found = psis.smooth(np.stack([np.zeros(400), 2.0 * z**2]))
    assert found.k[0] == 0
    assert np.allclose(found.weights[0], 1 / 400)
    assert found.k[1] > psis.RELIABLE_K


def test_weights_whose_largest_are_equal_need_no_smoothing():
    """A bound that most draws meet, and that counts for more: the tail of the ratios is one value."""
    ratios = np.where(np.arange(400) < 40, -3.0, 0.0)
    found = psis.smooth(np.stack([ratios, np.random.default_rng(0).standard_normal(400)]))
    assert found.k[0] == 0
    assert np.allclose(found.weights[0], np.exp(ratios) / np.exp(ratios).sum())
    assert found.weights.sum(axis=1) == pytest.approx(1)


def test_weighted_quantiles_of_even_weights_are_the_middle_of_the_draws():
    assert np.allclose(psis.weighted_quantiles(np.arange(5.0), np.ones((1, 5)), (0.5,)), 2.0)
    assert psis.weighted_quantiles(np.arange(5.0), np.array([[0, 0, 0, 1.0, 0]]), (0.5,))[
        0, 0
    ] == pytest.approx(3)


def test_a_repetition_takes_over_the_weight_of_the_claim_left_out():
    figures = ClaimErrors(np.zeros(3), np.ones(3), np.zeros(3), np.array([0.5, 0.5, 1.0]))
    left = leave_one_out.without(figures, np.array([0, 0, 2]), np.array([True, False, False]))
    assert np.allclose(left.weight, [0, 1, 1])
    alone = leave_one_out.without(figures, np.array([0, 0, 2]), np.array([False, False, True]))
    assert np.allclose(alone.weight, [0.5, 0.5, 0])


def test_a_flat_range_is_flat_and_places_in_it_invert():
    centre = np.array([0.0, 0.7])
    u = np.array(
        [leave_one_out.place(centre + leave_one_out.at_place(p, centre) / 2) for p in (0.05, 0.5, 0.95)]
    )
    assert np.allclose(u, np.array([[0.05, 0.5, 0.95]]).T)
    z = np.linspace(-3, 3, 2001)
    density = np.exp(leave_one_out.flat_ratios(z, np.zeros(1))) * stats.norm.pdf(z)
    even = (density / np.gradient(leave_one_out.place(z / 2), z))[1:-1]
    assert np.allclose(even, even[1000], rtol=1e-3)


def test_knowing_a_fact_narrows_by_its_squared_correlation():
    rng = np.random.default_rng(3)
    facts = rng.standard_normal((2000, 20))
    figure = 2 * facts[:, 0] + facts[:, 1] ** 2 + rng.standard_normal(2000)
    found = evppi.variance_explained(facts, figure, rng)
    whole = 4 + 2 + 1
    assert found.beyond_chance[0] == pytest.approx(4 / whole, abs=0.05)
    assert found.beyond_chance[1] == pytest.approx(2 / whole, abs=0.06)
    assert not found.beyond_chance[2:].any()
    assert abs(found.worth[0] - 4 / whole) < 4 * found.error[0]


def test_knowing_a_fact_before_choosing_is_worth_what_it_changes():
    """Two options, one certain, one of mean 0.2 and known part x ~ N(0, 1): E max(0, 0.2 + x) - 0.2."""
    rng = np.random.default_rng(4)
    facts = rng.standard_normal((4000, 10))
    benefit = 0.2 + facts[:, 0] + rng.standard_normal(4000)
    found = evppi.evppi(facts, np.stack([np.zeros(4000), benefit], axis=1), rng)
    wanted = stats.norm.pdf(0.2) + 0.2 * stats.norm.cdf(0.2) - 0.2
    assert found.beyond_chance[0] == pytest.approx(wanted, abs=0.05)
    assert not found.beyond_chance[1:].any()
    everything = evppi.evpi(np.stack([np.zeros(4000), benefit], axis=1))
    assert everything > found.beyond_chance[0]


@pytest.fixture(scope="module")
def lab(example_laplace):
    return example_laplace


@pytest.fixture(scope="module")
def outcome(lab):
    return lab.respond(lab.case.info.questions[0].policy)


@pytest.fixture(scope="module")
def told(lab, outcome):
    return lab.explain(outcome, "exports", refits=1)


def test_an_explanation_adds_up(told):
    assert told.shares["share"].sum() == pytest.approx(1)
    parts = told.numbers["share"].sum() + told.claims["share"].sum()
    assert parts == pytest.approx(told.linear, rel=1e-6)
    assert told.figure["_5"] < told.figure[""] < told.figure["_95"]
    assert set(told.numbers["group"]) <= {g.value for g in Group}
    assert all(line.endswith(".") for line in told.words())


def test_a_claim_whose_weights_fail_is_fitted_anew(lab, outcome, monkeypatch):
    monkeypatch.setattr(psis, "RELIABLE_K", -np.inf)
    monkeypatch.setattr(sensitivity, "WORTH_A_REFIT", 0.0)
    told = lab.explain(outcome, "exports", refits=1)
    rows = [*told.claims.to_dict("records"), *told.sources.to_dict("records")]
    assert told.refits == 1
    assert sorted(r["how"] for r in rows) == ["linear"] * (len(rows) - 1) + ["refitted"]
    assert all(np.isfinite(r["without"]) for r in rows)


def test_numbers_of_functional_form_are_found_by_their_part_in_the_model(told):
    group = told.numbers.set_index("number")["group"]
    assert group["theta-goods"] == group["dilution-checkpoints"] == Group.FORM
    assert group["yield-leaf"] == Group.ASSUMPTIONS
    assert group["yield-paste"] == Group.RANGES


def test_a_number_at_its_own_centre_moves_nothing_and_its_slope_has_a_sign(told):
    row = told.numbers.set_index("number").loc["yield-leaf"]
    assert row["at_low"] < told.figure[""] < row["at_high"]


def test_a_change_is_explained_draw_by_draw(lab, outcome):
    base = lab.baseline()
    by_comparison = lab.explain(outcome.compare(base), "exports", refits=0)
    by_pair = lab.explain(outcome, "exports", against=base, refits=0)
    assert by_comparison.figure == by_pair.figure
    change = outcome.compare(base).summary().loc["exports", "change"]
    assert by_pair.figure[""] == pytest.approx(change, rel=0.05)


def test_weights_of_arcs_are_gathered_by_template(told):
    whole = told.gathered(1000)
    assert whole["share"].sum() == pytest.approx(told.numbers["share"].sum())
    assert not whole["number"].str.contains("@").any()


def test_what_is_worth_knowing(lab, outcome):
    found = lab.worth_knowing(outcome, "exports")
    assert (found["worth"].diff().dropna() <= 0).all()
    assert {"number", "observable"} == set(found["kind"])
    assert (found["worth"] <= 1).all()
    both = lab.worth_knowing(outcomes=[lab.baseline(), outcome], quantity="exports")
    assert both.attrs["best"] == outcome.title
    assert sum(o["best"] for o in both.attrs["options"]) == pytest.approx(1)
    assert (both["worth"] <= both.attrs["certain"] + 1e-9).all()


def test_what_cannot_be_explained_is_said(lab, outcome, example_prior):
    with pytest.raises(ComparisonError, match="Did you mean 'exports'"):
        lab.explain(outcome, "export")
    with pytest.raises(ComparisonError, match="without posterior draws"):
        example_prior.explain(outcome, "exports")
    with pytest.raises(ComparisonError, match="one outcome"):
        lab.worth_knowing()
