"""Results in files: a file is replaced whole or left as it was."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from contraflow._io import write_atomically
from contraflow.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd


def expect_writable(target: Path, *, folder: bool = False) -> None:
    """Raise OutputError now if ``target`` cannot be written later, after a long computation."""
    try:
        if folder and target.exists() and not target.is_dir():
            raise OutputError(f"{target} is a file. Name a folder, or one that does not exist yet.")
        if not folder and target.is_dir():
            raise OutputError(f"{target} is a folder. Name a file.")
        every = (target.absolute(), *target.absolute().parents)
        above = next((p for p in every if p.exists()), None)
        if above is None:
            raise OutputError(f"{target} cannot be written: there is no {every[-1]}.")
        place = above if above.is_dir() or above != target.absolute() else above.parent
        if not place.is_dir():
            raise OutputError(f"{target} cannot be written: {place} is a file, not a folder.")
        if not os.access(place, os.W_OK):
            raise OutputError(f"{target} cannot be written: you may not write to {place}.")
    except (OSError, ValueError) as error:
        raise OutputError(f"{target} cannot be written: {error}.") from None


def make_folder(folder: Path) -> Path:
    """Create a folder and those above it. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise OutputError(f"The folder {folder} cannot be made: {error}.") from None
    return folder


def csv_text(frame: pd.DataFrame) -> str:
    """A table as CSV, whose lines end alike on all systems."""
    return frame.to_csv(lineterminator="\n")


def replace_file(target: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``target``, then put it in its place. Raises OutputError."""
    make_folder(target.parent)
    write_atomically(target, write)
