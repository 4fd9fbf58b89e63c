"""The Gaussian approximation of a posterior around its maximum (Laplace's), and coordinates from it.

With z standard normal a priori and residuals of Jacobian J at the maximum m, the approximate
covariance is (I + J^T J)^-1. Its symmetric root differs from the identity only in the directions that
the claims inform, of which there are at most as many as claims::

    z = m + u + V (1 / sqrt(1 + s^2) - 1) V^T u ,    J = U s V^T ,    u ~ N(0, I)

Every system with I + J^T J is solved as small as the claims are many, by the Woodbury identity: see
:class:`LowRankPrecision`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from contraflow._types import FloatArray
from contraflow.model.numerics import jax, jnp

STEADY = 5.0
"""Draws that the prior's width counts for in :func:`gaussian_from_draws`."""


@dataclass(frozen=True, eq=False)
class LowRankPrecision:
    """The precision matrix (1 + damping) I + J^T J of ``jacobian`` J (row, size), without forming it.

    Woodbury's identity leaves a system of as many unknowns as J has rows (Golub and Van Loan 2013, Matrix
    Computations, 4th ed., 2.1.4)::

        ((1 + l) I + J^T J)^-1 = (I - J^T ((1 + l) I + J J^T)^-1 J) / (1 + l)

    With no ``damping`` its inverse is the covariance of the Gaussian approximation; with some, a step of
    Levenberg and Marquardt.
    """

    jacobian: FloatArray
    damping: float = 0.0

    def solve(self, vectors: FloatArray) -> FloatArray:
        """The inverse times vectors (size,) or (size, column)."""
        inner = np.linalg.solve(self._inner, self.jacobian @ vectors)
        return np.asarray((vectors - self.jacobian.T @ inner) / (1 + self.damping))

    def variances(self) -> FloatArray:
        """Diagonal (size,) of the inverse."""
        inner = np.linalg.solve(self._inner, self.jacobian)
        return np.asarray((1 - np.einsum("rs,rs->s", self.jacobian, inner)) / (1 + self.damping))

    @cached_property
    def _inner(self) -> FloatArray:
        rows = len(self.jacobian)
        return np.asarray((1 + self.damping) * np.eye(rows) + self.jacobian @ self.jacobian.T)


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

    @property
    def precision(self) -> LowRankPrecision:
        """The inverse covariance."""
        return LowRankPrecision(self.singular[:, None] * self.directions.T)

    def covariance(self, rows: FloatArray) -> FloatArray:
        """Rows (row, size) times the covariance."""
        return self.precision.solve(rows.T).T


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
