"""A calibrated lab at work: its answers, kept, and a quick one while a lever moves."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from contraflow._language import locale
from contraflow.errors import ContraflowError
from contraflow.lab import Lab
from contraflow.lab.outcome import Outcome
from contraflow.lab.policy_paths import FOLLOWED, YEARS
from contraflow.lab.quick_answers import QuickAnswers
from contraflow.lab.transition_path import TransitionPath
from contraflow.results import tables
from contraflow.text.names import Names, plain, shown_names

if TYPE_CHECKING:
    import pandas as pd

Value = TypeVar("Value")

OUTCOMES, PREVIEWS, PATHS, PAGES = 8, 64, 16, 400
"""Outcomes of all draws, of one, paths and parts of pages that are kept; the first have tens of MB each."""


class Kept(Generic[Value]):
    """Values by key, the latest used; each is made once, whoever asks meanwhile."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._making: dict[str, Lock] = {}
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            own = self._making.setdefault(key, Lock())
        with own:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            try:
                value = make()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            with self._lock:
                self._values[key] = value
                while len(self._values) > self.most:
                    self._values.popitem(last=False)
            return value


class Desk:
    """A lab with its answers; ``source`` names its case as a user would."""

    def __init__(self, lab: Lab, source: str) -> None:
        self.lab = lab
        self.source = source
        self._outcomes: Kept[Outcome] = Kept(OUTCOMES)
        self._previews: Kept[Outcome] = Kept(PREVIEWS)
        self._paths: Kept[TransitionPath] = Kept(PATHS)
        self.pages: Kept[Any] = Kept(PAGES)

    @property
    def base(self) -> Outcome:
        """The baseline, in all draws."""
        return self.lab.baseline()

    def names(self) -> Names:
        """Names as shown, in the language of the reader."""
        found: Names = self.pages.get(f"names {locale()}", lambda: shown_names(self.lab.case))
        return found

    @cached_property
    def claims(self) -> pd.DataFrame:
        """Every claim beside the model; empty for a lab that is not calibrated."""
        import pandas as pd

        return pd.DataFrame() if self.lab.posterior is None else self.lab.claims()

    @cached_property
    def medians(self) -> dict[str, dict[str, Any]]:
        """Rows of the headline figures of the baseline."""
        return plain(tables.headline(self.base.data))

    @cached_property
    def quick(self) -> QuickAnswers:
        """Answers in the typical draw."""
        return QuickAnswers(self.lab)

    @property
    def typical(self) -> Outcome:
        """The baseline in the typical draw."""
        return self.quick.lab.baseline()

    @cached_property
    def some(self) -> Lab:
        """The lab with fewer draws, for what takes long."""
        return self.lab.with_few_draws(FOLLOWED)

    def answer(self, policy: Mapping[str, float]) -> Outcome:
        """The economy under a policy in all draws; the baseline for none. Raises ConvergenceError."""
        if not policy:
            return self.base
        return self._outcomes.get(
            repr(sorted(policy.items())), lambda: self.lab.respond(policy, alternatives=False)
        )

    def preview(self, policy: Mapping[str, float]) -> Outcome:
        """The economy under a policy in the typical draw. Raises ConvergenceError."""
        if not policy:
            return self.typical
        return self._previews.get(repr(sorted(policy.items())), lambda: self.quick.answer(policy))

    def path(self, policy: Mapping[str, float]) -> TransitionPath:
        """The way to the long run, in some draws. Raises ConvergenceError."""
        return self._paths.get(repr(sorted(policy.items())), lambda: self.some.path(policy, years=YEARS))

    def warm_up(self, policy: Mapping[str, float]) -> None:
        """Compile what the first reader would wait for."""
        for make in (self.preview, self.answer):
            with suppress(ContraflowError):
                make(policy)
