"""Labs with many draws for tests: free numbers scattered around those of a lab, within their ranges."""

from __future__ import annotations

import dataclasses

import numpy as np

from contraflow.dynamics.adjustment import with_behaviour
from contraflow.lab import Lab


def spread(lab: Lab, draws: int = 20, width: float = 0.1, seed: int = 0) -> Lab:
    """The lab with ``draws`` draws: free numbers times a lognormal factor, kept within their ranges."""
    rng = np.random.default_rng(seed)
    numbers = lab.network.ledger
    factor = np.exp(width * rng.standard_normal((draws, numbers.value.size)))
    moved = np.clip(lab.ledger[0] * factor, numbers.low, numbers.high)
    ledger = np.where(numbers.free, moved, lab.ledger[0])
    return dataclasses.replace(lab, ledger=with_behaviour(lab.network, ledger, seed))
