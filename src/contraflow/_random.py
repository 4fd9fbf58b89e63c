"""The random streams of the package, in one registry.

A seed alone would give every part of the package the same numbers. So each part draws from a stream of its
own, which a name and a key tell from the others. Keys are fixed: another key would change every published
figure. A new stream takes a new name and a new key; a name or a key that is taken is refused on import.

NumPy streams (:func:`stream`) derive from the seed by ``SeedSequence`` spawn keys. JAX streams
(:func:`fold`) are numbers that are folded into the key of a replicate, made from their names by CRC-32.
The chains of NUTS and the replicates of a simulation start from ``jax.random.key(seed)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt


class Key(NamedTuple):
    """What tells a stream from the others on the same seed.

    ``spawn`` is the spawn key and ``beside`` are numbers beside the seed in the entropy; ``more`` counts the
    numbers that each call adds to the spawn key, such as the number of a run.
    """

    spawn: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()
    more: int = 0


def register(streams: Iterable[tuple[str, Key]]) -> dict[str, Key]:
    """Streams by name. Raises ValueError for a name or a key that is used twice."""
    found: dict[str, Key] = {}
    for name, key in streams:
        if name in found:
            raise ValueError(
                f"The random stream '{name}' is registered twice. Give one of them another name."
            )
        same = next((other for other, taken in found.items() if taken == key), None)
        if same is not None:
            raise ValueError(f"The random streams '{same}' and '{name}' have one key. Give one another key.")
        found[name] = key
    return found


STREAMS: Mapping[str, Key] = register(
    [
        ("starts of the fit", Key((1,))),
        ("draws of the approximation", Key((2,))),
        ("leave-one-out predictions", Key((4,))),
        ("simulation-based calibration", Key((4,), more=1)),
        ("posterior predictive checks", Key((5,))),
        ("deviates of the naive forecast", Key((7,))),
        ("quantiles that leave claims out", Key((11,))),
        ("draws of a refit", Key((12,))),
        ("facts that narrow a figure", Key((13,))),
        ("facts that decide", Key((14,))),
        ("episodes that are foreseen", Key((15,), more=1)),
        ("learned behaviour", Key((17,))),
        ("resamples of a refit", Key()),
        ("behaviour", Key(beside=(crc32(b"behaviour"),))),
    ]
)
"""NumPy streams by name. ``resamples of a refit`` has the plain seed, which is always 0."""

FOLDS: Mapping[str, Key] = register(
    [
        (name, Key((crc32(name.encode()) & 0x7FFFFFFF,)))
        for name in (
            *("interception", "whose", "searches"),
            *("dismantled", "arrest", "entry", "size"),
            "start",
        )
    ]
)
"""JAX streams of a replicate: by arc and month, by clan and month, and that of its start."""


def stream(name: str, seed: int, *more: int) -> np.random.Generator:
    """The stream ``name`` on a seed; ``more`` are numbers that tell its parts apart, such as a run's.

    Raises KeyError for a name that is not registered, TypeError for too few or too many numbers.
    """
    key = STREAMS[name]
    if len(more) != key.more:
        raise TypeError(
            f"The random stream '{name}' takes {key.more} numbers beside the seed, not {len(more)}."
        )
    entropy = [seed, *key.beside] if key.beside else seed
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(*key.spawn, *more)))


def fold(name: str) -> int:
    """The number of a JAX stream, to be folded into a key. Raises KeyError for a name that is not known."""
    return FOLDS[name].spawn[0]


def seeded_by(words: npt.ArrayLike) -> np.random.Generator:
    """A generator whose seed another stream drew: the ``words`` of a JAX key, say."""
    return np.random.default_rng(np.asarray(words))
