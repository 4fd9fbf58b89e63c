"""The command ``serve``: the lab as a page on this machine."""

from __future__ import annotations

from contextlib import suppress

from contraflow._language import _, locale
from contraflow._types import Progress
from contraflow.cli.given_names import AskedPolicy
from contraflow.cli.options import CalibrationOptions, calibrated
from contraflow.cli.terminal import screen
from contraflow.lab import Lab
from contraflow.lab.open_case import OpenCase


def serve(asked: AskedPolicy, port: int | None, *, how: CalibrationOptions, open_it: bool) -> None:
    """Serve the lab until it is interrupted."""
    from contraflow.server.serving import serve as run

    console = screen()

    def calibrate(case: OpenCase, say: Progress) -> Lab:
        return calibrated(case, how, say)

    def ready(address: str) -> None:
        console.print(_("The lab is at {address}").format(address=address), soft_wrap=True)
        console.print(
            _("It runs on this machine alone, and calibrates the case first. End it with Ctrl-C."),
            soft_wrap=True,
        )

    with suppress(KeyboardInterrupt):
        run(asked.name, calibrate, port=port, language=locale(), ready=ready, open_it=open_it)
    console.print(_("The lab is closed."))
