"""Tables on a made-up economy whose books balance."""

from __future__ import annotations

import numpy as np
import pytest

import synthetic
from contraflow.errors import ComparisonError
from contraflow.results import tables
from contraflow.results.view import leaving, price_spot

BASE, SHUT = synthetic.outcome(), synthetic.outcome(hazard=1.0)
PARTS = ["price_from", "loss", "cost", "inputs", "fees", "surcharge", "risk_pay", "margin", "taken", "rent"]


def test_exports_count_each_kilogram_once_however_they_are_grouped():
    exports = (BASE["pure"].values * leaving(BASE)).sum() / 1000
    for table in (tables.by_mode(BASE), tables.by_route(BASE), tables.displacement(BASE, BASE, "country")):
        assert table["before"].sum() == pytest.approx(exports)
        assert table["share_before"].sum() == pytest.approx(1)


def test_home_is_a_parameter():
    bolivia = tables.by_route(BASE, home="BO")
    assert set(bolivia.index) == {"santa-cruz"}
    assert tables.headline(BASE, home="BO").loc["exports by air", "before"] > 0


def test_shut_flights_come_out_elsewhere():
    moved = tables.displacement(BASE, SHUT, "mode")
    assert moved.index[0] == "small-plane"
    assert moved["change"].is_monotonic_increasing
    gains = moved["change"].clip(lower=0).sum()
    assert moved.attrs["displaced"] == pytest.approx(gains / -moved["change"].clip(upper=0).sum())
    assert 0.8 < moved.attrs["displaced"] <= 1


def test_there_is_no_share_that_is_displaced_where_next_to_nothing_is_lost():
    assert np.isnan(tables.displacement(BASE, BASE).attrs["displaced"])
    grown = BASE.copy(deep=True)
    grown["pure"] = grown["pure"] * np.where(grown["mode"] == "small-plane", 0.999, 2.0)
    moved = tables.displacement(BASE, grown)
    assert moved["change"].min() < 0 < moved["change"].sum()
    assert np.isnan(moved.attrs["displaced"])


def test_an_unknown_grouping_is_named():
    with pytest.raises(ComparisonError, match=r"'valley'; it can be zone, mode, route, country, form[.]$"):
        tables.displacement(BASE, SHUT, "valley")
    with pytest.raises(ComparisonError, match=r"Did you mean 'zone'[?]$"):
        tables.displacement(BASE, SHUT, "zones")


def test_zones_list_hectares_and_what_is_made():
    zones = tables.by_zone(BASE, SHUT)
    assert zones.loc["crop", "before"].sum() == pytest.approx(float(BASE["hectares"][0]))
    assert set(zones.loc["paste"].index) == set(synthetic.ZONES)
    assert "el-alto" in tables.by_zone(BASE, home="all").loc["hydrochloride"].index
    assert "el-alto" not in zones.loc["hydrochloride"].index


@pytest.mark.parametrize("market", [None, "cocaine@europe", "cocaine@sao-paulo"])
def test_the_ladder_starts_at_home_and_every_step_adds_up(market):
    ladder = tables.price_ladder(BASE, market=market)
    assert np.allclose(ladder[PARTS].sum(axis=1), ladder["price_to"], rtol=1e-9)
    assert ladder["form"].iloc[0] == "leaf"
    assert ladder["from_place"].iloc[0] in synthetic.ZONES
    assert list(ladder["tail"][1:]) == list(ladder["head"][:-1])
    if market is not None:
        assert ladder["to_place"].iloc[-1] == market.partition("@")[2]


def test_a_chain_can_be_given():
    ladder = tables.price_ladder(BASE, chain=["vraem-cusco-pickup/paste", "cusco-desaguadero-lorry/paste"])
    assert list(ladder["to_place"]) == ["cusco", "desaguadero"]
    assert ladder["price_from"].iloc[1] == pytest.approx(ladder["price_to"].iloc[0])


def test_an_arc_that_is_not_there_is_named():
    with pytest.raises(ComparisonError, match="'cusco-lima' is no arc of this outcome"):
        tables.price_ladder(BASE, chain=["cusco-lima"])
    with pytest.raises(ComparisonError, match=r"Did you mean 'vraem-cusco-pickup/paste'[?]$"):
        tables.price_ladder(BASE, chain=["vraem-cusco-pickup"])


def test_a_market_that_is_not_there_is_named():
    with pytest.raises(ComparisonError, match="'cocaine@moon' is no market of this outcome; it has "):
        tables.price_ladder(BASE, market="cocaine@moon")
    market = str(BASE["market"].values[0])
    with pytest.raises(ComparisonError, match=rf"Did you mean '{market}'[?]$"):
        tables.price_ladder(BASE, market=market + "s")


def test_headline_reads_modes_kinds_and_units():
    table = tables.headline(BASE, SHUT)
    assert table.loc["exports by air", "before"] == tables.by_mode(BASE).loc["small-plane", "before"]
    assert table.loc["hectares at home", "before"] == pytest.approx(table.loc["hectares", "before"])
    assert table.loc["state spending", "change"] == pytest.approx(15)
    growers = tables.incomes(BASE, SHUT).loc["growers", "after"]
    assert table.loc["growers' income", "after"] == pytest.approx(growers)
    river = BASE.assign_coords(family=("arc", np.where(BASE["mode"] == "river", "air", "")))
    shipped = tables.by_mode(BASE).loc["river", "before"]
    assert shipped > 0
    assert tables.headline(river).loc["exports by air", "before"] == pytest.approx(shipped)


def test_draws_give_medians_and_ranges_of_paired_changes():
    base, shut = synthetic.outcome(30), synthetic.outcome(30, hazard=1.0)
    table = tables.by_mode(base, shut)
    assert {"before_5", "before_95", "change_5", "change_95"} <= set(table)
    assert (table["before_5"] <= table["before"]).all()
    assert (table["before"] <= table["before_95"]).all()
    flights = (shut["pure"] - base["pure"]).values[:, leaving(base) & (base["mode"].values == "small-plane")]
    assert table.loc["small-plane", "change"] == pytest.approx(np.median(flights.sum(axis=1)) / 1000)
    assert "before_5" not in tables.by_mode(BASE)


def test_outcomes_of_different_draws_are_not_compared():
    with pytest.raises(ValueError, match="before has 1 draws and after 3"):
        tables.by_mode(BASE, synthetic.outcome(3))


def test_home_figures_leave_out_what_others_do():
    table = tables.headline(BASE, SHUT)
    links = (BASE["kind"].values == "link") & (BASE["from_country"].values == "PE")
    assert table.loc["seized at home", "before"] == pytest.approx(
        BASE["seized_pure"].values[0, links].sum() / 1e3
    )
    assert table.loc["seized at home", "before"] < table.loc["seized", "before"]
    assert table.loc["arrests at home", "before"] < table.loc["arrests", "before"]
    assert table.loc["farm-gate sales", "before"] * 1e6 == pytest.approx(
        table.loc["farm-gate price", "before"]
        * BASE["arrival"]
        .values[0, (BASE["form_out"] == "leaf").values & (BASE["kind"] == "activity").values]
        .sum()
    )


def test_raw_produce_that_is_sold_as_such_is_not_delivered():
    forms, nodes = (BASE[name].values[1:] for name in ("market_form", "market_node"))
    leaf = BASE.assign_coords(market_form=("market", ["leaf", *forms]))
    lost = float(BASE["sold_pure"][0, 0]) / 1000
    whole = tables.headline(BASE).loc["delivered", "before"]
    # Where none is grown it is a final good; where some is, it is not.
    assert tables.headline(leaf).loc["delivered", "before"] == pytest.approx(whole)
    leaf = leaf.assign_coords(market_node=("market", ["leaf@vraem", *nodes]))
    assert tables.headline(leaf).loc["delivered", "before"] == pytest.approx(whole - lost)


def test_the_quoted_price_is_that_of_paste_where_most_is_made():
    assert price_spot(BASE) == "paste@vraem"
    node = list(BASE["node"].values).index("paste@vraem")
    assert tables.headline(BASE).loc["local price", "before"] == pytest.approx(float(BASE["price"][0, node]))


def test_refining_is_told_by_country():
    table = tables.refined(BASE, SHUT)
    made = (BASE["form_out"] == "hydrochloride").values & (BASE["kind"] == "process").values
    assert table["before"].sum() == pytest.approx(BASE["arrival_pure"].values[0, made].sum() / 1000)
    assert {"PE", "BO"} <= set(table.index)


def test_what_reaches_a_node_is_grown_somewhere():
    home, other = tables.home_grown(BASE), tables.home_grown(BASE, "BO")
    assert home["hydrochloride@europe"] == pytest.approx(1)
    assert other["hydrochloride@europe"] == 0
