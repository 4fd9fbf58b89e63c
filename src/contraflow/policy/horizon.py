"""Horizons: how long after a policy begins an answer holds."""

from __future__ import annotations

import math
import re

from contraflow._language import _
from contraflow.errors import PolicyError

LONG_RUN = "long run"
"""The horizon at which everybody has reconsidered."""

LONGEST = 100.0
"""Years beyond which a horizon is refused; nobody is left who has not reconsidered."""

_YEARS = {"day": 1 / 365.25, "week": 7 / 365.25, "month": 1 / 12, "year": 1.0}
_TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*(day|week|month|year)s?")


def in_years(horizon: str | float) -> float:
    """Years after a policy begins; infinite for the long run.

    Parameters
    ----------
    horizon
        ``"long run"``, a time such as ``"3 months"`` or ``"1 year"`` (days, weeks, months, years), or a
        number of years.

    Raises
    ------
    PolicyError
        For a horizon that cannot be read, is negative, or is longer than LONGEST years.

    Examples
    --------
    >>> in_years("18 months"), in_years("long run")
    (1.5, inf)
    """
    if isinstance(horizon, str):
        text = " ".join(horizon.lower().split())
        if text == LONG_RUN:
            return math.inf
        match = _TEXT.fullmatch(text)
        if match is None:
            raise _refused(_("'{horizon}' is not a horizon."), horizon)
        years = float(match[1]) * _YEARS[match[2]]
    else:
        years = float(horizon)
        if years == math.inf:
            return years
    if not 0 <= years <= LONGEST:
        raise _refused(_("A horizon of {horizon} lies outside what can be answered."), horizon)
    return years


def _refused(text: str, horizon: str | float) -> PolicyError:
    cure = _("Write 'long run', or a time such as '3 months' or '5 years', up to {longest} years.")
    return PolicyError(f"{text.format(horizon=horizon)} {cure.format(longest=f'{LONGEST:g}')}")


def in_words(years: float) -> str:
    """A horizon as people write it.

    Examples
    --------
    >>> in_words(0.25), in_words(1.0), in_words(5.0)
    ('3 months', '1 year', '5 years')
    """
    if years == math.inf:
        return LONG_RUN
    for unit in ("year", "month", "week", "day"):
        number = years / _YEARS[unit]
        if number >= 1 and abs(number - round(number)) < 1e-9:
            return f"{round(number)} {unit}{'' if round(number) == 1 else 's'}"
    return f"{years:g} years"
