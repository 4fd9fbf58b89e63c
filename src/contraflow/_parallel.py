"""Threads, one a core: compiled code and compilation leave Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], stop: Event | None = None
) -> list[Result]:
    """``[function(item) for item in items]``, side by side, each in the caller's context: its language.

    Parameters
    ----------
    function
        Safe to call from several threads at once.
    items
        Arguments, one call each.
    stop
        Set when a call fails or the caller is interrupted, so that calls that run can end early. A caller
        that keeps what was done until then catches KeyboardInterrupt.

    Returns
    -------
    list
        Results in the order of ``items``.

    Raises
    ------
    BaseException
        The first error of a call; calls that have not begun are then dropped.
    """
    here = copy_context()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            return list(pool.map(lambda item: here.copy().run(function, item), items))
        except BaseException:
            if stop is not None:
                stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
