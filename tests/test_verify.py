"""The verifier must notice what is wrong."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contraflow import load, verify
from contraflow.evidence.priors import Prior
from contraflow.model.numerics import jnp
from contraflow.results.dataset import make_dataset


@pytest.fixture(scope="module")
def pair(example):
    policy = {
        name: 0.3 * example.case.parameters[m.maximum].value for name, m in example.case.measures.items()
    }
    return example.baseline().data, example.respond(policy).data


def test_true_outcomes_pass(pair):
    base, after = pair
    assert verify(base).worst < 1e-9
    assert verify(after, base).worst < 1e-9


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


@cache
def uncalibrated():
    return load("example").prior()


@given(
    st.lists(st.floats(-4, 4), min_size=NUMBERS, max_size=NUMBERS),
    st.lists(st.floats(0, 1), min_size=3, max_size=3),
)
@settings(deadline=None, max_examples=40)
def test_identities_hold_for_any_numbers_in_the_ranges(z, strength):
    """Mass, money, losses and choices close wherever the free numbers and the levels stand."""
    example = uncalibrated()
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
