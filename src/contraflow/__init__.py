"""Contraflow: a policy lab for illicit supply networks.

>>> import contraflow as cf
>>> lab = cf.load("peru").calibrate()
>>> shut = lab.respond({"radar": 1, "air-interdiction": 4, "us-air-cooperation": 1})
>>> shut.compare(lab.baseline()).summary()

Heavy libraries load with the first name that needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contraflow._version import __version__
from contraflow.errors import (
    CaseError,
    ClusterError,
    ComparisonError,
    ContraflowError,
    ConvergenceError,
    NetworkError,
    ObservationError,
    OutputError,
    PolicyError,
)

if TYPE_CHECKING:
    from contraflow.analysis.conflicts import Conflicts
    from contraflow.analysis.hindcast import Hindcast
    from contraflow.analysis.pattern_validation import Verdicts
    from contraflow.case import check, new
    from contraflow.dynamics.arrests import Arrest
    from contraflow.lab.lab import Lab
    from contraflow.lab.open_case import OpenCase, load
    from contraflow.lab.outcome import Comparison, Outcome
    from contraflow.lab.policy_ensemble import Ensemble, open_ensemble
    from contraflow.lab.trajectories import History, Simulation
    from contraflow.lab.transition_path import TransitionPath
    from contraflow.results.explanation import Explanation
    from contraflow.results.verify import verify

__all__ = [
    "Arrest",
    "CaseError",
    "ClusterError",
    "Comparison",
    "ComparisonError",
    "Conflicts",
    "ContraflowError",
    "ConvergenceError",
    "Ensemble",
    "Explanation",
    "Hindcast",
    "History",
    "Lab",
    "NetworkError",
    "ObservationError",
    "OpenCase",
    "Outcome",
    "OutputError",
    "PolicyError",
    "Simulation",
    "TransitionPath",
    "Verdicts",
    "__version__",
    "check",
    "load",
    "new",
    "open_ensemble",
    "verify",
]

_HOME = {
    "Arrest": "contraflow.dynamics.arrests",
    "Comparison": "contraflow.lab.outcome",
    "Conflicts": "contraflow.analysis.conflicts",
    "Ensemble": "contraflow.lab.policy_ensemble",
    "Explanation": "contraflow.results.explanation",
    "Hindcast": "contraflow.analysis.hindcast",
    "History": "contraflow.lab.trajectories",
    "Lab": "contraflow.lab.lab",
    "OpenCase": "contraflow.lab.open_case",
    "Outcome": "contraflow.lab.outcome",
    "Simulation": "contraflow.lab.trajectories",
    "TransitionPath": "contraflow.lab.transition_path",
    "Verdicts": "contraflow.analysis.pattern_validation",
    "check": "contraflow.case",
    "load": "contraflow.lab.open_case",
    "new": "contraflow.case",
    "open_ensemble": "contraflow.lab.policy_ensemble",
    "verify": "contraflow.results.verify",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'contraflow' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
