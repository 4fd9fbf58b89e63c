"""A figure at ledgers of one's own: what it would be if the numbers were others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from contraflow._types import FloatArray
from contraflow.model.numerics import jnp
from contraflow.policy.responder import Responder
from contraflow.results.dataset import make_dataset

Figure = Callable[[xr.Dataset], FloatArray]
"""A figure (draw,) of an outcome's dataset."""


@dataclass(frozen=True, eq=False)
class FigureAtLedger:
    """A figure under levels of measures, as a function of the ledger."""

    responder: Responder
    """The model with its levers."""
    levels: FloatArray
    """Levels of the measures (measure,)."""
    figure: Figure
    """The figure of an outcome's dataset."""
    rows: int
    """Ledgers that are solved at a time, always as many: if it is the number of draws of a lab, the code that
    was compiled for the lab is used."""

    def __call__(self, ledgers: FloatArray) -> FloatArray:
        """The figure (row,) at ledgers (row, number); NaN where no equilibrium is found."""
        parts = [self._part(ledgers[i : i + self.rows]) for i in range(0, len(ledgers), self.rows)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _part(self, ledgers: FloatArray) -> FloatArray:
        pick = np.minimum(np.arange(self.rows), len(ledgers) - 1)
        filled, responder = ledgers[pick], self.responder
        references = responder.references(jnp.asarray(filled))
        levels = np.broadcast_to(self.levels, (self.rows, self.levels.size))
        draw = np.arange(self.rows)
        state, found = np.zeros((self.rows, responder.model.unknowns)), np.ones(self.rows, dtype=bool)
        if not np.array_equal(self.levels, responder.levers.baseline):
            root = responder.solve(filled, references, levels, draw)
            found = root.solved
            state = np.where(found[:, None], root.state, 0.0)
        settled = responder.settled(filled, references, levels, state, draw)
        case = responder.model.network.case
        data = make_dataset(
            responder.model.network,
            filled,
            settled,
            np.asarray(references.anchor.load),
            np.array([responder.levers.spending(row, self.levels) for row in filled], dtype=float),
            {"home": case.info.home},
        )
        return np.where(found, self.figure(data), np.nan)[: len(ledgers)]
