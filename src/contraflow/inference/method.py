"""The methods by which a posterior is computed."""

from __future__ import annotations

from enum import StrEnum

from contraflow._language import _


class Method(StrEnum):
    """Method by which a posterior is computed."""

    NUTS = "nuts"
    """Markov chains by the No-U-Turn sampler (:mod:`~contraflow.inference.delayed_acceptance_nuts`)."""
    LAPLACE = "laplace"
    """Draws of the Gaussian approximation, corrected (:mod:`~contraflow.inference.randomised_map`)."""
    BEST = "best"
    """The maximum alone (:mod:`~contraflow.inference.map_estimate`)."""

    @property
    def words(self) -> str:
        """The method in words, for reports."""
        return {
            Method.NUTS: _("posterior draws by Markov chains (NUTS)"),
            Method.LAPLACE: _(
                "quick approximation: draws around the best fit, fitted to the claims (Laplace)"
            ),
            Method.BEST: _("best fit only, without uncertainty"),
        }[self]
