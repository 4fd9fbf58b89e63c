"""The lab from a terminal: each command is a verb of the Python interface.

Nothing here imports a heavy library before a command runs, so that ``--help`` is quick.
"""

from contraflow.cli.app import app, main

__all__ = ["app", "main"]
