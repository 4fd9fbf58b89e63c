"""Results in files: a file is replaced whole or left as it was."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from contraflow._io import write_atomically
from contraflow._language import _
from contraflow.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd


TABLE = ".csv"
"""Ending of files for tables."""


def expect_writable(target: Path, *, folder: bool = False) -> None:
    """Raise OutputError now if ``target`` cannot be written later, after a long computation."""
    try:
        if folder and target.exists() and not target.is_dir():
            text = _("{path} is a file. Name a folder, or one that does not exist yet.")
            raise OutputError(text.format(path=target))
        if not folder and target.is_dir():
            raise OutputError(_("{path} is a folder. Name a file.").format(path=target))
        every = (target.absolute(), *target.absolute().parents)
        above = next((p for p in every if p.exists()), None)
        if above is None:
            text = _("{path} cannot be written: there is no {other}.")
            raise OutputError(text.format(path=target, other=every[-1]))
        place = above if above.is_dir() or above != target.absolute() else above.parent
        if not place.is_dir():
            text = _("{path} cannot be written: {other} is a file, not a folder.")
            raise OutputError(text.format(path=target, other=place))
        if not os.access(place, os.W_OK):
            text = _("{path} cannot be written: you may not write to {other}.")
            raise OutputError(text.format(path=target, other=place))
    except (OSError, ValueError) as error:
        raise OutputError(
            _("{path} cannot be written: {reason}.").format(path=target, reason=error)
        ) from None


def make_folder(folder: Path) -> Path:
    """Create a folder and those above it. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        text = _("The folder {path} cannot be made: {reason}.")
        raise OutputError(text.format(path=folder, reason=error)) from None
    return folder


def expect_table(target: Path) -> None:
    """Raise OutputError now if ``target`` is no file for a table, or cannot be written later."""
    if target.suffix != TABLE:
        text = _("{path}: the table is written as CSV, to a file that ends in {ending}.")
        raise OutputError(text.format(path=target, ending=TABLE))
    expect_writable(target)


def csv_text(frame: pd.DataFrame) -> str:
    """A table as CSV, whose lines end alike on all systems."""
    return frame.to_csv(lineterminator="\n")


def replace_file(target: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``target``, then put it in its place. Raises OutputError."""
    make_folder(target.parent)
    write_atomically(target, write)
