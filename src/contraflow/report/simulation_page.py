"""The page of a simulation: one HTML file that opens anywhere, offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xarray as xr
from markupsafe import Markup

from contraflow._language import _, language
from contraflow.case.case import Case
from contraflow.report.draw import fans, theme
from contraflow.report.draw.drawing import STYLE
from contraflow.report.draw.flow_curves import map_frame
from contraflow.report.draw.map import backdrop
from contraflow.report.jinja import environment, figure_macro
from contraflow.report.sections import month_by_month
from contraflow.results import trajectory_tables
from contraflow.text.names import shown_names

SHOWN = (
    "exports",
    "exports by air",
    "hectares at home",
    "local price",
    "seized at home",
    "growers' income",
    "active places",
    "clans",
)
"""Figures of the fan charts, those that the runs have."""


def render(
    case: Case,
    data: xr.Dataset,
    changes: Sequence[tuple[int, str]],
    years: Mapping[int, xr.Dataset],
    against: xr.Dataset | None = None,
) -> str:
    """The whole page as text. ``years`` are outcomes by year, for the map; ``against`` a run without."""
    names = shown_names(case)
    shown = trajectory_tables.had(*((data,) if against is None else (data, against)), names=SHOWN)
    ways = fans.modes(data, changes) if "exports" in shown else None
    pure = _("Tonnes of pure {substance} a year, at the rate of the month.").format(substance=names.substance)
    straight = _(
        "Width of a line: square root of its tonnes, means over the runs. Lines are straight connections "
        "between places, not routes."
    )
    drawn = (
        ("fans", _("Month by month"), month_by_month.words_of_changes(data, changes),
         fans.fans(data, shown, changes, against), month_by_month.caption(against is not None)),
        ("modes", _("Ways out of the country"), _("What one way loses and another gains, all on one scale."),
         ways, pure),
        ("map", _("Year by year on the map"), "", fans.stepped_map(years, case.places, names), straight),
    )  # fmt: skip
    templates = environment()
    figure = figure_macro(templates)
    return templates.get_template("simulation.html.j2").render(
        language=language(),
        title=str(data.attrs["title"]),
        case=case.info.title,
        about=month_by_month.about(data),
        figures=[
            {"id": name, "title": title, "text": text, "figure": figure(f"fig-{name}", drawing, "", note)}
            for name, title, text, drawing, note in drawn
            if drawing is not None
        ],
        table=month_by_month.table(data, names),
        made=_("{how} Seed {seed}, case {case} ({fingerprint}).").format(
            how=_(month_by_month.MADE),
            seed=data.attrs["seed"],
            case=data.attrs["case"],
            fingerprint=str(data.attrs["fingerprint"])[:12],
        ),
        version=data.attrs["version"],
        backdrop=backdrop(map_frame(case.places, case.info.home), case.info.home),
        style=Markup(theme.variables() + theme.classes() + STYLE),
    )
