"""The fuzzer of cases: what it finds today is nothing, and it finds what it is there for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import contraflow.case as cases
from contraflow.errors import CaseError, Problem

TOOL = Path(__file__).parents[1] / "tools" / "fuzz_case.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("fuzz_case", TOOL)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_no_mutant_gets_an_answer_that_no_person_should_get(tool, capsys):
    assert tool.main(["--mutants", "40"]) == 0, capsys.readouterr().out
    assert "40 mutants from 0" in capsys.readouterr().out


def test_a_mutant_is_its_number(tool, tmp_path):
    def content(folder: Path) -> dict[str, bytes | str]:
        return {
            p.name: p.read_bytes() if p.is_file() and not p.is_symlink() else "" for p in folder.iterdir()
        }

    for number in range(20):
        done = tool.make(number, tmp_path / "a")
        assert tool.make(number, tmp_path / "b") == done
        assert content(tmp_path / "a") == content(tmp_path / "b")


PROBLEM = Problem("links.csv", "is wrong", "Mend it", 2, "to", "x")


def raising(error: BaseException):
    def act(folder: Path) -> object:
        raise error

    return act


def never_ending(folder: Path) -> object:
    while True:
        pass


def greedy(folder: Path) -> object:
    return bytearray(2**31)


@pytest.mark.parametrize(
    ("check", "load", "finding"),
    [
        (raising(KeyError("x")), None, "raises KeyError"),
        (None, raising(RecursionError()), "raises RecursionError"),
        (never_ending, None, "takes more than"),
        (greedy, None, "takes more than 1024 MB"),
        (lambda folder: [PROBLEM], None, "check finds 1 problems, load 0"),
        (None, raising(CaseError([PROBLEM])), "check finds 0 problems, load 1"),
        *(
            (lambda folder, one=one: [one], raising(CaseError([one])), finding)
            for one, finding in (
                (Problem("links.csv", "is wrong", " "), "an empty part"),
                (Problem("links.csv", "is wrong " * 400, "Mend it"), "no message for people"),
                (Problem("links.csv", "'canary-9c1f' is wrong", "Mend it"), "no message for people"),
            )
        ),
    ],
)
def test_it_finds_what_it_is_there_for(tool, tmp_path, monkeypatch, check, load, finding):
    if tool.resource is None and "takes" in finding:
        pytest.skip("no limits on this system")
    monkeypatch.setattr(tool, "CPU", 0.3)
    monkeypatch.setattr(cases, "check", check or (lambda folder: []))
    whole = cases.load("example")
    monkeypatch.setattr(cases, "load", load or (lambda folder: whole))
    verdict, found = tool.judge(tmp_path)
    assert verdict == "found"
    assert finding in found[0]
