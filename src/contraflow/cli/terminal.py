"""How the commands speak: results on standard output, progress and problems on standard error."""

from __future__ import annotations

import codecs
import contextvars
import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from contraflow._language import _
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
    from contraflow.cli.times import Errand

FAILED, USAGE, NOT_CONVERGED, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143
"""Exit codes besides 0; the last two after Ctrl-C and SIGTERM, as shells have it."""

STARTED = 0.05
"""Part of a piece of work after which the time that it still takes is told."""

NEAREST = {"−": "-", "–": "-", "×": "x", "→": ">", "─": "-", "’": "'"}
"""What stands for characters that an old terminal lacks."""

FIRST, STEP, QUIET = 0.7, 3.0, 20.0
"""Seconds to the first line of progress in a log, between lines on different steps, and on the same."""

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
def errand(key: str, state: Callable[[], str]) -> Iterator[None]:
    """Tell what a command that computes is doing from its beginning on, and keep how long it took.

    ``key`` names the command with the options that cost time, ``state`` gives a digest of what its results
    depend on.
    """
    from contraflow.cli.times import Errand

    console = screen(error=True)
    _running.errand = Errand(key, state())
    if not console.is_terminal:
        _running.log = Log(console, _running.errand.foreseen)
    try:
        yield
        _running.errand.done()
    finally:
        if _running.log is not None:
            _running.log.close()
        _running.log = _running.errand = None


class _Running:
    """The command that runs: its times, and the log where there is no terminal."""

    errand: Errand | None = None
    log: Log | None = None


_running = _Running()


@contextmanager
def progress() -> Iterator[Progress]:
    """Show what is being done, how far it is, and how long it still takes where that is known.

    On a terminal that is a moving line, elsewhere plain lines (:class:`Log`).
    """
    console = screen(error=True)
    if not console.is_terminal:
        log = _running.log or Log(console)
        try:
            yield log.say
        finally:
            if log is _running.log:
                log.pause()
            else:
                log.close()
        return
    from rich import progress as bars

    foreseen = None if _running.errand is None else _running.errand.foreseen
    of = f" / {_about(foreseen)}" if foreseen else ""
    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}", markup=False),
        bars.TextColumn("{task.fields[share]}", markup=False),
        bars.TimeElapsedColumn(),
        bars.TextColumn(of, markup=False),
    )
    with bars.Progress(*columns, console=console, transient=True, refresh_per_second=4) as bar:
        task = bar.add_task(_("Reading the case"), total=None, share="")
        left = Remaining()

        def say(text: str, part: float | None = None) -> None:
            shown = "" if part is None else _done(part, left.after(text, part))
            bar.update(task, description=text, share=shown)

        yield say


def _about(seconds: float) -> str:
    """A time in words: ``about 40 s``, ``about 4 min``."""
    from contraflow._numbers import fixed

    if seconds < 99.5:
        return _("about {seconds} s").format(seconds=fixed(seconds, 0))
    return _("about {minutes} min").format(minutes=fixed(seconds / 60, 0))


def _done(part: float, rest: str) -> str:
    from contraflow._numbers import share

    return f"{share(part)}{rest}"


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

        if seconds < 100:
            return _(", {seconds} s left").format(seconds=fixed(seconds, 0))
        return _(", {minutes} min left").format(minutes=fixed(seconds / 60, 0))


class Log:
    """Progress in plain lines, each with the time since the beginning.

    The first comes within a second, unless all is done by then; a new step is told within STEP seconds, and
    a long one again after QUIET seconds. A thread of its own tells them, since a long step says nothing.
    """

    def __init__(self, console: Console, foreseen: float | None = None) -> None:
        """Begin, with the seconds that all of it is foreseen to take."""
        self._console, self._foreseen = console, foreseen
        self._begun = time.monotonic()
        self._now: tuple[str, float | None] = (_("Reading the case"), None)
        self._rest = ""
        self._left = Remaining()
        self._told: tuple[str, float] = ("", -math.inf)
        self._stopped, self._paused = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._run,), daemon=True)
        self._thread.start()

    def say(self, text: str, part: float | None = None) -> None:
        """Take note of what is being done."""
        self._paused.clear()
        self._rest = self._left.after(text, part)
        self._now = text, part

    def pause(self) -> None:
        """Tell nothing until there is something new, since results are shown."""
        self._paused.set()

    def close(self) -> None:
        """Tell nothing any more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        wait = FIRST
        while not self._stopped.wait(wait):
            wait = 0.2
            if not self._paused.is_set():
                self._tell()

    def _tell(self) -> None:
        (text, part), (last, when), now = self._now, self._told, time.monotonic()
        if now - when < (STEP if text != last else QUIET):
            return
        done = "" if part is None else f" ({_done(part, self._rest)})"
        start = ""
        if last == "" and self._foreseen:
            start = " " + _("(all of it: {time})").format(time=_about(self._foreseen))
        minutes, seconds = divmod(int(now - self._begun), 60)
        line = f"{minutes}:{seconds:02d} {text}{done}{start}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._told = text, now


@contextmanager
def paged() -> Iterator[Console]:
    """A console whose text goes through the reader's pager where it is longer than the terminal.

    Elsewhere than on a terminal, with ``--no-pager`` and without a pager it is an ordinary one.
    """
    console = screen()
    pager = _pager() if console.is_terminal and not settings.no_pager else None
    if pager is None:
        yield console
        return
    with console.capture() as kept:
        yield console
    text = kept.get()
    if text.count("\n") < console.height:
        sys.stdout.write(text)
        return
    import subprocess

    given = os.environ | {"LESS": os.environ.get("LESS", "FRX"), "LESSCHARSET": "utf-8"}
    with suppress(KeyboardInterrupt, BrokenPipeError):
        subprocess.run(
            pager, input=text, text=True, encoding="utf-8", errors="replace", check=False, env=given
        )


def _pager() -> list[str] | None:
    """The reader's pager with its options, else ``less``; None where there is none."""
    import shlex
    import shutil

    for words in (shlex.split(os.environ.get("PAGER", "")), ["less"]):
        if words and shutil.which(words[0]):
            return None if words[0] == "cat" else words
    return None


@dataclass
class GlobalOptions:
    """Options of the program itself, as they were given."""

    no_pager: bool = False
    on_labs: set[str] = field(default_factory=set)
    """Commands that take options on how a lab is made."""


settings = GlobalOptions()

how_asked: ContextVar[tuple[str, ...]] = ContextVar("how_asked", default=())
"""Options on how the lab of the command that runs is made, as they were given."""


def written(console: Console, what: str, path: Path) -> None:
    """Say where a file is, with an address that a terminal or browser opens."""
    from rich.text import Text

    address = path.resolve().as_uri()
    console.print(Text.assemble((what, "bold"), "\n  ", Text(address, f"link {address}")), soft_wrap=True)


def next_step(console: Console, text: str, *words: str) -> None:
    """Name a command to try next, with what it shows.

    A command on a lab asks the same lab: it gets the options by which this command's own was made.
    """
    import shlex

    from rich.text import Text

    lines = ["  contraflow"]
    every = (*words, *how_asked.get()) if words[0] in settings.on_labs else words
    for word in (w if w and not set(w) - SAFE else shlex.quote(w) for w in every):
        if len(lines[-1]) + 1 + len(word) > console.width - 2 and os.name != "nt":
            lines[-1] += " \\"
            lines.append(f"    {word}")
        else:
            lines[-1] += f" {word}"
    console.print(Text.assemble((text, "dim"), "\n", "\n".join(lines)), soft_wrap=True)


SAFE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:@")
"""Characters of a word that a shell takes as it is."""


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
        name = error.filename or _("A file")
        complain(f"{name}: {error.strerror or error}")
        raise typer.Exit(FAILED) from None
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        text = _(
            "Something went wrong inside Contraflow ({error}). This is a mistake of the program, not yours: "
            "please report it. Set {variable}=1 to see where it happened."
        )
        complain(text.format(error=f"{type(error).__name__}: {error}", variable=TRACEBACK))
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
        return _("Compiled code on disk is damaged, so it is compiled again.")
    return _("Compiled code cannot be kept on disk, so that the next run compiles it again.")


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

    screen(error=True).print(Text.assemble((_("Note:") + " ", "bold yellow"), text), soft_wrap=True)


def complain(text: str) -> None:
    """Say on standard error what is wrong."""
    from rich.text import Text

    screen(error=True).print(Text.assemble((_("Error:") + " ", "bold red"), text), soft_wrap=True)


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
        rest = _("and {number} more; 'contraflow check' lists them all").format(number=more)
        return "\n".join([*lines, f"  {rest}"])
    return str(error)
