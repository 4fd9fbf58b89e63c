"""Headline figures: one entry each, for outcomes and runs, whole, documented, and open from outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import synthetic
from contraflow.errors import ComparisonError
from contraflow.results import figures, tables
from contraflow.results.figures import Figure
from contraflow.results.view import View, price_spot
from contraflow.text.names import shown_names

DOCS = Path(__file__).parents[1] / "docs"


def by_river(view: View) -> np.ndarray:
    """Tonnes seized on rivers."""
    return view.tonnes("seized_pure", view.label("family") == "river")


MINE = Figure(
    name="seized on rivers",
    label="Seized on rivers",
    unit="t/yr",
    meaning="seized on modes of the family `river`",
    of=by_river,
)


@pytest.fixture
def registered():
    figures.register(MINE)
    yield MINE
    figures.withdraw(MINE.name)


def test_a_figure_from_outside_is_in_tables_and_explanations_of_outcomes(registered):
    base, shut = synthetic.outcome(), synthetic.outcome(hazard=1.0)
    table = tables.headline(base, shut)
    on_rivers = base["family"].values == "river"
    seized = base["seized_pure"].values[0, on_rivers].sum() / 1000
    assert table.loc[MINE.name, "before"] == pytest.approx(seized, rel=1e-12)
    assert table.loc[MINE.name, "unit"] == "t/yr"
    assert figures.per_draw(base, MINE.name)[0] == pytest.approx(seized, rel=1e-12)


def test_a_figure_from_outside_is_in_runs_and_their_charts(registered, example):
    run = example.simulate({}, years=1, replicates=2, clans=40)
    months = run.series(MINE.name)
    links = run.data["family"].values == "river"
    expected = run.data["seized_pure"].values[..., links].sum(axis=-1) * 12 / 1000
    np.testing.assert_allclose(months.values, expected, rtol=1e-12)
    assert MINE.name in run.summary().index
    assert MINE.name in run.yearly().index.get_level_values("figure")
    assert [f.title for f in run.fan("exports", MINE.name).facets] == (
        ["Exports", MINE.label] if expected.any() else ["Exports"]
    )


def test_a_figure_from_outside_is_gone_when_it_is_withdrawn():
    with pytest.raises(ComparisonError, match="'seized on rivers' is no headline figure"):
        figures.outcome_figure(MINE.name)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "exports"}, "there is a figure 'exports' already"),
        ({"meaning": " "}, "lacks its meaning"),
        ({"unit": "", "label": ""}, "lacks its label, unit"),
        ({"in_outcomes": False, "in_runs": False}, "belongs neither to outcomes nor to runs"),
        ({"in_runs": False}, "needs a reason"),
        ({"why": "no reason"}, "needs a reason where it is left out, and only there"),
    ],
)
def test_a_half_made_figure_is_refused(changed, message):
    entry = {f: getattr(MINE, f) for f in ("name", "label", "unit", "meaning", "of")} | changed
    with pytest.raises(ValueError, match=message):
        figures.register(Figure(**entry))


def test_a_figure_that_belongs_elsewhere_says_where():
    with pytest.raises(ComparisonError, match="only runs month by month follow clans"):
        figures.outcome_figure("clans")
    with pytest.raises(ComparisonError, match="count arrests by role"):
        figures.run_figure("arrests at home")
    with pytest.raises(ComparisonError, match="Did you mean 'exports by sea'"):
        figures.run_figure("export by sea")


def test_the_documentation_has_the_table_of_figures():
    assert figures.documentation() in (DOCS / "results.md").read_text()


def test_a_year_of_a_run_has_the_figures_of_its_months(example):
    """Outcomes and runs mean the same by a name: a year of a run as an outcome has the mean of its months.

    Money is left out: a year's prices are weighted by what is sold.
    """
    run = example.simulate({}, years=1, replicates=2, clans=40)
    year = run.year(1).data
    physical = ("t/yr", "ha", "persons/yr")
    both = [f for f in figures.run_figures() if f.in_outcomes and f.unit in physical]
    assert len(both) >= 9
    for figure in both:
        months = run.series(figure.name).values[:, -12:].mean(axis=1)
        np.testing.assert_allclose(
            figures.per_draw(year, figure.name), months, rtol=1e-6, err_msg=figure.name
        )


def test_an_economy_without_a_quoted_good_has_no_price():
    base = synthetic.outcome()
    bare = base.isel(arc=np.flatnonzero(base["kind"].values != "process"))
    assert price_spot(bare) == ""
    assert np.isnan(figures.per_draw(bare, "local price")).all()
    table = tables.headline(bare)
    assert "local price" not in table.index
    assert "nothing is made at home" in table.attrs["lacking"]["local price"]
    with pytest.raises(ComparisonError, match="This economy has no 'local price': nothing is made at home"):
        figures.expect_figure("local price", bare)


def test_what_an_economy_does_not_have_is_left_out_and_never_0():
    base = synthetic.outcome()
    overland = base.isel(arc=np.flatnonzero(base["family"].values != "air"))
    table = tables.headline(overland)
    assert {"exports by air", "crews' pay by air"}.isdisjoint(table.index)
    assert {"exports", "hectares at home", "delivered"} <= set(table.index)
    assert not (table["before"] == 0).any()
    names, values = figures.outcome_rows(overland, price_spot(overland))
    assert np.isnan(values[:, list(names).index("exports by air")]).all()
    # A policy that opens a way has the figure on both sides.
    assert tables.headline(overland.copy(), base).loc["exports by air", "after"] > 0
    with pytest.raises(ComparisonError, match="'air' leaves the home country"):
        figures.expect_figure("exports by air", overland)


def test_labels_are_in_the_words_of_the_case():
    names = shown_names(synthetic.case())
    assert figures.label("hectares at home", names) == "Area of coca in Peru"
    assert figures.label("farm-gate price", names) == "Price of leaf"
    assert figures.label("farm-gate price") == "Price at the farm gate"
    assert figures.label("clans", names) == "Clans"
