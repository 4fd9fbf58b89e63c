"""Timelines: policies that change by date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contraflow._language import _
from contraflow._types import FloatArray, IntArray
from contraflow.errors import PolicyError
from contraflow.network.network import ZERO
from contraflow.policy.levers import Levers
from contraflow.policy.policy import Policy, in_short, levels, unknown_measure

_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-\d{2})?")
LONGEST = 100
"""Years beyond which a timeline is refused."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Levels of all measures month by month, from January of the first year."""

    first: int
    """The first calendar year; 1 if years are only counted."""
    value: FloatArray
    """Levels (month, measure), except where ``place`` names a number of the ledger."""
    place: IntArray
    """Position in the ledger of the level (month, measure); 0 where ``value`` holds it."""
    changes: tuple[tuple[int, str], ...] = ()
    """Month, from 0, and description of each change."""
    lived: bool = False
    """Whether the burn-in years use the first month's levels instead of the baseline levels."""

    @property
    def months(self) -> int:
        """Number of months."""
        return int(self.value.shape[0])

    def levels(self, ledger: FloatArray) -> FloatArray:
        """Levels (draw, month, measure) for draws of the ``ledger`` (draw, number)."""
        drawn = ledger[:, self.place]
        return np.where(self.place > ZERO, drawn, self.value)

    def labels(self, before: int = 0) -> npt.NDArray[np.datetime64] | IntArray:
        """Names of the months.

        Parameters
        ----------
        before
            Number of months that precede the timeline.

        Returns
        -------
        numpy.ndarray
            Dates if the timeline has a calendar, else numbers, with 1 for the first month of the timeline
            (before + month,).
        """
        month = np.arange(self.months + before) - before
        if self.first <= 1:
            return month + 1
        return (np.datetime64(f"{self.first:04d}-01", "M") + month).astype("datetime64[ns]")


def constant(levers: Levers, policy: Policy, years: int) -> Timeline:
    """The same policy in every month.

    Parameters
    ----------
    levers
        The measures.
    policy
        Levels by measure; the others stay at the baseline.
    years
        Length of the run, from 1 to LONGEST.

    Raises
    ------
    PolicyError
        For a level that is unknown or out of range, and for a run that is too long.
    """
    return dated(levers, {1: policy}, years)


def dated(levers: Levers, plan: Mapping[int | str, Policy], years: int, first: int = 1) -> Timeline:
    """Policies by the date from which each holds; each replaces the one before, on top of the baseline.

    Parameters
    ----------
    levers
        The measures.
    plan
        Policies by date: years of the run (1 is the first) or, if ``first`` is a calendar year, dates such as
        ``1995`` or ``1995-03``.
    years
        Length of the run, from 1 to LONGEST.
    first
        The first year.

    Raises
    ------
    PolicyError
        For a date that cannot be read or lies outside the run, a level that is unknown or out of range, and a
        run that is too long.
    """
    months = _months(years)
    case = levers.network.case
    value = np.repeat(levers.baseline[None], months, axis=0)
    changes = []
    for date, policy in sorted(plan.items(), key=lambda item: _month(item[0], first)):
        start = _month(date, first)
        if not 0 <= start < months:
            text = _("{date}: the run goes from year {first} to {last}. Give a date in it.")
            raise PolicyError(text.format(date=date, first=first, last=first + years - 1))
        value[start:] = levels(case, levers.baseline, policy)
        if policy:
            changes.append((start, in_short(case, policy)))
    return Timeline(first, value, np.zeros(value.shape, dtype=np.int64), tuple(changes))


def for_months(levers: Levers, policy: Policy, months: int, years: int) -> Timeline:
    """A policy that ends: it holds from the first month, and the baseline after it.

    Parameters
    ----------
    levers
        The measures.
    policy
        Levels by measure; the others stay at the baseline.
    months
        Months in which the policy holds, fewer than the run has.
    years
        Length of the run, from 1 to LONGEST.

    Raises
    ------
    PolicyError
        For a level that is unknown or out of range, a policy that does not end within the run, and a run that
        is too long.
    """
    every = _months(years)
    if not 1 <= months < every:
        raise PolicyError(
            _(
                "{months} months: a policy that ends within the {every} months of the run lasts from 1 to "
                "{most} months. Make the run longer, or let the policy hold throughout."
            ).format(months=months, every=every, most=every - 1)
        )
    case = levers.network.case
    value = np.repeat(levers.baseline[None], every, axis=0)
    value[:months] = levels(case, levers.baseline, policy)
    changes = ((0, in_short(case, policy)), (months, _("The policy ends"))) if policy else ()
    return Timeline(1, value, np.zeros(value.shape, dtype=np.int64), changes)


def of_events(levers: Levers, first: int, years: int, only: Iterable[str] | None = None) -> Timeline:
    """The case's own events: for each measure the last level dated in or before a month, else 0.

    Parameters
    ----------
    levers
        The measures.
    first
        The first calendar year.
    years
        Length of the run, from 1 to LONGEST.
    only
        Ids of the measures whose events hold; the others stay at the baseline. None: all.

    Raises
    ------
    PolicyError
        For an unknown measure or one without events, and for a run that is too long.
    """
    months = _months(years)
    case = levers.network.case
    names = list(case.measures)
    wanted = set(names) if only is None else set(only)
    wrong = [unknown_measure(name, names) for name in sorted(wanted - set(names))]
    dated_measures = {e.measure for e in case.events.values()}
    wrong += [
        _("'{name}' has no event in events.csv.").format(name=name)
        for name in sorted((wanted & set(names)) - dated_measures)
        if only is not None
    ]
    if wrong:
        raise PolicyError("\n".join(wrong))
    value = np.repeat(levers.baseline[None], months, axis=0)
    place = np.zeros(value.shape, dtype=np.int64)
    changes = []
    ledger = levers.network.ledger
    for number, name in enumerate(names):
        if name not in wanted:
            continue
        events = sorted((e for e in case.events.values() if e.measure == name), key=lambda e: e.date)
        if not events:
            continue
        value[:, number] = 0.0
        for event in events:
            start = _month(event.date, first)
            if start >= months:
                continue
            place[max(start, 0) :, number] = ledger.index(event.level)
            if start >= 0:
                level = case.parameters[event.level].value
                changes.append((start, f"{case.measures[name].name}: {level:g}"))
    return Timeline(first, value, place, tuple(sorted(changes)), lived=True)


def _months(years: int) -> int:
    if not 1 <= years <= LONGEST:
        text = _("{years} years: a run takes between 1 and {longest} years.")
        raise PolicyError(text.format(years=years, longest=LONGEST))
    return 12 * years


def _month(date: int | str, first: int) -> int:
    """Months from January of ``first``."""
    match = _DATE.fullmatch(f"{date:04d}" if isinstance(date, int) else date.strip())
    if match is None:
        text = _("'{date}' is no date. Write a year, or a year and month as 1995-03.")
        raise PolicyError(text.format(date=date))
    year, month = int(match[1]), int(match[2] or 1)
    if not 1 <= month <= 12:
        text = _("'{date}': there is no month {month}. Write a year and month as 1995-03.")
        raise PolicyError(text.format(date=date, month=month))
    return 12 * (year - first) + month - 1
