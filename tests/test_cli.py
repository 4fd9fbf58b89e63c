"""The command line: exit codes, what is printed where, JSON that parses, and a quick start."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

import contraflow
from contraflow._language import in_language, language
from contraflow.case import load, new
from contraflow.case.schema import Question
from contraflow.cli import app, given_names, long_lists, main, run_screen, terminal, times
from contraflow.cli.files import replace_file
from contraflow.cli.options import CalibrationOptions, opened
from contraflow.cli.terminal_tables import becomes
from contraflow.errors import CaseError, ConvergenceError, OutputError, PolicyError, Problem
from contraflow.lab import OpenCase
from contraflow.text.adjustment_sentences import tell_path

HEAVY = ("jax", "numpy", "pandas", "xarray", "plotly", "pydantic", "pint")
COMMANDS = tuple(get_command(app).commands)
"""The program's own list, so that a new command is tested like the others."""


def call(*words: str, width: int = 100, **env: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": str(width), **env})


@pytest.fixture
def lab(example, monkeypatch):
    """The calibrated example, which every command gets instead of calibrating again."""
    monkeypatch.setattr(OpenCase, "calibrate", lambda self, **_: example)
    return example


@pytest.fixture(scope="module")
def many(example_draws):
    """The example with draws around its fit."""
    return example_draws


@pytest.fixture
def drawn(many, monkeypatch):
    """The example with draws, which every command gets instead of calibrating."""
    monkeypatch.setattr(OpenCase, "calibrate", lambda self, **_: many)
    return many


@pytest.fixture
def sampled(example_laplace, monkeypatch):
    """The example with draws from its posterior, which every command gets instead of calibrating."""
    monkeypatch.setattr(OpenCase, "calibrate", lambda self, **_: example_laplace)
    return example_laplace


@pytest.fixture(scope="module")
def ran(example, tmp_path_factory):
    """One run with its report: standard output and folder."""
    folder = tmp_path_factory.mktemp("run") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OpenCase, "calibrate", lambda self, **_: example)
        patch.setenv("SOURCE_DATE_EPOCH", "1400000000")
        result = call("run", "example", "--out", str(folder), "--json")
    assert result.exit_code == 0, result.stderr
    return result, folder


def finite(text: str) -> object:
    """Parse JSON that holds no NaN and no infinity."""

    def refuse(word: str) -> object:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("code", ["import contraflow", "import contraflow.cli", "HELP"])
def test_start_loads_no_heavy_library(code):
    if code == "HELP":
        code = "from contraflow.cli import app; app(['--help'], standalone_mode=False)"
    seen = f"import sys; {code}; print('LOADED', sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


def test_version():
    result = call("--version")
    assert (result.exit_code, result.stdout) == (0, f"contraflow {contraflow.__version__}\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    result = call(name, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout
    assert name in call("--help").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["fly"],
        ["run"],
        ["run", "example", "--seed", "-1"],
        ["run", "example", "--seed", "x"],
        ["run", "example", "--no-report", "--open"],
        ["run", "example", "--no-report", "--out", "x"],
        ["respond", "example"],
        ["respond", "example", "-m", "radar"],
        ["respond", "example", "-m", "radar=high"],
        ["respond", "example", "-m", "raddar=1"],
        ["respond", "example", "-m", "radar=99"],
        ["respond", "example", "-m", "radar=nan"],
        ["respond", "example", "-m", "radar=1", "-m", "radar=2"],
        ["respond", "example", "-m", "radar=1", "--after", "soon"],
        ["respond", "example", "-m", "radar=1", "--after", "-1 year"],
        ["respond", "example", "-m", "radar=1", "--after", "101 years"],
        ["path", "example"],
        ["path", "example", "-m", "raddar=1"],
        ["path", "example", "-m", "radar=1", "--events"],
        ["path", "example", "-m", "radar=1", "--from", "2013"],
        ["path", "example", "--events", "--until", "6"],
        ["path", "example", "-m", "radar=1", "--until", "60"],
        ["path", "example", "-m", "radar=1", "--years", "101"],
        ["export", "example", "--to", "pdf", "--out", "x"],
        ["export", "example", "--to", "graphml", "--out", "x", "-m", "radar=1"],
    ],
)
def test_a_wrong_command_line_is_2_and_computes_nothing(words, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: pytest.fail("calibrated"))
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.strip()
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_level_says_what_would_be_right():
    stderr = call("respond", "example", "-m", "raddar=1", "-m", "interceptor=80").stderr
    assert "Did you mean 'radar'?" in stderr
    assert "Did you mean 'interceptors'?" in stderr
    assert "contraflow measures example" in stderr
    stderr = call("respond", "example", "-m", "radar=9", "-m", "interceptors=80").stderr
    assert "between 0 and 4" in stderr
    assert "between 0 and 8" in stderr


def test_run_writes_a_report_and_a_record(ran):
    result, folder = ran
    record = finite(result.stdout)
    assert record["report"] == str(folder / "report.html")
    assert "2014-05-13" in (folder / "report.html").read_text(encoding="utf-8")
    assert [p.name for p in folder.iterdir()] == ["report.html"]
    assert [a["id"] for a in record["answers"]] == ["shut-the-sky", "destroy-strips"]
    assert record["patterns"]["hold"] == record["patterns"]["run"] == 3
    assert record["fit"]["within_two_deviations"] == 3
    assert record["fingerprint"] == contraflow.load("example").fingerprint
    first = record["answers"][0]
    assert first["figures"]["exports by air"]["after"] < 0.05
    assert first["largest_error"] < 1e-9
    assert {r["name"] for r in first["displacement"]["zone"]["rows"]} == {"Alta Selva"}


@pytest.mark.parametrize(("width", "most"), [(100, 30), (80, 36)])
def test_the_summary_fits_a_screen(ran, width, most, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    run_screen.show(finite(ran[0].stdout), terminal.screen())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    for word in (
        "Mirania",
        "leaves the country",
        "exports, t",
        "paste, $/kg",
        "gain: ",
        "documented patterns",
    ):
        assert word in text
    assert "…" not in text


def test_the_summary_tells_what_does_not_hold(ran, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    record = finite(ran[0].stdout)
    far = {"claim": "coca-area", "residual": -2.94}
    record["fit"] |= {"within_two_deviations": 2, "furthest_off": [far]}
    record["patterns"] |= {"hold": 2, "failing": ["rival-gains"], "not_run": ["wary-clans"]}
    record["answers"][0]["alternatives"] = [{"figures": record["answers"][1]["figures"]}]
    run_screen.show(record, terminal.screen())
    text = " ".join(capsys.readouterr().out.split())
    assert "coca-area (−2.9)" in text
    assert "not: rival-gains (contraflow validate example)" in text
    assert "1 need" in text
    assert "settle in 2 ways" in text


def test_run_prints_no_more_than_asked(lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call("run", "example", "--no-report")
    assert result.exit_code == 0
    assert all(re.match(r"\d+:\d\d \w", line) for line in result.stderr.splitlines())
    assert "Report" not in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_respond(lab):
    result = call("respond", "example", "-m", "radar=2", "-m", "interceptors=4", "--convergence")
    assert result.exit_code == 0, result.stderr
    for word in (
        "Radar coverage 2",
        "exports by air",
        "Small plane",
        "Puerto Sol",
        "Pilots",
        "starts settled",
    ):
        assert word in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    given = ("respond", "example", "-m", "radar=2; interceptors=4", "--convergence", "--json")
    record = finite(call(*given).stdout)
    assert record["policy"] == {"radar": 2, "interceptors": 4}
    assert "eradicated at home" not in record["figures"]
    assert len(record["convergence"]) >= 2
    assert {row["activity"] for row in record["livelihoods"]} == {"leaf", "licit-income", "carrying"}
    assert {row["supply"] for row in record["supplies"]} == {"chemicals-port", "chemicals-abroad"}
    assert record["goods"] == []


@pytest.mark.parametrize("width", [100, 80])
def test_respond_with_draws(drawn, width):
    given = ("respond", "example", "-m", "radar=2; interceptors=4")
    result = call(*given, width=width)
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= width
    text = " ".join(result.stdout.split())
    for word in ("90% interval", "over 5%", "Probability that exports fall by more than 5%", "20 draws"):
        assert word in text
    assert "single best fit" not in text
    assert "…" not in text


def test_respond_with_draws_as_json(drawn):
    record = finite(call("respond", "example", "-m", "radar=2; interceptors=4", "--json").stdout)
    out = record["figures"]["exports"]
    assert out["change_5"] <= out["change_25"] <= out["change"] <= out["change_75"] <= out["change_95"]
    assert 0 <= out["p_falls_5pct"] <= out["p_falls"] <= 1
    assert (record["draws"], record["left_out"]) == (20, 0)
    moved = record["displacement"]["route"]
    assert moved["displaced_5"] <= moved["displaced"] <= moved["displaced_95"]
    assert {"after_25", "ratio_95", "share_change_5"} <= set(moved["rows"][0])


def test_a_single_draw_is_shown_as_before_with_a_note(lab):
    result = call("respond", "example", "-m", "radar=2")
    assert "A single best fit: no uncertainty is shown." in result.stdout
    for word in ("90%", "interval", "Probability", "over 5%"):
        assert word not in result.stdout
    figures = finite(call("respond", "example", "-m", "radar=2", "--json").stdout)["figures"]
    assert set(figures["exports"]) == {"unit", "before", "after", "change", "ratio"}
    assert "no uncertainty is shown" in call("validate", "example").stdout


@pytest.mark.parametrize("width", [100, 80])
def test_respond_after_a_time_names_it(lab, width):
    given = ("respond", "example", "-m", "radar=2; interceptors=4")
    settled = call(*given, width=width).stdout
    soon = call(*given, "--after", "3 months", width=width).stdout
    assert max(map(len, soon.splitlines())) <= width
    settled, soon = (" ".join(text.split()) for text in (settled, soon))
    assert ", in the long run" in settled[:160]
    assert ", after 3 months" in soon[:160]
    assert "in the long run" not in soon
    assert "or from assumed ranges" in soon
    assert "or from assumed ranges" not in settled
    then, now = (finite(call(*given, "--json", *more).stdout) for more in ((), ("--after", "0.25  Years")))
    assert (then["after"], now["after"]) == ("long run", "3 months")
    by_air = [record["figures"]["exports by air"] for record in (then, now)]
    assert by_air[0]["before"] == by_air[1]["before"]
    assert now["largest_error"] < 1e-9
    assert now["figures"]["hectares at home"]["change"] != then["figures"]["hectares at home"]["change"]


@pytest.mark.parametrize("width", [100, 80])
def test_path_tells_what_moves_first_and_what_is_left(lab, width, tmp_path):
    table = tmp_path / "path.csv"
    given = ("path", "example", "-m", "radar=1", "-m", "interceptors=4", "--out", str(table))
    result = call(*given, width=width)
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.replace(str(table), "").splitlines())) <= width
    text = " ".join(result.stdout.split())
    assert "alert): 5 years from the baseline on" in text
    assert re.search(r"Half of the largest change is there after 1 month for .*the price of leaf", text)
    assert re.search(r"last to follow, after \d+ (months|years?): \w+", text)
    assert re.search(r"before +3 months +1 year +5 years +change +half +left", result.stdout)
    assert "…" not in text
    assert "or from assumed ranges" in text
    lines = table.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "figure,years,value,ratio,unit"
    assert lines[1].startswith("exports,0.0,")


def test_path_of_a_policy_that_ends(lab):
    given = ("path", "example", "-m", "strip-demolition=60", "--until", "6", "--years", "2")
    text = call(*given, width=80).stdout
    assert re.search(r"before +6 months +1 year +2 years", text)
    text = " ".join(text.split())
    assert "per year), for 6 months: 2 years from the baseline on" in text
    assert re.search(r"less than half is left after 2 years for .*\(−?\d+%\)", text)
    record = finite(call(*given, "--json").stdout)
    assert (record["until_months"], record["years"], record["events"]) == (6, 2, False)
    assert record["policy"] == {"strip-demolition": 60}
    summary = {row["figure"]: row for row in record["summary"]}
    assert summary["seized at home"]["kept"] < 0.2
    assert summary["seized at home"]["extreme_years"] <= 0.5
    whole = finite(call(*given[:4], "--json").stdout)
    soon = [
        [row["value"] for row in r["table"] if row["figure"] == "exports" and row["years"] < 0.3]
        for r in (record, whole)
    ]
    assert len(soon[0]) == 4
    assert soon[0] == pytest.approx(soon[1])


def test_path_of_the_events_starts_in_the_baseline(lab):
    result = call("path", "example", "--events", "--years", "1")
    assert result.exit_code == 0, result.stderr
    assert "Mirania, an invented country, events: 1 year from the baseline on" in result.stdout
    assert "None of these figures moves by more than 1%." in result.stdout
    early = call("path", "example", "--events", "--from", "1950")
    assert early.exit_code == 2
    assert "A path starts from the baseline" in early.stderr
    assert call("path", "example", "-m", "radar=1", "--out", "path.pdf").exit_code == 1


@pytest.mark.slow
def test_path_with_draws(drawn):
    result = call("path", "example", "-m", "radar=2; interceptors=4", "--years", "1", width=80)
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert re.search(r"before +3 months +1 year +90% interval +half +left", result.stdout)
    text = " ".join(result.stdout.split())
    assert "Medians of 20 draws" in text
    assert re.search(r"exports by air, .*−[\d.]+ to −[\d.]+%", text)
    assert "single best fit" not in text


def moved(**rows):
    """A summary of figures, each with the time to half of its change and the part that is left."""
    import pandas as pd

    names = [name.replace("_", " ") for name in rows]
    return pd.DataFrame(list(rows.values()), columns=["half_years", "kept"], index=names)


def test_sentences_of_a_path_name_what_comes_back():
    order, back = tell_path(
        moved(
            exports=(2.0, 1.0),
            state_spending=(1 / 12, 0.25),
            delivered=(1 / 12, -0.4),
            seized_at_home=(1.0, -0.02),
        ),
        5.0,
    )
    assert order == (
        "Half of the largest change is there after 1 month for what the state spends and sales of all "
        "producers; last to follow, after 2 years: exports."
    )
    assert back == (
        "Of the largest change, less than half is left after 5 years for what the state spends (25%) and "
        "seizures at home (0%); it has turned into the opposite for sales of all producers."
    )
    alone, turned = tell_path(moved(exports=(0.25, -1.0)), 1.0)
    assert alone == "Half of the largest change is there after 3 months for exports."
    assert turned == "The change has turned into the opposite after 1 year for exports."
    assert tell_path(moved(exports=(0.25, 0.9)), 1.0)[1] == (
        "After 1 year more than half of each of these changes is left."
    )


def test_lost_draws_are_told(drawn, many, monkeypatch):
    import dataclasses

    from contraflow.results.draws import mark_unsolved

    found = np.arange(20) > 1
    respond = type(many).respond

    def lost(self, policy, title=None, **horizon):
        answer = respond(self, policy, title, **horizon)
        return dataclasses.replace(answer, data=mark_unsolved(answer.data, found), alternatives=())

    monkeypatch.setattr(type(many), "respond", lost)
    given = ("respond", "example", "-m", "radar=2; interceptors=4")
    assert "In 2 of 20 draws no equilibrium was found; they are left out." in call(*given).stdout
    record = finite(call(*given, "--json").stdout)
    assert (record["draws"], record["left_out"]) == (18, 2)
    assert record["largest_error"] < 1e-9


@pytest.mark.parametrize("width", [100, 80])
def test_run_with_draws(drawn, width):
    result = call("run", "example", "--no-report", width=width)
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= width
    text = " ".join(result.stdout.split())
    assert "medians of 20 draws" in text
    assert "exports fall by over 5%: >95%" in text
    assert "margins of error" not in text
    assert "…" not in text


def test_validate_with_draws(drawn):
    result = call("validate", "example")
    assert result.exit_code == 0
    assert "in what share of the draws" in " ".join(result.stdout.split())
    record = finite(call("validate", "example", "--json").stdout)
    assert all(0.5 <= p["probability"] <= 1 and p["ratio_5"] <= p["ratio_95"] for p in record["patterns"])


def test_validate(lab):
    result = call("validate", "example")
    assert result.exit_code == 0
    assert "3 of 3 patterns hold" in result.stdout
    record = finite(call("validate", "example", "--json").stdout)
    assert [p["holds"] for p in record["patterns"]] == [True] * 3
    assert "Predictions" not in result.stdout
    assert record["predictions"] == []


def test_validate_fails_with_a_pattern(lab, monkeypatch):
    import pandas as pd

    table = lab.validate().table()
    table.loc[1, ["holds", "ratio"]] = [False, 1.5]
    late = table.iloc[:1].assign(pattern="later", holds=None, ratio=float("nan"))
    verdicts = type(
        "Verdicts", (), {"table": lambda self: pd.concat([table.astype({"holds": object}), late])}
    )
    monkeypatch.setattr(type(lab), "validate", lambda self, **_: verdicts())
    result = call("validate", "example")
    assert result.exit_code == 1
    assert "Not: blind-interceptors." in result.stdout
    assert result.stdout.index("Interceptors without") < result.stdout.index("When strips")
    assert "not run" in result.stdout
    record = finite(call("validate", "example", "--json").stdout)
    assert (record["failing"], record["not_run"]) == (["blind-interceptors"], ["later"])
    assert record["patterns"][3]["ratio"] is None


def test_claims(lab):
    result = call("claims", "example")
    assert result.exit_code == 0
    assert "$1,500 to $2,000 a kg" in " ".join(result.stdout.split())
    claims = finite(call("claims", "example", "--json").stdout)["claims"]
    sizes = [-1 if c["residual"] is None else abs(c["residual"]) for c in claims]
    assert sizes == sorted(sizes, reverse=True)
    assert claims[-1]["model"] is None


def test_measures():
    result = call("measures", "example", width=80)
    assert result.exit_code == 0
    assert "needs radar" in result.stdout
    record = finite(call("measures", "example", "--json").stdout)
    assert record["measures"][2]["baseline"] == 20


def test_sources():
    result = call("sources", "example")
    assert result.exit_code == 0
    assert "2 fitted, 2 checked, 1" in result.stdout
    assert "C fairly reliable" in result.stdout
    first = finite(call("sources", "example", "--json").stdout)["sources"][0]
    assert first["claims"]["fitted"] == 2
    assert first["licence"] == "CC0-1.0"
    assert "share-by-air" not in first["parameters"]


def test_coverage(tmp_path):
    result = call("coverage", "example")
    assert result.exit_code == 0
    assert "1 effect, 1 facility, 1 mode" in result.stdout
    assert "2 of 3 items are represented, 1 outside (33%)" in result.stdout
    only = finite(call("coverage", "example", "--kind", "actor", "--outside", "--json").stdout)
    assert [item["id"] for item in only["items"]] == ["W3"]
    assert [count["items"] for count in only["counts"]] == [1, 2]
    every = finite(call("coverage", "example", "--json").stdout)
    assert every["items"][1]["rows"][0] == {"table": "actors", "id": "front", "name": "The Front"}
    (new(tmp_path / "case") / "coverage.csv").unlink()
    assert "has no coverage.csv" in call("coverage", str(tmp_path / "case")).stdout


def test_coverage_of_an_unknown_kind_is_a_wrong_command_line():
    result = call("coverage", "example", "--kind", "mechanisms")
    assert result.exit_code == 2
    assert "'mechanisms' is no kind of item here" in result.stderr


def test_export_of_the_network(tmp_path, monkeypatch):
    import networkx

    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: pytest.fail("calibrated"))
    for kind in ("graphml", "geojson"):
        assert (
            call("export", "example", "--to", kind, "--out", str(tmp_path / "new" / f"x.{kind}")).exit_code
            == 0
        )
    assert networkx.read_graphml(tmp_path / "new" / "x.graphml").number_of_edges() == 18
    shown = json.loads((tmp_path / "new" / "x.geojson").read_text(encoding="utf-8"))
    assert shown["type"] == "FeatureCollection"
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["x.geojson", "x.graphml"]


def test_export_of_results(lab, tmp_path):
    import pandas as pd
    import xarray as xr

    path = tmp_path / "x.nc"
    assert call("export", "example", "--to", "netcdf", "--out", str(path), "-m", "radar=2").exit_code == 0
    with xr.open_dataset(path, engine="scipy") as data:
        assert json.loads(data.attrs["policy"]) == {"radar": 2}
        assert list(data["actor"].values) == list(lab.baseline().data["actor"].values)
        assert float(data["delivered"][0]) > 0
    assert call("export", "example", "--to", "csv", "--out", str(tmp_path / "t")).exit_code == 0
    assert (
        call("export", "example", "--to", "csv", "--out", str(tmp_path / "t"), "-m", "radar=2").exit_code == 0
    )
    incomes = pd.read_csv(tmp_path / "t" / "incomes.csv", index_col="actor")
    assert {"before", "after", "change"} <= set(incomes)
    arcs = pd.read_csv(tmp_path / "t" / "arcs.csv", index_col="arc")
    assert arcs.loc[:, "flow"].notna().all()
    about = json.loads((tmp_path / "t" / "about.json").read_text(encoding="utf-8"))
    assert about["policy"] == {"radar": 2}


def test_damaged_compiled_code_is_deleted_and_said_once(tmp_path, capsys):
    import warnings
    import zlib

    from contraflow.cli.terminal import ZSTANDARD, delete_damaged_code, spoken_errors

    whole = zlib.compress(b"code")
    for name, content in (("a", whole), ("b", whole[:5]), ("c", b""), ("d", ZSTANDARD + b"code")):
        (tmp_path / f"{name}-cache").write_bytes(content)
    delete_damaged_code(str(tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-cache", "d-cache"]
    with warnings.catch_warnings(), spoken_errors():
        warnings.simplefilter("always")
        for _ in range(2):
            warnings.warn("Error writing persistent compilation cache entry for 'f': full", stacklevel=1)
    assert capsys.readouterr().err.count("cannot be kept on disk") == 1


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-cmd", "@SUM(A1)", "\t=1"])
def test_no_exported_text_is_a_formula(text):
    import pandas as pd

    from contraflow.cli.export import as_text

    frame = pd.DataFrame({"note": [text, "as it is"], "change": [-1.5, 2.0]}, index=[text, "b"])
    found = as_text(frame.rename_axis("name"))
    assert list(found["note"]) == [f"'{text}", "as it is"]
    assert list(found.index) == [f"'{text}", "b"]
    assert list(found["change"]) == [-1.5, 2.0]
    assert found.index.name == "name"


def test_report_on_a_policy(lab, tmp_path):
    path = tmp_path / "radar.html"
    assert call("report", "example", "--out", str(path), "-m", "radar=2").exit_code == 0
    assert "Radar coverage 2" in path.read_text(encoding="utf-8")


def test_new_then_check(tmp_path):
    folder = tmp_path / "mine"
    result = call("new", str(folder))
    assert result.exit_code == 0
    assert f"contraflow check {folder}" in result.stdout
    result = call("check", str(folder))
    assert result.exit_code == 0
    assert "is well formed" in result.stdout
    assert "18 arcs" in " ".join(result.stdout.split())
    assert call("new", str(folder)).exit_code == 1


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_check_lists_all_problems_at_once(tmp_path):
    folder = new(tmp_path / "case")
    change(folder / "links.csv", "puerto-sol", "puerto-soll")
    change(folder / "places.csv", "zone", "zonne")
    result = call("check", str(folder))
    assert result.exit_code == 1
    places = [line.split(": ")[0] for line in result.stdout.splitlines()]
    assert any(p.startswith("links.csv:") and p.endswith(":to") for p in places)
    assert any(p.startswith("places.csv:") and p.endswith(":kind") for p in places)
    assert "Did you mean 'puerto-sol'?" in result.stdout
    record = finite(call("check", str(folder), "--json").stdout)
    assert not record["well_formed"]
    assert len(record["problems"]) == len(places) - 1


def test_check_looks_into_network_measures_claims_and_patterns(tmp_path):
    folder = new(tmp_path / "case")
    with (folder / "effects.csv").open("a", encoding="utf-8") as file:
        file.write("idle,road-checkpoints,add hazard,nortia,,plane,,,,size-searches,,,,,\n")
    change(folder / "claims.csv", "share,alta-selva,,porter,", "share,nortia,,porter,")
    change(folder / "patterns.csv", "flow,alta-selva,,road,", "flow,nortia,,road,")
    record = finite(call("check", str(folder), "--json").stdout)
    found = [(p["file"], p["row"], p["column"], p["value"]) for p in record["problems"]]
    assert found == [
        ("effects.csv", 5, "id", "idle"),
        ("claims.csv", 3, "id", "share-by-air"),
        ("patterns.csv", 2, "id", "strips-to-road"),
    ]
    assert all(p["message"] and p["cure"] for p in record["problems"])


def test_check_on_a_terminal_draws_a_table(tmp_path, monkeypatch):
    folder = new(tmp_path / "case")
    change(folder / "links.csv", "puerto-sol", "puerto-soll")
    result = CliRunner().invoke(app, ["check", str(folder)], env={"COLUMNS": "90", "FORCE_COLOR": "1"})
    assert result.exit_code == 1
    assert "how to mend it" in result.stdout
    assert "…" not in result.stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CaseError([Problem("x.csv", "m", "c")]), 1),
        (OutputError("no [bold]room[/bold]"), 1),
        (PolicyError("level"), 2),
        (ConvergenceError("no equilibrium"), 3),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("0"), 1),
        (PermissionError(13, "Permission denied", "/x"), 1),
    ],
)
def test_errors_end_in_a_message_and_a_code(error, code, monkeypatch):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(OpenCase, "calibrate", fail)
    result = call("claims", "example", "--json")
    assert result.exit_code == code
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert (str(error) in result.stderr) or isinstance(error, PermissionError)
    assert (result.stderr == "") == isinstance(error, KeyboardInterrupt)


def test_the_developer_may_ask_for_the_traceback(monkeypatch):
    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: 1 / 0)
    monkeypatch.setenv(terminal.TRACEBACK, "1")
    assert isinstance(call("claims", "example").exception, ZeroDivisionError)


def test_a_terminal_sees_progress(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with terminal.progress() as say:
        say("Doing [this]")
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "Doing [this]" in seen.err


def test_main_reads_the_arguments(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["contraflow", "--version"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0
    assert contraflow.__version__ in capsys.readouterr().out


def test_an_old_terminal_keeps_the_signs():
    code = "from contraflow.cli.terminal import safe_streams; safe_streams(); print('57 → 3, −2.5% ×3 ☃')"
    here = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=here)
    assert done.stdout.split() == b"57 > 3, -2.5% x3 ?".split()


def test_files_are_replaced_whole(tmp_path):
    target = tmp_path / "x.txt"
    target.write_text("old")

    def half(part: Path) -> None:
        part.write_text("ne")
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        replace_file(target, half)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.txt"]


def test_a_change_that_does_not_show_is_one_figure():
    assert becomes({"before": 57.2, "after": 57.3}) == "57"


@pytest.mark.slow
def test_simulate_prints_figures_and_writes_what_is_asked(lab, tmp_path):
    page, table = tmp_path / "course.html", tmp_path / "course.csv"
    result = call(
        "simulate", "example", "-m", "road-checkpoints=10", "--years", "2", "--clans", "60",
        "--replicates", "4", "--arrest", "largest@2", "--out", str(page), "--out", str(table),
    )  # fmt: skip
    assert result.exit_code == 0, result.stdout + result.stderr
    assert "2 years, 60 clans, 4 runs" in (result.stdout + result.stderr)
    assert "exports, t/yr" in (result.stdout + result.stderr)
    assert "same random draws without" in (result.stdout + result.stderr)
    narrow = call(
        "simulate", "example", "--years", "1", "--clans", "60", "--replicates", "4", width=80
    ).stdout
    lines = [line for line in narrow.splitlines() if "–" in line]
    assert len(lines) > 10
    assert all(re.search(r"\d–[\d,.]+ +(\d+|–) +(\d+|–) *$", line) for line in lines)
    assert "<svg" in page.read_text(encoding="utf-8")
    assert table.read_text(encoding="utf-8").startswith("figure,year,value")


@pytest.mark.slow
def test_a_budget_is_the_same_number_in_the_terminal_and_in_python(lab, tmp_path):
    import xarray as xr

    path, asked = tmp_path / "course.nc", {"road-checkpoints": 10, "interceptors": 4, "radar": 1}
    measures = [word for m, level in asked.items() for word in ("-m", f"{m}={level}")]
    sizes = ("--years", "1", "--clans", "60", "--replicates", "2", "--budget", "0.5")
    result = call("simulate", "example", *measures, *sizes, "--out", str(path))
    assert result.exit_code == 0, result.stdout + result.stderr
    run = lab.simulate(asked, years=1, clans=60, replicates=2, budget=0.5)
    assert 12 * run.data["spending"].values[:, 12:] == pytest.approx(0.5e6)
    with xr.open_dataset(path, engine="h5netcdf") as written:
        assert written["spending"].values.tolist() == run.data["spending"].values.tolist()
        assert written["behaviour"].values.tolist() == run.data["behaviour"].values.tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--arrest", "boss@1"], "is no arrest"),
        (["--arrest", "largest@soon"], "is no arrest"),
        (["--search-strategy", "hunt"], "There are: even"),
        (["--out", "course.pdf"], "files can end in"),
        (["--from", "1995"], "only --events have"),
        (["-m", "radar=1", "--events"], "not both"),
        (["--clans", "2"], "too few"),
    ],
)
def test_simulate_says_what_is_wrong(lab, options, message):
    result = call("simulate", "example", "--years", "1", *options)
    assert result.exit_code in (1, 2)
    assert message in " ".join((result.stdout + result.stderr).split())


@pytest.mark.slow
def test_the_report_follows_questions_in_some_draws_and_leaves_out_what_does_not_clear(many, monkeypatch):
    from contraflow.cli import run
    from contraflow.lab import policy_paths

    monkeypatch.setattr(policy_paths, "FOLLOWED", 5)
    follow = type(many).paths

    def paths(self, *given, **options):
        _, clear = follow(self, *given, **options)
        return [ConvergenceError("no prices"), clear]

    monkeypatch.setattr(type(many), "paths", paths)
    asked = [
        Question(id="unclear", title="Where does it settle?", policy={"radar": 1}),
        Question(id="clear", title="And here?", policy={"road-checkpoints": 5}),
    ]
    (found,) = run._followed(many, [(q, None) for q in asked], lambda *_: None)
    assert found.question.id == "clear"
    assert found.table.attrs["draws"] == 5
    few = many.with_few_draws(5)
    assert few.ledger.tolist() == many.ledger[[0, 4, 8, 12, 16]].tolist()
    assert many.with_few_draws(20) is many


@pytest.mark.parametrize("stopped", [False, True])
def test_questions_are_followed_in_time_where_they_ask_for_it(stopped):
    """Interrupted runs end the report instead of standing in it by half."""
    from types import SimpleNamespace

    from contraflow.cli.run import _simulated

    def simulate(policy, years, **_):
        data = f"{len(policy)} measures, {years} years"
        return SimpleNamespace(data=data, changes=(), interrupted=stopped and bool(policy))

    asked = [
        Question(id="settled", title="Where does it settle?", policy={"radar": 1}),
        Question(id="followed", title="And how?", policy={"radar": 1}, years=3),
    ]
    follow = partial(_simulated, SimpleNamespace(simulate=simulate), [(q, None) for q in asked], print)
    if stopped:
        with pytest.raises(KeyboardInterrupt):
            follow()
    else:
        (simulated,) = follow()
        assert (simulated.question.id, simulated.data, simulated.without) == (
            "followed",
            "1 measures, 3 years",
            "0 measures, 3 years",
        )


def test_a_second_run_prints_and_writes_what_the_first_did(example, tmp_path, monkeypatch):
    """Nothing is computed again, as long as case, code and draws are the same."""
    from contraflow.cli import run

    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: example)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    first = call("run", "example", "--out", str(tmp_path / "a"))
    assert first.exit_code == 0
    monkeypatch.setattr(run, "_record", lambda *_: pytest.fail("answered again"))
    monkeypatch.setattr(run, "_page", lambda *_: pytest.fail("written again"))
    second = call("run", "example", "--out", str(tmp_path / "b"))
    assert second.exit_code == 0
    pages = [(tmp_path / name / "report.html").read_bytes() for name in "ab"]
    assert pages[0] == pages[1]
    assert first.stdout.replace("/a/", "/b/") == second.stdout
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1100000000")
    with pytest.raises(pytest.fail.Exception, match="answered again"):
        run.run("example", tmp_path, how=CalibrationOptions(), report=True, as_json=True, open_it=False)


def test_an_interrupted_simulation_says_so_by_its_code_and_leaves_the_old_file(lab, tmp_path, monkeypatch):
    from contraflow.lab import Lab

    simulate = Lab.simulate

    def stopped(self, timeline, **options):
        made = simulate(self, timeline, **options | {"progress": None, "clans": 60, "replicates": 4})
        made.data.attrs["interrupted"] = 1
        return made

    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: lab)
    monkeypatch.setattr(Lab, "simulate", stopped)
    (tmp_path / "run.csv").write_text("whole")
    result = call("simulate", "example", "-m", "radar=1", "--years", "1", "--out", str(tmp_path / "run.csv"))
    assert result.exit_code == 130
    assert (tmp_path / "run.csv").read_text() == "whole"
    assert (tmp_path / "run.interrupted.csv").read_text().startswith("figure,year")


def test_the_time_that_is_left_follows_from_the_time_that_has_gone(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    left = terminal.Remaining()
    assert left.after("Simulating", 0.0) == ""
    now[0] = 10.0
    assert left.after("Simulating", 0.25) == ", 30 s left"
    assert left.after("Fitting", None) == ""
    now[0] = 600.0
    assert left.after("Simulating", 0.5) == ", 10 min left"
    assert left.after("Simulating", 1.0) == ""


def test_the_bare_program_shows_its_help_and_help_is_a_command():
    bare, asked, option = call(), call("help"), call("--help")
    assert (bare.exit_code, asked.exit_code) == (0, 0)
    assert bare.stdout == asked.stdout == option.stdout
    for group in ("Answers", "Evidence", "Cases", "Files"):
        assert f"\n{group}\n" in bare.stdout
    assert call("help", "respond").stdout == call("respond", "--help").stdout
    assert call("help", "fly").exit_code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_is_in_words_and_has_examples_that_hold(name):
    text = call(name, "--help", width=80).stdout
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"<bool>|<int|\{CASE\}|range", text.replace("ranges", ""))
    examples = [line.split()[1:] for line in text.partition("\nExamples\n")[2].splitlines()]
    assert examples
    for words in examples:
        assert words[0] == name
        known = {o for p in get_command(app).commands[name].params for o in (*p.opts, *p.secondary_opts)}
        assert {w for w in words if re.match("--?[a-z]", w)} <= known


CHECKED = [
    (["run", "peruu"], "Did you mean 'peru'?"),
    (["check", "nowhere"], "contraflow cases"),
    (["respond", "peru", "-m", "radr=1"], "Did you mean 'radar'?"),
    (["respond", "peru", "-q", "close-air-brige"], "Did you mean 'close-air-bridge'?"),
    (["path", "peru", "-q", "closed"], "contraflow questions peru"),
    (["respond", "peru"], "Give a policy"),
    (["respond", "example", "-m", "radar=9"], "between 0 and 4"),
    (["respond", "example", "-m", "radar=1", "--after", "soon"], "Write 'long run'"),
    (["explain", "peru", "--figure", "export"], "Did you mean 'exports'?"),
    (["claims", "peru", "--source", "unodc"], "contraflow sources peru"),
    (["claims", "peru", "--kind", "pricee"], "Did you mean 'price'?"),
    (["coverage", "andes-1990s", "--kind", "actor"], "has no coverage.csv"),
    (["simulate", "peru", "--search-strategy", "hunt"], "There are: even"),
    (["behaviour", "--without", "air-bridge"], "Did you mean 'air-bridge-1995'?"),
    (["--language", "fr", "cases"], "there are: en (English), es (Español)"),
]


@pytest.mark.parametrize(("words", "text"), CHECKED, ids=lambda value: "-".join(value[:2]))
def test_a_wrong_name_is_2_and_says_the_nearest(words, text):
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert text in " ".join(result.stderr.split())


def test_wrong_names_are_found_before_what_computes_is_loaded():
    lines = [words for words, _text in CHECKED if "--search-strategy" not in words]
    code = f"""
import contextlib, io, sys
from contraflow.cli import app
for words in {lines!r}:
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            app(words)
        except SystemExit as ended:
            assert ended.code == 2, words
    heavy = set(sys.modules) & {{"jax", "pandas", "xarray", "plotly"}}
    assert not heavy, (words, heavy)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)


def test_figures_are_known_without_loading_them():
    from contraflow.results.figures import outcome_figures

    assert tuple(f.name for f in outcome_figures()) == given_names.FIGURES


def whole(text: str, ids) -> None:
    """Every id that is mentioned at all stands on one line, unbroken."""
    words = set(re.split(r"[\s·]+", text))
    missing = [name for name in ids if name not in words]
    assert not missing


@pytest.mark.parametrize("case", ["example", "peru"])
@pytest.mark.parametrize("name", ["coverage", "sources", "measures", "questions"])
def test_tables_of_a_case_fit_80_columns_with_their_ids_whole(name, case):
    result = call(name, case, width=80)
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 80
    tables = load(case)
    ids = [q.id for q in tables.info.questions] if name == "questions" else getattr(tables, name)
    whole(result.stdout, ids)
    assert " more: --top 0" not in result.stdout


@pytest.mark.parametrize(
    "name",
    ["claims", "evidence", "validate", "respond", "path", "explain"],
)
def test_tables_of_answers_fit_80_columns_with_their_ids_whole(name, sampled):
    more = {
        "respond": ("-q", "shut-the-sky"),
        "path": ("-q", "shut-the-sky", "--years", "1"),
        "explain": ("--refits", "0"),
    }
    result = call(name, "example", *more.get(name, ()), width=80)
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 80
    case = load("example")
    ids = {"claims": case.claims, "validate": case.patterns}.get(name, ())
    whole(result.stdout, ids)
    assert ("\n  contraflow " in result.stdout) == (name != "validate")


def test_rows_of_long_claims_fit_and_break_no_id():
    """Each claim of Peru in a row, without a model: text and ids are those that are printed."""
    from contraflow.cli.long_lists import two_line_rows

    claims = load("peru").claims.values()
    lines = [
        (
            c.statement,
            ("at least 1,500 to 2,000 USD/kg", "12,582", "−2.9"),
            (c.id, f"{c.source} {c.paragraph}"),
        )
        for c in claims
    ]
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=80, markup=False, highlight=False)
    two_line_rows(console, ("claim", "it says", "model", "off by"), lines)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    whole(text, [c.id for c in claims])


def test_lists_are_narrowed_and_written_as_csv(lab, tmp_path):
    import pandas as pd

    found = finite(call("claims", "example", "--search", "PLANE", "--json").stdout)["claims"]
    assert [c["claim"] for c in found] == ["plane-load"]
    found = finite(call("claims", "example", "--source", "invented-survey", "--json").stdout)["claims"]
    assert [c["claim"] for c in found] == ["coca-area"]
    found = finite(call("claims", "example", "--kind", "share", "--json").stdout)["claims"]
    assert [c["claim"] for c in found] == ["share-by-air"]
    two = call("claims", "example", "--top", "2").stdout
    assert "... 4 more: --top 0 for all" in two
    assert "plane-load" not in two
    path = tmp_path / "claims.csv"
    written = call("claims", "example", "--csv", str(path)).stdout
    assert path.as_uri() in written
    assert len(pd.read_csv(path)) == 6
    assert call("sources", "example", "--csv", str(tmp_path / "s.csv")).exit_code == 0
    assert pd.read_csv(tmp_path / "s.csv")["id"].iloc[0] == "invented-report"
    only = finite(call("sources", "example", "--kind", "survey", "--json").stdout)["sources"]
    assert [s["id"] for s in only] == ["invented-survey"]
    only = finite(call("measures", "example", "--search", "radar", "--json").stdout)["measures"]
    assert "strip-demolition" not in {m["measure"] for m in only}


def test_a_terminal_shows_the_first_rows():
    from rich.console import Console

    every = list(range(30))
    shown, more = long_lists.Filters().shown(every, Console(force_terminal=True))
    assert (len(shown), more) == (20, 10)
    assert long_lists.Filters(top=0).shown(every, Console(force_terminal=True)) == (every, 0)
    assert long_lists.Filters().shown(every, Console(force_terminal=False)) == (every, 0)


def test_a_question_by_name_is_its_policy(lab):
    by_name = finite(call("respond", "example", "-q", "shut-the-sky", "--json").stdout)
    by_hand = finite(call("respond", "example", "-m", "radar=2", "-m", "interceptors=4", "--json").stdout)
    assert by_name["question"] == "shut-the-sky"
    assert by_name["title"] == load("example").info.questions[0].title
    assert by_name["policy"] == by_hand["policy"]
    assert by_name["figures"] == by_hand["figures"]
    on_top = finite(call("respond", "example", "-q", "shut-the-sky", "-m", "radar=1", "--json").stdout)
    assert on_top["policy"] == {"radar": 1, "interceptors": 4}


def test_cases_and_questions_are_listed():
    found = finite(call("cases", "--json").stdout)["cases"]
    assert {c["case"] for c in found} == set(given_names.shipped()) >= {"peru", "example"}
    peru = next(c for c in found if c["case"] == "peru")
    assert peru["claims"] == len(load("peru").claims)
    assert "or a folder with a case.toml" in " ".join(call("cases").stdout.split())
    listed = finite(call("questions", "example", "--json").stdout)["questions"]
    assert [q["question"] for q in listed] == ["shut-the-sky", "destroy-strips"]


def test_completion_knows_cases_and_their_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    new(tmp_path / "mine")

    def complete(*words):
        env = {
            "_CONTRAFLOW_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(("contraflow", *words)),
            "COMP_CWORD": str(len(words)),
        }
        seen = "from contraflow.cli import app; app(prog_name='contraflow')"
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", seen],
            env=os.environ | env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        for heavy in ("jax", "numpy", "pandas", "contraflow.case"):
            assert not re.search(rf"\| +{heavy}$", done.stderr, re.MULTILINE)
        return done.stdout.split()

    assert complete("run", "pe") == ["peru"]
    assert complete("run", "mi") == ["mine"]
    assert complete("respond", "peru", "-q", "close") == ["close-air-bridge"]
    assert complete("respond", "peru", "-m", "rad") == ["radar="]
    assert "claims" in complete("cl")


@pytest.mark.parametrize("place", ["front", "back", "system", "own"])
def test_the_language_is_that_of_the_option_or_the_system(place):
    words = {"front": ["--language", "es", "cases"], "back": ["cases", "--language=es"]}.get(place, ["cases"])
    env = {
        "system": {"CONTRAFLOW_LANGUAGE": "", "LC_ALL": "es_PE.UTF-8"},
        "own": {"CONTRAFLOW_LANGUAGE": "es"},
    }
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("contraflow.cli.cases.cases", lambda **_: seen.append(language()))
        assert call(*words, **env.get(place, {})).exit_code == 0
    assert seen == ["es"]
    assert language() == "en"


def test_a_command_that_is_refused_leaves_no_language_behind():
    refused = call("measures", "--fly", "--language", "es")
    assert refused.exit_code == 2
    assert language() == "en"


def test_what_is_in_a_language_stays_in_it_and_json_does_not(lab, monkeypatch):
    from contraflow import _language

    class Shouting(_language._gettext.NullTranslations):
        def gettext(self, message):
            return message if "{" in message else message.upper()

    monkeypatch.setattr(_language, "_catalogue", lambda code: Shouting())
    assert "WHAT IT SAYS, BESIDE THE MODEL:" in call("sources", "example", "--language", "es").stdout
    assert "OPTIONS" in call("help", "respond", "--language", "es").stdout
    with in_language("es"):
        plain = call("measures", "example", "--json", "--language", "es").stdout
    assert plain == call("measures", "example", "--json").stdout


def test_a_log_tells_the_first_step_soon_and_each_new_one(monkeypatch, capsys):
    monkeypatch.setattr(terminal, "FIRST", 0.01)
    monkeypatch.setattr(terminal, "STEP", 0.0)
    log = terminal.Log(terminal.screen(error=True), foreseen=130.0)

    def told(text):
        import time

        seen = ""
        for _moment in range(100):
            seen += capsys.readouterr().err
            if text in seen:
                return seen
            time.sleep(0.05)
        return seen

    first = told("Reading the case")
    assert re.search(r"^0:00 Reading the case \(all of it: about 2 min\)$", first, re.MULTILINE)
    log.say("Fitting", 0.5)
    assert re.search(r"^0:0\d Fitting \(50%", told("Fitting"), re.MULTILINE)
    log.pause()
    log.close()
    assert capsys.readouterr().err == ""


def test_the_time_of_a_command_is_that_of_the_last_time_in_the_same_state(monkeypatch, tmp_path):
    now = [0.0]
    monkeypatch.setattr(times._cache, "folder", lambda name: tmp_path / name)
    monkeypatch.setattr(times.time, "monotonic", lambda: now[0])

    def spend(state, seconds):
        errand = times.Errand("run peru", state)
        now[0] += seconds
        errand.done()
        return errand.foreseen

    assert spend("a", 240.0) is None
    assert spend("a", 10.0) == 240.0
    assert spend("a", 12.0) == 10.0
    assert spend("b", 300.0) == 240.0
    assert spend("b", 1.0) == 300.0
    assert spend("b", 1.0) is None
    (tmp_path / "times" / times.FILE).write_text("damaged", encoding="utf-8")
    assert times.Errand("run peru", "b").foreseen is None


def test_a_long_table_goes_through_the_pager_of_a_terminal(monkeypatch, capfd):
    monkeypatch.setenv("PAGER", "sed s/^/paged:/")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LINES", "10")
    for no_pager, count in ((False, 30), (True, 30), (False, 3)):
        monkeypatch.setattr(terminal.settings, "no_pager", no_pager)
        with terminal.paged() as console:
            for number in range(count):
                console.print(f"row {number}")
        seen = capfd.readouterr().out
        assert ("paged:row 7" in seen) == (not no_pager and count > 10)
        assert f"row {count - 1}" in seen


@pytest.mark.parametrize(
    ("words", "english", "spanish"),
    [
        (["clams", "peru"], "no command clams. Did you mean cases, claims?", "comando clams"),
        (["claims"], "CASE is missing.", "Falta CASE."),
        (["claims", "example", "more"], "no place here: more", "no tienen lugar aquí: more"),
        (["claims", "example", "--sed", "1"], "no option --sed. Did you mean", "opción --sed"),
        (["claims", "example", "--seed", "one"], "--seed takes a whole number", "recibe un número entero"),
        (["claims", "example", "--seed", "-1"], "--seed takes no less than 0", "--seed no recibe menos de 0"),
        (["claims", "example", "--method", "x"], "--method takes one of", "--method recibe uno de"),
        (["claims", "example", "--json=1"], "--json takes no value", "--json no recibe ningún valor"),
        (["claims", "example", "--seed"], "--seed needs a value", "--seed necesita un valor"),
        (["explain", "example", "--change"], "--change needs a policy", "--change necesita una política"),
        (["claims", "example", "--set", "theta-goods=3"], "--set goes with --refit", "--set va con --refit"),
        (["claims", "example", "--refit"], "--refit needs a number", "--refit necesita un número"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)  # fmt: skip
def test_what_is_wrong_with_a_command_line_is_told_in_the_readers_language(words, english, spanish):
    for code, said in (("en", english), ("es", spanish)):
        result = call(*words, "--language", code)
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())


SPANISH = (
    "run example --no-report",
    "respond example -q shut-the-sky",
    "respond example -m radar=2 --convergence",
    "path example -m radar=4 --until 6 --years 1",
    "level example radar 'exports by air' --falls 10%",
    "given example -m interceptors=0..4 --saw 'exports by air=-40%,10%'",
    "tables example prices -m interceptors=4",
    "tables example seizures",
    "tables example pay",
    "tables example destinations --place alta-selva --by crossing",
    "tables example requirements -m interceptors=4",
    "claims example",
    "disagreements example",
    "sources example",
    "coverage peru",
    "validate example --replicates 0",
    "behaviour",
    "behaviour --episodes",
    "cases",
    "questions peru",
    "measures peru",
    "check peru",
    pytest.param("evidence example", marks=pytest.mark.slow),
    pytest.param("explain example -m radar=2 --refits 0", marks=pytest.mark.slow),
)


@pytest.fixture(scope="module")
def spanish_example():
    """The example in Spanish, with the draws that come with the package."""
    with in_language("es"):
        return opened(load("example").in_language("es")).calibrate()


@pytest.mark.parametrize("words", SPANISH)
def test_in_spanish_no_english_is_left(spanish_example, monkeypatch, words):
    """Besides ids, commands and titles of sources, which are the same in every language."""
    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: spanish_example)
    shown = call("--language", "es", *shlex.split(words))
    assert shown.exit_code == 0, shown.output
    text = re.sub(r"^  contraflow .*(?:\n    .*)*", "", shown.stdout, flags=re.MULTILINE)
    text = " ".join(re.sub(r"\S*[-=:]\S*", "", text).split())
    for case in ("example", "peru"):
        for source in load(case).sources.values():
            text = text.replace(source.title, "")
    english = re.findall(
        r".{0,30}\b(?:the|of|from|by|and|which|with|that|what|each|years?|months?|price|share|claims?)\b.{0,20}",
        text,
    )
    assert english == []


def test_every_command_on_a_lab_takes_all_options_on_how_it_is_made():
    commands = get_command(app).commands
    takes = {name: {o for p in c.params for o in p.opts} for name, c in commands.items()}
    on_labs = {name for name, options in takes.items() if "--seed" in options} - {"serve"}
    assert on_labs == terminal.settings.on_labs
    for name in on_labs:
        assert {"--seed", "--method", "--accept-poor-fit", "--set", "--refit", "--believe"} <= takes[name]


def test_what_was_written_has_an_address_and_a_next_step_can_be_pasted(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COLUMNS", "60")
    terminal.written(terminal.screen(), "Report", tmp_path / "a b.html")
    assert (tmp_path / "a b.html").as_uri() in capsys.readouterr().out
    terminal.next_step(
        terminal.screen(), "Next:", "explain", "peru", "--figure", "exports by air", "-m", "radar=1"
    )

    text = capsys.readouterr().out.partition("Next:\n")[2]
    assert max(map(len, text.splitlines())) <= 60
    assert shlex.split(text.replace("\\\n", "")) == [
        "contraflow", "explain", "peru", "--figure", "exports by air", "-m", "radar=1"
    ]  # fmt: skip


def test_a_change_that_is_nothing_beside_what_it_changes_is_0():
    from contraflow.cli.terminal_tables import change, interval

    row = {"before": 26.9, "after": 26.9, "change": 5.2e-11, "change_5": -0.85, "change_95": 5.2e-11}
    assert change(row) == "0"
    assert interval(row) == "−0.85 to 0"
