"""The verifier must notice what is wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contraflow import verify
from contraflow.inference.prior import Prior
from contraflow.model.numerics import jnp
from contraflow.results.dataset import make_dataset


@pytest.fixture(scope="module")
def pair(example):
    policy = {
        name: 0.3 * example.case.parameters[m.maximum].value
        for name, m in example.case.measures.items()
        if name != "interceptors"  # or nothing flies and no strip is crowded
    }
    return example.baseline().data, example.respond(policy).data


def test_true_outcomes_pass(pair):
    base, after = pair
    assert verify(base).worst < 1e-9
    assert verify(after, base).worst < 1e-9


def test_choices_follow_from_the_baseline_alone(pair):
    """P_a ~ P'_a (u_a / u'_a)^theta, without any weight: what the baseline's results say is enough."""
    base, after = (d.isel(draw=0) for d in pair)
    place = {n: i for i, n in enumerate(base["node"].values)}
    tail = np.array([place[t] for t in base["tail"].values])
    used = (base["share"].values > 0) & (after["net_value"].values > 0)
    ratio = np.where(used, after["net_value"].values / np.where(used, base["net_value"].values, 1.0), 0.0)
    power = base["share"].values * ratio ** base["theta"].values[tail]
    total = np.bincount(tail, power, minlength=len(place))[tail]
    assert np.allclose(after["share"].values, power / np.where(total > 0, total, 1.0), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("variable", "identity"),
    [
        ("flow", "mass"),
        ("arrival", None),
        ("price", "choice"),
        ("share", "choice"),
        ("loss", "losses"),
        ("income", "money"),
        ("market_price", "markets"),
        ("sold", "markets"),
        ("surcharge_rate", "congestion"),
    ],
)
def test_a_figure_that_was_changed_is_noticed(pair, variable, identity):
    base, after = pair
    wrong = after.copy(deep=True)
    values = wrong[variable].values
    values[0, abs(values[0]).argmax()] *= 1.001
    found = verify(wrong, base)
    if identity is None:
        assert found.worst < 1e-9  # arrivals are recomputed from losses and flows, not trusted
    else:
        assert getattr(found, identity) > 1e-5


NUMBERS = 24


@given(
    st.lists(st.floats(-4, 4), min_size=NUMBERS, max_size=NUMBERS),
    st.lists(st.floats(0, 1), min_size=3, max_size=3),
)
@settings(deadline=None, max_examples=40)
def test_identities_hold_for_any_numbers_in_the_ranges(example_prior, z, strength):
    """Mass, money, losses and choices close wherever the free numbers and the levels stand."""
    example = example_prior
    prior = Prior(example.network.ledger)
    measures = example.case.measures.values()
    top = np.array([example.case.parameters[m.maximum].value for m in measures])
    levels = top * np.resize(np.array(strength), top.size)
    deviates = np.resize(np.array(z), prior.size)
    ledger = np.asarray(prior.ledger_values(jnp.asarray(deviates)))[None]
    responder = example.responder
    state = np.zeros((1, responder.model.unknowns))
    settled = responder.settled(ledger, responder.references(jnp.asarray(ledger)), levels[None], state)
    load = np.ones((1, len(example.network.facility_ids)))
    data = make_dataset(example.network, ledger, settled, load, np.zeros(1), {})
    assert verify(data).worst < 1e-9
