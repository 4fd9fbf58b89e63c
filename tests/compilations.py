"""How many programs XLA compiled in a run, and how many it read from the cache instead."""

from __future__ import annotations

COMPILED, RECALLED = "compiled", "recalled"
counts = {COMPILED: 0, RECALLED: 0}


def start_counting() -> None:
    """Listen to JAX in this process; programs that are read from the cache are told as compiled too."""
    import jax

    def compiled(event: str, _: float, **__: object) -> None:
        counts[COMPILED] += event == "/jax/core/compile/backend_compile_duration"

    def recalled(event: str, **__: object) -> None:
        if event == "/jax/compilation_cache/cache_hits":
            counts[RECALLED] += 1
            counts[COMPILED] -= 1

    jax.monitoring.register_event_duration_secs_listener(compiled)
    jax.monitoring.register_event_listener(recalled)
