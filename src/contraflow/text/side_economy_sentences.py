"""Sentences on the economies beside the case's own: livelihoods, other goods, suppliers of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd
import xarray as xr

from contraflow._numbers import amount, fixed, money, share, significant, size_of_change, small_share
from contraflow.case.naming import lower
from contraflow.results import side_economies
from contraflow.results.view import coord
from contraflow.text.names import plain
from contraflow.text.sentences import (
    SMALL,
    Row,
    article,
    drawn,
    is_open,
    is_still,
    largest_change,
    listed,
    most,
    open_rows,
    part,
    span,
    verb,
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
STILL = "Next to nothing changes."
UNSURE = "What turns to what is uncertain."

ACTIVITIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "leaf": ("Coca", "coca"),
        "gold": ("Gold", "gold"),
        "ore": ("Gold ore", "gold"),
        "opium": ("Poppy", "poppy"),
        "licit-income": ("Licit living", "licit work"),
        "carrying": ("Carrying", "carrying"),
        "away-income": ("Leaving", "work elsewhere"),
    }
)
"""What households do, by the form that labour is turned into: as a label, and within a sentence. Other
forms go by their own name."""
GOODS: Mapping[str, str] = MappingProxyType({"gold": "gold", "opium": "opium", "heroin": "heroin"})
"""Goods within a sentence, where that is not the form's name."""


def activity(form: str, names: Mapping[str, str]) -> str:
    """Name of what households do to make a form: ``Coca`` for leaf."""
    return ACTIVITIES[form][0] if form in ACTIVITIES else names.get(form, form.replace("-", " "))


def work(form: str, names: Mapping[str, str]) -> str:
    """The same within a sentence; gold and its ore are one."""
    return ACTIVITIES[form][1] if form in ACTIVITIES else lower(activity(form, names))


def good(form: str, names: Mapping[str, str]) -> str:
    """A good within a sentence."""
    return GOODS.get(form) or lower(names.get(form, form.replace("-", " ")))


@dataclass(frozen=True)
class Turn:
    """Labour that turns from some activities to others, labour-hectares of a ``whole``."""

    hectares: float
    whole: float
    losers: tuple[str, ...]
    winners: tuple[str, ...]

    def __str__(self) -> str:
        """``1,490 labour-hectares turn from gold to licit work``."""
        hectares = most(self.hectares, "labour-hectares")
        left = f" from {listed(self.losers)}" if self.losers else ""
        taken = f" to {listed(self.winners)}" if self.winners else " to other work"
        return f"{hectares} turn{left}{taken}"


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
        f"{good(form, names)} leaving {home} {_moves(row)}{_against(routes, form, row, names)}"
        for form, row in plain(table).items()
        if _ratio(row) > SMALL and row["value_before"] >= worth and not is_open(row)
    ][:2]
    turned = turn(side_economies.livelihoods(base, after), names)
    if turned is not None and turned.hectares > REPORTED * turned.whole:
        parts.append(str(turned))
    return _sentence(parts)


def _against(routes: pd.DataFrame, form: str, row: Row, names: Mapping[str, str]) -> str:
    """Where a good goes more while less of it leaves in all, or less while more leaves."""
    sign = 1.0 if row["change"] > 0 else -1.0
    own = routes["change"][routes.index.get_level_values("form") == form]
    change = sign * own.groupby(level="to_place").sum()
    place, size = str(change.idxmin()), -float(change.min())
    if size < SMALL * row["before"]:
        return ""
    return f", while {_tonnes(size)} {'less' if sign > 0 else 'more'} goes to {names.get(place, place)}"


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
    return (
        f"{share(row['share_after'])} of all that is paid for {str(row['input']).partition('-')[0]} goes to "
        f"{name if known else lower(name)} instead of {share(row['share_before'])}."
    )


def livelihoods(table: pd.DataFrame, names: Mapping[str, str]) -> str:
    """What households turn from and to."""
    turned = turn(table, names)
    if turned is None:
        return UNSURE if largest_change(table).max() > TRACE * table["before"].sum() else STILL
    return f"{turned}, {_share(turned.hectares / turned.whole)} of all labour here."


def pay(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str], least: float = SMALL) -> str:
    """Where hired work is paid less or more than before by ``least`` of it, in a sentence; or nothing."""
    table = side_economies.livelihoods(base, after, by="hire")
    work_of = dict(zip(coord(base, "market"), coord(base, "market_form"), strict=True))
    changes: dict[str, list[str]] = {"falls": [], "rises": []}
    kinds = {}
    for key, row in plain(table).items():
        ratio = part(row)
        if abs(ratio) > least and not is_open(row):
            place = article(names.get(key.partition("@")[2], key))
            size = f"{size_of_change(ratio)} ({span(row)})" if drawn(row) else share(abs(ratio))
            changes["rises" if ratio > 0 else "falls"].append(f"{size} in {place}")
            kinds[work(str(work_of[key]), names)] = True
    moves = [f"{verb} by {listed(places)}" for verb, places in changes.items() if places]
    return f"Pay for {listed(list(kinds))} {listed(moves)}." if moves else ""


def living(table: pd.DataFrame, names: Mapping[str, str]) -> str:
    """How much of the labour lives from what, in the baseline: ``coca 23%, gold 26%``."""
    words = [work(str(form), names) for form in table.index]
    shares = (table["before"] / table["before"].sum()).groupby(words).sum().sort_values(ascending=False)
    return listed([f"{name} {_share(float(share))}" for name, share in shares.items() if share > NOTICED])


def goods(table: pd.DataFrame, names: Mapping[str, str], home: str) -> str:
    """How much of each good leaves and what it is worth where it crosses, from a table by form."""
    if "after" not in table:
        leaving = [
            f"{_tonnes(row['before'])} of {good(form, names)}, worth {money(float(row['value_before']))}"
            for form, row in plain(table).items()
        ]
        return f"{listed(leaving)} where it leaves {home}"
    moved = [
        f"{good(form, names)} leaving {home} {_moves(row)}, worth {_worth(row)}"
        for form, row in plain(table).items()
        if _ratio(row) > NOTICED
    ]
    if not moved and any(is_open(row) and not is_still(row, NOTICED) for row in plain(table).values()):
        return "Whether more or less leaves is uncertain."
    return _sentence(moved) or "As much leaves as before, but by other ways."


def supplies(table: pd.DataFrame, inputs: Mapping[str, str]) -> str:
    """What the suppliers of each input earn together and how that changes, from ``side_economies.bought``."""
    earnings = []
    for key, sums in plain(table).items():
        what = lower(inputs.get(key, key.replace("-", " ")))
        if "after" not in sums:
            earnings.append(f"{money(float(sums['before']))} with {what}")
        elif _ratio(sums) > SMALL:
            after, before = (money(float(sums[c])) for c in ("after", "before"))
            if drawn(sums):
                more = "more" if part(sums) > 0 else "less"
                size = (
                    "perhaps more, perhaps less" if is_open(sums) else f"{size_of_change(part(sums))} {more}"
                )
                earnings.append(f"{size} with {what} ({span(sums)}; {before} before)")
            elif after != before:
                earnings.append(f"{after} with {what} instead of {before}")
    if not earnings:
        return "Suppliers earn as much as before in all, but not the same ones do."
    return f"Suppliers earn {listed(earnings)} a year."


def _worth(row: Row) -> str:
    before, after = (money(float(row[c])) for c in ("value_before", "value_after"))
    return after if before == after else f"{after} instead of {before}"


def _moves(row: Row) -> str:
    """``rises from 22 to 25 t``; with draws ``rises by 16% (6 to 33%), from 22 to 25 t``."""
    before, after = float(row["before"]), float(row["after"])
    first, then = _tonnes(before), _tonnes(after)
    if first.split()[-1] == then.split()[-1]:
        first = first.split()[0]
    if not drawn(row):
        return f"{'rises' if after > before else 'falls'} from {first} to {then}"
    text = f"{verb(row)} ({span(row)})"
    turned = (after - before) * float(row["change"]) <= 0 or _tonnes(before) == then
    return f"{text}, from {_tonnes(before) if turned else f'{first} to {then}'}"


def _tonnes(kilograms: float) -> str:
    """Kilograms as they are best read, with three figures: ``31.4 t``, ``70 kg``."""
    if abs(kilograms) < 1000:
        return f"{significant(kilograms)} kg"
    return f"{fixed(kilograms / 1000, 1)} t" if kilograms < 1e5 else f"{amount(kilograms / 1000)} t"


def _ratio(row: Row) -> float:
    """Size of a change, as a share of what was there."""
    before = float(row["before"])
    if drawn(row) and before:
        return abs(part(row))
    return abs(float(row["change"])) / before if before else float(row["after"] > 0)


def _share(part: float) -> str:
    return small_share(part, 0.0195)


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""
