"""Documented behaviour against the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from contraflow._language import _
from contraflow._quantiles import ENDS, MEDIAN
from contraflow._types import BoolArray, FloatArray, IntArray, Progress
from contraflow.analysis.dynamic_patterns import unfold
from contraflow.case import statements
from contraflow.errors import ConvergenceError
from contraflow.model.numerics import compiled, jax
from contraflow.model.observables import Observations
from contraflow.policy.policy import levels, parse
from contraflow.policy.responder import Reference, Responder

if TYPE_CHECKING:
    import pandas as pd


UNCHANGED = (0.98, 1.02)
"""Range of ratios within which a quantity counts as unchanged, unless the pattern gives one."""

NOTICEABLE = 1e-3
"""Relative change below which a quantity neither rises nor falls."""


CHUNK = 256
"""Economies that are observed together; each takes some hundred kilobytes."""

ENOUGH = 0.5
"""Share of draws in which both sides of a pattern need an equilibrium."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Documented patterns and what the model shows of them.

    Made by :meth:`contraflow.Lab.validate`.
    """

    patterns: tuple[statements.Pattern, ...]
    """Patterns that were run."""
    before: FloatArray
    """Quantity without the policy (pattern, draw); NaN where one of the two policies has no equilibrium."""
    after: FloatArray
    """Quantity with the policy (pattern, draw); NaN likewise."""
    waiting: tuple[statements.Pattern, ...] = ()
    """Patterns that take time and were not simulated."""
    simulated: Verdicts | None = None
    """Verdicts on patterns that take time, over replicates instead of draws."""

    @property
    def solved(self) -> BoolArray:
        """Whether both sides were found (pattern, draw)."""
        return ~(np.isnan(self.before) | np.isnan(self.after))

    @property
    def ratio(self) -> FloatArray:
        """Quantity with the policy over quantity without (pattern, draw)."""
        return self.after / np.where(self.before == 0, np.nan, self.before)

    @property
    def holds(self) -> BoolArray:
        """Whether the expected behaviour appears (pattern, draw)."""
        low, high = np.array([_range(p) for p in self.patterns]).reshape(-1, 2).T
        return (self.ratio >= low[:, None]) & (self.ratio <= high[:, None])

    @property
    def probability(self) -> FloatArray:
        """Share of the solved draws in which the expected behaviour appears (pattern,)."""
        return np.asarray(self.holds.sum(axis=1) / np.maximum(self.solved.sum(axis=1), 1))

    def table(self) -> pd.DataFrame:
        """The verdicts as a table.

        Returns
        -------
        pandas.DataFrame
            One row per pattern: what is ``expected``, the model's median ``ratio``, and whether it ``holds``,
            that is, appears in at least half of the draws. With more than one draw, ``ratio_5`` to
            ``ratio_95`` bound the 50 % and 90 % intervals, ``probability`` is the share of draws in which the
            pattern appears, and ``left_out`` counts those without an equilibrium.
        """
        import pandas as pd

        ran = [_row(p, **self._verdict(i)) for i, p in enumerate(self.patterns)]
        if self.simulated is not None:
            ran += [_row(p, **self.simulated._verdict(i)) for i, p in enumerate(self.simulated.patterns)]
        nothing = {"ratio": np.nan, "holds": None}
        if self._many:
            nothing |= dict.fromkeys((*(f"ratio{end}" for end in ENDS), "probability", "left_out"), np.nan)
        waits = _("Takes time to show: simulated by lab.validate() and contraflow validate.")
        rows = ran + [_row(p, **nothing) | {"note": waits} for p in self.waiting]
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        return str(self.table().to_html(index=False))

    def __repr__(self) -> str:
        """How many patterns show."""
        sides = [self] if self.simulated is None else [self, self.simulated]
        shows = sum(int((side.probability >= 0.5).sum()) for side in sides)
        ran = sum(len(side.patterns) for side in sides)
        waits = f"; {len(self.waiting)} take time and were not run" if self.waiting else ""
        return f"<Verdicts: {shows} of {ran} patterns show{waits}>"

    @property
    def _many(self) -> bool:
        return bool(self.before.shape[1] > 1)

    def _verdict(self, row: int) -> dict[str, object]:
        known = self.ratio[row][~np.isnan(self.ratio[row])]
        ends = np.quantile(known, (MEDIAN, *ENDS.values())) if known.size else np.full(1 + len(ENDS), np.nan)
        verdict: dict[str, object] = {
            "ratio": float(ends[0]),
            "holds": bool(self.probability[row] >= 0.5),
        }
        if self._many:
            verdict |= {f"ratio{end}": float(value) for end, value in zip(ENDS, ends[1:], strict=True)}
            verdict["probability"] = float(self.probability[row])
            verdict["left_out"] = int((~self.solved[row]).sum())
        return verdict


def validate(
    responder: Responder,
    ledger: FloatArray,
    references: Reference,
    replicates: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Verdicts:
    """Compare the model with every documented pattern.

    A draw in which one of a pattern's two policies has no equilibrium, from any start, is left out of that
    pattern.

    Parameters
    ----------
    responder
        The model with its levers.
    ledger
        Draws (draw, number).
    references
        References of the same draws.
    replicates
        Simulated replicates for patterns that take time; 0 leaves these patterns waiting.
    seed
        Seed of the simulations.
    progress
        Callback ``progress(message, fraction=None)``, with the part done from 0 to 1.

    Raises
    ------
    ObservationError
        If a pattern selects nothing in the model.
    PolicyError
        If a pattern's policy cannot be read.
    ConvergenceError
        If a pattern has an equilibrium in fewer than half of the draws.
    """
    case = responder.model.network.case
    now = tuple(p for p in case.patterns.values() if p.needs is statements.Needs.EQUILIBRIUM)
    later = tuple(p for p in case.patterns.values() if p.needs is not statements.Needs.EQUILIBRIUM)
    simulated = None
    if later and replicates > 0:
        simulated, later = Verdicts(later, *unfold(responder, later, ledger, replicates, seed, progress)), ()
    if not now:
        none = np.zeros((0, len(ledger)))
        return Verdicts((), none, none, later, simulated)
    baseline = responder.levers.baseline
    wanted = [levels(case, baseline, parse(text)) for p in now for text in (p.against, p.policy)]
    distinct, which = np.unique(np.array(wanted), axis=0, return_inverse=True)
    observations = Observations(responder.model, now).resolve()
    observed = _observed(responder, observations, ledger, references, distinct)
    pairs = which.reshape(-1, 2)
    rows = np.arange(len(now))
    before, after = (observed[:, pairs[:, k], rows].T for k in (0, 1))
    verdicts = Verdicts(now, before, after, later, simulated)
    lost = [p.id for p, kept in zip(now, verdicts.solved.mean(axis=1), strict=True) if kept < ENOUGH]
    if lost:
        text = (
            _("No equilibrium was found for the policy of pattern {patterns}.")
            if len(ledger) == 1
            else _("No equilibrium was found in most of the draws for the policy of pattern {patterns}.")
        )
        raise ConvergenceError(text.format(patterns=", ".join(lost)))
    return verdicts


def _observed(
    responder: Responder,
    observations: Observations,
    ledger: FloatArray,
    references: Reference,
    distinct: FloatArray,
) -> FloatArray:
    """Value of each row under each policy (draw, policy, row); NaN without an equilibrium."""
    draw = np.repeat(np.arange(len(ledger)), len(distinct))
    policies = np.tile(distinct, (len(ledger), 1))
    state, solved = _settled_states(responder, ledger, references, policies, draw)
    observe = compiled(jax.vmap(observations.observe))
    observed = np.full((draw.size, len(observations.rows)), np.nan)
    size = min(CHUNK, draw.size)
    for first in range(0, draw.size, size):
        pick = np.minimum(np.arange(first, first + size), draw.size - 1)
        here = responder.settled(ledger, references, policies[pick], state[pick], draw[pick])
        observed[pick] = observe(ledger[draw[pick]], here.economy, here.point)
    observed[~solved] = np.nan
    return observed.reshape(len(ledger), len(distinct), -1)


def _settled_states(
    responder: Responder, ledger: FloatArray, references: Reference, policies: FloatArray, draw: IntArray
) -> tuple[FloatArray, BoolArray]:
    """Equilibria (problem, unknown), from the first start that leads to one, and whether there is one."""
    first, *others = np.asarray(responder.model.starts())
    root = responder.solve(
        ledger, references, policies, draw, np.broadcast_to(first, (draw.size, first.size))
    )
    state, solved = root.state.copy(), root.solved
    for start in others:
        left = np.flatnonzero(~solved)
        if not left.size:
            break
        again = responder.solve(
            ledger, references, policies[left], draw[left], np.broadcast_to(start, (left.size, start.size))
        )
        found = again.solved
        state[left[found]], solved[left[found]] = again.state[found], True
    return state, solved


def _row(pattern: statements.Pattern, **verdict: object) -> dict[str, object]:
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


def _range(pattern: statements.Pattern) -> tuple[float, float]:
    if pattern.expected is statements.Expected.RISE:
        return 1 + NOTICEABLE, np.inf
    if pattern.expected is statements.Expected.FALL:
        return -np.inf, 1 - NOTICEABLE
    low, high = UNCHANGED if pattern.expected is statements.Expected.UNCHANGED else (-np.inf, np.inf)
    return (low if pattern.low is None else pattern.low, high if pattern.high is None else pattern.high)


def _words(pattern: statements.Pattern) -> str:
    if pattern.expected is statements.Expected.RANGE:
        low, high = _range(pattern)
        return f"{low:g} to {high:g} times"
    return {"rise": "rises", "fall": "falls", "unchanged": "stays"}[pattern.expected.value]
