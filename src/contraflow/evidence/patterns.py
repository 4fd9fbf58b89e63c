"""Documented behaviour against the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from contraflow.case import schema
from contraflow.errors import ConvergenceError
from contraflow.evidence.observe import Observations
from contraflow.model.numerics import jax
from contraflow.model.root import TOLERANCE
from contraflow.policy.policy import levels, parse
from contraflow.policy.response import Reference, Responder

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[np.float64]

UNCHANGED = (0.98, 1.02)
"""Ratio within which a quantity counts as unchanged unless the pattern says otherwise."""

NOTICEABLE = 1e-3
"""Relative change below which a quantity neither rises nor falls."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Patterns with the model's ratio (pattern, draw) and whether each draw shows what is expected."""

    patterns: tuple[schema.Pattern, ...]
    before: Array
    after: Array
    waiting: tuple[schema.Pattern, ...]

    @property
    def ratio(self) -> Array:
        """Quantity with the policy over quantity without, (pattern, draw)."""
        return self.after / np.where(self.before == 0, np.nan, self.before)

    @property
    def holds(self) -> npt.NDArray[np.bool_]:
        """Whether the expected behaviour shows, (pattern, draw)."""
        low, high = np.array([_range(p) for p in self.patterns]).reshape(-1, 2).T
        return (self.ratio >= low[:, None]) & (self.ratio <= high[:, None])

    def table(self) -> pd.DataFrame:
        """One row per pattern: what is expected, the model's median ratio, whether it holds."""
        import pandas as pd

        ran = [
            _told(
                p,
                ratio=float(np.median(self.ratio[i])),
                holds=bool(np.median(self.holds[i]) >= 0.5),
                share_of_draws=float(self.holds[i].mean()),
            )
            for i, p in enumerate(self.patterns)
        ]
        nothing = {"ratio": np.nan, "holds": None, "share_of_draws": np.nan}
        waits = "Needs time: waits for the dynamics."
        rows = ran + [_told(p, **nothing) | {"note": waits} for p in self.waiting]
        return pd.DataFrame(rows)


def validate(responder: Responder, ledger: Array, references: Reference) -> Verdicts:
    """Run every pattern that an equilibrium can show, on every draw (``ledger`` is (draw, number)).

    Raises ObservationError, PolicyError for a pattern that cannot be run, ConvergenceError for one
    whose policy has no equilibrium.
    """
    case = responder.model.network.case
    now = tuple(p for p in case.patterns.values() if p.needs is schema.Needs.EQUILIBRIUM)
    later = tuple(p for p in case.patterns.values() if p.needs is not schema.Needs.EQUILIBRIUM)
    if not now:
        return Verdicts((), np.zeros((0, len(ledger))), np.zeros((0, len(ledger))), later)
    baseline = responder.levers.baseline
    wanted = [levels(case, baseline, parse(text)) for p in now for text in (p.against, p.policy)]
    distinct, which = np.unique(np.array(wanted), axis=0, return_inverse=True)
    observations = Observations(responder.model, now).resolve()

    observe = jax.jit(jax.vmap(observations.observe))
    draws = len(ledger)
    said = np.empty((draws, len(distinct), len(now)))
    for number in range(draws):
        draw = np.full(len(distinct), number)
        root = responder.solve(ledger, references, distinct, draw)
        lost = np.flatnonzero(root.residual > 10 * TOLERANCE)
        if lost.size:
            names = sorted({now[i // 2].id for i in np.flatnonzero(np.isin(which, lost))})
            raise ConvergenceError(f"No equilibrium was found for the policy of pattern {', '.join(names)}.")
        settled = responder.settled(ledger, references, distinct, root.state, draw)
        rows = np.broadcast_to(ledger[number], (len(distinct), ledger.shape[1]))
        said[number] = observe(rows, settled.economy, settled.point)
    pairs = which.reshape(-1, 2)
    rows = np.arange(len(now))
    before, after = (said[:, pairs[:, k], rows].T for k in (0, 1))
    return Verdicts(now, before, after, later)


def _told(pattern: schema.Pattern, **verdict: object) -> dict[str, object]:
    """A pattern's row of the table."""
    return {
        "pattern": pattern.id,
        "statement": pattern.statement,
        "source": pattern.source,
        "paragraph": pattern.paragraph,
        "policy": pattern.policy,
        "expected": _words(pattern),
        **verdict,
        "diagnosis": pattern.diagnosis if verdict["holds"] is False else "",
        "note": pattern.note,
    }


def _range(pattern: schema.Pattern) -> tuple[float, float]:
    if pattern.expected is schema.Expected.RISE:
        return 1 + NOTICEABLE, np.inf
    if pattern.expected is schema.Expected.FALL:
        return -np.inf, 1 - NOTICEABLE
    low, high = UNCHANGED if pattern.expected is schema.Expected.UNCHANGED else (-np.inf, np.inf)
    return (low if pattern.low is None else pattern.low, high if pattern.high is None else pattern.high)


def _words(pattern: schema.Pattern) -> str:
    if pattern.expected is schema.Expected.RANGE:
        low, high = _range(pattern)
        return f"{low:g} to {high:g} times"
    return {"rise": "rises", "fall": "falls", "unchanged": "stays"}[pattern.expected.value]
