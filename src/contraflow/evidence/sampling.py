"""Markov chains: NumPyro's No-U-Turn sampler in white coordinates.

A chain moves by a cheap log density and is held to the exact one: each state that the sampler reaches
is accepted with the Metropolis probability of their ratio (surrogate transition; Liu 2001, Monte Carlo
Strategies in Scientific Computing, 9.4.3). The chain so has the exact posterior, and the sampler's
many steps need no equilibrium solved.

Chains run on threads, one a core: XLA leaves Python's lock. All run the same compiled code, in strides
between which progress is told and an interruption is heard.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow.evidence.whitening import Whitening
from contraflow.model.numerics import jax, jnp

FloatArray = npt.NDArray[np.float64]
Density = Callable[..., jax.Array]
"""Log likelihood of deviates z (size,), given what else it depends on."""

Progress = Callable[[int, int], None]

STRIDE = 25
TARGET_ACCEPTANCE = 0.8
LARGEST_DEPTH = 8
"""Doublings of a trajectory: at most 255 steps."""

FIRST_STEP = 0.1
"""Step size that the adaptation starts from."""

QUICKLY_COMPILED = {"xla_backend_optimization_level": "1"}


class Chains(NamedTuple):
    """Deviates (chain, draw, size) and statistics of the sampler (chain, draw).

    ``accepted`` says whether the exact density accepted the move, ``step_size`` (chain,) is that of the
    kept draws.
    """

    draws: FloatArray
    diverging: npt.NDArray[np.bool_]
    energy: FloatArray
    steps: npt.NDArray[np.int64]
    acceptance: FloatArray
    accepted: npt.NDArray[np.bool_]
    step_size: FloatArray


class Sampler:
    """A compiled sampler for one kind of density; what it depends on are arguments, not constants.

    ``near`` and ``exact`` take deviates z (size,) and then the given arguments: ``near`` returns the cheap
    log likelihood, ``exact`` what the exact one has more. Without ``exact``, ``near`` is exact.
    """

    def __init__(self, near: Density, size: int, exact: Density | None = None) -> None:
        import numpyro
        import numpyro.distributions as dist
        from numpyro.infer import NUTS

        self.size = size

        def model(whitening: Whitening, *given: Any) -> None:
            u = numpyro.sample("u", dist.Normal(0.0, 1.0).expand((size,)).to_event(1))
            z = whitening.colour(u)
            numpyro.factor("claims", near(z, *given) - 0.5 * z @ z + 0.5 * u @ u)

        kernel = NUTS(
            model,
            target_accept_prob=TARGET_ACCEPTANCE,
            max_tree_depth=LARGEST_DEPTH,
            step_size=FIRST_STEP,
            adapt_mass_matrix=False,
        )
        self._kernel = kernel

        def correction(z: jax.Array, *given: Any) -> jax.Array:
            return jnp.zeros(()) if exact is None else exact(z, *given)

        def advance(carry: Any, whitening: Whitening, *given: Any) -> tuple[Any, Any]:
            state, more, key = carry
            key, draw = jax.random.split(key)
            new = kernel.sample(state, (whitening, *given), {})
            z = whitening.colour(new.z["u"])
            gained = correction(z, *given)
            accept = jnp.log(jax.random.uniform(draw)) < gained - more
            accept = accept | ~jnp.isfinite(more)
            kept = new._replace(
                z=jax.tree.map(lambda a, b: jnp.where(accept, a, b), new.z, state.z),
                z_grad=jax.tree.map(lambda a, b: jnp.where(accept, a, b), new.z_grad, state.z_grad),
                potential_energy=jnp.where(accept, new.potential_energy, state.potential_energy),
            )
            told = (
                whitening.colour(kept.z["u"]), new.diverging, new.energy,
                new.num_steps, new.accept_prob, accept,
            )  # fmt: skip
            return (kept, jnp.where(accept, gained, more), key), told

        def stride(carry: Any, whitening: Whitening, *given: Any) -> tuple[Any, Any]:
            return jax.lax.scan(lambda c, _: advance(c, whitening, *given), carry, None, length=STRIDE)

        self._stride = jax.jit(stride, compiler_options=QUICKLY_COMPILED)

        def begin(key: jax.Array, u: jax.Array, warm_up: int, whitening: Whitening, *given: Any) -> Any:
            first, second = jax.random.split(key)
            state = kernel.init(first, warm_up, {"u": u}, (whitening, *given), {})
            return state, jnp.array(-jnp.inf), second

        self._begin = begin

    def run(
        self,
        key: jax.Array,
        starts: FloatArray,
        whitening: Whitening,
        given: tuple[Any, ...],
        *,
        warm_up: int,
        draws: int,
        progress: Progress | None = None,
    ) -> Chains:
        """Run a chain from each of ``starts`` (chain, size), deviates.

        ``progress`` is told how many steps of how many all chains have made together.
        """
        chains = len(starts)
        keys = jax.random.split(key, chains)
        total = -(-(warm_up + draws) // STRIDE)
        done, stop = [0] * chains, Event()
        white = whitening.whiten(starts)
        begun = [
            self._begin(keys[c], jnp.asarray(white[c]), warm_up, whitening, *given) for c in range(chains)
        ]

        def chain(number: int) -> tuple[list[FloatArray], float]:
            carry, told = begun[number], []
            for count in range(total):
                if stop.is_set():
                    break
                carry, new = self._stride(carry, whitening, *given)
                told.append([np.asarray(x) for x in new])
                done[number] = min((count + 1) * STRIDE, warm_up + draws)
                if progress is not None:
                    progress(sum(done), chains * (warm_up + draws))
            return [np.concatenate(f) for f in zip(*told, strict=True)], float(carry[0].adapt_state.step_size)

        with ThreadPoolExecutor(min(os.cpu_count() or 1, chains)) as pool:
            try:
                results = list(pool.map(chain, range(chains)))
            except BaseException:
                stop.set()
                raise
        fields = [
            np.stack(f)[:, warm_up : warm_up + draws] for f in zip(*[r for r, _ in results], strict=True)
        ]
        draws_, diverging, energy, steps, acceptance, accepted = fields
        return Chains(
            draws_, diverging.astype(bool), energy, steps.astype(np.int64), acceptance,
            accepted.astype(bool), np.array([s for _, s in results]),
        )  # fmt: skip
