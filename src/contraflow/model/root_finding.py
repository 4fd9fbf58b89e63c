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
Round = tuple[jax.Array, jax.Array, jax.Array, jax.Array, jax.Array, jax.Array, jax.Array]


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


class _Search(NamedTuple):
    """State of the search: best point, its value and norm, inverse Jacobian, and the next step to try."""

    z: jax.Array
    f: jax.Array
    norm: jax.Array
    inverse: jax.Array
    step: jax.Array
    tries: jax.Array
    failures: jax.Array


def _solve(
    function: Function,
    start: jax.Array,
    inverse: jax.Array,
    newton_rounds: int,
    tolerance: float,
    broyden_steps: int,
) -> tuple[jax.Array, tuple[jax.Array, jax.Array, jax.Array, jax.Array]]:
    nowhere = jnp.zeros_like(start)
    unknown = jnp.array(jnp.inf)
    first = _descend(function, start, nowhere, unknown, inverse, nowhere, tolerance, broyden_steps)
    z, f, norm, inverse, tries = first
    history = jnp.full(HISTORY, jnp.nan).at[0].set(norm)
    if not newton_rounds:
        return z, (norm, tries.astype(float), history, inverse)

    def unfinished(carry: Round) -> jax.Array:
        _, _, norm, _, _, rounds, _ = carry
        return (norm > tolerance) & (rounds < newton_rounds)

    def newton_round(carry: Round) -> Round:
        z, f, before, _, evaluations, rounds, history = carry
        jacobian = jnp.nan_to_num(_jacobian(function, z)) + RIDGE * jnp.eye(z.size)
        inverse = jnp.linalg.inv(jacobian)
        step = _limited(-inverse @ f)
        found = _descend(function, z, f, before, inverse, step, tolerance, broyden_steps)
        z, f, norm, inverse, tries = found
        evaluations += z.size + tries
        history = history.at[rounds + 1].set(norm)
        rounds = jnp.where(norm < before, rounds + 1, newton_rounds)
        return z, f, norm, inverse, evaluations, rounds, history

    carry = (z, f, norm, inverse, tries, jnp.array(0), history)
    z, f, norm, inverse, evaluations, _, history = jax.lax.while_loop(unfinished, newton_round, carry)
    return z, (norm, evaluations.astype(float), history, inverse)


def _descend(
    function: Function,
    z: jax.Array,
    f: jax.Array,
    norm: jax.Array,
    inverse: jax.Array,
    step: jax.Array,
    tolerance: float,
    steps: int,
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array, jax.Array]:
    """Broyden's good method from ``z``; a step that does not reduce the residual is shortened.

    Broyden (1965), A class of methods for solving nonlinear simultaneous equations, Mathematics of
    Computation 19. Ends at a root, after ``steps`` evaluations, or after SHORTENINGS in a row without a
    gain.
    """

    def advancing(s: _Search) -> jax.Array:
        return (s.norm > tolerance) & (s.tries < steps) & (s.failures < SHORTENINGS)

    def advance(s: _Search) -> _Search:
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
        return _Search(
            z=jnp.where(gain, trial, s.z),
            f=jnp.where(gain, result, s.f),
            norm=jnp.where(gain, new, s.norm),
            inverse=inverse,
            step=jnp.where(gain, _limited(-inverse @ result), SHORTENING * s.step),
            tries=s.tries + 1,
            failures=jnp.where(gain, 0, s.failures + 1),
        )

    s = jax.lax.while_loop(advancing, advance, _Search(z, f, norm, inverse, step, jnp.array(0), jnp.array(0)))
    return s.z, s.f, s.norm, s.inverse, s.tries
