"""Livelihoods, other goods and supplies on a case solved by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contraflow.case.schema import Question
from contraflow.errors import ComparisonError
from contraflow.lab import central_values
from contraflow.report import document
from contraflow.report.data import Meta, ReportData
from contraflow.report.draw import bars
from contraflow.report.sections import goods, livelihoods, supplies
from contraflow.results import side_economies
from contraflow.text import answer_sentences, side_economy_sentences
from contraflow.text.names import Names, shown_names
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
    lab = central_values(valley().case())
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


def test_pay_of_hired_work_is_one_before(example_prior):
    lab = example_prior
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
    for table in (
        side_economies.livelihoods(*twice),
        side_economies.goods(*twice),
        side_economies.supplies(*twice),
    ):
        assert np.allclose(table["change_5"], table["change"])
    assert {"value_after_95", "share_after"} <= set(side_economies.goods(*twice).columns)


def test_a_wrong_grouping_names_the_right_ones(compared):
    with pytest.raises(ComparisonError, match=r"activity, zone, income, hire[.]$"):
        compared.livelihoods("mode")
    with pytest.raises(ComparisonError, match=r"country, route, form[.] Did you mean 'country'[?]$"):
        compared.goods("countries")


def test_tables_of_a_single_outcome_have_one_side(compared):
    for name in ("incomes", "livelihoods", "goods", "supplies"):
        own, pair = getattr(compared.after, name)(), getattr(compared, name)()
        assert {"before", "share_before"} <= set(own), name
        assert not [c for c in own if str(c).startswith(("after", "change", "ratio", "share_after"))], name
        assert own["before"].tolist() == pytest.approx(pair["after"].loc[own.index].tolist()), name


NAMES = Names({"drug": "Drug", "PE": "Peru", "valley": "Valley", "south": "South"})
NAMES.home, NAMES.substance = "Peru", "drug"


MAKE = (livelihoods.make, goods.make, supplies.make)
TODAY = (livelihoods.make_today, goods.make_today, supplies.make_today)


def report(compared, *answers) -> ReportData:
    case = compared.before.network.case
    questions = tuple((Question(id=f"q{i}", title="What if?", policy={}), a) for i, a in enumerate(answers))
    meta = Meta("0", 0, "0" * 64, "2026-01-01")
    return ReportData(
        case=case, base=compared.before.data, answers=questions, claims=pd.DataFrame(), meta=meta
    )


def test_a_sentence_says_what_left_and_what_labour_turned_to(compared):
    told = side_economy_sentences.in_short(compared.before.data, compared.after.data, NAMES, "Peru")
    assert told == (
        "Gold leaving Peru falls by 78%, from 1.0 to 0.22 t; the work of 389 hectares turns from gold to "
        "drug."
    )
    assert side_economy_sentences.in_short(compared.before.data, compared.before.data, NAMES, "Peru") == ""


def test_an_answer_is_not_still_while_other_goods_move(compared):
    told = answer_sentences.tell(
        compared.before.data, compared.after.data, shown_names(compared.before.network.case)
    )
    assert any("Gold leaving Peru falls" in sentence for sentence in told.short)


def test_what_has_one_word_in_the_case_is_one_livelihood_in_a_sentence():
    names = Names({"licit-income": "Licit living"})
    names.crops = {"ore": "gold", "gold": "gold"}
    table = pd.DataFrame(
        {"before": [500.0, 300.0, 200.0], "change": [30.0, -20.0, -10.0]},
        index=["licit-income", "ore", "gold"],
    )
    turned = side_economy_sentences.turn(table, names)
    assert turned is not None
    assert turned.clause() == "the work of 30 hectares turns from gold to licit living"
    assert side_economy_sentences.turn(table.assign(change=0.0), names) is None


def test_a_way_that_gains_while_a_good_declines_is_named():
    keys = [("gold", "port", "refiners"), ("gold", "frontier", "la-paz")]
    index = pd.MultiIndex.from_tuples(keys, names=("form", "from_place", "to_place"))
    routes = pd.DataFrame({"change": [-4000.0, 2400.0]}, index=index)
    row = {"before": 31000.0, "change": -1600.0}
    told = side_economy_sentences._against("gold falls", routes, "gold", row, {"la-paz": "La Paz"})
    assert told == "gold falls, while 2.4 t more goes to La Paz"


def test_sections_stand_where_something_changes(compared):
    base, after = compared.before.data, compared.after.data
    data = report(compared, after, base)
    assert livelihoods.make(data, NAMES, 0) is None
    sold, bought = goods.make(data, NAMES, 0), supplies.make(data, NAMES, 0)
    assert sold is not None
    assert bought is not None
    assert len(sold.drawings) == 1
    assert sold.data["text"].startswith("Gold leaving Peru falls by 78%, from 1.0 to 0.22 t, worth")
    assert list(bought.drawings) == ["chemicals"]
    assert [make(data, NAMES, 1) for make in MAKE] == [None] * 3


def test_the_baseline_page_shows_each_section_once(compared):
    data = report(compared)
    found = [content for make in TODAY for content in [make(data, NAMES)] if content is not None]
    assert [len(content.drawings) for content in found] == [1, 1]
    assert found[0].title == "Gold"
    table = found[0].drawings["gold"].table
    assert table.filter(like="before").iloc[0, 0] == pytest.approx(1000)


def test_a_case_with_three_livelihoods_has_the_section(example_prior):
    lab = example_prior
    base, fewer = lab.baseline(), lab.respond({"strip-demolition": 60})
    found = livelihoods.make(report(fewer.compare(base), fewer.data), shown_names(lab.case), 0)
    assert found is not None
    assert list(found.drawings) == ["labour"]
    assert any(str(row[0]).startswith("Alta Selva: ") for row in found.data["table"].rows)


def test_a_report_without_such_rows_has_no_such_section():
    import synthetic

    data = synthetic.report()
    assert [make(data, shown_names(data.case), 0) for make in MAKE] == [None] * 3
    assert [make(data, shown_names(data.case)) for make in TODAY] == [None] * 3
    assert 'id="goods"' not in document.render(data)


def test_incomes_keep_the_largest_and_those_that_change_and_fold_the_rest():
    before = np.arange(1.0, 31.0)
    after = before.copy()
    after[3] += 5
    frame = pd.DataFrame({"name": [f"Group {i}" for i in range(30)], "before": before, "after": after})
    table = bars.draw_income_bars(frame).table
    assert len(table) == 14
    assert table["name"].iloc[-1].startswith("17 others")
    assert {"Group 3", "Group 29"} <= set(table["name"])
    sums = [table.filter(like=when).to_numpy().sum() for when in ("after", "before")]
    assert sums == pytest.approx([after.sum(), before.sum()])
