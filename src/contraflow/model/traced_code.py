"""Functions of arrays whose traced form is kept between runs.

To trace a function of the model takes Python a second, as long as several answers. What comes of it, a
program in StableHLO, is small and stable (https://docs.jax.dev/en/latest/export/export.html), so it is kept
with other results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jax import export

from contraflow import _cache
from contraflow.model.accounting import Books
from contraflow.model.choice import Adaptation
from contraflow.model.economy import Economy
from contraflow.model.equilibrium import Anchor, Point
from contraflow.model.numerics import compiled, jax, jnp
from contraflow.model.root_finding import Search

ROOMS = ("network", "model", "policy")
"""Packages whose code a traced function holds."""

_known: set[type] = set()


def keepable(*types: type) -> None:
    """Let functions that are kept take and give named tuples of these types."""
    for one in set(types) - _known:
        export.register_namedtuple_serialization(one, serialized_name=f"{one.__module__}.{one.__name__}")
        _known.add(one)


keepable(Adaptation, Anchor, Books, Point, Search)
export.register_pytree_node_serialization(
    Economy,
    serialized_name="contraflow.model.economy.Economy",
    serialize_auxdata=lambda _: b"",
    deserialize_auxdata=lambda _: (),
)


class TracedOnce:
    """A function, compiled for each shape of its arguments; its traced form is kept between runs.

    Parameters
    ----------
    function
        A function of trees of arrays, to be compiled. No derivative can be taken of it.
    of
        Everything that decides what the function is, besides the code in ROOMS; None if that is not known,
        so that nothing is kept.
    """

    def __init__(self, function: Callable[..., Any], of: Sequence[str | bytes] | None) -> None:
        self._plain = compiled(function)
        self._of = of
        self._ready: dict[Any, jax.stages.Wrapped] = {}

    def __call__(self, *arguments: Any) -> Any:
        """The result for arguments whose shapes are those of an earlier call, or are new."""
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tuple((x.shape, x.dtype.name) for x in leaves)
        ready = self._ready.get((tree, shapes))
        if ready is None:
            ready = self._ready[tree, shapes] = self._recalled(arguments, f"{tree} {shapes}")
        return ready(*arguments)

    def _recalled(self, arguments: tuple[Any, ...], shapes: str) -> jax.stages.Wrapped:
        if self._of is None:
            return self._plain
        where = f"{jax.__version__} {jax.default_backend()} {jnp.zeros(0).dtype}"
        name = _cache.key("traced", *self._of, shapes, where, rooms=ROOMS)
        content = _cache.recall(name)
        if content is None:
            made = export.export(self._plain)(*arguments)
            _cache.keep(name, bytes(made.serialize()))
        else:
            made = export.deserialize(bytearray(content))
        return compiled(made.call)
