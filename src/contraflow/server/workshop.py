"""The case behind the page: opened, calibrated, watched for changes, with a desk for each belief."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, RLock, Thread

from contraflow._language import LANGUAGES, _, in_language, language, locale
from contraflow._types import Progress
from contraflow.case.load import locate, shipped
from contraflow.errors import CaseError, ContraflowError
from contraflow.lab import Lab, load
from contraflow.lab.open_case import OpenCase
from contraflow.policy.policy import levers_of
from contraflow.server.address import Known
from contraflow.server.controls import known_of
from contraflow.server.desk import Desk

EVERY = 1.5
"""Seconds between looks at the files of a case."""

BELIEFS = 4
"""Desks of beliefs that are kept, the latest used, beside that of all the evidence."""


@dataclass(frozen=True)
class FitStatus:
    """Something that takes time: calibrating the case, or fitting it to a belief."""

    message: str = ""
    part: float | None = None
    """Part done, from 0 to 1, where it is known."""
    done: bool = False
    error: str = ""
    """Why it failed, in words; empty if it did not."""


@dataclass
class Standing:
    """A case as it stands, with its desks."""

    case: OpenCase
    known: Known
    desk: Desk
    beliefs: dict[str, Desk] = field(default_factory=dict)
    """Desks by belief, the latest used last."""

    def known_here(self) -> Known:
        """What an address may name, in the reader's language."""
        return replace(self.known, levers=levers_of(self.case.in_language(locale())))


class Workshop:
    """Opens a case and keeps it open; safe to ask from several threads.

    Parameters
    ----------
    name
        A shipped case, or a folder with a case.
    calibrate
        From a case and a callback for progress to its lab.
    """

    def __init__(self, name: str, calibrate: Callable[[OpenCase, Progress], Lab]) -> None:
        self.name = name
        self.folder: Path = locate(name)
        self.case = load(name)
        self._calibrate = calibrate
        self._lock = RLock()
        self._stop = Event()
        self.opening = FitStatus(_("Reading the case"))
        self.standing: Standing | None = None
        self.believing: dict[str, FitStatus] = {}
        """Beliefs that are being fitted, or could not be."""
        self.changed: tuple[str, ...] = ()
        """Files that changed since the case was calibrated, while it is calibrated again."""
        self._problems: Mapping[str, tuple[str, ...]] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with these files, in the language of the reader."""
        return self._problems.get(language(), ())

    def start(self) -> None:
        """Calibrate in the background, and watch the files of a case of the reader's own."""
        self._in_background(self._open)
        if self.name not in shipped():
            self._in_background(self._watch)

    def stop(self) -> None:
        """End what runs in the background as soon as it can."""
        self._stop.set()

    def desk(self, standing: Standing, believes: Mapping[str, str]) -> Desk | None:
        """The desk of a belief; None while it is fitted, which this begins, and where that failed.

        :meth:`fit_of` says how far it is.
        """
        if not believes:
            return standing.desk
        key = repr(sorted(believes.items()))
        with self._lock:
            if key in standing.beliefs:
                standing.beliefs[key] = desk = standing.beliefs.pop(key)
                return desk
            if key not in self.believing:
                self.believing[key] = FitStatus(_("Fitting the case as if this were true"))
                self._in_background(lambda: self._believe(standing, key, dict(believes)))
            return None

    def fit_of(self, believes: Mapping[str, str]) -> FitStatus:
        """How far the fit of a belief is."""
        return self.believing.get(repr(sorted(believes.items())), FitStatus(done=True))

    def _open(self) -> None:
        """Calibrate the case as it stands, and put it in the place of the one before."""

        def say(message: str, part: float | None = None) -> None:
            if self._stop.is_set():
                raise KeyboardInterrupt
            self.opening = FitStatus(message, part)

        case = self.case
        try:
            lab = self._calibrate(case, say)
            say(_("Computing the baseline"))
            desk = Desk(lab, self.name)
            say(_("Warming up"))
            desk.warm_up(next((q.policy for q in case.info.questions), {}))
            standing = Standing(case, known_of(lab), desk)
        except KeyboardInterrupt:
            return
        except Exception as error:
            self.opening = FitStatus(error=said(error))
            return
        gc.collect()
        gc.freeze()  # what stays for good need not be looked through while a lever moves
        with self._lock:
            if case is not self.case:  # it has changed since, and is being calibrated again
                return
            self.standing, self.believing = standing, {}
            self.changed, self._problems = (), {}
            self.opening = FitStatus(done=True)

    def _believe(self, standing: Standing, key: str, believes: Mapping[str, str]) -> None:
        def say(message: str, part: float | None = None) -> None:
            if self._stop.is_set():
                raise KeyboardInterrupt
            self.believing[key] = FitStatus(message, part)

        try:
            desk = Desk(standing.desk.lab.believing(believes, progress=say), self.name)
            desk.warm_up({})
        except KeyboardInterrupt:
            return
        except Exception as error:
            self.believing[key] = FitStatus(error=said(error))
            return
        with self._lock:
            standing.beliefs[key] = desk
            while len(standing.beliefs) > BELIEFS:
                standing.beliefs.pop(next(iter(standing.beliefs)))
            self.believing.pop(key, None)

    def _watch(self) -> None:
        """Look at the files of the case from time to time, and calibrate again when they change."""
        seen = state_of(self.folder)
        while not self._stop.wait(EVERY):
            now = state_of(self.folder)
            if now == seen:
                continue
            files = tuple(sorted(name for name in {*seen, *now} if seen.get(name) != now.get(name)))
            seen = now
            try:
                case = load(self.name)
            except CaseError:
                self.changed, self._problems = files, problems_of(self.name)
                continue
            self._problems = {}
            if self.standing is not None and case.fingerprint == self.standing.case.fingerprint:
                self.changed = ()
                continue
            self.case, self.changed = case, files
            self._open()

    def _in_background(self, task: Callable[[], None]) -> None:
        here = copy_context()
        Thread(target=lambda: here.run(task), daemon=True).start()


def said(error: Exception) -> str:
    """Why a fit failed, in words; what nobody foresaw goes to the terminal, too."""
    if isinstance(error, ContraflowError):
        return str(error)
    traceback.print_exception(error)
    return _("The program failed ({error}); its terminal says where.").format(error=type(error).__name__)


def problems_of(name: str) -> dict[str, tuple[str, ...]]:
    """What is wrong with the files of a case, by language."""
    found = {}
    for code in LANGUAGES:
        with in_language(code):
            try:
                load(name)
            except CaseError as error:
                found[code] = tuple(map(str, error.problems))
    return found


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Time and size of the files of a case, by name."""
    found = {}
    for file in (*folder.glob("*.csv"), *folder.glob("*.toml")):
        try:
            status = file.stat()
        except OSError:
            continue
        found[file.name] = (status.st_mtime_ns, status.st_size)
    return found
