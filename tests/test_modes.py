"""How goods move is what a case says of its modes, never what a mode is called."""

import numpy as np
import pytest

from contraflow.case import schema
from contraflow.lab import central_values
from contraflow.report.draw import theme
from contraflow.results.view import coord, families, leaving
from tiny import two_routes

NAMES = {"by-air": "transport-truck", "by-road": "airport-taxi"}


@pytest.fixture(scope="module")
def lab():
    """Two routes whose modes are called after what they are not: a truck that flies, a taxi by road."""
    t = two_routes(elasticity=0.8)
    for link, name in NAMES.items():
        row = t.tables["links"][link]
        mode = t.tables["modes"][row.mode]
        t.tables["modes"][name] = mode.model_copy(update={"id": name})
        t.tables["links"][link] = row.model_copy(update={"mode": name})
    return central_values(t.case())


@pytest.fixture(scope="module")
def run(lab):
    return lab.simulate({}, years=1, clans=40, replicates=2)


def leaves(data, family):
    """Pure kilograms that leave home by a family of modes."""
    chosen = leaving(data) & (coord(data, "family") == family)
    return data["pure"].values[..., chosen].sum(axis=-1)


def test_exports_by_air_are_those_of_modes_that_fly(lab):
    outcome = lab.baseline()
    data = outcome.data
    names = coord(data, "mode")
    flown = data["pure"].values[0, (names == "transport-truck") & leaving(data)].sum()
    driven = data["pure"].values[0, (names == "airport-taxi") & leaving(data)].sum()
    assert flown > 0
    assert outcome.summary().loc["exports by air", "figure"] == pytest.approx(flown / 1000)
    assert leaves(data, "road")[0] == pytest.approx(driven)


def test_a_run_and_a_map_know_the_same_families(lab, run):
    assert set(families(run.data).items()) >= {("transport-truck", "air"), ("airport-taxi", "road")}
    flown = leaves(run.data, "air")[:, -12:].sum(axis=1) / 1000
    assert run.yearly().loc[("exports by air", 1)].iloc[0] == pytest.approx(np.median(flown))
    shown = {entry.words for entry in lab.baseline().map().key}
    assert {"by air", "by road"} <= shown


def test_every_family_has_a_colour_and_words():
    assert set(theme.WAYS) == {family.value for family in schema.ModeFamily}


def test_pure_sales_of_a_year_are_those_of_its_months(run):
    """``sold_pure`` counts all markets, in an outcome and in a run; ``delivered`` the final ones alone."""
    year, months = run.year(1).data, run.data.isel(month=slice(-12, None))
    assert (year["sold_pure"] > 0).any()
    assert np.allclose(year["sold_pure"], months["sold_pure"].sum("month"))
    assert np.allclose(year["delivered"], months["delivered"].sum("month"))


def test_delivered_is_one_thing_in_an_outcome_its_summary_and_a_run(lab, run):
    """Nothing is made of this crop, so all its markets are final ones."""
    outcome = lab.baseline()
    sold = float(outcome.data["sold_pure"].values[0].sum())
    assert sold > 0
    assert outcome.data["delivered"].values[0] == pytest.approx(sold)
    assert outcome.summary().loc["delivered", "figure"] == pytest.approx(sold / 1000)
    assert np.allclose(run.data["delivered"], run.data["sold_pure"].sum("market"))
