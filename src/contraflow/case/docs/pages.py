"""Pages of the documentation made from the shipped cases: ``python -m contraflow.case.docs.pages docs``."""

from __future__ import annotations

import sys
from pathlib import Path

from contraflow.case.case import Case
from contraflow.case.docs import coverage, provenance
from contraflow.case.load import load, shipped
from contraflow.case.scaffold import EXAMPLE

_WRITTEN = """\
This page is written by `python -m contraflow.case.docs.pages docs` from the tables of the shipped cases; do
not edit it.
"""

_COVERAGE = f"""\
# Coverage: what the sources describe

{_WRITTEN}
Every mechanism, actor, route, mode, place and measure that the sources of a case describe, in our own
words, and the rows of the case that represent it. A note says how, and what is left out in part. What
lies outside the model stands at the end, with the reason. In a terminal: `contraflow coverage CASE`.
"""

_SOURCES = f"""\
# Sources

{_WRITTEN}
What each source is, how far it is trusted and why, on what terms it may be used, and what in the model
rests on it. Grades are those of the Admiralty code, from A (completely reliable) to F (cannot be
judged). Facts are used, sentences are not. A claim is *fitted* (it calibrates), *checked* (compared,
never fitted), *predicted* (later than the baseline) or *context* (nothing that the model can show). In a
terminal: `contraflow sources CASE`.
"""


def pages(cases: tuple[Case, ...]) -> dict[str, str]:
    """Text of each page by its file name."""
    covered = [case for case in cases if case.coverage]
    return {
        "coverage.md": "\n".join([_COVERAGE, *(coverage.markdown(case) for case in covered)]),
        "sources.md": "\n".join([_SOURCES, *(provenance.markdown(case) for case in cases)]),
    }


def documented() -> tuple[Case, ...]:
    """The shipped cases that describe the world."""
    return tuple(load(name) for name in shipped() if name != EXAMPLE)


def write(folder: Path) -> None:
    """Write the pages into the folder of the documentation."""
    for name, text in pages(documented()).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
