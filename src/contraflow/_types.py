"""Types that every room shares: arrays, and the callback that is told how far the work is."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
ObjectArray = npt.NDArray[np.object_]


class Progress(Protocol):
    """Callback ``progress(message, fraction=None)``; ``fraction`` is the part done, from 0 to 1, if known."""

    def __call__(self, message: str, fraction: float | None = None, /) -> object:
        """Take a message and, where it is known, the part of the work that is done."""


def silent(message: str, fraction: float | None = None, /) -> None:
    """The callback that shows nothing."""
