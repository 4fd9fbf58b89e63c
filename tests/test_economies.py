"""Livelihoods, other goods and supplies on a case solved by hand."""

from __future__ import annotations

import numpy as np
import pytest

import contraflow
from contraflow.lab import prior
from contraflow.results import economies
from tiny import Tiny

AFTER = 1000 / 9  # labour-hectares that dig once digging pays half of what growing pays, with theta 3


def valley() -> Tiny:
    """A hectare pays 90 dollars in the field, by road to the north, and 90 in the mine, by air to the south.

    The road needs 4 dollars of chemicals a kg, from either of two places at the same price. The toll takes
    half of what gold fetches in the valley.
    """
    t = Tiny()
    t.actor("growers", "households")
    t.actor("sellers", "suppliers")
    t.form("labour")
    t.form("drug", content=0.5)
    t.form("gold")
    t.zone("valley", 1000.0, households="growers")
    t.place("town")
    t.place("north", kind="market", country="XE")
    t.place("south", kind="market", country="BO")
    t.mode("road")
    t.mode("air")
    t.add("activities", id="grow", places="valley", input="labour", output="drug", yield_=1.0)
    t.add("activities", id="dig", places="valley", input="labour", output="gold", yield_=2.0)
    t.link("by-road", "valley", "north", "road", cost=6.0)
    t.link("by-air", "valley", "south", "air", forms="gold", cost=5.0)
    t.market("north", "north", "drug", 100.0)
    t.market("south", "south", "gold", 50.0)
    t.add("inputs", id="chemicals", name="Chemicals", basis="unit", mode="road", switching=3.0)
    for origin in ("valley", "town"):
        t.add("supplies", id=f"chemicals-{origin}", input="chemicals", **{"from": origin}, price=4.0,
              actor="sellers")  # fmt: skip
    t.add("measures", id="toll", name="Toll", unit="level", maximum=1.0)
    t.add("effects", id="toll-effect", measure="toll", kind="add cost", size=22.5, step="by-air")
    return t


@pytest.fixture(scope="module")
def compared():
    lab = prior(valley().case())
    return lab.respond({"toll": 1}).compare(lab.baseline())


def test_labour_turns_from_what_pays_less(compared):
    table = compared.livelihoods()
    assert table.loc["drug", "before"] == pytest.approx(500)
    assert table.loc["gold", "after"] == pytest.approx(AFTER)
    assert table.loc["gold", "share_after"] == pytest.approx(1 / 9)
    assert table["change"].sum() == pytest.approx(0)
    assert table.attrs["unit"] == "ha"
    by_zone = compared.livelihoods("zone")
    assert by_zone.loc[("valley", "gold"), "after"] == pytest.approx(AFTER)


def test_a_hectares_income_is_the_power_mean_of_what_it_could_do(compared):
    table = compared.livelihoods("income")
    assert table.loc["valley", "before"] == pytest.approx(90)
    assert table.loc["valley", "after"] == pytest.approx(90 * ((1 + 1 / 8) / 2) ** (1 / 3))


def test_other_goods_are_told_in_kilograms_and_where_they_cross(compared):
    table = compared.goods()
    assert list(table.index) == [("gold", "BO")]
    row = table.loc[("gold", "BO")]
    assert row["before"] == pytest.approx(1000)
    assert row["after"] == pytest.approx(2 * AFTER)
    assert row["value_before"] == pytest.approx(1000 * 45 / 1e6)
    assert row["value_after"] == pytest.approx(2 * AFTER * 22.5 / 1e6)
    assert list(compared.goods("route").index) == [("gold", "valley", "south")]
    assert compared.goods("form").loc["gold", "share_before"] == 1


def test_a_supply_earns_its_part_of_what_is_bought(compared):
    table = compared.supplies()
    assert list(table["name"]) == ["Valley", "Town"]
    assert table["before"].tolist() == pytest.approx([500 * 4 / 2 / 1e6] * 2)
    assert table["share_after"].tolist() == pytest.approx([0.5, 0.5])
    assert table["after"].sum() == pytest.approx((1000 - AFTER) * 4 / 1e6)


def test_pay_of_hired_work_is_one_before():
    lab = contraflow.load("example").prior()
    base, fewer = lab.baseline(), lab.respond({"strip-demolition": 60})
    table = fewer.compare(base).livelihoods("hire")
    assert table.loc["porters-hired@alta-selva", "before"] == pytest.approx(1)
    paid = fewer.data["market_price"].sel(market="porters-hired@alta-selva")
    assert table.loc["porters-hired@alta-selva", "after"] == pytest.approx(float(paid[0]))
    assert base.livelihoods("hire").shape == (1, 1)
    assert base.goods().empty


def test_draws_give_quantiles_of_the_change(compared):
    import xarray as xr

    base, after = compared.before.data, compared.after.data
    twice = [xr.concat([data, data], "draw").assign_coords(draw=[0, 1]) for data in (base, after)]
    for table in (economies.livelihoods(*twice), economies.goods(*twice), economies.supplies(*twice)):
        assert np.allclose(table["change_5"], table["change"])
    assert {"value_after_95", "share_after"} <= set(economies.goods(*twice).columns)


def test_a_wrong_grouping_names_the_right_ones(compared):
    with pytest.raises(ValueError, match="activity, zone, income, hire"):
        compared.livelihoods("mode")
    with pytest.raises(ValueError, match="country, route, form"):
        compared.goods("zone")
