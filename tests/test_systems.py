"""What differs between Linux, macOS and Windows: encodings, ends of lines, folders, files in use."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contraflow import _cache, _io
from contraflow.cli.files import csv_text, expect_writable
from contraflow.errors import CacheWarning, OutputError

ROOT = Path(__file__).parents[1]


def opened_without_encoding(path: Path) -> list[str]:
    """Calls that read or write text in whatever encoding the system has."""
    found = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        owner = getattr(getattr(node.func, "value", None), "id", "")
        given = [a.value for a in node.args if isinstance(a, ast.Constant)]
        binary = any(isinstance(a, str) and "b" in a and len(a) < 4 for a in given)
        told = any(k.arg == "encoding" for k in node.keywords) or "utf-8" in given
        if name in ("open", "read_text", "write_text") and owner not in ("os", "webbrowser"):
            found += [] if binary or told else [f"{path.name}, line {node.lineno}"]
    return found


@pytest.mark.parametrize("folder", ["src", "tools", "benchmarks", "examples"])
def test_text_is_read_and_written_in_one_encoding(folder):
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    assert [line for path in paths for line in opened_without_encoding(path)] == []


COMMANDS = ["check example", "measures example", "new a-case", "sources example"]
QUIET = {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def said(words: str, folder: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-X", "warn_default_encoding", "-m", "contraflow", *words.split()]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, env=os.environ | QUIET | env)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_commands_speak_to_old_terminals(encoding, tmp_path):
    """In a locale and on a terminal that know few characters, and without reading a file as such."""
    for words in COMMANDS[:2]:
        result = said(words, tmp_path, PYTHONIOENCODING=encoding)
        assert result.returncode == 0, result.stderr.decode()
        assert result.stdout.decode(encoding).strip()
        lines = result.stderr.decode(encoding).splitlines()
        ours = [line for line in lines if "EncodingWarning" in line and f"{os.sep}contraflow{os.sep}" in line]
        assert ours == []


@pytest.mark.slow
def test_commands_write_utf_8_whatever_the_locale(tmp_path):
    more = ["export example --to csv --out tables --method best", "report example --out r.html --method best"]
    for words in [*COMMANDS, *more]:
        result = said(words, tmp_path)
        assert result.returncode == 0, (words, result.stderr.decode())
        assert "contraflow/cli" not in result.stderr.decode()
    written = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(written) > 10
    assert any("’" in p.read_text(encoding="utf-8") for p in written)


def test_tables_end_their_lines_alike_on_all_systems(monkeypatch):
    import pandas as pd

    monkeypatch.setattr(os, "linesep", "\r\n")
    assert csv_text(pd.DataFrame({"a": [1]})) == ",a\n0,1\n"


def test_exported_tables_have_plain_line_ends(monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from contraflow.cli import app

    monkeypatch.setattr(os, "linesep", "\r\n")
    words = ["export", "example", "--to", "csv", "--out", str(tmp_path), "--method", "best"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert not [p.name for p in tmp_path.glob("*.csv") if b"\r" in p.read_bytes()]


def test_a_drive_that_is_not_there_is_named(monkeypatch):
    """On Windows not even the topmost folder of a path need exist."""
    monkeypatch.setattr(Path, "exists", lambda self: False)
    monkeypatch.setattr(Path, "is_dir", lambda self: False)
    with pytest.raises(OutputError, match="there is no"):
        expect_writable(Path("out.csv"))


def test_a_file_that_is_open_elsewhere_is_named_with_its_cure(monkeypatch, tmp_path):
    """Windows replaces no file that another program holds."""
    target = tmp_path / "out.csv"
    target.write_text("as it was", encoding="utf-8")

    def held(self, other):
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(_io, "os", _Windows())
    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(OutputError, match="Close it where it is open"):
        _io.write_atomically(target, "new")
    assert target.read_text(encoding="utf-8") == "as it was"
    assert list(tmp_path.iterdir()) == [target]


class _Windows:
    """The module ``os`` with the name of the other system."""

    name = "nt"

    def __getattr__(self, attribute):
        return getattr(os, attribute)


@pytest.mark.parametrize(
    ("system", "variable"), [("linux", "XDG_CACHE_HOME"), ("darwin", "HOME"), ("win32", "LOCALAPPDATA")]
)
def test_the_variable_of_the_system_is_named(monkeypatch, system, variable):
    monkeypatch.setattr(_cache, "folder", lambda name: None)
    monkeypatch.setattr(sys, "platform", system)
    with pytest.warns(CacheWarning, match=f"Set {variable}"):
        _cache.keep("a-key", b"")
    _cache._IN_MEMORY.pop("a-key")


FORBIDDEN = '<>:"|?*'
DEVICES = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}


def test_names_of_files_are_legal_everywhere():
    paths = [p.relative_to(ROOT) for folder in ("src", "docs", "tests") for p in (ROOT / folder).rglob("*")]
    for path in paths:
        for part in path.parts:
            assert not set(part) & set(FORBIDDEN), path
            assert part.partition(".")[0].lower() not in DEVICES, path
            assert not part.endswith((" ", ".")), path
    lower = [str(path).lower() for path in paths]
    assert len(set(lower)) == len(lower), "two names that differ by their capitals alone"
