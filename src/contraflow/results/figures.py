"""Headline figures: one entry each, for outcomes and for runs month by month.

A figure is declared once, with its unit, what it means, and one function of a
:class:`~contraflow.results.view.View`. Summaries, comparisons, probabilities, explanations, runs and their
charts, and the table in ``docs/results.md`` are made from the entries. Add one of your own before anything
is computed:

>>> from contraflow.results.figures import Figure, register, withdraw
>>> register(Figure(
...     name="seized by air", label="Seized by air", unit="t/yr",
...     meaning="seized on modes of the family `air`",
...     of=lambda view: view.tonnes("seized_pure", view.label("family") == "air"),
... ))
>>> withdraw("seized by air")
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import xarray as xr

from contraflow._language import N_, _
from contraflow._types import BoolArray, FloatArray
from contraflow.errors import ComparisonError
from contraflow.results.choices import near_match
from contraflow.results.draws import solved
from contraflow.results.view import USD_PER_MILLION, View, price_spot

ACTIVE = 10.0
"""Pure kilograms a month from which a place counts as active."""


class LabelWords(Protocol):
    """What a label takes from the case: names as of :func:`contraflow.text.names.shown_names`."""

    home: str
    substance: str
    crop: str
    harvest: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A headline figure.

    Raises
    ------
    ValueError
        For an entry without words, without any results that it belongs to, or without a reason why some lack
        it.
    """

    name: str
    """What users call it."""
    label: str
    """Title of its chart, for any economy."""
    worded: str = ""
    """The same in the case's own words, with a place for each of :class:`LabelWords`; empty where no word of
    the case is in it."""
    unit: str
    """Unit of its values, as shown."""
    meaning: str
    """What it counts, for the documentation."""
    of: Callable[[View], FloatArray]
    """Its values (draw,) or (replicate, month), flows at yearly rates; NaN where it is unknown."""
    lacks: Callable[[View], str] | None = None
    """Why the economy of a dataset cannot have such a figure, which is NaN then; empty where it can. None:
    every economy can."""
    if_none: str = ""
    """Why it lacks the figure where it is 0 or NaN in everything that is looked at. Empty: 0 is a finding."""
    in_outcomes: bool = True
    """Whether outcomes have it; if not, ``why`` says why not."""
    in_runs: bool = True
    """Whether runs month by month have it; if not, ``why`` says why not."""
    in_run_summary: bool = True
    """Whether the summary of a run shows it without being asked."""
    why: str = ""
    """Why outcomes or runs do not have it."""

    def __post_init__(self) -> None:
        missing = [n for n in ("name", "label", "unit", "meaning") if not getattr(self, n).strip()]
        if missing:
            text = _("the figure {name} lacks its {parts}")
            raise ValueError(text.format(name=repr(self.name), parts=", ".join(missing)))
        if not (self.in_outcomes or self.in_runs):
            text = _("the figure {name} belongs neither to outcomes nor to runs")
            raise ValueError(text.format(name=repr(self.name)))
        if bool(self.why.strip()) == (self.in_outcomes and self.in_runs):
            text = _("the figure {name} needs a reason where it is left out, and only there")
            raise ValueError(text.format(name=repr(self.name)))


_figures: dict[str, Figure] = {}


def register(figure: Figure) -> None:
    """Add a figure. Raises ValueError if its name is in use."""
    if figure.name in _figures:
        raise ValueError(_("there is a figure {name} already").format(name=repr(figure.name)))
    _figures[figure.name] = figure


def withdraw(name: str) -> None:
    """Remove a figure that was registered from outside. Raises KeyError if there is none of that name."""
    del _figures[name]


def outcome_figures() -> tuple[Figure, ...]:
    """Figures of outcomes, in the order of the headline table."""
    return tuple(f for f in _figures.values() if f.in_outcomes)


def run_figures() -> tuple[Figure, ...]:
    """Figures of runs month by month, in order."""
    return tuple(f for f in _figures.values() if f.in_runs)


def outcome_figure(name: str) -> Figure:
    """A figure of outcomes by name. Raises ComparisonError for an unknown one."""
    return _known(
        name,
        outcome_figures(),
        N_("{name} is no headline figure."),
        N_("{name} is no headline figure: {reason}."),
    )


def run_figure(name: str) -> Figure:
    """A figure of runs by name. Raises ComparisonError for an unknown one."""
    return _known(
        name,
        run_figures(),
        N_("{name} is no figure of a simulation."),
        N_("{name} is no figure of a simulation: {reason}."),
    )


def _known(name: str, figures: tuple[Figure, ...], unknown: str, elsewhere: str) -> Figure:
    known = {f.name: f for f in figures}
    if name in known:
        return known[name]
    if name in _figures:
        said, near = _(elsewhere).format(name=repr(name), reason=_(_figures[name].why)), ""
    else:
        said, near = _(unknown).format(name=repr(name)), near_match(name, known)
    there = _("There are: {names}.").format(names=", ".join(known))
    raise ComparisonError(" ".join(filter(None, (said, near, there))))


def label(name: str, words: LabelWords | None = None) -> str:
    """What a figure is called where it is shown, in the reader's language.

    Parameters
    ----------
    name
        Name of the figure.
    words
        Words of the case. None: the label that holds for any economy.

    Raises
    ------
    KeyError
        For an unknown figure.

    Examples
    --------
    >>> label("farm-gate price")
    'Price at the farm gate'
    """
    figure = _figures[name]
    if words is None or not figure.worded:
        return _(figure.label)
    text = _(figure.worded).format(
        home=words.home,
        substance=words.substance,
        crop=words.crop or words.substance,
        harvest=words.harvest or words.substance,
        zone=words.zone,
    )
    return text[:1].upper() + text[1:]


def lacking(*data: xr.Dataset, home: str | None = None, spot: str | None = None) -> dict[str, str]:
    """Figures that an economy does not have: prices of what nobody makes, exports by ways that lead nowhere.

    Parameters
    ----------
    data
        Datasets of outcomes or of runs. A figure that one of them has is not lacking.
    home
        Code of the home country. None: that of the datasets.
    spot
        Node whose price is quoted. None: that of each dataset.

    Returns
    -------
    dict
        Why, by the name of the figure.
    """
    views = [View(one, home, spot) for one in data]
    chosen = run_figures() if views[0].of_months else outcome_figures()
    reasons = {f.name: [_lack(f, view) for view in views] for f in chosen}
    return {name: each[0] for name, each in reasons.items() if all(each)}


def _lack(figure: Figure, view: View) -> str:
    """Why an economy lacks a figure; empty where it has it."""
    reason = "" if figure.lacks is None else figure.lacks(view)
    if reason or not figure.if_none:
        return reason
    return "" if np.nan_to_num(figure.of(view)).any() else _(figure.if_none)


def values_of(figure: Figure, view: View) -> FloatArray:
    """Values of a figure (draw,) or (replicate, month); NaN where unknown or there is no such figure."""
    if figure.lacks is not None and figure.lacks(view):
        return np.full(view.shape, np.nan)
    return figure.of(view)


def expect_figure(name: str, *data: xr.Dataset, home: str | None = None) -> None:
    """Refuse a figure that is unknown, or that the economy of some datasets does not have.

    Raises
    ------
    ComparisonError
        With the reason.
    """
    figure = (run_figure if View(data[0]).of_months else outcome_figure)(name)
    reasons = [_lack(figure, View(one, home)) for one in data]
    if all(reasons):
        text = _("This economy has no {name}: {reason}.")
        raise ComparisonError(text.format(name=repr(name), reason=reasons[0]))


def outcome_rows(data: xr.Dataset, spot: str, home: str | None = None) -> tuple[pd.Index, FloatArray]:
    """All figures of an outcome, those that its economy lacks included.

    Parameters
    ----------
    data
        Dataset of an outcome, of solved draws.
    spot
        Node whose price is quoted, as :func:`~contraflow.results.view.price_spot` finds it; empty for none.
    home
        Code of the home country. None: that of the dataset.

    Returns
    -------
    tuple
        Names (figure,) and values (draw, figure), each in its unit; NaN where a figure is not known.
    """
    view = View(data, home, spot)
    chosen = outcome_figures()
    values = np.stack([values_of(f, view) for f in chosen], axis=1)
    return pd.Index([f.name for f in chosen]), values


def per_draw(data: xr.Dataset, name: str, home: str | None = None, spot: str | None = None) -> FloatArray:
    """A headline figure in each draw of an outcome.

    Parameters
    ----------
    data
        Dataset of an outcome.
    name
        Name of the figure.
    home
        Code of the home country. None: that of the dataset.
    spot
        Node whose price is quoted, where two outcomes have to quote the same. None: that of the outcome.

    Returns
    -------
    numpy.ndarray
        Values (draw,) in the figure's unit; NaN in draws without an equilibrium.

    Raises
    ------
    ComparisonError
        For an unknown figure.
    """
    figure = outcome_figure(name)
    kept = solved(data)
    own = data.isel(draw=np.flatnonzero(kept))
    whole = np.full(kept.size, np.nan)
    whole[kept] = values_of(figure, View(own, home, price_spot(own, home) if spot is None else spot))
    return whole


def series(data: xr.Dataset, name: str) -> xr.DataArray:
    """A figure of a run, month by month.

    Parameters
    ----------
    data
        Dataset of a run.
    name
        Name of the figure.

    Returns
    -------
    xarray.DataArray
        Values (replicate, month), flows at yearly rates; ``attrs["unit"]`` is the unit.

    Raises
    ------
    ComparisonError
        For an unknown figure.
    """
    figure = run_figure(name)
    return xr.DataArray(
        values_of(figure, View(data)),
        dims=("replicate", "month"),
        coords={"replicate": data["replicate"], "month": data["month"]},
        name=name,
        attrs={"unit": figure.unit},
    )


def _by(view: View, family: str) -> BoolArray:
    return np.asarray(view.leaving & (view.label("family") == family), dtype=bool)


def _exports_by(family: str) -> Callable[[View], FloatArray]:
    return lambda view: view.tonnes("pure", _by(view, family))


def _no_way_by(family: str) -> Callable[[View], str]:
    return lambda view: (
        ""
        if _by(view, family).any()
        else _("no link of the family '{family}' leaves the home country").format(family=family)
    )


def _no_exports(view: View) -> str:
    return "" if view.leaving.any() else _("no link leaves the home country")


def _nothing_grown(view: View) -> str:
    return "" if view.growing_at_home.any() else _("no activity at home yields the substance")


def _nothing_grown_anywhere(view: View) -> str:
    return "" if view.growing.any() else _("no activity yields the substance")


def _no_spot(view: View) -> str:
    return "" if view.spot else _("nothing is made at home of what is grown there")


def _standing(view: View, at_home: bool = True) -> FloatArray:
    fields = view.growing_at_home if at_home else view.growing
    return view.yearly("flow", fields) - view.yearly("seized", fields)


def _harvest_value(view: View) -> tuple[FloatArray, FloatArray]:
    """Kilograms that growers at home sell in a period, and what they get for them, USD."""
    sold = view.data.variables["arrival"].values[..., view.growing_at_home]
    price = view.price(view.label("head")[view.growing_at_home])
    return sold.sum(axis=-1), (sold * price).sum(axis=-1)


def _gate_price(view: View) -> FloatArray:
    kilos, value = _harvest_value(view)
    return np.asarray(np.where(kilos > 0, value / np.where(kilos > 0, kilos, 1.0), np.nan))


def _spot_price(view: View) -> FloatArray:
    if not view.spot:
        return np.full(view.shape, np.nan)
    return view.price(np.asarray([view.spot], dtype=object))[..., 0]


def _flights(view: View) -> BoolArray:
    return np.asarray(view.links & view.starts_at_home & (view.label("family") == "air"), dtype=bool)


def _pay_by_air(view: View) -> FloatArray:
    flights = _flights(view)
    flown = view.data.variables["flow"].values[..., flights].sum(axis=-1)
    paid = view.data.variables["crew_pay"].values[..., flights].sum(axis=-1)
    return np.asarray(np.where(flown > 0, paid / np.where(flown > 0, flown, 1.0), np.nan))


def _endowed(view: View) -> BoolArray:
    return np.asarray(view.label("node_country") == view.home, dtype=bool)


def _armed(view: View) -> BoolArray:
    return np.asarray(view.label("actor_kind") == "armed group", dtype=bool)


def _growers(view: View) -> FloatArray:
    return view.yearly("endowment_income", _endowed(view)) / USD_PER_MILLION


def _armed_groups(view: View) -> FloatArray:
    return view.yearly("income", _armed(view)) / USD_PER_MILLION


def _at_home(view: View) -> BoolArray:
    return np.asarray(view.links & view.starts_at_home, dtype=bool)


def _caught(view: View) -> FloatArray:
    """Part of the consignments on links that start at home that is caught."""
    links = _at_home(view)
    return np.asarray(view.total("caught", links) / np.maximum(view.total("consignments", links), 1e-300))


def _per_dollar(view: View) -> FloatArray:
    spent = view.data.variables["spending"].values / USD_PER_MILLION
    seized = view.total("seized_pure", _at_home(view))
    return np.asarray(np.where(spent > 0, seized / np.where(spent > 0, spent, 1.0), np.nan))


def _footprint(view: View) -> FloatArray:
    """Number of places at home from which links carry at least ACTIVE in a month."""
    links = _at_home(view)
    pure = view.data.variables["pure"].values[..., links]
    places, index = np.unique(view.label("from_place")[links].astype(str), return_inverse=True)
    passed = np.stack([pure[..., index == i].sum(axis=-1) for i in range(places.size)], axis=-1)
    return np.asarray((passed >= ACTIVE).sum(axis=-1), dtype=float)


def _effective_links(view: View) -> FloatArray:
    """1 / sum(p^2) over the shares p of links: the Hill number of order two (Hill 1973, Simpson 1949)."""
    pure = view.data.variables["pure"].values[..., _at_home(view)]
    share = pure / np.maximum(pure.sum(axis=-1, keepdims=True), 1e-300)
    return np.asarray(1 / np.maximum((share**2).sum(axis=-1), 1e-300))


def _as_it_is(variable: str) -> Callable[[View], FloatArray]:
    return lambda view: np.asarray(view.data[variable].values, dtype=float)


_BY_MODE = N_("the table by mode shows it of outcomes")
_OF_MONTHS = N_("it is counted month by month")
_NOTHING_SPENT = N_("no measure with a unit cost is above 0")
_OF_CLANS = N_("only runs month by month follow clans")

for _figure in (
    Figure(
        name="exports", label=N_("Exports"), unit="t/yr",
        meaning="what leaves the home country on links, at the border",
        of=lambda view: view.tonnes("pure", view.leaving), lacks=_no_exports,
    ),
    Figure(
        name="exports by air", label=N_("Exports by air"), unit="t/yr",
        meaning="of it on modes of the family `air`", of=_exports_by("air"), lacks=_no_way_by("air"),
    ),
    *(
        Figure(
            name=f"exports {by} {family}", label=shown, unit="t/yr",
            meaning=f"of it on modes of the family `{family}`", of=_exports_by(family),
            lacks=_no_way_by(family), in_outcomes=False, in_run_summary=family == "foot", why=_BY_MODE,
        )
        for by, family, shown in (
            ("on", "foot", N_("Exports on foot")), ("by", "road", N_("Exports by road")),
            ("by", "river", N_("Exports by river")), ("by", "sea", N_("Exports by sea")),
        )
    ),
    Figure(
        name="hectares at home", label=N_("Area of the crop"), worded=N_("area of {crop} in {home}"),
        unit="ha",
        meaning="labour-hectares that yield the substance (flow × (1 − q)) in the home country: a crop that "
        "stands, or pits that are worked",
        of=_standing, lacks=_nothing_grown,
    ),
    Figure(
        name="eradicated at home", label=N_("Area lost to the state"),
        worded=N_("area of {crop} lost to the state in {home}"), unit="ha",
        meaning="labour-hectares of it that are lost to the state (flow × q) in the home country",
        of=lambda view: view.yearly("seized", view.growing_at_home), in_run_summary=False,
        if_none=N_("nothing that is grown at home is destroyed"),
    ),
    Figure(
        name="farm-gate price", label=N_("Price at the farm gate"), worded=N_("price of {harvest}"),
        unit="USD/kg", meaning="mean of what growers at home get for a kg, weighted by what they sell",
        of=_gate_price, lacks=_nothing_grown,
    ),
    Figure(
        name="farm-gate sales", label=N_("Sales at the farm gate"), worded=N_("sales of {harvest}"),
        unit="M$/yr",
        meaning="value at the farm gate of what is grown at home",
        of=lambda view: _harvest_value(view)[1] * view.per_year / USD_PER_MILLION, in_run_summary=False,
        lacks=_nothing_grown,
    ),
    Figure(
        name="local price", label=N_("Price where most is made"), worded=N_("price in the main {zone}"),
        unit="USD/kg",
        meaning="at home, of the first good that is made there of what is grown, where most of it is made",
        of=_spot_price, lacks=_no_spot,
    ),
    Figure(
        name="growers' income", label=N_("What households live on"), unit="M$/yr",
        meaning="of all endowments at home, licit hectares and other livelihoods included, whoever holds "
        "them; hired work not",
        of=_growers, if_none=N_("no place at home has an endowment"),
    ),
    Figure(
        name="crews' pay by air", label=N_("Pay of crews of flights"), unit="USD/kg",
        meaning="pay of crews for each kg that is flown from places at home, pay for risk included",
        of=_pay_by_air, in_runs=False, why=N_("runs count pay with other costs"),
        if_none=N_("no crew of a flight from home is paid"),
    ),
    Figure(
        name="armed groups' income", label=N_("Armed groups’ levies"), unit="M$/yr",
        meaning="of all actors of kind `armed group`", of=_armed_groups,
        if_none=N_("no actor of the kind 'armed group' earns anything"),
    ),
    Figure(
        name="seized at home", label=N_("Seized at home"), worded=N_("seized in {home}"), unit="t/yr",
        meaning="on links that start at home, up to their head, so losses at sea after a home port count",
        of=lambda view: view.tonnes("seized_pure", _at_home(view)),
        if_none=N_("nothing is seized on links that start at home"),
    ),
    Figure(
        name="consignments seized at home", label=N_("Consignments seized"), unit="share",
        meaning="part of the consignments on links that start at home that is seized",
        of=_caught, in_outcomes=False, why=_OF_MONTHS,
        if_none=N_("nothing is seized on links that start at home"),
    ),
    Figure(
        name="seized per million dollars", label=N_("Seized per million dollars spent"), unit="kg",
        meaning="pure kilograms seized at home for each million dollars that the state spends",
        of=_per_dollar, in_outcomes=False, in_run_summary=False, why=_OF_MONTHS, if_none=_NOTHING_SPENT,
    ),
    Figure(
        name="arrests at home", label=N_("Arrests at home"), worded=N_("arrests in {home}"),
        unit="persons/yr", meaning="on links that start at home",
        of=lambda view: view.yearly("arrested", _at_home(view)),
        in_runs=False, why=N_("runs count arrests by role, not by link"),
        if_none=N_("nobody is arrested on links that start at home"),
    ),
    Figure(
        name="state spending", label=N_("State spending"), unit="M$/yr",
        meaning="on measures with a unit cost",
        of=lambda view: view.data.variables["spending"].values * view.per_year / USD_PER_MILLION,
        in_run_summary=False,
        if_none=_NOTHING_SPENT,
    ),
    Figure(
        name="delivered", label=N_("Delivered to all markets"), unit="t/yr",
        meaning="sold by all producers at all markets of made goods, and of raw ones in countries that grow "
        "none of them",
        of=lambda view: view.tonnes("sold_pure", view.final_goods),
    ),
    Figure(
        name="active places", label=N_("Places in use"), unit="places",
        meaning=f"places at home that at least {ACTIVE:g} pure kg pass in the month",
        of=_footprint, in_outcomes=False, why=_OF_MONTHS,
    ),
    Figure(
        name="effective ways", label=N_("Links in use, effective number"), unit="links",
        meaning="one over the sum of squared shares of the links at home (Simpson 1949)",
        of=_effective_links, in_outcomes=False, why=_OF_MONTHS,
    ),
    Figure(
        name="clans", label=N_("Clans"), unit="clans", meaning="clans that trade",
        of=_as_it_is("clans"), in_outcomes=False, why=_OF_CLANS,
    ),
    Figure(
        name="largest clan", label=N_("Largest clan’s capital"), unit="share",
        meaning="its part of the capital of all clans",
        of=_as_it_is("largest"), in_outcomes=False, in_run_summary=False, why=_OF_CLANS,
    ),
    Figure(
        name="concentration", label=N_("Concentration of capital"), unit="index",
        meaning="sum of the squared shares of clans in capital (Herfindahl)",
        of=_as_it_is("concentration"), in_outcomes=False, in_run_summary=False, why=_OF_CLANS,
    ),
    Figure(
        name="hectares", label=N_("Area of the crop, all countries"),
        worded=N_("area of {crop}, all countries"), unit="ha", meaning="`hectares at home` of all countries",
        of=lambda view: _standing(view, at_home=False), in_run_summary=False, lacks=_nothing_grown_anywhere,
    ),
    Figure(
        name="seized", label=N_("Seized, all countries"), unit="t/yr",
        meaning="`seized at home` of all countries",
        of=lambda view: view.tonnes("seized_pure", view.links), in_run_summary=False,
        if_none=N_("nothing is seized"),
    ),
    Figure(
        name="arrests", label=N_("Arrests, all countries"), unit="persons/yr",
        meaning="arrests of all countries", of=lambda view: view.yearly("arrested"),
        if_none=N_("nobody is arrested"),
    ),
):  # fmt: skip
    register(_figure)


def documentation() -> str:
    """The table of figures in ``docs/results.md``."""
    lines = ["| figure | unit | outcomes | runs | meaning |", "| --- | --- | --- | --- | --- |"]
    for f in _figures.values():
        has = ("yes" if f.in_outcomes else "", "yes" if f.in_runs else "")
        lines.append(f"| {f.name} | {f.unit} | {has[0]} | {has[1]} | {f.meaning} |")
    return "\n".join(lines)
