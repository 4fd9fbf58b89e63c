"""Answers in one draw, for as long as a lever moves: each search begins where the last ended."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from contraflow.lab.lab import Lab
from contraflow.lab.outcome import Outcome
from contraflow.model.numerics import jnp
from contraflow.policy import describe, levels
from contraflow.policy.responder import Solutions
from contraflow.results import figures
from contraflow.results.view import price_spot


class QuickAnswers:
    """One draw of a lab, the typical one, asked about one policy after the other.

    A policy is likely to be near the last: its equilibrium is sought from there, with the slopes found there.
    Where that leads nowhere the search begins anew, as :meth:`contraflow.Lab.respond` does.

    Parameters
    ----------
    lab
        A lab; its draws stay as they are.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab.with_draws(np.array([typical_draw(lab)]))
        self._last: Solutions | None = None

    def answer(self, policy: Mapping[str, float]) -> Outcome:
        """The economy under a policy, in one draw.

        Parameters
        ----------
        policy
            Levels, as for :meth:`contraflow.Lab.respond`.

        Raises
        ------
        PolicyError, ConvergenceError
            As there.
        """
        lab, responder = self.lab, self.lab.responder
        wanted = levels(lab.case, responder.levers.baseline, policy)
        references, start = lab._references, None
        if self._last is not None:
            references = references._replace(inverse=jnp.asarray(self._last.inverse))
            start = self._last.state
        draw = np.zeros(1, dtype=np.int64)
        found = responder.solve(lab.ledger, references, wanted[None], draw, start)
        if not found.solved.all() or lab._cut_off(draw, found.state).any():
            self._last = None
            return lab.respond(policy, alternatives=False)
        self._last = found
        title = describe(lab.case, policy)
        data = lab._label(wanted, found.state, policy, title)
        return Outcome(title, dict(policy), lab.network, data)


def typical_draw(lab: Lab) -> int:
    """The draw whose headline figures in the baseline are nearest to their medians, in standard deviations.

    Figures are compared in logarithms; those that are not above zero in all draws do not count.
    """
    base = lab.baseline().data
    _names, values = figures.outcome_rows(base, price_spot(base))
    sound = np.isfinite(values).all(axis=0) & (values > 0).all(axis=0)
    logs = np.log(values[:, sound])
    spread = logs.std(axis=0)
    moving = spread > 0
    if not moving.any():
        return 0
    off = (logs[:, moving] - np.median(logs[:, moving], axis=0)) / spread[moving]
    return int(np.argmin((off**2).sum(axis=1)))
