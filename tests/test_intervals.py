"""Many draws: intervals, probabilities, policies compared draw by draw, draws without an equilibrium."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr

import contraflow
from contraflow.analysis.pattern_validation import Verdicts
from contraflow.errors import ComparisonError, ConvergenceError
from contraflow.lab.outcome import Comparison, Outcome
from contraflow.results import draws, side_economies, tables
from contraflow.results.verify import verify
from spread import spread

SHUT = {"radar": 2, "interceptors": 4}
ENDS = ["_5", "_25", "", "_75", "_95"]


@pytest.fixture(scope="module")
def lab(example_prior_draws):
    return example_prior_draws


@pytest.fixture(scope="module")
def base(lab):
    return lab.baseline()


@pytest.fixture(scope="module")
def shut(lab):
    return lab.respond(SHUT, "Sky shut")


@pytest.fixture(scope="module")
def fewer(lab):
    return lab.respond({"strip-demolition": 60}, "Fewer strips")


def exports(outcome: Outcome) -> np.ndarray:
    """Exports of each draw by hand, t pure a year."""
    data = outcome.data
    leaves = (data["from_country"] == "QM") & (data["to_country"] != "QM") & (data["kind"] == "link")
    return data["pure"].where(leaves, 0.0).sum("arc").values / 1000


def without(outcome: Outcome, *lost: int) -> Outcome:
    """The same outcome with draws in which no equilibrium was found."""
    found = np.ones(outcome.data.sizes["draw"], dtype=bool)
    found[list(lost)] = False
    return dataclasses.replace(outcome, data=draws.mark_unsolved(outcome.data, found))


def test_quantiles_bound_the_50_and_the_90_per_cent_interval(base, shut):
    row = shut.compare(base).summary().loc["exports"]
    change = exports(shut) - exports(base)
    wanted = np.quantile(change, (0.05, 0.25, 0.5, 0.75, 0.95))
    assert row[[f"change{end}" for end in ENDS]].astype(float).tolist() == pytest.approx(wanted)
    ratio = np.quantile(exports(shut) / exports(base), 0.95)
    assert row["ratio_95"] == pytest.approx(ratio)


def test_every_table_orders_its_quantiles(base, shut):
    pair = shut.compare(base)
    frames = [pair.summary(), pair.incomes(), pair.supplies(), shut.ladder()]
    frames += [pair.displacement(by) for by in ("mode", "route", "country", "form", "zone")]
    frames += [pair.livelihoods(by) for by in ("activity", "zone", "income", "hire")]
    for frame in frames:
        stems = {str(c).removesuffix("_95") for c in frame if str(c).endswith("_95")}
        assert stems
        for stem in stems:
            ends = frame[[stem + end for end in ENDS]].dropna().to_numpy(float)
            assert (np.diff(ends, axis=1) >= -1e-9 * np.abs(ends[:, 1:])).all(), stem
        assert (frame.attrs["draws"], frame.attrs["left_out"]) == (20, 0)


def test_changes_are_taken_draw_by_draw(base, fewer):
    """The interval of a small change is narrow although levels are wide; shuffled draws would widen it."""
    row = fewer.compare(base).summary().loc["exports"]
    narrow = row["change_95"] - row["change_5"]
    assert narrow < 5
    assert row["before_95"] - row["before_5"] > 5 * narrow
    order = np.roll(np.arange(20), 1)
    mixed = fewer.data.isel(draw=order).assign_coords(draw=base.data["draw"].values)
    wide = tables.headline(base.data, mixed).loc["exports"]
    assert wide["change_95"] - wide["change_5"] > 4 * narrow


def test_two_policies_are_compared_on_common_draws(base, shut, fewer):
    against = shut.compare(fewer)
    table = against.summary()
    change = exports(shut) - exports(fewer)
    assert table.loc["exports", "change"] == pytest.approx(np.median(change))
    assert against.probability("exports", "falls") == np.mean(change < 0)
    sums = shut.compare(base).summary()["change_5"] - fewer.compare(base).summary()["change_5"]
    assert not np.allclose(table["change_5"], sums.reindex(table.index), equal_nan=True)
    assert against.displacement("route").attrs["displaced"] >= 0
    assert "against Fewer strips" in repr(against)


def test_probabilities_are_shares_of_draws(base, shut):
    pair = shut.compare(base)
    table = pair.summary()
    before, change = exports(base), exports(shut) - exports(base)
    assert table.loc["exports", "p_falls"] == np.mean(change < 0)
    assert table.loc["exports", "p_falls_5pct"] == np.mean(change < -0.05 * before)
    for figure, row in table.iterrows():
        assert row["p_falls"] + row["p_rises"] <= 1
        assert row["p_falls_5pct"] == pair.probability(str(figure), "falls", by=0.05)
        assert row["p_rises_5pct"] == pair.probability(str(figure), "rises", by=0.05)
    half = float(np.median(-change / before))
    assert pair.probability("exports", "falls", by=half) == pytest.approx(0.5, abs=1 / len(before))
    assert pair.probability("exports", "rises", by=10) == 0


def test_rows_of_other_tables_have_probabilities_too(base, shut):
    pair = shut.compare(base)
    assert pair.probability("plane", "falls", by=0.5, among="mode") == 1
    by_zone = pair.probability("alta-selva", "falls", among="zone")
    assert by_zone == pair.summary().loc["hectares at home", "p_falls"]
    assert 0 <= pair.probability("growers", "rises", among="actor") <= 1


def test_what_does_not_change_neither_falls_nor_rises(base):
    table = base.compare(base).summary()
    assert (table[["p_falls", "p_rises", "p_falls_5pct", "p_rises_5pct"]] == 0).all(axis=None)


def test_what_appears_rises():
    before, change = np.array([[0.0], [0.0]]), np.array([[1.0], [0.0]])
    assert draws.rises(before, change, 0.05) == pytest.approx([0.5])
    assert draws.falls(before, change) == pytest.approx([0.0])


@pytest.mark.parametrize(
    ("figure", "direction", "more", "said"),
    [
        ("export", "falls", {}, "Did you mean 'exports'"),
        ("plane", "falls", {}, "pass among='mode'"),
        ("moon", "falls", {}, "Known: exports, "),
        ("moon", "falls", {"among": "mode"}, "is no row by mode"),
        ("exports", "falls", {"among": "valley"}, "it can be zone, mode"),
        ("exports", "sinks", {}, "'falls' or 'rises'"),
        ("exports", "falls", {"by": -0.1}, "not negative"),
    ],
)
def test_a_probability_of_nothing_says_what_there_is(base, shut, figure, direction, more, said):
    with pytest.raises(ComparisonError, match=said.replace("?", r"\?")):
        shut.compare(base).probability(figure, direction, **more)


def test_displacement_has_an_interval(base, shut):
    found = shut.compare(base).displacement("route").attrs
    assert [found[f"displaced{end}"] for end in ENDS] == sorted(found[f"displaced{end}"] for end in ENDS)
    assert found["displaced_5"] < found["displaced_95"]


def test_a_single_draw_has_no_intervals_and_no_probabilities(example_prior):
    one = example_prior
    pair = one.respond(SHUT).compare(one.baseline())
    for frame in (pair.summary(), pair.incomes(), pair.displacement("route"), one.baseline().ladder()):
        assert not [
            c for c in frame if str(c).startswith("p_") or str(c).endswith(("_5", "_25", "_75", "_95"))
        ]
        assert "displaced_5" not in frame.attrs
    with pytest.raises(ComparisonError, match="single draw"):
        pair.probability("exports", "falls")
    table = one.validate().table()
    assert "probability" not in table
    assert "ratio_5" not in table


def test_outcomes_of_other_labs_are_refused(lab, base, shut, example_prior):
    one = example_prior
    with pytest.raises(ComparisonError, match="before has 1 draws and after 20: compare outcomes of one lab"):
        shut.compare(one.baseline())
    other = spread(example_prior, width=0.05, seed=1)
    with pytest.raises(ComparisonError, match="of different labs"):
        shut.compare(other.baseline())
    fewer = dataclasses.replace(shut, data=shut.data.isel(draw=slice(5)))
    with pytest.raises(ComparisonError, match="before has 20 draws and after 5"):
        fewer.compare(base)
    last = dataclasses.replace(base, data=base.data.isel(draw=slice(15, 20)))
    with pytest.raises(ComparisonError, match="different draws of one lab"):
        fewer.compare(last)
    abroad = dataclasses.replace(base, data=base.data.assign_attrs(fingerprint="0"))
    with pytest.raises(ComparisonError, match="of different cases"):
        Comparison(abroad, shut)
    assert issubclass(ComparisonError, contraflow.ContraflowError)


def test_draws_without_an_equilibrium_are_left_out_on_both_sides(base, shut):
    kept = [i for i in range(20) if i not in (3, 7)]
    part = [dataclasses.replace(o, data=o.data.isel(draw=kept)) for o in (shut, base)]
    lost, wanted = without(shut, 3, 7).compare(base), part[0].compare(part[1])
    assert lost.left_out == 2
    for call in (
        lambda c: c.summary(),
        lambda c: c.incomes().drop(columns=["name", "kind"]),
        lambda c: c.displacement("zone"),
        lambda c: c.livelihoods("zone"),
        lambda c: c.supplies().drop(columns="name"),
    ):
        frame, full = call(lost), call(wanted)
        assert frame.equals(full)
        assert (frame.attrs["draws"], frame.attrs["left_out"]) == (18, 2)
    assert lost.probability("exports", "falls", by=0.1) == wanted.probability("exports", "falls", by=0.1)
    assert base.compare(without(shut, 3)).summary().equals(base.compare(without(shut, 3)).summary())
    both = without(shut, 3).compare(without(base, 7))
    assert both.summary().equals(wanted.summary())


def test_one_side_leaves_its_own_draws_out(base, shut):
    kept = [i for i in range(20) if i != 3]
    lost, part = without(shut, 3), dataclasses.replace(shut, data=shut.data.isel(draw=kept))
    assert lost.summary().equals(part.summary())
    assert lost.ladder().equals(part.ladder())
    assert side_economies.livelihoods(lost.data).equals(side_economies.livelihoods(part.data))
    assert tables.home_grown(lost.data) == tables.home_grown(part.data)
    assert verify(lost.data, base.data).worst < 1e-9
    assert lost.map().table.equals(part.map().table)


def test_a_lost_draw_is_empty_and_marked(shut):
    data = without(shut, 3).data
    assert not data["solved"].values[3]
    assert data["solved"].values.sum() == 19
    assert all(np.isnan(v.values[3].astype(float)).all() for v in data.data_vars.values())
    again = draws.paired(data)[0]
    assert draws.paired(again)[0] is again


def test_with_no_draw_left_there_is_nothing_to_compare(base, shut):
    with pytest.raises(ComparisonError, match="In none of the 20 draws"):
        without(shut, *range(20)).compare(base).summary()


def test_patterns_have_probabilities_and_count_lost_draws(lab):
    verdicts = lab.validate()
    table = verdicts.table().set_index("pattern")
    assert verdicts.ratio.shape == (3, 20)
    for number, (name, row) in enumerate(table.iterrows()):
        own = verdicts.solved[number]
        assert row["left_out"] == (~own).sum(), name
        assert row["probability"] == pytest.approx(verdicts.holds[number][own].mean())
        assert row["ratio_5"] <= row["ratio_25"] <= row["ratio"] <= row["ratio_75"] <= row["ratio_95"]
    assert table["holds"].all()


def test_a_pattern_leaves_out_a_draw_that_finds_no_equilibrium(lab, monkeypatch):
    from contraflow.policy.responder import Responder

    solve, whole = Responder.solve, lab.validate()

    def lost(self, ledger, references, levels, draw=None, start=None):
        found = solve(self, ledger, references, levels, draw, start)
        return found._replace(residual=np.where(draw == 6, 1.0, found.residual))

    monkeypatch.setattr(Responder, "solve", lost)
    part = lab.validate()
    assert not part.solved[:, 6].any()
    kept = np.arange(20) != 6
    assert np.array_equal(part.ratio[:, kept], whole.ratio[:, kept], equal_nan=True)
    assert (part.table()["left_out"] >= 1).all()


def test_validate_on_many_draws_says_the_same_as_draw_by_draw(lab):
    whole = lab.validate()
    for number in (0, 11):
        one = dataclasses.replace(lab, ledger=lab.ledger[[number]]).validate()
        assert whole.ratio[:, number] == pytest.approx(one.ratio[:, 0], rel=1e-6)


def test_a_pattern_that_loses_most_draws_is_an_error(lab, monkeypatch):
    from contraflow.policy.responder import Responder

    solve = Responder.solve

    def lost(self, ledger, references, levels, draw=None, start=None):
        found = solve(self, ledger, references, levels, draw, start)
        return found._replace(residual=np.where(draw >= 6, 1.0, found.residual))

    monkeypatch.setattr(Responder, "solve", lost)
    with pytest.raises(ConvergenceError, match="in most of the draws for the policy of pattern"):
        lab.validate()


def test_half_the_draws_decide_whether_a_pattern_holds():
    pattern = contraflow.load("example").patterns["strips-to-road"]
    before = np.ones((1, 5))
    after = np.array([[1.5, 1.5, 0.5, np.nan, 0.5]])
    verdicts = Verdicts((pattern,), before, after, ())
    assert repr(verdicts) == "<Verdicts: 1 of 1 patterns show>"
    table = verdicts.table()
    assert table.loc[0, "probability"] == 0.5
    assert table.loc[0, "holds"]
    assert table.loc[0, "left_out"] == 1
    assert table.loc[0, "ratio"] == 1.0


def test_spending_takes_one_ledger_or_many(lab):
    levers = lab.responder.levers
    wanted = levers.baseline + 1
    many = levers.spending(lab.ledger, wanted)
    assert many.shape == (20,)
    assert many[4] == pytest.approx(float(levers.spending(lab.ledger[4], wanted)))


def test_results_with_lost_draws_can_be_kept(shut, tmp_path):
    from contraflow.cli.export import serialisable

    path = tmp_path / "x.nc"
    serialisable(without(shut, 3).data).to_netcdf(path, engine="scipy")
    with xr.open_dataset(path, engine="scipy") as data:
        assert draws.solved(data).tolist() == [i != 3 for i in range(20)]
