"""Simulations in time: consignments, beliefs, money, random draws, and the equilibrium as their long run."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import contraflow as cf
import synthetic
from contraflow.case import schema
from contraflow.case.behaviour import BEHAVIOUR, row_id
from contraflow.dynamics import adjustment, timeline
from contraflow.dynamics.arrests import Arrest
from contraflow.dynamics.month import binomial
from contraflow.dynamics.search_allocation import best, chasing, concentrated
from contraflow.errors import ComparisonError, PolicyError
from contraflow.model.numerics import jax, jnp
from contraflow.report import document
from contraflow.report.data import SimulatedQuestion
from contraflow.results import trajectory_tables

CLANS, YEARS = 60, 4
OF_CLANS = (
    "memory", "prior_weight", "news", "attitude", "ways", "size_dispersion", "cover", "entry", "dismantled"
)  # fmt: skip
"""Behaviour parameters of runs alone; paths turn on the others."""
PACES = ("growers", "crop_buyers", "traders", "carriers")
"""Behaviour parameters that say how soon people reconsider."""
AMPLE = {"cover": 40.0, "dismantled": 0.0}
"""Behaviour of clans that neither lack of capital nor seizures end."""


@pytest.fixture(scope="module")
def lab(example_prior):
    return example_prior


@pytest.fixture(scope="module")
def calm(lab):
    return lab.simulate({}, years=YEARS, clans=CLANS, replicates=4)


@pytest.fixture(scope="module")
def pressed(lab):
    return lab.simulate(
        {"road-checkpoints": 8, "radar": 1, "interceptors": 4}, years=YEARS, clans=CLANS, replicates=4
    )


# -- the parts ---------------------------------------------------------------------------------------


drawn_by_inversion = jax.jit(binomial)


@given(st.integers(0, 3000), st.floats(0, 1), st.floats(0, 0.999999))
@settings(deadline=None, max_examples=60)
def test_binomial_numbers_are_those_of_its_inverse(n, p, u):
    drawn = float(drawn_by_inversion(u, n, p))
    assert 0 <= drawn <= n
    if n * -np.log1p(-min(p, 1 - 1e-12)) < 400 and scipy.stats.binom.cdf(drawn, n, p) - u > 1e-9:
        assert drawn == scipy.stats.binom.ppf(u, n, p) or u == 0
    assert float(drawn_by_inversion(min(u + 0.05, 0.9999999), n, p)) >= drawn


def test_clans_settle_where_goods_pass_and_nowhere_is_empty(lab):
    roster = lab._simulator(CLANS, False).roster
    assert roster.clans == CLANS
    assert set(roster.place) == set(range(len(roster.places)))
    with pytest.raises(PolicyError, match="too few"):
        lab.simulate({}, years=1, clans=1)


@pytest.mark.slow
def test_effort_is_the_same_however_it_is_spread():
    lab = cf.load("peru").central_values()
    levers, ledger = lab.responder.levers, jnp.asarray(lab.ledger[0])
    plain, levels = lab.responder.model.economy(ledger), jnp.asarray(levers.baseline) + 1.0
    covered = jnp.asarray(levers.searches)
    even = levers.apply(plain, ledger, levels)
    score, size = jnp.asarray(np.random.default_rng(1).uniform(size=covered.size)), float(covered.sum())
    for effort in (concentrated(covered, score), chasing(covered, score),
                   best(covered, score, plain.hazard, even.hazard - plain.hazard)):  # fmt: skip
        assert float((effort * covered).sum()) == pytest.approx(size, rel=1e-6)
        searched = np.asarray(levers._searched(effort))
        assert searched.sum(axis=1) == pytest.approx(levers.targets.sum(axis=1))
    widest = int(np.argmax(np.where(levers.targets @ levers.searches > 1, levers.targets.sum(axis=1), 0)))
    arcs = np.flatnonzero(levers.targets[widest] * levers.searches)
    assert arcs.size > 1
    one = np.asarray(levers._searched(jnp.zeros(covered.size).at[arcs[0]].set(1.0)))[widest]
    assert one[arcs[0]] == pytest.approx(levers.targets[widest].sum())
    assert one[arcs[1:]] == pytest.approx(0)


def test_the_best_spread_of_searches_equalises_marginal_finds():
    flow, none = jnp.array([9.0, 3.0, 1.0]), jnp.zeros(3)
    effort = best(jnp.ones(3, dtype=bool), flow, none, jnp.ones(3))
    marginal = np.asarray(flow * jnp.exp(-effort))
    used = np.asarray(effort) > 0.05
    assert marginal[used] == pytest.approx(marginal[used].mean(), rel=0.02)
    assert (marginal[~used] <= marginal[used].mean() * 1.02).all()


# -- the whole ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("policy", "how"),
    [
        ({"radar": 2, "interceptors": 4}, {"informed": True, "behaviour": AMPLE}),
        ({"strip-demolition": 60}, {"behaviour": {}}),
    ],
)
def test_the_mean_of_many_runs_is_the_path(lab, policy, how, monkeypatch):
    """Where clans know the losses, and where these do not change: within Monte Carlo error and two per cent.

    Those who know them have ample capital, since a trade that is all but shut ruins the others.

    The path is one of monthly steps. Prices and fields agree in every month; flows, which are whole loads, in
    every year.
    """
    monkeypatch.setattr(adjustment, "STEP", 1)
    years = 4
    clock = {name: float(lab.ledger[0, lab.network.ledger.index(row_id(name))]) / number.factor
             for name, number in BEHAVIOUR.items() if name not in OF_CLANS}  # fmt: skip
    how = how | {"behaviour": clock | how["behaviour"]}
    run = lab.simulate(policy, years=years, clans=200, replicates=24, **how)
    path = lab.path(policy, years=years)
    assert len(path.ends) == 12 * years
    month = np.arange(12 * years)
    for name in ("farm-gate price", "local price", "growers' income", "hectares at home", "exports",
                 "exports by air", "delivered"):  # fmt: skip
        period = month // 12 if name in ("exports", "exports by air", "delivered") else month
        wanted, found = path.series(name).values[0, 1:], run.series(name).values[:, 12:]
        for number in np.unique(period):
            own, mean = found[:, period == number].mean(axis=1), wanted[period == number].mean()
            error = own.std(ddof=1) / np.sqrt(len(own))
            assert abs(own.mean() - mean) <= 4 * error + 0.02 * mean, (name, number)


@pytest.mark.slow
@pytest.mark.parametrize("policy", [{}, {"road-checkpoints": 8}, {"radar": 1, "interceptors": 4}])
def test_the_long_run_is_the_equilibrium(lab, policy):
    """Informed clans with ample capital: mean flows within Monte Carlo error, prices nearly exact."""
    soon = {name: BEHAVIOUR[name].low for name in PACES}
    run = lab.simulate(policy, years=30, clans=CLANS, replicates=8, informed=True, behaviour=soon | AMPLE)
    settled = lab.respond(policy).data if policy else lab.baseline().data
    late = run.data.isel(month=slice(-96, None))
    flow = 12 * late["flow"].mean("month").values
    error = flow.std(axis=0, ddof=1) / np.sqrt(len(flow))
    wanted = settled["flow"].values[0]
    load = np.where(settled["kind"].values == "link", lab.ledger[0][lab.network.numbers.load], 0.0)
    grain = load / 8 * 2 + 1e-9  # loads that wait at the ends of eight years; a trace of work for nobody
    assert (np.abs(flow.mean(axis=0) - wanted) <= 4 * error + grain + 2e-3 * wanted).all()
    price = late["price"].mean(("replicate", "month")).values
    # nobody keeps capital where nothing is traded, so no price is paid there
    known = (settled["price"].values[0] > 0) & (settled["stock"].values[0] > 1e-6)
    assert known.sum() >= 10
    assert price[known] == pytest.approx(settled["price"].values[0][known], rel=2e-3)
    assert float(late["excess"].max()) < 1e-2


def test_mass_closes_every_month(pressed, lab):
    d, network = pressed.data, lab.network
    sent, lost = d["flow"].values, d["seized"].values
    arrived = np.zeros((*sent.shape[:2], len(network.nodes)))
    np.add.at(arrived, (slice(None), slice(None), network.head), d["arrival"].values)
    left = np.zeros_like(arrived)
    np.add.at(left, (slice(None), slice(None), network.tail), sent)
    labour = np.array([f == "labour" for f in network.node_form])
    inner = (np.bincount(network.tail, minlength=len(network.nodes)) > 0) & ~labour
    change = np.diff(d["stock"].values, axis=1)
    off = change - (arrived - left)[:, 1:]
    assert np.abs(off[..., inner]).max() <= 1e-9 * max(1.0, left.max())
    assert (lost <= sent + 1e-9).all()
    sold = d["sold"].values
    assert sold == pytest.approx(arrived[..., network.market_node], rel=1e-12)


def test_money_closes_every_month(pressed, calm):
    for run in (pressed, calm):
        d = run.data
        paid = d["income"].sum("actor") + d["taken"]
        got = d["sales"] + d["grants"] + d["put_by"]
        assert got.values == pytest.approx(paid.values, rel=1e-9)


def test_consignments_are_whole(pressed, lab):
    d = pressed.data
    link = d["kind"].values == "link"
    number = d["consignments"].values[..., link]
    assert number == pytest.approx(np.round(number))
    load = pressed._ledger[:, None, lab.network.numbers.load][..., link]
    assert d["flow"].values[..., link] == pytest.approx(number * load)
    assert d["seized"].values[..., link] == pytest.approx(d["caught"].values[..., link] * load)


def test_the_same_seed_gives_the_same_course_and_another_seed_another(lab, calm):
    again = lab.simulate({}, years=YEARS, clans=CLANS, replicates=4)
    other = lab.simulate({}, years=YEARS, clans=CLANS, replicates=4, seed=7)
    assert (again.data["flow"].values == calm.data["flow"].values).all()
    assert (other.data["caught"].values != calm.data["caught"].values).any()
    with pytest.raises(ComparisonError, match="seeds"):
        other.against(calm)


def test_policies_on_one_seed_differ_by_the_policy_alone(lab, calm, pressed):
    assert (pressed.data["flow"].values[:, :12] == calm.data["flow"].values[:, :12]).all()
    blind = lab.simulate({"interceptors": 4, "radar": 0}, years=YEARS, clans=CLANS, replicates=4)
    plain = lab.simulate({"radar": 0}, years=YEARS, clans=CLANS, replicates=4)
    for name in ("flow", "caught", "price", "income"):
        assert blind.data[name].values == pytest.approx(plain.data[name].values, rel=1e-12)
    assert pressed.against(calm).loc["exports"]["ratio"].loc[0] == 1


def test_searches_are_learnt_of_and_avoided(calm, pressed):
    ratio = pressed.against(calm)
    air = ratio.loc["exports by air"]["ratio"]
    assert air.iloc[-1] < air.iloc[1] < 1
    believed = pressed.data["believed"].mean("replicate").values
    assert believed.max() <= 1
    assert believed.min() >= 0


@pytest.mark.slow
def test_taking_clans_hardly_matters_where_they_are_many_and_does_where_there_is_one_at_each_place(lab):
    def left(clans: int, arrests: tuple[Arrest, ...]) -> float:
        run = lab.simulate(
            {}, years=1, clans=clans, replicates=8, arrests=arrests, behaviour={"cover": 6.0, "entry": 12.0}
        )
        assert not arrests or run.data["removed"].values.sum() >= 8
        return float(run.series("exports").values[:, 12:18].mean())

    places = len(lab._simulator(CLANS, False).roster.places)
    largest, many = (Arrest(1, "largest", ("QM",)),), left(CLANS, ())
    assert abs(left(CLANS, largest) / many - 1) < 0.05
    some = (Arrest(1, 0.4),)
    assert left(places, some) / left(places, ()) < left(CLANS, some) / many - 0.1


def test_arresting_a_share_leaves_fewer_who_are_replaced(lab):
    run = lab.simulate({}, years=3, clans=CLANS, replicates=4, arrests=[Arrest(1, 0.8)])
    clans = run.series("clans").mean("replicate").values
    assert clans[12] < 0.4 * clans[11]
    assert clans[-1] > 0.7 * clans[11]


@pytest.mark.slow
def test_strips_come_back_at_the_rate_of_rebuilding(lab):
    """The rate of N do/dt = R (1 - o) - D o is (R + D) / N; without N capacity moves at once."""
    levers, ledger = lab.responder.levers, jnp.asarray(lab.ledger[0])
    levels = jnp.asarray(levers.baseline)
    effect = next(i for i, k in enumerate(levers.kinds) if k == "remove capacity")
    rate = levers.mending(ledger, levels)
    facility = int(np.flatnonzero(levers.facilities[effect])[0])
    assert np.isinf(np.asarray(rate)[facility]) == (levers.stock[effect] == 0)
    peru = cf.load("peru").central_values()
    mends = np.asarray(peru.responder.levers.mending(peru.ledger[0], peru.responder.levers.baseline))
    destroyed = peru.case.parameters["level-strip-demolition-2013"].value
    later = peru.case.parameters["level-strip-demolition-2014"].value
    assert mends[0] == pytest.approx((2000 + (destroyed + later) / 2) / 65)


@pytest.mark.slow
def test_fields_follow_over_years(lab):
    slow = {"years": 6, "clans": CLANS, "replicates": 4, "behaviour": {"growers": 24.0}}
    run, base = lab.simulate({"road-checkpoints": 10}, **slow), lab.simulate({}, **slow)
    area = run.against(base).loc["hectares at home"]["ratio"]
    assert abs(area.iloc[-1] - 1) > abs(area.iloc[1] - 1)


# -- timelines, orders, budgets ----------------------------------------------------------------------


def test_a_policy_can_change_by_date(lab):
    levers = lab.responder.levers
    number = list(lab.case.measures).index("road-checkpoints")
    plan = timeline.dated(levers, {1: {"road-checkpoints": 5}, "0002-07": {}}, 3)
    assert plan.months == 36
    assert (plan.value[:18, number] == 5).all()
    assert (plan.value[18:, number] == levers.baseline[number]).all()


def test_a_dated_policy_is_preceded_by_the_baseline(lab, calm):
    number = list(lab.case.measures).index("road-checkpoints")
    run = lab.simulate({2000: {"road-checkpoints": 8}}, years=1, first=2000, clans=CLANS, replicates=4)
    level = run.data["level"].values[..., number]
    assert (level[:, :12] == lab.responder.levers.baseline[number]).all()
    assert (level[:, 12:] == 8).all()
    assert str(run.data["month"].values[12])[:7] == "2000-01"
    assert run.data["flow"].values[:, :12] == pytest.approx(calm.data["flow"].values[:, :12])


def test_events_hold_from_their_month_with_each_draws_level():
    lab = cf.load("andes-1990s").central_values()
    levers = lab.responder.levers
    plan = timeline.of_events(levers, 1993, 5)
    number = list(lab.case.measures).index("air-bridge-denial")
    level = plan.levels(lab.ledger)[0, :, number]
    assert (level[:26] == 0).all()
    assert (level[26:] > 0).all()
    assert str(plan.labels()[26])[:7] == "1995-03"
    only = timeline.of_events(levers, 1993, 5, ["air-bridge-denial"])
    radar = list(lab.case.measures).index("radar-sharing")
    assert (only.value[:, radar] == levers.baseline[radar]).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"timeline": {"radars": 1}}, "Did you mean 'radar'"),
        ({"timeline": {9: {"radar": 1}}}, "goes from year 1 to 2"),
        ({"timeline": {"soon": {"radar": 1}}}, "is no date"),
        ({"timeline": {"0001-13": {"radar": 1}}}, "no month 13"),
        ({"timeline": "no-such-measure"}, "is not a measure"),
        ({"years": 0}, "between 1 and 100"),
        ({"replicates": 0}, "at least one"),
        ({"search_strategy": "hunt"}, "There are: even"),
        ({"behaviour": {"memori": 3}}, "is not a behaviour parameter. There are: memory, "),
        ({"behaviour": {"memory": -1}}, "memory=-1 is not above 0. It is in the unit month"),
        ({"behaviour": {"growers": 0.0}}, "growers=0.0 is below 1"),
        ({"behaviour": {"cover": float("nan")}}, "is not a finite number"),
        ({"behaviour": {"memory": "long"}}, "memory=long is not a number"),
        ({"arrests": [Arrest(40, "largest")]}, "has 24 months"),
        ({"arrests": [Arrest(1, "boss")]}, "write 'largest'"),
        ({"arrests": [Arrest(1, 0.5, ("mars",))]}, "no clans are at home there"),
        ({"budget": -1.0}, "write millions of dollars a year"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_words(lab, given, message):
    with pytest.raises(PolicyError, match=message):
        lab.simulate(**{"years": 2, "clans": CLANS, "replicates": 1, **given})


def test_budgets_bind(lab):
    asked = {"road-checkpoints": 10, "interceptors": 4, "radar": 1}
    free = lab.simulate(asked, years=1, clans=CLANS, replicates=4)
    cost = 12 * float(free.data["spending"].values[0, -1])
    capped = lab.simulate(asked, years=1, clans=CLANS, replicates=4, budget=cost / 2e6)
    assert 12 * capped.data["spending"].values[:, 12:] == pytest.approx(cost / 2)


def test_an_interrupted_run_keeps_what_is_done(lab):
    def stop(text, part=None):
        if part is not None and part > 0.7:
            raise KeyboardInterrupt

    run = lab.simulate({}, years=YEARS, clans=CLANS, replicates=8, progress=stop)
    assert run.interrupted
    assert 1 <= run.data.sizes["replicate"] <= 8
    assert run.data.sizes["month"] % 12 == 0
    assert np.isfinite(run.data["flow"].values).all()
    assert "interrupted" in repr(run)


# -- results -----------------------------------------------------------------------------------------


def made(values: list[float], before: int = 12):
    """Lag and recovery of one replicate."""
    path = np.array([values])
    base, after = path[:, :before].mean(axis=1), path[:, before:]
    return trajectory_tables._lag(after, base, after[:, -12:].mean(axis=1)), trajectory_tables._recovery(
        np.abs(after - base), base
    )


def test_lags_and_recoveries_are_counted_by_hand():
    falls = [100.0] * 12 + [100, 100, 90, 70, 60] + [50] * 24
    lag, recovery = made(falls)
    assert lag[0] == 4
    assert np.isnan(recovery[0])
    dips = [100.0] * 12 + [100, 60, 80, 97] + [100] * 24
    lag, recovery = made(dips)
    assert np.isnan(lag[0])
    assert recovery[0] == 3


def test_a_year_of_a_course_is_an_outcome(lab, calm):
    year = calm.year(YEARS)
    assert year.data.sizes["draw"] == 4
    exports = calm.yearly().loc[("exports", YEARS), "value"]
    assert float(np.median(year.summary().loc["exports", "figure"])) == pytest.approx(exports, rel=1e-6)
    assert set(year.summary()["unit"])
    year.map()
    with pytest.raises(ComparisonError, match="no year 99"):
        calm.year(99)
    with pytest.raises(ComparisonError, match="Did you mean"):
        calm.series("export")


def test_courses_are_drawn_and_written(calm, pressed, tmp_path):
    fan = pressed.fan("exports", against=calm)
    assert [f.title for f in fan.facets] == ["Exports"]
    assert "median_without" in fan.table
    assert set(pressed.modes().table["figure"]) <= {"exports by air", "exports by sea", "exports by road",
                                                    "exports by river", "exports on foot"}  # fmt: skip
    stepped = pressed.map()
    assert len(stepped.facets) == min(YEARS + 1, 6)
    assert set(stepped.table["year"]) == set(range(YEARS + 1))
    pressed.to_netcdf(tmp_path / "run.nc")
    import xarray as xr

    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as back:
        assert back["flow"].values == pytest.approx(pressed.data["flow"].values)
        assert back.attrs["clans"] == CLANS
    features = pressed.to_geojson(tmp_path / "run.geojson")
    assert json.loads((tmp_path / "run.geojson").read_text())["features"]
    link = next(f for f in features["features"] if f["geometry"]["type"] == "LineString")
    assert f"tonnes_{YEARS}" in link["properties"]
    page = pressed.page(calm)
    assert "http" not in page.split("<script>")[0].replace("http-equiv", "")
    assert pressed.incomes().shape[1] == YEARS + 1
    assert (pressed.arrests() >= 0).all().all()


@pytest.mark.slow
def test_draws_of_a_posterior_are_spread_over_replicates(lab):
    ledger = np.repeat(lab.ledger, 3, axis=0)
    three = replace(lab, ledger=ledger)
    run = three.simulate({}, years=1, clans=CLANS, replicates=6)
    assert run.data.sizes["replicate"] == 6
    assert np.isfinite(run.data["flow"].values).all()


def test_the_report_follows_a_question_month_by_month(calm, pressed):
    question = schema.Question(id="pressed", title="What if all is searched?", policy={}, years=YEARS)
    simulated = SimulatedQuestion(
        question=question, data=pressed.data, without=calm.data, changes=pressed.changes
    )
    page = document.render(replace(synthetic.report(), simulations=(simulated,)))
    for part in ('id="time"', 'id="fig-time-pressed"'):
        assert part in page
    against = pressed.against(calm).loc[("exports by air", YEARS)]
    shown = f"{against['ratio'] - 1:+.0%}".replace("-", "\N{MINUS SIGN}")
    assert f"Exports by air: {shown} (" in page
    assert 'id="time"' not in document.render(synthetic.report())
