"""What is kept between runs and what comes with the package: used if whole, and only where it belongs."""

from __future__ import annotations

import json
import os
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

import contraflow
from contraflow import _cache
from contraflow.analysis.conflicts import SIDES, sides_key
from contraflow.errors import CacheWarning
from contraflow.inference import store
from contraflow.inference.calibration import Settings
from contraflow.inference.likelihood import make_likelihood
from contraflow.inference.log_posterior import LogPosterior
from contraflow.inference.method import Method
from contraflow.inference.prior import Prior
from contraflow.lab import responder
from contraflow.model import keep_compiled_code

CASES = ("example", "andes-1990s", "peru")
RECIPE = "Run python tools/fit_shipped_cases.py and commit what it writes."


def density(name):
    response = responder(contraflow.load(name))
    return LogPosterior(Prior(response.model.network.ledger), make_likelihood(response))


@pytest.mark.parametrize("name", CASES)
def test_what_comes_with_a_shipped_case_is_current(name):
    """Whoever changes a table or the code of a fit has to fit again."""
    target = density(name)
    for method in (Method.BEST, Method.LAPLACE):
        key = store.key(target, Settings(method))
        assert key in _cache._index()["kept"], RECIPE
        posterior = store.recall(key, target)
        assert posterior is not None
        assert posterior.method is method
    case = target.likelihood.responder.model.network.case
    assert (_cache.recall(sides_key(case, posterior)) is not None) == bool(case.tensions), RECIPE
    for rooms in (_cache.CALIBRATION, SIDES):
        assert _cache.code(rooms) == _cache.parsed(rooms)


def test_nothing_else_comes_with_the_package():
    named = {k["file"] for k in _cache._index()["kept"].values()}
    assert named | {"index.json"} == {p.name for p in _cache.SHIPPED.iterdir()}
    assert sum(p.stat().st_size for p in _cache.SHIPPED.iterdir()) < 10e6


@pytest.mark.slow
def test_a_fit_made_anew_is_what_comes_with_the_package():
    """On another machine the last digits may differ, and with them the path of the search a little."""
    target = density("example")
    shipped = store.recall(store.key(target, Settings()), target)
    anew = contraflow.load("example").calibrate(fresh=True).posterior
    np.testing.assert_allclose(anew.fit.costs.min(), shipped.fit.costs.min(), rtol=1e-4)
    off = (anew.locations.mean(axis=0) - shipped.locations.mean(axis=0)) / shipped.locations.std(axis=0)
    assert np.abs(off).max() < 0.1


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache of its own, with nothing in it or in memory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(_cache, "_IN_MEMORY", {})
    return tmp_path


def the_file(home):
    (found,) = (p for p in home.rglob("*") if p.is_file())
    return found


def test_what_is_kept_is_recalled(home):
    _cache.keep("a" * 64, b"numbers")
    assert _cache.recall("a" * 64) == b"numbers"
    assert _cache.recall("b" * 64) is None


@pytest.mark.parametrize("place", [0, 5, 30, 85, -1])
def test_a_flipped_bit_is_seen(home, place):
    """In the head, in the digest or in what is kept: it is computed again, and one sentence says so."""
    _cache.keep("a" * 64, b"numbers")
    content = bytearray(the_file(home).read_bytes())
    content[place] ^= 4
    the_file(home).write_bytes(bytes(content))
    with pytest.warns(CacheWarning, match="is damaged, so what it held is computed again"):
        assert _cache.recall("a" * 64) is None
    _cache.keep("a" * 64, b"numbers")
    assert _cache.recall("a" * 64) == b"numbers"


@pytest.mark.parametrize("content", [b"", b"\x00" * 500, b"contraflow result ", b"another program's file\n"])
def test_a_foreign_or_torn_file_is_set_aside(home, content):
    _cache.keep("a" * 64, b"numbers")
    the_file(home).write_bytes(content)
    with pytest.warns(CacheWarning, match="damaged"):
        assert _cache.recall("a" * 64) is None


def test_where_nothing_can_be_written_results_stay_in_memory(home):
    (home / "contraflow").write_text("a file where a folder should be")
    with pytest.warns(CacheWarning, match="Nothing is kept for the next run"):
        _cache.keep("a" * 64, b"numbers")
    assert _cache.recall("a" * 64) == b"numbers"


def test_who_has_no_home_computes_all_the_same(home, monkeypatch):
    def homeless(*_):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_cache_path", homeless)
    assert _cache.recall("a" * 64) is None
    with pytest.warns(CacheWarning, match="no home folder"):
        _cache.keep("a" * 64, b"numbers")
    assert _cache.recall("a" * 64) == b"numbers"
    keep_compiled_code()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_the_cache_of_another_user_is_left_alone(home):
    _cache.keep("a" * 64, b"numbers")
    the_file(home).chmod(0)
    with pytest.warns(CacheWarning, match="Permission denied"):
        assert _cache.recall("a" * 64) is None


def test_an_unreadable_file_is_set_aside(home):
    _cache.keep("a" * 64, b"numbers")
    path = the_file(home)
    path.unlink()
    path.mkdir()
    with pytest.warns(CacheWarning, match="cannot be read"):
        assert _cache.recall("a" * 64) is None


def test_a_full_disk_loses_nothing_that_was_computed(home, monkeypatch):
    def full(descriptor):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(CacheWarning, match="No space left on device"):
        _cache.keep("a" * 64, b"numbers")
    assert _cache.recall("a" * 64) == b"numbers"
    assert not [p for p in home.rglob("*") if p.is_file()]


def test_a_damaged_shipped_result_is_not_used(home, monkeypatch, tmp_path):
    folder = tmp_path / "fitted"
    folder.mkdir()
    (folder / "x.nc").write_bytes(b"numbers")
    index = {"kept": {"a" * 64: {"file": "x.nc", "digest": "0" * 64}}, "code": {}}
    (folder / "index.json").write_text(json.dumps(index))
    monkeypatch.setattr(_cache, "SHIPPED", folder)
    _cache._index.cache_clear()
    try:
        with pytest.warns(CacheWarning, match="damaged"):
            assert _cache.recall("a" * 64) is None
        _cache.keep("a" * 64, b"numbers made anew")
        with pytest.warns(CacheWarning, match="damaged"):
            assert _cache.recall("a" * 64) == b"numbers made anew"
    finally:
        monkeypatch.undo()
        _cache._index.cache_clear()


def test_the_key_knows_the_learned_ranges_and_the_settings():
    target = density("example")
    key = store.key(target, Settings())
    assert key != store.key(target, Settings(seed=1))
    wider = replace(target.prior.ledger, high=target.prior.ledger.high * 2)
    assert key != store.key(replace(target, prior=Prior(wider)), Settings())


def test_comments_and_docstrings_do_not_change_the_key_of_the_code(tmp_path, monkeypatch):
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(_cache, "ROOT", tmp_path)
    monkeypatch.setattr(_cache, "SHARED", ())

    def digest(text):
        (room / "a.py").write_text(text)
        return _cache.parsed(("room",))

    one = digest('"""Doc."""\n\n\ndef f(x):\n    """Say."""\n    return x + 1\n')
    assert digest('"""Other."""\n\n\ndef f(x):\n    # why\n    return x + 1\n') == one
    assert digest('"""Doc."""\n\n\ndef f(x):\n    """Say."""\n    return x + 2\n') != one


def test_code_that_decides_no_shipped_result_is_not_parsed(monkeypatch):
    """It would be in several threads at once, which Python 3.11 does not bear."""
    from contraflow.model.traced_code import ROOMS

    monkeypatch.setattr(_cache, "parsed", lambda _: pytest.fail("parsed"))
    assert _cache.code(ROOMS) == _cache.as_written(_cache.CALIBRATION)


def test_a_traced_function_is_traced_again_where_the_code_of_cases_changes(tmp_path, monkeypatch):
    """Where a number stands in the ledger is a constant of the function, and the case package decides it."""
    from contraflow.model.traced_code import ROOMS

    monkeypatch.setattr(_cache, "ROOT", tmp_path)
    monkeypatch.setattr(_cache, "SHARED", ())
    for room in _cache.CALIBRATION:
        (tmp_path / room).mkdir()
        (tmp_path / room / "a.py").write_text("x = 1\n")
    found = set()
    for text in ("order = (1, 2)\n", "order = (2, 1)\n"):
        (tmp_path / "case" / "a.py").write_text(text)
        _cache.as_written.cache_clear()
        _cache.code.cache_clear()
        found.add(_cache.code(ROOMS))
    _cache.as_written.cache_clear()
    _cache.code.cache_clear()
    assert len(found) == 2


def test_a_sound_cache_says_nothing(home):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _cache.keep("a" * 64, b"numbers")
        _cache.recall("a" * 64)
