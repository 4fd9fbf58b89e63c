"""The report: one HTML file that opens anywhere, offline, and is read without scripts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from contraflow._io import write_atomically
from contraflow._language import _, language
from contraflow.report.data import ReportData
from contraflow.report.draw import row_charts, theme
from contraflow.report.draw.drawing import STYLE, Drawing
from contraflow.report.draw.flow_curves import map_frame
from contraflow.report.draw.map import backdrop
from contraflow.report.front import front
from contraflow.report.jinja import environment, figure_macro, fill
from contraflow.report.section import OF_EVERY_TEMPLATE, Content, PageEntry, Part, Section, expect_distinct
from contraflow.report.sections.registry import CHAPTERS, PARTS, SECTIONS

if TYPE_CHECKING:
    from jinja2 import Environment

    from contraflow.text.names import Names


def write_report(
    report: ReportData,
    path: str | os.PathLike[str],
    sections: Sequence[Section] = SECTIONS,
    parts: Sequence[Part] = PARTS,
) -> Path:
    """Write the report to ``path``; an existing file stays whole if anything fails.

    Parameters
    ----------
    report
        What the page shows.
    path
        The file.
    sections, parts
        As in :func:`render`.

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
    return write_atomically(path, render(report, sections, parts))


def render(report: ReportData, sections: Sequence[Section] = SECTIONS, parts: Sequence[Part] = PARTS) -> str:
    """The whole page as text, in the language of the reader.

    Parameters
    ----------
    report
        What the page shows.
    sections
        Those of the page, in their order within each chapter; one of your own is added as in
        ``(*SECTIONS, mine)``.
    parts
        Those of each answer, in their order.

    Returns
    -------
    str
        One HTML file that opens without a network.

    Raises
    ------
    ValueError
        If two sections or parts have the same id or a figure of the same name, if a section belongs to no
        chapter, or if a template cannot be filled with what its section makes.
    """
    page = PageFiller(report, report.names, environment())
    expect_distinct(parts)
    answers = [
        {
            "question": question,
            "words": report.sentences[number],
            "parts": [shown for part in parts if (shown := page.part(part, number)) is not None],
        }
        for number, question in enumerate(report.questions)
    ]
    known = [chapter for chapter, _title in CHAPTERS]
    for section in expect_distinct(sections):
        if section.chapter not in known:
            text = _(
                "{entry} belongs to the chapter '{chapter}', which the page does not have; there are: {known}"
            )
            raise ValueError(
                text.format(entry=section.called, chapter=section.chapter, known=", ".join(known))
            )
    made = [(section.chapter, page.section(section)) for section in sections]
    chapters = [
        {"id": chapter, "title": _(title), "sections": [s for c, s in made if c == chapter and s is not None]}
        for chapter, title in CHAPTERS
    ]
    home = report.home
    frame = map_frame(report.case.places, home)
    text = page.templates.get_template("report.html.j2").render(
        **page.always,
        language=language(),
        front=front(report),
        answers=answers,
        chapters=[c for c in chapters if c["sections"] or (c["id"] == "answers" and answers)],
        backdrop=backdrop(frame, home),
        style=Markup(theme.variables() + theme.classes() + STYLE),
    )
    return re.sub(r"\n\s+", "\n", text)


@dataclass(frozen=True)
class FilledEntry:
    """A section or part as it stands on the page."""

    id: str
    title: str
    body: Markup
    folded: bool


@dataclass(frozen=True)
class PageFiller:
    """What is filled into templates, and the addresses that are taken."""

    report: ReportData
    names: Names
    templates: Environment
    owners: dict[str, str] = field(default_factory=dict)
    """Entry that each address of a figure belongs to."""

    @property
    def always(self) -> dict[str, Any]:
        """Variables that every template has, but for ``figure``."""
        reading = row_charts.reading() if self.report.draws > 1 else ""
        return {"report": self.report, "names": self.names, "reading": reading}

    def section(self, section: Section) -> FilledEntry | None:
        """A section filled with its content, None where it has none."""
        return self.fill(section, section.make(self.report, self.names), section.id, section.folded)

    def part(self, part: Part, number: int) -> FilledEntry | None:
        """A part of an answer filled with its content, None where it has none."""
        address = f"{self.report.questions[number].id}-{part.id}"
        return self.fill(part, part.make(self.report, self.names, number), address, part.folded)

    def fill(
        self, entry: PageEntry, content: Content | None, address: str, folded: bool = False
    ) -> FilledEntry | None:
        """An entry filled with its content, None where it has none; ``address`` is its own on the page."""
        if content is None:
            return None
        what = entry.called
        for name in OF_EVERY_TEMPLATE:
            if name in content.data:
                text = _("{entry} has data of the name '{name}', which every template has already")
                raise ValueError(text.format(entry=what, name=name))
        given = self.always | {"figure": self._figures(content.drawings, address, what)} | dict(content.data)
        body = fill(self.templates, entry.template, what, given)
        return FilledEntry(address, content.title or _(entry.title), body, folded)

    def _figures(self, drawings: Mapping[str, Drawing | None], address: str, what: str) -> Any:
        """What shows the figures of one entry, by name."""
        addresses = {}
        for name in drawings:
            own = f"fig-{address}-{name}"
            if own in self.owners:
                text = _("{entry} and {other} both have a figure of the name '{name}'")
                raise ValueError(text.format(entry=what, other=self.owners[own], name=name))
            self.owners[own] = what
            addresses[name] = own
        macro, keys = figure_macro(self.templates), set()

        def figure(name: str, title: str = "", caption: str = "") -> Markup:
            if name not in drawings:
                text = _("{entry} shows the figure '{name}', which its content does not have")
                raise ValueError(text.format(entry=what, name=name))
            drawing = drawings[name]
            if drawing is None:
                return Markup("")
            keyed = drawing.key not in keys
            keys.add(drawing.key)
            return macro(addresses[name], drawing, title, caption, keyed)

        return figure
