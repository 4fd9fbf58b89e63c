"""Markov chains: the No-U-Turn sampler on a cheap density, corrected by the exact one.

From BlackJAX are the transition kernel and the adaptation of the step size, both unchanged:

* :func:`blackjax.mcmc.nuts.build_kernel`, a Hamiltonian trajectory that doubles until it turns back
  (Hoffman and Gelman 2014, Journal of Machine Learning Research 15), with its next state drawn from the whole
  trajectory by multinomial weights (Betancourt 2017, arXiv:1701.02434). Its mass matrix is the identity.
* :func:`blackjax.adaptation.step_size.dual_averaging_adaptation` (Hoffman and Gelman 2014, 3.2.1). BlackJAX's
  window adaptation, which also estimates the mass matrix, is not used: white coordinates, from draws of the
  approximation, stand for it (:mod:`~contraflow.inference.low_rank_gaussian`).

The rest is written here:

* Delayed acceptance. A transition leaves the cheap density invariant; it is accepted with probability
  min(1, w(new) / w(old)), where w is the exact density divided by the cheap one (surrogate transition; Liu
  2001, Monte Carlo Strategies in Scientific Computing, 9.4.3). So the chain has the exact posterior, and the
  many steps of a trajectory need no equilibrium solved.
* Chains. They run on threads, one a core, all with the same compiled code, in strides between which
  progress is reported and an interruption takes effect. Each adapts its own step size during warm-up; then
  all take the median, so that a chain that began in a narrow place does not keep its small steps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from threading import Event
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from contraflow import _random
from contraflow._parallel import in_threads
from contraflow._types import BoolArray, FloatArray, IntArray
from contraflow.inference.low_rank_gaussian import LowRankGaussian
from contraflow.model.numerics import jax, jnp

Density = Callable[..., jax.Array]
"""Log likelihood of deviates z (size,) and of further arguments."""

STRIDE = 25
"""Transitions in one call of compiled code, where no exact density has to be asked in between."""

TARGET_ACCEPTANCE = 0.9
"""Mean probability of acceptance along a trajectory to which the step size is adapted."""

LARGEST_DEPTH = 8
"""Doublings of a trajectory: at most 255 steps."""

FIRST_STEP = 0.1
"""Step size from which the adaptation starts."""

ADAPTED = 0.0
"""Stands for no given step size: the chain then uses the one that it adapts."""


class Chains(NamedTuple):
    """Draws and the statistics of their transitions, without the warm-up."""

    draws: FloatArray
    """Deviates (chain, draw, size)."""
    diverging: BoolArray
    """Whether the trajectory diverged (chain, draw)."""
    energy: FloatArray
    """Energy of the proposed state, under the cheap density (chain, draw)."""
    steps: IntArray
    """Integration steps of the trajectory (chain, draw)."""
    acceptance: FloatArray
    """Mean probability of acceptance along the trajectory, under the cheap density (chain, draw)."""
    accepted: BoolArray
    """Whether the exact density accepted the transition (chain, draw)."""
    step_size: float
    """Step size of the kept draws, in white coordinates."""


class Sampler:
    """A sampler for densities that differ in arguments alone, and so is compiled once.

    Parameters
    ----------
    near
        Cheap log likelihood of deviates (size,) and of the arguments ``given`` to :meth:`run`; differentiable
        by JAX. The prior of the deviates, standard normal, is added to it.
    size
        Number of deviates.
    gain
        Exact minus cheap log likelihood, a number, from the same arguments as NumPy arrays; minus infinity
        where the exact density is zero. None: ``near`` is exact.
    """

    def __init__(self, near: Density, size: int, gain: Callable[..., float] | None = None) -> None:
        self.near, self.size, self._gain = near, size, gain
        self._stride = 1 if gain else STRIDE

    @cached_property
    def _compiled(self) -> tuple[jax.stages.Wrapped, jax.stages.Wrapped]:
        """Compiled start and stride of a chain; a stride adapts the step size if it is given none."""
        from blackjax.adaptation.step_size import dual_averaging_adaptation
        from blackjax.mcmc import nuts

        near = jax.jit(self.near)  # traced once, however often the kernel takes its gradient
        kernel = nuts.build_kernel()
        first_tuning, tune, _ = dual_averaging_adaptation(TARGET_ACCEPTANCE)

        def density(gaussian: LowRankGaussian, given: tuple[Any, ...]) -> Callable[[jax.Array], jax.Array]:
            def at(u: jax.Array) -> jax.Array:
                z = gaussian.colour(u)
                value: jax.Array = near(z, *given) - 0.5 * z @ z
                return value

            return at

        def begin(u: jax.Array, gaussian: LowRankGaussian, *given: Any) -> Any:
            at = nuts.init(u, density(gaussian, given)), first_tuning(FIRST_STEP)
            # Weak types, which a stride makes strong, would have it compiled twice.
            return jax.tree.map(lambda x: jnp.asarray(x, dtype=jnp.result_type(x)), at)

        def stride(
            at: Any, key: jax.Array, moved: int, step_size: float, gaussian: LowRankGaussian, *given: Any
        ) -> Any:
            target, mass = density(gaussian, given), jnp.ones(self.size)

            def move(at: Any, number: jax.Array) -> Any:
                state, tuning = at
                size = jnp.where(step_size == ADAPTED, jnp.exp(tuning.log_step_size), step_size)
                state, info = kernel(
                    jax.random.fold_in(key, number), state, target, size, mass, LARGEST_DEPTH
                )
                statistics = info.is_divergent, info.energy, info.num_integration_steps, info.acceptance_rate
                return (state, tune(tuning, info.acceptance_rate)), (
                    gaussian.colour(state.position), *statistics,
                )  # fmt: skip

            return jax.lax.scan(move, at, moved + jnp.arange(self._stride))

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
        """Run one chain from each start.

        Parameters
        ----------
        key
            JAX's random key.
        starts
            Deviates (chain, size).
        gaussian
            Gaussian whose white coordinates the chains move in.
        given
            Further arguments of the densities.
        warm_up
            Transitions of each chain that adapt its step size and are dropped.
        draws
            Transitions of each chain that are kept.
        progress
            Called with the number of transitions that all chains have made together, and with their total.

        Returns
        -------
        Chains
            The kept draws, with their statistics.
        """
        chains, total = len(starts), warm_up + draws
        moved, stop = [0] * chains, Event()
        begin, advance = self._compiled
        white = gaussian.whiten(starts)
        keys = jax.random.split(key, chains)
        states = [begin(jnp.asarray(u), gaussian, *given) for u in white]
        # Threads that all met a new shape at once would each compile it.
        jax.block_until_ready(advance(states[0], keys[0], 0, ADAPTED, gaussian, *given))

        def tell() -> None:
            if progress is not None:
                progress(min(sum(moved), chains * total), chains * total)

        rngs = [_random.seeded_by(jax.random.key_data(k)) for k in keys]
        at = [(z, -np.inf) for z in starts]

        def chain(number: int, steps: int, step_size: float) -> list[npt.NDArray[Any]]:
            state, (z, more), rng = states[number], at[number], rngs[number]
            strides: list[list[npt.NDArray[Any]]] = []
            while len(strides) * self._stride < steps and not stop.is_set():
                (new, tuning), stats = advance(
                    state, keys[number], moved[number], step_size, gaussian, *given
                )
                stats = [np.asarray(x) for x in stats]
                accepted = np.ones((self._stride, 1), dtype=bool)
                if self._gain is not None:
                    gained = self._gain(stats[0][0], *given)
                    if more == -np.inf or np.log(rng.uniform()) < gained - more:
                        z, more = stats[0][0], gained
                    else:
                        accepted[:] = False
                        new = state[0]
                        stats[0] = np.asarray(z)[None]
                state = new, tuning
                strides.append([*stats, accepted[:, 0]])
                moved[number] += self._stride
                tell()
            states[number], at[number] = state, (z, more)
            return [np.concatenate(f)[:steps] for f in zip(*strides, strict=True)]

        in_threads(lambda c: chain(c, warm_up, ADAPTED), range(chains), stop)
        size = float(np.exp(np.median([tuning.log_step_size_avg for _, tuning in states])))
        results = in_threads(lambda c: chain(c, draws, size), range(chains), stop)
        kept, diverging, energy, steps, acceptance, accepted = (
            np.stack(f) for f in zip(*results, strict=True)
        )
        return Chains(
            kept, diverging.astype(bool), energy, steps.astype(np.int64), acceptance,
            accepted.astype(bool), size,
        )  # fmt: skip
