"""The Gaussian approximation of a posterior around its maximum (Laplace's), and coordinates from it.

With z standard normal a priori and residuals of Jacobian J at the maximum m, the approximate
covariance is (I + J^T J)^-1. Its symmetric root differs from the identity only in the directions that
the claims inform, of which there are at most as many as claims::

    z = m + u + V (1 / sqrt(1 + s^2) - 1) V^T u ,    J = U s V^T ,    u ~ N(0, I)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow.model.numerics import jax, jnp

FloatArray = npt.NDArray[np.float64]

RANK = 160
"""Directions that a whitening keeps; the others are left as the prior has them."""


class Whitening(NamedTuple):
    """``mode`` (size,), ``directions`` V (size, rank) and ``singular`` values s (rank,)."""

    mode: FloatArray
    directions: FloatArray
    singular: FloatArray

    def colour(self, u: jax.Array) -> jax.Array:
        """Deviates z (…, size) from white coordinates u (…, size)."""
        shrink = 1 / jnp.sqrt(1 + self.singular**2) - 1
        return self.mode + u + ((u @ self.directions) * shrink) @ self.directions.T

    def whiten(self, z: FloatArray) -> FloatArray:
        """White coordinates of deviates."""
        off = z - self.mode
        stretch = np.sqrt(1 + self.singular**2) - 1
        return np.asarray(off + ((off @ self.directions) * stretch) @ self.directions.T)

    def covariance(self, rows: FloatArray) -> FloatArray:
        """Rows (row, size) times the covariance."""
        shrink = 1 / (1 + self.singular**2) - 1
        return np.asarray(rows + ((rows @ self.directions) * shrink) @ self.directions.T)


def whiten_by(mode: FloatArray, jacobian: FloatArray) -> Whitening:
    """The approximation at a maximum with the residuals' Jacobian (residual, size) there.

    Keeps the RANK strongest directions, so that all whitenings of a case have one shape.
    """
    rank = min(RANK, mode.size)
    _, singular, directions = np.linalg.svd(jacobian, full_matrices=False)
    missing = max(0, rank - singular.size)
    return Whitening(
        mode,
        np.pad(directions[:rank], ((0, missing), (0, 0))).T,
        np.pad(singular[:rank], (0, missing)),
    )


def log_density(whitening: Whitening, z: jax.Array) -> jax.Array:
    """Log density of the approximation at deviates (size,), up to a constant."""
    off = z - whitening.mode
    along = off @ whitening.directions
    return -0.5 * (off @ off + jnp.sum((whitening.singular * along) ** 2))
