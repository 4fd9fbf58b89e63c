"""Behaviour learned from episodes of history, and tested on episodes that were left out.

>>> import contraflow.history
>>> behaviour = contraflow.history.learned("without-andes-1990s")
>>> behaviour.table().loc["theta_land"]  # median, interval, and how much narrower than before
>>> left_out = contraflow.history.left_out()  # what was foreseen of each episode from all others

Names load when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contraflow.history.episode_tables import Episode, read_episodes
    from contraflow.history.forecast_scores import score_forecasts
    from contraflow.history.learned_tables import Learned, learn, learned, left_out
    from contraflow.history.left_out_episodes import LeftOut, leave_out

__all__ = [
    "Episode", "Learned", "LeftOut", "learn", "learned", "leave_out", "left_out", "read_episodes",
    "score_forecasts",
]  # fmt: skip

_HOME = {
    "Episode": "episode_tables",
    "Learned": "learned_tables",
    "LeftOut": "left_out_episodes",
    "learn": "learned_tables",
    "learned": "learned_tables",
    "leave_out": "left_out_episodes",
    "left_out": "learned_tables",
    "read_episodes": "episode_tables",
    "score_forecasts": "forecast_scores",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'contraflow.history' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"contraflow.history.{_HOME[name]}"), name)
