"""What a figure rests on, as tables and sentences."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from contraflow._language import N_, _
from contraflow._numbers import share, significant
from contraflow.case.naming import lower

NAMED = 3
"""Number of rows that a sentence names."""

NOTICED = 0.02
"""Part of the 90 % interval below which a shift is not worth a word."""


class How(StrEnum):
    """How a figure without something was found; :attr:`words` describes each."""

    WEIGHTED = "weighted"
    REFITTED = "refitted"
    LINEAR = "linear"
    ROUGH = "rough"

    @property
    def words(self) -> str:
        """Description for readers."""
        return _(
            {
                How.WEIGHTED: N_("from the same draws, weighed anew"),
                How.REFITTED: N_("fitted anew without it"),
                How.LINEAR: N_("by the straight-line account around the best fit: a guide"),
                How.ROUGH: N_("weighed anew, but the weights are unreliable (k above 0.7): a rough guide"),
            }[self]
        )


class Group(StrEnum):
    """Parts of the variance of a figure; GROUPS describes each."""

    CLAIMS = N_("claims")
    SHARED = N_("shared errors")
    RANGES = N_("ranges from claims")
    ASSUMPTIONS = N_("assumptions")
    FORM = N_("functional form")
    INTERACTION = N_("interaction")


GROUPS: Mapping[str, str] = MappingProxyType(
    {
        Group.CLAIMS: N_("errors of single claims that calibration fits"),
        Group.SHARED: N_("errors that claims of one origin share"),
        Group.RANGES: N_("numbers whose range rests on claims"),
        Group.ASSUMPTIONS: N_("numbers whose range is assumed"),
        Group.FORM: N_("numbers that set how strongly things respond"),
        Group.INTERACTION: N_("bends and interactions, which no sum of single parts accounts for"),
    }
)


@dataclass(frozen=True, eq=False)
class Explanation:
    """The claims and assumptions that a headline figure rests on; tables are ranked, the strongest first.

    Made by :meth:`Lab.explain`; ``docs/influence.md`` has the method.
    """

    title: str
    """Title of the outcome."""
    against: str
    """Title of the outcome from which the change is taken; empty for the figure itself."""
    quantity: str
    """Name of the headline figure."""
    unit: str
    """Its unit."""
    figure: Mapping[str, float]
    """Median of the figure, or of its change, under the key ``""``; ends of its 90 % interval under ``_5``
    and ``_95``."""
    claims: pd.DataFrame
    """One row per weighted claim: ``claim``, ``statement`` and ``source``; the median ``without`` it with its
    90 % interval, the ``shift`` of the median and its Monte Carlo ``error``; the shape ``k`` of the tail of
    the importance weights; ``how`` that was found (:class:`How`); the ``share`` of the variance that its own
    error makes."""
    sources: pd.DataFrame
    """One row per source: ``source``, its ``title`` and number of ``claims``, and from ``without`` to ``how``
    the columns of :attr:`claims`, all its claims left out together."""
    numbers: pd.DataFrame
    """One row per free number of the ledger: ``number``, ``meaning``, ``group`` (:class:`Group`), its
    ``role`` in the functional form, the ``template`` of its range, ``unit``, ``low`` and ``high``; the
    ``share`` of the variance; the figure near both ends of its range (``at_low``, ``at_high``), all else
    moved as the claims then demand; the median if all its range were equally likely (``flat``, with ``k`` and
    ``how``)."""
    shares: pd.DataFrame
    """One row per :class:`Group`: its ``share`` of the variance, which add up to 1, and its ``meaning``."""
    linear: float
    """Part of the variance that the linear account explains, from 0 to 1: the groups divide it up, and the
    rest is interaction."""
    draws: int
    """Number of draws in which the figure is known."""
    refits: int
    """Number of times that the model was fitted again without a claim or source."""

    @property
    def subject(self) -> str:
        """What is explained: ``change of exports under “Shut the sky”``."""
        text = _("change of {figure} under “{policy}”") if self.against else _("{figure} under “{policy}”")
        return text.format(figure=_(self.quantity), policy=self.title)

    def gathered(self, most: int = 12, named: int = 3) -> pd.DataFrame:
        """Numbers for reading: weights of single arcs gathered by the template of their range.

        Parameters
        ----------
        most
            Rows, at most.
        named
            Arcs that a gathered row names, at most.

        Returns
        -------
        pandas.DataFrame
            Columns of :attr:`numbers`, by ``share``. A gathered row sums the shares, counts the weights in
            ``count`` and names the strongest arcs in ``strongest``; its other columns are those of the
            strongest.
        """
        rows = []
        key = self.numbers["template"].where(self.numbers["template"] != "", self.numbers["number"])
        for template, own in self.numbers.groupby(key, sort=False):
            first: dict[str, Any] = {"strongest": "", "count": 1} | _rows(own.head(1))[0]
            if first["template"]:
                first |= {
                    "meaning": str(first["meaning"]).rpartition(": ")[0],
                    "share": float(own["share"].sum()),
                    "number": str(template),
                    "strongest": ", ".join(n.partition("@")[2] for n in own["number"].head(named)),
                    "count": len(own),
                }
            rows.append(first)
        frame = pd.DataFrame(rows).sort_values(by="share", ascending=False, kind="stable")
        return frame.head(most).reset_index(drop=True)

    def words(self) -> list[str]:
        """The answer in sentences.

        Returns
        -------
        list of str
            The figure, the claims it leans on, the shares of the variance and the numbers that matter most.
        """
        unit = self.unit.removesuffix("/yr")
        low, high = (_number(self.figure[e]) for e in ("_5", "_95"))
        made = [
            _("{subject}: {figure} {unit}, 90% interval {low} to {high}.").format(
                subject=_capital(self.subject), figure=_number(self.figure[""]), unit=unit, low=low, high=high
            )
        ]
        spread = (self.figure["_95"] - self.figure["_5"]) * NOTICED
        sure = self.claims["shift"].abs() > np.maximum(2 * self.claims["error"].fillna(0.0), spread)
        moved = self.claims[sure].head(NAMED)
        if len(moved):
            leaning = [
                _("{claim} ({figure} {unit} without it)").format(
                    claim=str(row["statement"]).rstrip("."), figure=_number(row["without"]), unit=unit
                )
                for row in _rows(moved)
            ]
            made.append(_("Of the claims it leans most on: {claims}.").format(claims="; ".join(leaning)))
        else:
            made.append(_("No single claim moves its median by more than a fiftieth of its interval."))
        by_group = {str(r["group"]): float(r["share"]) for r in _rows(self.shares)}
        evidence = sum(by_group[g] for g in (Group.CLAIMS, Group.SHARED, Group.RANGES))
        assumed, form, rest = (by_group[g] for g in (Group.ASSUMPTIONS, Group.FORM, Group.INTERACTION))
        made.append(
            _(
                "Of its variance {evidence} is owed to claims and to ranges that rest on claims, {assumed} "
                "to assumptions, {form} to how strongly things respond; {rest} to bends and interactions "
                "of these."
            ).format(evidence=share(evidence), assumed=share(assumed), form=share(form), rest=share(rest))
        )
        first = self.numbers.head(NAMED)
        if len(first):
            numbers = [
                _("{number} ({low} to {high} {unit} across its range)").format(
                    number=lower(row["meaning"]),
                    low=_number(row["at_low"]),
                    high=_number(row["at_high"]),
                    unit=unit,
                )
                for row in _rows(first)
            ]
            made.append(_("The numbers that matter most: {numbers}.").format(numbers="; ".join(numbers)))
        return made

    def __repr__(self) -> str:
        """The sentences and the strongest claims and numbers."""
        shown = self.claims[["claim", "without", "shift", "k", "how"]].head(5)
        numbers = self.numbers[["number", "group", "share", "at_low", "at_high"]].head(8)
        text = "\n".join(self.words())
        return f"<Explanation {text}\n\n{shown.to_string(index=False)}\n\n{numbers.to_string(index=False)}>"

    def _repr_html_(self) -> str:
        text = "".join(f"<p>{html.escape(line)}</p>" for line in self.words())
        return text + self.claims.head(10).to_html(index=False) + self.numbers.head(12).to_html(index=False)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _number(value: float) -> str:
    return significant(value, none=_("unknown"))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
