"""How an economy adjusts, in words: when an answer holds, and how far its pace can be trusted."""

from __future__ import annotations

from contraflow.policy.horizon import LONG_RUN

PACES = (
    "How fast growers, buyers, traders and carriers reconsider is assumed, within ranges, not learned from "
    "claims: which way figures move is firmer than how far they are at a given time."
)
"""How far sizes at a time can be trusted."""

STILL_ADJUSTING = (
    "Some still do what they did before, and goods that they would send by a way that no longer pays wait."
)
"""What an answer before the long run holds."""


def when(horizon: str) -> str:
    """A horizon within a sentence.

    Examples
    --------
    >>> when("long run"), when("1 year")
    ('in the long run', 'after 1 year')
    """
    return f"in the {LONG_RUN}" if horizon == LONG_RUN else f"after {horizon}"
