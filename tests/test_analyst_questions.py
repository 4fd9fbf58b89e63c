"""What analysts ask: requirements, demand that falls, tables by place, destinations, numbers of one's own,
and questions from the answer backwards.
"""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from typer.testing import CliRunner

import contraflow as cf
from contraflow.cli import app
from contraflow.errors import ComparisonError, OutputError, PolicyError
from contraflow.lab import OpenCase, central_values
from contraflow.lab.conditioned import Observation, effective_number, log_weights
from contraflow.lab.level_search import nearest_crossing
from contraflow.policy import describe, parse
from spread import spread
from tiny import Tiny, two_routes


def searched(requires=True) -> Tiny:
    """Two routes, of which a patrol that needs a radar makes the one by air dangerous."""
    t = two_routes(elasticity=1.0, theta=3.0)
    t.add("measures", id="patrol", name="Patrols", unit="planes", maximum=4.0, unit_cost=1000.0)
    t.add("measures", id="radar", name="Radar", unit="radars", maximum=2.0)
    t.add("effects", id="shots", measure="patrol", kind="add hazard", mode="air", size=0.2)
    if requires:
        t.add("requirements", id="patrol-radar", measure="patrol", requires="radar", full_at=2.0)
    return t


def chain() -> Tiny:
    """Two zones; one's drug goes by air to a port, where it joins the other's, and across to two markets."""
    t = Tiny()
    for name in ("labour", "drug"):
        t.form(name, content=None if name == "labour" else 0.5)
    t.actor("growers", "households")
    t.zone("east", 300.0, households="growers")
    t.zone("west", 100.0, households="growers")
    t.place("port", kind="port")
    t.place("north", kind="market", country="XE")
    t.place("south", kind="market", country="XN")
    t.mode("road")
    t.mode("air", load=100.0)
    t.add("activities", id="grow", places="east; west", input="labour", output="drug", yield_=1.0)
    t.link("east-port", "east", "port", "air", hazard=float(np.log(2)), weight=1.0)
    t.link("east-north", "east", "north", "road", weight=1.0)
    t.link("west-port", "west", "port", "road", weight=1.0)
    t.link("port-north", "port", "north", "road", weight=3.0)
    t.link("port-south", "port", "south", "road", weight=1.0)
    t.market("north", "north", "drug", 100.0)
    t.market("south", "south", "drug", 100.0)
    return t


@pytest.fixture(scope="module")
def patrolled():
    return spread(central_values(searched().case()), draws=4)


@pytest.fixture(scope="module")
def followed():
    return central_values(chain().case())


# --- requirements


def test_a_measure_without_what_it_needs_says_so(patrolled):
    blind = patrolled.respond({"patrol": 2})
    (row,) = blind.requirements().to_dict("records")
    assert (row["measure"], row["requires"], row["required_level"]) == ("patrol", "radar", 0.0)
    assert (row["full_at"], row["share"], row["effect"]) == (2.0, 0.0, 0.0)
    assert "“Patrols” does nothing without “Radar”, which stands at 0" in repr(blind)
    assert "does nothing without “Radar”" in blind.compare(patrolled.baseline())._repr_html_()
    assert np.allclose(blind.data["pure"], patrolled.baseline().data["pure"], rtol=1e-9)


def test_half_of_what_it_needs_is_half_of_its_effect(patrolled):
    half = patrolled.requirements({"patrol": 2, "radar": 1})
    assert half["share"].tolist() == [0.5]
    seeing = patrolled.respond({"patrol": 2, "radar": 1})
    alone = central_values(searched(requires=False).case()).respond({"patrol": 1})
    hazard = [float(o.data["hazard"].sel(arc="by-air", draw=0)) for o in (seeing, alone)]
    assert hazard[0] == pytest.approx(hazard[1], rel=1e-12)
    assert "“Patrols” has 50% of its full effect: “Radar” stands at 1 radars." in repr(seeing)
    assert patrolled.requirements({"radar": 1}).empty
    assert patrolled.respond({"patrol": 1, "radar": 2}).requirements()["share"].tolist() == [1.0]
    assert "full effect" not in repr(patrolled.respond({"patrol": 1, "radar": 2}))


# --- demand and prices


@pytest.mark.parametrize("change", [-0.3, 0.5])
def test_demand_moves_the_price_as_the_elasticity_says(change):
    """One market, fixed supply, elasticity 2: the price moves by the factor to the power 1/2."""
    t = two_routes(elasticity=None, costs=(0.0, 0.0))
    for table in ("links", "markets"):
        t.tables[table].pop("by-air" if table == "links" else "south")
    t.tables["markets"].pop("north")
    t.market("north", "north", "drug", 100.0, elasticity=2.0)
    lab = central_values(t.case())
    after = lab.respond({"demand:north": change})
    assert float(after.data["market_price"][0, 0]) == pytest.approx(100 * (1 + change) ** 0.5, rel=1e-6)
    assert float(after.data["sold"][0, 0]) == pytest.approx(1000.0, rel=1e-6)


def test_a_given_price_falls_and_rises():
    lab = central_values(two_routes().case())
    for change in (-0.25, 0.25):
        after = lab.respond({"price:south": change})
        assert after.data["market_price"][0].values.tolist() == pytest.approx([100.0, 100 * (1 + change)])
        assert after.title.startswith("Price of drug in south")


def test_levers_of_markets_are_described_and_refused_in_words(patrolled):
    case = patrolled.case
    assert describe(case, {"demand:north": -0.3}) == "Demand for drug in north −30%"
    assert parse("demand:north=-30%; patrol=2") == {"demand:north": -0.3, "patrol": 2.0}
    with pytest.raises(PolicyError, match=r"'price:north' is not a lever .* Write 'demand:north'"):
        patrolled.respond({"price:north": 0.1})
    with pytest.raises(PolicyError, match=r"a change, from -0\.99 \(a fall by 99%\) to 9"):
        patrolled.respond({"demand:north": -1.5})
    with pytest.raises(PolicyError, match="Did you mean 'demand:north'"):
        patrolled.respond({"demand:nort": -0.5})
    with pytest.raises(PolicyError, match="The level -1 of patrol"):
        parse("patrol=-1")


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"patrol": "x"}, "patrol='x': the level is not a number, but str"),
        (["patrol"], "such as {'radar': 1}; \\['patrol'\\] is a list"),
        ({"patrol": True}, "not a number"),
        ({"patrol": float("nan")}, "not a finite number"),
        ({3: 1}, "'3' is not a measure"),
    ],
)
def test_wrong_types_are_named(patrolled, policy, said):
    with pytest.raises(PolicyError, match=said):
        patrolled.respond(policy)


def test_demand_falls_on_the_way_and_in_many_policies(patrolled):
    falls = {"demand:north": -0.5, "demand:south": -0.5}
    many = patrolled.respond_many([{}, falls]).table(["farm-gate price"])
    assert many["farm-gate price"][1] < many["farm-gate price"][0]
    assert many["demand:north"].tolist() == [0.0, -0.5]
    path = patrolled.path(falls, years=1)
    assert (
        path.series("farm-gate price").isel(years=-1) < path.series("farm-gate price").isel(years=0)
    ).all()


# --- tables


def test_prices_are_those_of_places_where_goods_pass(followed):
    prices = followed.baseline().prices()
    assert prices.index.tolist() == [
        ("drug", "east"), ("drug", "west"), ("drug", "port"), ("drug", "north"), ("drug", "south"),
    ]  # fmt: skip
    assert prices["stage"].tolist() == ["farm gate", "farm gate", "on the way", "market", "market"]
    assert prices.loc[("drug", "north"), "price"] == 100.0
    assert not prices.isna().any().any()
    change = followed.respond({"price:north": -0.5}).compare(followed.baseline()).prices()
    assert change.loc[("drug", "north"), ["before", "after", "change", "ratio"]].tolist() == [
        100,
        50,
        -50,
        0.5,
    ]


def test_seizures_add_up(followed):
    base = followed.baseline()
    table = base.seizures("link")
    assert table.index.tolist() == [
        ("drug", "east", "air", "port", "product"), ("drug", "east", "air", "port", "pure"),
    ]  # fmt: skip
    assert table["rate"].tolist() == pytest.approx([0.5, 0.5])
    product, pure = table["seized"]
    assert pure == pytest.approx(product / 2)
    assert pure == pytest.approx(float(base.data["seized_total"][0]), rel=1e-9)
    assert base.seizures("stage").index.get_level_values("stage").unique().tolist() == ["home"]
    with pytest.raises(ComparisonError, match=r"by is 'plac'; .*Did you mean 'place'"):
        base.seizures("plac")


def test_pay_is_told_by_kilogram_trip_and_head():
    t = two_routes()
    t.tables["modes"]["air"] = t.tables["modes"]["air"].model_copy(update={"pay": t.number("pay-air", 30.0)})
    lab = central_values(t.case())
    base = lab.baseline()
    pay = base.pay()["pay"]
    assert pay.loc[[("air", "kg"), ("air", "trip"), ("air", "person")]].tolist() == [30.0, 9000.0, 4500.0]
    assert base.pay().loc[("air", "trip"), "unit"] == "USD/trip"
    whole = float((base.data["crew_pay"]).sum())
    trips = float(base.data["consignments"].sel(arc="by-air").sum())
    assert pay["air", "trip"] * trips == pytest.approx(whole, rel=1e-9)
    assert set(base.pay("link").index.get_level_values("to_place")) == {"south"}
    with pytest.raises(ComparisonError, match="by is 'good'"):
        base.pay("good")


def test_tables_of_draws_have_intervals_and_no_gaps(example_prior_draws):
    base = example_prior_draws.baseline()
    change = example_prior_draws.respond({"interceptors": 1, "radar": 2}).compare(base)
    for table in (change.prices(), change.seizures(), change.seizures("link"), change.pay("place")):
        assert {"before_5", "after_95", "change_25", "ratio_75"} <= set(table)
        assert not table[["before", "after", "change"]].isna().any().any()
        assert table.attrs["draws"] == 20
        assert table.index.is_unique
    assert not base.pay().isna().any().any()


# --- destinations


def test_destinations_by_hand(followed):
    """Of east's 150 kg pure, half flies and half of that is lost; the port passes on 3 to 1."""
    base = followed.baseline()
    flows = base.data["pure"].isel(draw=0)
    flown, driven = (float(flows.sel(arc=n)) for n in ("east-port", "east-north"))
    assert flown + driven == pytest.approx(150.0)
    way = base.destinations("east")
    assert way.loc[("way", "east", "air", "port"), "tonnes"] == pytest.approx(flown / 1000)
    assert way["share"].sum() == pytest.approx(1.0, abs=1e-9)
    out = base.destinations("east", "crossing")["tonnes"]
    north, south = (float(flows.sel(arc=f"port-{n}")) for n in ("north", "south"))
    mine = (flown / 2) / (flown / 2 + 50.0)
    assert out["crossing", "port", "road", "south"] == pytest.approx(mine * south / 1000)
    assert out["crossing", "port", "road", "north"] == pytest.approx(mine * north / 1000)
    assert out["crossing", "east", "road", "north"] == pytest.approx(driven / 1000)
    assert out["seized", "", "", ""] == pytest.approx(flown / 2000)
    country = base.destinations("east", "country")["tonnes"]
    assert country["country", "XE"] == pytest.approx((driven + mine * north) / 1000)
    market = base.destinations("west", "market")["tonnes"]
    assert market["market", "south@south"] == pytest.approx((1 - mine) * south / 1000)
    assert market.sum() == pytest.approx(0.05, rel=1e-9)


@pytest.mark.parametrize("by", ["way", "crossing", "country", "market"])
def test_what_is_grown_goes_somewhere_in_every_draw(example_prior_draws, by):
    from contraflow.results.destinations import Traced, growing_places

    base = example_prior_draws.baseline().data
    assert set(growing_places(base)) == {"alta-selva", "nortia"}
    for place in growing_places(base):
        traced = Traced(base, place)
        assert np.allclose(traced.rows(by)[1].sum(axis=1), traced.grown, rtol=1e-9)
        assert (traced.grown > 0).all()


def test_zones_together_are_all_that_crosses_and_is_sold(example_prior_draws):
    from contraflow.results.destinations import Traced, growing_places

    base = example_prior_draws.baseline().data
    sold = sum(
        sum(values[:, i] for i, label in enumerate(labels) if label.startswith("market"))
        for labels, values in (Traced(base, place).rows("market") for place in growing_places(base))
    )
    assert np.allclose(sold, base["sold_pure"].sum("market"), rtol=1e-9)


def test_a_place_that_grows_nothing_is_refused(followed):
    with pytest.raises(ComparisonError, match="Nothing with the substance of this case grows in 'port'"):
        followed.baseline().destinations("port")
    with pytest.raises(ComparisonError, match="Did you mean 'east'"):
        followed.baseline().destinations("eas")
    with pytest.raises(ComparisonError, match=r"by is 'ways'; .*Did you mean 'way'"):
        followed.baseline().destinations("east", "ways")


# --- listings


def test_measures_and_questions_are_listed(example_prior):
    table = example_prior.measures()
    assert table.loc["radar", ["today", "lowest", "highest"]].tolist() == [1.0, 0.0, 4.0]
    assert table.loc["interceptors", "needs"] == "radar"
    assert table.loc["radar", "unit_cost"] == pytest.approx(4e6)
    assert "mode plane" in table.loc["interceptors", "acts_on"]
    assert table.loc["demand:europe", ["lowest", "highest"]].tolist() == [-0.99, 9.0]
    assert "demand:porters-hired" not in table.index
    assert list(example_prior.measures(markets=False).index) == list(example_prior.case.measures)
    questions = example_prior.questions()
    assert questions.loc["destroy-strips", "policy"] == "strip-demolition=60"
    for text in questions["policy"]:
        example_prior.requirements(parse(text))


# --- numbers of one's own


def test_a_number_is_fixed_in_all_draws_and_told_everywhere(example_prior_draws):
    lab = example_prior_draws.with_numbers({"theta-goods": 3})
    place = lab.network.ledger.index("theta-goods")
    assert (lab.ledger[:, place] == 3.0).all()
    others = np.arange(lab.ledger.shape[1]) != place
    assert (lab.ledger[:, others] == example_prior_draws.ledger[:, others]).all()
    told = "theta-goods = 3; not calibrated anew"
    shut = lab.respond({"radar": 2}, "Radar")
    assert shut.title == f"Radar (numbers changed: {told})"
    assert shut.data.attrs["numbers"] == "theta-goods=3"
    change = shut.compare(lab.baseline())
    for frame in (shut.summary(), change.summary(), change.prices(), change.displacement(), change.table()):
        assert frame.attrs["numbers"] == "theta-goods=3"
    path, run = lab.path({"radar": 2}, years=1), lab.simulate({"radar": 2}, years=1, clans=60, replicates=2)
    many = lab.respond_many([{"radar": 2}])
    level = lab.level_for("interceptors", "exports by air", falls=0.1)
    for shown in (lab, shut, change, path, run, many, level):
        assert told in repr(shown), type(shown)
    assert run.data.attrs["numbers"] == many.table().attrs["numbers"] == "theta-goods=3"
    assert lab.case.fingerprint != example_prior_draws.case.fingerprint
    with pytest.raises(ComparisonError, match="different cases"):
        shut.compare(example_prior_draws.baseline())


def test_numbers_outside_their_range_are_labelled_and_add_up(example_prior):
    lab = example_prior.with_numbers({"theta-goods": 30}).with_numbers({"price-europe": "27 EUR/g"})
    assert lab.changed.values == {"theta-goods": 30.0, "price-europe": pytest.approx(29700.0)}
    assert "theta-goods = 30, outside its range; price-europe = 29700" in lab.baseline().title
    again = lab.with_numbers({"theta-goods": 3})
    assert "outside" not in again.changed.words
    share = example_prior.with_numbers({"margin-clans": "45 percent"})
    assert share.changed.values == {"margin-clans": pytest.approx(0.45)}


def test_fixing_a_number_equals_a_case_with_the_number_edited(example_prior):
    case = cf.load("example")
    rows = dict(case.parameters)
    rows["theta-goods"] = rows["theta-goods"].model_copy(update={"low": 3.0, "value": 3.0, "high": 3.0})
    edited = central_values(dataclasses.replace(case, parameters=rows))
    changed = example_prior.with_numbers({"theta-goods": 3})
    for policy in ({}, {"radar": 2, "interceptors": 4}):
        one, two = edited.respond(policy), changed.respond(policy)
        assert np.array_equal(one.data["pure"], two.data["pure"])
        assert np.array_equal(one.data["price"], two.data["price"])


def test_levels_and_ranges_of_measures_follow_the_numbers(example_prior):
    lab = example_prior.with_numbers({"maximum-radar": 6, "level-radar": 2})
    assert lab.measures().loc["radar", ["today", "highest"]].tolist() == [2.0, 6.0]
    lab.respond({"radar": 6})
    with pytest.raises(PolicyError, match="between 0 and 4"):
        example_prior.respond({"radar": 6})


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"theta-good": 3}, "'theta-good' is no number of this case. Did you mean 'theta-goods'"),
        ({"theta-goods": "many"}, "'many' is not a number; write a number"),
        ({"theta-goods": float("inf")}, "not a finite number"),
        ({"theta-goods": True}, "True is not a number"),
        ({"theta-goods": 0}, "not above 0, which is impossible for 'switching'"),
        ({"margin-clans": 1.5}, "above 1, which is impossible for 'margin'"),
        ({"price-europe": "3 ha"}, "'ha' converts to ha, but the number is in USD/kg"),
        ({"price-europe": "3 zorkmid"}, "the unit 'zorkmid'"),
        ({}, "No number is given"),
        (["theta-goods"], "write them by name"),
    ],
)
def test_numbers_that_cannot_be_are_refused(example_prior, numbers, said):
    with pytest.raises(PolicyError, match=said):
        example_prior.with_numbers(numbers)


def test_what_rests_on_the_old_fit_is_refused_until_the_case_is_fitted_anew(example_laplace):
    changed = example_laplace.with_numbers({"theta-goods": 3})
    for asked in (changed.claims, changed.predictions, changed.hindcast, changed.tension, changed.history):
        with pytest.raises(cf.ObservationError, match="refit=True"):
            asked()
    why = changed.explain(changed.baseline(), "exports", refits=0)
    assert "theta-goods" not in set(why.numbers["number"])
    assert "theta-goods = 3" in why.title
    fitted = example_laplace.with_numbers({"theta-goods": 3}, refit=True)
    assert "calibrated anew" in repr(fitted)
    assert fitted.claims()["fitted"].sum() == 3
    assert len(fitted.ledger) == 100
    case = cf.load("example")
    rows = dict(case.parameters)
    rows["theta-goods"] = rows["theta-goods"].model_copy(update={"low": 3.0, "value": 3.0, "high": 3.0})
    own = dict(vars(dataclasses.replace(case, parameters=rows, fingerprint="edited")))
    edited = OpenCase(**{f.name: own[f.name] for f in dataclasses.fields(case) if f.init}).calibrate(keep=100)
    assert np.allclose(edited.ledger, fitted.ledger, rtol=1e-9)


def test_a_lab_without_a_fit_is_not_fitted_anew(example_prior):
    with pytest.raises(cf.ConvergenceError, match="leave out refit"):
        example_prior.with_numbers({"theta-goods": 3}, refit=True)


# --- which level


def test_the_nearest_crossing_is_found_of_curves_that_turn():
    """x (1 - x) reaches 0.16 at 0.2 and 0.8, a step at 0.5 only there, a flat curve never."""
    curves = (lambda x: x * (1 - x), lambda x: (x > 0.5) * 1.0, lambda x: 0 * x, lambda x: x**3)

    def evaluate(draw, level):
        return np.array([curves[d](x) for d, x in zip(draw, level, strict=True)], dtype=float)

    target = np.array([0.16, 0.5, 0.5, 0.125])
    found = nearest_crossing(evaluate, target, 0.0, (0.0, 1.0), 1)
    assert found.level[[0, 1, 3]] == pytest.approx([0.2, 0.5, 0.5], abs=2e-3)
    assert np.isnan(found.level[2])
    assert found.several.tolist() == [True, False, False, False]
    from_above = nearest_crossing(evaluate, target, 1.0, (0.0, 1.0), 0)
    assert from_above.level[0] == pytest.approx(0.8, abs=2e-3)
    reached = nearest_crossing(evaluate, target, 0.4, (0.0, 1.0), 1)
    assert reached.level[0] == 0.4


def test_a_draw_without_an_equilibrium_is_not_one_that_never_reaches():
    def evaluate(draw, level):
        return np.where((draw == 1) & (level > 0.5), np.nan, level * np.where(draw == 1, 0.1, 1.0))

    found = nearest_crossing(evaluate, np.array([0.7, 0.7]), 0.0, (0.0, 1.0), 1)
    assert found.level[0] == pytest.approx(0.7, abs=2e-3)
    assert np.isnan(found.level[1])
    assert found.unknown.tolist() == [False, True]


def test_level_for_against_a_fine_grid(example_prior_draws):
    lab = example_prior_draws
    found = lab.level_for("interceptors", "exports by air", falls=0.4)
    base = lab.baseline().summary
    grid = np.linspace(0, 2, 81)
    many = lab.respond_many([{"interceptors": level} for level in grid])
    figures = many.by_draw("exports by air").to_numpy()
    part = figures / figures[0]
    assert base is not None
    for draw in range(20):
        first = int(np.argmax(part[:, draw] <= 0.6))
        assert grid[first - 1] - 0.009 <= found.level[draw] <= grid[first] + 0.009
    assert found.share == 1.0
    row = found.table().iloc[0]
    assert row["level"] == pytest.approx(np.median(found.level))
    assert row["reach"] == 20


def test_levels_that_no_draw_reaches_are_told(example_prior_draws):
    found = example_prior_draws.level_for("road-checkpoints", "exports", rises=3)
    assert found.share == 0.0
    assert "In 0 of 20 draws (0%) some level from 0 to 30 does it." in repr(found).replace("0.0%", "0%")
    assert np.isnan(found.table()["level"].iloc[0])


def test_levels_to_a_value_and_of_demand(example_prior_draws):
    lab = example_prior_draws
    to = lab.level_for("demand:europe", "exports", to=40.0)
    reached = ~np.isnan(to.level)
    assert reached.any()
    draw = int(np.flatnonzero(reached)[0])
    own = dataclasses.replace(lab, ledger=lab.ledger[[draw]])
    there = own.respond({"demand:europe": float(to.level[draw])}).summary().loc["exports", "figure"]
    assert there == pytest.approx(40.0, rel=0.01)
    assert "Demand for" in repr(to)
    assert "%" in to.words()[0]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"falls": 0.3, "rises": 0.3}, ComparisonError, "Give one of"),
        ({}, ComparisonError, "Give one of"),
        ({"falls": 1.3}, ComparisonError, "falls is 1.3"),
        ({"falls": "30%"}, ComparisonError, "falls is '30%'"),
        ({"rises": -1}, ComparisonError, "rises is -1"),
        ({"falls": 0.3, "figure": "export"}, ComparisonError, "Did you mean 'exports'"),
        ({"falls": 0.3, "figure": "eradicated at home"}, ComparisonError, "is 0 in the baseline"),
        ({"falls": 0.3, "measure": "radra"}, PolicyError, "Did you mean 'radar'"),
        ({"falls": 0.3, "policy": {"radar": 1}}, PolicyError, "'radar' is both sought and set"),
    ],
)
def test_level_for_says_what_is_wrong(example_prior, options, error, said):
    named = {"measure": "radar", "figure": "exports", **options}
    with pytest.raises(error, match=said):
        example_prior.level_for(named.pop("measure"), named.pop("figure"), **named)


# --- given


def test_conditional_against_brute_force(example_prior_draws):
    lab = spread(central_values(cf.load("example")), draws=60)
    seen = lab.conditional({"interceptors": 0.5}, {"exports by air": (-0.4, 0.15)}, figures=["exports"])
    base, after = lab.baseline(), lab.respond({"interceptors": 0.5})

    def figure(outcome, name):
        from contraflow.results.figures import per_draw

        return per_draw(outcome.data, name)

    change = figure(after, "exports by air") / figure(base, "exports by air") - 1
    weight = np.exp(-0.5 * ((change + 0.4) / 0.15) ** 2)
    weight /= weight.sum()
    assert np.allclose(seen.weights, weight, rtol=1e-6)
    assert seen.effective_draws == pytest.approx(1 / (weight**2).sum(), rel=1e-6)
    resampled = np.random.default_rng(0).choice(60, 200_000, p=weight)
    row = seen.summary().loc["exports"]
    assert row["posterior"] == pytest.approx(np.median(figure(after, "exports")[resampled]), rel=0.02)
    assert row["prior"] == pytest.approx(np.median(figure(after, "exports")), rel=1e-9)
    drawn = seen.comparison(count=400)
    mean = float((figure(after, "exports") * weight).sum())
    assert drawn.after.data.sizes["draw"] == 400
    assert float(drawn.displacement("country")["after"].sum()) > 0
    assert float(figure(drawn.after, "exports").mean()) == pytest.approx(mean, rel=0.01)
    assert "given exports by air −40% (±15%)" in drawn.after.title
    assert "exports by air −40% (±15%)" in repr(seen)
    assert f"Effective number of draws: {seen.effective_draws:.0f} of 60" in repr(seen)


def test_a_range_of_levels_is_learned_about(example_prior_draws):
    seen = example_prior_draws.conditional({"interceptors": (0, 4)}, {"share of exports by air": (-0.3, 0.1)})
    levels = seen.level_table().loc["interceptors"]
    assert levels["posterior_95"] - levels["posterior_5"] < levels["prior_95"] - levels["prior_5"]
    assert levels["posterior"] < levels["prior"]
    assert seen.weights.sum() == pytest.approx(1.0)
    assert (seen.comparison().prices()["change"] != 0).any()


def test_weights_are_normal_in_the_relative_change():
    observed = (Observation("a", -0.5, 0.1), Observation("b", 0.0, 0.2))
    before = np.array([[10.0, 4.0], [10.0, 4.0], [0.0, 4.0]])
    after = np.array([[5.0, 4.0], [6.0, 4.8], [1.0, 4.0]])
    assert log_weights(before, after, observed) == pytest.approx([0.0, -1.0, -np.inf])
    assert effective_number(np.array([1.0, 1.0, 2.0]), np.array([0, 0, 1]), 3) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("policy", "given", "said"),
    [
        ({"interceptors": 4}, {"exports by air": (0.5, 0.01)}, "Only .* effective draws of 20"),
        ({"interceptors": 1}, {"exports by air": -0.3}, "is given as -0.3"),
        ({"interceptors": 1}, {}, "What is given is"),
        ({"interceptors": 1}, {"exports": (-0.3, 0.0)}, "is above 0"),
        ({"interceptors": 1}, {"exports": (-1.3, 0.1)}, "cannot change by -1.3"),
        ({"interceptors": 1}, {"export": (-0.3, 0.1)}, "Did you mean 'exports'"),
        ({"interceptors": 1}, {"share of exports by ari": (-0.3, 0.1)}, "Did you mean 'air'"),
    ],
)
def test_what_cannot_be_given_is_refused(example_prior_draws, policy, given, said):
    with pytest.raises(ComparisonError, match=said):
        example_prior_draws.conditional(policy, given)


def test_ranges_are_checked(example_prior_draws):
    with pytest.raises(PolicyError, match="lowest level of a range is below"):
        example_prior_draws.conditional({"radar": (2, 1)}, {"exports": (-0.3, 0.1)})
    with pytest.raises(PolicyError, match="between 0 and 4"):
        example_prior_draws.conditional({"radar": (0, 9)}, {"exports": (-0.3, 0.1)})


# --- in a notebook


def test_short_tables_fit_and_claim_no_certainty(example_prior_draws):
    base = example_prior_draws.baseline()
    change = example_prior_draws.respond({"radar": 2, "interceptors": 4}).compare(base)
    text = repr(change)
    assert max(map(len, text.splitlines()[1:])) <= 100
    assert "100%" not in text
    assert change.table().loc["exports by air", "likely"] == "falls: above 95%"
    assert change.table().loc["farm-gate price", "before"] != change.table().loc["farm-gate price", "after"]
    assert "eradicated at home" not in change.table().index
    assert "Medians of 20 draws; 90% intervals." in text
    assert "<table" in change._repr_html_()
    assert "A single best fit" in repr(cf.load("example").central_values().baseline())


def test_draws_left_out_are_told(example_prior_draws):
    base = example_prior_draws.baseline()
    from contraflow.results.draws import mark_unsolved

    found = np.arange(20) > 1
    lost = dataclasses.replace(base, data=mark_unsolved(base.data, found))
    said = "2 of 20 draws have no equilibrium and are left out."
    assert said in repr(lost)
    assert said in repr(lost.compare(base))
    assert lost.compare(base).prices().attrs["left_out"] == 2
    assert lost.destinations("nortia").attrs["left_out"] == 2


def test_changes_are_drawn(example_prior_draws):
    base = example_prior_draws.baseline()
    drawing = example_prior_draws.respond({"radar": 2}).compare(base).plot()
    assert hasattr(drawing, "_repr_html_")


def test_levers_need_a_widget_library(example_prior):
    pytest.importorskip("ipywidgets")
    box = example_prior.levers("radar", "demand:europe")
    sliders = box.children[:2]
    assert [s.description for s in sliders] == [
        "Radar coverage",
        "Demand for cocaine hydrochloride in Europe",
    ]
    assert sliders[0].value == 1.0
    sliders[0].value = 2.0
    box.children[2].click()


def test_levers_without_the_library_say_how_to_get_it(example_prior, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(OutputError, match=r"pip install 'contraflow\[notebook\]'"):
        example_prior.levers()
    with pytest.raises(PolicyError, match="Did you mean 'radar'"):
        example_prior.levers("radra")


# --- in a terminal


@pytest.fixture
def call(example_prior_draws, monkeypatch):
    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: example_prior_draws)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str):
        return CliRunner().invoke(app, [*words])

    return run


def test_level_in_a_terminal(call):
    shown = call("level", "example", "interceptors", "exports by air", "--falls", "30%")
    assert shown.exit_code == 0
    assert "20 of 20 draws" in shown.stdout
    record = json.loads(
        call("level", "example", "interceptors", "exports by air", "--falls", "0.3", "--json").stdout
    )
    assert record["share"] == 1.0
    assert record["level_5"] < record["level"] < record["level_95"]
    assert call("level", "example", "radra", "exports", "--falls", "30%").exit_code == 2
    assert call("level", "example", "radar", "export", "--falls", "30%").exit_code == 2
    assert call("level", "example", "radar", "exports").exit_code == 2
    assert call("level", "example", "radar", "exports", "--falls", "much").exit_code == 2


def test_given_in_a_terminal(call):
    words = ("given", "example", "-m", "interceptors=0..4", "--saw", "exports by air=-40%,15%")
    shown = call(*words)
    assert shown.exit_code == 0
    assert "interceptors must have stood at" in " ".join(shown.stdout.split())
    record = json.loads(call(*words, "--json").stdout)
    assert record["given"] == {"exports by air": {"change": -0.4, "error": 0.15}}
    assert record["effective_draws"] > 10
    assert call(*words[:4], "--saw", "exports by air").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("prices",), ("seizures", "--by", "mode"), ("pay", "-m", "radar=2"),
        ("requirements", "-m", "interceptors=1"),
        ("destinations", "--place", "alta-selva", "--by", "crossing"),
    ],
)  # fmt: skip
def test_tables_in_a_terminal(call, words):
    shown = call("tables", "example", *words)
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.stdout.splitlines())) <= 80
    record = json.loads(call("tables", "example", *words, "--json").stdout)
    assert record["rows"]


def test_tables_of_destinations_need_a_place(call):
    assert call("tables", "example", "destinations").exit_code == 2
    assert call("tables", "example", "prices", "--place", "nortia").exit_code == 2
    assert call("tables", "example", "destinations", "--place", "nowhere").exit_code == 2


def test_numbers_are_set_and_told_in_a_terminal(call):
    words = ("respond", "example", "-m", "demand:europe=-30%", "--set", "theta-goods=3")
    shown = call(*words)
    assert shown.exit_code == 0, shown.output
    assert "theta-goods = 3" in " ".join(shown.stdout.split())
    record = json.loads(call(*words, "--json").stdout)
    assert record["numbers"] == "theta-goods=3"
    assert "theta-goods = 3" in record["title"]
    assert call(*words[:-1], "theta-god=3").exit_code == 2
    assert call(*words[:-1], "theta-goods").exit_code == 2
    assert call("respond", "example", "-m", "radar=1", "--refit").exit_code == 2
    listed = call("measures", "example", "--set", "maximum-radar=6", "--json")
    assert json.loads(listed.stdout)["measures"][0]["maximum"] == 6.0
    assert json.loads(listed.stdout)["numbers"] == "maximum-radar=6"
