"""Journeys of goods: all that grows at home is accounted for, from zone over way out to market."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import synthetic
from contraflow.results import tables
from contraflow.results.journeys import SEIZED, STAYS, journeys

TONNE = 1000.0


def two_valleys(draws: tuple[float, ...] = (1.0,)) -> xr.Dataset:
    """Two zones that share a town: 30 t and 10 t, of which 8 t are sold there; a tenth of flights is lost.

    Each draw is the economy at another scale.
    """
    columns = {
        "arc": ("grow-a", "grow-b", "town-a", "town-b", "flight", "lorry"),
        "kind": ("activity", "activity", "link", "link", "link", "link"),
        "mode": ("", "", "mule", "mule", "plane", "lorry"),
        "tail": ("labour@a", "labour@b", "leaf@a", "leaf@b", "leaf@town", "leaf@town"),
        "head": ("leaf@a", "leaf@b", "leaf@town", "leaf@town", "leaf@beni", "leaf@lima"),
        "from_place": ("a", "b", "a", "b", "town", "town"),
        "from_country": ("PE",) * 6,
        "to_country": ("PE", "PE", "PE", "PE", "BO", "PE"),
        "form": ("labour", "labour", "leaf", "leaf", "leaf", "leaf"),
        "form_out": ("leaf",) * 6,
    }
    pure = np.array([0.0, 0.0, 30.0, 10.0, 20.0, 12.0])
    arrived = np.array([30.0, 10.0, 30.0, 10.0, 18.0, 12.0])
    sold = np.array([8.0, 18.0, 12.0])
    scale = np.array(draws)[:, None] * TONNE
    return xr.Dataset(
        {
            "pure": (("draw", "arc"), scale * pure),
            "arrival_pure": (("draw", "arc"), scale * arrived),
            "sold_pure": (("draw", "market"), scale * sold),
        },
        coords={name: ("arc", list(values)) for name, values in columns.items()}
        | {
            "market_node": ("market", ["leaf@town", "leaf@beni", "leaf@lima"]),
            "market_place": ("market", ["town", "beni", "lima"]),
            "market_form": ("market", ["leaf"] * 3),
        },
        attrs={"home": "PE"},
    )


def test_a_node_passes_on_its_mix_in_proportion():
    """Three quarters of the town's goods are from the first zone: so of all that leaves or is sold there."""
    share = {"a": 0.75, "b": 0.25}
    expected = {
        (zone, *path): part * tonnes
        for zone, part in share.items()
        for path, tonnes in {
            (STAYS, "PE", "town"): 8.0,
            ("plane", "BO", "beni"): 18.0,
            ("plane", "BO", SEIZED): 2.0,
            (STAYS, "PE", "lima"): 12.0,
        }.items()
    }
    found = {path: tonnes for path, tonnes in journeys(two_valleys()).items() if tonnes > 0}
    assert found == pytest.approx(expected)


def test_journeys_are_means_over_draws_and_of_the_home_country_alone():
    assert sum(journeys(two_valleys((0.5, 2.0))).values()) == pytest.approx(1.25 * 40)
    assert journeys(two_valleys(), home="BO") == {}


def test_journeys_account_for_all_that_grows_at_home():
    base = synthetic.outcome()
    paths = journeys(base)
    grown = base["arrival_pure"].values[0, base["kind"].values == "activity"].sum() / TONNE
    assert sum(paths.values()) == pytest.approx(grown)
    sold = sum(t for path, t in paths.items() if path[3] != SEIZED)
    assert sold == pytest.approx(float(base["delivered"][0]) / TONNE)
    by_air = sum(t for path, t in paths.items() if path[1] == "small-plane")
    assert by_air == pytest.approx(tables.by_mode(base).loc["small-plane", "before"])
