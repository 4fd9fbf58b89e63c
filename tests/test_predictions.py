"""Predictions on a case that can be solved by hand: two roads, one of which a later measure closes."""

import re

import numpy as np
import pytest

from contraflow.inference.calibration import Settings
from contraflow.inference.method import Method
from contraflow.lab import calibrate, central_values
from contraflow.report.draw.predicted_series import draw_predictions
from contraflow.report.sections import predictions
from contraflow.text import series_names
from contraflow.text.names import Names
from tiny import two_routes

WORTH = np.sqrt((90.0**2 + 45.0**2) / 2)
"""Value of a kg in the long run under the tax."""

POWER = 90.0 * (0.5 + 0.5 * 90.0 / WORTH), 45.0 * (0.5 + 0.5 * 45.0 / WORTH)
"""Half a year after the tax half have reconsidered, elasticity 1 at once and 2 in the long run: road, air."""

FORESEEN = 1000 * POWER[0] / sum(POWER)

NAMES = {"drug": "Paste", "valley": "Valley"}


def case(*, events: bool = True, elasticity: float | None = None):
    """Flow by road is 500 of 1,000 kg; in 2016 a tax on the air makes it more, in 2018 it is gone."""
    t = two_routes(costs=(10.0, 10.0), theta=2.0, elasticity=elasticity)
    t.number("behaviour-trade-at-once", 0.5)
    t.number("behaviour-crop-buyers", 0.5 / np.log(2))
    t.add("measures", id="tax", name="Tax", unit="index", maximum=1.0)
    t.add("effects", id="dearer", measure="tax", kind="add cost", mode="air", size=45.0)
    if events:
        for year, level in (("2016", 1.0), ("2018", 0.0)):
            t.add("events", id=f"tax-{year}", date=year, measure="tax", level=level)
    for year, value, use in (("2013", 500, "fit"), ("2014", 500, "fit"), ("2015", 550, "predict"),
                             ("2016", 700, "predict"), ("2018", 250, "predict")):  # fmt: skip
        t.add("claims", id=f"road-{year}", source="s", paragraph="1", statement="By road", quantity="flow",
              from_="valley", mode="road", year=year, value=value, unit="kg/year", information=2,
              use=use)  # fmt: skip
    t.add("claims", id="price", source="s", paragraph="1", statement="Price", quantity="price",
          from_="valley", form="drug", year="2013", value=90.0, unit="USD/kg", information=2)  # fmt: skip
    return t.case()


@pytest.fixture(scope="module")
def lab():
    return calibrate(case(), Settings(Method.BEST), fresh=True)


def test_each_year_is_foreseen_under_its_own_measures(lab):
    table = lab.predictions().set_index("year")
    assert list(table.index) == ["2015", "2016", "2018"]
    assert np.allclose(table["baseline"], 500)
    assert np.allclose(table["model"], [500, FORESEEN, 500])
    assert np.allclose(table["naive"], 500)


def test_errors_are_logarithms_of_forecast_over_observation(lab):
    table = lab.predictions().set_index("year")
    assert np.allclose(table["log_error"], np.log([500 / 550, FORESEEN / 700, 500 / 250]))
    assert np.allclose(table["naive_log_error"], np.log([500 / 550, 500 / 700, 500 / 250]))


def test_errors_by_quantity_and_country(lab):
    (row,) = lab.prediction_errors().to_dict("records")
    assert (row["quantity"], row["place"], row["country"]) == ("flow", "valley", "PE")
    assert (row["claims"], row["first"], row["last"]) == (3, "2015", "2018")
    assert np.isclose(row["model"], np.abs(np.log([500 / 550, FORESEEN / 700, 2])).mean())
    assert np.isclose(row["naive"], np.abs(np.log([500 / 550, 500 / 700, 2])).mean())
    assert np.isclose(row["better"], 1 / 3)


def test_fitted_claims_of_the_same_series_can_be_seen_beside_them(lab):
    table = lab.predictions(fitted=True)
    assert list(table["year"]) == ["2013", "2014", "2015", "2016", "2018"]
    assert list(table["use"]) == ["fit"] * 2 + ["predict"] * 3
    assert "price" not in set(table["claim"])


@pytest.mark.slow
def test_predicted_claims_do_not_move_the_fit(lab):
    c = case()
    kept = {i: row for i, row in c.claims.items() if row.use.value != "predict"}
    from dataclasses import replace

    without = calibrate(replace(c, claims=kept, fingerprint="without"), Settings(Method.BEST), fresh=True)
    assert np.allclose(lab.ledger, without.ledger, rtol=1e-9)
    assert without.predictions().empty
    assert without.prediction_errors().empty


def test_an_uncalibrated_lab_predicts_nothing():
    table = central_values(case()).predictions()
    assert table.empty
    assert "log_error" in table


def test_the_figure_has_a_panel_per_series_and_the_table_a_row_per_claim(lab):
    table = lab.predictions(fitted=True)
    drawing = draw_predictions(table, NAMES, (2013, 2014))
    what = series_names.title(table.iloc[0].to_dict(), NAMES)
    assert [f.title for f in drawing.facets] == [f"Valley: {what}"]
    told = re.findall(r"<title>(\d{4}): observed", str(drawing.facets[0].body))
    assert told == list(drawing.table["year"]) == list(table["year"])
    np.testing.assert_allclose(drawing.table["model"], table["model"] / 1000)
    np.testing.assert_allclose(drawing.table["stated"], table["stated"] / 1000)
    assert [e.words for e in drawing.key[:2]] == ["observed, fitted", "observed later"]
    assert draw_predictions(table.iloc[:2], NAMES, (2013, 2014)) is None
    rows = predictions.prediction_rows(table, NAMES)
    assert [r["model_off"] for r in rows] == ["×1.10 low", "×1.05 high", "×2.00 high"]
    assert [r["nearer"] for r in rows] == [False, True, False]
    (told,) = predictions.error_rows(lab.prediction_errors(), NAMES)
    assert (told["where"], told["years"], told["nearer"]) == ("Valley", "2015–2018", 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"quantity": "area", "form": "", "place": "", "country": "CO"}, ("Hemp standing", "Colombia")),
        (
            {"quantity": "production", "form": "", "place": "", "country": "CO"},
            ("Fibre made", "Colombia"),
        ),
        (
            {"quantity": "price", "form": "drug", "place": "valley", "country": "PE"},
            ("Price of paste", "Valley"),
        ),
        (
            {"quantity": "share", "form": "drug", "place": "", "country": "PE; CO"},
            ("Share of paste", "everywhere"),
        ),
    ],
)
def test_series_in_words(row, said):
    names = Names(NAMES | {"CO": "Colombia"})
    names.crop, names.substance = "hemp", "fibre"
    assert (series_names.title(row, names), series_names.where(row, names)) == said
    assert series_names.title(row | {"form": ""}, {}) != ""


@pytest.mark.parametrize(("error", "said"), [(0.0, "×1.00"), (np.log(2), "×2.00 high"), (np.nan, "")])
def test_errors_in_words(error, said):
    assert predictions.factor(error) == said
