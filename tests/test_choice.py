"""The forward passes, and the baseline's shares from the odds of use, on networks solved by hand."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from contraflow.model import Model
from contraflow.model.choice import THIN
from contraflow.model.numerics import jax, jnp
from contraflow.network import build
from contraflow.policy.levers import make_levers
from contraflow.policy.responder import Responder, structure
from tiny import Tiny, two_routes


@cache
def _compiled(shape: bytes):
    """Functions of all models of one structure, which differ in the ledger's values alone."""
    model = MODELS[shape]

    def evaluate(economy):
        return model.evaluate(economy, jnp.zeros(model.unknowns))

    def baseline(ledger):
        odds = model.economy(ledger)
        anchor, point = model.baseline(odds)
        return anchor, point, anchor.staffed(odds)

    return jax.jit(evaluate), jax.jit(lambda ledger: evaluate(model.economy(ledger))), jax.jit(baseline)


MODELS: dict[bytes, Model] = {}


def compiled(model: Model):
    shape = structure(Responder(model, make_levers(model.network)))
    MODELS.setdefault(shape, model)
    return _compiled(shape)


def evaluate(t: Tiny):
    model = Model(build(t.case()))
    point = compiled(model)[1](jnp.asarray(model.network.ledger.value))
    arcs = {a.id: i for i, a in enumerate(model.network.arcs)}
    nodes = {n: i for i, n in enumerate(model.network.nodes)}
    return point, arcs, nodes


def test_two_routes_share_by_power_of_value():
    point, arcs, nodes = evaluate(two_routes(costs=(10.0, 40.0), theta=3.0))
    road, air = 90.0**3, 60.0**3
    assert np.isclose(point.share[arcs["by-road"]], road / (road + air), rtol=1e-12)
    assert np.isclose(point.value[nodes["drug@valley"]], (0.5 * (road + air)) ** (1 / 3), rtol=1e-12)
    assert np.isclose(point.flow[arcs["by-air"]], 1000 * air / (road + air), rtol=1e-12)


def test_chain_with_yields_and_losses():
    t = Tiny()
    t.form("labour")
    t.form("leaf")
    t.form("paste")
    t.zone("valley", 200.0)
    t.place("city", kind="market")
    t.mode("road", pay=5.0, haul=0.0, trip_hazard=0.2, risk_pay=50.0, margin=0.25)
    t.add(
        "activities",
        id="grow",
        places="valley",
        input="labour",
        output="leaf",
        yield_=2000.0,
        cost=100.0,
        hazard=0.1,
    )
    t.add(
        "processes",
        id="cook",
        places="valley",
        input="leaf",
        output="paste",
        yield_=0.0025,
        cost=0.5,
        margin=0.1,
    )
    t.link("drive", "valley", "city", "road", forms="paste")
    t.market("city", "city", "paste", 1200.0)
    point, _, nodes = evaluate(t)
    q = 1 - np.exp(-0.2)
    paste = (1 - q) * 0.75 * 1200 - 5 - 50 * q
    leaf = 0.0025 * 0.9 * paste - 0.5
    labour = np.exp(-0.1) * 2000 * leaf - 100
    assert np.isclose(point.value[nodes["paste@valley"]], paste, rtol=1e-12)
    assert np.isclose(point.value[nodes["leaf@valley"]], leaf, rtol=1e-12)
    assert np.isclose(point.value[nodes["labour@valley"]], labour, rtol=1e-12)
    assert np.isclose(point.sold[0], 200 * np.exp(-0.1) * 2000 * 0.0025 * (1 - q), rtol=1e-12)


def test_price_step_equals_cost_and_loss():
    point, _, nodes = evaluate(two_routes(costs=(10.0, 1000.0), hazards=(0.3, 0.0)))
    assert np.isclose(
        point.value[nodes["drug@valley"]], 0.5 ** (1 / 3) * (np.exp(-0.3) * 100 - 10), rtol=1e-12
    )


def test_option_that_does_not_pay_is_not_used():
    point, arcs, _ = evaluate(two_routes(costs=(10.0, 100.0)))
    assert point.flow[arcs["by-air"]] == 0
    assert point.share[arcs["by-road"]] == 1


def test_nothing_pays_and_the_stock_stays():
    point, _, nodes = evaluate(two_routes(costs=(200.0, 200.0)))
    assert point.value[nodes["drug@valley"]] == 0
    assert point.sold.sum() == 0
    assert point.stock[nodes["labour@valley"]] == 1000


@pytest.mark.parametrize("theta", [1.5, 8.0, 300.0])
def test_large_theta_takes_the_best_route_without_overflow(theta):
    point, arcs, _ = evaluate(two_routes(prices=(50_000.0, 50_000.0), costs=(10.0, 400.0), theta=theta))
    u = np.array([49_990.0, 49_600.0])
    share = 1 / (1 + (u[1] / u[0]) ** theta)
    assert np.isclose(point.share[arcs["by-road"]], share, rtol=1e-10)


class Baseline:
    """The baseline of a case from its odds, and what its weights say of any other economy."""

    def __init__(self, t: Tiny) -> None:
        self.model = Model(build(t.case()))
        self._evaluate, _, baseline = compiled(self.model)
        ledger = jnp.asarray(self.model.network.ledger.value)
        self.anchor, self.point, self.economy = baseline(ledger)
        self.arcs = {a.id: i for i, a in enumerate(self.model.network.arcs)}
        self.nodes = {n: i for i, n in enumerate(self.model.network.nodes)}

    def evaluate(self, **change):
        return self._evaluate(replace(self.economy, **change))

    def share(self, arc: str) -> float:
        return float(self.point.share[self.arcs[arc]])

    def value(self, node: str) -> float:
        return float(self.point.value[self.nodes[node]])


def test_shares_of_the_baseline_are_odds_where_ways_pay():
    b = Baseline(two_routes(costs=(10.0, 40.0), weights=(1.0, 2.0), theta=3.0))
    # u is 90 of 100 by road and 60 of 100 by air; a tenth of the 100 is added below
    road, air = 1 * 90 / (90 + 10), 2 * 60 / (60 + 10)
    assert np.isclose(b.share("by-air"), air / (road + air), rtol=1e-12)
    assert np.isclose(b.value("drug@valley"), (90 * road + 60 * air) / (road + air), rtol=1e-12)
    assert np.isclose(b.point.sold[1], 1000 * air / (road + air), rtol=1e-12)


def test_where_nothing_is_spent_shares_are_the_odds_whatever_the_prices():
    for prices in ((100.0, 100.0), (100.0, 700.0)):
        b = Baseline(two_routes(prices=prices, costs=(0.0, 0.0), weights=(1.0, 3.0)))
        assert np.isclose(b.share("by-air"), 0.75, rtol=1e-12)
        assert np.isclose(b.value("drug@valley"), 0.25 * prices[0] + 0.75 * prices[1], rtol=1e-12)


def test_an_option_that_hardly_pays_is_hardly_used():
    """Where the net is THIN of the gross, the odds count half; below, less and less."""
    b = Baseline(two_routes(costs=(0.0, 100 * (1 - THIN)), theta=4.0))
    gates = np.array([1 / (1 + THIN), 1 / 2])
    assert np.isclose(b.share("by-air"), gates[1] / gates.sum(), rtol=1e-12)
    shares = [Baseline(two_routes(costs=(0.0, cost))).share("by-air") for cost in (99.0, 100.0, 110.0, 140.0)]
    assert (np.diff(np.log(shares)) < 0).all()
    assert shares[1] < 1 / 4
    assert 0 < shares[3] < 1 / 50


def test_what_pays_too_little_in_the_baseline_brings_an_unobserved_gain():
    """Nothing where THIN twice over is left; else as much as makes the option net THIN or more."""
    b = Baseline(two_routes(costs=(100 * (1 - 2 * THIN), 130.0), theta=4.0))
    road, air = b.arcs["by-road"], b.arcs["by-air"]
    assert b.anchor.gain[road] == pytest.approx(0, abs=1e-12)
    edge = 1 - 2 * THIN
    bent = 100 * THIN * (1 + (edge / 1.3) ** (edge / THIN))
    assert np.isclose(b.anchor.gain[air], bent + 30, rtol=1e-12)
    assert np.isclose(b.point.net[air], bent, rtol=1e-12)
    nets = np.array([200 * THIN, bent])
    shares = np.array([b.share("by-road"), b.share("by-air")])
    assert np.isclose(b.value("drug@valley"), shares @ nets, rtol=1e-12)


def test_the_gate_of_the_baseline_has_no_step_and_no_kink():
    cost = np.array([50.0, 70.0, 80.0, 90.0, 100.0, 200.0])
    for edge in cost:
        below, at, above = (
            np.array([b.share("by-air"), b.value("drug@valley")])
            for b in (Baseline(two_routes(costs=(10.0, edge + step))) for step in (-1e-4, 0.0, 1e-4))
        )
        assert np.allclose(above - at, at - below, rtol=1e-3, atol=1e-9)


def test_what_has_no_odds_is_not_used():
    b = Baseline(two_routes(weights=(1.0, 0.0)))
    assert b.share("by-air") == 0 == b.anchor.weight[b.arcs["by-air"]] == b.anchor.gain[b.arcs["by-air"]]


@pytest.mark.parametrize("theta", [0.8, 3.0, 60.0])
def test_the_weights_give_the_baseline_back(theta):
    b = Baseline(two_routes(costs=(10.0, 40.0), weights=(1.0, 2.0), theta=theta, hazards=(0.1, 0.3)))
    u, share = np.asarray(b.point.net), np.asarray(b.point.share)
    value = b.value("drug@valley")
    for arc in (b.arcs["by-road"], b.arcs["by-air"]):
        assert np.isclose(b.anchor.weight[arc], share[arc] * (value / u[arc]) ** theta, rtol=1e-12)
    again = b.evaluate()
    for field in ("value", "share", "flow", "stock"):
        assert np.allclose(getattr(again, field), getattr(b.point, field), rtol=1e-12, atol=0)


def test_scaling_all_odds_of_a_node_changes_nothing():
    one, ten = (Baseline(two_routes(weights=(o, 2 * o))) for o in (1.0, 10.0))
    assert np.allclose(one.anchor.weight, ten.anchor.weight, rtol=1e-12)


def test_no_rent_is_left_in_the_baseline():
    b = Baseline(two_routes(costs=(10.0, 40.0), weights=(1.0, 2.0), hazards=(0.1, 0.3)))
    tail = b.model.network.tail
    earned = np.bincount(tail, np.asarray(b.point.flow * b.point.net), minlength=len(b.nodes))
    for node in ("drug@valley", "labour@valley"):
        i = b.nodes[node]
        assert np.isclose(earned[i], b.point.stock[i] * b.point.value[i], rtol=1e-12)


def test_values_beside_the_baseline_are_power_means_about_it():
    """V = V' (sum P' (u / u')^theta)^(1/theta); what the mean earns above V is rent."""
    theta = 3.0
    b = Baseline(two_routes(costs=(10.0, 40.0), weights=(1.0, 2.0), theta=theta))
    after = b.evaluate(cost=b.economy.cost.at[b.arcs["by-air"]].add(30.0))
    share = np.array([b.share("by-road"), b.share("by-air")])
    moved = share * (np.array([90.0, 30.0]) / np.array([90.0, 60.0])) ** theta
    value = b.value("drug@valley") * moved.sum() ** (1 / theta)
    assert np.isclose(after.value[b.nodes["drug@valley"]], value, rtol=1e-12)
    assert np.isclose(after.share[b.arcs["by-air"]], moved[1] / moved.sum(), rtol=1e-12)
    assert np.array([90.0, 30.0]) @ moved / moved.sum() > value


def test_closing_an_option_of_share_s_lowers_the_value_by_the_stated_factor():
    theta, s = 4.0, 0.3
    b = Baseline(two_routes(costs=(10.0, 10.0), weights=(0.7, s), theta=theta))
    closed = b.evaluate(cost=b.economy.cost.at[b.arcs["by-air"]].set(1e6))
    assert np.isclose(b.share("by-air"), s, rtol=1e-12)
    left = closed.value[b.nodes["drug@valley"]] / b.value("drug@valley")
    assert np.isclose(left, (1 - s) ** (1 / theta), rtol=1e-12)


def test_closing_an_option_among_unequal_ones_costs_its_share_all_the_same():
    """1 - s of the baseline is left to the power 1 / theta, however the nets differ."""
    theta = 3.0
    b = Baseline(two_routes(costs=(10.0, 40.0), weights=(1.0, 2.0), theta=theta))
    closed = b.evaluate(cost=b.economy.cost.at[b.arcs["by-air"]].set(1e6))
    left = closed.value[b.nodes["drug@valley"]] / b.value("drug@valley")
    assert np.isclose(left, (1 - b.share("by-air")) ** (1 / theta), rtol=1e-12)
