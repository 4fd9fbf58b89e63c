"""Headline figures, times and levels of measures as they stand within a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from contraflow._language import N_, _, ngettext, pgettext
from contraflow._numbers import cell, share, signed_share, with_percent
from contraflow.case.case import Case
from contraflow.policy.horizon import in_years
from contraflow.policy.policy import Lever
from contraflow.text.names import Names

FIGURES = {
    "exports": N_("exports"),
    "exports by air": N_("exports by air"),
    "hectares at home": N_("the area of {crop}"),
    "eradicated at home": N_("what the state destroys"),
    "farm-gate price": N_("the price of {harvest}"),
    "farm-gate sales": N_("sales of {harvest}"),
    "local price": N_("the price in the main {zone}"),
    "growers' income": N_("what households earn"),
    "crews' pay by air": N_("the pay of crews of flights"),
    "armed groups' income": N_("what armed groups take"),
    "seized at home": N_("seizures at home"),
    "arrests at home": N_("arrests at home"),
    "state spending": N_("what the state spends"),
    "delivered": N_("sales of all producers"),
    "hectares": N_("the area of {crop} of all countries"),
    "seized": N_("seizures on all ways"),
    "arrests": N_("arrests on all ways"),
}
"""Headline figures by name; others are shown by their name."""

MONTHS_PER_YEAR, WEEKS_PER_YEAR, DAYS_PER_YEAR = 12, 365.25 / 7, 365.25


def figure_in_words(name: str, names: Names | None = None) -> str:
    """A headline figure within a sentence, in the case's own words."""
    if name not in FIGURES:
        return name
    own = names or Names()
    return _(FIGURES[name]).format(
        crop=own.crop or _("crop"), harvest=own.harvest or _("harvest"), zone=own.zone or _("zone")
    )


def time_in_words(years: float) -> str:
    """A time: ``3 months``, ``1 year``; empty for the long run.

    Examples
    --------
    >>> time_in_words(0.25), time_in_words(1.0)
    ('3 months', '1 year')
    """
    if not isfinite(years):
        return ""
    for per_year, words in ((1.0, _years), (MONTHS_PER_YEAR, _months), (WEEKS_PER_YEAR, _weeks)):
        number = years * per_year
        if number >= 1 and abs(number - round(number)) < 1e-9:
            return words(round(number))
    days = years * DAYS_PER_YEAR
    return _days(round(days)) if abs(days - round(days)) < 1e-9 else _years(years)


def after_in_words(horizon: str | float) -> str:
    """A horizon within a sentence.

    Examples
    --------
    >>> after_in_words("long run"), after_in_words("1 year")
    ('in the long run', 'after 1 year')

    Raises
    ------
    PolicyError
        For a horizon that cannot be read.
    """
    time = time_in_words(in_years(horizon))
    return _("after {time}").format(time=time) if time else _("in the long run")


def level_in_words(level: float, unit: str) -> str:
    """A level of a measure with its unit, as people say it: a share in per cent.

    Examples
    --------
    >>> level_in_words(1.0, "share of air space covered"), level_in_words(50.0, "per cent above demand")
    ('100% of air space covered', '50% above demand')
    >>> level_in_words(2.0, "index, 1 as in 2013"), level_in_words(8000.0, "hectares per year")
    ('2 (1 as in 2013)', '8,000 hectares per year')
    """
    for prefix, scale in ((pgettext("unit", "share "), 1.0), (pgettext("unit", "per cent "), 0.01)):
        if unit.startswith(prefix):
            part = level * scale
            shown = (
                share(part) if abs(100 * part - round(100 * part)) < 1e-6 else with_percent(cell(100 * part))
            )
            return f"{shown} {unit.removeprefix(prefix)}"
    index = pgettext("unit", "index, ")
    if unit.startswith(index):
        return _("{number} ({meaning})").format(number=cell(level), meaning=unit.removeprefix(index))
    return f"{cell(level)} {unit}".strip()


def unit_beside(lever: Lever) -> tuple[float, str]:
    """How a level is written in a box, and what stands beside it.

    Parameters
    ----------
    lever
        The lever, in the reader's language.

    Returns
    -------
    tuple
        By what its level is multiplied, 100 where it is told in per cent; and the unit of that.

    Examples
    --------
    >>> from contraflow.policy.policy import Lever
    >>> unit_beside(Lever("radar", "Radar", "share of air space covered", 0.0, 1.0))
    (100.0, '% of air space covered')
    >>> unit_beside(Lever("patrols", "Patrols", "index, 1 as in 2013", 0.0, 2.0))
    (1.0, '1 as in 2013')
    """
    if lever.is_change:
        return 100.0, _("% more or less than today")
    for prefix, scale in ((pgettext("unit", "share "), 100.0), (pgettext("unit", "per cent "), 1.0)):
        if lever.unit.startswith(prefix):
            return scale, f"% {lever.unit.removeprefix(prefix)}"
    return 1.0, lever.unit.removeprefix(pgettext("unit", "index, "))


def lever_in_words(lever: Lever, level: float) -> str:
    """A level of a lever: of a measure in its unit, of a market as a change."""
    return signed_share(level) if lever.is_change else level_in_words(level, lever.unit)


def policy_in_words(case: Case, policy: Mapping[str, float]) -> tuple[str, ...]:
    """Each measure of a policy with its level: ``Radar coverage: 100% of air space covered``."""
    return tuple(
        _("{measure}: {level}").format(
            measure=case.measures[m].name if m in case.measures else m,
            level=level_in_words(level, case.measures[m].unit if m in case.measures else ""),
        )
        for m, level in policy.items()
    )


def _years(number: float) -> str:
    return ngettext("{number} year", "{number} years", number).format(number=cell(number))


def _months(number: float) -> str:
    return ngettext("{number} month", "{number} months", number).format(number=cell(number))


def _weeks(number: float) -> str:
    return ngettext("{number} week", "{number} weeks", number).format(number=cell(number))


def _days(number: float) -> str:
    return ngettext("{number} day", "{number} days", number).format(number=cell(number))
