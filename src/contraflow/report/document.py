"""The report: one HTML file that opens anywhere, offline, with figures drawn as they come into view."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contraflow._io import write_atomically
from contraflow.report.data import ReportData
from contraflow.report.draw import bars
from contraflow.report.draw.basemap import base_traces
from contraflow.report.draw.flow_curves import map_frame
from contraflow.report.jinja import embed, environment, fill
from contraflow.report.section import OF_EVERY_TEMPLATE, Section, expect_distinct
from contraflow.report.sections.registry import SECTIONS
from contraflow.results.view import home_country

if TYPE_CHECKING:
    from jinja2 import Environment

    from contraflow.report.draw.drawing import Drawing


def write_report(
    report: ReportData, path: str | os.PathLike[str], sections: Sequence[Section] = SECTIONS
) -> Path:
    """Write the report to ``path``; an existing file stays whole if anything fails.

    Parameters
    ----------
    report
        What the page shows.
    path
        The file.
    sections
        Those of the page, in their order, as in :func:`render`.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OutputError
        If the folder does not exist or cannot be written.
    ValueError
        As :func:`render`.
    """
    return write_atomically(path, render(report, sections))


def render(report: ReportData, sections: Sequence[Section] = SECTIONS) -> str:
    """The whole page as text.

    Parameters
    ----------
    report
        What the page shows.
    sections
        Those of the page, in their order; a section of your own is added as in ``(*SECTIONS, mine)``.

    Returns
    -------
    str
        One HTML file that opens without a network.

    Raises
    ------
    ValueError
        If two sections have the same id or a figure of the same name, or if a template cannot be filled
        with what its section makes.
    """
    from plotly.offline import get_plotlyjs

    home = home_country(report.base)
    always = {
        "report": report,
        "home": report.names.get(home, ""),
        "reading": bars.READING if report.draws > 1 else "",
    }
    templates = environment()
    shown = [
        made
        for section in expect_distinct(sections)
        for made in [_make(section, report, templates, always)]
        if made is not None
    ]
    frame = map_frame(report.case.places, home)
    return templates.get_template("report.html.j2").render(
        **always,
        sections=shown,
        figures={name: embed(figure.json()) for name, figure in _figures(shown).items()},
        backdrop=embed(json.dumps(base_traces(frame, home), separators=(",", ":"))),
        aspect=frame.height / frame.width,
        plotlyjs=get_plotlyjs().replace("</script", "<\\/script"),
    )


@dataclass(frozen=True)
class _Shown:
    """A section as it stands on the page."""

    id: str
    title: str
    label: str
    body: str
    drawings: dict[str, Drawing]


def _make(
    section: Section, report: ReportData, templates: Environment, always: dict[str, Any]
) -> _Shown | None:
    """The section filled with its content, None where it has none."""
    content = section.make(report, report.names)
    if content is None:
        return None
    for name in OF_EVERY_TEMPLATE:
        if name in content.data:
            raise ValueError(
                f"the section '{section.id}' has data of the name '{name}', which every template has already"
            )
    title = content.title or section.title
    body = fill(templates, section.template, f"the section '{section.id}'", always | dict(content.data))
    label = content.label or content.title or section.label or section.title
    return _Shown(section.id, title, label, body, dict(content.drawings))


def _figures(shown: Sequence[_Shown]) -> dict[str, Drawing]:
    """Figures of all sections by name."""
    owners: dict[str, str] = {}
    found: dict[str, Drawing] = {}
    for section in shown:
        for name, drawing in section.drawings.items():
            if name in found:
                raise ValueError(
                    f"the sections '{owners[name]}' and '{section.id}' both have a figure of the name "
                    f"'{name}': give one of them another"
                )
            owners[name], found[name] = section.id, drawing
    return found
