"""Gaussian approximations of a posterior whose covariance differs from the identity in few directions.

With z standard normal a priori and residuals of Jacobian J at the maximum m, Laplace's approximation has the
covariance (I + J^T J)^-1. Its symmetric root differs from the identity only in the directions that the claims
inform, at most as many as claims (Bui-Thanh, Ghattas, Martin and Stadler 2013, SIAM Journal on Scientific
Computing 35(6))::

    z = m + u + V (1 / sqrt(1 + s^2) - 1) V^T u ,    J = U s V^T ,    u ~ N(0, I)

White coordinates u are standard normal under the approximation. Systems with I + J^T J are solved in as many
unknowns as there are claims, by Woodbury's identity: see :class:`LowRankPrecision`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from contraflow._types import FloatArray
from contraflow.model.numerics import jax, jnp

STEADY = 5.0
"""Weight of the prior's variance in :func:`gaussian_from_draws`, in draws."""


@dataclass(frozen=True, eq=False)
class LowRankPrecision:
    """The precision matrix (1 + l) I + J^T J, without forming it.

    Woodbury's identity leaves a system of as many unknowns as J has rows (Golub and Van Loan 2013, Matrix
    Computations, 4th ed., 2.1.4)::

        ((1 + l) I + J^T J)^-1 = (I - J^T ((1 + l) I + J J^T)^-1 J) / (1 + l)

    Without damping its inverse is the covariance of the Gaussian approximation; with damping it is the matrix
    of a step of Levenberg and Marquardt.
    """

    jacobian: FloatArray
    """J (row, size)."""
    damping: float = 0.0
    """l."""

    def solve(self, vectors: FloatArray) -> FloatArray:
        """The inverse times ``vectors`` (size,) or (size, column); of the same shape."""
        inner = np.linalg.solve(self._inner, self.jacobian @ vectors)
        return np.asarray((vectors - self.jacobian.T @ inner) / (1 + self.damping))

    def variances(self) -> FloatArray:
        """Diagonal of the inverse (size,)."""
        inner = np.linalg.solve(self._inner, self.jacobian)
        return np.asarray((1 - np.einsum("rs,rs->s", self.jacobian, inner)) / (1 + self.damping))

    @cached_property
    def _inner(self) -> FloatArray:
        rows = len(self.jacobian)
        return np.asarray((1 + self.damping) * np.eye(rows) + self.jacobian @ self.jacobian.T)


class LowRankGaussian(NamedTuple):
    """A Gaussian of deviates with covariance I + V (1 / (1 + s^2) - 1) V^T."""

    mode: FloatArray
    """Mean m (size,)."""
    directions: FloatArray
    """Orthonormal directions V (size, rank)."""
    singular: FloatArray
    """Singular values s (rank,)."""

    def colour(self, u: jax.typing.ArrayLike) -> jax.Array:
        """Deviates (…, size) from white coordinates ``u`` (…, size); differentiable."""
        shrink = 1 / jnp.sqrt(1 + self.singular**2) - 1
        white = jnp.asarray(u)
        bent = ((white @ self.directions) * shrink) @ jnp.asarray(self.directions).T
        return jnp.asarray(self.mode) + white + bent

    def whiten(self, z: FloatArray) -> FloatArray:
        """White coordinates (…, size) of deviates ``z`` (…, size): the inverse of :meth:`colour`."""
        off = z - self.mode
        stretch = np.sqrt(1 + self.singular**2) - 1
        return np.asarray(off + ((off @ self.directions) * stretch) @ self.directions.T)

    @property
    def precision(self) -> LowRankPrecision:
        """The inverse covariance."""
        return LowRankPrecision(self.singular[:, None] * self.directions.T)

    def covariance(self, rows: FloatArray) -> FloatArray:
        """The covariance times each of ``rows`` (row, size); of the same shape."""
        return self.precision.solve(rows.T).T


def gaussian_from_jacobian(mode: FloatArray, jacobian: FloatArray) -> LowRankGaussian:
    """Laplace's approximation at the maximum ``mode`` (size,), from the Jacobian there (residual, size)."""
    _, singular, directions = np.linalg.svd(jacobian, full_matrices=False)
    return LowRankGaussian(mode, directions.T, singular)


def plain(centre: FloatArray) -> LowRankGaussian:
    """The standard normal distribution around ``centre`` (size,)."""
    return LowRankGaussian(centre, np.zeros((centre.size, 0)), np.zeros(0))


def gaussian_from_draws(
    centre: FloatArray, draws: FloatArray, jacobians: FloatArray, rank: int
) -> LowRankGaussian:
    """A Gaussian with the covariance of draws, in the directions that the claims inform.

    Along a curved ridge the curvature turns from place to place; the inverse of the curvature at one place,
    or of its mean, is then far too narrow. So Jacobians give only the directions, and draws the covariance
    within them, shrunk towards the prior's as if STEADY more draws had come from it.

    Parameters
    ----------
    centre
        Mean of the Gaussian (size,).
    draws
        Deviates (draw, size).
    jacobians
        Jacobians of the residuals at several places, one below the other (residual, size).
    rank
        Number of directions: those of the largest singular values of the Jacobians.

    Returns
    -------
    LowRankGaussian
        The Gaussian. No direction is wider than the prior.
    """
    _, _, informed = np.linalg.svd(jacobians, full_matrices=False)
    basis = informed[:rank].T
    along = (draws - draws.mean(axis=0)) @ basis
    spread = (along.T @ along + STEADY * np.eye(basis.shape[1])) / (len(draws) + STEADY)
    variance, turned = np.linalg.eigh(spread)
    singular = np.sqrt(np.maximum(1 / np.maximum(variance, 1e-12) - 1, 0.0))
    return LowRankGaussian(centre, basis @ turned, singular)
