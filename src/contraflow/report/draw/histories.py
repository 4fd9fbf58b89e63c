"""Histories run forward, side by side: one series as several cases foresee it, with what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, log2, log10
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from contraflow._language import _
from contraflow._numbers import fixed, significant
from contraflow._quantiles import ENDS
from contraflow.case.statements import BREAK
from contraflow.errors import ComparisonError
from contraflow.report.draw import svg
from contraflow.report.draw.drawing import Drawing, Facet, KeyEntry
from contraflow.text import series_names

if TYPE_CHECKING:
    import pandas as pd

WIDTH, HEIGHT = 350.0, 236.0
"""Size of a facet, px."""

LEFT, RIGHT, TOP, BOTTOM = 52.0, 10.0, 34.0, 24.0
"""Room around the panel of a facet, px."""

SPACE = 34.0
"""Least distance between the labels of two years, px."""


class PanelSeries(NamedTuple):
    """A history as :func:`draw_histories` draws it.

    ``rows`` are its :attr:`History.predictions`; ``until`` is the last year that it was calibrated on;
    ``bounds`` names claims that are bounds, 1 for a lower and -1 for an upper one.
    """

    title: str
    rows: pd.DataFrame
    until: int
    bounds: Mapping[str, int]


class _Panel(NamedTuple):
    """What all facets share: years and figures at the ends of their axes."""

    first: float
    last: float
    low: float
    high: float

    def x(self, when: float) -> float:
        """Position of a time, px."""
        return LEFT + (WIDTH - LEFT - RIGHT) * (when - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        """Position of a figure on the logarithmic scale, px."""
        share = log2(max(value, self.low) / self.low) / log2(self.high / self.low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    def points(self, when: Sequence[float], values: Sequence[float]) -> str:
        """A line through points, as data of a path."""
        return "L".join(
            f"{svg.short(self.x(x))} {svg.short(self.y(y))}" for x, y in zip(when, values, strict=True)
        )


def draw_histories(
    histories: Sequence[PanelSeries],
    quantity: str,
    form: str,
    where: str,
    names: Mapping[str, str],
    title: str = "",
) -> Drawing:
    """One series as several histories foresee it, a facet each, with what was observed.

    Bands hold what a source would state: 50 % and 90 %, with the median, on a scale whose lines double.
    Observations are full where the history was calibrated on them, else hollow; dashed is the forecast that
    nothing changes.

    Parameters
    ----------
    histories
        The histories.
    quantity, form
        The series.
    where
        Code of a country, or id of a place.
    names
        Names of forms and places.
    title
        Heading of a file of its own. Empty: what the series is about.

    Raises
    ------
    ComparisonError
        If a history has no such series, or if several fit.
    """
    chosen = [t._replace(rows=_one_series(t, quantity, form, where)) for t in histories]
    first = chosen[0].rows.iloc[0].to_dict()
    scale = series_names.divisor(chosen[0].rows)
    unit = series_names.unit(first)
    ends = [one.rows[["stated", "model_5", "model_95"]].to_numpy(float) / scale for one in chosen]
    low, high = min(float(e[e > 0].min()) for e in ends), max(float(e.max()) for e in ends)
    start = _start(low)
    panel = _Panel(
        min(float(one.rows["when"].min()) for one in chosen) - 0.6,
        max(float(one.rows["when"].max()) for one in chosen) + 0.6,
        start,
        max(high * 1.05, start * 2),
    )
    subject = _("{what}, {where}").format(
        what=series_names.title(first, names), where=series_names.where(first, names)
    )
    return Drawing(
        alt=_alt(chosen, subject, unit, scale),
        facets=tuple(_facet(one, panel, scale, unit) for one in chosen),
        table=_table(chosen, scale, unit),
        title=title or subject,
        key=_key(chosen),
        kind="panels",
    )


def _start(low: float) -> float:
    """Where the axis begins: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(low))
    return float(power * max(m for m in (1, 2, 5) if m * power <= low * (1 + 1e-9)))


def _one_series(history: PanelSeries, quantity: str, form: str, where: str) -> pd.DataFrame:
    """Rows of the one series that is asked for, by years. Raises ComparisonError."""
    rows = history.rows
    at = rows["place"].where(rows["place"] != "", rows["country"])
    fits = (rows["quantity"] == quantity) & (at == where)
    fits &= (rows["form"] == form) if form else True
    found = rows[fits]
    if found["series"].nunique() != 1:
        known = rows.assign(at=at).drop_duplicates("series")[["quantity", "form", "at"]].to_numpy()
        asked = " ".join(filter(None, (quantity, form, where)))
        text = (
            _("The history of '{title}' has no series '{asked}'. It has: {known}.")
            if found.empty
            else _("The history of '{title}' has more than one series '{asked}'. It has: {known}.")
        )
        listed = "; ".join(" ".join(filter(None, one)) for one in known)
        raise ComparisonError(text.format(title=history.title, asked=asked, known=listed))
    return found.assign(when=found["year"].map(series_names.middle)).sort_values("when")


def _facet(history: PanelSeries, panel: _Panel, scale: float, unit: str) -> Facet:
    rows = history.rows
    when = [float(x) for x in rows["when"]]
    values = {e: [float(v) / scale for v in rows[f"model{e}"]] for e in ("", *ENDS)}
    parts = [_axes(panel, unit)]
    for low, high, colour in (("_5", "_95", "wide90"), ("_25", "_75", "wide50")):
        up, down = panel.points(when, values[high]), panel.points(when[::-1], values[low][::-1])
        parts.append(svg.path(f"M{up}L{down}z", f"f-{colour}"))
    for end in ("_5", "_95"):
        parts.append(svg.path(f"M{panel.points(when, values[end])}", "none s-soft", 0.8))
    parts.append(svg.path(f"M{panel.points(when, values[''])}", "none s-accent", 2.4))
    still = float(rows["naive"].iloc[0]) / scale
    dashed = panel.points([max(panel.first, min(history.until, when[-1])), when[-1]], [still, still])
    parts.append(svg.element("path", d=f"M{dashed}", class_="none s-ink", stroke_width=1.2,
                             stroke_dasharray="5 4"))  # fmt: skip
    parts += [_observation(row, panel, scale, history.bounds) for row in rows.to_dict("records")]
    words = _("{title}, calibrated to {year}").format(title=history.title, year=history.until)
    return Facet(body=Markup("").join(parts), width=WIDTH, height=HEIGHT, title=words)


def _axes(panel: _Panel, unit: str) -> Markup:
    bottom = HEIGHT - BOTTOM
    words = _("{unit}, each line twice the one below").format(unit=unit) if unit else ""
    parts = [svg.text(0, 12, words, "small f-soft")]
    tick = panel.low
    while tick <= panel.high * (1 + 1e-9):
        y = panel.y(tick)
        parts.append(svg.line(LEFT, y, WIDTH - RIGHT, y, "s-grid"))
        digits = 0 if tick >= 10 else 2
        text = fixed(tick, digits).rstrip("0").rstrip(".") if digits else fixed(tick, 0)
        parts.append(svg.text(LEFT - 6, y + 4, text, "small num f-soft end"))
        tick *= 2
    each = next(n for n in (1, 2, 5, 10, 20, 50) if n * (panel.x(1) - panel.x(0)) >= SPACE)
    for year in range(-(-int(panel.first) // each) * each, int(panel.last) + 1, each):
        if year >= panel.first:
            parts.append(svg.line(panel.x(year), bottom, panel.x(year), bottom + 4, "s-soft"))
            parts.append(svg.text(panel.x(year), bottom + 17, str(year), "small num f-soft mid"))
    parts.append(svg.line(LEFT, bottom, WIDTH - RIGHT, bottom, "s-soft"))
    return Markup("").join(parts)


def _observation(row: Mapping[Any, Any], panel: _Panel, scale: float, bounds: Mapping[str, int]) -> Markup:
    """What was published: full where it was fitted, a triangle where it is a bound."""
    value, bound = float(row["stated"]) / scale, bounds.get(row["claim"], 0)
    shape = {0: "circle", 1: "triangle", -1: "triangle-down"}[bound]
    fill = "f-ink" if row["use"] == "fit" else "f-paper"
    words = {
        0: _("{year}: {figure}"),
        1: _("{year}: at least {figure}"),
        -1: _("{year}: at most {figure}"),
    }[bound]
    told = words.format(year=row["year"], figure=significant(value))
    return svg.mark(panel.x(row["when"]), panel.y(value), shape, 4, f"{fill} s-ink", told, 1.4)


def _key(histories: Sequence[PanelSeries]) -> tuple[KeyEntry, ...]:
    """What marks mean, and what else a reader of the dots has to know."""
    bands = (
        svg.rect(0, 0, 18, 12, "f-wide90")
        + svg.line(0, 0.5, 18, 0.5, "s-soft", 0.8)
        + svg.line(0, 11.5, 18, 11.5, "s-soft", 0.8)
        + svg.rect(0, 3, 18, 6, "f-wide50")
        + svg.line(0, 6, 18, 6, "s-accent", 2.4)
    )
    dashed = svg.element("path", d="M0 6H18", class_="none s-ink", stroke_width=1.2, stroke_dasharray="5 4")
    entries = [
        KeyEntry(mark=bands, words=_("foreseen to be published: median, 50% and 90% interval")),
        KeyEntry(mark=Markup(dashed), words=_("if nothing changed")),
        KeyEntry(mark=svg.dot(9, 6, 4, "f-ink s-ink", width=1.4), words=_("published, calibrated on it")),
        KeyEntry(mark=svg.dot(9, 6, 4, "f-paper s-ink", width=1.4), words=_("published, not used")),
    ]
    if any(claim in one.bounds for one in histories for claim in one.rows["claim"]):
        mark = svg.mark(5, 6, "triangle", 4, "f-ink") + svg.mark(14, 6, "triangle-down", 4, "f-ink")
        entries.append(KeyEntry(mark=Markup(mark), words=_("published as at least, as at most")))
    breaks = [w for one in histories for w in one.rows.loc[one.rows["note"].str.startswith(BREAK), "when"]]
    if breaks:
        words = _("published by another method from {year} on").format(year=fixed(min(breaks), 0))
        entries.append(KeyEntry(mark=Markup(""), words=words.replace(",", "")))
    return tuple(entries)


def _table(histories: Sequence[PanelSeries], scale: float, unit: str) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for one in histories:
        frame = one.rows[["year", "claim", "use"]].assign(history=one.title)
        for column in ("stated", "model", *(f"model{e}" for e in ENDS), "naive"):
            frame[f"{column} [{unit}]" if unit else column] = one.rows[column] / scale
        frames.append(frame[["history", *frame.columns.drop("history")]])
    return pd.concat(frames, ignore_index=True)


def _alt(histories: Sequence[PanelSeries], subject: str, unit: str, scale: float) -> str:
    parts = []
    for one in histories:
        rows = one.rows
        later = rows[rows["use"] != "fit"]
        inside = later[(later["stated"] >= later["model_5"]) & (later["stated"] <= later["model_95"])]
        told = {
            "subject": subject,
            "history": one.title,
            "first": str(rows["year"].iloc[0]),
            "last": str(rows["year"].iloc[-1]),
            "low": significant(float(rows["model"].iloc[0]) / scale),
            "high": significant(float(rows["model"].iloc[-1]) / scale),
            "unit": unit,
            "inside": len(inside),
            "count": len(later),
        }
        parts.append(
            _(
                "{subject}: the history of {history} goes from {low} in {first} to {high} {unit} in {last}. "
                "Of {count} figures that it was not calibrated on, {inside} lie within the 90% interval."
            ).format(**told)
        )
    return " ".join(parts)
