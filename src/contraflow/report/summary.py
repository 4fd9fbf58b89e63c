"""Sentences written from the numbers: what a measure does, in the words of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from contraflow.report import sibling_words
from contraflow.report.contents import plain
from contraflow.report.style import amount, rounded
from contraflow.report.words import (
    SMALL,
    Row,
    article,
    as_much,
    from_to,
    listed,
    money,
    most,
    signed,
    verb,
    was,
)
from contraflow.results import economies, tables

CONCENTRATED = 1.25
"""A loss leads the answer if it is deeper than that of all exports by this factor."""
NOTHING = 1e-4
"""A change below this share is none at all."""


class Finding(NamedTuple):
    """One part of an answer: what it is about, and what happens."""

    subject: str
    text: str


@dataclass(frozen=True)
class Told:
    """An answer in words.

    ``short``, sentences that can be quoted alone: what moves, at what price, what households turn to,
    who gains; ``findings``
    give the whole picture.
    """

    short: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Facts:
    """What all sentences of one answer draw on."""

    base: xr.Dataset
    after: xr.Dataset
    names: Mapping[str, str]
    figures: Mapping[str, Row]
    beside: str
    """What moves beside the case's own goods, in a sentence; empty if hardly anything does."""

    @property
    def home(self) -> str:
        """Name of the home country."""
        code = tables.home_country(self.base)
        return self.names.get(code, code)

    def called(self, key: object, by: str = "") -> str:
        """Name as it stands within a sentence: common nouns start small."""
        name = self.names.get(str(key), str(key).replace("-", " "))
        return name[:1].lower() + name[1:] if by in ("mode", "form") or name.startswith("Strips") else name

    def moved(self, by: str) -> _Moved:
        """Losses and gains of one grouping."""
        if by == "refined":
            return _moves(tables.refined(self.base, self.after), 0.01)
        return _moves(tables.displacement(self.base, self.after, by))


class _Moved(NamedTuple):
    """What was lost and gained over the options of one kind; ``shift`` and ``drop`` are shares of all."""

    losses: pd.DataFrame
    gains: pd.DataFrame
    made_up: float
    shift: float
    drop: float

    @property
    def worst(self) -> float:
        """Share that the largest loss takes of what was there; 0 without losses."""
        if self.losses.empty:
            return 0.0
        first = self.losses.iloc[0]
        return float(-first["change"] / first["before"])


def tell(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> Told:
    """What a measure does, from the outcomes without and with it."""
    home = names.get(tables.home_country(base), tables.home_country(base))
    beside = sibling_words.in_short(base, after, names, home)
    facts = _Facts(base, after, names, plain(tables.headline(base, after)), beside)
    if _still(facts):
        cost = facts.figures["state spending"]["change"]
        price = f", at {money(cost)} more a year" if cost > 0 else ""
        out = facts.figures["exports"]["after"]
        text = (
            f"Nothing moves{price}: {amount(rounded(out))} tonnes leave {facts.home} as before, by the "
            "same ways, at the same prices."
        )
        return Told((text,), (Finding("In short", text),))
    findings = (
        *_ways(facts, "mode", "Ways out", "by"),
        *_ways(facts, "route", "Places", "from"),
        *_coca(facts),
        *_refining(facts),
        Finding("Prices", _prices(facts)),
        Finding("Incomes", _incomes(facts)),
        Finding("The state", _state(facts)),
        Finding("The world’s markets", _world(facts)),
    )
    return Told(_short(facts), findings)


def _short(facts: _Facts) -> tuple[str, ...]:
    """What moves where, at what price, who gains; where its own goods hardly move, first what else does."""
    lead = _lead(facts)
    if lead:
        hired = sibling_words.pay(facts.base, facts.after, facts.names, sibling_words.STRIKING)
        parts = (lead, _total(facts, "In all"), facts.beside, hired, _winners(facts))
        return tuple(part for part in parts if part)
    asides = (
        say(facts.base, facts.after, facts.names) for say in (sibling_words.other_supply, sibling_words.pay)
    )
    first = " ".join(part for part in (*asides, facts.beside) if part)
    if first:
        return first, _total(facts, "Of cocaine"), _winners(facts)
    return _little(facts), _total(facts, "In all"), _winners(facts)


def _lead(facts: _Facts) -> str:
    """The largest shift: between ways out, growing zones or refining countries; empty if there is none."""
    found = {by: facts.moved(by) for by in ("mode", "zone", "refined")}
    out, planted = facts.figures["exports"], facts.figures["hectares at home"]
    usual = CONCENTRATED * max(0.0, -out["change"] / (out["before"] or 1.0))
    moved = {by: m for by, m in found.items() if m.worst > usual}
    if not moved and planted["change"] < -SMALL * planted["before"]:
        less = f"{verb(planted)}, {from_to(planted, 'hectares')}"
        return f"Coca in {facts.home} {less}; the ways out keep their shares."
    if not moved:
        return ""
    by = max(moved, key=lambda k: (moved[k].shift, moved[k].drop))
    lost, won = moved[by].losses, moved[by].gains
    first = plain(lost)[str(lost.index[0])]
    name = article(facts.called(lost.index[0], by), by)
    if by == "zone":
        text = f"Coca in {name} {verb(first)}, {from_to(first, 'hectares')}"
        if not won.empty:
            text += f"; {most(won['change'].sum(), 'ha')} more grows elsewhere in {facts.home}, mostly in "
            text += listed([facts.called(i) for i in won.index[:2]])
        return text + "."
    if by == "refined":
        text = f"Refining in {name} {verb(first)}, {from_to(first, 't of pure cocaine a year')}"
        if not won.empty:
            gained = [f"{facts.called(i)} ({signed(c)} t)" for i, c in won["change"].head(2).items()]
            text += f"; {listed(gained)} {'takes' if len(gained) == 1 else 'take'} over part of it"
        return text + "."
    text = f"Exports by {name} {verb(first, many=True)}, {from_to(first, 't of pure cocaine a year')}"
    if not won.empty and moved[by].made_up > 0.05:
        ways = [f"{facts.called(i, by)} ({signed(c)} t)" for i, c in won["change"].head(2).items()]
        text += (
            f"; {min(moved[by].made_up, 9.99):.0%} of the loss leaves another way, mostly by {listed(ways)}"
        )
    return text + "."


def _little(facts: _Facts) -> str:
    out, air = facts.figures["exports"], facts.figures["exports by air"]
    return (
        f"Little changes: {amount(rounded(out['after']))} tonnes of pure cocaine leave {facts.home} a "
        f"year ({was(out)}), {amount(rounded(air['after']))} of them by air ({was(air)})."
    )


def _total(facts: _Facts, start: str) -> str:
    """Exports in all and the price in the valley."""
    out, price = facts.figures["exports"], facts.figures["valley price"]
    text = f"{start}, {facts.home} exports {_verb_of_export(out)}"
    if price["before"] > 0:
        text += f", and {_price_of(facts)} {_moves_price(price)}"
    return text + "."


def _verb_of_export(row: Row) -> str:
    if abs(row["change"]) < SMALL * row["before"]:
        return f"as much as before ({amount(rounded(row['after']))} t)"
    share = abs(row["change"]) / row["before"]
    more = "more" if row["change"] > 0 else "less"
    return f"{share:.0%} {more} ({from_to(row, 't')})"


def _price_of(facts: _Facts) -> str:
    form, _, place = tables.price_spot(facts.base).partition("@")
    return f"a kilo of {facts.called(form, 'form')} in {article(facts.called(place))}"


def _moves_price(row: Row, unit: str = "$") -> str:
    before, after = (f"{unit}{amount(rounded(float(row[c])))}" for c in ("before", "after"))
    if abs(row["change"]) < 0.005 * row["before"]:
        return f"stays at {after}"
    return f"{'rises' if row['change'] > 0 else 'falls'} from {before} to {after}"


def _winners(facts: _Facts) -> str:
    """Who gains and who loses most, in dollars: first those who do the work, then the buyers."""
    frame = tables.incomes(facts.base, facts.after).sort_values("change")
    frame = frame[(frame["name"] != "Not attributed") & (frame["name"] != "Traders' rent")]
    worth = 0.002 * frame["before"].sum()
    buys = frame["kind"] == "buyers"
    workers = _extremes(frame[~buys], 0.4)
    buyers = _extremes(frame[buys], max(0.4, 0.1 * worth))
    if not workers and not buyers:
        return "Hardly anybody’s income changes."
    parts = []
    if workers:
        parts.append(f"Buyers apart, {workers}")
    if buyers:
        parts.append(f"{'of' if parts else 'Of'} the buyers, {buyers}")
    return "; ".join(parts) + "."


def _extremes(frame: pd.DataFrame, worth: float) -> str:
    if frame.empty:
        return ""
    best, worst = frame.iloc[-1], frame.iloc[0]
    parts = []
    if best["change"] > worth:
        parts.append(f"{_lower(best['name'])} gain most (+{money(best['change'])} a year)")
    if worst["change"] < -worth:
        parts.append(f"{_lower(worst['name'])} lose most (−\u2060{money(-worst['change'])})")
    return " and ".join(parts)


def _lower(name: str) -> str:
    """A common noun within a sentence: names of peoples keep their capital."""
    short = name.partition(",")[0]
    people = short.partition(" ")[0].endswith(("an", "ish"))
    return short if people or short.startswith("West ") else short[:1].lower() + short[1:]


def _ways(facts: _Facts, by: str, subject: str, word: str) -> list[Finding]:
    moved = facts.moved(by)
    if moved.losses.empty and moved.gains.empty:
        return []

    def some(frame: pd.DataFrame) -> str:
        return listed(
            [
                f"{article(facts.called(i, by), by)} ({signed(c)} t)"
                for i, c in frame["change"].head(3).items()
            ]
        )

    parts = []
    if not moved.losses.empty:
        parts.append(f"Less leaves {word} {some(moved.losses)}.")
    if not moved.gains.empty:
        parts.append(f"More leaves {word} {some(moved.gains)}.")
    if not moved.losses.empty and not moved.gains.empty:
        parts.append(_share_made_up(moved.made_up))
    return [Finding(subject, " ".join(parts))]


def _share_made_up(share: float) -> str:
    if share > 1.02:
        return "The gains are larger than the losses."
    return f"Gains make up for {share:.0%} of the losses."


def _coca(facts: _Facts) -> list[Finding]:
    """What is grown at home, where it moves within the country, and what rivals grow."""
    row, everywhere = facts.figures["hectares at home"], facts.figures["hectares"]
    if not row["before"]:
        return []
    text = f"In {facts.home}, standing coca {verb(row)} ({from_to(row, 'hectares')})"
    gone = facts.figures["eradicated at home"]
    if abs(gone["change"]) > 0.01 * row["before"]:
        text += f", besides {amount(rounded(gone['after']))} that the state uproots ({was(gone)})"
    text += "."
    moved = facts.moved("zone")
    changes = pd.concat([moved.losses.head(2), moved.gains.head(2)])["change"]
    if len(changes):
        zones = [f"{article(facts.called(i))} ({signed(rounded(c))} ha)" for i, c in changes.items()]
        text += f" It changes most in {listed(zones)}."
    abroad = {k: everywhere[k] - row[k] for k in ("before", "after", "change")}
    if abroad["before"] > 1.0:
        text += f" Rivals abroad tend {as_much(abroad, 'hectares')}."
    return [Finding("Coca", text)]


def _refining(facts: _Facts) -> list[Finding]:
    moved = facts.moved("refined")
    rows = pd.concat([moved.losses, moved.gains])["change"]
    if rows.empty:
        return []
    parts = [f"{facts.called(i)} {signed(c)} t" for i, c in rows.items()]
    return [Finding("Refining", f"Refined cocaine by country: {listed(parts)} a year.")]


def _prices(facts: _Facts) -> str:
    leaf, valley = facts.figures["leaf price"], facts.figures["valley price"]
    text = f"A kilo of leaf at the farm gate {_moves_price(leaf)}"
    if valley["before"] > 0:
        text += f", {_price_of(facts)} {_moves_price(valley)}"
    worth = np.median((facts.base["market_price"] * facts.base["sold_pure"]).values, axis=0)
    best = int(np.argmax(worth))
    ends = [float(np.median(d["market_price"].values[:, best])) for d in (facts.base, facts.after)]
    row = {"before": ends[0], "after": ends[1], "change": ends[1] - ends[0]}
    place = facts.called(facts.base["market_place"].values[best])
    return f"{text}; a kilo in {place}, as sold, {_moves_price(row)}."


def _incomes(facts: _Facts) -> str:
    growers, sales, armed = (
        facts.figures[k] for k in ("growers' income", "leaf sales", "armed groups' income")
    )
    text = (
        f"Households in {facts.home} earn {as_much(growers, '$ million')} from {_work(facts)} "
        f"together; their leaf sells for {as_much(sales, '$ million')}."
    )
    if armed["before"] > 0:
        text += f" Armed groups take {as_much(armed, '$ million')}."
    return f"{text} {_winners(facts)}"


def _work(facts: _Facts) -> str:
    """What households live from, hired work apart: transports pay for that."""
    hired = set(tables.coord(facts.base, "market_form")[facts.base["market_hires"].values.astype(bool)])
    forms = [str(f) for f in economies.livelihoods(facts.base).index if f not in hired]
    return listed(list(dict.fromkeys(sibling_words.work(form, facts.names) for form in forms)))


def _state(facts: _Facts) -> str:
    row, seized, arrests = (facts.figures[k] for k in ("state spending", "seized at home", "arrests at home"))
    spends = (
        f"The state spends as before, {money(row['before'])} a year on the measures that are costed"
        if abs(row["change"]) < 1e-9
        else f"The state spends {money(abs(row['change']))} a year {'more' if row['change'] > 0 else 'less'} "
        f"({from_to(row, '$ million')})"
    )
    return (
        f"{spends}. On ways that start in {facts.home} it seizes {as_much(seized, 't of pure cocaine')} "
        f"and arrests {as_much(arrests, 'people')}."
    )


def _world(facts: _Facts) -> str:
    row, seized = facts.figures["delivered"], facts.figures["seized"]
    return (
        f"Sold to users worldwide, from all producers: {as_much(row, 't of pure cocaine')}. "
        f"Seized on all ways: {as_much(seized, 't')}."
    )


def _still(facts: _Facts) -> bool:
    keys = ("exports", "exports by air", "hectares at home", "leaf price", "valley price", "delivered")
    if facts.beside:
        return False
    return all(abs(facts.figures[k]["change"]) <= NOTHING * abs(facts.figures[k]["before"]) for k in keys)


def _moves(frame: pd.DataFrame, small: float = SMALL) -> _Moved:
    whole = float(frame["before"].sum()) or 1.0
    losses = frame[frame["change"] < -small * whole].sort_values("change")
    gains = frame[frame["change"] > small * whole].sort_values("change", ascending=False)
    lost, won = float(-frame["change"].clip(upper=0).sum()), float(frame["change"].clip(lower=0).sum())
    return _Moved(losses, gains, won / lost if lost > 0 else 0.0, min(won, lost) / whole, lost / whole)
