"""Files that are replaced whole or left as they were, and the date that they bear."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from contraflow._language import _
from contraflow.errors import OutputError


def write_atomically(path: str | os.PathLike[str], content: bytes | str | Callable[[Path], object]) -> Path:
    """Put ``content`` at ``path`` in one step, so that no reader ever finds half of it.

    The content goes to a temporary file in the same folder, which reaches the disk before it takes the
    name of the target. The new file has the rights of any other new file of this process.

    Parameters:
        path: the target; its folder must exist.
        content: bytes, text (written as UTF-8), or a function that fills the file whose path it is given.

    Returns:
        The target.

    Raises:
        OutputError: the file cannot be written; an existing file is left as it was.
    """
    target = Path(path)
    part = target.parent / f".part-{secrets.token_hex(8)}{target.suffix}"
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        if callable(content):
            content(part)
        else:
            part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        reason = error.strerror or error
        fault = _("{file} cannot be written: {reason}.").format(file=target, reason=reason)
        raise OutputError(f"{fault} {_cure(error, target)}") from error
    finally:
        with suppress(OSError, ValueError):
            part.unlink(missing_ok=True)
    return target


def _cure(error: OSError, target: Path) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return _("Free some space, or name a file on another disk.")
    if os.name == "nt" and isinstance(error, PermissionError) and target.is_file():
        return _("Close it where it is open, in a spreadsheet for example, or name another file.")
    return _("Name a file in a folder that exists and that you may write to.")


def today() -> str:
    """The date, or that of SOURCE_DATE_EPOCH, by which files can be reproduced. Raises OutputError."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return date.today().isoformat()
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        text = _("SOURCE_DATE_EPOCH is '{value}'. Set it to seconds since 1970, or not at all.")
        raise OutputError(text.format(value=epoch)) from None
