"""Markov chains: NumPyro's No-U-Turn sampler in white coordinates.

A chain moves by a cheap log density and is held to the exact one: each state that the sampler reaches
is accepted with the Metropolis probability of their ratio (surrogate transition; Liu 2001, Monte Carlo
Strategies in Scientific Computing, 9.4.3). The chain so has the exact posterior, and the sampler's
many steps need no equilibrium solved.

Chains run on threads, one a core: XLA leaves Python's lock. All run the same compiled code, in strides
between which progress is told and an interruption is heard. Each adapts its step size while it warms up;
then all take the median, lest one that began in a narrow place creeps for good.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow import _random
from contraflow._parallel import in_threads
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.inference.low_rank_gaussian import LowRankGaussian
from contraflow.model.numerics import jax, jnp

Density = Callable[..., jax.Array]
"""Log likelihood of deviates z (size,), given what else it depends on."""

STRIDE = 25
TARGET_ACCEPTANCE = 0.8
LARGEST_DEPTH = 8
"""Doublings of a trajectory: at most 255 steps."""

FIRST_STEP = 0.1
"""Step size that the adaptation starts from."""


_TRACING = Lock()


class Chains(NamedTuple):
    """Deviates (chain, draw, size) and statistics of the sampler (chain, draw).

    ``accepted`` says whether the exact density accepted the move, ``step_size`` is that of the kept draws.
    """

    draws: FloatArray
    diverging: BoolArray
    energy: FloatArray
    steps: IntArray
    acceptance: FloatArray
    accepted: BoolArray
    step_size: float


class Sampler:
    """A compiled sampler for one kind of density; what it depends on are arguments, not constants.

    ``near`` takes deviates z (size,), traced, and then the given arguments, and returns the cheap log
    likelihood. ``gain`` takes the same, as arrays, and returns what the exact one has more, minus infinity
    where there is none; without it ``near`` is exact.
    """

    def __init__(self, near: Density, size: int, gain: Callable[..., float] | None = None) -> None:
        self.near, self.size, self._gain = near, size, gain
        self._stride = 1 if gain else STRIDE
        self._compiled: dict[int, tuple[jax.stages.Wrapped, jax.stages.Wrapped]] = {}

    def _code(self, warm_up: int) -> tuple[jax.stages.Wrapped, jax.stages.Wrapped]:
        """Compiled start and stride of a chain; NumPyro builds the length of the warm-up into both."""
        if warm_up not in self._compiled:
            self._compiled[warm_up] = self._compile(warm_up)
        return self._compiled[warm_up]

    def _compile(self, warm_up: int) -> tuple[jax.stages.Wrapped, jax.stages.Wrapped]:
        import numpyro
        import numpyro.distributions as dist
        from numpyro.infer import NUTS, init_to_value

        def model(gaussian: LowRankGaussian, *given: Any) -> None:
            u = numpyro.sample("u", dist.Normal(0.0, 1.0).expand((self.size,)).to_event(1))
            z = gaussian.colour(u)
            numpyro.factor("claims", self.near(z, *given) - 0.5 * z @ z + 0.5 * u @ u)

        kernel = NUTS(
            model,
            target_accept_prob=TARGET_ACCEPTANCE,
            max_tree_depth=LARGEST_DEPTH,
            step_size=FIRST_STEP,
            init_strategy=init_to_value,
            adapt_mass_matrix=False,
        )

        def begin(key: jax.Array, u: jax.Array, gaussian: LowRankGaussian, *given: Any) -> Any:
            return kernel.init(key, warm_up, {"u": u}, (gaussian, *given), {})

        def advance(state: Any, gaussian: LowRankGaussian, given: tuple[Any, ...]) -> tuple[Any, Any]:
            new = kernel.sample(state, (gaussian, *given), {})
            z = gaussian.colour(new.z["u"])
            return new, (z, new.diverging, new.energy, new.num_steps, new.accept_prob)

        def stride(state: Any, gaussian: LowRankGaussian, *given: Any) -> tuple[Any, Any]:
            return jax.lax.scan(lambda s, _: advance(s, gaussian, given), state, None, length=self._stride)

        return jax.jit(begin), jax.jit(stride)

    def run(
        self,
        key: jax.Array,
        starts: FloatArray,
        gaussian: LowRankGaussian,
        given: tuple[Any, ...],
        *,
        warm_up: int,
        draws: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Chains:
        """Run a chain from each of ``starts`` (chain, size), deviates.

        ``progress`` is told how many steps of how many all chains have made together.
        """
        chains, total = len(starts), warm_up + draws
        done, stop = [0] * chains, Event()
        white = gaussian.whiten(starts)

        keys = jax.random.split(key, chains)
        # NumPyro traces with a stack of its own that all threads share.
        with _TRACING:
            begin, advance = self._code(warm_up)
            states = [begin(keys[c], jnp.asarray(white[c]), gaussian, *given) for c in range(chains)]
            jax.block_until_ready(advance(states[0], gaussian, *given))

        def tell() -> None:
            if progress is not None:
                progress(min(sum(done), chains * total), chains * total)

        rngs = [_random.seeded_by(jax.random.key_data(k)) for k in keys]
        at = [(z, -np.inf) for z in starts]

        def chain(number: int, steps: int) -> list[npt.NDArray[Any]]:
            state, (z, more), rng = states[number], at[number], rngs[number]
            told: list[list[npt.NDArray[Any]]] = []
            while len(told) * self._stride < steps and not stop.is_set():
                new, stats = advance(state, gaussian, *given)
                stats = [np.asarray(x) for x in stats]
                accepted = np.ones((self._stride, 1), dtype=bool)
                if self._gain is not None:
                    gained = self._gain(stats[0][0], *given)
                    if more == -np.inf or np.log(rng.uniform()) < gained - more:
                        z, more = stats[0][0], gained
                    else:
                        accepted[:] = False
                        new = new._replace(
                            z=state.z, z_grad=state.z_grad, potential_energy=state.potential_energy
                        )
                        stats[0] = np.asarray(z)[None]
                state = new
                told.append([*stats, accepted[:, 0]])
                done[number] += self._stride
                tell()
            states[number], at[number] = state, (z, more)
            return [np.concatenate(f)[:steps] for f in zip(*told, strict=True)]

        in_threads(lambda c: chain(c, warm_up), range(chains), stop)
        size = np.exp(np.median([np.log(s.adapt_state.step_size) for s in states]))
        for c, state in enumerate(states):
            adapted = state.adapt_state._replace(step_size=jnp.full_like(state.adapt_state.step_size, size))
            states[c] = state._replace(adapt_state=adapted)
        results = in_threads(lambda c: chain(c, draws), range(chains), stop)
        kept, diverging, energy, steps, acceptance, accepted = (
            np.stack(f) for f in zip(*results, strict=True)
        )
        return Chains(
            kept, diverging.astype(bool), energy, steps.astype(np.int64), acceptance,
            accepted.astype(bool), float(size),
        )  # fmt: skip
