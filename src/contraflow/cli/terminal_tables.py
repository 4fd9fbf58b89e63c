"""Figures and tables as a terminal shows them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from contraflow._language import _
from contraflow._numbers import DASH, STILL, change_of, probability, signed, significant, to, with_percent
from contraflow.case.naming import lower
from contraflow.text.sentences import level

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

Record = Mapping[str, Any]


def change(row: Record, end: str = "change") -> str:
    """A change in its own unit: ``+12``, ``0`` where it is too small beside what it changes to be one."""
    moved = float(row[end])
    whole = max(abs(float(row["before"])), abs(float(row["after"])))
    return "0" if abs(moved) <= STILL * whole else signed(moved)


def interval(row: Record) -> str:
    """The 90 % interval of a change in its own unit: ``−308 to −30``."""
    return to(*(change(row, f"change_{end}") for end in ("5", "95")))


def interval_of_share(row: Record) -> str:
    """The 90 % interval of a change as a share of what was there: ``−90 to −40%``; empty without one."""
    ends = [row.get(f"ratio_{end}") for end in ("5", "95")]
    if not all(known(end) for end in ends):
        return ""
    low, high = (change_of(float(end) - 1.0, 1.0) for end in ends if end is not None)
    if low == high:
        return low
    sign = with_percent("")
    return to(low.removesuffix(sign), high) if high.endswith(sign) else to(low, high)


def likelier(row: Record, draws: int) -> tuple[bool, str]:
    """Whether a figure rather falls than rises by more than 5 %, and how probable that is: ``>99%``."""
    falls, rises = float(row["p_falls_5pct"]), float(row["p_rises_5pct"])
    most = max(falls, rises)
    if most * draws < 0.5:
        return True, ""
    return falls >= rises, probability(most, draws, short=True)


def likely(row: Record, draws: int) -> str:
    """How probable it is that a figure moves by more than 5 %, the likelier way: ``falls 76%``."""
    down, share = likelier(row, draws)
    if not share:
        return DASH
    return (_("falls {share}") if down else _("rises {share}")).format(share=share)


def becomes(row: Record, *, prefix: str = "") -> str:
    """``57 → 3``, or one figure if they look alike."""
    before, after = (prefix + significant(level(row, c)) for c in ("before", "after"))
    return before if before == after else f"{before} → {after}"


def good_of(price: Record) -> str:
    """The good whose price is shown, as it stands inside a sentence."""
    return lower(str(price["form"])) or str(price["good"])


def tell_own(console: Console, own: Record) -> None:
    """Say which numbers were changed and what is believed, as attributes of a lab or its results have it."""
    from contraflow.results.short_table import own_notes

    for sentence in own_notes(own):
        say(console, (sentence, "bold"))


def table(heads: str, lines: Iterable[Sequence[str | Text]], *, wrap: Collection[int] = (0,)) -> Table:
    """A quiet table. ``heads`` are parted by ``|``, those of numbers begin with ``>``.

    Only the columns ``wrap`` may break their lines.
    """
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE_HEAD,
        header_style="dim",
        border_style="dim",
        pad_edge=False,
        show_edge=False,
        padding=(0, 2, 0, 0),
    )
    for place, head in enumerate(heads.split("|")):
        side: Literal["left", "right"] = "right" if head.startswith(">") else "left"
        made.add_column(head.lstrip(">"), justify=side, no_wrap=place not in wrap, overflow="fold")
    for line in lines:
        made.add_row(*line)
    return made


def say(console: Console, *parts: str | tuple[str, str], head: str = "") -> None:
    """Print a paragraph that stands to the right of its head."""
    from rich.text import Text

    lines = Text.assemble(*parts).wrap(console, max(20, console.width - len(head)))
    for place, line in enumerate(lines):
        line.rstrip()
        start = head if place == 0 else " " * len(head)
        console.print(Text.assemble((start, "dim"), line), soft_wrap=True)


def known(value: float | None) -> bool:
    """Whether there is a number."""
    return value is not None and math.isfinite(value)
