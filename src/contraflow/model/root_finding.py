"""Roots of small systems: Broyden's method from a known Jacobian, then Newton's where that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from contraflow.model.numerics import jax, jnp

TOLERANCE = 1e-11
"""Largest residual, in logarithms, at which the search for a root ends."""

ACCEPTED = 10 * TOLERANCE
"""Largest residual, in logarithms, that counts as a root; rounding may keep a search just above TOLERANCE."""

LARGEST_STEP = 1.5
"""Largest change of one unknown in one step, in logarithms; keeps early steps near the start."""

BROYDEN_STEPS = 30
SHORTENING = 0.3
SHORTENINGS = 6
NEWTON_ROUNDS = 15
RIDGE = 1e-14
HISTORY = 1 + NEWTON_ROUNDS

Function = Callable[[jax.Array], jax.Array]
Round = tuple["Search", jax.Array, jax.Array, jax.Array]


class Root(NamedTuple):
    """A root and how it was found."""

    state: jax.Array
    """The best point (unknown,)."""
    residual: jax.Array
    """Largest absolute residual there."""
    evaluations: jax.Array
    """Evaluations of the function: of Broyden steps, and of the Jacobians and steps of Newton rounds."""
    history: jax.Array
    """Residual after the Broyden phase and each Newton round (1 + NEWTON_ROUNDS,), NaN after the last."""
    inverse: jax.Array
    """Approximate inverse Jacobian there (unknown, unknown), from which a root nearby is found sooner."""

    @property
    def solved(self) -> jax.Array:
        """Whether ``state`` is a root."""
        return self.residual <= ACCEPTED


def find_root(
    function: Function,
    start: jax.Array,
    inverse: jax.Array,
    newton_rounds: int = NEWTON_ROUNDS,
    tolerance: float = TOLERANCE,
    broyden_steps: int = BROYDEN_STEPS,
) -> Root:
    """Solve ``function(state) = 0``.

    Differentiable by the implicit function theorem, and safe under ``vmap``. Does not raise: look at
    ``residual``.

    Parameters
    ----------
    function
        From (unknown,) to (unknown,).
    start
        Starting point (unknown,).
    inverse
        Approximate inverse Jacobian at the start (unknown, unknown).
    newton_rounds
        Newton rounds, at most. 0: Broyden's method alone.
    tolerance
        Largest absolute residual at which the search ends.
    broyden_steps
        Steps of Broyden's method before the first Newton round and in each.

    Examples
    --------
    >>> root = find_root(lambda x: x**2 - 2, jnp.ones(1), jnp.eye(1) / 2)
    >>> round(float(root.state[0]), 6), bool(root.solved)
    (1.414214, True)
    """

    def solve(f: Function, z: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        return _solve(f, z, jax.lax.stop_gradient(inverse), newton_rounds, tolerance, broyden_steps)

    def tangent(linear: Function, y: jax.Array) -> jax.Array:
        jacobian = jax.vmap(linear, out_axes=1)(jnp.eye(y.size))
        return jnp.asarray(jnp.linalg.solve(jacobian, y))

    state, (residual, evaluations, history, last) = jax.lax.custom_root(
        function, jax.lax.stop_gradient(start), solve, tangent, has_aux=True
    )
    return Root(state, residual, evaluations, history, last)


def inverse_jacobian(function: Function, state: jax.Array) -> jax.Array:
    """Inverse of the Jacobian of ``function`` at ``state`` (unknown, unknown)."""
    return jnp.asarray(jnp.linalg.inv(_jacobian(function, state)))


def _jacobian(function: Function, state: jax.Array) -> jax.Array:
    _, linear = jax.linearize(function, state)
    return jnp.asarray(jax.vmap(linear, out_axes=1)(jnp.eye(state.size)))


def _norm(f: jax.Array) -> jax.Array:
    return jnp.asarray(jnp.where(jnp.isfinite(f).all(), jnp.max(jnp.abs(f), initial=0.0), jnp.inf))


def _limited(step: jax.Array) -> jax.Array:
    return step / jnp.maximum(1.0, jnp.max(jnp.abs(step), initial=0.0) / LARGEST_STEP)


class Search(NamedTuple):
    """A search for a root by Broyden's method, as far as it is."""

    z: jax.Array
    """Best point (unknown,)."""
    f: jax.Array
    """Value of the function there (unknown,)."""
    norm: jax.Array
    """Largest absolute residual there; infinite before the first evaluation."""
    inverse: jax.Array
    """Approximate inverse Jacobian there (unknown, unknown)."""
    step: jax.Array
    """Step that is tried next (unknown,)."""
    tries: jax.Array
    """Evaluations since the inverse was computed."""
    failures: jax.Array
    """Steps in a row without a gain."""

    @property
    def stuck(self) -> jax.Array:
        """Whether the search needs a new inverse to go on."""
        return (self.tries >= BROYDEN_STEPS) | (self.failures >= SHORTENINGS)


def begin(start: jax.Array, inverse: jax.Array) -> Search:
    """A search that has not begun, from a starting point and an approximate inverse Jacobian there."""
    nowhere, none = jnp.zeros_like(start), jnp.array(0)
    return Search(start, nowhere, jnp.array(jnp.inf), inverse, nowhere, none, none)


def descend(
    function: Function, search: Search, tries: int | jax.Array, tolerance: float = TOLERANCE
) -> Search:
    """Broyden's good method; a step that does not reduce the residual is shortened.

    Broyden (1965), A class of methods for solving nonlinear simultaneous equations, Mathematics of
    Computation 19. Ends at a root, at the given number of evaluations, or after SHORTENINGS in a row without
    a gain; where the number ended it, it goes on from its result as if it had not been.
    """

    def advancing(s: Search) -> jax.Array:
        return (s.norm > tolerance) & (s.tries < tries) & (s.failures < SHORTENINGS)

    def advance(s: Search) -> Search:
        trial = s.z + s.step
        result = function(trial)
        new = _norm(result)
        gain = new < s.norm
        first = jnp.isinf(s.norm)
        change = s.inverse @ jnp.where(gain & ~first, result - s.f, 0.0)
        denominator = s.step @ change
        usable = gain & ~first & (jnp.abs(denominator) > 1e-300)
        update = jnp.outer(s.step - change, s.step @ s.inverse) / jnp.where(usable, denominator, 1.0)
        inverse = jnp.where(usable, s.inverse + update, s.inverse)
        return Search(
            z=jnp.where(gain, trial, s.z),
            f=jnp.where(gain, result, s.f),
            norm=jnp.where(gain, new, s.norm),
            inverse=inverse,
            step=jnp.where(gain, _limited(-inverse @ result), SHORTENING * s.step),
            tries=s.tries + 1,
            failures=jnp.where(gain, 0, s.failures + 1),
        )

    found: Search = jax.lax.while_loop(advancing, advance, search)
    return found


def renew(function: Function, search: Search) -> Search:
    """The same search with the inverse of the Jacobian at its best point, as Newton's method has it."""
    jacobian = jnp.nan_to_num(_jacobian(function, search.z)) + RIDGE * jnp.eye(search.z.size)
    inverse = jnp.linalg.inv(jacobian)
    none = jnp.zeros_like(search.tries)
    return search._replace(inverse=inverse, step=_limited(-inverse @ search.f), tries=none, failures=none)


def _solve(
    function: Function,
    start: jax.Array,
    inverse: jax.Array,
    newton_rounds: int,
    tolerance: float,
    broyden_steps: int,
) -> tuple[jax.Array, tuple[jax.Array, jax.Array, jax.Array, jax.Array]]:
    first = descend(function, begin(start, inverse), broyden_steps, tolerance)
    history = jnp.full(HISTORY, jnp.nan).at[0].set(first.norm)
    if not newton_rounds:
        return first.z, (first.norm, first.tries.astype(float), history, first.inverse)

    def unfinished(carry: Round) -> jax.Array:
        search, _, rounds, _ = carry
        return (search.norm > tolerance) & (rounds < newton_rounds)

    def newton_round(carry: Round) -> Round:
        search, evaluations, rounds, history = carry
        found = descend(function, renew(function, search), broyden_steps, tolerance)
        evaluations += search.z.size + found.tries
        history = history.at[rounds + 1].set(found.norm)
        rounds = jnp.where(found.norm < search.norm, rounds + 1, newton_rounds)
        return found, evaluations, rounds, history

    carry = (first, first.tries, jnp.array(0), history)
    found, evaluations, _, history = jax.lax.while_loop(unfinished, newton_round, carry)
    return found.z, (found.norm, evaluations.astype(float), history, found.inverse)
