"""What an ensemble is made of, so that nobody adds figures of one to those of another."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import numpy as np

from contraflow import _cache
from contraflow._language import N_, _, pgettext
from contraflow._types import FloatArray
from contraflow._version import __version__
from contraflow.case.case import Case
from contraflow.lab.policy_table import PolicyTable
from contraflow.model.numerics import jax
from contraflow.results.figures import outcome_figures

LONG = {"code": N_("other code"), "figures": N_("other figures")}
"""What is said of differences that are too long to be told."""

ROOMS = (*_cache.CALIBRATION, "results", "lab")
"""Packages whose code decides the figures of an ensemble."""


def running() -> dict[str, str]:
    """The code and the libraries of this process that decide figures to the last bit, by name."""
    return {
        "contraflow": __version__,
        "code": _code(),
        "jax": version("jax"),
        "jaxlib": version("jaxlib"),
        "numpy": np.__version__,
        "backend": str(jax.default_backend()),
        "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
        "figures": ", ".join(f"{f.name} ({f.unit})" for f in outcome_figures()),
    }


@cache
def _code() -> str:
    return _cache.code(ROOMS)


@cache
def processor() -> str:
    """Kind of this machine's processor: compiled code may round the last bit otherwise on another kind."""
    found: Any = np.show_config(mode="dicts") or {}
    extensions = found.get("SIMD Extensions", {})
    names = sorted({*extensions.get("baseline", ()), *extensions.get("found", ())})
    return " ".join([platform.machine(), *names])


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """In words, in what two processes differ; ``here`` is this one. Empty if they are alike."""
    words = []
    for name in sorted({*here, *there}):
        one, other = here.get(name), there.get(name)
        if one != other:
            text = _(LONG[name]) if name in LONG else _("{name} {theirs} (here {ours})")
            words.append(text.format(name=name, theirs=_told(other), ours=_told(one)))
    return words


def _told(value: str | None) -> str:
    return pgettext("version", "none") if value is None else value or pgettext("setting", "unset")


def identity(case: Case, ledger: FloatArray, table: PolicyTable) -> dict[str, Any]:
    """What decides an ensemble: the case, the draws, the policies, the code and the libraries."""
    return {
        "case": case.info.id,
        "fingerprint": case.fingerprint,
        "ledger": sha256(np.ascontiguousarray(ledger).tobytes()).hexdigest(),
        "policies": table.digest,
        "running": running(),
    }


def key(identity: Mapping[str, Any]) -> str:
    """A digest of an identity."""
    return sha256(repr(sorted(identity.items())).encode()).hexdigest()
