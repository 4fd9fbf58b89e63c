"""JAX as this package uses it: double precision, and compiled code kept between runs.

Every module of the model imports ``jax`` and ``jnp`` from here, so that no array is made in single
precision unawares.
"""

from __future__ import annotations

import os
from pathlib import Path

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

__all__ = ["jax", "jnp", "keep_compiled_code"]


def keep_compiled_code(folder: str | Path | None = None) -> None:
    """Keep compiled code in ``folder`` so that later processes need not compile again.

    Without a folder: the user's cache folder, unless JAX was already given one. A folder that
    cannot be written is left alone; then nothing is kept.
    """
    if jax.config.values["jax_compilation_cache_dir"] or os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    if folder is None:
        from platformdirs import user_cache_path

        folder = user_cache_path("contraflow") / "compiled"
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
