"""The case of the 1990s: it loads, fits its own years alone, predicts the later ones, and its books close."""

import numpy as np

import contraflow
from browser import CHROMIUM, expect_whole
from contraflow import verify
from contraflow.report.document import write_report

LAST = 1994


def test_no_claim_after_the_baseline_is_fitted(andes):
    claims = andes.claims()
    years = claims["year"].str[-4:]
    assert (years[claims["fitted"] & (years != "")].astype(int) <= LAST).all()
    foreseen = claims["use"] == "predict"
    assert (years[foreseen].astype(int) > LAST).all()
    assert not claims.loc[foreseen, "fitted"].any()
    assert claims["fitted"].sum() >= 60


def test_no_number_rests_on_a_later_claim_but_those_of_the_policy_itself(andes):
    """Ranges rest on claims up to 1994; the measure and its dates on counts of planes, never on outcomes."""
    for p in andes.case.parameters.values():
        assert p.reason.strip()
        later = [c for c in map(andes.case.claims.__getitem__, p.claims) if int((c.year or "0")[:4]) > LAST]
        assert all(c.use.value == "context" for c in later)
        dated = ("size-denial", "level-denial-1995", "level-radar", "level-eradication")
        assert not later or p.id.startswith(dated)


def test_nothing_of_the_case_is_later_than_2014(andes):
    years = [int(c.year[-4:]) for c in andes.case.claims.values() if c.year]
    assert max(years) == 2014
    assert all(int(e.date[:4]) <= 2014 for e in andes.case.events.values())


def test_peru_after_2003_is_what_the_other_case_has():
    """One figure from one source: the two cases never state a year of Peru differently."""
    other = {
        (c.quantity, c.year, c.value, c.source)
        for c in contraflow.load("peru").central_values().case.claims.values()
        if c.origin == ("PE",)
    }
    later = [
        c
        for c in contraflow.load("andes-1990s").central_values().case.claims.values()
        if c.origin == ("PE",) and c.year and int(c.year) > 2003
    ]
    assert len(later) == 31
    assert all((c.quantity, c.year, c.value, c.source) in other for c in later)


def test_calibration_leaves_the_size_of_the_policy_where_it_was_set(andes):
    ledger = andes.network.ledger
    for name in ("size-denial", "lethal-pay", "size-eradication"):
        assert np.isclose(andes.ledger[0, ledger.index(name)], andes.case.parameters[name].value, rtol=1e-3)


def test_baseline_fits(andes):
    likelihood = andes.posterior.log_posterior.likelihood
    off = likelihood.standardised(andes.posterior.predicted[0])[likelihood.fitted]
    assert (np.abs(off) <= 2).mean() > 0.95


def test_answers_settle_and_their_books_balance(andes):
    base = andes.baseline().data
    assert verify(base).worst < 1e-9
    for _, outcome in andes.answers():
        assert verify(outcome.data, base).worst < 1e-9


def test_later_years_are_predicted_country_by_country(andes):
    table = andes.predictions()
    assert set(table["use"]) == {"predict"}
    area = table[table["quantity"] == "area"]
    assert set(area["country"]) == {"PE", "BO", "CO"}
    assert area.groupby("country")["year"].count().to_dict() == {"PE": 20, "BO": 9, "CO": 9}
    assert area["year"].astype(int).max() == 2014
    assert np.isfinite(table[["model", "naive", "log_error", "naive_log_error"]].to_numpy()).all()


def test_prediction_moves_with_the_policy_and_returns_with_it(andes):
    table = andes.predictions().set_index("claim")
    moved = np.log(table["model"] / table["naive"])
    assert moved["peru-area-1998"] < -0.01 < 0.01 < moved["colombia-area-1998"]
    assert np.isclose(moved["peru-area-2002"], 0, atol=1e-6)


def test_eradication_is_told_by_its_years(andes):
    model = andes.predictions().set_index("claim")["model"]
    assert model["peru-area-2013"] < model["peru-area-2003"] < model["peru-area-2002"]
    assert np.isclose(model["peru-area-2006"], model["peru-area-2009"], rtol=0.01)


def test_errors_are_told_whether_good_or_bad(andes):
    errors = andes.prediction_errors()
    assert errors["claims"].sum() == len(andes.predictions())
    assert (errors[["model", "naive"]] > 0).all(axis=None)
    assert errors["better"].between(0, 1).all()
    early, late = andes.prediction_errors(last=2003), andes.prediction_errors(2004)
    assert (early["claims"].sum(), late["claims"].sum()) == (106, 24)
    assert set(late["country"]) == {"PE"}
    assert early["last"].max() == "2003"
    assert late["first"].min() == "2004"


def test_validate_shows_the_errors_and_lists_the_predictions(andes, monkeypatch):
    import json

    from typer.testing import CliRunner

    from contraflow.cli import app
    from contraflow.lab import Lab, OpenCase

    verdicts = andes.validate(replicates=0)
    monkeypatch.setattr(OpenCase, "calibrate", lambda self, **_: andes)
    monkeypatch.setattr(Lab, "validate", lambda self, **_: verdicts)
    shown = CliRunner().invoke(app, ["validate", "andes-1990s"]).stdout
    assert "Predictions of later years" in shown
    assert "Coca standing, Colombia" in shown
    record = json.loads(CliRunner().invoke(app, ["validate", "andes-1990s", "--json"]).stdout)
    assert len(record["predictions"]) == len(andes.predictions())
    assert {e["country"] for e in record["prediction_errors"]} >= {"PE", "BO", "CO"}


def test_tracks_are_needed(andes):
    table = andes.validate(replicates=0).table().set_index("pattern")
    assert table.loc["blind-denial-nothing", "holds"]


def test_the_page_tells_the_errors(andes):
    from pathlib import Path

    page = (Path(__file__).parents[1] / "docs" / "andes-1990s.md").read_text(encoding="utf-8")
    for first, last in ((1995, 2003), (2004, 2014)):
        for row in andes.prediction_errors(first, last).itertuples():
            for error in (row.model, row.naive):
                assert f"×{np.exp(error):.2f}" in page


def test_the_report_shows_predicted_and_observed(andes, tmp_path):
    from contraflow.report.data import Meta, ReportData

    data = ReportData(
        case=andes.case,
        base=andes.baseline().data,
        claims=andes.claims(),
        meta=Meta("0", 0, andes.case.fingerprint, "2026-01-01"),
        ledger=andes.assumptions(),
        predictions=andes.predictions(fitted=True),
        errors=andes.prediction_errors(),
    )
    page = write_report(data, tmp_path / "report.html").read_text(encoding="utf-8")
    if CHROMIUM:
        expect_whole(tmp_path / "report.html")
    assert "Predicted and observed" in page
    assert 'id="fig-predictions-series"' in page
    assert "other method" in page
