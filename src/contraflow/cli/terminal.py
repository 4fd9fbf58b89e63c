"""How the commands speak: results on standard output, progress and problems on standard error."""

from __future__ import annotations

import codecs
import json
import math
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import typer

from contraflow.errors import (
    CacheWarning,
    CaseError,
    ContraflowError,
    ConvergenceError,
    PolicyError,
    harmless,
)

if TYPE_CHECKING:
    from rich.console import Console

    from contraflow._types import Progress

FAILED, USAGE, NOT_CONVERGED, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143
"""Exit codes besides 0; the last two after Ctrl-C and SIGTERM, as shells have it."""

STARTED = 0.05
"""Part of a piece of work after which the time that it still takes is told."""

NEAREST = {"−": "-", "–": "-", "×": "x", "→": ">", "─": "-", "’": "'"}
"""What stands for characters that an old terminal lacks."""

QUIET = 10.0
"""Seconds between lines of progress in a log, and before the first."""

SHOWN = 12
"""Problems of a case that a command other than ``check`` shows."""

TRACEBACK = "CONTRAFLOW_TRACEBACK"
"""Environment variable that, when set, lets unexpected errors through with their traceback."""


def screen(*, error: bool = False) -> Console:
    """A console on standard output or error; text is shown as it is, without markup.

    Characters of a text that would command the terminal are shown, too, rather than sent. Everything that
    commands print goes through here, or is JSON in ASCII.
    """
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class HarmlessConsole(Console):
        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterable[Segment]:
            for part in super().render(renderable, options):
                yield part if part.control else part._replace(text=harmless(part.text))

    return HarmlessConsole(stderr=error, markup=False, highlight=False, emoji=False)


def safe_streams() -> None:
    """Write the nearest ASCII where the terminal's encoding lacks a character, rather than fail."""
    codecs.register_error("contraflow", _nearest)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="contraflow")


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """A minus must not become a question mark: the sign of a figure would be lost."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(NEAREST.get(c, "?") for c in error.object[error.start : error.end]), error.end


@contextmanager
def progress() -> Iterator[Progress]:
    """Show what is being done, how far it is, and how long it still takes where that is known.

    On a terminal that is a moving line, in a log a plain one every QUIET seconds.
    """
    console = screen(error=True)
    if not console.is_terminal:
        yield _lines(console)
        return
    from rich import progress as bars

    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(bar_width=24),
        bars.TimeElapsedColumn(),
    )
    with bars.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Reading the case", total=None)

        left = Remaining()

        def say(text: str, part: float | None = None) -> None:
            shown = text + left.after(text, part)
            bar.update(task, description=shown, total=None if part is None else 1.0, completed=part or 0.0)

        yield say


class Remaining:
    """How long each piece of work still takes, at the pace at which it has gone so far."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def after(self, text: str, part: float | None) -> str:
        """``, 20 s left`` if a part from 0 to 1 is done, empty at its beginning or where no part is known."""
        now = time.monotonic()
        if part is None or part <= 0:
            self._since.pop(text, None)
        begun = self._since.setdefault(text, now)
        if part is None or not STARTED <= part < 1:
            return ""
        seconds = (now - begun) / part * (1 - part)
        from contraflow._numbers import fixed

        return f", {fixed(seconds, 0)} s left" if seconds < 100 else f", {fixed(seconds / 60, 0)} min left"


def _lines(console: Console) -> Progress:
    """Progress in plain lines, none in the first QUIET seconds and within as many of one another."""
    from contraflow._numbers import share

    begun = last = time.monotonic()
    left = Remaining()

    def say(text: str, part: float | None = None) -> None:
        nonlocal last
        now = time.monotonic()
        rest = left.after(text, part)
        if now - last >= QUIET:
            last = now
            minutes, seconds = divmod(round(now - begun), 60)
            done = "" if part is None else f" ({share(part)}{rest})"
            console.print(f"{minutes}:{seconds:02d} {text}{done}", markup=False, highlight=False)

    return say


@contextmanager
def spoken_errors() -> Iterator[None]:
    """End every error in one message on standard error and the exit code that belongs to it.

    A warning about what is kept between runs is one sentence there, too.
    """
    import warnings

    shown = warnings.showwarning
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        sentence = str(message) if issubclass(category, CacheWarning) else _of_compiled_code(str(message))
        if not sentence:
            shown(harmless(str(message)), category, *where, **more)
        elif sentence not in said:
            said.add(sentence)
            note(sentence)

    warnings.showwarning = show
    try:
        with suppress(ValueError, AttributeError):  # not in the main thread, or no such signal
            signal.signal(signal.SIGTERM, _terminate)
        yield
    except ContraflowError as error:
        complain(_text(error))
        raise typer.Exit(_code(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit(code_of_interruption()) from None
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except OSError as error:
        if os.environ.get(TRACEBACK):
            raise
        complain(f"{error.filename or 'A file'}: {error.strerror or error}")
        raise typer.Exit(FAILED) from None
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        complain(
            f"Something went wrong inside Contraflow ({type(error).__name__}: {error}). This is a mistake of "
            f"the program, not yours: please report it. Set {TRACEBACK}=1 to see where it happened."
        )
        raise typer.Exit(FAILED) from None
    finally:
        warnings.showwarning = shown


def _terminate(*_: object) -> None:
    """End as after Ctrl-C, so that what is done is kept."""
    global _terminated  # noqa: PLW0603
    _terminated = True
    raise KeyboardInterrupt


_terminated = False


def code_of_interruption() -> int:
    """Exit code after an interruption: that of SIGTERM if there was one, otherwise that of Ctrl-C."""
    return TERMINATED if _terminated else INTERRUPTED


def _of_compiled_code(message: str) -> str:
    """One sentence on trouble with JAX's compiled code on disk, whose damaged files are deleted; or none."""
    if "persistent compilation cache entry" not in message:
        return ""
    if message.startswith("Error reading"):
        import jax

        delete_damaged_code(jax.config.values["jax_compilation_cache_dir"])
        return "Compiled code on disk is damaged, so it is compiled again."
    return "Compiled code cannot be kept on disk, so that the next run compiles it again."


def delete_damaged_code(folder: str | None) -> None:
    """Delete files of JAX's cache, packed by zlib, that are not whole, since JAX never replaces them."""
    import zlib
    from pathlib import Path

    for path in Path(folder).glob("*-cache") if folder else ():
        with suppress(OSError):
            content = path.read_bytes()
            try:
                zlib.decompress(content)
            except zlib.error:
                if not content.startswith(ZSTANDARD):
                    path.unlink()


ZSTANDARD = b"\x28\xb5\x2f\xfd"
"""Beginning of a file that is packed by the other method that JAX knows."""


def note(text: str) -> None:
    """Say on standard error what else is to be known."""
    from rich.text import Text

    screen(error=True).print(Text.assemble(("Note: ", "bold yellow"), text), soft_wrap=True)


def complain(text: str) -> None:
    """Say on standard error what is wrong."""
    from rich.text import Text

    screen(error=True).print(Text.assemble(("Error: ", "bold red"), text), soft_wrap=True)


def emit(record: object) -> None:
    """Print a result as JSON; what is not a finite number becomes null."""
    typer.echo(json.dumps(plain(record), indent=2, allow_nan=False))


def plain(value: object) -> Any:
    """A value as JSON knows it."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _code(error: ContraflowError) -> int:
    if isinstance(error, PolicyError):
        return USAGE
    return NOT_CONVERGED if isinstance(error, ConvergenceError) else FAILED


def _text(error: ContraflowError) -> str:
    """The message of an error; of a case with very many problems, the first."""
    if isinstance(error, CaseError) and len(error.problems) > SHOWN:
        lines = str(error).splitlines()[: SHOWN + 1]
        more = len(error.problems) - SHOWN
        return "\n".join([*lines, f"  and {more} more; 'contraflow check' lists them all"])
    return str(error)
