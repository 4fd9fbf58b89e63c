"""What a section of the report is: an entry of the table of sections, and what it puts on the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contraflow.report.data import ReportData
from contraflow.report.draw.drawing import Drawing

ID = re.compile(r"[a-z][a-z0-9-]*")

OF_EVERY_TEMPLATE = ("report", "home", "reading")
"""Variables that every template has: the data of the report, the name of the home country, and the sentence
that says how charts with intervals are read."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a section puts on the page."""

    data: Mapping[str, Any] = field(default_factory=dict)
    """Variables of the template, besides those that every template has (:data:`OF_EVERY_TEMPLATE`)."""

    drawings: Mapping[str, Drawing] = field(default_factory=dict)
    """Figures by name; a box ``<div class="fig" data-fig="NAME"></div>`` of the template shows one.

    ``{q}`` in the name that a box gives stands for the number, from 0, of the question that the reader
    selects, ``{view}`` for ``before``, ``after-0``, ``difference-0`` and so on, ``{when}`` for ``before``,
    ``after-0`` and so on.
    """

    title: str = ""
    """Heading, where the data decide on it; otherwise that of the section."""

    label: str = ""
    """Entry of the navigation, where the data decide on it."""


Make = Callable[[ReportData, Mapping[str, str]], Content | None]
"""From the data of a report, and names as shown by id, to what a section shows; None: it does not appear."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the report; a half-made one is a ValueError as soon as it is written."""

    id: str
    """Anchor on the page: lower-case letters, digits and hyphens."""

    title: str
    """Heading on the page."""

    template: str | Path
    """Jinja template of what stands below the heading: its text, or the path of a file with it."""

    make: Make
    """What computes the content."""

    label: str = ""
    """Entry of the navigation; the title if empty."""

    def __post_init__(self) -> None:
        """Check that nothing is missing."""
        if not ID.fullmatch(self.id):
            raise ValueError(
                f"'{self.id}' cannot be the id of a section: an id is an anchor of the page, which begins "
                "with a lower-case letter and holds only lower-case letters, digits and hyphens"
            )
        if not self.title.strip():
            raise ValueError(f"the section '{self.id}' has no title: write the heading that the page shows")
        if not callable(self.make):
            raise ValueError(f"the section '{self.id}' has no function that makes its content")
        if isinstance(self.template, Path):
            if not self.template.is_file():
                raise ValueError(f"the section '{self.id}' has no template: there is no file {self.template}")
        elif not set("<{") & set(self.template):
            raise ValueError(
                f"the template of the section '{self.id}' is the text '{self.template}', which has no tags; "
                "give the path of a file as a pathlib.Path"
            )


def expect_distinct(sections: Iterable[Section]) -> tuple[Section, ...]:
    """The sections as a tuple. Raises ValueError if two have the same id."""
    chosen = tuple(sections)
    ids = [section.id for section in chosen]
    for one in ids:
        if ids.count(one) > 1:
            raise ValueError(f"two sections of the report have the id '{one}': give one of them another")
    return chosen
