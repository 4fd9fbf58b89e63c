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

STEADY = 5.0
"""Draws that the prior's width counts for in :func:`gaussian_from_draws`."""


class LowRankGaussian(NamedTuple):
    """``mode`` (size,), ``directions`` V (size, rank) and ``singular`` values s (rank,)."""

    mode: FloatArray
    directions: FloatArray
    singular: FloatArray

    def colour(self, u: jax.typing.ArrayLike) -> jax.Array:
        """Deviates z (…, size) from white coordinates u (…, size)."""
        shrink = 1 / jnp.sqrt(1 + self.singular**2) - 1
        white = jnp.asarray(u)
        bent = ((white @ self.directions) * shrink) @ jnp.asarray(self.directions).T
        return jnp.asarray(self.mode) + white + bent

    def whiten(self, z: FloatArray) -> FloatArray:
        """White coordinates of deviates."""
        off = z - self.mode
        stretch = np.sqrt(1 + self.singular**2) - 1
        return np.asarray(off + ((off @ self.directions) * stretch) @ self.directions.T)

    def covariance(self, rows: FloatArray) -> FloatArray:
        """Rows (row, size) times the covariance."""
        shrink = 1 / (1 + self.singular**2) - 1
        return np.asarray(rows + ((rows @ self.directions) * shrink) @ self.directions.T)


def gaussian_from_jacobian(mode: FloatArray, jacobian: FloatArray) -> LowRankGaussian:
    """The approximation at a maximum with the residuals' Jacobian (residual, size) there."""
    _, singular, directions = np.linalg.svd(jacobian, full_matrices=False)
    return LowRankGaussian(mode, directions.T, singular)


def plain(centre: FloatArray) -> LowRankGaussian:
    """Deviates as they are, counted from a centre."""
    return LowRankGaussian(centre, np.zeros((centre.size, 0)), np.zeros(0))


def gaussian_from_draws(
    centre: FloatArray, draws: FloatArray, jacobians: FloatArray, rank: int
) -> LowRankGaussian:
    """Coordinates from draws (draw, size), within the directions that the claims inform.

    Where the curvature turns from place to place, as it does along a curved ridge, the inverse of the
    curvature at one place or of its mean is far too narrow: what counts is how far the draws reach. So
    ``jacobians`` (residual, size), of several places one below the other, only give the directions,
    the ``rank`` strongest; the widths are those of the draws, drawn towards the prior's by STEADY draws'
    worth.
    """
    _, _, informed = np.linalg.svd(jacobians, full_matrices=False)
    basis = informed[:rank].T
    along = (draws - draws.mean(axis=0)) @ basis
    spread = (along.T @ along + STEADY * np.eye(basis.shape[1])) / (len(draws) + STEADY)
    variance, turned = np.linalg.eigh(spread)
    singular = np.sqrt(np.maximum(1 / np.maximum(variance, 1e-12) - 1, 0.0))
    return LowRankGaussian(centre, basis @ turned, singular)
