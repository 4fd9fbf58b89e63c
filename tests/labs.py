"""The labs that many tests look at, as fixtures: each is built once in a run, by one worker."""

from __future__ import annotations

import pytest

from spread import spread

__all__ = [
    "andes", "example", "example_draws", "example_laplace", "example_prior", "example_prior_draws", "peru",
    "peru_answers",
]  # fmt: skip


@pytest.fixture(scope="session")
def example_prior():
    """The shipped example at the central values of its ranges."""
    import contraflow

    return contraflow.load("example").central_values()


@pytest.fixture(scope="session")
def example_prior_draws(example_prior):
    """The example with 20 draws around the central values."""
    return spread(example_prior)


@pytest.fixture(scope="session")
def example():
    """The example at its best fit."""
    import contraflow

    return contraflow.load("example").calibrate(method="best")


@pytest.fixture(scope="session")
def example_draws(example):
    """The example with 20 draws around its best fit."""
    return spread(example, width=0.05)


@pytest.fixture(scope="session")
def example_laplace():
    """The example with 100 draws of the Laplace approximation."""
    import contraflow

    return contraflow.load("example").calibrate(method="laplace", keep=100)


@pytest.fixture(scope="session")
def peru():
    """The Peru case at its best fit."""
    import contraflow

    return contraflow.load("peru").calibrate(method="best")


@pytest.fixture(scope="session")
def peru_answers(peru):
    """The answers to the headline questions of the Peru case."""
    return peru.answers()


@pytest.fixture(scope="session")
def andes():
    """The case of the 1990s at its best fit."""
    import contraflow

    return contraflow.load("andes-1990s").calibrate(method="best")
