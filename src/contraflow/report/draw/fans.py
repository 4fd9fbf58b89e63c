"""Simulated runs: fan charts of figures, the ways out month by month, maps of single years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from contraflow._language import N_, _
from contraflow._numbers import significant
from contraflow._types import FloatArray
from contraflow.case.schema import Place
from contraflow.report.draw import svg, theme
from contraflow.report.draw.drawing import Drawing, Facet, KeyEntry, joined
from contraflow.report.draw.labels import SMALL
from contraflow.report.draw.map import draw_map, flow_table
from contraflow.report.draw.panels import YearPanel, from_zero, quantiles
from contraflow.results import trajectory_tables
from contraflow.results.figures import run_figure, series
from contraflow.results.view import MONTHS_PER_YEAR

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of the replicates: ends of the bands, and the median."""

UNITS = {
    "t/yr": N_("t pure a year"),
    "USD/kg": N_("$ a kg"),
    "M$/yr": N_("million $ a year"),
    "persons/yr": N_("persons a year"),
    "share": N_("%"),
    "places": N_("places"),
    "links": N_("links"),
    "clans": N_("clans"),
    "index": N_("index"),
}
"""Units of figures as they are shown; others are shown as they are."""

WAYS = {
    "air": "exports by air",
    "foot": "exports on foot",
    "road": "exports by road",
    "river": "exports by river",
    "sea": "exports by sea",
}
"""Figure of each family of modes."""

APART = 16.0
"""Least distance between the names of two lines, px."""
YEARS = 6
"""Most maps of single years."""


def fans(
    data: xr.Dataset,
    figures: Sequence[str],
    changes: Sequence[tuple[int, str]] = (),
    against: xr.Dataset | None = None,
) -> Drawing | None:
    """A panel for each figure: median over replicates, 50 % and 90 % of them, means of three months.

    Parameters
    ----------
    data
        Dataset of a run.
    figures
        Names of figures of runs; those that the economy lacks are passed over.
    changes
        Months, counted from the first of the data, at which something changes, and what.
    against
        A run on the same random draws, drawn dashed.

    Returns
    -------
    Drawing
        The panels. None where the economy has none of the figures.

    Raises
    ------
    ComparisonError
        For an unknown figure, or runs that do not go together.
    """
    if against is not None:
        trajectory_tables.expect_same_random_draws(against, data)
    when = _when(data)
    facets, tables, told = [], [], []
    for figure in figures:
        value, unit = _figure(data, figure)
        other = None if against is None else _figure(against, figure)[0]
        if not _exists(value) and (other is None or not _exists(other)):
            continue
        drawn = quantiles(value, SHARES)
        beside = np.full((1, len(when)), np.nan) if other is None else quantiles(other, (0.5,))
        panel = YearPanel(when[0], when[-1], from_zero(drawn, beside))
        title = _(run_figure(figure).label)
        parts = [
            panel.axes(_unit(unit), _years(data)),
            panel.band(when, drawn[0].tolist(), drawn[4].tolist(), "f-wide90"),
            panel.band(when, drawn[1].tolist(), drawn[3].tolist(), "f-wide50"),
            *_changes(panel, data, changes),
        ]
        if other is not None:
            parts.append(panel.line(when, beside[0].tolist(), "s-ink", 1.3, "4 3"))
        parts.append(panel.line(when, drawn[2].tolist(), "s-accent", 2.2))
        facets.append(Facet(body=joined(parts), width=panel.width, height=panel.height, title=title))
        tables.append(_table(figure, data, drawn, beside[0] if other is not None else None, unit))
        told.append(_told(data, figure, title, unit))
    if not facets:
        return None
    return Drawing(
        alt=" ".join(told),
        facets=tuple(facets),
        table=pd.concat(tables, ignore_index=True),
        key=tuple(_key(against is not None)),
        kind="panels",
    )


def modes(data: xr.Dataset, changes: Sequence[tuple[int, str]] = ()) -> Drawing | None:
    """Exports by each way out, median and 50 % of the replicates, in one panel with names at the lines' ends.

    Parameters
    ----------
    data
        Dataset of a run.
    changes
        As in :func:`fans`.

    Returns
    -------
    Drawing
        The panel. None where nothing leaves the country.
    """
    drawn = {}
    for way, figure in WAYS.items():
        value, _unit_of = _figure(data, figure)
        if _exists(value):
            drawn[way] = quantiles(value, SHARES)
    if not drawn:
        return None
    when = _when(data)
    scale = from_zero(*(q[1:4] for q in drawn.values()))
    panel = YearPanel(when[0], when[-1], scale, width=370.0, height=280.0, right=100.0)
    parts = [panel.axes(_unit("t/yr"), _years(data)), *_changes(panel, data, changes)]
    ends = []
    for way, own in drawn.items():
        words, colour = theme.WAYS[way]
        parts.append(panel.band(when, own[1].tolist(), own[3].tolist(), f"f-{colour}", 0.15))
        parts.append(panel.line(when, own[2].tolist(), f"s-{colour}", 2.4, theme.DASHES[colour] or None))
        last = own[2][np.isfinite(own[2])][-1]
        ends.append((panel.y(float(last)), f"{_(words)}, {significant(float(last))}", colour))
    for y, words, colour in _apart(sorted(ends), panel):
        parts.append(svg.text(panel.width - panel.right + 7, y + 4, words, f"num f-{colour}"))
    told = [_told(data, WAYS[way], _(run_figure(WAYS[way]).label), "t/yr") for way in drawn]
    tables = [_table(WAYS[way], data, own, None, "t/yr") for way, own in drawn.items()]
    facet = Facet(body=joined(parts), width=panel.width, height=panel.height)
    return Drawing(
        alt=" ".join(told),
        facets=(facet,),
        table=pd.concat(tables, ignore_index=True),
        key=(
            KeyEntry(
                mark=svg.rect(0, 1, 18, 10, "f-wide50") + svg.line(0, 6, 18, 6, "s-soft", 2.4),
                words=_("median of the runs, 50% of them"),
            ),
            _dotted(),
        ),
        kind="panels",
    )


def stepped_map(
    outcomes: Mapping[int, xr.Dataset], places: Mapping[str, Place], names: Mapping[str, str]
) -> Drawing:
    """Flows on the map, a facet for each of some years, the first and the last among them.

    Parameters
    ----------
    outcomes
        Datasets of outcomes by year, the one before the policy first.
    places
        Places of the case, by id.
    names
        Names as shown.

    Returns
    -------
    Drawing
        The maps, with lines on one scale; the table has the flows of all years.
    """
    years = list(outcomes)
    kept = sorted({years[round(i)] for i in np.linspace(0, len(years) - 1, min(YEARS, len(years)))})
    first = outcomes[years[0]]
    maps = {
        year: draw_map(
            first, places, outcomes[year], "after", names=names, backdrop=year == kept[0], layouts=(SMALL,)
        )
        for year in kept
    }
    facets = [replace(maps[year].facets[0], title=_("Year {year}").format(year=year)) for year in kept]
    key = dict.fromkeys(entry for one in maps.values() for entry in one.key if entry.mark)
    tables = []
    for year, outcome in outcomes.items():
        own = flow_table(outcome, places, names)
        tables.append(own.assign(year=year)[["year", *own.columns]])
    alt = " ".join(
        _("Year {year}: {map}").format(year=year, map=maps[year].alt)
        for year in dict.fromkeys((kept[0], kept[-1]))
    )
    return Drawing(
        alt=alt,
        facets=tuple(facets),
        table=pd.concat(tables, ignore_index=True),
        key=tuple(key),
        kind="map",
    )


def _figure(data: xr.Dataset, name: str) -> tuple[FloatArray, str]:
    """A figure (replicate, month), smoothed, shares in per cent, and its unit."""
    value = series(data, name)
    unit = str(value.attrs["unit"])
    return _smooth(value.values) * (100.0 if unit == "share" else 1.0), unit


def _exists(value: FloatArray) -> bool:
    """Whether an economy has a figure: some number that is not zero."""
    return bool((np.isfinite(value) & (value != 0)).any())


def _unit(unit: str) -> str:
    return _(UNITS.get(unit, unit))


def _when(data: xr.Dataset) -> list[float]:
    """Months as years: calendar years, or those from the first month of the policy."""
    months = data["month"].values
    if np.issubdtype(months.dtype, np.datetime64):
        return [float(v) for v in 1970 + months.astype("datetime64[M]").astype(int) / MONTHS_PER_YEAR]
    return [float(m - 1) / MONTHS_PER_YEAR for m in months]


def _years(data: xr.Dataset) -> str:
    """What the years below a panel are, where they are no calendar's."""
    calendar = np.issubdtype(data["month"].values.dtype, np.datetime64)
    return "" if calendar else _("years of the policy")


def _smooth(value: FloatArray, months: int = 3) -> FloatArray:
    """Means of three months around each: what arrives in single months depends on few consignments."""
    half = months // 2
    padded = np.pad(value, ((0, 0), (half, half)), mode="edge")
    return np.asarray(np.stack([padded[:, i : i + value.shape[1]] for i in range(months)]).mean(0))


def _changes(panel: YearPanel, data: xr.Dataset, changes: Sequence[tuple[int, str]]) -> Iterator[Markup]:
    """Dotted lines where something changes; the first month of the policy if nothing is said."""
    when = _when(data)
    told: dict[int, list[str]] = {}
    for month, change in changes:
        told.setdefault(month, []).append(change)
    if not told:
        told = {trajectory_tables.before(data): []}
    for month, words in sorted(told.items()):
        if 0 <= month < len(when):
            x = round(panel.x(when[month]), 1)
            yield svg.element(
                "line",
                svg.element("title", "; ".join(words)) if words else "",
                x1=x,
                y1=panel.top,
                x2=x,
                y2=panel.height - panel.bottom,
                class_="s-soft",
                stroke_dasharray="2 3",
            )


def _apart(ends: list[tuple[float, str, str]], panel: YearPanel) -> list[tuple[float, str, str]]:
    """Names at the ends of lines, from above, moved apart so that none covers another."""
    spots = np.array([y for y, _words, _colour in ends])
    low, high = panel.top, panel.height - panel.bottom
    for _step in range(100):
        for i in range(len(spots) - 1):
            short = APART - (spots[i + 1] - spots[i])
            if short > 0:
                spots[i], spots[i + 1] = spots[i] - short / 2, spots[i + 1] + short / 2
        if len(spots) and spots[-1] > high:
            spots[-1] = high
        if len(spots) and spots[0] < low:
            spots[0] = low
    return [(float(y), words, colour) for y, (_y, words, colour) in zip(spots, ends, strict=True)]


def _key(against: bool) -> Iterator[KeyEntry]:
    bands = (
        svg.rect(0, 0, 18, 12, "f-wide90") + svg.rect(0, 3, 18, 6, "f-wide50")
        + svg.line(0, 6, 18, 6, "s-accent", 2.2)
    )  # fmt: skip
    yield KeyEntry(mark=Markup(bands), words=_("median of the runs, 50% and 90% of them"))
    if against:
        dashed = svg.element(
            "path", d="M0 6H18", class_="none s-ink", stroke_width=1.3, stroke_dasharray="4 3"
        )
        yield KeyEntry(mark=dashed, words=_("without the policy, same random draws"))
    yield _dotted()


def _dotted() -> KeyEntry:
    mark = svg.element("path", d="M9 0V12", class_="none s-soft", stroke_dasharray="2 3")
    return KeyEntry(mark=mark, words=_("the policy begins or changes"))


def _table(
    figure: str, data: xr.Dataset, drawn: FloatArray, without: FloatArray | None, unit: str
) -> pd.DataFrame:
    months = data["month"].values
    dates = np.issubdtype(months.dtype, np.datetime64)
    frame = pd.DataFrame(
        {"figure": figure, "month": months.astype("datetime64[M]").astype(str) if dates else months}
    )
    for column, values in zip(
        ("median", "low_90", "low_50", "high_50", "high_90"), drawn[[2, 0, 1, 3, 4]], strict=True
    ):
        frame[column] = values
    if without is not None:
        frame["median_without"] = without
    return frame.assign(unit=UNITS.get(unit, unit))


def _told(data: xr.Dataset, figure: str, title: str, unit: str) -> str:
    """How a figure moves, in words, as the table of the run has it."""
    row = trajectory_tables.summary(data, (figure,)).to_dict("index")[figure]
    scale = 100.0 if unit == "share" else 1.0
    before, last, low, high = (significant(scale * row[c]) for c in ("before", "last", "last_5", "last_95"))
    words = _("{figure}: {before} {unit} before, {last} in the last year, 90% of runs {low} to {high}.")
    return words.format(figure=title, before=before, unit=_unit(unit), last=last, low=low, high=high)
