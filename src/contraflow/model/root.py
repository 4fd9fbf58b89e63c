"""Roots of small systems: Broyden's method from a known Jacobian, Newton's where that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from contraflow.model.numerics import jax, jnp

TOLERANCE = 1e-11
"""Largest residual, in logarithms, that counts as a root."""

LARGEST_STEP = 1.5
"""Longest move of one unknown in one step, in logarithms; keeps early steps in sight of the start."""

BROYDEN_STEPS = 12
NEWTON_ROUNDS = 60
DAMPING = (1.0, 0.3, 0.1, 0.03, 0.005)
HISTORY = 1 + NEWTON_ROUNDS

Function = Callable[[jax.Array], jax.Array]


class Root(NamedTuple):
    """``state`` (unknown,), its largest ``residual``, and how it was found.

    ``history`` (1 + NEWTON_ROUNDS,) holds the residual after the Broyden phase and after each Newton
    round, NaN where none was needed; ``evaluations`` counts the function's evaluations before those.
    """

    state: jax.Array
    residual: jax.Array
    evaluations: jax.Array
    history: jax.Array


def find_root(function: Function, start: jax.Array, inverse: jax.Array) -> Root:
    """Solve ``function(state) = 0`` from ``start``, both of shape (unknown,).

    ``inverse`` (unknown, unknown) approximates the inverse Jacobian at the start. Differentiable by
    the implicit function theorem; safe under ``vmap``. Does not raise: look at ``residual``.
    """

    def solve(f: Function, z: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        return _solve(f, z, jax.lax.stop_gradient(inverse))

    def tangent(linear: Function, y: jax.Array) -> jax.Array:
        jacobian = jax.vmap(linear, out_axes=1)(jnp.eye(y.size))
        return jnp.linalg.solve(jacobian, y)

    state, (residual, evaluations, history) = jax.lax.custom_root(
        function, jax.lax.stop_gradient(start), solve, tangent, has_aux=True
    )
    return Root(state, residual, evaluations, history)


def inverse_jacobian(function: Function, state: jax.Array) -> jax.Array:
    """Inverse of the Jacobian (unknown, unknown) at ``state``."""
    return jnp.linalg.inv(_jacobian(function, state))


def _jacobian(function: Function, state: jax.Array) -> jax.Array:
    _, linear = jax.linearize(function, state)
    return jax.vmap(linear, out_axes=1)(jnp.eye(state.size))


def _norm(f: jax.Array) -> jax.Array:
    return jnp.where(jnp.isfinite(f).all(), jnp.max(jnp.abs(f), initial=0.0), jnp.inf)


def _limited(step: jax.Array) -> jax.Array:
    return step / jnp.maximum(1.0, jnp.max(jnp.abs(step), initial=0.0) / LARGEST_STEP)


def _solve(function: Function, start: jax.Array, inverse: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    first = function(start)
    z, f, norm, evaluations = _broyden(function, start, first, inverse)
    history = jnp.full(HISTORY, jnp.nan).at[0].set(norm)

    def unfinished(carry: tuple[jax.Array, ...]) -> jax.Array:
        _, _, norm, _, rounds, _ = carry
        return (norm > TOLERANCE) & (rounds < NEWTON_ROUNDS)

    def newton_round(carry: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        z, f, norm, evaluations, rounds, history = carry
        inverse = jnp.linalg.pinv(jnp.nan_to_num(_jacobian(function, z)), rtol=1e-13)
        step = _limited(-inverse @ f)
        trials = z + jnp.array(DAMPING)[:, None] * step
        results = jax.vmap(function)(trials)
        norms = jax.vmap(_norm)(results)
        best = jnp.argmin(norms)
        better = norms[best] < norm
        z = jnp.where(better, trials[best], z)
        f = jnp.where(better, results[best], f)
        z, f, norm, more = _broyden(function, z, f, inverse)
        evaluations += z.size + len(DAMPING) + more
        return z, f, norm, evaluations, rounds + 1, history.at[rounds + 1].set(norm)

    carry = (z, f, norm, evaluations, jnp.array(0), history)
    z, f, norm, evaluations, _, history = jax.lax.while_loop(unfinished, newton_round, carry)
    return z, (norm, evaluations, history)


def _broyden(
    function: Function, start: jax.Array, value: jax.Array, inverse: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """Broyden's good method (Broyden 1965) while it makes progress; returns the best point seen."""

    def advancing(carry: tuple[jax.Array, ...]) -> jax.Array:
        _, _, norm, _, steps, gaining = carry
        return (norm > TOLERANCE) & (steps < BROYDEN_STEPS) & gaining

    def advance(carry: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        z, f, norm, inverse, steps, _ = carry
        step = _limited(-inverse @ f)
        trial = z + step
        result = function(trial)
        new = _norm(result)
        gain = new < norm
        change = inverse @ jnp.where(jnp.isfinite(result), result - f, 0.0)
        denominator = step @ change
        safe = jnp.where(jnp.abs(denominator) > 1e-300, denominator, 1.0)
        update = jnp.outer(step - change, step @ inverse) / safe
        inverse = jnp.where(jnp.abs(denominator) > 1e-300, inverse + update, inverse)
        z = jnp.where(gain, trial, z)
        f = jnp.where(gain, result, f)
        return z, f, jnp.where(gain, new, norm), inverse, steps + 1, gain

    carry = (start, value, _norm(value), inverse, jnp.array(0), jnp.array(True))
    z, f, norm, _, steps, _ = jax.lax.while_loop(advancing, advance, carry)
    return z, f, norm, steps
