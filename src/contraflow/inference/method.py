"""How draws of a posterior come about."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """How the draws came about."""

    NUTS = "nuts"
    LAPLACE = "laplace"
    BEST = "best"

    @property
    def words(self) -> str:
        """For people."""
        return {
            Method.NUTS: "posterior draws by Markov chains (NUTS)",
            Method.LAPLACE: "quick approximation: draws around the best fit, held to the claims (Laplace)",
            Method.BEST: "best fit only, without uncertainty",
        }[self]
