"""Numbers of behaviour: in the ledger like all others, set by a case, drawn by every replicate."""

from __future__ import annotations

import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import contraflow as cf
from contraflow import case as cases
from contraflow import network
from contraflow.case.behaviour import BEHAVIOUR, MONTH, ROWS, row_id, taken_from
from contraflow.case.io.units import Units
from contraflow.case.learned import learned_behaviour
from contraflow.case.load import data
from contraflow.dynamics.adjustment import with_behaviour
from contraflow.dynamics.clans import Behaviour
from contraflow.dynamics.simulator import draw_behaviour
from contraflow.errors import ComparisonError
from contraflow.lab import central_values
from tiny import two_routes

DRAWN = {
    "memory": 19.121109703822736, "prior_weight": 11.544295401762968, "news": 0.4213446538973615,
    "attitude": 0.2249577677811761, "ways": 4.02461450211981, "size_dispersion": 0.6345282545981498,
    "cover": 2.2841237476086156, "entry": 7.7225187341223736, "dismantled": 0.02227611564059657,
}  # fmt: skip
"""What the first of two replicates draws on the seed 7 from the default ranges of what is not learned."""


def rewritten(folder: Path, *rows: str) -> Path:
    """A copy of the example whose rows of behaviour are these."""
    path = cases.new(folder / "case") / "parameters.csv"
    kept = [x for x in path.read_text(encoding="utf-8").splitlines() if not x.startswith("behaviour-")]
    path.write_text("\n".join([*kept, *rows]) + "\n", encoding="utf-8")
    return path.parent


def test_the_numbers_of_the_simulation_are_those_of_the_registry_in_its_order():
    assert [f.name for f in fields(Behaviour)] == list(BEHAVIOUR)
    assert all(getattr(Behaviour(), name) == number.value for name, number in BEHAVIOUR.items())
    assert Units().read("month").factor == MONTH
    for number in BEHAVIOUR.values():
        assert number.low <= number.value <= number.high
        assert not any(number.fault(x) for x in (number.low, number.value, number.high))


@pytest.mark.parametrize("name", cases.shipped())
def test_numbers_of_behaviour_are_stated_or_learned_in_shipped_cases(name):
    """Each is a row of the case within what is possible, or comes from the episodes that the case names."""
    text = (data() / name / "parameters.csv").read_text(encoding="utf-8")
    case = cf.load(name)
    taken = taken_from(case.parameters, case.info.learned)
    assert bool(taken) == (name != "example")
    for row, short in ROWS.items():
        number, p = BEHAVIOUR[short], case.parameters[row]
        assert (f"\n{row}," in text) != (short in taken), row
        assert not any(number.fault(x / number.factor) for x in (p.low, p.value, p.high))
        if short in taken:
            low, value, high = learned_behaviour(case.info.learned).interval(short)
            assert p.value == pytest.approx(max(value, number.least) * number.factor, rel=1e-12)
            assert p.low < p.value < p.high
            assert low < value < high


def test_draws_of_learned_behaviour_have_its_quantiles_and_correlations():
    """4,000 draws: medians within 5 %, and correlations within 0.06, of those that were learned."""
    peru_network = network.build(cf.load("peru"))
    ledger = peru_network.ledger
    many = with_behaviour(peru_network, np.repeat(ledger.value[None], 4000, axis=0), seed=0)
    learned = learned_behaviour("all")
    spots = {n: ledger.index(row_id(n)) for n in ("growers", "traders", "trade_at_once")}
    for name, spot in spots.items():
        number = BEHAVIOUR[name]
        median = float(np.median(many[:, spot])) / number.factor
        assert median == pytest.approx(learned.interval(name)[1], rel=0.05)
    places = [learned.names.index(n) for n in ("growers", "traders")]
    covariance = np.array(learned.covariance)[np.ix_(places, places)]
    wanted = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    found = np.corrcoef(np.log(many[:, [spots["growers"], spots["traders"]]]).T)[0, 1]
    assert found == pytest.approx(wanted, abs=0.06)


def test_an_unknown_set_of_episodes_is_refused(tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(data() / "example", folder)
    info = folder / "case.toml"
    info.write_text(info.read_text(encoding="utf-8").replace('learned = "none"', 'learned = "al"'), "utf-8")
    with pytest.raises(cf.CaseError, match="'al' is no set of episodes; there are: all, without-andes-1990s"):
        cf.load(folder)


def test_replicates_draw_what_they_always_drew(tmp_path):
    for case in (cf.load("example"), cf.load(rewritten(tmp_path)), two_routes().case()):
        drawn = draw_behaviour(network.build(case).ledger, 2, 7)
        found = {name: float(getattr(drawn, name)[0]) for name in DRAWN}
        assert found == pytest.approx(DRAWN, rel=1e-12)  # powers differ in the last bit between processors


def test_what_a_case_leaves_out_stands_in_the_ledger_by_default(tmp_path):
    stated, left_out = cf.load("example").central_values(), cf.load(rewritten(tmp_path)).central_values()
    table = left_out.assumptions().set_index("parameter")
    assert set(ROWS) <= set(table.index)
    assert table.loc["behaviour-memory", ["low", "value", "high", "unit"]].tolist() == [
        0.5,
        13 / 12,
        2,
        "year",
    ]
    assert table.loc["behaviour-memory", "reason"].startswith("Default of the package: thirteen months")
    assert set(table.loc[list(ROWS), "kind"]) == {"assumption"}
    ledger = stated.network.ledger
    assert not ledger.free[[ledger.index(row) for row in ROWS]].any()
    assert np.array_equal(np.array(ledger.ids)[ledger.free],
                          np.array(left_out.network.ledger.ids)[left_out.network.ledger.free])  # fmt: skip


def test_a_case_sets_ranges_in_units_of_its_own(tmp_path):
    folder = rewritten(
        tmp_path,
        "behaviour-memory,Experience,0.25,0.5,0.75,year,linear,road-flow,As told",
        "behaviour-news,News,0.3,0.3,0.3,dimensionless,log,,Fixed",
        "behaviour-dismantled,Arrest,0,0,0,percent,log,,Never",
    )
    text = (folder / "claims.csv").read_text(encoding="utf-8")
    claim = text.splitlines()[1].split(",")[0]
    path = folder / "parameters.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("road-flow", claim), encoding="utf-8")
    lab = cf.load(folder).central_values()
    drawn = draw_behaviour(lab.network.ledger, 500, 3)
    usual = draw_behaviour(cf.load("example").network().ledger, 500, 3)
    even = 3 + 6 * np.log(np.asarray(usual.memory) / 6) / np.log(4)
    assert drawn.memory == pytest.approx(even)
    assert set(np.asarray(drawn.news)) == {0.3}
    assert set(np.asarray(drawn.dismantled)) == {0.0}
    assert np.array_equal(drawn.growers, usual.growers)
    assert lab.assumptions().set_index("parameter").loc["behaviour-memory", "origin"] == claim


def test_fixing_one_number_leaves_the_draws_of_the_others():
    ledger = cf.load("example").network().ledger
    free, fixed = draw_behaviour(ledger, 5, 0), draw_behaviour(ledger, 5, 0, {"cover": 40.0})
    assert set(np.asarray(fixed.cover)) == {40.0}
    for name in set(BEHAVIOUR) - {"cover"}:
        assert np.array_equal(getattr(free, name), getattr(fixed, name))


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("behaviour-memori,M,1,1,1,month,log,,R", "id", ("not a number of behaviour", "'behaviour-memory'?")),
        ("behaviour-xyzzy,M,1,1,1,month,log,,R", "id", ("not a number of behaviour", row_id("crop_buyers"))),
        ("behaviour-cover,M,1,1,1,kg,log,,R", "unit", ("which is in month", "converts to it")),
        ("behaviour-news,M,1,1,1,month,log,,R", "unit", ("which is in dimensionless", "Write dimensionless")),
        ("behaviour-growers,M,2,30,60,day,log,,R", "low", ("is below 1 month", "impossible")),
        ("behaviour-dismantled,M,1,50,101,percent,log,,R", "high", ("is above 1, which", "Correct")),
        ("behaviour-ways,M,0,0,0,dimensionless,log,,R", "low", ("is not above 0, which", "Correct")),
    ],
)
def test_rows_of_behaviour_are_checked(tmp_path, row, column, words):
    folder = rewritten(tmp_path, row)
    last = len((folder / "parameters.csv").read_text(encoding="utf-8").splitlines())
    problems = [p for p in cf.check(folder) if p.column == column]
    assert problems
    assert (problems[0].file, problems[0].row) == ("parameters.csv", last)
    for word in words:
        assert word in f"{problems[0].message}. {problems[0].cure}"


@pytest.mark.slow
def test_a_run_tells_which_numbers_of_behaviour_its_figures_turn_on():
    """Vacant places fill after ``entry`` months: where nine of ten clans are arrested at once, how many there
    are in the year turns on that above all."""
    lab = central_values(two_routes(hazards=(0.05, 0.05)).case())
    run = lab.simulate(
        years=1, clans=200, replicates=24, arrests=[cf.Arrest(1, 0.9)], behaviour={"news": 0.1}
    )
    drawn = run.data["behaviour"]
    assert drawn.dims == ("replicate", "number")
    assert (drawn.sel(number="news") == 0.1).all()
    assert (
        drawn.sel(number="entry").values.tolist() == draw_behaviour(lab.network.ledger, 24, 0).entry.tolist()
    )
    table = run.sensitivity("clans")
    assert table.index[0] == "entry"
    assert table["rank_correlation"].iloc[0] < -0.8
    assert table["share"].iloc[0] == pytest.approx(table["rank_correlation"].iloc[0] ** 2)
    assert table["p_value"].iloc[0] < 1e-5
    assert np.isnan(table.loc["news", "rank_correlation"])
    assert table.attrs == {"figure": "clans", "year": 1, "replicates": 24}
    with pytest.raises(ComparisonError, match="There is no year 7: the run has 0 to 1"):
        run.sensitivity("clans", 7)
    with pytest.raises(ComparisonError, match="is no figure"):
        run.sensitivity("clan")
    with pytest.raises(ComparisonError, match="10 are needed"):
        lab.simulate(years=1, clans=60, replicates=3).sensitivity("clans")
