"""Bad input ends in one clear message and an exit code, and leaves what was written before whole."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contraflow.case import check, new
from contraflow.cli import app, main, terminal
from contraflow.cli.terminal import screen
from contraflow.cli.terminal_tables import say, table
from contraflow.errors import CaseError
from contraflow.lab import OpenCase
from contraflow.report import document

BINARY = bytes(range(256)) * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return new(tmp_path / "case")


@pytest.fixture
def lab(example, monkeypatch):
    monkeypatch.setattr(OpenCase, "calibrate", lambda self, **_: example)
    return example


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(w) for w in words], env={"COLUMNS": "100"})


def fails_clearly(result: Result, *words: str, code: int = 1) -> None:
    """One message on standard error that holds ``words``, nothing on standard output."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert re.match(r"(\d+:\d\d \w.*\n)*Error: ", result.stderr)
    assert result.stderr.count("Error: ") == 1
    assert "Traceback" not in result.stderr
    assert "inside Contraflow" not in result.stderr
    for word in words:
        assert word in result.stderr


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def cell(file: str, row: str, column: str, value: str) -> Callable[[Path], None]:
    """Write a value into a cell of the row with this id."""

    def act(folder: Path) -> None:
        import csv

        path = folder / file
        with path.open(encoding="utf-8", newline="") as source:
            rows = list(csv.reader(source))
        at = next(i for i, cells in enumerate(rows) if cells[0] == row)
        rows[at][rows[0].index(column)] = value
        with path.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows(rows)

    return act


def more(file: str, line: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as target:
            target.write(line + "\n")

    return act


def loop(folder: Path) -> None:
    """A way back from the port to the valley, for the same good."""
    lines = (folder / "links.csv").read_text(encoding="utf-8").splitlines()
    forth = next(line for line in lines if line.startswith("selva-port,alta-selva,puerto-sol"))
    more("links.csv", forth.replace("selva-port,alta-selva,puerto-sol", "port-selva,puerto-sol,alta-selva"))(
        folder
    )


BAD: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "missing table": (lambda f: (f / "markets.csv").unlink(), ("markets.csv", "missing")),
    "missing case.toml": (lambda f: (f / "case.toml").unlink(), ("case.toml", "missing")),
    "wrong unit": (cell("parameters.csv", "pay-plane", "unit", "USD/ha"), ("pay-plane", "does not convert")),
    "unknown unit": (cell("parameters.csv", "pay-plane", "unit", "USD/kgg"), ("unknown unit 'kgg'",)),
    "not a number": (cell("parameters.csv", "pay-plane", "value", "NaN"), ("value", "'NaN' is not a number")),
    "infinite": (cell("parameters.csv", "pay-plane", "high", "inf"), ("is not a number",)),
    "negative yield": (cell("parameters.csv", "yield-leaf", "low", "-1"), ("low", "'-1'", "not above 0")),
    "share above one": (cell("parameters.csv", "margin-clans", "high", "165"), ("high", "above 1")),
    "loop": (loop, ("loop", "links.csv", "selva-port")),
    "unknown place": (cell("links.csv", "selva-port", "to", "puerto-soll"), ("Did you mean 'puerto-sol'?",)),
    "unknown mode": (cell("links.csv", "selva-port", "mode", "roads"), ("modes.csv", "'road'")),
    "unknown parameter": (cell("forms.csv", "paste", "content", "purity"), ("forms.csv", "parameters.csv")),
    "binary": (lambda f: (f / "fees.csv").write_bytes(BINARY), ("fees.csv", "not a text file")),
    "huge": (lambda f: (f / "fees.csv").write_bytes(b"x" * (21 * 2**20)), ("fees.csv", "20 MB")),
    "a folder in place of a table": (
        lambda f: ((f / "fees.csv").unlink(), (f / "fees.csv").mkdir()),
        ("fees.csv",),
    ),
    "empty": (lambda f: (f / "links.csv").write_bytes(b""), ("links.csv", "header")),
    "broken toml": (lambda f: (f / "case.toml").write_text("id = ["), ("case.toml", "TOML")),
    "brackets in text": (cell("places.csv", "nortia", "kind", "[red]zone"), ("[red]zone",)),
    "idle effect": (
        more("effects.csv", "idle,road-checkpoints,add hazard,nortia,,plane,,,,size-searches,,,,,"),
        ("effects.csv", "idle", "no arc"),
    ),
    "claim on nothing": (
        lambda f: change(f / "claims.csv", "share,alta-selva,,porter,", "share,nortia,,porter,"),
        ("claims.csv", "share-by-air", "selects no arc"),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_case_says_what_is_wrong(folder, name, tmp_path):
    act, words = BAD[name]
    act(folder)
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("as before")
    fails_clearly(call("run", folder, "--out", out), *words)
    assert (out / "report.html").read_text() == "as before"
    assert os.listdir(out) == ["report.html"]
    checked = call("check", folder)
    assert checked.exit_code == 1
    assert checked.stderr == ""
    for word in words:
        assert word in " ".join(checked.stdout.split())


COMMANDING = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp\u2066"
"""What sets a terminal's title, clears it, colours it and turns the direction of writing."""


def commands(text: str) -> bool:
    return any(c in text for c in "\x1b\x07\x9b\u202e\u2066")


@pytest.mark.parametrize("file", ["places.csv", "case.toml", "more.csv"])
@pytest.mark.parametrize("verb", ["check", "claims"])
def test_no_text_commands_the_terminal(folder, verb, file):
    if file == "more.csv":
        (folder / f"{COMMANDING}.csv").write_text("id")
    else:
        text = COMMANDING.encode("unicode_escape").decode() if file == "case.toml" else COMMANDING
        text = text.replace("\\x", "\\u00")
        change(folder / file, *{"places.csv": ("Nortia", text), "case.toml": ("QM", text)}[file])
    result = call(verb, folder)
    assert result.exit_code == 1
    assert "u202e" in result.output.lower() or "U+001B" in result.output
    assert not commands(result.output)
    assert not commands(str(CaseError(check(folder))))


def test_tables_notes_and_errors_command_no_terminal(capsys):
    console = screen()
    console.print(table(f"{COMMANDING}|b", [(COMMANDING, COMMANDING)]))
    say(console, (COMMANDING, "bold"))
    terminal.note(COMMANDING)
    terminal.complain(COMMANDING)
    terminal.emit({COMMANDING: COMMANDING})
    shown = "".join(capsys.readouterr())
    assert shown.count("title") >= 7
    assert not commands(shown)


def test_the_words_of_a_command_command_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["contraflow", f"chek{COMMANDING}"])
    with pytest.raises(SystemExit):
        main()
    shown = "".join(capsys.readouterr())
    assert "chek" in shown
    assert not commands(shown)


def test_a_terminal_gets_colours_all_the_same(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    terminal.complain(COMMANDING)
    shown = capsys.readouterr().err
    assert "\x1b[1;31mError: \x1b[0m" in shown
    assert not commands(shown.replace("\x1b[1;31m", "").replace("\x1b[0m", ""))


@pytest.mark.parametrize("verb", ["run", "check", "measures", "validate", "claims"])
@pytest.mark.parametrize("name", ["no/such/folder", "exampel", "x\0y", ""])
def test_there_is_no_such_case(verb, name):
    fails_clearly(call(verb, name), "no such case", "example", code=2)


def test_a_very_bad_case_is_told_in_short(folder):
    path = folder / "parameters.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",log,", ",lag,"), encoding="utf-8")
    result = call("claims", folder)
    fails_clearly(result, "more; 'contraflow check' lists them all")
    assert len(result.stderr.splitlines()) < 20
    assert len(call("check", folder).stdout.splitlines()) > 20


@pytest.mark.parametrize(
    "words",
    [
        ("run", "example", "--out"),
        ("report", "example", "--out"),
        ("export", "example", "--to", "csv", "--out"),
        ("export", "example", "--to", "netcdf", "--out"),
        ("export", "example", "--to", "geojson", "--out"),
        ("new",),
    ],
)
def test_an_output_below_a_file_is_refused_before_computing(words, tmp_path, monkeypatch):
    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: pytest.fail("calibrated"))
    (tmp_path / "file").write_text("as before")
    fails_clearly(call(*words, tmp_path / "file" / "below" / "it"), "file", "cannot be written")
    assert (tmp_path / "file").read_text() == "as before"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_in_place_of_a_folder_and_the_reverse(tmp_path, monkeypatch):
    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: pytest.fail("calibrated"))
    (tmp_path / "file").write_text("as before")
    fails_clearly(call("run", "example", "--out", tmp_path / "file"), "is a file")
    fails_clearly(call("export", "example", "--to", "csv", "--out", tmp_path / "file"), "is a file")
    fails_clearly(call("report", "example", "--out", tmp_path), "is a folder")
    fails_clearly(call("export", "example", "--to", "netcdf", "--out", tmp_path), "is a folder")
    (tmp_path / "report.html").mkdir()
    fails_clearly(call("run", "example", "--out", tmp_path), "is a folder")
    assert (tmp_path / "file").read_text() == "as before"


def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(OpenCase, "calibrate", lambda *_, **__: pytest.fail("calibrated"))
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    fails_clearly(call("run", "example", "--out", tmp_path / "out"), "you may not write")


@pytest.mark.filterwarnings("default::contraflow.errors.CacheWarning")
@pytest.mark.parametrize("broken", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_report_that_fails_leaves_the_old_one_after_the_answers(lab, broken, tmp_path, monkeypatch):
    (tmp_path / "report.html").write_text("as before")

    def fail(*_: object, **__: object) -> None:
        raise broken

    if isinstance(broken, OSError):
        monkeypatch.setattr("contraflow._io.os.fsync", fail)
    else:
        monkeypatch.setattr(document, "render", fail)
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")  # a page that no earlier run has kept
    result = call("run", "example", "--out", tmp_path)
    assert result.exit_code == (1 if isinstance(broken, OSError) else 130)
    assert "What if, in the long run" in result.stdout
    assert "Report" not in result.stdout
    assert (tmp_path / "report.html").read_text() == "as before"
    assert os.listdir(tmp_path) == ["report.html"]


def test_an_export_that_fails_leaves_the_old_one(lab, tmp_path, monkeypatch):
    import xarray as xr

    def fail(self: object, part: Path, **_: object) -> None:
        part.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    target = tmp_path / "x.nc"
    target.write_bytes(b"as before")
    monkeypatch.setattr(xr.Dataset, "to_netcdf", fail)
    fails_clearly(call("export", "example", "--to", "netcdf", "--out", target), "No space left")
    assert target.read_bytes() == b"as before"
    assert os.listdir(tmp_path) == ["x.nc"]


def test_a_wrong_date_of_the_build(lab, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    fails_clearly(call("run", "example", "--out", tmp_path / "out"), "SOURCE_DATE_EPOCH")
