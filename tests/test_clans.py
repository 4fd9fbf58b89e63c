"""What clans learn, how they weigh it, whose loads leave: against hand-solved cases and published models."""

from __future__ import annotations

import numpy as np
import pytest

from contraflow.dynamics import clans as trade
from contraflow.dynamics.clans import Behaviour, Experience
from contraflow.model.numerics import jax, jnp


def one_bench(clans: int = 1) -> trade.Roster:
    """Clans at one place with one way."""
    zero, true = np.zeros(1, dtype=np.int64), np.array([True])
    seats = np.ones((1, clans), dtype=bool)
    return trade.Roster(("here",), zero, seats, zero, zero, zero, 1, zero, 1, true, zero)


def met(sent: float, lost: float) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    """Consignments of a month, by clans and by arc, where one clan has one way."""
    own = (jnp.array([[sent]]), jnp.array([[lost]]))
    return own, (own[0][0], own[1][0])


@pytest.mark.parametrize(
    ("events", "published"), [(0, 0.1290), (1, 0.1935), (2, 0.2581), (6, 0.5161), (13, 0.9677)]
)
def test_the_rule_of_learning_reproduces_narcologics_perceived_risk(events, published):
    """Magliocca et al. 2019: r = (sum w event + 2) / (sum w + 2.5) over thirteen months of weight one.

    Ours with a prior of 2 losses in 2.5 consignments, no news and nothing forgotten; with forgetting, old
    months weigh less and less where theirs drop out at once.
    """
    behaviour = Behaviour(memory=np.inf, prior_weight=2.5, news=0.0)
    roster, prior = one_bench(), jnp.array([2.0 / 2.5])
    seen = trade.no_experience(roster)
    for month in range(13):
        seen = trade.remembered(roster, behaviour, prior, seen, *met(1.0, float(month < events)))
    assert float(trade.believed(roster, behaviour, prior, seen)[0, 0]) == pytest.approx(published, abs=5e-5)


def path_under_constant_risk(behaviour: Behaviour, months: int = 3000) -> np.ndarray:
    """What a clan believes that sends four consignments a month, of which a fifth is lost, where a twentieth
    was known to be."""
    roster, prior = one_bench(), jnp.array([0.05])
    lost = np.random.default_rng(0).binomial(4, 0.2, size=(months, 1, 1)).astype(float)

    def month(seen: Experience, lost: jax.Array) -> tuple[Experience, jax.Array]:
        sent = jnp.full((1, 1), 4.0)
        seen = trade.remembered(roster, behaviour, prior, seen, (sent, lost), (sent[0], lost[0]))
        return seen, trade.believed(roster, behaviour, prior, seen)[0, 0]

    return np.asarray(jax.lax.scan(month, trade.no_experience(roster), jnp.asarray(lost))[1])


def test_under_constant_risk_belief_settles_instead_of_ratcheting_up():
    behaviour = Behaviour()
    path = path_under_constant_risk(behaviour)
    early, late = np.mean(path[200:1500]), np.mean(path[1500:])
    assert late == pytest.approx(early, abs=0.01)
    known = 1 / (1 - np.exp(-1 / 13)) * 4
    own, heard = known, behaviour.prior_weight + 0.2 * known
    expected = (behaviour.prior_weight * 0.05 + 0.2 * known * 0.2 + own * 0.2) / (heard + own)
    assert late == pytest.approx(expected, abs=0.01)
    assert path.max() < 1


@pytest.mark.parametrize(("risk", "ends"), [(0.1290, 0.0), (0.5161, np.inf)])
def test_narcologics_risk_premium_compounds_and_ours_does_not(risk, ends):
    """Its cost of transport is multiplied each month by a premium that learns (risk / 0.43)^2, so that under
    constant risk cost goes to nothing or grows without end; what risk costs here is pay for the loss
    expected, which settles with belief."""
    cost, premium = 1.0, 1.0
    for _ in range(600):
        premium = 0.5 * premium + 0.5 * (risk / 0.43) ** 2
        cost *= premium
    assert np.isclose(cost, 0.0, atol=1e-9) if ends == 0 else cost > 1e9

    pay = 1000.0
    paid = pay * path_under_constant_risk(Behaviour())
    assert paid.max() < pay
    assert np.mean(paid[2400:]) == pytest.approx(np.mean(paid[600:1200]), rel=0.05)


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("salient", [True, False])
def test_weighing_risk_is_salience_to_first_order(loss, salient):
    """Bordalo, Gennaioli & Shleifer 2012, as in NarcoLogic: the less salient of two outcomes counts delta
    times. A clan whose attitude is 1 / delta (or delta, where the loss is what is not salient) weighs small
    losses alike; ours is linear and does not turn on how other ways compare."""
    delta, roster = 0.7, one_bench()
    heavy, light = (1.0, delta) if salient else (delta, 1.0)
    published = loss * heavy / (loss * heavy + (1 - loss) * light)
    attitude = jnp.array([[heavy / light]])
    ours = float(trade.weighed(roster, attitude, jnp.zeros(1), jnp.array([[loss]]))[0, 0])
    assert ours == pytest.approx(published, abs=loss**2)
    assert (ours > loss) == (published > loss) == salient


def test_what_is_not_renewed_is_forgotten():
    behaviour, roster, prior = Behaviour(), one_bench(), jnp.array([0.1])
    seen = trade.remembered(roster, behaviour, prior, trade.no_experience(roster), *met(5.0, 5.0))
    shock = float(trade.believed(roster, behaviour, prior, seen)[0, 0])
    for _ in range(60):
        seen = trade.remembered(roster, behaviour, prior, seen, *met(0.0, 0.0))
    assert shock > 0.2
    assert float(trade.believed(roster, behaviour, prior, seen)[0, 0]) == pytest.approx(0.1, abs=0.01)


def two_ways() -> trade.Roster:
    """Two clans at one place with two ways."""
    zero, both = np.zeros(1, dtype=np.int64), np.zeros(2, dtype=np.int64)
    ways = np.arange(2)
    return trade.Roster(
        ("here",), zero, np.ones((1, 2), dtype=bool), ways, both, both, 1, both, 1, np.array([True]), zero
    )


def test_clans_who_agree_choose_like_one_and_who_differ_by_what_they_expect():
    """Three quarters of the trade are the first clan's, who alone knows the first way well."""
    roster, t = two_ways(), 2.0
    trades, known = jnp.array([[0.75, 0.25]]), jnp.array([[1.0, 0.5], [1.0, 1.0]])
    uses = trade.users(roster, trades, known, 2)
    assert uses.tolist() == [[pytest.approx(6 / 7), pytest.approx(1 / 7)], [0.75, 0.25]]
    share, mean, tail = jnp.array([0.6, 0.4]), jnp.array([90.0, 60.0]), np.zeros(2, dtype=np.int64)
    alike = jnp.repeat(mean[:, None], 2, axis=1)
    part = trade.choose(roster, uses, share, alike, mean, jnp.full(2, t), tail)
    assert trade.by_arc(roster, part, 2).tolist() == pytest.approx([0.6, 0.4])
    assert part[0].tolist() == pytest.approx([0.6 * 6 / 7, 0.6 / 7])

    dreads = alike.at[0, 1].set(45.0)
    part = trade.choose(roster, uses, share, dreads, mean, jnp.full(2, t), tail)
    power = [0.6 * 6 / 7, 0.6 / 7 * 0.5**t, 0.4 * 0.75, 0.4 * 0.25]
    assert part.ravel().tolist() == pytest.approx([x / sum(power) for x in power])
    shut = trade.choose(roster, uses, share, alike.at[1].set(-1.0), mean, jnp.full(2, t), tail)
    assert trade.by_arc(roster, shut, 2).tolist() == pytest.approx([1.0, 0.0])
    assert not trade.users(roster, jnp.zeros((1, 2)), known, 2).any()


def test_a_clan_fails_by_the_others_of_its_place_not_by_what_a_boom_asks_for():
    roster, behaviour = two_ways(), Behaviour(cover=3.0)
    clans = trade.Clans(
        jnp.array([[150.0, 150.0]]), jnp.ones((1, 2)), jnp.ones((2, 2)), trade.no_experience(roster)
    )
    boom, nothing = jnp.array([10_000.0]), jnp.zeros((1, 2))
    for profit, failed in ((nothing, 0), (jnp.array([[0.0, -145.0]]), 1), (jnp.full((1, 2), -200.0), 2)):
        capital, _, fates = trade.fortunes(
            roster, behaviour, clans, profit, nothing, boom, trade.Orders(jnp.zeros(()), jnp.zeros(())),
            jnp.zeros((1, 2), dtype=bool), jnp.full((3, 1, 2), 0.999), jnp.ones((1, 2)),
        )  # fmt: skip
        assert int(fates.failed) == failed
        assert int((capital > 0).sum()) == 2 - failed


def test_loads_are_divided_whole_by_whoever_completes_them():
    """Three clans bring 0.6, 0.6 and 1.0 loads to 0.3 that wait: 2.5 loads, of which two leave."""
    waits, comes, lost, load, left, loss, uniform = (
        jnp.array([x]) for x in (0.3, 2.2, 1.0, 10.0, 20.0, 0.5, 0.0)
    )
    part = jnp.array([[0.6, 0.6, 1.0]]) / 4.4
    whole = jnp.array([0.5])
    shipped = trade.divide(one_bench(3), part, whole, waits, comes, lost, load, left, loss, uniform)
    assert shipped.sent.tolist() == [[0, 1, 1]]
    assert float(shipped.lost.sum()) == 1
    assert shipped.units[0].tolist() == pytest.approx([20 * 0.6 / 2.2, 20 * 0.6 / 2.2, 20 / 2.2])
    assert float(shipped.units_lost.sum()) == pytest.approx(10)


@pytest.mark.parametrize("seed", range(4))
def test_all_that_leaves_and_is_lost_is_somebodys(seed):
    """Thousands of clans on several benches and ways: parts add up to the arc's, exactly."""
    rng = np.random.default_rng(seed)
    ways, benches = 3, 40
    arc, bench = np.repeat(np.arange(ways), benches), np.tile(np.arange(benches), ways)
    taken = np.ones((benches, trade.ABREAST), dtype=bool)
    zero = np.zeros(benches, dtype=np.int64)
    roster = trade.Roster(
        ("here",), zero, taken, arc, bench, bench, benches, np.zeros(ways, dtype=np.int64), 1,
        np.array([True]), np.zeros(1, dtype=np.int64),
    )  # fmt: skip
    part = jnp.asarray(rng.dirichlet(np.full(ways * benches * trade.ABREAST, 0.1)).reshape(-1, trade.ABREAST))
    whole = trade.by_arc(roster, part, ways)
    waiting, uniform = jnp.asarray(rng.uniform(size=ways)), jnp.asarray(rng.uniform(size=ways))
    loads = jnp.asarray(rng.uniform(0, 500, size=ways))
    number = jnp.floor(waiting + loads)
    lost = jnp.floor(number * jnp.asarray(rng.uniform(size=ways)))
    left = 10 * number
    shipped = trade.divide(
        roster, part, whole, waiting, loads, lost, jnp.full(ways, 10.0), left, jnp.zeros(ways), uniform
    )
    for one, total in [(shipped.sent, number), (shipped.lost, lost)]:
        assert float(one.min()) >= 0
        assert trade.by_arc(roster, one, ways).tolist() == total.tolist()
    assert np.asarray(shipped.lost <= shipped.sent).all()
    assert trade.by_arc(roster, shipped.units, ways).tolist() == pytest.approx(left.tolist())
