"""The server's life: a port of this machine, the page opened in a browser, and a clean end."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from contraflow._language import _
from contraflow._types import Progress
from contraflow.errors import OutputError
from contraflow.lab import Lab
from contraflow.lab.open_case import OpenCase
from contraflow.server.routes import make_app
from contraflow.server.workshop import Workshop

HOST = "127.0.0.1"

PORT = 8765
"""Port as a rule."""

TRIED = 20
"""Ports above it that are tried while others use those before."""


def serve(
    name: str,
    calibrate: Callable[[OpenCase, Progress], Lab],
    *,
    port: int | None,
    language: str,
    ready: Callable[[str], None],
    open_it: bool,
) -> None:
    """Serve the lab of a case until it is interrupted.

    Parameters
    ----------
    name
        A shipped case, or a folder with a case.
    calibrate
        From a case and a callback for progress to its lab.
    port
        Port of this machine; None: the first free one from :data:`PORT` on.
    language
        Language of pages whose address names none.
    ready
        Called with the address once the server listens.
    open_it
        Whether the page is opened in the browser.

    Raises
    ------
    OutputError
        If the port is in use; says by what, if that is another lab.
    CaseError
        If there is no such case or it is not well formed.
    """
    import uvicorn

    workshop = Workshop(name, calibrate)
    listening = listen(port)
    address = f"http://{HOST}:{listening.getsockname()[1]}/{workshop.case.info.id}"
    config = uvicorn.Config(
        make_app(workshop, language),
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        lifespan="on",
        ws="none",
    )
    ready(address)
    if open_it:
        webbrowser.open(address)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        workshop.stop()
        listening.close()


def listen(port: int | None) -> socket.socket:
    """A socket that listens on this machine only. Raises OutputError where the port is in use."""
    wanted = [port] if port is not None else range(PORT, PORT + TRIED)
    for number in wanted:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            found.bind((HOST, number))
            found.listen(128)
        except OSError as error:
            found.close()
            reason = error
            continue
        return found
    if port is None:
        raise OutputError(
            _("No port from {first} to {last} is free: name one with --port.").format(
                first=PORT, last=PORT + TRIED - 1
            )
        )
    if is_lab(port):
        text = _("A lab is there already: open http://{host}:{port}/, or name another port with --port.")
        raise OutputError(text.format(host=HOST, port=port))
    text = _("Port {port} cannot be used ({reason}): name another with --port.")
    raise OutputError(text.format(port=port, reason=reason.strerror or reason))


def is_lab(port: int) -> bool:
    """Whether a lab answers on a port."""
    with closing(HTTPConnection(HOST, port, timeout=1)) as connection:
        try:
            connection.request("GET", "/favicon.ico")
            with connection.getresponse() as answer:
                return answer.getheader("X-Contraflow") is not None
        except (OSError, HTTPException):
            return False
