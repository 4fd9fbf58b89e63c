"""Claims as observations, priors, likelihood and calibration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from contraflow.errors import ObservationError
from contraflow.inference.calibration import Settings
from contraflow.inference.likelihood import SLOPE, heavy, make_likelihood, robust
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.map_estimate import find_map
from contraflow.inference.method import Method
from contraflow.inference.prior import WIDTH, Prior
from contraflow.lab import calibrate, central_values, responder
from contraflow.model.numerics import jnp
from contraflow.model.observables import Observations
from tiny import two_routes


def claim(t, name, quantity, value=None, **cells):
    usual = {"source": "s", "paragraph": "1", "statement": name, "information": 2, "year": "2013"}
    t.add("claims", id=name, quantity=quantity, value=value, **{**usual, **cells})


def target_of(t) -> LogPosterior:
    r = responder(t.case())
    return LogPosterior(Prior(r.model.network.ledger), make_likelihood(r))


def observed(t):
    lab = central_values(t.case())
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


@pytest.mark.parametrize(("low", "mid", "high"), [(5.0, 10.0, 20.0), (5.0, 6.0, 20.0), (-1.0, 0.0, 3.0)])
def test_the_prior_reaches_its_ends_and_no_farther(low, mid, high):
    t = two_routes()
    t.number("free", (low, mid, high))
    t.tables["links"]["by-road"] = t.tables["links"]["by-road"].model_copy(update={"cost": "free"})
    from contraflow.network import build

    ledger = build(t.case()).ledger
    p, place = Prior(ledger), ledger.index("free")

    def at(z):
        return float(p.ledger_values(jnp.array([z]))[place])

    assert at(0.0) == pytest.approx(mid, abs=1e-12)
    span = high - low
    assert low - 1e-12 * span <= at(-200.0) < low + 1e-3 * span
    assert high - 1e-3 * span < at(200.0) <= high + 1e-12 * span
    assert all(at(z) < at(z + 0.5) for z in np.arange(-4, 4, 0.5))


def test_the_prior_is_straight_in_the_middle_of_a_range():
    """With the centre in the middle: slope range / 4, and two deviations reach 2^(-1/4) of the half."""
    from contraflow.network import build

    t = two_routes(costs=((5.0, 10.0, 20.0), 40.0))
    ledger = build(t.case()).ledger
    p, place = Prior(ledger), ledger.index("by-road-cost")
    half = np.log(20 / 10)

    def at(z):
        return float(np.log(p.ledger_values(jnp.array([z]))[place] / 10))

    assert (at(1e-3) - at(-1e-3)) / 2e-3 == pytest.approx(half / WIDTH, rel=1e-6)
    assert at(2.0) == pytest.approx(half * 2**-0.25, rel=1e-12)
    assert at(-1.0) == pytest.approx(-half * 0.5 / (1 + 0.5**4) ** 0.25, rel=1e-12)


def test_bounds_pull_on_one_side_only():
    t = two_routes()
    claim(t, "least", "flow", 500.0, from_="valley", bound="at least")
    claim(t, "most", "flow", 500.0, from_="valley", bound="up to")
    likelihood = make_likelihood(responder(t.case()))
    none = jnp.zeros(likelihood.errors)
    above, below = (
        np.asarray(likelihood.residuals(jnp.log(jnp.array([x, x])), none, likelihood.figures))
        for x in (900.0, 100.0)
    )
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


def test_heavy_is_the_quantile_of_student_t():
    z = np.concatenate([np.linspace(-7, 7, 140), [-0.0101, -0.0099, 0.0, 0.005, 0.0099, 0.0101]])
    exact = np.where(z < 0, stats.t.ppf(stats.norm.cdf(z), 4), -stats.t.ppf(stats.norm.sf(z), 4))
    assert np.allclose(heavy(jnp.asarray(z)), exact, rtol=1e-9, atol=1e-12)
    assert np.isclose(heavy(jnp.array(1e-6)) / 1e-6, stats.norm.pdf(0) / stats.t.pdf(0, 4), rtol=1e-9)


def load_claims(*rows, load=(100.0, 300.0, 900.0)):
    """Claims on the load of a plane, the one free number: (source, origin, grade, value, year, repeats)."""
    t = two_routes()
    t.tables["modes"]["air"] = t.tables["modes"]["air"].model_copy(update={"load": t.number("plane", load)})
    for n, (source, origin, grade, value, year, repeats) in enumerate(rows):
        t.add("sources", id=source, title="Made up", publisher="Nobody", published="2014", kind="report",
              reliability=grade[0], reason="Invented.", origin=origin or None)  # fmt: skip
        claim(t, f"load-{n}", "load", value, mode="air", source=source, information=int(grade[1]), year=year,
              repeats=repeats)  # fmt: skip
    return t


def test_sources_of_one_origin_share_an_error_for_each_kind_of_quantity():
    rows = [
        ("survey", "un", "B2", 300, "2013", ()),
        ("press", "un", "B2", 300, "2014", ()),
        ("other", "", "B2", 300, "2014", ()),
        ("twice", "", "B2", 300, "2013", ()),
    ]
    t = load_claims(*rows)
    claim(t, "flow", "flow", 500.0, from_="valley", source="survey")
    claim(t, "again", "load", 300.0, mode="air", source="twice", year="2014")
    claim(t, "check", "price", 300.0, from_="valley", form="drug", source="survey", use="check")
    likelihood = make_likelihood(responder(t.case()))
    ids = [c.id for c in likelihood.claims]
    error = dict(zip(ids, likelihood.error.tolist(), strict=True))
    assert error["load-0"] == error["load-1"] >= 0
    assert error["load-3"] == error["again"] >= 0
    assert error["load-0"] != error["load-3"]
    assert error["load-2"] == error["flow"] == error["check"] == -1
    assert likelihood.errors == 2


def test_claims_that_repeat_one_another_share_the_weight_of_one():
    rows = [
        ("survey", "un", "B2", 300, "2013", ()),
        ("press", "un", "B2", 310, "2013", ()),  # one origin, series and year: not named, found
        ("book", "", "C3", 300, None, ("load-0",)),
        ("own", "", "B2", 250, "2013", ()),
    ]
    figures = make_likelihood(responder(load_claims(*rows).case())).figures
    assert np.allclose(figures.weight, [1 / 3, 1 / 3, 1 / 3, 1.0])


def deviation_of_load(*rows) -> float:
    """Posterior deviation of the load's deviate near its centre."""
    log_posterior = target_of(load_claims(*rows))
    _, jacobian = log_posterior.linearise(np.zeros(log_posterior.size), log_posterior.likelihood.figures)
    return float(np.sqrt(np.linalg.inv(np.eye(log_posterior.size) + jacobian.T @ jacobian)[0, 0]))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_many_figures_of_one_origin_leave_its_shared_error(count):
    """Solved by hand: n claims a z = s e + d eps, all on the spot, e and eps Student's t.

    At zero minus the log of t's density bends by 5/4, and e = k x with x standard normal. Then
    z has precision 1 + A a^2 - (A a s k)^2 / (1 + A s^2 k^2), A = 5 n / 4 d^2.
    """
    a, s, d = np.log(3) / WIDTH, 0.10, 0.10
    rows = [(f"s{i}", "un", "B2", 300, str(2013 + i), ()) for i in range(count)]
    if count == 1:
        wanted = 1 / np.sqrt(1 + 1.25 * a**2 / (s**2 + d**2))
    else:
        big = 1.25 * count / d**2
        k = stats.norm.pdf(0) / stats.t.pdf(0, 4)
        wanted = 1 / np.sqrt(1 + big * a**2 - (big * a * s * k) ** 2 / (1 + big * (s * k) ** 2))
        # even with no end of such claims the shared error stays
        assert wanted > s * k / np.sqrt(a**2 + (s * k) ** 2)
    assert np.isclose(SLOPE, stats.norm.pdf(0) / stats.t.pdf(0, 4), rtol=1e-12)
    assert deviation_of_load(*rows) == pytest.approx(wanted, rel=1e-9)


def test_a_figure_told_three_times_is_told_once():
    once = ("a", "", "B2", 300, "2013", ())
    again = [(name, "", "B2", 300, "2013", ("load-0",)) for name in ("b", "c")]
    assert deviation_of_load(once, *again) == pytest.approx(deviation_of_load(once), rel=1e-9)


def test_a_wild_claim_of_a_bad_source_hardly_moves_the_answer():
    log_posterior = target_of(
        load_claims(("good", "", "B2", 300, "2013", ()), ("bad", "", "E5", 3000, "2013", ()))
    )
    z = find_map(log_posterior, log_posterior.likelihood.figures, starts=1).deviates
    plane = float(log_posterior.ledgers(z[None])[0, log_posterior.prior.ledger.index("plane")])
    assert 300 < plane < 1.04 * 300


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


def test_claims_of_other_years_observe_the_measures_of_their_year_and_how_far_people_had_adapted():
    """From the middle of 2005 to that of the baseline, 2013 and 2014, are eight and a half years."""
    lab = central_values(yearly().case())
    likelihood = make_likelihood(lab.responder)
    scenarios, which = likelihood.scenarios
    assert scenarios.levels[:, :1].tolist() == [[1.0], [0.0]]  # levers of markets follow the measure
    assert scenarios.years.tolist() == [0.0, 8.5]
    assert which.tolist() == [0, 1, 1]
    said = LogPosterior(Prior(lab.network.ledger), likelihood).predicted_at(lab.ledger)[0]
    then = lab.respond({"m": 0}, after=8.5).data.isel(draw=0)
    road, air = (float(then["flow"].sel(arc=a)) for a in ("by-road", "by-air"))
    assert said[1] == pytest.approx(road / (road + air), rel=1e-9)
    assert said[2] == pytest.approx(float(then["price"].sel(node="drug@valley")), rel=1e-9)


@pytest.mark.slow
def test_jacobian_of_the_claims_matches_finite_differences():
    log_posterior = target_of(yearly())
    figures = log_posterior.likelihood.figures
    assert log_posterior.size == 4  # three numbers, and the error that both shares of the one source have
    z = np.array([0.3, -0.4, 0.2, 0.6])
    _, jacobian = log_posterior.linearise(z, figures)
    step = 1e-5
    for i in range(z.size):
        ahead, behind = z.copy(), z.copy()
        ahead[i] += step
        behind[i] -= step
        difference = (
            log_posterior.linearise(ahead, figures)[0] - log_posterior.linearise(behind, figures)[0]
        ) / (2 * step)
        assert np.allclose(jacobian[:, i], difference, rtol=1e-5, atol=1e-7)


@pytest.mark.slow
def test_calibration_moves_to_the_claims_and_repeats():
    t = yearly()
    lab = calibrate(t.case(), Settings(Method.BEST, seed=1), fresh=True)
    posterior = lab.posterior
    table = lab.claims().set_index("claim")
    start, _ = posterior.log_posterior.linearise(np.zeros(posterior.log_posterior.size), posterior.figures)
    assert posterior.fit.costs.min() < 0.5 * (start**2).sum()
    assert table.loc["now", "model"] == pytest.approx(posterior.predicted[0, 0])
    again = calibrate(t.case(), Settings(Method.BEST, seed=1), fresh=True)
    assert (again.ledger == lab.ledger).all()
    kept = calibrate(t.case(), Settings(Method.BEST, seed=1))
    assert (kept.ledger == lab.ledger).all()


def test_years_of_the_baseline_and_after_it_have_their_own_measures():
    """Of two years of the baseline each has its own level; after it people adapt from the first event on."""
    t = yearly()
    t.add("events", id="more", date="2014", measure="m", level=3.0)
    t.add("events", id="most", date="2015-07", measure="m", level=5.0)
    for year in ("2013", "2014", "2015", "2017"):
        claim(t, f"in-{year}", "price", 60.0, from_="valley", form="drug", year=year)
    likelihood = make_likelihood(central_values(t.case()).responder)
    scenarios, which = likelihood.scenarios
    found = {
        c.year: (float(scenarios.levels[w, 0]), round(float(scenarios.years[w]), 9))
        for c, w in zip(likelihood.claims, which, strict=True)
        if c.year
    }
    assert found["2013"] == (1.0, 0.5)
    assert found["2014"] == (3.0, 0.5)
    assert found["2015"] == (5.0, round(1 / 12, 9))
    assert found["2017"] == (5.0, 2.0)
