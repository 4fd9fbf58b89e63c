"""JAX as this package uses it: in double precision, with compiled code kept between runs.

Every module of the model imports ``jax`` and ``jnp`` from here, so that no array is accidentally in single
precision.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from contraflow import _cache

jax.config.update("jax_enable_x64", True)

__all__ = ["compiled", "jax", "jnp", "keep_compiled_code"]

QUICKLY = {"xla_backend_optimization_level": "1", "xla_cpu_use_fusion_emitters": False}
"""Options with which the functions of this package compile in half the time and run as fast."""


def compiled(function: Callable[..., Any], **options: Any) -> jax.stages.Wrapped:
    """The function, compiled at its first call for arguments of a shape.

    Whoever sets ``XLA_FLAGS`` decides how; and so does JAX where it does not know QUICKLY.

    Parameters
    ----------
    function
        A function of arrays.
    **options
        Options of XLA beyond QUICKLY.
    """
    return jax.jit(function, compiler_options=(_quickly() | options) or None)


@cache
def _quickly() -> dict[str, Any]:
    if "XLA_FLAGS" in os.environ:
        return {}
    try:
        jax.jit(lambda: jnp.zeros(()), compiler_options=QUICKLY)()
    except (RuntimeError, ValueError):
        return {}
    return QUICKLY


def keep_compiled_code(folder: str | Path | None = None) -> None:
    """Keep compiled code on disk, so that later processes need not compile again.

    Does nothing if JAX already has a folder for it or the folder cannot be written.

    Parameters
    ----------
    folder
        The folder. None: the user's cache folder.
    """
    if jax.config.values["jax_compilation_cache_dir"] or os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    folder = _cache.folder("compiled") if folder is None else folder
    if folder is None:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
