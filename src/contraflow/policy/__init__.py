"""Measures of the state and policies made of them.

What needs the model loads with the first name that needs it, so that levels are checked without JAX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contraflow.policy.policy import Policy, describe, levels, parse

if TYPE_CHECKING:
    from contraflow.policy.levers import Levers, make_levers
    from contraflow.policy.responder import Reference, Responder, Settled

__all__ = [
    "Levers",
    "Policy",
    "Reference",
    "Responder",
    "Settled",
    "describe",
    "levels",
    "make_levers",
    "parse",
]

_HOME = {
    "Levers": "levers",
    "make_levers": "levers",
    "Reference": "responder",
    "Responder": "responder",
    "Settled": "responder",
}


def __getattr__(name: str) -> Any:
    """Load a name that needs the model on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'contraflow.policy' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"contraflow.policy.{_HOME[name]}"), name)
