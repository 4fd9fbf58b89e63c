"""The lab: a calibrated case that answers what a policy would do."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    pass


from contraflow.lab.weighed_evidence import WeighsEvidence


class Lab(WeighsEvidence):
    """A case with numbers, which answers what a policy would do.

    Made by :meth:`OpenCase.calibrate` or :meth:`OpenCase.central_values`.
    """

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.baseline()._repr_html_()}"

    def __repr__(self) -> str:
        """One line: case, network, and how many claims it fits."""
        network = self.network
        fitted = "not calibrated"
        if self.posterior is not None:
            used = self.posterior.log_posterior.likelihood.fitted
            said = np.median(self.posterior.predicted, axis=0)
            near = int((np.abs(self.posterior.log_posterior.likelihood.standardised(said)[used]) <= 2).sum())
            fitted = (
                f"{self.posterior.method.words}; {near} of {int(used.sum())} fitted claims within two "
                "standard deviations"
            )
        return (
            f"<Lab {self.case.info.id}: {len(network.nodes)} nodes, {len(network.arcs)} arcs, "
            f"{self.ledger.shape[0]} draw{'s' if self.ledger.shape[0] > 1 else ''}; {fitted}>"
        )
