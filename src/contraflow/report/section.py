"""What the report is made of: sections of the page, parts of each answer, and what they show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contraflow._language import _, pgettext
from contraflow.report.data import ReportData
from contraflow.report.draw.drawing import Drawing
from contraflow.text.names import Names

ID = re.compile(r"[a-z][a-z0-9-]*")

OF_EVERY_TEMPLATE = ("report", "names", "figure", "reading")
"""Variables that every template has: the data of the report, the names and words of the case, the macro
that shows a figure of the content by its name, and the sentence that says how charts are read."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a section or part puts on the page."""

    data: Mapping[str, Any] = field(default_factory=dict)
    """Variables of the template, besides those that every template has (:data:`OF_EVERY_TEMPLATE`)."""

    drawings: Mapping[str, Drawing | None] = field(default_factory=dict)
    """Figures by name; ``{{ figure("NAME", "Heading", "Caption") }}`` of the template shows one, and
    nothing where it is None. The name is also its address on the page."""

    title: str = ""
    """Heading, where the data decide on it; otherwise that of the entry."""


Make = Callable[[ReportData, Names], Content | None]
"""From the data of a report, and names as shown by id, to what a section shows; None: it does not appear."""

MakeOfAnswer = Callable[[ReportData, Names, int], Content | None]
"""As :data:`Make`, for the answer of a number, from 0."""


@dataclass(frozen=True, kw_only=True)
class PageEntry:
    """What sections and parts share; a half-made one is a ValueError as soon as it is written."""

    id: str
    """Address on the page: lower-case letters, digits and hyphens."""

    title: str
    """Heading on the page, marked for the catalogue."""

    template: str | Path
    """Jinja template of what stands below the heading: its text, or the path of a file with it."""

    make: Callable[..., Content | None]
    """What computes the content."""

    def __post_init__(self) -> None:
        """Check that nothing is missing."""
        fault = self._fault()
        if fault:
            raise ValueError(
                fault.format(id=self.id, word=self.word, entry=self.called, template=self.template)
            )

    @property
    def word(self) -> str:
        """What errors call such an entry."""
        return pgettext("of the report", "part")

    @property
    def called(self) -> str:
        """What errors call this entry."""
        return _("the {word} '{id}'").format(word=self.word, id=self.id)

    def _fault(self) -> str:
        """What is missing or wrong, as a text to be filled; empty if nothing is."""
        if not ID.fullmatch(self.id):
            return _(
                "'{id}' cannot be the id of a {word}: an id is an address on the page, which begins with a "
                "lower-case letter and holds only lower-case letters, digits and hyphens"
            )
        if not self.title.strip():
            return _("{entry} has no title: write the heading that the page shows")
        if not callable(self.make):
            return _("{entry} has no function that makes its content")
        if isinstance(self.template, Path):
            if not self.template.is_file():
                return _("{entry} has no template: there is no file {template}")
        elif not set("<{") & set(self.template):
            return _(
                "the template of {entry} is the text '{template}', which has no tags; give the path of a "
                "file as a pathlib.Path"
            )
        return ""


@dataclass(frozen=True, kw_only=True)
class Section(PageEntry):
    """A section of the page."""

    make: Make
    """What computes the content."""

    chapter: str
    """Chapter under which it stands, one of :data:`contraflow.report.sections.registry.CHAPTERS`."""

    folded: bool = True
    """Whether only its heading is seen until the reader opens it."""

    @property
    def word(self) -> str:
        """What errors call a section."""
        return pgettext("of the report", "section")


@dataclass(frozen=True, kw_only=True)
class Part(PageEntry):
    """A part of each answer."""

    make: MakeOfAnswer
    """What computes the content for one answer."""

    folded: bool = True
    """Whether only its heading is seen until the reader opens it."""


def expect_distinct(entries: Iterable[Any]) -> tuple[Any, ...]:
    """The entries as a tuple. Raises ValueError if two have the same id."""
    chosen = tuple(entries)
    ids = [entry.id for entry in chosen]
    for one in ids:
        if ids.count(one) > 1:
            text = _("two entries of the report have the id '{id}': give one of them another")
            raise ValueError(text.format(id=one))
    return chosen
