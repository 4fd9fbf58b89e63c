"""Measures of the state and policies made of them."""

from contraflow.policy.levers import Levers, make_levers
from contraflow.policy.policy import Policy, describe, levels, parse
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
