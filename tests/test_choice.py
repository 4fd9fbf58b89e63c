"""The forward passes on networks solved by hand."""

import numpy as np
import pytest

from contraflow.model import Model
from contraflow.model.numerics import jnp
from contraflow.network import build
from tiny import Tiny, two_routes


def evaluate(t: Tiny):
    model = Model(build(t.case()))
    economy = model.economy(jnp.asarray(model.network.ledger.value))
    point = model.evaluate(economy, jnp.zeros(model.unknowns))
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


def test_closing_an_option_of_share_s_lowers_the_value_by_the_stated_factor():
    theta, s = 4.0, 0.3
    both, arcs, nodes = evaluate(two_routes(costs=(10.0, 10.0), weights=(0.7, 0.3), theta=theta))
    closed, _, _ = evaluate(two_routes(costs=(10.0, 1e6), weights=(0.7, 0.3), theta=theta))
    node = nodes["drug@valley"]
    assert np.isclose(both.share[arcs["by-air"]], s, rtol=1e-12)
    assert np.isclose(closed.value[node] / both.value[node], (1 - s) ** (1 / theta), rtol=1e-12)
