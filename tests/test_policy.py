"""Policies and measures: what is refused, and what each effect does."""

import numpy as np
import pytest

from contraflow.errors import NetworkError, PolicyError
from contraflow.lab import central_values, responder
from contraflow.model.numerics import jnp
from contraflow.model.traced_code import TracedOnce
from contraflow.policy import describe, levels, make_levers, parse
from contraflow.policy.responder import structure
from tiny import two_routes


def with_measure(kind, size, half=None, **selectors):
    t = two_routes(elasticity=0.5, hazards=(0.1, 0.2))
    t.add("measures", id="m", name="Measure", unit="units", maximum=10.0, unit_cost=1000.0)
    t.add("effects", id="e", measure="m", kind=kind, size=size, half=half, **selectors)
    return t


def economies(t, level):
    r = responder(t.case())
    ledger = jnp.asarray(r.model.network.ledger.value)
    arcs = {a.id: i for i, a in enumerate(r.model.network.arcs)}
    return r.measured(ledger, jnp.zeros(1)), r.measured(ledger, jnp.array([float(level)])), arcs


def test_text_policies():
    assert parse("radar=1; air = 4") == {"radar": 1.0, "air": 4.0}
    assert parse("") == {}
    for wrong in ("radar", "radar=high", "radar=1; radar=2"):
        with pytest.raises(PolicyError):
            parse(wrong)


def test_unknown_negative_and_excessive_levels_are_refused_together():
    case = with_measure("add cost", 1.0, step="by-air").case()
    with pytest.raises(PolicyError) as caught:
        levels(case, np.zeros(1), {"mm": 1, "m": -1})
    assert "Did you mean 'm'" in str(caught.value)
    assert "between 0 and 10" in str(caught.value)
    for level in (11, float("nan")):
        with pytest.raises(PolicyError):
            levels(case, np.zeros(1), {"m": level})
    assert describe(case, {"m": 3}) == "Measure 3 (units)"


def test_an_effect_on_nothing_is_refused():
    t = with_measure("add hazard", 1.0, mode="road", from_="south")
    from contraflow.network import build

    with pytest.raises(NetworkError, match="acts on no arc"):
        make_levers(build(t.case()))


@pytest.mark.parametrize(
    ("kind", "field", "expected"),
    [
        ("add hazard", "hazard", 0.2 + 2 * 0.3),
        ("scale hazard", "hazard", 0.2 * (1 + 2 * 0.3)),
        ("add cost", "cost", 40 + 2 * 0.3),
        ("take revenue", "taken", 2 * 0.3),
        ("deter", "fear", 2 * 0.3),
    ],
)
def test_effects_on_arcs(kind, field, expected):
    before, after, arcs = economies(with_measure(kind, 0.3, step="by-air"), 2)
    assert np.isclose(getattr(after, field)[arcs["by-air"]], expected, rtol=1e-12)
    assert getattr(after, field)[arcs["by-road"]] == getattr(before, field)[arcs["by-road"]]


def test_effects_on_households():
    _, after, arcs = economies(with_measure("raise income", 5.0, step="grow"), 2)
    assert after.subsidy[arcs["grow"]] == 10
    _, after, arcs = economies(with_measure("remove hectares", 0.01, from_="valley"), 10)
    assert np.isclose(after.hazard[arcs["grow"]], 0.1)


def test_returns_diminish():
    _, after, arcs = economies(with_measure("add cost", 1.0, half=4.0, step="by-air"), 4)
    assert np.isclose(after.cost[arcs["by-air"]] - 40, 2.0)


def test_lethal_measures_raise_risk_pay():
    t = with_measure("add hazard", 0.3, step="by-air", lethal_pay=900.0)
    _, after, arcs = economies(t, 1)
    assert np.isclose(after.risk_pay[arcs["by-air"]], 900 * 0.3 / 0.5)


def test_open_share_is_rebuild_over_rebuild_plus_destroy():
    t = two_routes()
    t.add("facilities", id="strip", name="Strip", surcharge=1.0)
    t.tables["links"]["by-air"] = t.tables["links"]["by-air"].model_copy(update={"facility": "strip"})
    t.add("measures", id="m", name="m", unit="u", maximum=100.0)
    t.add("effects", id="e", measure="m", kind="remove capacity", facility="strip", size=0.5, rebuild=3.0)
    t.add("events", id="now", date="2010", measure="m", level=2.0)
    r = responder(t.case())
    assert r.levers.baseline[0] == 2.0
    assert r.levers.in_year(2009)[0] == 0.0
    ledger = jnp.asarray(r.model.network.ledger.value)
    at = r.measured(ledger, jnp.array([2.0])).open_share[0]
    more = r.measured(ledger, jnp.array([12.0])).open_share[0]
    assert np.isclose(at, 1.0)
    assert np.isclose(more, (3 / (3 + 6)) / (3 / (3 + 1)))


def test_fear_moves_shippers_but_takes_nothing():
    t = with_measure("deter", 0.5, step="by-air")
    lab = central_values(t.case())
    base, after = lab.baseline(), lab.respond({"m": 1})
    air = {"arc": "by-air"}
    assert float(after.data["loss"].sel(air)[0]) == float(base.data["loss"].sel(air)[0])
    assert float(after.data["expected_loss"].sel(air)[0]) > float(after.data["loss"].sel(air)[0])
    assert float(after.data["spending"][0]) == 1000.0


def test_a_policy_at_baseline_levels_is_the_baseline(example):
    same = example.respond({})
    assert np.allclose(same.data["flow"], example.baseline().data["flow"], rtol=1e-9)


def test_cases_that_differ_in_numbers_alone_share_compiled_functions(monkeypatch):
    def tolled(cost: float, size: float = 1.0):
        t = two_routes(costs=(10.0, cost), elasticity=0.8)
        t.add("measures", id="m", name="Measure", unit="units", maximum=100.0)
        t.add("effects", id="e", measure="m", kind="add cost", size=size, step="by-air")
        return t

    first, second = (central_values(tolled(cost, size).case()) for cost, size in ((40.0, 1.0), (20.0, 2.0)))
    assert second.responder._compiled is first.responder._compiled
    shared = second.respond({"m": 15}).data
    monkeypatch.setattr("contraflow.policy.responder._COMPILED", {})
    alone = central_values(tolled(20.0, 2.0).case())
    assert alone.responder._compiled is not first.responder._compiled
    assert np.array_equal(alone.respond({"m": 15}).data["flow"], shared["flow"])


def test_what_compiled_functions_hold_is_not_shared():
    """A level in the baseline is a constant of the compiled functions, and so is what an effect acts on."""
    plain, later, road = (with_measure("add cost", 1.0, step=s) for s in ("by-air", "by-air", "by-road"))
    later.number("two", 2.0)
    later.add("events", id="now", date="2010", measure="m", level="two")
    plain.number("two", 2.0)
    road.number("two", 2.0)
    assert len({structure(responder(t.case())) for t in (plain, later, road)}) == 3
    assert structure(responder(plain.case())) == structure(responder(plain.case()))


def test_many_problems_agree_with_one_at_a_time(example):
    solver = example.responder
    ids, top = list(example.case.measures), []
    for name in ids:
        top.append(example.case.parameters[example.case.measures[name].maximum].value)
    rng = np.random.default_rng(3)
    wanted = rng.random((11, len(ids))) * np.array(top) * 0.5
    together = solver.solve(example.ledger, example._references, wanted)
    for i in (0, 7, 10):
        alone = solver.solve(example.ledger, example._references, wanted[i : i + 1])
        assert np.allclose(together.state[i], alone.state[0], atol=1e-9)


def test_what_was_traced_is_not_traced_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    traced = []

    def made(of):
        def twice(x):
            traced.append(x)
            return {"twice": 2 * x}

        return TracedOnce(twice, (of,))

    x = np.arange(3.0)
    assert made("twice")(x)["twice"].tolist() == [0, 2, 4]
    traced.clear()
    again = made("twice")
    assert again(x)["twice"].tolist() == [0, 2, 4]
    assert traced == []
    assert again(np.arange(2.0))["twice"].tolist() == [0, 2]
    assert len(traced) == 1
    assert made("another")(x)["twice"].tolist() == [0, 2, 4]
    assert len(traced) == 2


def test_functions_with_effects_of_a_module_of_ones_own_are_not_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("contraflow.policy.responder._COMPILED", {})
    own = {"contraflow": True, "mine": False}
    for kind, kept in own.items():
        table = with_measure("add cost", 1.0)
        monkeypatch.setattr("contraflow.policy.responder.by_contraflow", lambda _, kept=kept: kept)
        monkeypatch.setattr("contraflow.policy.responder._COMPILED", {})
        assert (central_values(table.case()).responder._compiled.settled._of is not None) == kept, kind
