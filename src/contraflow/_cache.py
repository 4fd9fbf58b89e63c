"""What is kept between runs: where, and under which key."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent

CALIBRATION = ("case", "network", "model", "policy", "inference")
"""Rooms whose code decides what a posterior is."""


def folder(name: str) -> Path:
    """The user's folder for one kind of result; it need not exist."""
    from platformdirs import user_cache_path

    return user_cache_path("contraflow") / name


def key(*parts: str | bytes, rooms: tuple[str, ...] = CALIBRATION) -> str:
    """Key of a result: a digest of what it depends on.

    Parameters
    ----------
    *parts
        Everything that the result depends on besides the code, as text or bytes.
    rooms
        Packages of contraflow whose source the result depends on: with other code it has another key.

    Returns
    -------
    str
        A hexadecimal SHA-256 digest, fit for a file's name.
    """
    digest = sha256(_code(rooms))
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


def sources(rooms: tuple[str, ...]) -> list[Path]:
    """Source files of some packages, with those of their own subpackages, and what all packages share.

    Raises
    ------
    FileNotFoundError
        For a package that does not exist: its code would silently not count.
    """
    for room in rooms:
        if not (ROOT / room).is_dir():
            raise FileNotFoundError(f"contraflow has no package {room!r}")
    return [*sorted(ROOT.glob("_*.py")), *(p for room in rooms for p in sorted((ROOT / room).rglob("*.py")))]


@cache
def _code(rooms: tuple[str, ...]) -> bytes:
    digest = sha256()
    for path in sources(rooms):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.digest()
