"""Sentences written from the numbers: what a measure does, in the words of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._numbers import money, share, share_span, signed, significant
from contraflow.case.naming import lower
from contraflow.results import draws, figures, side_economies, tables
from contraflow.results.view import coord, home_country, price_spot
from contraflow.text import side_economy_sentences
from contraflow.text.names import plain
from contraflow.text.sentences import (
    NAMED,
    NOTHING,
    SMALL,
    Row,
    article,
    as_much,
    chance,
    change_span,
    drawn,
    from_to,
    is_open,
    is_still,
    largest_change,
    listed,
    most,
    moves,
    open_rows,
    part,
    span,
    verb,
    was,
)

CONCENTRATED = 1.25
"""A loss leads the answer if it is deeper than that of all exports by this factor."""
RANGES = "Ranges beside a change are its 90% interval."
"""What explains the ranges in sentences."""


class Finding(NamedTuple):
    """One part of an answer: what it is about, and what happens."""

    subject: str
    text: str


@dataclass(frozen=True)
class Answer:
    """An answer in words.

    ``short``, sentences that can be quoted alone: what moves, at what price, how probable a notable change
    is, what households turn to, who gains; ``findings`` give the whole picture. With draws, changes
    have ranges (:data:`RANGES`), and one whose 90 % interval holds zero is reported as open.
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
    known: dict[str, _Moved] = field(default_factory=dict)
    """What :meth:`moved` found so far."""

    @property
    def draws(self) -> int:
        """Number of draws that both sides share."""
        return int(self.base.sizes["draw"])

    @property
    def home(self) -> str:
        """Name of the home country."""
        code = home_country(self.base)
        return self.names.get(code, code)

    def called(self, key: object, by: str = "") -> str:
        """Name as it stands within a sentence: common nouns start small."""
        name = self.names.get(str(key), str(key).replace("-", " "))
        return lower(name) if by in ("mode", "form") or name.startswith("Strips") else name

    def moved(self, by: str) -> _Moved:
        """Losses and gains of one grouping."""
        if by not in self.known:
            if by == "refined":
                self.known[by] = _moves(tables.refined(self.base, self.after), 0.01)
            else:
                self.known[by] = _moves(tables.displacement(self.base, self.after, by))
        return self.known[by]


class _Moved(NamedTuple):
    """What was lost and gained over the options of one kind; ``shift`` and ``drop`` are shares of all.

    ``unsure`` are those that may lose or gain; ``range`` is the 90 % interval of ``made_up``, if any.
    """

    losses: pd.DataFrame
    gains: pd.DataFrame
    unsure: pd.DataFrame
    made_up: float
    range: tuple[float, float] | None
    shift: float
    drop: float

    @property
    def worst(self) -> float:
        """Share that the largest loss takes of what was there; 0 without losses."""
        if self.losses.empty:
            return 0.0
        return -part(plain(self.losses.head(1)).popitem()[1])


def tell(base: xr.Dataset, after: xr.Dataset, names: Mapping[str, str]) -> Answer:
    """What a measure does, from the outcomes without and with it, draw by draw."""
    base, then = draws.paired(base, after)
    after = base if then is None else then
    home = names.get(home_country(base), home_country(base))
    beside = side_economy_sentences.in_short(base, after, names, home)
    facts = _Facts(base, after, names, plain(tables.headline(base, after)), beside)
    if _still(facts):
        cost = facts.figures["state spending"]["change"]
        price = f", at {money(cost)} more a year" if cost > 0 else ""
        out = facts.figures["exports"]["after"]
        text = (
            f"Nothing moves{price}: {significant(out)} tonnes leave {facts.home} as before, by the "
            "same ways, at the same prices."
        )
        return Answer((text,), (Finding("In short", text),))
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
    return Answer(_short(facts), findings)


def _short(facts: _Facts) -> tuple[str, ...]:
    """What moves where, at what price, who gains; where its own goods hardly move, first what else does."""
    lead = _lead(facts)
    if lead:
        hired = side_economy_sentences.pay(
            facts.base, facts.after, facts.names, side_economy_sentences.STRIKING
        )
        parts = (lead, _total(facts, "In all", full=NAMED not in lead), facts.beside, hired, _winners(facts))
        return tuple(part for part in parts if part)
    asides = (
        say(facts.base, facts.after, facts.names)
        for say in (side_economy_sentences.other_supply, side_economy_sentences.pay)
    )
    first = " ".join(part for part in (*asides, facts.beside) if part)
    if first:
        return first, _total(facts, "Of cocaine"), _winners(facts)
    return _little(facts), _total(facts, "In all"), _winners(facts)


def _lead(facts: _Facts) -> str:
    """The largest shift: between ways out, growing zones or refining countries; empty if there is none."""
    found = {by: facts.moved(by) for by in ("mode", "zone", "refined")}
    out, planted = facts.figures["exports"], facts.figures["hectares at home"]
    usual = CONCENTRATED * max(0.0, -part(out) if out["before"] else 0.0)
    moved = {by: m for by, m in found.items() if m.worst > usual}
    if not moved and planted["change"] < 0 and not is_still(planted) and not is_open(planted):
        less = moves(planted, "hectares", full=True)
        return f"Coca in {facts.home} {less}; the ways out keep their shares."
    if not moved:
        return ""
    by = max(moved, key=lambda k: (moved[k].shift, moved[k].drop))
    lost, won = moved[by].losses, moved[by].gains
    first = plain(lost)[str(lost.index[0])]
    name = article(facts.called(lost.index[0], by), by)
    if by == "zone":
        text = f"Coca in {name} {moves(first, 'hectares', full=True)}"
        if not won.empty:
            text += f"; {most(won['change'].sum(), 'ha')} more grows elsewhere in {facts.home}, mostly in "
            text += listed([facts.called(i) for i in won.index[:2]])
        return text + "."
    if by == "refined":
        text = f"Refining in {name} {moves(first, 't of pure cocaine a year', full=True)}"
        if not won.empty:
            gained = [f"{facts.called(i)} ({signed(c)} t)" for i, c in won["change"].head(2).items()]
            text += f"; {listed(gained)} {'takes' if len(gained) == 1 else 'take'} over part of it"
        return text + "."
    text = f"Exports by {name} {moves(first, 't of pure cocaine a year', many=True, full=True)}"
    if not won.empty and moved[by].made_up > 0.05:
        ways = [f"{facts.called(i, by)} ({signed(c)} t)" for i, c in won["change"].head(2).items()]
        made_up = f"{share(min(moved[by].made_up, 9.99))}{_in_range(moved[by])}"
        text += f"; {made_up} of the loss leaves another way, mostly by {listed(ways)}"
    return text + "."


def _in_range(moved: _Moved) -> str:
    """The 90 % interval of what was made up for, in brackets."""
    if moved.range is None:
        return ""
    return f" ({share_span(*(min(end, 9.99) for end in moved.range))})"


def _little(facts: _Facts) -> str:
    out, air = facts.figures["exports"], facts.figures["exports by air"]
    if not is_still(out) and drawn(out):
        by_air = f", those by air {verb(air, many=True)} ({span(air)})" if not is_still(air) else ""
        all_ways = f"exports of {facts.home} {verb(out, many=True)} ({span(out)})"
        return f"No way out or zone stands out: {all_ways}{by_air}."
    return (
        f"Little changes: {significant(out['after'])} tonnes of pure cocaine leave {facts.home} a "
        f"year ({was(out)}), {significant(air['after'])} of them by air ({was(air)})."
    )


def _total(facts: _Facts, start: str, full: bool = True) -> str:
    """Exports in all and the price in the valley; with draws, how probable a notable change is."""
    out, price = facts.figures["exports"], facts.figures["local price"]
    text = f"{start}, {facts.home} exports {as_much(out, 't', full)}"
    if price["before"] > 0:
        text += f", and {_price_of(facts)} {_moves_price(price)}"
    return f"{text}. {chance(out, 'exports', facts.draws)}" if drawn(out) else f"{text}."


def _price_of(facts: _Facts) -> str:
    form, _, place = price_spot(facts.base).partition("@")
    return f"a kilo of {facts.called(form, 'form')} in {article(facts.called(place))}"


def _moves_price(row: Row, unit: str = "$") -> str:
    before, after = (f"{unit}{significant(float(row[c]))}" for c in ("before", "after"))
    if is_still(row, 0.005):
        return f"stays at {after}"
    if drawn(row) and is_still(row):
        return f"hardly changes, at {after}"
    if drawn(row):
        text = f"{verb(row)} ({span(row)})"
        turned = (row["after"] - row["before"]) * row["change"] <= 0
        return f"{text}, {f'from {before}' if turned or before == after else f'from {before} to {after}'}"
    return f"{'rises' if row['change'] > 0 else 'falls'} from {before} to {after}"


def _winners(facts: _Facts) -> str:
    """Who gains and who loses most, in dollars: first those who do the work, then the buyers."""
    frame = tables.incomes(facts.base, facts.after).sort_values("change")
    frame = frame[(frame["name"] != "Not attributed") & (frame["name"] != "Traders' rent")]
    unsure = frame[open_rows(frame)]
    worth = 0.002 * frame["before"].sum()
    frame = frame.drop(unsure.index)
    buys = frame["kind"] == "buyers"
    workers = _extremes(frame[~buys], 0.4)
    buyers = _extremes(frame[buys], max(0.4, 0.1 * worth))
    if not workers and not buyers:
        if len(unsure) and largest_change(unsure).max() > worth:
            return "Whose income rises or falls is uncertain."
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
        parts.append(f"{lower(best['name'].partition(',')[0])} gain most (+{money(best['change'])} a year)")
    if worst["change"] < -worth:
        parts.append(f"{lower(worst['name'].partition(',')[0])} lose most (−\u2060{money(-worst['change'])})")
    return " and ".join(parts)


def _ways(facts: _Facts, by: str, subject: str, word: str) -> list[Finding]:
    moved = facts.moved(by)
    if moved.losses.empty and moved.gains.empty and moved.unsure.empty:
        return []

    def some(frame: pd.DataFrame) -> str:
        return listed(
            [
                f"{article(facts.called(i, by), by)} ({_changed(row, 't')})"
                for i, row in plain(frame.head(3)).items()
            ]
        )

    parts = []
    if not moved.losses.empty:
        parts.append(f"Less leaves {word} {some(moved.losses)}.")
    if not moved.gains.empty:
        parts.append(f"More leaves {word} {some(moved.gains)}.")
    if not moved.losses.empty and not moved.gains.empty:
        parts.append(_share_made_up(moved))
    if not moved.unsure.empty:
        parts.append(f"Whether more or less leaves {word} {some(moved.unsure)} is uncertain.")
    return [Finding(subject, " ".join(parts))]


def _changed(row: Row, unit: str) -> str:
    """``+9 t``; with draws ``+9 t; +2 to +20``."""
    text = f"{signed(row['change'])} {unit}"
    return f"{text}; {change_span(row)}" if drawn(row) else text


def _share_made_up(moved: _Moved) -> str:
    if moved.made_up > 1.02 and moved.range is None:
        return "The gains are larger than the losses."
    return f"Gains make up for {share(min(moved.made_up, 9.99))}{_in_range(moved)} of the losses."


def _coca(facts: _Facts) -> list[Finding]:
    """What is grown at home, where it moves within the country, and what rivals grow."""
    row = facts.figures["hectares at home"]
    if not row["before"]:
        return []
    text = f"In {facts.home}, standing coca "
    text += (
        moves(row, "hectares")
        if drawn(row) and not is_still(row)
        else f"{verb(row)} ({from_to(row, 'hectares')})"
    )
    gone = facts.figures["eradicated at home"]
    if abs(gone["change"]) > 0.01 * row["before"]:
        text += f", besides {significant(gone['after'])} that the state uproots ({was(gone)})"
    text += "."
    moved = facts.moved("zone")
    changes = plain(pd.concat([moved.losses.head(2), moved.gains.head(2)]))
    if len(changes):
        zones = [f"{article(facts.called(i))} ({_changed(one, 'ha')})" for i, one in changes.items()]
        text += f" It changes most in {listed(zones)}."
    abroad = _abroad(facts)
    if abroad["before"] > 1.0:
        text += f" Rivals abroad tend {as_much(abroad, 'hectares')}."
    return [Finding("Coca", text)]


def _abroad(facts: _Facts) -> Row:
    """Hectares that rivals tend."""
    spot = price_spot(facts.base)
    sides = []
    for data in (facts.base, facts.after):
        names, values = figures.outcome_rows(data, spot)
        columns = dict(zip(names, values.T, strict=True))
        sides.append(columns["hectares"] - columns["hectares at home"])
    return draws.row_of(*sides)


def _refining(facts: _Facts) -> list[Finding]:
    moved = facts.moved("refined")
    rows = pd.concat([moved.losses, moved.gains])
    if rows.empty:
        return []
    parts = [
        f"{facts.called(i)} {signed(row['change'])} t{f' ({change_span(row)})' if drawn(row) else ''}"
        for i, row in plain(rows).items()
    ]
    return [Finding("Refining", f"Refined cocaine by country: {listed(parts)} a year.")]


def _prices(facts: _Facts) -> str:
    leaf, valley = facts.figures["farm-gate price"], facts.figures["local price"]
    text = f"A kilo of leaf at the farm gate {_moves_price(leaf)}"
    if valley["before"] > 0:
        text += f", {_price_of(facts)} {_moves_price(valley)}"
    worth = np.median((facts.base["market_price"] * facts.base["sold_pure"]).values, axis=0)
    best = int(np.argmax(worth))
    row = draws.row_of(*(d["market_price"].values[:, best] for d in (facts.base, facts.after)))
    place = facts.called(facts.base["market_place"].values[best])
    return f"{text}; a kilo in {place}, as sold, {_moves_price(row)}."


def _incomes(facts: _Facts) -> str:
    growers, sales, armed = (
        facts.figures[k] for k in ("growers' income", "farm-gate sales", "armed groups' income")
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
    hired = set(coord(facts.base, "market_form")[facts.base["market_hires"].values.astype(bool)])
    forms = [str(f) for f in side_economies.livelihoods(facts.base).index if f not in hired]
    return listed(list(dict.fromkeys(side_economy_sentences.work(form, facts.names) for form in forms)))


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
    keys = ("exports", "exports by air", "hectares at home", "farm-gate price", "local price", "delivered")
    if facts.beside:
        return False
    rows = [facts.figures[k] for k in keys]
    ends = ("change", "change_5", "change_95")
    return all(abs(row[e]) <= NOTHING * abs(row["before"]) for row in rows for e in ends if e in row)


def _moves(frame: pd.DataFrame, small: float = SMALL) -> _Moved:
    whole = float(frame["before"].sum()) or 1.0
    unsure = open_rows(frame)
    sure = frame[~unsure]
    losses = sure[sure["change"] < -small * whole].sort_values("change")
    gains = sure[sure["change"] > small * whole].sort_values("change", ascending=False)
    lost, won = float(-frame["change"].clip(upper=0).sum()), float(frame["change"].clip(lower=0).sum())
    size = largest_change(frame)
    others = frame[unsure & (size > small * whole)]
    ends = [frame.attrs.get(f"displaced_{end}") for end in ("5", "95")]
    return _Moved(
        losses,
        gains,
        others.loc[size[others.index].sort_values(ascending=False).index],
        frame.attrs.get("displaced", won / lost if lost > 0 else 0.0),
        None if ends[0] is None or ends[1] is None else (ends[0], ends[1]),
        min(won, lost) / whole,
        lost / whole,
    )
