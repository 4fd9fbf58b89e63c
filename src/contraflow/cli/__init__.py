"""The lab from a terminal: each command is a verb of the Python interface.

Nothing here imports a heavy library before a command runs, so that ``--help`` is quick.
"""

# In this order help shows their groups.
from contraflow.cli import answer_commands, evidence_commands, case_commands, file_commands  # noqa: I001
from contraflow.cli.program import app, main

__all__ = ["answer_commands", "app", "case_commands", "evidence_commands", "file_commands", "main"]
