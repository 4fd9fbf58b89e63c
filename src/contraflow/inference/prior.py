"""From standard normal deviates to free numbers inside their ranges.

A free number with range [low, high] and central value m is::

    number = T^-1( T(low) + (T(high) - T(low)) (1 + s(z0 + z / WIDTH)) / 2 ) ,    z ~ N(0, 1)
    s(t)   = t / (1 + t^4)^(1/4)

with T the logarithm or the identity and z0 such that z = 0 gives m. s is straight in the middle and
bends near the ends, which are limits. With WIDTH = 2 and m in the middle, the 68 % interval is half of the
range, and two standard deviations reach 84 % of the way to its ends. The map is this package's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from contraflow.model.numerics import jax, jnp
from contraflow.network.network import Ledger

WIDTH = 2.0
"""Standard deviations in half of a range, by the slope in its middle."""

EDGE = 0.02
"""Distance from the ends of a range, as a share of it, to which nearer central values are moved."""


@dataclass(frozen=True, eq=False)
class Prior:
    """The prior of the free numbers of a ledger, in standard normal deviates."""

    ledger: Ledger
    """The ledger."""

    @cached_property
    def free(self) -> npt.NDArray[np.int64]:
        """Positions of the free numbers in the ledger (free,)."""
        return np.flatnonzero(self.ledger.free)

    @cached_property
    def _range(self) -> tuple[npt.NDArray[np.float64], ...]:
        """T(low), T(high) and z0, each (free,)."""
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
        """Values of the ledger (number,) in units of the model, at deviates ``z`` (free,); differentiable."""
        low, high, centre = self._range
        t = centre + z / WIDTH
        number = jnp.asarray(low) + (high - low) * 0.5 * (1 + t / (1 + t**4) ** 0.25)
        logarithmic = self.ledger.logarithmic[self.free]
        natural = jnp.where(logarithmic, jnp.exp(jnp.where(logarithmic, number, 0.0)), number)
        return jnp.asarray(self.ledger.value).at[self.free].set(natural)
