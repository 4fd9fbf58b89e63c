"""The economy under a policy, batched over scenarios and draws and compiled once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from contraflow.model.economy import Economy
from contraflow.model.equilibrium import Anchor, Model, Point
from contraflow.model.numerics import jax, jnp
from contraflow.model.root import Root
from contraflow.policy.levers import Levers

BLOCK = 256
"""Equilibria solved side by side: few enough that their arrays stay in cache."""


class Reference(NamedTuple):
    """What all counterfactuals of one draw share: the baseline and its inverse Jacobian."""

    economy: Economy
    point: Point
    anchor: Anchor
    inverse: jax.Array


class Response(NamedTuple):
    """An equilibrium under a policy: the economy it changed, where it settles, how it was found."""

    economy: Economy
    point: Point
    root: Root


@dataclass(frozen=True, eq=False)
class Responder:
    """Baselines and responses as pure functions of the ledger's values and levels of measures."""

    model: Model
    levers: Levers

    def economy(self, ledger: jax.Array, levels: jax.Array) -> Economy:
        """The economy with measures at ``levels`` (measure,)."""
        return self.levers.apply(self.model.economy(ledger), ledger, levels)

    def reference(self, ledger: jax.Array) -> Reference:
        """The baseline of one draw; ``ledger`` has shape (number,)."""
        economy = self.economy(ledger, jnp.asarray(self.levers.baseline))
        point, anchor = self.model.baseline(economy)
        return Reference(economy, point, anchor, self.model.jacobian_inverse(economy, anchor))

    def respond(
        self, ledger: jax.Array, reference: Reference, levels: jax.Array, start: jax.Array | None = None
    ) -> Response:
        """The equilibrium of one draw under one policy, from one start."""
        economy = self.economy(ledger, levels)
        root = self.model.solve(economy, reference.anchor, reference.inverse, start)
        return Response(economy, self.model.evaluate(economy, root.state), root)

    @cached_property
    def references(self) -> jax.stages.Wrapped:
        """Compiled :meth:`reference` over draws: ledger (draw, number)."""
        return jax.jit(jax.vmap(self.reference))

    @cached_property
    def responses(self) -> jax.stages.Wrapped:
        """Compiled :meth:`respond` over draws and starts: results (draw, start, ...)."""
        starts = jax.vmap(self.respond, in_axes=(None, None, None, 0))
        return jax.jit(jax.vmap(starts, in_axes=(0, 0, None, None)))

    @cached_property
    def scenarios(self) -> jax.stages.Wrapped:
        """Compiled roots over many policies of one draw: levels (scenario, measure), from the baseline."""

        def solve(ledger: jax.Array, reference: Reference, levels: jax.Array) -> Root:
            def one(levels: jax.Array) -> Root:
                economy = self.economy(ledger, levels)
                return self.model.solve(economy, reference.anchor, reference.inverse)

            return jax.lax.map(one, levels, batch_size=BLOCK)

        return jax.jit(solve)
