"""The random streams: what each draws is fixed, no two draw alike, none stands outside the registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import contraflow
from contraflow import _random

FIRST = {
    ("starts of the fit",): 681396160,
    ("draws of the approximation",): 396636610,
    ("leave-one-out predictions",): 801363470,
    ("simulation-based calibration", 3): 913694855,
    ("posterior predictive checks",): 479385552,
    ("deviates of the naive forecast",): 780386708,
    ("quantiles that leave claims out",): 305055570,
    ("draws of a refit",): 53486768,
    ("facts that narrow a figure",): 240770137,
    ("facts that decide",): 267800878,
    ("episodes that are foreseen", 3): 359621530,
    ("learned behaviour",): 141556397,
    ("behaviour",): 790025485,
}
"""The first number below 10^9 that each stream draws on the seed 7."""


@pytest.mark.parametrize(("call", "number"), FIRST.items())
def test_a_stream_draws_what_it_always_drew(call, number):
    name, *more = call
    assert _random.stream(name, 7, *more).integers(10**9) == number


def test_every_stream_is_held_to_its_draws():
    assert {name for name, *_ in FIRST} | {"resamples of a refit"} == set(_random.STREAMS)
    assert _random.stream("resamples of a refit", 0).integers(10**9) == 850624225


def test_the_streams_of_a_replicate_have_the_numbers_they_always_had():
    assert {name: _random.fold(name) for name in _random.FOLDS} == {
        "interception": 992906785, "whose": 151201745, "searches": 1612199961, "dismantled": 295135786,
        "arrest": 757608511, "entry": 723623280, "size": 2009080938, "start": 528045455,
    }  # fmt: skip


def test_a_name_or_a_key_that_is_taken_is_refused():
    one = ("one", _random.Key((1,)))
    with pytest.raises(ValueError, match="'one' is registered twice"):
        _random.register([one, ("one", _random.Key((2,)))])
    with pytest.raises(ValueError, match="'one' and 'other' have one key"):
        _random.register([one, ("other", _random.Key((1,)))])
    assert len(_random.register([one, ("runs", _random.Key((1,), more=1))])) == 2


def test_a_stream_takes_the_numbers_that_its_key_asks_for():
    with pytest.raises(TypeError, match="takes 1 numbers beside the seed, not 0"):
        _random.stream("simulation-based calibration", 7)
    with pytest.raises(KeyError):
        _random.stream("another", 7)


def test_no_stream_stands_outside_the_registry():
    root = Path(contraflow.__file__).parent
    outside = re.compile(r"default_rng|spawn_key|SeedSequence|crc32|RandomState|np\.random\.(?!Generator)")
    for path in root.rglob("*.py"):
        if path.name != "_random.py":
            assert not outside.search(path.read_text(encoding="utf-8")), path
