"""A first case of one's own: a copy of the small example, commented and ready to run."""

from __future__ import annotations

import shutil
from pathlib import Path

from contraflow._language import _
from contraflow.case.load import data
from contraflow.errors import OutputError

EXAMPLE = "example"


def new(folder: str | Path) -> Path:
    """Start a case of one's own from a copy of the example.

    Parameters
    ----------
    folder
        A folder that is empty or does not exist yet.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    OutputError
        If the folder has content, is a file, or cannot be written.

    Examples
    --------
    >>> import contraflow as cf
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     folder = cf.new(f"{home}/my-case")
    ...     cf.check(folder)
    []
    """
    target = Path(folder)
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            text = _("{folder} is not an empty folder. Name a folder that does not exist yet")
            raise OutputError(text.format(folder=target))
        shutil.copytree(
            data() / EXAMPLE, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    except (OSError, ValueError) as error:
        text = _("{folder} cannot be written: {reason}")
        raise OutputError(text.format(folder=target, reason=error)) from error
    return target
