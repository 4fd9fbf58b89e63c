"""The verifier must notice what is wrong."""

import pytest

from contraflow import verify


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
