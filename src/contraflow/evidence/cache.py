"""Fits kept between runs, in the user's cache folder, under a key of everything that they depend on."""

from __future__ import annotations

import os
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np

from contraflow.evidence.fit import Fit

FIELDS = ("deviates", "ledger", "predicted", "residuals", "costs")
LAYERS = ("case", "network", "model", "policy", "evidence")


def key(fingerprint: str, seed: int) -> str:
    """Key of a fit: the case's content, the seed, and the source of every layer that the fit runs through."""
    digest = sha256(f"{fingerprint} {seed}".encode())
    root = Path(__file__).parents[1]
    for layer in LAYERS:
        for path in sorted((root / layer).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def folder() -> Path:
    """Where fits are kept."""
    from platformdirs import user_cache_path

    return user_cache_path("contraflow") / "fits"


def recall(name: str) -> Fit | None:
    """The fit kept under a key, or None; a damaged file counts as none."""
    try:
        with np.load(folder() / f"{name}.npz", allow_pickle=False) as kept:
            deviates, ledger, predicted, residuals, costs = (kept[f] for f in FIELDS)
            return Fit(deviates, ledger, predicted, residuals, costs, int(kept["evaluations"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def keep(name: str, fit: Fit) -> None:
    """Keep a fit under a key; where the folder cannot be written nothing is kept."""
    arrays = {f: getattr(fit, f) for f in FIELDS}
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder(), suffix=".npz", delete=False) as file:
            np.savez(file, evaluations=fit.evaluations, **arrays)
        os.replace(file.name, folder() / f"{name}.npz")
    except OSError:
        return
