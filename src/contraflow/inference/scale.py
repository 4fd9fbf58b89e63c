"""The scale on which figures are compared: logarithms, and logits for shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.model.numerics import jax, jnp

SMALLEST = 1e-9
"""Least prediction, in units of the model; smaller ones count as this, since zero has no logarithm."""

SMALLEST_SHARE = 1e-6
"""Least predicted share, and least distance from 1."""

SMALLEST_STATED = 1e-12
"""Least stated figure, in units of the model."""

SMALLEST_STATED_SHARE = 1e-3
"""Least stated share, and least distance from 1: a source that states "all" or "none" has rounded."""


@dataclass(frozen=True, eq=False)
class ClaimScale:
    """Logarithms of figures, and logits of shares."""

    is_share: BoolArray
    """Whether a figure is a share (figure,)."""

    def of(self, rows: IntArray) -> ClaimScale:
        """The scale of the figures at positions ``rows`` (row,)."""
        return ClaimScale(self.is_share[rows])

    def predicted(self, values: jax.typing.ArrayLike) -> jax.Array:
        """Predictions (…, figure), from units of the model to the scale; differentiable."""
        inside = jnp.clip(values, SMALLEST_SHARE, 1 - SMALLEST_SHARE)
        logit, logarithm = jnp.log(inside / (1 - inside)), jnp.log(jnp.maximum(values, SMALLEST))
        return jnp.where(self.is_share, logit, logarithm)

    def stated(self, values: FloatArray) -> FloatArray:
        """Stated figures (…, figure), from units of the model to the scale."""
        inside = np.clip(values, SMALLEST_STATED_SHARE, 1 - SMALLEST_STATED_SHARE)
        logit, logarithm = np.log(inside / (1 - inside)), np.log(np.maximum(values, SMALLEST_STATED))
        return np.where(self.is_share, logit, logarithm)

    def inverse(self, location: FloatArray) -> FloatArray:
        """Figures (…, figure), from the scale to units of the model."""
        logarithm = np.where(self.is_share, 0.0, location)
        return np.where(self.is_share, 1 / (1 + np.exp(-location)), np.exp(logarithm))
