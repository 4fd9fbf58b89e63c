"""What the sources describe, beside what the case does with it.

``coverage.csv`` makes sure that nothing a source describes is silently passed over: each item names the rows
that represent it, or gives the reason why it lies outside the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contraflow.case import statements
from contraflow.case.case import Case
from contraflow.case.naming import name_of, number_of

EVIDENCE = ("claims", "patterns")
"""Tables whose rows state evidence; the rows of all others belong to the model."""


@dataclass(frozen=True)
class Tally:
    """Counts of the items of one kind."""

    kind: str
    """Kind of item; empty for all."""
    represented: int
    """Items that some row represents."""
    outside: int
    """Items that lie outside the model."""

    @property
    def items(self) -> int:
        """All items of the kind."""
        return self.represented + self.outside


def tally(case: Case) -> tuple[Tally, ...]:
    """Counts by kind, in the order in which kinds first occur."""
    kinds = dict.fromkeys(item.kind for item in case.coverage.values())
    return tuple(_count(kind, case.coverage.values()) for kind in kinds)


def total(case: Case) -> Tally:
    """Counts of the whole table."""
    return _count("", case.coverage.values())


def _count(kind: str, items: Iterable[statements.Coverage]) -> Tally:
    """Counts of one kind; an empty name means all."""
    own = [bool(item.outside) for item in items if kind in ("", item.kind)]
    return Tally(kind, own.count(False), own.count(True))


def rows_by_table(item: statements.Coverage) -> Mapping[str, tuple[str, ...]]:
    """Ids of the rows that represent an item, by table, in the order written."""
    found: dict[str, list[str]] = {}
    for token in item.rows:
        table, _, key = token.partition(":")
        found.setdefault(table, []).append(key)
    return {table: tuple(keys) for table, keys in found.items()}


def counted(item: statements.Coverage, tables: Iterable[str] = ()) -> str:
    """The rows of an item as a count, such as ``1 measure, 2 patterns``.

    Parameters
    ----------
    item
        A row of ``coverage.csv``.
    tables
        Tables to count. Empty: all.
    """
    chosen = {t: keys for t, keys in rows_by_table(item).items() if not tables or t in tables}
    return ", ".join(number_of(len(keys), table) for table, keys in chosen.items())


def markdown(case: Case) -> str:
    """The coverage as a chapter of a page: counts, items by kind with their rows, and what lies outside."""
    inside = [item for item in case.coverage.values() if not item.outside]
    parts = [f"## {case.info.title}", "", _summary(case), "", *_counts(case), ""]
    for count in tally(case):
        parts += [f"### {count.kind.capitalize()}", ""]
        parts += [_item(case, item) for item in inside if item.kind == count.kind]
    return "\n".join([*parts, *_outside(case)])


def _summary(case: Case) -> str:
    every = total(case)
    share = 100 * every.outside / max(every.items, 1)
    return (
        f"Of {every.items} items that the sources describe {every.represented} are represented; "
        f"{every.outside} ({share:.0f} %) lie outside the model."
    )


def _counts(case: Case) -> list[str]:
    lines = [f"| {t.kind} | {t.items} | {t.represented} | {t.outside} |" for t in tally(case)]
    return ["| kind | items | represented | outside |", "| --- | ---: | ---: | ---: |", *lines]


def _item(case: Case, item: statements.Coverage) -> str:
    lines = [f"**{item.id}** {item.description} *{_place(case, item)}*", ""]
    lines += [
        f"- {table}: " + "; ".join(f"{name_of(case, table, key).rstrip('.')} (`{key}`)" for key in keys)
        for table, keys in rows_by_table(item).items()
    ]
    lines += [f"- {item.note}"] if item.note else []
    return "\n".join([*lines, ""])


def _outside(case: Case) -> list[str]:
    items = [item for item in case.coverage.values() if item.outside]
    if not items:
        return ["### Outside the model", "", "Nothing.", ""]
    lines = [f"- **{i.id}** ({i.kind}) {i.description} {i.outside} *{_place(case, i)}*" for i in items]
    return ["### Outside the model", "", *lines, ""]


def _place(case: Case, item: statements.Coverage) -> str:
    return f"{name_of(case, 'sources', item.source)}, paragraph {item.paragraph}"
