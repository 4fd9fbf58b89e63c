"""Sentences written from the numbers: what a measure does, in the words of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from contraflow.report.contents import plain
from contraflow.report.style import amount, rounded
from contraflow.results import tables

Row = Mapping[str, Any]

SMALL = 0.02
"""A change below this share of what was there is told as none."""


def answer(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> list[str]:
    """The findings of one question, a sentence or two each, most important first."""
    figures = plain(tables.headline(base, after))
    return [
        _arrivals(figures),
        *_moves(base, after, names, "mode", "by"),
        *_moves(base, after, names, "route", "through"),
        *_coca(base, after, names, figures),
        _people(figures),
        _state(figures),
    ]


def headline_sentence(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> str:
    """One sentence for the head of the page: what still arrives, and what moved where."""
    figures = plain(tables.headline(base, after))
    arrives = figures["delivered"]
    moved = tables.displacement(base, after, "mode")
    losses, gains = moved[moved["change"] < 0], moved[moved["change"] > 0]
    text = f"What reaches the markets {_verb(arrives)}"
    if len(losses) and -losses["change"].iloc[0] > SMALL * moved["before"].sum():
        worst = str(losses.index[0])
        text += f", exports by {_called(worst, names, 'mode')} {_verb(plain(losses)[worst], many=True)}"
        if len(gains) and moved.attrs["displaced"] > 0.05:
            share = min(moved.attrs["displaced"], 9.99)
            best = _called(gains.index[-1], names, "mode")
            text += f"; {share:.0%} of what is lost so comes out in other ways, mostly by {best}"
    else:
        text += ", and the ways out stay as they are"
    return text + "."


def _arrivals(figures: Mapping[str, Row]) -> str:
    row, out, seized = (figures[k] for k in ("delivered", "exports", "seized"))
    return (
        f"What reaches the final markets {_verb(row)}: {_from_to(row, 't of pure cocaine a year')}. "
        f"Exports {_verb(out, many=True)} ({_from_to(out, 't')}) and seizures {_verb(seized, many=True)} "
        f"({_from_to(seized, 't')})."
    )


def _moves(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str], by: str, word: str) -> list[str]:
    moved = tables.displacement(base, after, by)
    whole = float(moved["before"].sum())
    losses = moved[moved["change"] < -SMALL * whole]
    gains = moved[moved["change"] > SMALL * whole].iloc[::-1]
    if losses.empty:
        return []
    lost = _listed([f"{_called(i, names, by)} ({_signed(c)} t)" for i, c in losses["change"].head(3).items()])
    text = f"Less leaves {word} {lost}."
    if not gains.empty:
        won = _listed(
            [f"{_called(i, names, by)} ({_signed(c)} t)" for i, c in gains["change"].head(3).items()]
        )
        text += f" More leaves {word} {won}: {moved.attrs['displaced']:.0%} of the loss is made up."
    return [text]


def _coca(
    base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str], figures: Mapping[str, Row]
) -> list[str]:
    """What is grown at home, where it moves within the country, and what rivals grow."""
    row, everywhere = figures["hectares at home"], figures["hectares"]
    if not row["before"]:
        return []
    text = f"Coca at home {_verb(row)} ({_from_to(row, 'hectares')})"
    abroad = {k: everywhere[k] - row[k] for k in ("before", "after", "change")}
    if abroad["before"] > 1.0:
        text += f", abroad it {_verb(abroad)} ({_from_to(abroad, 'hectares')})"
    moved = tables.displacement(base, after, "zone")["change"].round(-1)
    much = moved[abs(moved) > SMALL * row["before"]]
    if len(much):
        zones = [f"{_called(i, names)} ({_signed(c)} ha)" for i, c in much.items()]
        text += f". It changes most in {_listed(zones[:2] + zones[2:][-2:])}"
    return [text + "."]


def _people(figures: Mapping[str, Row]) -> str:
    growers, armed, arrests = (figures[k] for k in ("growers' income", "armed groups' income", "arrests"))
    return (
        f"Growers’ income {_verb(growers)} ({_from_to(growers, 'M$')}), armed groups’ {_verb(armed)} "
        f"({_from_to(armed, 'M$')}). Arrests {_verb(arrests, many=True)} ({_from_to(arrests, 'a year')})."
    )


def _state(figures: Mapping[str, Row]) -> str:
    row = figures["state spending"]
    if row["change"] == 0:
        return (
            f"The state spends as before, {amount(row['before'])} M$ a year on the measures that are costed."
        )
    more = "more" if row["change"] > 0 else "less"
    return f"The state spends {amount(abs(row['change']))} M$ a year {more} ({_from_to(row, 'M$')})."


def _verb(row: Row, many: bool = False) -> str:
    """``falls by 12%``, ``hardly changes``, ``grows 3.4-fold``; for many things, ``fall``."""
    text = _verb_of_one(row)
    if not many:
        return text
    plural = {"hardly changes": "hardly change", "all but ends": "all but end", "appears": "appear"}
    if text in plural:
        return plural[text]
    first, rest = text.split(" ", 1)
    return f"{first.removesuffix('s')} {rest}"


def _verb_of_one(row: Row) -> str:
    before, change = float(row["before"]), float(row["change"])
    if before == 0:
        return "hardly changes" if change == 0 else "appears"
    ratio = change / before
    if abs(ratio) < SMALL:
        return "hardly changes"
    if ratio > 1:
        return f"grows {amount(1 + ratio)}-fold"
    if ratio < -0.98:
        return "all but ends"
    return f"{'rises' if ratio > 0 else 'falls'} by {abs(ratio):.0%}"


def _from_to(row: Row, unit: str) -> str:
    before, after = amount(rounded(float(row["before"]))), amount(rounded(float(row["after"])))
    text = f"{before} {unit}" if before == after else f"from {before} to {after} {unit}"
    if "after_5" in row:
        low, high = (amount(rounded(float(row[c]))) for c in ("after_5", "after_95"))
        text += f", 90% range {low} to {high}"
    return text


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{amount(value)}"


def _called(key: object, names: Mapping[str, str], by: str = "") -> str:
    """Name as it stands within a sentence: a mode starts small."""
    name = names.get(str(key), str(key).replace("-", " "))
    return name[:1].lower() + name[1:] if by == "mode" else name


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
