"""Equilibria on networks solved by hand, their signs, derivatives and identities."""

import dataclasses

import numpy as np
import pytest

from contraflow.errors import ConvergenceError
from contraflow.lab import central_values, load, responder
from contraflow.model.numerics import jax, jnp
from contraflow.results.verify import verify
from tiny import Tiny, two_routes


def measure(t: Tiny, name: str, kind: str, size: float, requires: str | None = None, **selectors) -> None:
    t.add("measures", id=name, name=name, unit="level", maximum=100.0)
    if requires:
        t.add("requirements", id=f"{name}-needs-{requires}", measure=name, requires=requires)
    t.add("effects", id=f"{name}-effect", measure=name, kind=kind, size=size, **selectors)


def flow(outcome, arc: str) -> float:
    return float(outcome.data["flow"].sel(arc=arc).values[0])


def price(outcome, node: str) -> float:
    return float(outcome.data["price"].sel(node=node).values[0])


def check(lab, outcome) -> None:
    report = verify(outcome.data, lab.baseline().data)
    assert report.worst < 1e-9


def test_the_dearer_only_way_lowers_the_price_before_and_raises_it_after():
    t = two_routes(elasticity=0.5)
    t.tables["links"].pop("by-air")
    t.tables["markets"].pop("south")
    measure(t, "toll", "add cost", 1.0, step="by-road")
    t.tables["activities"].clear()
    t.form("licit-income")
    t.add("activities", id="grow", places="valley", input="labour", output="drug", yield_=1.0, weight=0.5)
    t.add(
        "activities",
        id="farm",
        places="valley",
        input="labour",
        output="licit-income",
        yield_=1.0,
        weight=0.5,
    )
    t.market("farm", "valley", "licit-income", 80.0)
    lab = central_values(t.case())
    base, after = lab.baseline(), lab.respond({"toll": 20})
    assert price(after, "drug@valley") < price(base, "drug@valley")
    assert price(after, "drug@north") > price(base, "drug@north")
    assert flow(after, "by-road") < flow(base, "by-road")
    # the step of a chain is its cost: 10 before, 10 + 20 after
    assert np.isclose(price(after, "drug@north") - price(after, "drug@valley"), 30.0, rtol=1e-9)
    check(lab, after)


def test_fixed_supply_and_one_way_pass_the_whole_cost_to_the_grower():
    t = two_routes(elasticity=0.5)
    t.tables["links"].pop("by-air")
    t.tables["markets"].pop("south")
    measure(t, "toll", "add cost", 1.0, step="by-road")
    lab = central_values(t.case())
    after = lab.respond({"toll": 20})
    assert np.isclose(price(after, "drug@north"), 100.0, rtol=1e-9)
    assert np.isclose(price(after, "drug@valley"), 70.0, rtol=1e-9)


def test_demand_clears_against_a_hand_solution():
    """Two elastic markets share 1,000 kg: p_n, p_s solve both demands and the shares of the choice."""
    t = two_routes(costs=(10.0, 40.0), elasticity=0.8)
    measure(t, "toll", "add cost", 1.0, step="by-air")
    lab = central_values(t.case())
    base, after = lab.baseline(), lab.respond({"toll": 15})
    p = after.data["market_price"].values[0]
    before = np.array([90.0, 60.0])
    odds = before / (before + 0.1 * 100)
    q0 = 1000 * odds / odds.sum()
    assert np.allclose(base.data["sold"].values[0], q0, rtol=1e-12)
    moved = q0 * (np.array([p[0] - 10, p[1] - 55]) / before) ** 3
    assert np.allclose(1000 * moved / moved.sum(), q0 * (p / 100) ** -0.8, rtol=1e-9)
    assert p[1] > 100 > 0
    check(lab, after)


@pytest.mark.slow
def test_with_a_perfect_substitute_only_shares_move():
    t = two_routes(theta=60.0)
    t.tables["links"].pop("by-air")
    t.tables["markets"].pop("south")
    t.link("by-track", "valley", "north", "road", cost=10.0, weight=0.5)
    t.tables["links"]["by-road"] = t.tables["links"]["by-road"].model_copy(
        update={"weight": "by-track-weight"}
    )
    measure(t, "toll", "add cost", 1.0, step="by-road")
    lab = central_values(t.case())
    base, after = lab.baseline(), lab.respond({"toll": 50})
    assert flow(after, "by-track") > 0.999 * 1000
    assert np.isclose(price(after, "drug@valley"), price(base, "drug@valley"), rtol=0.02)
    assert np.isclose(price(after, "drug@north"), price(base, "drug@north"), rtol=1e-9)


def same_market() -> Tiny:
    t = two_routes(elasticity=0.5)
    t.tables["links"]["by-air"] = t.tables["links"]["by-air"].model_copy(update={"destination": "north"})
    t.tables["markets"].pop("south")
    return t


@pytest.mark.slow
def test_a_closed_route_moves_everything_to_the_other():
    t = same_market()
    measure(t, "close", "add cost", 1e6, step="by-air")
    lab = central_values(t.case())
    base, after = lab.baseline(), lab.respond({"close": 1})
    assert flow(base, "by-air") > 100
    assert flow(after, "by-air") == 0
    assert np.isclose(flow(after, "by-road"), 1000, rtol=1e-9)
    check(lab, after)


def test_no_equilibrium_is_an_error_that_says_what_was_tried():
    t = two_routes(elasticity=0.5)
    measure(t, "wall", "add hazard", 500.0, step="by-air")
    lab = central_values(t.case())
    with pytest.raises(ConvergenceError) as caught:
        lab.respond({"wall": 10})
    message = str(caught.value)
    assert "wall 10" in message
    assert "5 starts" in message
    assert "south" in message
    assert "at no price" in message


def test_draws_are_solved_side_by_side():
    """Three draws in one lab give what each gives alone."""
    t = two_routes(costs=(10.0, (20.0, 40.0, 60.0)), elasticity=0.6)
    measure(t, "toll", "add cost", 1.0, step="by-road")
    one = central_values(t.case())
    ledger = np.repeat(one.ledger, 3, axis=0)
    ledger[:, one.network.ledger.index("by-air-cost")] = (25.0, 40.0, 55.0)
    many = dataclasses.replace(one, ledger=ledger)
    together = many.respond({"toll": 12})
    assert together.data.sizes["draw"] == 3
    check(many, together)
    for draw in range(3):
        alone = dataclasses.replace(one, ledger=ledger[draw : draw + 1]).respond({"toll": 12})
        assert np.allclose(alone.data["flow"][0], together.data["flow"][draw], rtol=1e-9)


def facility_case(steepness: float) -> Tiny:
    t = two_routes(costs=(10.0, 10.0))
    t.actor("owners", "suppliers")
    t.add("facilities", id="strip", name="Strip", surcharge=5.0, steepness=steepness, actor="owners")
    t.tables["links"]["by-air"] = t.tables["links"]["by-air"].model_copy(update={"facility": "strip"})
    return t


def test_a_capacity_that_binds():
    """Half of a steep capacity is removed: flow falls to about half and the surcharge takes the rest."""
    t = facility_case(steepness=25.0)
    t.add("measures", id="demolish", name="d", unit="strips", maximum=100.0)
    t.add("effects", id="demolish-e", measure="demolish", kind="remove capacity", facility="strip", size=1.0,
          rebuild=1.0)  # fmt: skip
    lab = central_values(t.case())
    base, after = lab.baseline(), lab.respond({"demolish": 1})
    ratio = flow(after, "by-air") / flow(base, "by-air")
    surcharge = float(after.data["surcharge_rate"].sel(arc="by-air").values[0])
    assert np.isclose(surcharge, 5.0 * (ratio / 0.5) ** 25, rtol=1e-9)
    before = np.array([90.0, 85.0])
    moved = before / (before + 10) * (np.array([90.0, 90.0 - surcharge]) / before) ** 3
    assert np.isclose(flow(after, "by-air"), 1000 * moved[1] / moved.sum(), rtol=1e-9)
    assert 0.5 < ratio < 0.62
    check(lab, after)


def test_rebuilding_faster_than_destroying_leaves_capacity():
    t = facility_case(steepness=2.0)
    t.add("measures", id="demolish", name="d", unit="strips", maximum=100.0)
    t.add("effects", id="demolish-e", measure="demolish", kind="remove capacity", facility="strip", size=1.0,
          rebuild=200.0)  # fmt: skip
    lab = central_values(t.case())
    assert flow(lab.respond({"demolish": 10}), "by-air") > 0.98 * flow(lab.baseline(), "by-air")


def test_interceptors_without_radar_do_nothing():
    t = two_routes(elasticity=0.5)
    measure(t, "radar", "add cost", 0.0, step="by-road")
    measure(t, "interceptors", "add hazard", 0.1, requires="radar", mode="air")
    lab = central_values(t.case())
    base = lab.baseline()
    assert np.allclose(lab.respond({"interceptors": 5}).data["flow"], base.data["flow"], rtol=1e-9)
    assert np.allclose(lab.respond({"radar": 1}).data["flow"], base.data["flow"], rtol=1e-9)
    both = lab.respond({"radar": 1, "interceptors": 5})
    assert float(both.data["sold"].sel(market="south@south").values[0]) < 0.9 * flow(base, "by-air")
    assert np.isclose(both.data["loss"].sel(arc="by-air").values[0], 1 - np.exp(-0.5), rtol=1e-12)
    check(lab, both)


def test_dilution_gives_more_than_one_equilibrium_and_says_so():
    t = two_routes(theta=12.0, hazards=(0.0, 0.3))
    t.add("facilities", id="gate", name="Gate", dilution=1.0)
    t.tables["links"]["by-air"] = t.tables["links"]["by-air"].model_copy(update={"facility": "gate"})
    measure(t, "patrols", "add hazard", 0.02, mode="air")
    lab = central_values(t.case())
    after = lab.respond({"patrols": 1})
    assert after.search is not None
    assert after.search.equilibria[0] == 1 + len(after.alternatives)
    for outcome in (after, *after.alternatives):
        check(lab, outcome)
    assert len(after.alternatives) >= 1
    assert not np.isclose(flow(after, "by-air"), flow(after.alternatives[0], "by-air"), rtol=1e-3)


@pytest.mark.slow
def test_derivatives_of_the_equilibrium_match_finite_differences():
    t = facility_case(steepness=2.0)
    for m in t.tables["markets"].values():
        t.tables["markets"][m.id] = m.model_copy(
            update={"elasticity": t.tables["parameters"].get("eps") or "eps"}
        )
    t.number("eps", 0.7)
    measure(t, "toll", "add cost", 1.0, step="by-air")
    lab = central_values(t.case())
    responder = lab.responder
    ledger = jnp.asarray(lab.ledger[0])

    def sold(ledger, level):
        reference = responder.reference(ledger)
        levels = jnp.array([level])
        root = responder.root(ledger, reference, levels)
        return responder.settle(ledger, reference.anchor, levels, root.state).point.sold

    level, step = 7.0, 1e-4
    run = jax.jit(sold)
    by_ledger, by_level = jax.jit(jax.jacrev(sold, argnums=(0, 1)))(ledger, level)
    differences = (run(ledger, level + step) - run(ledger, level - step)) / (2 * step)
    assert np.allclose(by_level, differences, rtol=1e-6)
    cost = lab.network.ledger.index("by-road-cost")
    bump = ledger.at[cost].add(step), ledger.at[cost].add(-step)
    differences = (run(bump[0], level) - run(bump[1], level)) / (2 * step)
    assert np.allclose(by_ledger[:, cost], differences, rtol=1e-5)


@pytest.mark.parametrize(
    "name", ["example", *(pytest.param(c, marks=pytest.mark.slow) for c in ("andes-1990s", "peru"))]
)
def test_the_baseline_is_the_economy_at_zero(name):
    """Anchor and point come in one pass; evaluating the anchored economy at zero must give the same."""
    r = responder(load(name))

    def both(ledger):
        _, economy, point = r.baseline(ledger)
        return point, r.model.evaluate(economy, jnp.zeros(r.model.unknowns))

    short, full = jax.jit(both)(jnp.asarray(r.model.network.ledger.value))
    for field, got, wanted in zip(short._fields, short, full, strict=True):
        scale = np.maximum(np.abs(np.asarray(wanted)), 1e-12 * max(float(np.abs(wanted).max(initial=0)), 1))
        assert (np.abs(np.asarray(got - wanted)) <= 1e-12 * scale).all(), field


@pytest.mark.parametrize("policy", [{}, {"toll": 30.0}])
def test_books_balance(policy):
    t = two_routes(elasticity=0.4, hazards=(0.1, 0.2))
    t.add("fees", id="bribe", actor="clans", amount=2.0, mode="air")
    measure(t, "toll", "add cost", 1.0, step="by-air")
    lab = central_values(t.case())
    outcome = lab.respond(policy)
    check(lab, outcome)
    clans = float(outcome.data["income"].sel(actor="clans").values[0])
    assert np.isclose(clans, 2.0 * flow(outcome, "by-air"), rtol=1e-12)
