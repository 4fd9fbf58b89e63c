"""Adjustment: at once people substitute little, later more. Hand-solved values, identities, paths."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from contraflow.dynamics.adjustment import Adjustment, steps
from contraflow.dynamics.timeline import constant, dated, for_months
from contraflow.errors import ComparisonError, PolicyError
from contraflow.lab import central_values
from contraflow.model.choice import GATHERED, STAYS, Adaptation, adapted, habit
from contraflow.model.equilibrium import people
from contraflow.model.numerics import jax, jnp
from contraflow.policy.horizon import in_words, in_years
from contraflow.results.verify import verify
from spread import spread
from tiny import Tiny, two_routes

THETA = 3.0


def responder_of(t: Tiny):
    from contraflow.lab import responder

    return responder(t.case())


def adjusted(t: Tiny, reconsidered: float, at_once: float = 1.5, lasting=(), **outlays: float):
    """The point with outlays added to arcs, if that part of everybody has reconsidered; and the baseline."""
    model = responder_of(t).model
    ledger = jnp.asarray(model.network.ledger.value)
    economy = model.economy(ledger)
    anchor, before = model.baseline(economy)
    economy = anchor.staffed(economy)
    arcs = {a.id: i for i, a in enumerate(model.network.arcs)}
    nodes = {n: i for i, n in enumerate(model.network.nodes)}
    added = np.zeros(len(arcs))
    for name, outlay in outlays.items():
        added[arcs[name.replace("_", "-")]] = outlay
    changed = jax.tree.map(lambda x: x, economy)
    object.__setattr__(changed, "cost", economy.cost + added)
    theta = jnp.full(len(nodes), at_once)
    weight = habit(before.share, before.value[model.network.tail], before.net, theta[model.network.tail])
    held = jnp.array([float(name in lasting) for name in arcs])
    used = Adaptation(weight, before.net, theta, jnp.full(len(arcs), reconsidered), held)
    return before, model.evaluate(changed, jnp.zeros(model.unknowns), used), arcs, nodes


@pytest.mark.parametrize("reconsidered", [0.0, 0.5, 1.0])
def test_two_ways_and_one_closed(reconsidered):
    """Of two ways that pay alike one is closed.

    At once a half of those who know ways is left, in the end half of the weight:
    V^t = (1 - mu) 90^t / 2 + mu (90^theta / 2)^(t / theta).
    """
    before, point, arcs, nodes = adjusted(two_routes(costs=(10.0, 10.0)), reconsidered, by_air=1000.0)
    assert before.share[arcs["by-air"]] == pytest.approx(0.5, rel=1e-12)
    assert point.share[arcs["by-air"]] == 0
    assert point.share[arcs["by-road"]] == pytest.approx(1.0, rel=1e-12)
    power = (1 - reconsidered) * 0.5 + reconsidered * 0.5 ** (1.5 / THETA)
    assert point.value[nodes["drug@valley"]] == pytest.approx(90.0 * power ** (1 / 1.5), rel=1e-12)


@pytest.mark.parametrize("reconsidered", [0.0, 0.5, 1.0])
def test_two_ways_and_one_dearer(reconsidered):
    """One of two ways nets two thirds of before: odds (2/3)^t at once, (2/3)^theta in the end."""
    _, point, arcs, _ = adjusted(two_routes(costs=(10.0, 10.0)), reconsidered, by_air=30.0)
    r, t = 2 / 3, 1.5
    of_the_long_run = ((1 + r**THETA) / 2) ** (t / THETA - 1)
    air = (1 - reconsidered) * r**t + reconsidered * r**THETA * of_the_long_run
    road = (1 - reconsidered) + reconsidered * of_the_long_run
    assert point.share[arcs["by-air"]] == pytest.approx(air / (air + road), rel=1e-12)


def test_who_substitutes_nothing_at_once_pays_the_whole_cost_of_a_way():
    """With an elasticity of nearly nothing and nobody reconsidering, shares stay and prices take the cost."""
    _, point, arcs, nodes = adjusted(two_routes(costs=(10.0, 10.0)), 0.0, at_once=1e-6, by_air=30.0)
    assert point.share[arcs["by-air"]] == pytest.approx(0.5, abs=1e-6)
    assert point.value[nodes["drug@valley"]] == pytest.approx(90.0 * (2 / 3) ** 0.5, rel=1e-5)


def test_a_price_falls_by_the_whole_cost_of_all_ways():
    _, point, _, nodes = adjusted(two_routes(costs=(10.0, 10.0)), 0.0, by_air=24.0, by_road=24.0)
    assert point.value[nodes["drug@valley"]] == pytest.approx(90.0 - 24.0, rel=1e-12)


@pytest.mark.parametrize(("net", "kept"), [(90.0, 1.0), (0.25 * 90.0, 1.0), (0.125 * 90.0, 0.5), (-1.0, 0.0)])
def test_users_of_a_way_give_it_up_smoothly_as_it_stops_paying(net, kept):
    assert STAYS == 0.25
    _, point, arcs, _ = adjusted(two_routes(costs=(10.0, 10.0)), 0.0, by_air=90.0 - net)
    air = kept * (max(net, 0.0) / 90.0) ** 1.5
    assert point.share[arcs["by-air"]] == pytest.approx(air / (1 + air), abs=1e-12)


@pytest.mark.parametrize("gate", [90.0, 22.5, 11.25, 4.5, 1e-9])
def test_fields_are_held_but_what_is_worth_next_to_nothing_is_not_gathered(gate):
    """Below a tenth of its usual worth a yield is left where it stands, without a jump; fields stand."""
    assert GATHERED == 0.1
    t = two_routes(costs=(10.0, 10.0))
    before, point, arcs, nodes = adjusted(t, 0.0, lasting=("grow",), by_air=90.0 - gate, by_road=90.0 - gate)
    r = min(gate / 22.5, 1.0)
    worth = gate * (r * r * (3 - 2 * r)) ** (1 / 1.5)
    r = min(worth / 9.0, 1.0)
    gathered = r * r * (3 - 2 * r)
    assert before.share[arcs["grow"]] == point.share[arcs["grow"]] == 1.0
    assert point.gathered[arcs["grow"]] == pytest.approx(gathered, rel=1e-9, abs=1e-12)
    assert point.stock[nodes["drug@valley"]] == pytest.approx(1000.0 * gathered, rel=1e-9, abs=1e-9)
    assert point.net[arcs["grow"]] == pytest.approx(gathered * worth, rel=1e-9, abs=1e-9)
    assert point.value[nodes["drug@valley"]] == pytest.approx(worth, rel=1e-9)


def test_a_chain_passes_the_fall_of_a_price_on():
    """Goods go by one road to a town, and from there by two ways of which one is closed."""
    t = two_routes(costs=(10.0, 10.0))
    t.place("town")
    for name in ("by-road", "by-air"):
        row = t.tables["links"][name]
        t.tables["links"][name] = row.model_copy(update={"origin": "town"})
    t.link("to-town", "valley", "town", "road", cost=5.0, cost_actor="crews")
    _, point, arcs, nodes = adjusted(t, 0.5, by_air=1000.0)
    value = 90.0 * (0.5 * 0.5 + 0.5 * 0.5 ** (1.5 / THETA)) ** (1 / 1.5)
    assert point.value[nodes["drug@town"]] == pytest.approx(value, rel=1e-12)
    assert point.value[nodes["drug@valley"]] == pytest.approx(value - 5.0, rel=1e-12)
    assert point.share[arcs["to-town"]] == pytest.approx(1.0, rel=1e-12)


def test_what_people_are_used_to_moves_to_what_pays():
    """A way is dearer for good: its weight comes halfway in one half-life and ends where nothing moves."""
    t = two_routes(costs=(10.0, 10.0))
    model = responder_of(t).model
    before, _, arcs, _ = adjusted(t, 0.0)
    tail = model.network.tail
    theta = jnp.full(len(model.network.nodes), THETA)
    at_once = jnp.full(len(model.network.nodes), 1.5)
    net = before.net.at[arcs["by-air"]].set(60.0)
    weight = habit(before.share, before.value[tail], before.net, theta[tail])
    used = Adaptation(
        habit(before.share, before.value[tail], before.net, at_once[tail]), before.net, at_once, 0.5
    )
    after = adapted(used, tail, weight, theta, net)
    wanted = 0.5 * ((2 / 3) / ((1 + (2 / 3) ** THETA) / 2) ** (1 / THETA)) ** 1.5
    air = arcs["by-air"]
    assert float(after.weight[air]) == pytest.approx(float(0.5 * used.weight[air] + 0.5 * wanted), rel=1e-12)
    assert float(after.usual[air]) == pytest.approx(75.0)


@pytest.fixture(scope="module")
def lab(example_prior):
    return example_prior


@pytest.fixture(scope="module")
def shut(lab):
    return lab.case.info.questions[0].policy


def largest_difference(one, other) -> float:
    return max(
        float(
            np.max(
                np.abs(one[v].values - other[v].values) / np.maximum(np.abs(other[v].values).max(), 1e-300)
            )
        )
        for v in ("flow", "price", "income", "market_price", "sold")
    )


def test_nothing_moves_in_the_baseline_at_any_horizon(lab):
    base = lab.baseline().data
    for after in ("1 month", "1 year", "5 years"):
        assert largest_difference(lab.respond({}, after=after).data, base) < 1e-9


def test_when_all_have_reconsidered_it_is_the_equilibrium(lab, shut):
    adjustment = lab._adjustment
    from contraflow.policy import levels

    wanted = levels(lab.case, lab.responder.levers.baseline, shut)[None]
    found = adjustment.solve(wanted, math.inf, np.zeros(1, dtype=np.int64), np.zeros((1, 5)))
    assert found.solved.all()
    settled = adjustment.settled(wanted, math.inf, found.state)
    equilibrium = lab.respond(shut).data
    np.testing.assert_allclose(settled.point.flow, equilibrium["flow"].values, rtol=1e-9, atol=1e-3)
    np.testing.assert_allclose(settled.point.value, equilibrium["price"].values, rtol=1e-9, atol=1e-9)


def test_what_is_there_at_once_grows_with_time(lab, shut):
    """Nearly nothing is grown less after no time, and ways lose the more the longer it lasts."""
    flown, grown = [], []
    for after in (0.0, 1.0, 5.0, math.inf):
        found = lab.respond(shut, after=after)
        flown.append(float(found.summary().loc["exports by air", "figure"]))
        grown.append(float(found.summary().loc["hectares at home", "figure"]))
    before = float(lab.baseline().summary().loc["hectares at home", "figure"])
    assert grown[-1] < 0.8 * before < grown[0] < before
    assert flown == sorted(flown, reverse=True)


@pytest.mark.parametrize("after", ["1 month", "1 year", "5 years", "30 years"])
def test_books_close_at_every_horizon(lab, shut, after):
    outcome = lab.respond(shut, after=after)
    assert outcome.data.attrs["after"] == after
    assert verify(outcome.data, lab.baseline().data).worst < 1e-9


def test_the_verifier_sees_a_wrong_weight_of_habit(lab, shut):
    data = lab.respond(shut, after="1 year").data
    assert verify(data.assign(habit_weight=data["habit_weight"] * data["flow"] ** 0.01)).choice > 1e-4


def test_a_path_starts_from_the_baseline_and_ends_in_the_equilibrium(lab, shut):
    path = lab.path(shut, years=60)
    after = lab.respond(shut).summary()["figure"]
    for name in ("exports", "farm-gate price", "hectares at home", "delivered"):
        series = path.series(name)
        assert float(series[0, 0]) == pytest.approx(float(lab.baseline().summary().loc[name, "figure"]))
        assert float(series[0, -1]) == pytest.approx(float(after[name]), rel=1e-5), name


def test_books_close_on_the_way(lab, shut):
    path, base = lab.path({1: shut, 3: {}}, years=4), lab.baseline().data
    for time in ("1 month", "1 year", "25 months", "4 years"):
        assert verify(path.at(time).data, base).worst < 1e-9, time


def test_a_path_without_a_policy_stands_still(lab):
    table = lab.path({}, years=2).table()
    known = table["ratio"].dropna()
    assert len(known) > 100
    assert np.abs(known - 1).max() < 1e-9


def test_what_ends_is_left_again_but_not_at_once(lab, shut):
    """A measure that ends after a year: some have gone over to other ways and only come back in time."""
    place, brave = lab.ledger[0] * 1.0, lab.responder.model.network.ledger
    place[brave.index("behaviour-fear-half-life")] = 1e-3
    place[brave.index("lethal-pay")] = 600.0
    unafraid = replace(lab, ledger=place[None])
    flown = unafraid.path({1: shut, 2: {}}, years=30).series("exports by air")[0]
    before, during = float(flown[0]), float(flown.sel(years=1.0))
    at_once = float(flown.sel(years=13 / 12, method="nearest"))
    assert during < 0.8 * before
    assert during < at_once < before
    assert float(flown[-1]) == pytest.approx(before, rel=1e-3)


def test_fear_outlasts_the_measure_and_fades_with_its_half_life(lab, shut):
    """Ten years after shooting has ended crews still ask for half of the pay for it, then for a quarter."""
    model = lab.responder.model
    place = model.network.ledger.index("behaviour-fear-half-life")
    assert lab.ledger[0, place] == pytest.approx(9.0)
    path = lab.path({1: shut, 2: {}}, years=20)
    flies = (path.base.data["mode"] == "plane").values

    def pay(time):
        data = path.at(time).data
        return (data["risk_pay_rate"] * data["expected_loss"]).values[0, flies]

    before = (path.base.data["risk_pay_rate"] * path.base.data["expected_loss"]).values[0, flies]
    during, ten, nineteen = pay("1 year"), pay("10 years"), pay("19 years")
    assert (during > 10 * before).all()
    np.testing.assert_allclose((ten - before) / (during - before), 0.5, rtol=0.1)
    np.testing.assert_allclose((nineteen - before) / (ten - before), 0.5, rtol=1e-6)
    assert verify(path.at("3 years").data, path.base.data).worst < 1e-9


def test_destroyed_fields_are_missing_until_they_are_planted_again():
    """A part e = 1 - exp(-0.3) destroyed a year, half planted again, the rest at a pace of three years."""
    t = two_routes(costs=(10.0, 10.0))
    t.number("behaviour-replanting", 0.5)
    t.number("behaviour-growers", 3.0)
    t.add("measures", id="eradication", name="e", unit="level", maximum=1.0)
    t.add("effects", id="erased", measure="eradication", kind="remove hectares", step="grow", size=0.3)
    responder = responder_of(t)
    ledger = jnp.asarray(responder.model.network.ledger.value)
    one = responder.economy(ledger, jnp.ones(1), responder.anchor(ledger))
    none = responder.economy(ledger, jnp.zeros(1), responder.anchor(ledger))
    grow = [a.id for a in responder.model.network.arcs].index("grow")
    missing = 0.5 * (1 - math.exp(-0.3)) * 3
    assert float(one.weight[grow] / none.weight[grow]) == pytest.approx(1 / (1 + missing), rel=1e-12)


@pytest.mark.parametrize("moved", [0.0, 0.5, 1.0])
def test_people_come_where_their_labour_is_worth_more(moved):
    """Labour worth half as much again draws 1.5^3 times the people, with theta three; at once nobody."""
    t = two_routes(costs=(10.0, 40.0), weights=(0.0001, 1.0))
    t.tables["parameters"].pop("behaviour-migration")
    t.number("behaviour-migration", 1.0)
    model = responder_of(t).model
    economy = model.economy(jnp.asarray(model.network.ledger.value))
    anchor, before = model.baseline(economy)
    economy = anchor.staffed(economy)
    valley = list(model.network.nodes).index("labour@valley")
    value = before.value.at[valley].multiply(1.5)
    used = Adaptation(before.share, before.net, economy.theta, 0.0, people=0.0, moved=moved)
    found = people(economy, used, value)
    assert float(found[valley]) == pytest.approx(moved * 3 * math.log(1.5), rel=1e-12)
    assert float(jnp.abs(found).sum()) == pytest.approx(float(jnp.abs(found[valley])))
    assert float(people(economy, None, value)[valley]) == pytest.approx(3 * math.log(1.5), rel=1e-12)


def test_a_way_that_is_stopped_is_remembered():
    """Nine tenths of what would fly are stopped: the odds of flying are a tenth at once, and 1 afterwards."""
    t = two_routes(costs=(10.0, 10.0))
    t.add("measures", id="curfew", name="c", unit="level", maximum=1.0)
    t.add("effects", id="grounded", measure="curfew", kind="close ways", mode="air", size=0.9)
    lab = central_values(t.case())
    path = lab.path({"curfew": 1}, years=2, months=6)
    air = list(path.base.data["arc"].values).index("by-air")
    base = path.base.data["share"].values[0, air]
    assert base == pytest.approx(0.5)
    assert path.at("1 month").data["share"].values[0, air] == pytest.approx(1 / 11, rel=0.01)
    assert path.at("6 months").data["share"].values[0, air] == pytest.approx(1 / 11, rel=0.05)
    assert path.at("7 months").data["share"].values[0, air] == pytest.approx(base, rel=0.05)
    assert verify(path.at("6 months").data, path.base.data).worst < 1e-9


def test_draws_differ_in_pace_and_share_the_baseline(lab, shut):
    many = spread(lab)
    one = many.respond(shut, after="1 year")
    pace = many.ledger[:, many.network.pace[0]]
    assert len(np.unique(pace)) == len(many.ledger)
    assert np.isfinite(one.compare(many.baseline()).summary().loc["exports", "change_95"])
    path = many.path(shut, years=1)
    assert path.table().loc[("exports", 1.0), "value_5"] < path.table().loc[("exports", 1.0), "value_95"]


def test_steps_are_months_after_a_change_and_quarters_else(lab, shut):
    levers = lab.responder.levers
    assert steps(constant(levers, shut, 1)) == [(0, 1), (1, 2), (2, 3), (3, 6), (6, 9), (9, 12)]
    two = steps(dated(levers, {1: shut, 2: {}}, 2))
    assert two[6:] == [(12, 13), (13, 14), (14, 15), (15, 18), (18, 21), (21, 24)]


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("long run", math.inf),
        ("1 year", 1.0),
        ("3 months", 0.25),
        ("18 Months", 1.5),
        ("2 weeks", 14 / 365.25),
    ],
)
def test_horizons_are_read(text, years):
    assert in_years(text) == pytest.approx(years)
    assert in_years(in_words(years)) == pytest.approx(years)


@pytest.mark.parametrize("wrong", ["soon", "-1 years", "3 moons", "101 years", -0.5, ""])
def test_a_horizon_that_makes_no_sense_says_what_to_write(lab, shut, wrong):
    with pytest.raises(PolicyError, match="Write 'long run', or a time such as '3 months'"):
        lab.respond(shut, after=wrong)


def test_a_path_before_the_baseline_and_a_time_after_its_end_are_refused(lab, shut):
    begins = lab.case.info.baseline[0]
    with pytest.raises(PolicyError, match=f"give {begins} or a later year"):
        lab.path({begins - 5: shut}, years=2, first=begins - 5)
    with pytest.raises(ComparisonError, match="ends after 1 year"):
        lab.path(shut, years=1).at("2 years")


def test_a_policy_of_some_months_ends(lab, shut):
    levers = lab.responder.levers
    brief = for_months(levers, shut, 6, 2)
    whole = constant(levers, shut, 2)
    assert brief.months == 24
    assert np.array_equal(brief.value[:6], whole.value[:6])
    assert np.array_equal(brief.value[6:], np.repeat(levers.baseline[None], 18, axis=0))
    assert [month for month, _ in brief.changes] == [0, 6]
    assert brief.first == 1
    for months in (0, 24, 25):
        with pytest.raises(PolicyError, match="lasts from 1 to 23 months"):
            for_months(levers, shut, months, 2)
    with pytest.raises(PolicyError, match="is not a measure"):
        for_months(levers, {"raddar": 1}, 6, 2)


def test_a_path_takes_a_timeline_of_its_own_length(lab):
    shut = {"strip-demolition": 60}
    brief = for_months(lab.responder.levers, shut, 3, 1)
    path = lab.path(brief, years=1)
    throughout = lab.path(shut, years=1)
    ends = [round(12 * end) for end in path.ends]
    assert ends == [1, 2, 3, 4, 5, 6, 9, 12]
    by_air, held = path.series("exports by air"), throughout.series("exports by air")
    for years in (1 / 12, 2 / 12, 3 / 12):
        one, other = (x.sel(years=years, method="nearest").values for x in (by_air, held))
        assert one == pytest.approx(other, rel=1e-9)
    before, at_end = float(by_air[0, 0]), float(by_air[0, -1])
    assert abs(at_end - before) < 0.5 * abs(float(held[0, -1]) - before)
    with pytest.raises(PolicyError, match="Only a policy can end after some months"):
        lab.path({1: shut}, years=2, months=3)
    with pytest.raises(PolicyError, match="12 months, and 2 years have 24"):
        lab.path(brief, years=2)


def test_paths_that_are_followed_together_are_those_that_are_followed_alone(lab):
    policies = [{"radar": 1}, {}, {"road-checkpoints": 5}]
    together = lab.paths(policies, ["Radar", "Nothing", "Roads"], years=1)
    assert [path.title for path in together] == ["Radar", "Nothing", "Roads"]
    for policy, path in zip(policies, together, strict=True):
        alone = lab.path(policy, years=1)
        assert path.ends.tolist() == alone.ends.tolist()
        assert np.allclose(path.values, alone.values, rtol=1e-9)
        there, here = path.at("6 months").data, alone.at("6 months").data
        assert np.allclose(there["flow"], here["flow"], rtol=1e-9, atol=1e-9)
    assert lab.paths([]) == []


def test_paths_that_change_in_other_months_are_not_followed_together(lab):
    from contraflow.lab.scenario import timeline_of

    early, late = (
        timeline_of(lab.responder, {1: {}, year: {"interceptors": 1}}, 4, None)[0] for year in (2, 3)
    )
    with pytest.raises(ValueError, match="in the same months"):
        next(Adjustment(lab.responder, lab.ledger).path([early, late]))
