"""How the state spreads its searches over links.

All strategies spend the same effort: the sum of the hazard that each effect adds is given by its level, and
only its distribution differs. Strategies that look back do so once a year, on the previous twelve months.
"""

from __future__ import annotations

from contraflow._language import N_
from contraflow.case.statements import SearchStrategy
from contraflow.model.numerics import jax, jnp

FOCUS = 0.2
"""Fraction of the searched links that gets all effort where it is concentrated or moves at random."""

EVERYWHERE = 0.1
"""Fraction of the effort that a state which chases keeps spread evenly."""

ROUNDS = 60
"""Steps towards the best allocation."""


ABOUT = {
    SearchStrategy.EVEN: N_("the same on all links that a measure covers"),
    SearchStrategy.CONCENTRATE: N_("always on the fifth of the links that carried most in the baseline"),
    SearchStrategy.RANDOM: N_("each month on a fifth of the links, drawn anew, the busier the likelier"),
    SearchStrategy.CHASE: N_("each year in proportion to last year's seizures"),
    SearchStrategy.OPTIMISE: N_("each year so that most of last year's flows would be seized"),
}
"""What each strategy does, in words, marked for the catalogue."""


def concentrated(covered: jax.Array, score: jax.Array) -> jax.Array:
    """All effort on the FOCUS of the ``covered`` links (arc,) with the highest ``score`` (arc,)."""
    number = jnp.maximum(jnp.round(FOCUS * covered.sum()), 1)
    rank = jnp.argsort(jnp.argsort(-jnp.where(covered, score, -jnp.inf)))
    return jnp.where(covered & (rank < number), covered.sum() / number, 0.0)


def chasing(covered: jax.Array, seized: jax.Array) -> jax.Array:
    """Effort in proportion to seizures (arc,), except for the fraction EVERYWHERE.

    Parameters
    ----------
    covered
        Whether a link can be searched (arc,).
    seized
        What was seized (arc,).
    """
    found = jnp.where(covered, seized, 0.0)
    total = found.sum()
    share = jnp.where(total > 0, found / jnp.where(total > 0, total, 1.0) * covered.sum(), 1.0)
    return EVERYWHERE + (1 - EVERYWHERE) * share


def best(covered: jax.Array, flow: jax.Array, hazard: jax.Array, added: jax.Array) -> jax.Array:
    """Effort (arc,) that would seize the most if nobody changed routes.

    The allocation of search over cells by equal marginal detection (Koopman 1946, Search and Screening),
    found by multiplicative steps.

    Parameters
    ----------
    covered
        Whether a link can be searched (arc,).
    flow
        What moves on it (arc,).
    hazard
        Hazard without the searches (arc,).
    added
        Hazard that a unit of effort adds (arc,).
    """

    def step(_: int, effort: jax.Array) -> jax.Array:
        gain = flow * added * jnp.exp(-(hazard + added * effort))
        gain = jnp.where(covered & (added > 0), gain, 0.0)
        mean = (gain * effort).sum() / jnp.maximum((effort * covered).sum(), 1e-300)
        moved = effort * (gain / jnp.where(mean > 0, mean, 1.0)) ** 0.3
        moved = jnp.where(covered, jnp.clip(moved, 1e-6, 1e6), 0.0)
        return moved * covered.sum() / jnp.maximum(moved.sum(), 1e-300)

    start = jnp.where(covered, 1.0, 0.0)
    found = jax.lax.fori_loop(0, ROUNDS, step, start)
    return jnp.where((flow * covered).sum() > 0, found, start)
