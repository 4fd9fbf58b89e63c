"""A lab that is served to tests: in a thread, on a port of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from contraflow.lab import Lab
from contraflow.server.routes import make_app
from contraflow.server.serving import HOST, listen
from contraflow.server.workshop import Workshop

QUIET = "() => !document.querySelector('[aria-busy], [data-stale][open]')"
"""Whether a page has all parts that are open."""

PATIENCE = 240
"""Seconds that a lab may take to open."""


@contextmanager
def served(
    name: str | Path, calibrate: Callable[[Any, Any], Lab], *, opened: bool = True
) -> Iterator[tuple[str, Workshop]]:
    """Address of a served case, and its workshop."""
    workshop = Workshop(str(name), calibrate)
    listening = listen(0)
    config = uvicorn.Config(
        make_app(workshop, "en"), log_level="error", access_log=False, ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started)
        if opened:
            wait_for(lambda: workshop.opening.done or bool(workshop.opening.error))
            assert workshop.opening.error == ""
        yield f"http://{HOST}:{listening.getsockname()[1]}/{workshop.case.info.id}", workshop
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
