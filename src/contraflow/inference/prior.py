"""From the ranges of the ledger to parameters without limits, and back.

A free number with range [low, high] and central value m is::

    number = T^-1( T(low) + (T(high) - T(low)) (1 + s(z0 + z / WIDTH)) / 2 ) ,    z ~ N(0, 1)
    s(t)   = t / (1 + t^4)^(1/4)

with T the logarithm or the identity and z0 such that z = 0 gives m. s is straight in the middle and
bends only near the ends, which are limits: with WIDTH = 2 a central value's 68 % interval is half
of the range, and two standard deviations reach 84 % of the way to its ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from contraflow.model.numerics import jax, jnp
from contraflow.network.network import Ledger

WIDTH = 2.0
EDGE = 0.02
"""A central value closer to an end of its range than this part of it counts as this far from it."""


@dataclass(frozen=True, eq=False)
class Prior:
    """Standard normal deviates z (free,) for the free numbers of a ledger."""

    ledger: Ledger

    @cached_property
    def free(self) -> npt.NDArray[np.int64]:
        """Places of the free numbers."""
        return np.flatnonzero(self.ledger.free)

    @cached_property
    def _range(self) -> tuple[npt.NDArray[np.float64], ...]:
        logarithmic = self.ledger.logarithmic[self.free]

        def scaled(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            x = x[self.free]
            return np.where(logarithmic, np.log(np.where(logarithmic, x, 1.0)), x)

        low, mid, high = map(scaled, (self.ledger.low, self.ledger.value, self.ledger.high))
        centre = 2 * np.clip((mid - low) / (high - low), EDGE, 1 - EDGE) - 1
        return low, high, centre / (1 - centre**4) ** 0.25

    @property
    def size(self) -> int:
        """Number of free numbers."""
        return int(self.free.size)

    def ledger_values(self, z: jax.Array) -> jax.Array:
        """All numbers of the ledger (number,) at deviates ``z`` (free,)."""
        low, high, centre = self._range
        t = centre + z / WIDTH
        number = jnp.asarray(low) + (high - low) * 0.5 * (1 + t / (1 + t**4) ** 0.25)
        logarithmic = self.ledger.logarithmic[self.free]
        natural = jnp.where(logarithmic, jnp.exp(jnp.where(logarithmic, number, 0.0)), number)
        return jnp.asarray(self.ledger.value).at[self.free].set(natural)
