"""Sentences written from the numbers: what a measure does, in the words of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._language import N_, _, ngettext
from contraflow._numbers import money, share, signed, significant
from contraflow.case.naming import lower
from contraflow.results import draws, figures, side_economies, tables
from contraflow.results.view import coord, home_country, price_spot
from contraflow.text import side_economy_sentences
from contraflow.text.names import Names, plain
from contraflow.text.sentences import (
    EDGE,
    MOST_MADE_UP,
    NOTHING,
    SMALL,
    Row,
    Subject,
    article,
    capital,
    chance,
    change_span,
    clause,
    clauses,
    drawn,
    fraction,
    from_to,
    hectares,
    is_open,
    is_still,
    is_there,
    largest_change,
    listed,
    made_up,
    millions,
    open_rows,
    part,
    people,
    per_kilo,
    pure,
    way,
)

CONCENTRATED = 1.25
"""A loss leads the answer if it is deeper than that of all exports by this factor."""
RANGES = N_(
    "Ranges beside a change are its 90% interval. Levels are medians over the draws, each by itself, so they "
    "need not add up."
)
"""What explains the ranges in sentences."""

LEAST = 0.4
"""Million dollars a year from which a gain or a loss is told."""

NO_FIGURE: Row = MappingProxyType({"before": 0.0, "after": 0.0, "change": 0.0})
"""The row of a figure that an economy does not have."""

NOBODY = ("not-attributed", "traders-rent")
"""Accounts that are nobody's."""


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
    names: Names
    figures: Mapping[str, Row]
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
        return self.names.home or self.names.get(code, code)

    @cached_property
    def beside(self) -> str:
        """What moves beside the case's own goods, in a sentence; empty if hardly anything does."""
        return side_economy_sentences.in_short(self.base, self.after, self.names, self.home)

    @property
    def exports(self) -> Subject:
        """All that leaves home."""
        return Subject(_("exports of {home}").format(home=self.home), many=True)

    @property
    def tonnes(self) -> str:
        """Unit of pure masses."""
        return pure(self.names.substance)

    def called(self, key: object, by: str = "") -> str:
        """Name as it stands within a sentence: common nouns start small."""
        name = self.names.get(str(key), str(key).replace("-", " "))
        if by == "mode":
            return way(name)
        return lower(name) if by == "form" else article(name)

    def row(self, name: str) -> Row:
        """A headline figure; nothing before and after where the economy has none."""
        return self.figures.get(name, NO_FIGURE)

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


def tell(base: xr.Dataset, after: xr.Dataset, names: Names) -> Answer:
    """What a measure does, from the outcomes without and with it, draw by draw, in the reader's language."""
    facts = _facts(base, after, names)
    if _still(facts):
        text = _nothing(facts)
        return Answer((text,), (Finding(_("In short"), text),))
    found = (
        (_("Ways out"), _ways(facts, "mode")),
        (_("Places"), _ways(facts, "route")),
        (capital(names.crop), _crop(facts)),
        (_("Refining"), _refining(facts)),
        (_("Prices"), _prices(facts)),
        (_("Incomes"), _incomes(facts)),
        (_("The state"), _state(facts)),
        (_("The world’s markets"), _world(facts)),
    )
    return Answer(_short(facts), tuple(Finding(subject, text) for subject, text in found if text))


def tell_in_short(
    base: xr.Dataset, after: xr.Dataset, names: Names, rows: Mapping[str, Row] | None = None
) -> tuple[str, ...]:
    """The sentences of :func:`tell` that can be quoted alone, in a fifth of the time.

    ``rows`` are those of ``tables.headline`` of the two, where they are known already.
    """
    facts = _facts(base, after, names, rows)
    return (_nothing(facts),) if _still(facts) else _short(facts)


def tell_first(
    base: xr.Dataset, after: xr.Dataset, names: Names, rows: Mapping[str, Row] | None = None
) -> str:
    """The first sentence of :func:`tell`, as soon as it is known; arguments as for :func:`tell_in_short`."""
    facts = _facts(base, after, names, rows)
    lead = _lead(facts, named=True) if _moves_at_all(facts) else ""
    return lead or tell_in_short(base, after, names)[0]


def _facts(
    base: xr.Dataset, after: xr.Dataset, names: Names, rows: Mapping[str, Row] | None = None
) -> _Facts:
    base, then = draws.paired(base, after)
    after = base if then is None else then
    return _Facts(base, after, names, plain(tables.headline(base, after)) if rows is None else rows)


def _nothing(facts: _Facts) -> str:
    """That nothing moves, and what that costs."""
    cost, out = facts.row("state spending")["change"], facts.row("exports")
    amount = facts.tonnes.format(number=significant(out["after"]))
    if cost > 0 and is_there(out):
        template = _(
            "Nothing moves, at {cost} more a year: {amount} leave {home} as before, by the same ways, at the "
            "same prices."
        )
    elif is_there(out):
        template = _("Nothing moves: {amount} leave {home} as before, by the same ways, at the same prices.")
    else:
        template = _("Nothing moves, at {cost} more a year.") if cost > 0 else _("Nothing moves.")
    return template.format(cost=money(cost), amount=amount, home=facts.home)


def _short(facts: _Facts) -> tuple[str, ...]:
    """What moves where, at what price, who gains; where its own goods hardly move, first what else does."""
    lead = _lead(facts, named=True)
    if lead:
        hired = side_economy_sentences.pay(
            facts.base, facts.after, facts.names, side_economy_sentences.STRIKING
        )
        told = lead != _lead(facts, named=False)
        parts = (lead, _total(facts, named=not told), facts.beside, hired, _winners(facts))
        return tuple(part for part in parts if part)
    asides = (
        say(facts.base, facts.after, facts.names)
        for say in (side_economy_sentences.other_supply, side_economy_sentences.pay)
    )
    first = " ".join(part for part in (*asides, facts.beside) if part)
    if first:
        rest = (first, _total(facts, aside=True), _winners(facts))
    else:
        rest = (_little(facts), _price_and_chance(facts), _winners(facts))
    return tuple(part for part in rest if part)


def _lead(facts: _Facts, named: bool) -> str:
    """The largest shift: between ways out, growing zones or refining countries; empty if there is none."""
    kinds = ("mode", "zone", "refined") if facts.names.crop else ("mode", "refined")
    found = {by: facts.moved(by) for by in kinds}
    out, planted = facts.row("exports"), facts.row("hectares at home")
    usual = CONCENTRATED * max(0.0, -part(out) if out["before"] else 0.0)
    moved = {by: m for by, m in found.items() if m.worst > usual}
    if not moved:
        falls = facts.names.crop and planted["change"] < 0
        if not falls or is_still(planted) or is_open(planted):
            return ""
        less = clause(_planted(facts, facts.home), planted, hectares(), named)
        return capital(_("{change}; the ways out keep their shares.").format(change=less))
    by = max(moved, key=lambda k: (moved[k].shift, moved[k].drop))
    lost = moved[by].losses
    first = plain(lost)[str(lost.index[0])]
    name = facts.called(lost.index[0], by)
    if by == "zone":
        text = clause(_planted(facts, name), first, hectares(), named)
        rest = _elsewhere(facts, moved[by])
    elif by == "refined":
        subject = Subject(_("refining in {country}").format(country=name))
        text, rest = clause(subject, first, facts.tonnes, named), _takers(facts, moved[by])
    else:
        subject = Subject(_("exports by {way}").format(way=name), many=True)
        text, rest = clause(subject, first, facts.tonnes, named), _other_ways(facts, moved[by])
    return clauses([text, rest])


def _planted(facts: _Facts, place: str) -> Subject:
    return Subject(_("the area of {crop} in {place}").format(crop=facts.names.crop, place=place))


def _elsewhere(facts: _Facts, moved: _Moved) -> str:
    """Where more is grown instead."""
    if moved.gains.empty:
        return ""
    return _("{amount} more are tended elsewhere in {home}, mostly in {places}").format(
        amount=hectares().format(number=significant(float(moved.gains["change"].sum()))),
        home=facts.home,
        places=listed([facts.called(i) for i in moved.gains.index[:2]]),
    )


def _takers(facts: _Facts, moved: _Moved) -> str:
    """Who refines instead."""
    countries = [facts.called(i) for i in moved.gains.index[:2]]
    if not countries:
        return ""
    return ngettext(
        "{countries} takes over part of it", "{countries} take over part of it", len(countries)
    ).format(countries=listed(countries))


def _other_ways(facts: _Facts, moved: _Moved) -> str:
    """How much of what a way loses leaves another way, in words."""
    if moved.gains.empty or moved.made_up <= 0.05:
        return ""
    ways = listed([_("by {way}").format(way=facts.called(i, "mode")) for i in moved.gains.index[:2]])
    if moved.made_up > 1.05:
        return _("more than the loss leaves another way, mostly {ways}").format(ways=ways)
    if moved.made_up > 0.95:
        return _("all of the loss leaves another way, mostly {ways}").format(ways=ways)
    return _("{fraction} of the loss leaves another way, mostly {ways}").format(
        fraction=fraction(moved.made_up), ways=ways
    )


def _little(facts: _Facts) -> str:
    """That no way or place stands out; empty where nothing leaves."""
    out, air = facts.row("exports"), facts.row("exports by air")
    if not is_there(out):
        return ""
    changes = [clause(facts.exports, out, facts.tonnes, named=True)]
    if is_there(air) and not is_still(air):
        changes.append(clause(Subject(_("those by air"), many=True), air, _("{number} t")))
    changed = "; ".join(changes)
    if is_still(out):
        return _("Little changes: {changes}.").format(changes=changed)
    return _("No way out and no {zone} stands out: {changes}.").format(
        zone=facts.names.zone or _("place"), changes=changed
    )


def _total(facts: _Facts, named: bool = False, aside: bool = False) -> str:
    """Exports in all and the price where it is made; with draws, how probable a notable change is.

    ``aside`` says that something else led the answer.
    """
    out = facts.row("exports")
    if not is_there(out):
        return clauses([_spot(facts)])
    parts = "; ".join(p for p in (clause(facts.exports, out, facts.tonnes, named), _spot(facts)) if p)
    if aside and facts.names.substance:
        text = _("As for {substance}, {changes}.").format(substance=facts.names.substance, changes=parts)
    else:
        text = _("In all, {changes}.").format(changes=parts)
    return f"{text} {chance(out, facts.draws)}" if drawn(out) else text


def _price_and_chance(facts: _Facts) -> str:
    """The price where it is made, and how probable a notable change of exports is, where these were told."""
    out = facts.row("exports")
    told = chance(out, facts.draws) if is_there(out) and drawn(out) else ""
    return " ".join(part for part in (clauses([_spot(facts)]), told) if part)


def _spot(facts: _Facts) -> str:
    """How the price moves where most is made; empty where there is none."""
    form, _sep, place = price_spot(facts.base).partition("@")
    if not form:
        return ""
    subject = _("the price of {good} in {place}").format(
        good=facts.called(form, "form"), place=facts.called(place)
    )
    return _price(Subject(subject), facts.row("local price"))


def _price(subject: Subject, row: Row) -> str:
    return clause(subject, row, per_kilo(), small=SMALL if drawn(row) else EDGE)


def _winners(facts: _Facts) -> str:
    """Who of those who do the work gains and who loses most, in dollars."""
    frame = _earners(facts)
    unsure, sure = frame[open_rows(frame)], frame[~open_rows(frame)]
    buys = sure["kind"] == "buyers"
    worth = 0.002 * float(frame["before"].sum())
    best, worst = _extremes(sure[~buys], LEAST)
    if best is None and worst is None:
        if any(end is not None for end in _extremes(sure[buys], max(LEAST, 0.1 * worth))):
            return _("Buyers apart, hardly anybody’s income changes.")
        if len(unsure) and largest_change(unsure).max() > worth:
            return _("Whose income rises or falls is uncertain.")
        return _("Hardly anybody’s income changes.")
    if (frame["kind"] == "buyers").any():
        templates = (
            _("Buyers apart, {best} gain most ({gain} a year) and {worst} lose most ({loss} a year)."),
            _("Buyers apart, {best} gain most ({gain} a year)."),
            _("Buyers apart, {worst} lose most ({loss} a year)."),
        )
    else:
        templates = (
            _("{best} gain most ({gain} a year) and {worst} lose most ({loss} a year)."),
            _("{best} gain most ({gain} a year)."),
            _("{worst} lose most ({loss} a year)."),
        )
    text = templates[0 if best is not None and worst is not None else 1 if best is not None else 2].format(
        best=_earner(best), gain=_gain(best), worst=_earner(worst), loss=_gain(worst)
    )
    known = max(abs(float(row["change"])) for row in (best, worst) if row is not None)
    return " ".join(filter(None, (capital(text), _larger(unsure[unsure["kind"] != "buyers"], known))))


def _larger(unsure: pd.DataFrame, known: float) -> str:
    """Whose change may be larger than those that are told, but may go either way."""
    others = unsure[unsure["change"].abs() > known]
    if others.empty:
        return ""
    return _("For {who} more is at stake, but they may gain or lose.").format(
        who=listed([_earner(row) for _key, row in others.head(2).iterrows()])
    )


def _earners(facts: _Facts) -> pd.DataFrame:
    """Incomes that are somebody's, from the largest loss to the largest gain."""
    frame = tables.incomes(facts.base, facts.after).sort_values("change")
    known = facts.names.actors
    frame["name"] = [known.get(str(i), name) for i, name in frame["name"].items()]
    return frame[~frame.index.isin(NOBODY)]


def _extremes(frame: pd.DataFrame, worth: float) -> tuple[pd.Series | None, pd.Series | None]:
    """Who gains most and who loses most; None where nobody does by ``worth``."""
    if frame.empty:
        return None, None
    last, first = frame.iloc[-1], frame.iloc[0]
    return last if last["change"] > worth else None, first if first["change"] < -worth else None


def _earner(row: pd.Series | None) -> str:
    return "" if row is None else lower(str(row["name"]).partition(",")[0])


def _gain(row: pd.Series | None) -> str:
    """``+$12 million``; with a word joiner after a minus, so that no line breaks between them."""
    if row is None:
        return ""
    text = money(float(row["change"]))
    return f"+{text}" if row["change"] > 0 else text.replace("−", "−\u2060")


def _buyers(facts: _Facts) -> str:
    """Which buyers gain or lose most, with the reason where prices show it."""
    frame = _earners(facts)
    worth = max(LEAST, 0.0002 * float(frame["before"].sum()))
    own = frame[(frame["kind"] == "buyers") & ~open_rows(frame)]
    best, worst = _extremes(own, worth)
    if best is None and worst is None:
        return ""
    if best is None:
        template = _("Of the buyers, {worst} lose most ({loss} a year).")
    elif worst is not None:
        template = _("Of the buyers, {best} gain most ({gain} a year) and {worst} lose most ({loss} a year).")
    elif _dearer(facts):
        template = _(
            "Of the buyers, {best} gain most ({gain} a year), since what is left sells at higher prices."
        )
    else:
        template = _("Of the buyers, {best} gain most ({gain} a year).")
    return template.format(best=_earner(best), gain=_gain(best), worst=_earner(worst), loss=_gain(worst))


def _dearer(facts: _Facts) -> bool:
    """Whether the same basket costs more at the markets, in nearly all draws."""
    sold = facts.base.variables["sold_pure"].values
    before, after = (
        (np.nan_to_num(d.variables["market_price"].values) * sold).sum(axis=1)
        for d in (facts.base, facts.after)
    )
    return bool((after > (1 + EDGE) * before).mean() > 0.9)


def _ways(facts: _Facts, by: str) -> str:
    """What leaves less and more by modes of transport, or from places."""
    moved = facts.moved(by)

    def some(frame: pd.DataFrame) -> str:
        return listed(
            [
                _("{name} ({change})").format(name=facts.called(i, by), change=_changed(row, _("{number} t")))
                for i, row in plain(frame.head(3)).items()
            ]
        )

    by_mode = by == "mode"
    parts = []
    if not moved.losses.empty:
        less = _("Less leaves by {ways}.") if by_mode else _("Less leaves from {ways}.")
        parts.append(less.format(ways=some(moved.losses)))
    if not moved.gains.empty:
        more = _("More leaves by {ways}.") if by_mode else _("More leaves from {ways}.")
        parts.append(more.format(ways=some(moved.gains)))
    if not moved.losses.empty and not moved.gains.empty:
        parts.append(_share_made_up(moved))
    if not moved.unsure.empty:
        unsure = (
            _("Whether more or less leaves by {ways} is uncertain.")
            if by_mode
            else _("Whether more or less leaves from {ways} is uncertain.")
        )
        parts.append(unsure.format(ways=some(moved.unsure)))
    return " ".join(parts)


def _changed(row: Row, unit: str) -> str:
    """``+9 t``; with draws ``+9 t; +2 to +20``."""
    text = unit.format(number=signed(row["change"]))
    return f"{text}; {change_span(row)}" if drawn(row) else text


def _share_made_up(moved: _Moved) -> str:
    text = made_up(moved.made_up, moved.range)
    if moved.made_up > MOST_MADE_UP or (moved.made_up > 1.02 and moved.range is None):
        return _("The gains are larger than the losses.")
    return _("Gains make up for {part} of the losses.").format(part=text or share(moved.made_up))


def _crop(facts: _Facts) -> str:
    """What is grown at home, where it moves within the country, and what rivals grow."""
    row, crop = facts.row("hectares at home"), facts.names.crop
    if not crop or not row["before"]:
        return ""
    parts = [clause(_planted(facts, facts.home), row, hectares())]
    gone = facts.row("eradicated at home")
    if abs(gone["change"]) > 0.01 * row["before"]:
        parts.append(clause(Subject(_("what the state destroys")), gone, hectares()))
    text = clauses(parts)
    moved = facts.moved("zone")
    changes = plain(pd.concat([moved.losses.head(2), moved.gains.head(2)]))
    if len(changes):
        zones = [
            _("{name} ({change})").format(name=facts.called(i), change=_changed(one, _("{number} ha")))
            for i, one in changes.items()
        ]
        text += " " + _("It changes most in {places}.").format(places=listed(zones))
    abroad = _abroad(facts)
    if abroad["before"] > 1.0:
        text += " " + clauses(
            [clause(Subject(_("the area of {crop} of rivals abroad").format(crop=crop)), abroad, hectares())]
        )
    return text


def _abroad(facts: _Facts) -> Row:
    """Hectares that rivals tend."""
    spot = price_spot(facts.base)
    sides = []
    for data in (facts.base, facts.after):
        names, values = figures.outcome_rows(data, spot)
        columns = dict(zip(names, values.T, strict=True))
        sides.append(columns["hectares"] - columns["hectares at home"])
    return draws.row_of(*sides)


def _refining(facts: _Facts) -> str:
    moved = facts.moved("refined")
    rows = pd.concat([moved.losses, moved.gains])
    if rows.empty:
        return ""
    parts = []
    for i, row in plain(rows).items():
        change = _("{number} t").format(number=signed(row["change"]))
        template = _("{country} {change} ({range})") if drawn(row) else _("{country} {change}")
        parts.append(
            template.format(
                country=facts.called(i), change=change, range=change_span(row) if drawn(row) else ""
            )
        )
    if facts.names.substance:
        return _("Refined {substance} by country: {changes} a year.").format(
            substance=facts.names.substance, changes=listed(parts)
        )
    return _("Refining by country: {changes} a year.").format(changes=listed(parts))


def _prices(facts: _Facts) -> str:
    parts = []
    if facts.names.harvest:
        subject = Subject(_("the price of {harvest} at the farm gate").format(harvest=facts.names.harvest))
        parts.append(_price(subject, facts.row("farm-gate price")))
    parts.append(_spot(facts))
    worth = np.median((facts.base["market_price"] * facts.base["sold_pure"]).values, axis=0)
    if worth.size and np.nanmax(worth, initial=0.0) > 0:
        best = int(np.nanargmax(worth))
        row = draws.row_of(*(d.variables["market_price"].values[:, best] for d in (facts.base, facts.after)))
        subject = Subject(
            _("the price of {good} as sold in {place}").format(
                good=facts.called(coord(facts.base, "market_form")[best], "form"),
                place=facts.called(coord(facts.base, "market_place")[best]),
            )
        )
        parts.append(_price(subject, row))
    return clauses(parts)


def _incomes(facts: _Facts) -> str:
    growers, sales, armed = (
        facts.row(k) for k in ("growers' income", "farm-gate sales", "armed groups' income")
    )
    work = _work(facts)
    if work:
        subject = _("what households in {home} earn from {work}").format(home=facts.home, work=work)
    else:
        subject = _("what households in {home} earn").format(home=facts.home)
    parts = [clauses([clause(Subject(subject), growers, millions())])]
    if facts.names.harvest:
        sold = Subject(_("sales of {harvest}").format(harvest=facts.names.harvest), many=True)
        parts.append(clauses([clause(sold, sales, millions())]))
    parts.append(clauses([clause(Subject(_("what armed groups take")), armed, millions())]))
    return " ".join(part for part in (*parts, _winners(facts), _buyers(facts)) if part)


def _work(facts: _Facts) -> str:
    """What households live from, hired work apart: transports pay for that."""
    hired = set(coord(facts.base, "market_form")[facts.base.variables["market_hires"].values.astype(bool)])
    forms = [str(f) for f in side_economies.livelihoods(facts.base).index if f not in hired]
    return listed(list(dict.fromkeys(side_economy_sentences.work(form, facts.names) for form in forms)))


def _state(facts: _Facts) -> str:
    row, seized, arrests = (facts.row(k) for k in ("state spending", "seized at home", "arrests at home"))
    parts = []
    if is_there(row):
        parts.append(_spending(row))
    seizures = _("seizures on ways that start in {home}").format(home=facts.home)
    parts.append(
        clauses(
            [
                clause(Subject(seizures, many=True), seized, facts.tonnes),
                clause(Subject(_("arrests there"), many=True), arrests, people()),
            ]
        )
    )
    return " ".join(part for part in parts if part)


def _spending(row: Row) -> str:
    if abs(row["change"]) < 1e-9:
        return _("The state spends as before, {amount} a year on the measures that are costed.").format(
            amount=money(row["before"])
        )
    template = (
        _("The state spends {amount} a year more ({levels}).")
        if row["change"] > 0
        else _("The state spends {amount} a year less ({levels}).")
    )
    return template.format(amount=money(abs(row["change"])), levels=from_to(row, _("${number} million")))


def _world(facts: _Facts) -> str:
    row, seized = facts.row("delivered"), facts.row("seized")
    return clauses(
        [
            clause(Subject(_("sales of all producers to users worldwide"), many=True), row, facts.tonnes),
            clause(Subject(_("seizures on all ways"), many=True), seized, _("{number} t")),
        ]
    )


def _still(facts: _Facts) -> bool:
    return not _moves_at_all(facts) and not facts.beside


def _moves_at_all(facts: _Facts) -> bool:
    """Whether a figure of the case's own goods changes by more than nothing."""
    keys = ("exports", "exports by air", "hectares at home", "farm-gate price", "local price", "delivered")
    rows = [row for row in map(facts.row, keys) if is_there(row)]
    ends = ("change", "change_5", "change_95")
    return any(abs(row[e]) > NOTHING * abs(row["before"]) for row in rows for e in ends if e in row)


def _moves(frame: pd.DataFrame, small: float = SMALL) -> _Moved:
    change = frame["change"].to_numpy(dtype=float)
    whole = float(frame["before"].to_numpy(dtype=float).sum()) or 1.0
    unsure, size = open_rows(frame).to_numpy(), largest_change(frame).to_numpy()
    losses = np.flatnonzero(~unsure & (change < -small * whole))
    gains = np.flatnonzero(~unsure & (change > small * whole))
    others = np.flatnonzero(unsure & (size > small * whole))
    lost, won = float(-change.clip(max=0).sum()), float(change.clip(min=0).sum())
    ends = [frame.attrs.get(f"displaced_{end}") for end in ("5", "95")]
    return _Moved(
        frame.iloc[losses[np.argsort(change[losses], kind="stable")]],
        frame.iloc[gains[np.argsort(-change[gains], kind="stable")]],
        frame.iloc[others[np.argsort(-size[others], kind="stable")]],
        frame.attrs.get("displaced", won / lost if lost > 0 else 0.0),
        None if ends[0] is None or ends[1] is None else (ends[0], ends[1]),
        min(won, lost) / whole,
        lost / whole,
    )
