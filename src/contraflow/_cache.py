"""What is kept between runs: under which key, and where.

A result is kept under a digest of what it depends on, and read only if its own digest is right. Results of
the shipped cases come with the package (:data:`SHIPPED`); others are in the user's folder, or in memory where
that cannot be used.
"""

from __future__ import annotations

import ast
import json
import sys
import warnings
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Lock

from contraflow._io import write_atomically
from contraflow._language import _
from contraflow.errors import CacheWarning, OutputError

ROOT = Path(__file__).parent

SHIPPED = ROOT / "fitted"
"""Folder of the results that come with the package, made by ``tools/fit_shipped_cases.py``.

``index.json`` names the file of each key and its digest, and the digests of the code that has made them.
"""

CALIBRATION = ("case", "network", "model", "policy", "inference")
"""Rooms whose code decides what a posterior is."""

SHARED = ("_parallel.py", "_quantiles.py", "_random.py", "_types.py", "_version.py")
"""Modules beside the packages that decide a result, too; how numbers are written or kept does not."""

MOST = 500_000_000
"""Bytes that the user's folder holds at most; the oldest results go first."""

ABANDONED = 3600.0
"""Seconds after which a file that is not whole is one that nobody writes any more."""

LIBRARIES = ("babel", "jax", "jaxlib", "numpy", "pandas", "scipy", "xarray")
"""Libraries with other versions of which a page is made anew."""

_MARK = b"contraflow result "
_IN_MEMORY: dict[str, bytes] = {}

_PARSING = Lock()
"""Python 3.11 fails now and then where two threads parse at once."""


def folder(name: str) -> Path | None:
    """The user's folder for one kind of result, which need not exist; None for a user without a home."""
    from platformdirs import user_cache_path

    try:
        return user_cache_path("contraflow") / name
    except (RuntimeError, KeyError):
        return None


def key(*parts: str | bytes, rooms: tuple[str, ...] = CALIBRATION) -> str:
    """Key of a result: a digest of what it depends on.

    Parameters
    ----------
    *parts
        Everything that the result depends on besides the code, as text or bytes.
    rooms
        Packages of contraflow whose code the result depends on: with other code it has another key.

    Returns
    -------
    str
        A hexadecimal SHA-256 digest, fit for a file's name.
    """
    digest = sha256(code(rooms).encode())
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


def recall(name: str) -> bytes | None:
    """What was kept under a key.

    What is damaged is set aside, with a warning, so that it is made anew.

    Parameters
    ----------
    name
        The key.

    Returns
    -------
    bytes or None
        None if nothing is kept, or it cannot be read.
    """
    if name in _IN_MEMORY:
        return _IN_MEMORY[name]
    given = _index()["kept"].get(name)
    if given:
        path = SHIPPED / given["file"]
        shipped = _sound(path, _read(path), given["digest"])
        if shipped is not None:
            return shipped
    place = folder("results")
    if place is None:
        return None
    path = place / name
    # Read at once: another process may put a new file in its place at any time.
    whole = _read(path, may_lack=True)
    if whole is None:
        return None
    head, _end, content = whole.partition(b"\n")
    return _sound(path, content, head.removeprefix(_MARK).strip().decode("ascii", "replace"))


def keep(name: str, content: bytes) -> None:
    """Keep ``content`` under a key: on disk or, where that cannot be written, until the process ends."""
    place = folder("results")
    if place is None:
        _IN_MEMORY[name] = content
        text = _("Nothing is kept for the next run, since this user has no home folder. Set {variable}.")
        _warn(text.format(variable=_home()))
        return
    path = place / name
    head = _MARK + sha256(content).hexdigest().encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent, MOST - len(content))
        write_atomically(path, head + content)
    except (OSError, OutputError) as error:
        _IN_MEMORY[name] = content
        _warn(_("Nothing is kept for the next run: {reason}").format(reason=error))


def _make_room(place: Path, most: int) -> None:
    """Delete the oldest files of a folder until it holds ``most`` bytes, and those that a dead run left."""
    held = []
    for path in place.iterdir():
        with suppress(OSError):
            known = path.stat()
            held.append((known.st_mtime, known.st_size, path))
    newest = max((when for when, _size, _path in held), default=0.0)
    for when, size, path in sorted(held):
        left_over = path.name.startswith(".part-") and when < newest - ABANDONED
        if left_over or sum(other for _when, other, _path in held) > most:
            held.remove((when, size, path))
            with suppress(OSError):
                path.unlink()


def _home() -> str:
    """The variable of the environment by which this system finds a user's folders."""
    return {"win32": "LOCALAPPDATA", "darwin": "HOME"}.get(sys.platform, "XDG_CACHE_HOME")


def _read(path: Path, *, may_lack: bool = False) -> bytes | None:
    """The content of a file, None where it cannot be read: with a warning, unless it is one that may lack."""
    try:
        return path.read_bytes()
    except OSError as error:
        if may_lack and isinstance(error, FileNotFoundError):
            return None
        text = _("{file} cannot be read ({reason}), so what it holds is computed again.")
        _warn(text.format(file=path, reason=error.strerror or error))
        return None


def _sound(path: Path, content: bytes | None, digest: str) -> bytes | None:
    """The content of a file, if it has this digest."""
    if content is None or sha256(content).hexdigest() == digest:
        return content
    _warn(_("{file} is damaged, so what it held is computed again.").format(file=path))
    return None


def _warn(sentence: str) -> None:
    warnings.warn(sentence, CacheWarning, stacklevel=3)


@cache
def _index() -> dict[str, dict[str, dict[str, str]]]:
    index: dict[str, dict[str, dict[str, str]]] = {"kept": {}, "code": {}}
    with suppress(OSError, ValueError):
        index.update(json.loads((SHIPPED / "index.json").read_text(encoding="utf-8")))
    return index


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
    return [
        *(ROOT / name for name in SHARED),
        *(p for room in rooms for p in sorted((ROOT / room).rglob("*.py"))),
    ]


@cache
def package() -> str:
    """Digest of the package's files but for shipped results, and of the libraries that numbers rest on."""
    digest = sha256(" ".join(version(name) for name in LIBRARIES).encode())
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and path.suffix != ".pyc" and SHIPPED not in path.parents:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(ROOT).as_posix()} {len(content)} ".encode())
            digest.update(content)
    return digest.hexdigest()


@cache
def as_written(rooms: tuple[str, ...]) -> str:
    """Digest of some packages' source files, as they are."""
    digest = sha256()
    for path in sources(rooms):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def code(rooms: tuple[str, ...]) -> str:
    """Digest of the code of some packages.

    Of packages that decide a shipped result the digest leaves out comments and docstrings. Of others it
    is that of :func:`as_written`, for them and those of CALIBRATION: positions of numbers in the ledger,
    which the code of cases decides, are constants of whatever is made of a model. To parse takes half a
    second, so for files that are those of the package as it was made the digest is read instead.
    """
    known = _index()["code"].get(" ".join(rooms))
    if known is None:
        return as_written(tuple(dict.fromkeys((*CALIBRATION, *rooms))))
    if known["as_written"] == as_written(rooms):
        return known["code"]
    return parsed(rooms)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def parsed(rooms: tuple[str, ...]) -> str:
    """The digest of :func:`code`, from the files themselves."""
    digest = sha256()
    for path in sources(rooms):
        with _PARSING:
            tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [s for s in body if not _is_text(s)]  # type: ignore[attr-defined]
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()
