"""Hired work: as many carry as are hired, and their pay moves with what else households can do."""

import numpy as np
import pytest
from scipy.optimize import brentq

from contraflow.errors import NetworkError
from contraflow.lab import central_values
from contraflow.network import build
from contraflow.results.verify import verify
from tiny import Tiny

PRICE, PAY, COST, EARNED, LICIT, THETA, HILL = 100.0, 20.0, 10.0, 50.0, 40.0, 2.0, 500.0


def valley(hours: float = 1000.0) -> Tiny:
    """Households grow or live otherwise; what grows here and on a hill is carried on hired backs."""
    t = Tiny()
    t.actor("growers", "households")
    t.actor("carriers")
    t.form("labour", switching=THETA)
    t.form("drug", content=0.5)
    t.form("licit-income")
    t.add("forms", id="work", name="work", unit="USD", switching=1.0)
    t.zone("valley", hours, households="growers")
    t.zone("hill", HILL)
    t.place("town", kind="market", country="XE")
    t.mode("back", pay=PAY, pay_actor="carriers")
    t.add("activities", id="grow", places="valley", input="labour", output="drug", yield_=1.0, weight=0.3)
    t.add("activities", id="live", places="valley", input="labour", output="licit-income", yield_=1.0,
          weight=0.7)  # fmt: skip
    t.add("activities", id="carry", places="valley", input="labour", output="work", yield_=EARNED)
    t.add("activities", id="grow-hill", places="hill", input="labour", output="drug", yield_=1.0)
    t.link("walk", "valley", "town", "back", cost=COST)
    t.link("descend", "hill", "town", "back", cost=COST)
    t.market("town", "town", "drug", PRICE)
    t.market("licit", "valley", "licit-income", LICIT)
    t.add("markets", id="hire", places="valley", form="work", price=1.0, hired_by="back",
          hired_from="valley; hill")  # fmt: skip
    t.add("measures", id="bad-year", name="bad year", unit="USD", maximum=39.0)
    t.add("effects", id="bad", measure="bad-year", kind="add cost", size=1.0, step="live")
    return t


def of(outcome, name: str, **label: str) -> float:
    return float(outcome.data[name].sel(**label).values[0])


def test_in_the_baseline_those_who_carry_come_on_top_of_those_who_do_not():
    base = central_values(valley().case()).baseline()
    grown = 1000.0 * 0.3  # neither costs anything at the hectare: the odds are the shares
    assert of(base, "flow", arc="grow") == pytest.approx(grown, rel=1e-12)
    assert of(base, "flow", arc="carry") == pytest.approx((grown + HILL) * PAY / EARNED, rel=1e-12)
    assert of(base, "sold", market="hire@valley") == pytest.approx((grown + HILL) * PAY, rel=1e-12)
    assert of(base, "endowment", node="labour@valley") == pytest.approx(1000 + (grown + HILL) * PAY / EARNED)
    assert of(base, "income", actor="carriers") == pytest.approx((grown + HILL) * PAY, rel=1e-12)
    assert verify(base.data, base.data).worst < 1e-9


def test_weights_of_those_who_carry_are_solved_by_hand():
    """E labour-hectares of value V do not carry, L of value u do: V = (E V + L u) / (E + L) of all."""
    base = central_values(valley().case()).baseline()
    u = {"grow": PRICE - PAY - COST, "live": LICIT, "carry": EARNED}
    labour = {"grow": 300.0, "live": 700.0, "carry": (300 + HILL) * PAY / EARNED}
    total = sum(labour.values())
    value = sum(labour[k] * u[k] for k in u) / total
    assert of(base, "price", node="labour@valley") == pytest.approx(value, rel=1e-12)
    for k, net in u.items():
        assert of(base, "share", arc=k) == pytest.approx(labour[k] / total, rel=1e-12)
        weight = labour[k] / total * (value / net) ** THETA
        assert of(base, "weight", arc=k) == pytest.approx(weight, rel=1e-12)


@pytest.mark.parametrize("lost", [5.0, 20.0, 35.0])
def test_need_pushes_people_into_carrying_and_lowers_their_pay_as_solved_by_hand(lost: float):
    lab = central_values(valley().case())
    base, after = lab.baseline(), lab.respond({"bad-year": lost})
    stock = of(base, "endowment", node="labour@valley")
    weight = {k: of(base, "weight", arc=k) for k in ("grow", "live", "carry")}

    def excess(p: float) -> float:
        u = {"grow": PRICE - PAY * p - COST, "live": LICIT - lost, "carry": EARNED * p}
        power = {k: weight[k] * u[k] ** THETA for k in u}
        flow = {k: stock * x / sum(power.values()) for k, x in power.items()}
        return flow["carry"] * EARNED - (flow["grow"] + HILL) * PAY

    wage = brentq(excess, 0.2, 1.5, xtol=1e-13)
    assert of(after, "market_price", market="hire@valley") == pytest.approx(wage, rel=1e-9)
    assert wage < 1
    assert of(after, "flow", arc="carry") > of(base, "flow", arc="carry")
    assert verify(after.data, base.data).worst < 1e-9


def test_carriers_earn_their_pay_once():
    lab = central_values(valley().case())
    after = lab.respond({"bad-year": 20.0})
    wage, flow = of(after, "market_price", market="hire@valley"), of(after, "sold", market="town@town")
    assert of(after, "income", actor="carriers") == pytest.approx(PAY * wage * flow, rel=1e-9)
    sales = flow * PRICE + of(after, "sold", market="licit@valley") * LICIT
    assert float(after.data["income"].sum()) == pytest.approx(sales, rel=1e-9)


def test_more_households_than_needed_do_not_lower_the_baseline_pay():
    small, large = (central_values(valley(h).case()).baseline() for h in (10.0, 1e6))
    for base in (small, large):
        assert of(base, "market_price", market="hire@valley") == 1.0
        ratio = of(base, "flow", arc="carry") / of(base, "sold", market="town@town")
        assert ratio == pytest.approx(PAY / EARNED)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.add("activities", id="carry", places="valley", input="labour", output="work",
                         yield_=EARNED, weight=0.5), "has a weight"),
        (lambda t: t.add("markets", id="hire", places="valley", form="work", price=1.0, hired_by="back",
                         hired_from="town"), "hires nobody"),
        (lambda t: t.add("markets", id="again", places="valley", form="work", price=1.0, hired_by="back"),
         "already sells"),
        (lambda t: t.add("places", id="valley", name="valley", kind="zone", country="PE", latitude=-10,
                         longitude=-75, source="s"), "nothing ever arrives"),
    ],
)  # fmt: skip
def test_hire_that_cannot_work_is_refused(change, message: str):
    t = valley()
    change(t)
    with pytest.raises(NetworkError, match=message):
        build(t.case())


def test_two_markets_cannot_hire_the_same_crews():
    t = valley()
    t.zone("hill", 10.0)
    t.add("activities", id="carry-hill", places="hill", input="labour", output="work", yield_=EARNED)
    t.add("markets", id="hire-hill", places="hill", form="work", price=1.0, hired_by="back")
    with pytest.raises(NetworkError, match="hires already"):
        build(t.case())


@pytest.mark.slow
def test_derivatives_of_pay_agree_with_differences():
    from contraflow.model.numerics import jax, jnp

    lab = central_values(valley().case())
    responder = lab.responder
    ledger = np.asarray(lab.ledger[0])
    reference = jax.tree.map(lambda x: x[0], responder.references(jnp.asarray(ledger)[None]))

    def state(level):
        return responder.root(jnp.asarray(ledger), reference, jnp.array([level])).state[0]

    slope = float(jax.grad(state)(10.0))
    step = 1e-4
    assert slope == pytest.approx(float(state(10.0 + step) - state(10.0 - step)) / (2 * step), rel=1e-5)
