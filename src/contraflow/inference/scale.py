"""The scale on which figures are compared: logarithms, and logits for shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.model.numerics import jax, jnp

SMALLEST = 1e-9
SMALLEST_SHARE = 1e-6
"""Predictions below these, and shares as near to 1, count as this far from the end: it has no logarithm."""

SMALLEST_STATED = 1e-12
SMALLEST_STATED_SHARE = 1e-3
"""The same for stated figures: a source that says "all" or "none" rounds."""


@dataclass(frozen=True, eq=False)
class ClaimScale:
    """Logarithms, and logits where ``is_share`` (figure,). Arrays end with the axis of figures."""

    is_share: BoolArray

    def of(self, rows: IntArray) -> ClaimScale:
        """The scale of some of the figures."""
        return ClaimScale(self.is_share[rows])

    def predicted(self, values: jax.typing.ArrayLike) -> jax.Array:
        """Predictions of the model in inside units (…, figure), on the scale; differentiable."""
        inside = jnp.clip(values, SMALLEST_SHARE, 1 - SMALLEST_SHARE)
        logit, logarithm = jnp.log(inside / (1 - inside)), jnp.log(jnp.maximum(values, SMALLEST))
        return jnp.where(self.is_share, logit, logarithm)

    def stated(self, values: FloatArray) -> FloatArray:
        """Stated figures in inside units (…, figure), on the scale."""
        inside = np.clip(values, SMALLEST_STATED_SHARE, 1 - SMALLEST_STATED_SHARE)
        logit, logarithm = np.log(inside / (1 - inside)), np.log(np.maximum(values, SMALLEST_STATED))
        return np.where(self.is_share, logit, logarithm)

    def inverse(self, location: FloatArray) -> FloatArray:
        """Figures in inside units (…, figure) from their places on the scale."""
        logarithm = np.where(self.is_share, 0.0, location)
        return np.where(self.is_share, 1 / (1 + np.exp(-location)), np.exp(logarithm))
