"""Which posterior densities can share compiled functions: digests of all that these hold as constants.

An input that a digest left out would give wrong numbers without a sign of it. So digests take every array
that enters, whole; arguments of the compiled functions, such as the stated figures, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from contraflow.inference.likelihood import Likelihood
from contraflow.inference.prior import Prior
from contraflow.policy.responder import structure


def claims_structure(likelihood: Likelihood) -> bytes:
    """Digest of all that enters predictions of the claims, apart from the ledger and the levels of measures.

    Parameters
    ----------
    likelihood
        Claims against a model.

    Returns
    -------
    bytes
        Equal for likelihoods whose models have one structure and whose claims observe the same outputs, on
        the same scales and in the same order. The figures that they state, their grades and their years do
        not enter.
    """
    return _digest([structure(likelihood.responder), *likelihood.observations.parts(), likelihood.is_share])


def density_structure(prior: Prior, likelihood: Likelihood) -> bytes:
    """Digest of all that enters the density, apart from the deviates, figures and surrogate.

    Parameters
    ----------
    prior, likelihood
        The factors of the density.

    Returns
    -------
    bytes
        Equal for densities that agree in :func:`claims_structure`, in every array of the ledger, in the
        levels of measures of each claim's year, and in which claims are fitted, which are bounds and which
        share an error.
    """
    scenarios, which = likelihood.scenarios
    ledger = prior.ledger
    arrays = [held for f in fields(ledger) if isinstance(held := getattr(ledger, f.name), np.ndarray)]
    return _digest(
        [
            claims_structure(likelihood),
            *arrays,
            *map(np.asarray, scenarios),
            which,
            likelihood.fitted,
            likelihood.sides,
            likelihood.error,
        ]
    )


def _digest(parts: Iterable[bytes | str | npt.NDArray[np.generic]]) -> bytes:
    """Digest of parts and their order; each is preceded by its size, so that no two run into one another."""
    digest = sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            kind, content = f"{part.dtype} {part.shape}", part.tobytes()
        else:
            kind, content = type(part).__name__, part.encode() if isinstance(part, str) else part
        digest.update(f"{kind} {len(content)};".encode())
        digest.update(content)
    return digest.digest()
