"""Sentences on the economies beside the case's own: livelihoods, other goods, suppliers of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

import pandas as pd
import xarray as xr

from contraflow._language import N_, _, pgettext
from contraflow._numbers import mass, money, share, significant, size_of_change, small_share
from contraflow.case.naming import lower
from contraflow.results import side_economies
from contraflow.results.view import KG_PER_TONNE, coord
from contraflow.text.names import Names, plain
from contraflow.text.sentences import (
    SMALL,
    Row,
    Subject,
    article,
    capital,
    clause,
    clauses,
    drawn,
    is_open,
    is_still,
    largest_change,
    listed,
    millions,
    open_rows,
    part,
    with_range,
)

NOTICED = 0.005
"""A change above this share is worth a chart."""
TRACE = 5e-4
"""An activity that moves by less than this share of all labour is not reported, whatever its own change."""
REPORTED = 2e-3
"""Labour that turns is reported in an answer's short sentences from this share of all labour on."""
STRIKING = 0.1
"""Pay for hired work is reported beside other things from this change on."""
PETTY = 0.01
"""Goods worth less than this share of all such goods are left out of an answer's short sentences."""
CHIEF = 0.1
"""Activities named in a sentence take or give at least this share of what turns."""
STILL = N_("Next to nothing changes.")
UNSURE = N_("What turns to what is uncertain.")


def activity(form: str, names: Mapping[str, str]) -> str:
    """Name of what households do to make a form, as a label: the crop for its harvest."""
    return capital(work(form, names))


def work(form: str, names: Mapping[str, str]) -> str:
    """The same within a sentence; goods of one substance, such as a metal and its ore, are one."""
    known = names.crops.get(form) if isinstance(names, Names) else None
    return known or good(form, names)


def good(form: str, names: Mapping[str, str]) -> str:
    """A good within a sentence."""
    return lower(names.get(form, form.replace("-", " ")))


@dataclass(frozen=True)
class Turn:
    """Labour that turns from some activities to others, labour-hectares of a ``whole``."""

    hectares: float
    whole: float
    losers: tuple[str, ...]
    winners: tuple[str, ...]

    def clause(self) -> str:
        """``the work of 1,490 hectares turns from gold to licit living``."""
        values = {
            "hectares": significant(self.hectares),
            "losers": listed(self.losers),
            "winners": listed(self.winners),
        }
        if self.losers and self.winners:
            return _("the work of {hectares} hectares turns from {losers} to {winners}").format(**values)
        if self.winners:
            return _("the work of {hectares} hectares turns to {winners}").format(**values)
        if self.losers:
            return _("the work of {hectares} hectares turns from {losers} to other things").format(**values)
        return _("the work of {hectares} hectares turns to other things").format(**values)


def turn(table: pd.DataFrame, names: Mapping[str, str]) -> Turn | None:
    """What turns to what, from a table of livelihoods before and after; None if next to nothing does.

    What may rise or fall is left out.
    """
    change = (
        table["change"]
        .where(~open_rows(table), 0.0)
        .groupby([work(str(form), names) for form in table.index])
        .sum()
        .sort_values()
    )
    lost, won = change[change < 0], change[change > 0].iloc[::-1]
    hectares, whole = float(-lost.sum()), float(table["before"].sum())
    if hectares <= TRACE * whole or won.empty:
        return None
    losers, winners = (
        tuple(str(name) for name in side.index[side.abs() >= CHIEF * hectares][:3]) for side in (lost, won)
    )
    return Turn(hectares, whole, losers, winners)


def in_short(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str], home: str) -> str:
    """One sentence on what moves beside the case's own goods; empty if hardly anything does."""
    table = side_economies.goods(base, after, by="form")
    worth = PETTY * float(table["value_before"].sum()) if len(table) else 0.0
    routes = side_economies.goods(base, after, by="route")
    parts = [
        _against(_leaving(form, row, names, home), routes, form, row, names)
        for form, row in plain(table).items()
        if _ratio(row) > SMALL and row["value_before"] >= worth and not is_open(row)
    ][:2]
    turned = turn(side_economies.livelihoods(base, after), names)
    if turned is not None and turned.hectares > REPORTED * turned.whole:
        parts.append(turned.clause())
    return clauses(parts)


def _leaving(form: str, row: Row, names: Mapping[str, str], home: str) -> str:
    """How much of a good leaves: ``gold leaving Peru falls by 16% (6 to 33%), from 25 to 22 t``."""
    subject = Subject(pgettext("goods", "{good} leaving {home}").format(good=good(form, names), home=home))
    heavy = max(abs(float(row[side])) for side in ("before", "after")) >= KG_PER_TONNE
    scale = 1 / KG_PER_TONNE if heavy else 1.0
    scaled = {
        key: value * scale if key.startswith(("before", "after", "change")) else value
        for key, value in row.items()
    }
    return clause(subject, scaled, _("{number} t") if heavy else _("{number} kg"), small=0.0)


def _against(told: str, routes: pd.DataFrame, form: str, row: Row, names: Mapping[str, str]) -> str:
    """The clause, with where a good goes more while less of it leaves in all, or less while more leaves."""
    sign = 1.0 if row["change"] > 0 else -1.0
    own = routes["change"][routes.index.get_level_values("form") == form]
    change = sign * own.groupby(level="to_place").sum()
    place, size = str(change.idxmin()), -float(change.min())
    if size < SMALL * row["before"]:
        return told
    template = (
        _("{change}, while {mass} less goes to {place}")
        if sign > 0
        else _("{change}, while {mass} more goes to {place}")
    )
    return template.format(change=told, mass=mass(size), place=names.get(place, place))


def other_supply(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> str:
    """Which supply of an input loses most of its part to others, in a sentence; empty if none loses much."""
    table = side_economies.supplies(base, after)
    if table.empty:
        return ""
    surely = "share_change_95" if "share_change_95" in table else "share_change"
    lost = (table["share_before"] - table["share_after"]).where(table[surely] < 0, 0.0).to_numpy()
    first = int(lost.argmax())
    if lost[first] < SMALL:
        return ""
    row = table.reset_index().iloc[first]
    name = str(row["name"])
    known = name.partition(" ")[0] in {word for shown in names.values() for word in shown.split()}
    return _("{after} of all that is paid for {input} goes to {supplier} instead of {before}.").format(
        after=share(row["share_after"]),
        before=share(row["share_before"]),
        input=good(str(row["input"]), names),
        supplier=name if known else lower(name),
    )


def livelihoods(table: pd.DataFrame, names: Mapping[str, str]) -> str:
    """What households turn from and to."""
    turned = turn(table, names)
    if turned is None:
        return _(UNSURE) if largest_change(table).max() > TRACE * table["before"].sum() else _(STILL)
    return clauses(
        [
            _("{change}, {share} of all labour here").format(
                change=turned.clause(), share=_share(turned.hectares / turned.whole)
            )
        ]
    )


def pay(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str], least: float = SMALL) -> str:
    """Where hired work is paid less or more than before by ``least`` of it, in a sentence; or nothing."""
    table = side_economies.livelihoods(base, after, by="hire")
    work_of = dict(zip(coord(base, "market"), coord(base, "market_form"), strict=True))
    falls: list[str] = []
    rises: list[str] = []
    kinds = {}
    for key, row in plain(table).items():
        ratio = part(row)
        if isfinite(ratio) and abs(ratio) > least and not is_open(row):
            place = article(names.get(key.partition("@")[2], key))
            size = with_range(size_of_change(ratio) if drawn(row) else share(abs(ratio)), row)
            (rises if ratio > 0 else falls).append(
                pgettext("pay", "{size} in {place}").format(size=size, place=place)
            )
            kinds[work(str(work_of[key]), names)] = True
    if falls and rises:
        template = _("Pay for {work} falls by {falls} and rises by {rises}.")
    elif falls or rises:
        template = _("Pay for {work} falls by {falls}.") if falls else _("Pay for {work} rises by {rises}.")
    else:
        return ""
    return template.format(work=listed(list(kinds)), falls=listed(falls), rises=listed(rises))


def living(table: pd.DataFrame, names: Mapping[str, str]) -> str:
    """How much of the labour lives from what, in the baseline: ``coca 23%, gold 26%``."""
    words = [work(str(form), names) for form in table.index]
    shares = (table["before"] / table["before"].sum()).groupby(words).sum().sort_values(ascending=False)
    return listed([f"{name} {_share(float(share))}" for name, share in shares.items() if share > NOTICED])


def goods(table: pd.DataFrame, names: Mapping[str, str], home: str) -> str:
    """How much of each good leaves and what it is worth where it crosses, from a table by form."""
    if "after" not in table:
        leaving = [
            _("{mass} of {good}, worth {worth}").format(
                mass=mass(float(row["before"])),
                good=good(form, names),
                worth=money(float(row["value_before"])),
            )
            for form, row in plain(table).items()
        ]
        return _("{goods} where it leaves {home}").format(goods=listed(leaving), home=home)
    moved = [
        _("{change}, worth {worth}").format(change=_leaving(form, row, names, home), worth=_worth(row))
        for form, row in plain(table).items()
        if _ratio(row) > NOTICED
    ]
    if not moved and any(is_open(row) and not is_still(row, NOTICED) for row in plain(table).values()):
        return _("Whether more or less leaves is uncertain.")
    return clauses(moved) or _("As much leaves as before, but by other ways.")


def supplies(table: pd.DataFrame, inputs: Mapping[str, str]) -> str:
    """What the suppliers of each input earn together and how that changes, from ``side_economies.bought``."""
    earnings = []
    for key, sums in plain(table).items():
        what = lower(inputs.get(key, key.replace("-", " ")))
        if "after" not in sums:
            amount = money(float(sums["before"]))
            earnings.append(_("Suppliers of {input} earn {amount} a year.").format(input=what, amount=amount))
        elif _ratio(sums) > SMALL:
            subject = Subject(_("what suppliers of {input} earn").format(input=what))
            earnings.append(clauses([clause(subject, sums, millions())]))
    if not earnings:
        return _("Suppliers earn as much as before in all, but not the same ones do.")
    return " ".join(earnings)


def _worth(row: Row) -> str:
    before, after = (money(float(row[c])) for c in ("value_before", "value_after"))
    if before == after:
        return after
    return _("{after} instead of {before}").format(after=after, before=before)


def _ratio(row: Row) -> float:
    """Size of a change, as a share of what was there."""
    before = float(row["before"])
    if drawn(row) and before:
        return abs(part(row))
    return abs(float(row["change"])) / before if before else float(row["after"] > 0)


def _share(part: float) -> str:
    return small_share(part, 0.0195)
