"""Faults that come from outside: a process that dies, two at once, another user, a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from contraflow import _cache, _io

DYING = """
    import os, signal, sys
    from pathlib import Path

    left = int(sys.argv[1])

    def deadly(module, name):
        plain = getattr(module, name)
        def step(*given, **named):
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            made = plain(*given, **named)
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return made
        setattr(module, name, step)

    def write(path, content):
        with open(path, "wb") as file:
            file.write(content[:500])
            file.flush()
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            file.write(content[500:])

    for name in ("open", "close", "fsync", "replace", "rename", "unlink", "mkdir"):
        deadly(os, name)
    Path.write_bytes = write
"""

needs_sigkill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")


def python(code, *given, **options):
    """Run a program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, given)],
        capture_output=True, text=True, check=False, timeout=120, **options,
    )  # fmt: skip


def dies_everywhere(work, check, *given, env):
    """Kill a process at its first step that touches the disk, at its second, and so on; count the steps."""
    for step in range(1, 200):
        found = python(textwrap.dedent(DYING) + textwrap.dedent(work), step, *given, env=env)
        check()
        if found.returncode == 0:
            return step
        assert found.returncode == -signal.SIGKILL, found.stderr
    return pytest.fail("never ends")


@needs_sigkill
def test_a_process_that_is_killed_at_any_write_leaves_the_old_file_or_the_new(tmp_path):
    target = tmp_path / "report.html"
    old, new = b"old" * 1000, b"new" * 1000
    target.write_bytes(old)
    seen = set()

    def check():
        seen.add(target.read_bytes())

    work = """
    from contraflow._io import write_atomically
    write_atomically(sys.argv[2], b"new" * 1000)
    """
    assert dies_everywhere(work, check, target, env=os.environ) > 5
    assert seen == {old, new}


@needs_sigkill
def test_a_process_that_is_killed_while_it_keeps_a_result_harms_no_later_one(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(_cache, "_IN_MEMORY", {})
    content = bytes(range(256)) * 20
    seen = set()

    def check():
        seen.add(_cache.recall("a" * 64))

    work = """
    from contraflow import _cache
    _cache.keep("a" * 64, bytes(range(256)) * 20)
    """
    assert dies_everywhere(work, check, env=os.environ) > 5
    assert seen == {None, content}


def test_what_a_dead_process_left_is_cleared_away_once_it_is_old(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    _cache.keep("a" * 64, b"first")
    place = _cache.folder("results")
    for name, age in ((".part-old", 2 * _cache.ABANDONED), (".part-new", 0.0)):
        (place / name).write_bytes(b"half")
        now = (place / ("a" * 64)).stat().st_mtime
        os.utime(place / name, (now - age, now - age))
    _cache.keep("b" * 64, b"second")
    assert {p.name for p in place.iterdir()} == {"a" * 64, "b" * 64, ".part-new"}


def test_the_folder_of_results_does_not_grow_for_ever(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(_cache, "MOST", 2500)
    for number, name in enumerate("abcd"):
        _cache.keep(name * 64, name.encode() * 1000)
        path = _cache.folder("results") / (name * 64)
        os.utime(path, (1000 + number, 1000 + number))
    assert sorted(p.name[0] for p in _cache.folder("results").iterdir()) == ["c", "d"]
    assert _cache.recall("d" * 64) == b"d" * 1000


def test_two_processes_that_keep_and_recall_the_same_never_see_half_of_it(tmp_path):
    work = """
    import sys
    from contraflow import _cache
    mine = sys.argv[1].encode() * 200_000
    for _ in range(40):
        _cache.keep("a" * 64, mine)
        found = _cache.recall("a" * 64)
        assert found in (b"1" * 200_000, b"2" * 200_000), "torn"
    """
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    both = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(work), name],
            env=env, stderr=subprocess.PIPE, text=True,
        )
        for name in "12"
    ]  # fmt: skip
    for process in both:
        _, said = process.communicate(timeout=120)
        assert (process.returncode, said) == (0, "")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to be two users")
def test_a_user_who_finds_the_cache_of_another_goes_on_without(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    _cache.keep("a" * 64, b"mine")
    (tmp_path / "cache").chmod(0o700)
    work = """
    import os, sys, warnings
    import platformdirs  # while the libraries can be read
    from contraflow import _cache, _io
    _cache._index()
    _cache.folder("results")
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert _cache.recall("a" * 64) is None
        _cache.keep("a" * 64, b"theirs")
        assert _cache.recall("a" * 64) == b"theirs"
    print(len(said), *(str(w.message) for w in said))
    """
    found = python(work, env=os.environ)
    assert found.returncode == 0, found.stderr
    assert "cannot be read" in found.stdout
    assert "Nothing is kept for the next run" in found.stdout
    assert _cache.recall("a" * 64) == b"mine"


@pytest.mark.skipif(not hasattr(signal, "SIGTERM") or os.name == "nt", reason="no such signal")
@pytest.mark.parametrize(("sent", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_ends_a_command_quietly_with_a_code_of_its_own(tmp_path, sent, code):
    work = """
    import signal, sys, time
    from contraflow.cli import terminal
    import typer
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have it ignored
    try:
        with terminal.spoken_errors():
            print("ready", flush=True)
            time.sleep(60)
    except typer.Exit as end:
        sys.exit(end.exit_code)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(work)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, sent))
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (code, "")


def test_a_path_that_leads_through_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(_io.OutputError, match="cannot be written"):
        _io.write_atomically(tmp_path / "file" / "inner.html", b"x")
