"""Claims as observations, priors, likelihood and calibration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contraflow.errors import ObservationError
from contraflow.evidence.fit import Posterior
from contraflow.evidence.likelihood import make_likelihood, robust
from contraflow.evidence.observe import Observations
from contraflow.evidence.priors import Prior
from contraflow.lab import calibrate, prior, responder
from contraflow.model.numerics import jnp
from tiny import two_routes


def claim(t, name, quantity, value=None, **cells):
    usual = {"source": "s", "paragraph": "1", "statement": name, "information": 2, "year": "2013"}
    t.add("claims", id=name, quantity=quantity, value=value, **{**usual, **cells})


def observed(t):
    lab = prior(t.case())
    data = lab.baseline().data.isel(draw=0)
    observations = Observations(lab.responder.model, tuple(t.tables["claims"].values()))
    ledger = jnp.asarray(lab.ledger[0])
    r = lab.responder
    economy = r.economy(ledger, jnp.asarray(r.levers.baseline), r.anchor(ledger))
    point = r.model.evaluate(economy, jnp.zeros(r.model.unknowns))
    said = np.asarray(observations.observe(ledger, economy, point))
    return dict(zip(t.tables["claims"], said, strict=True)), data


def test_every_kind_of_observation_against_the_dataset():
    t = two_routes(hazards=(0.1, 0.3))
    t.add("fees", id="levy", actor="clans", amount=3.0, mode="road")
    t.tables["modes"]["air"] = t.tables["modes"]["air"].model_copy(update={"pay": t.number("air-pay", 20.0)})
    claim(t, "flow", "flow", 1.0, from_="PE", to="!PE")
    claim(t, "pure", "flow", 1.0, from_="PE", to="!PE", basis="pure")
    claim(t, "share", "share", 0.5, from_="PE", mode="air", of_from="PE")
    claim(t, "price", "price", 1.0, from_="valley", form="drug")
    claim(t, "ratio", "price ratio", 1.0, from_="north", form="drug", of_from="valley", of_form="drug")
    claim(t, "area", "area", 1.0, from_="PE")
    claim(t, "made", "production", 1.0, from_="PE", form="drug")
    claim(t, "came", "arrival", 1.0, to="south")
    claim(t, "seized", "seizure", 1.0, mode="air")
    claim(t, "count", "count", 1.0, mode="air")
    claim(t, "load", "load", 1.0, mode="air")
    claim(t, "pay", "pay", 1.0, mode="air")
    claim(t, "fee", "fee", 1.0, actor="clans", mode="road")
    claim(t, "yield", "yield", 1.0, from_="valley")
    claim(t, "value", "value", 1.0, from_="valley", mode="road")
    claim(t, "income", "income", 1.0, actor="crews")
    said, data = observed(t)
    flow, air, road = data["flow"], data["flow"].sel(arc="by-air"), data["flow"].sel(arc="by-road")
    valley = data["price"].sel(node="drug@valley")
    wanted = {
        "flow": air + road,
        "pure": 0.5 * (air + road),
        "share": air / (air + road),
        "price": valley,
        "ratio": 100 / valley,
        "area": flow.sel(arc="grow"),
        "made": 1000.0,
        "came": data["arrival"].sel(arc="by-air"),
        "seized": air * (1 - np.exp(-0.3)),
        "count": air / 300,
        "load": 300.0,
        "pay": 20.0,
        "fee": 3.0,
        "yield": 1.0,
        "value": road * valley,
        "income": 10 * road + 40 * air,
    }
    for name, figure in wanted.items():
        assert said[name] == pytest.approx(float(figure), rel=1e-9), name


def test_origin_is_traced_through_shared_routes():
    t = two_routes()
    t.form("leaf")
    t.zone("hills", 300.0, households="growers")
    t.add("activities", id="grow-hills", places="hills", input="labour", output="drug", yield_=1.0)
    t.link("down", "hills", "valley", "road", cost=1.0)
    claim(t, "all", "flow", 1.0, from_="valley", to="north")
    claim(t, "hills", "flow", 1.0, from_="valley", to="north", grown="hills")
    claim(t, "valley", "flow", 1.0, from_="valley", to="north", grown="valley")
    said, _ = observed(t)
    assert said["hills"] + said["valley"] == pytest.approx(said["all"], rel=1e-12)
    assert said["hills"] / said["all"] == pytest.approx(300 / 1300, rel=1e-12)


def test_a_claim_that_selects_nothing_is_named():
    t = two_routes()
    claim(t, "lost", "flow", 1.0, from_="north")
    with pytest.raises(ObservationError, match="'lost'"):
        make_likelihood(responder(t.case()))


@given(st.lists(st.floats(-6, 6), min_size=2, max_size=2))
@settings(deadline=None, max_examples=30)
def test_free_numbers_stay_inside_their_ranges(z):
    t = two_routes(weights=((0.1, 1.0, 10.0), 1.0), costs=((5.0, 10.0, 30.0), 40.0))
    from contraflow.network import build

    ledger = build(t.case()).ledger
    p = Prior(ledger)
    assert p.size == 2
    numbers = np.asarray(p.ledger_values(jnp.array(z)))
    assert (numbers >= ledger.low - 1e-9).all()
    assert (numbers <= ledger.high + 1e-9).all()
    centre = np.asarray(p.ledger_values(jnp.zeros(2)))
    assert np.allclose(centre, ledger.value)


def test_bounds_pull_on_one_side_only():
    t = two_routes()
    claim(t, "least", "flow", 500.0, from_="valley", bound="at least")
    claim(t, "most", "flow", 500.0, from_="valley", bound="up to")
    likelihood = make_likelihood(responder(t.case()))
    above, below = (np.asarray(likelihood.residuals(jnp.array([x, x]))) for x in (900.0, 100.0))
    assert above[0] == 0 < above[1]
    assert below[1] == 0 > below[0]


def test_later_claims_and_checks_are_never_fitted():
    t = two_routes()
    claim(t, "now", "flow", 500.0, from_="valley")
    claim(t, "later", "flow", 500.0, from_="valley", year="2016")
    claim(t, "check", "flow", 500.0, from_="valley", use="check")
    claim(t, "undated", "flow", 500.0, from_="valley", year=None)
    assert list(make_likelihood(responder(t.case())).fitted) == [True, False, False, True]


def test_worse_grades_and_distant_years_count_less():
    t = two_routes()
    claim(t, "good", "flow", 500.0, from_="valley")
    claim(t, "doubtful", "flow", 500.0, from_="valley", information=5)
    claim(t, "old", "flow", 500.0, from_="valley", year="2004")
    good, doubtful, old = make_likelihood(responder(t.case())).deviations
    assert good < doubtful
    assert old == pytest.approx(np.sqrt(good**2 + 0.1**2 * 9))


def test_robust_residuals_are_the_student_t():
    r = np.array([-5.0, -1.0, 0.0, 1e-8, 2.0])
    transformed = np.asarray(robust(jnp.asarray(r)))
    assert np.allclose(transformed**2, 5 * np.log1p(r**2 / 4), atol=1e-15)
    assert (np.sign(transformed) == np.sign(r)).all()


def yearly():
    """A case whose measure differs between years, so that claims of 2005 need an equilibrium of 2005."""
    t = two_routes(costs=((5.0, 10.0, 20.0), 40.0), weights=((0.1, 1.0, 10.0), 1.0), elasticity=0.5)
    t.add("measures", id="m", name="m", unit="u", maximum=10.0)
    t.add("effects", id="e", measure="m", kind="add cost", step="by-air", size=(10.0, 20.0, 30.0))
    t.add("events", id="start", date="2010", measure="m", level=1.0)
    claim(t, "now", "share", 0.7, from_="PE", mode="road", of_from="PE")
    claim(t, "then", "share", 0.4, from_="PE", mode="road", of_from="PE", year="2005")
    claim(t, "price", "price", 60.0, from_="valley", form="drug", year="2005")
    return t


def test_claims_of_other_years_observe_the_measures_of_their_year():
    lab = prior(yearly().case())
    likelihood = make_likelihood(lab.responder)
    levels, which = likelihood.scenarios
    assert levels.tolist() == [[1.0], [0.0]]
    assert which.tolist() == [0, 1, 1]
    posterior = Posterior(Prior(lab.network.ledger), likelihood)
    _, said, _ = posterior.evaluate(np.zeros(posterior.prior.size))
    then = lab.respond({"m": 0}).data.isel(draw=0)
    road, air = (float(then["flow"].sel(arc=a)) for a in ("by-road", "by-air"))
    assert said[1] == pytest.approx(road / (road + air), rel=1e-9)
    assert said[2] == pytest.approx(float(then["price"].sel(node="drug@valley")), rel=1e-9)


def test_jacobian_of_the_claims_matches_finite_differences():
    r = responder(yearly().case())
    posterior = Posterior(Prior(r.model.network.ledger), make_likelihood(r))
    z = np.array([0.3, -0.4, 0.2])[: posterior.prior.size]
    _, jacobian = posterior.linearise(z)
    step = 1e-5
    for i in range(z.size):
        ahead, behind = z.copy(), z.copy()
        ahead[i] += step
        behind[i] -= step
        difference = (posterior.linearise(ahead)[0] - posterior.linearise(behind)[0]) / (2 * step)
        assert np.allclose(jacobian[:, i], difference, rtol=1e-5, atol=1e-7)


def test_calibration_moves_to_the_claims_and_repeats():
    t = yearly()
    lab = calibrate(t.case(), seed=1, fresh=True)
    table = lab.claims().set_index("claim")
    before = Posterior(lab.posterior.prior, lab.posterior.likelihood).evaluate(
        np.zeros(lab.posterior.prior.size)
    )
    assert (lab.fit.residuals**2).sum() < (before[2] ** 2).sum()
    assert table.loc["now", "model"] == pytest.approx(lab.fit.predicted[0])
    again = calibrate(t.case(), seed=1, fresh=True)
    assert (again.ledger == lab.ledger).all()
    kept = calibrate(t.case(), seed=1)
    assert (kept.ledger == lab.ledger).all()
