"""Many reads of one vector as a single gather.

The derivative of a gather is a scatter, and XLA compiles each of the model's sixty scatters for CPUs on its
own: they take half of the compilation and much of the time of a gradient. Read in one gather and cut into
parts, they are one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from contraflow.model.numerics import jax, jnp


def gathered(function: Callable[[jax.Array], jax.Array], length: int) -> Callable[[jax.Array], jax.Array]:
    """The same function with a single gather.

    Parameters
    ----------
    function
        A function of a vector (length,) that only indexes it, with constant integers.
    length
        Length of the vector.
    """
    asked: list[np.ndarray[Any, np.dtype[np.int64]]] = []

    class Recorder:
        def __init__(self, vector: jax.Array) -> None:
            self.vector = vector

        def __getitem__(self, index: Any) -> jax.Array:
            asked.append(np.asarray(index))
            return self.vector[index]

    jax.eval_shape(lambda v: function(cast(jax.Array, Recorder(v))), jnp.zeros(length))
    every = np.concatenate([index.ravel() for index in asked])

    class Reader:
        def __init__(self, vector: jax.Array) -> None:
            self.parts = iter(jax.lax.split(vector[every], [index.size for index in asked]))
            self.shapes = iter([index.shape for index in asked])

        def __getitem__(self, index: Any) -> jax.Array:
            return next(self.parts).reshape(next(self.shapes))

    return lambda vector: function(cast(jax.Array, Reader(vector)))
