"""What the page shows of a state: the answer, its figures, and panels that follow from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from contraflow._language import N_, _, locale
from contraflow._numbers import money, probability, signed, significant
from contraflow._version import __version__
from contraflow.case.case import Case
from contraflow.case.schema import Question
from contraflow.errors import ComparisonError, ContraflowError
from contraflow.lab.outcome import Outcome
from contraflow.policy.policy import levers_of
from contraflow.report.data import FollowedQuestion, Meta, ReportData
from contraflow.report.document import PageFiller
from contraflow.report.draw.before_after import FigureRow, draw_before_after
from contraflow.report.draw.drawing import Drawing
from contraflow.report.draw.map import draw_map
from contraflow.report.draw.paths import draw_path
from contraflow.report.section import Content, Part
from contraflow.report.sections import goods, headline, incomes, livelihoods, moves, rests_on, supplies
from contraflow.report.sections.registry import HERE, PIECES
from contraflow.results import tables
from contraflow.results.draws import left_out
from contraflow.server.address import Asked, Known, View, write
from contraflow.server.desk import Desk
from contraflow.text.adjustment_sentences import PACES
from contraflow.text.answer_sentences import tell_first, tell_in_short
from contraflow.text.evidence_sentences import requirements
from contraflow.text.figure_words import lever_in_words
from contraflow.text.names import Names, plain
from contraflow.text.sentences import chance, change_span, drawn

if TYPE_CHECKING:
    import xarray as xr
    from jinja2 import Environment

Rows = Mapping[str, Mapping[str, Any]]
"""Rows of a table of figures, by name."""

TEMPLATES = Path(__file__).parent / "templates"

FOUR = (
    "exports", "exports by air", "local price", "growers' income", "delivered", "hectares at home",
    "farm-gate price",
)  # fmt: skip
"""Headline figures of the answer, the first :data:`MOST` that the economy has."""
MOST = 4

EXPLAINED = "exports"
"""Figure whose change is explained."""

ON_THE_WAY = ("exports", "exports by air", "local price", "hectares at home", "growers' income", "delivered")
"""Figures shown over time, those that the economy has."""

POLICY = "policy"
"""Address of the answer on the page."""


@dataclass(frozen=True)
class Answered:
    """A state with its answer."""

    asked: Asked
    known: Known
    desk: Desk
    names: Names
    outcome: Outcome
    """The economy under the policy."""
    other: Outcome
    """The economy that it is compared with: today, or under policy A."""

    @property
    def case(self) -> Case:
        """The case in the reader's language."""
        return self.desk.lab.case.in_language(locale())

    @cached_property
    def pair(self) -> tuple[xr.Dataset, xr.Dataset]:
        """Before and after, on the draws that both have."""
        return self.outcome.compare(self.other).data

    @property
    def title(self) -> str:
        """The policy in words."""
        return policy_title(self.asked.policy, self.case)

    @property
    def other_title(self) -> str:
        """Policy A in words; empty for today."""
        return policy_title(self.asked.against, self.case) if self.asked.against else ""

    @property
    def report(self) -> ReportData:
        """The answer as a report of one question."""
        lab = self.desk.lab
        question = Question(id=POLICY, title=self.title, policy=dict(self.asked.policy))
        return ReportData(
            case=self.case,
            base=self.other.data,
            answers=((question, self.outcome.data),),
            claims=self.desk.claims,
            meta=Meta(__version__, lab.seed, lab.case.fingerprint, ""),
        )

    def believed(self) -> list[tuple[str, str]]:
        """Each disagreement on which a side is believed, with that side, in words."""
        rows = self.desk.lab.disagreements().to_dict("records")
        chosen = self.asked.believes
        return [(r["title"], r["words"]) for r in rows if chosen.get(r["disagreement"]) == r["side"]]

    @cached_property
    def against_today(self) -> Rows:
        """Rows of the headline table, against today."""
        return plain(tables.headline(*self.outcome.compare(self.desk.base).data))

    @cached_property
    def against_other(self) -> Rows:
        """Rows of the headline table, against policy A or today."""
        return plain(tables.headline(*self.pair)) if self.asked.against else self.against_today

    def rows(self) -> list[FigureRow]:
        """The figures of the answer, against today and, where it is compared, against policy A."""
        beside = self.against_other if self.asked.against else {}
        draws = int(self.pair[0].sizes["draw"])
        return figure_rows(self.against_today, self.desk.base.data, self.names, beside, draws)


def answered(desk: Desk, asked: Asked, known: Known) -> Answered:
    """Answer a state in all draws. Raises ConvergenceError."""
    names = desk.names()
    return Answered(asked, known, desk, names, desk.answer(asked.policy), desk.answer(asked.against))


def no_answer(error: ContraflowError) -> str:
    """What stands in the place of an answer that there is not, in a sentence or two."""
    return _("The model has no answer to this policy. {reason}").format(reason=str(error))


def policy_title(policy: Mapping[str, float], case: Case) -> str:
    """A policy in words: ``Radar cover: 100% of air space covered; Interception: 4 patrols``."""
    levers = levers_of(case)
    told = [
        _("{measure}: {level}").format(measure=levers[name].name, level=lever_in_words(levers[name], level))
        for name, level in policy.items()
    ]
    return "; ".join(told) or _("Today")


def figure_rows(rows: Rows, spot: xr.Dataset, names: Names, beside: Rows, draws: int) -> list[FigureRow]:
    """The figures of the answer, from rows of the headline table.

    Parameters
    ----------
    rows
        Against today.
    spot
        The baseline, which says where the local price is quoted.
    names
        Names as shown.
    beside
        Against policy A; empty where there is none.
    draws
        Draws of both.
    """
    chosen = [key for key in FOUR if key in rows and rows[key]["before"]][:MOST]
    return [
        FigureRow(
            key=key,
            label=headline.label(key, spot, names),
            unit=headline.unit(rows[key]["unit"]),
            row=rows[key],
            other=beside.get(key, {}),
            told=_compared(beside[key], draws) if key in beside else "",
        )
        for key in chosen
    ]


def _compared(row: Mapping[str, Any], draws: int) -> str:
    """B against A in one figure: how far, and how probable the likelier direction is."""
    change = signed(float(row["change"]))
    if "p_falls" not in row:
        return _("A: {value}; B against A: {change}").format(
            value=significant(float(row["before"])), change=change
        )
    falls, rises = float(row["p_falls"]), float(row["p_rises"])
    template = (
        _("A: {value}; B against A: {change} ({range}), lower in {share} of draws")
        if falls >= rises
        else _("A: {value}; B against A: {change} ({range}), higher in {share} of draws")
    )
    return template.format(
        value=significant(float(row["before"])),
        change=change,
        range=change_span(row),
        share=probability(max(falls, rises), draws),
    )


def answer_data(shown: Answered) -> dict[str, Any]:
    """What the template of the answer takes."""
    base, after = shown.pair
    asked, known = shown.asked, shown.known
    row = shown.against_other.get(EXPLAINED)
    some = bool(asked.policy or asked.against)
    first, *more = (
        tell_in_short(base, after, shown.names, shown.against_other) if some else (today_sentence(shown),)
    )
    met = shown.outcome.requirements()
    return {
        "asked": asked,
        "title": shown.title,
        "other": shown.other_title,
        "first": first,
        "more": more,
        "sure": chance(row, int(base.sizes["draw"]), shown.names.home) if some and row and drawn(row) else "",
        "lacks": requirements(shown.case, met, asked.policy) if asked.policy else [],
        "cost": cost(shown.against_today),
        "left_out": left_out(after),
        "draws": int(shown.outcome.data.sizes["draw"]),
        "drawing": draw_before_after(shown.rows(), shown.title),
        "keep": write(dataclasses.replace(asked, against=asked.policy), known),
        "drop": write(dataclasses.replace(asked, against={}), known),
        "swap": write(dataclasses.replace(asked, policy=asked.against, against=asked.policy), known),
        "address": write(asked, known),
    }


def today_sentence(shown: Answered) -> str:
    """The baseline in a sentence."""
    row = shown.desk.medians.get(EXPLAINED)
    first, last = shown.case.info.baseline
    years = str(first) if first == last else f"{first}–{last}"
    if row is None or not row["before"]:
        return _(
            "This is the economy as it stands ({years}). Move a lever, or start from a question."
        ).format(years=years)
    return _(
        "As it stands ({years}), {amount} t of pure {substance} leave {home} in a year. Move a lever, or "
        "start from a question."
    ).format(
        years=years,
        amount=significant(float(row["before"])),
        substance=shown.names.substance,
        home=shown.names.home,
    )


def cost(rows: Rows) -> str:
    """What a policy costs the state, in a sentence; empty where nothing is costed."""
    row = rows.get("state spending")
    if row is None:
        return ""
    change = float(row["change"])
    if abs(change) < 1e-9:
        return _("It costs the state what is spent today.")
    if change > 0:
        return _("It costs the state {amount} a year more than today.").format(amount=money(change))
    return _("It saves the state {amount} a year.").format(amount=money(-change))


def preview_data(desk: Desk, asked: Asked) -> dict[str, Any]:
    """The sentence, figures and cost of a state in the typical draw, for as long as a lever moves.

    Changes are those of that draw, applied to the medians of all today. Raises ConvergenceError.
    """
    names = desk.names()
    after, typical = desk.preview(asked.policy), desk.typical
    found = plain(tables.headline(typical.data, after.data))
    rows = []
    for one in figure_rows(found, typical.data, names, {}, 1):
        factor = float(desk.medians.get(one.key, one.row)["before"]) / float(one.row["before"])
        scaled = {k: float(v) * factor for k, v in one.row.items() if k in ("before", "after", "change")}
        rows.append(dataclasses.replace(one, row={**one.row, **scaled}))
    sentence = ""
    if asked.against:
        before = desk.preview(asked.against)
        sentence = tell_first(before.data, after.data, names)
    elif asked.policy:
        sentence = tell_first(typical.data, after.data, names, found)
    return {"sentence": sentence, "figures": draw_before_after(rows), "cost": cost(found)}


@dataclass(frozen=True, kw_only=True)
class Panel(Part):
    """A part of the page below the answer, which the page fetches when it is opened."""

    folded: bool = True

    make: Callable[..., Content | None]
    """From an answered state to what it shows; None: there is nothing to show."""


def _of_report(
    make: Callable[[ReportData, Names, int], Content | None],
) -> Callable[[Answered], Content | None]:
    return lambda shown: make(shown.report, shown.names, 0)


def _map(shown: Answered, *, backdrop: bool = False) -> Content:
    base, after = shown.pair
    view: View = shown.asked.view if shown.asked.policy or shown.asked.against else "before"
    drawing = draw_map(base, shown.case.places, after, view, names=shown.names, backdrop=backdrop)
    return Content(data={"view": view}, drawings={"map": drawing})


def _moves(shown: Answered) -> Content | None:
    base, after = shown.pair
    made = moves.charts(base, after, shown.names)
    return Content(drawings=made) if any(made.values()) else None


def _time(shown: Answered) -> Content | None:
    if not shown.asked.policy:
        return None
    path = shown.desk.path(shown.asked.policy)
    table, base = path.table(), shown.desk.base.data
    rows = plain(tables.headline(base))
    figures = [
        (key, headline.label(key, base, shown.names), headline.unit(rows[key]["unit"]))
        for key in ON_THE_WAY
        if key in rows and rows[key]["before"]
    ]
    followed = FollowedQuestion(question=shown.report.questions[0], table=table, summary=path.summary())
    way = headline.on_the_way(followed, base, shown.outcome.data, shown.names)
    return Content(
        data={"way": way, "paces": _(PACES), "draws": int(shown.outcome.data.sizes["draw"])},
        drawings={"path": draw_path(table, figures[:MOST], shown.title)},
    )


def _rests(shown: Answered) -> Content | None:
    if not (shown.asked.policy or shown.asked.against):
        return None
    lab = shown.desk.lab
    try:
        why = lab.explain(shown.outcome, EXPLAINED, against=shown.other, refits=0)
    except ComparisonError:
        return None
    told = dataclasses.replace(why, title=shown.title)
    return rests_on.make(dataclasses.replace(shown.report, explanation=told), shown.names)


PANELS = (
    Panel(id="map", title=N_("On the map"), template=TEMPLATES / "panels" / "map.html.j2", make=_map,
          folded=False),
    Panel(id="moves", title=N_("Where it goes instead"), template=TEMPLATES / "panels" / "moves.html.j2",
          make=_moves, folded=False),
    Panel(id="earns", title=N_("Who gains and who loses"), template=PIECES / "incomes.html.j2",
          make=_of_report(incomes.make), folded=False),
    Panel(id="time", title=N_("After a year, after five, and between"),
          template=TEMPLATES / "panels" / "time.html.j2", make=_time),
    Panel(id="rests", title=N_("What this answer rests on"), template=HERE / "rests_on.html.j2", make=_rests),
    Panel(id="livelihoods", title=N_("What households live from"), template=PIECES / "panel.html.j2",
          make=_of_report(livelihoods.make)),
    Panel(id="goods", title=N_("Other goods"), template=PIECES / "panel.html.j2",
          make=_of_report(goods.make)),
    Panel(id="supplies", title=N_("Who supplies inputs"), template=PIECES / "panel.html.j2",
          make=_of_report(supplies.make)),
)  # fmt: skip
"""What stands below the answer, in its order."""


def panel_of(name: str) -> Panel | None:
    """The panel of an id."""
    return next((panel for panel in PANELS if panel.id == name), None)


def filled(panel: Panel, shown: Answered, templates: Environment) -> Markup | None:
    """A panel as it stands on the page; None where there is nothing to show."""
    content = panel.make(shown)
    if content is None:
        return None
    filler = PageFiller(shown.report, shown.names, templates)
    found = filler.fill(panel, content, panel.id)
    return None if found is None else found.body


def drawing_of(shown: Answered, address: str) -> Drawing | None:
    """The figure of an address on the page, to be taken away: ``figures``, or a panel's id and a name."""
    if address == "figures":
        return draw_before_after(shown.rows(), shown.title)
    name, _sep, own = address.partition("-")
    panel = panel_of(name)
    if panel is None:
        return None
    content = _map(shown, backdrop=True) if panel.id == "map" else panel.make(shown)
    drawing = None if content is None else content.drawings.get(own)
    if drawing is None:
        return None
    title = _("{what}. {policy}").format(what=_(panel.title), policy=shown.title)
    return dataclasses.replace(drawing, title=drawing.title or title)
