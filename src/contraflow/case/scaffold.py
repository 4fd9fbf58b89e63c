"""A first case of one's own: a copy of the small example, commented and ready to run."""

from __future__ import annotations

import shutil
from pathlib import Path

from contraflow.case.load import data
from contraflow.errors import OutputError

EXAMPLE = "example"


def new(folder: str | Path) -> Path:
    """Write the example case into a new or empty folder and return its path.

    Raises OutputError if the folder has content, is a file, or cannot be written.
    """
    target = Path(folder)
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise OutputError(f"{target} is not an empty folder. Name a folder that does not exist yet")
        shutil.copytree(
            data() / EXAMPLE, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    except (OSError, ValueError) as error:
        raise OutputError(f"{target} cannot be written: {error}") from error
    return target
