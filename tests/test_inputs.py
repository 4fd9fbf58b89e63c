"""Inputs and their supplies, and levers on demand, capacity and requirements, solved by hand."""

import numpy as np
import pytest

from contraflow.errors import NetworkError
from contraflow.lab import central_values
from contraflow.network import build
from contraflow.results.verify import verify
from tiny import Tiny, two_routes


def laboratory(basis: str = "unit", prices: tuple[float, float] = (4.0, 6.0), theta: float = 3.0) -> Tiny:
    """A drug that is carried to one market, for which an input is bought from two supplies."""
    t = two_routes()
    t.tables["links"].pop("by-air")
    t.tables["markets"].pop("south")
    t.actor("near", "suppliers")
    t.actor("far", "suppliers")
    t.add("inputs", id="input", name="Input", basis=basis, switching=theta, step="by-road")
    t.add("supplies", id="near", input="input", from_="valley", price=prices[0], weight=0.25, actor="near")
    t.add("supplies", id="far", input="input", from_="south", price=prices[1], weight=0.75, actor="far",
          hazard=0.1)  # fmt: skip
    t.add("measures", id="control", name="control", unit="level", maximum=100.0)
    t.add("effects", id="dearer", measure="control", kind="add cost", size=1.0 if basis == "unit" else 0.01,
          supply="near")  # fmt: skip
    return t


def of(outcome, name: str, **label: str) -> float:
    return float(outcome.data[name].sel(**label).values[0])


def index(costs: np.ndarray, theta: float = 3.0) -> tuple[float, np.ndarray]:
    weight = np.array([0.25, 0.75])
    power = weight * costs**-theta
    return float(power.sum() ** (-1 / theta)), power / power.sum()


def test_an_input_costs_the_price_index_of_its_supplies():
    lab = central_values(laboratory().case())
    base, after = lab.baseline(), lab.respond({"control": 5.0})
    for outcome, near in ((base, 4.0), (after, 9.0)):
        costs = np.array([near, 6.0 * np.exp(0.1)])
        cost, share = index(costs)
        assert of(outcome, "bought_rate", arc="by-road") == pytest.approx(cost, rel=1e-12)
        assert of(outcome, "price", node="drug@valley") == pytest.approx(100 - 10 - cost, rel=1e-12)
        for name, s, c in zip(("near", "far"), share, costs, strict=True):
            assert of(outcome, "supplied", supply=name) == pytest.approx(1000 * s * c, rel=1e-12)
            assert of(outcome, "income", actor=name) == pytest.approx(1000 * s * c, rel=1e-12)
        assert verify(outcome.data, base.data).worst < 1e-9


def test_an_input_bought_of_revenue_takes_its_share():
    lab = central_values(laboratory("revenue", prices=(0.05, 0.08)).case())
    base = lab.baseline()
    cost, share = index(np.array([0.05, 0.08 * np.exp(0.1)]))
    assert of(base, "bought_share", arc="by-road") == pytest.approx(cost, rel=1e-12)
    assert of(base, "price", node="drug@valley") == pytest.approx(100 * (1 - cost) - 10, rel=1e-12)
    assert of(base, "supplied", supply="near") == pytest.approx(100_000 * share[0] * 0.05, rel=1e-12)
    assert verify(base.data, base.data).worst < 1e-9


def test_a_supply_serves_only_the_places_that_it_names():
    t = laboratory()
    t.add("supplies", id="far", input="input", from_="south", to="north", price=6.0, actor="far")
    with pytest.raises(NetworkError, match="reaches no place"):
        build(t.case())
    t.tables["supplies"].pop("near")
    t.tables["effects"].clear()
    with pytest.raises(NetworkError, match="cannot be bought at valley"):
        build(t.case())


def test_an_input_that_nothing_needs_is_refused():
    t = laboratory()
    t.add("inputs", id="input", name="Input", basis="unit", switching=3.0, mode="air")
    with pytest.raises(NetworkError, match="needed by no arc"):
        build(t.case())


def test_two_inputs_cannot_be_paid_from_one_dollar():
    t = laboratory("revenue", prices=(0.05, 0.08))
    t.add("inputs", id="second", name="Second", basis="revenue", switching=3.0, step="by-road")
    t.add("supplies", id="second", input="second", from_="valley", price=0.01)
    with pytest.raises(NetworkError, match="per dollar of revenue"):
        build(t.case())


def demand(market: str, **cells) -> Tiny:
    t = two_routes(**cells)
    t.add("measures", id="orders", name="orders", unit="per cent", maximum=100.0)
    t.add("effects", id="orders", measure="orders", kind="scale demand", size=0.01, market=market)
    return t


def test_more_demand_at_a_given_price_is_a_higher_price():
    lab = central_values(demand("north").case())
    assert of(lab.respond({"orders": 20.0}), "market_price", market="north@north") == pytest.approx(120.0)


def test_more_demand_where_supply_is_fixed_raises_the_price_by_its_elasticity():
    t = demand("north", elasticity=0.5)
    t.tables["links"].pop("by-air")
    t.tables["markets"].pop("south")
    lab = central_values(t.case())
    base, after = lab.baseline(), lab.respond({"orders": 21.0})
    assert of(after, "market_price", market="north@north") == pytest.approx(100 * 1.21 ** (1 / 0.5), rel=1e-9)
    assert verify(after.data, base.data).worst < 1e-9


@pytest.mark.slow
def test_added_capacity_lowers_the_surcharge():
    t = two_routes()
    t.add("facilities", id="berths", name="berths", surcharge=12.0, steepness=1.0)
    t.link("by-road", "valley", "north", "road", cost=10.0, facility="berths")
    t.tables["links"].pop("by-air")
    t.tables["markets"].pop("south")
    t.add("measures", id="build", name="build", unit="berths", maximum=100.0)
    t.add("effects", id="build", measure="build", kind="add capacity", size=0.5, facility="berths")
    lab = central_values(t.case())
    after = lab.respond({"build": 2.0})
    assert of(after, "surcharge_rate", arc="by-road") == pytest.approx(12.0 / 2)
    assert verify(after.data, lab.baseline().data).worst < 1e-9


@pytest.mark.slow
def test_requirements_multiply():
    t = two_routes()
    for name in ("radar", "parts", "patrols"):
        t.add("measures", id=name, name=name, unit="level", maximum=10.0)
    t.add("effects", id="stop", measure="patrols", kind="add hazard", size=0.1, mode="air")
    t.add("requirements", id="a", measure="patrols", requires="radar", full_at=2.0)
    t.add("requirements", id="b", measure="patrols", requires="parts")
    lab = central_values(t.case())

    def hazard(**levels: float) -> float:
        return of(lab.respond({"patrols": 3.0, **levels}), "hazard", arc="by-air")

    assert hazard() == 0.0
    assert hazard(radar=1.0) == 0.0
    assert hazard(radar=1.0, parts=0.5) == pytest.approx(0.3 * 0.5 * 0.5)
    assert hazard(radar=9.0, parts=9.0) == pytest.approx(0.3)


def test_another_substance_counts_in_no_headline():
    t = two_routes()
    base = central_values(t.case()).baseline()
    t.add("forms", id="gold", name="gold", unit="kg", substance="gold", content=0.9, switching=3.0)
    t.add("activities", id="mine", places="valley", input="labour", output="gold", yield_=0.5, weight=1.0)
    t.place("fence", kind="market", country="XA")
    t.link("gold-road", "valley", "fence", "road", forms="gold")
    t.market("fence", "fence", "gold", 200.0)
    both = central_values(t.case()).baseline()
    share = of(both, "share", arc="grow")
    assert 0 < share < 1
    for name in ("delivered", "hectares"):
        assert float(both.data[name][0]) == pytest.approx(share * float(base.data[name][0]))
    assert of(both, "pure", arc="gold-road") == 0.0
    assert of(both, "flow", arc="gold-road") == pytest.approx((1 - share) * 1000 * 0.5)
