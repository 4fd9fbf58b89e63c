"""Names that a command line gives, held against those of the case before anything heavy is loaded.

A look at a few files of the case is enough to refuse a typo in a fraction of a second and to complete names
in a shell. What is refused ends the command with exit code 2. The full check of a case, and of levels,
follows.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from contraflow._language import N_, _, locale
from contraflow.cli.terminal import USAGE, complain
from contraflow.errors import PolicyError

if TYPE_CHECKING:
    from contraflow.case import Case
    from contraflow.case.schema import Question

CASES = Path(__file__).parents[1] / "case" / "data"
EPISODES = Path(__file__).parents[1] / "history" / "data"
CASE_FILE = "case.toml"

FIGURES = (
    N_("exports"), N_("exports by air"), N_("hectares at home"), N_("eradicated at home"),
    N_("farm-gate price"), N_("farm-gate sales"), N_("local price"), N_("growers' income"),
    N_("crews' pay by air"),
    N_("armed groups' income"), N_("seized at home"), N_("arrests at home"), N_("state spending"),
    N_("delivered"), N_("hectares"), N_("seized"), N_("arrests"),
)  # fmt: skip
"""Headline figures of outcomes, which a test holds against those that there are: those load pandas."""

OF_A_MARKET = ":"
"""What stands in the names of levers of markets, such as ``demand:europe``, which are checked with levels."""

FOUND = "-or-"
"""What stands in the names of disagreements that no row states, which are checked with the claims."""

LISTED = 12
"""Names that a message lists at most."""


def refuse(text: str) -> NoReturn:
    """Say what is wrong with the command line and end with exit code 2."""
    complain(text)
    raise typer.Exit(USAGE)


def expect(given: str, known: Iterable[str], what: str, more: str = "") -> None:
    """Refuse a name that is none of the known ones; see :func:`fault`."""
    text = fault(given, known, what, more)
    if text:
        refuse(text)


def fault(given: str, known: Iterable[str], what: str, more: str = "") -> str:
    """What is wrong with a name that is none of the known ones, with the nearest of them; else nothing.

    Parameters
    ----------
    given
        The name.
    known
        The names that there are.
    what
        What it is not, as a whole sentence with ``{name}``: ``'{name}' is no figure.``
    more
        How to see all names, as a whole sentence.
    """
    names = list(known)
    if given in names:
        return ""
    near = get_close_matches(given, names, n=1, cutoff=0.5)
    if near:
        hint = _("Did you mean '{name}'?").format(name=near[0])
    elif len(names) <= LISTED:
        hint = _("There are: {names}.").format(names=", ".join(names) or "–")
    else:
        hint = ""
    return " ".join(filter(None, (what.format(name=given), hint, more)))


@dataclass(frozen=True)
class Glance:
    """What a look at the files of a case shows, without any check."""

    folder: Path
    name: str
    """As it was given."""

    def ids(self, table: str) -> tuple[str, ...] | None:
        """Values of a table's column ``id``; None if they cannot be read."""
        return self.column(table, "id")

    def column(self, table: str, name: str) -> tuple[str, ...] | None:
        """Values of a column, without empty ones; None if they cannot be read."""
        try:
            with (self.folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
                return tuple(row[name].strip() for row in csv.DictReader(file) if row[name])
        except (OSError, ValueError, KeyError, csv.Error):
            return None

    @cached_property
    def sides(self) -> dict[str, list[str]] | None:
        """Sides by disagreement, as ``tensions.csv`` states them; None if it cannot be read."""
        found: dict[str, list[str]] = {}
        try:
            with (self.folder / "tensions.csv").open(encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file):
                    found.setdefault(row["group"].strip(), []).append(row["id"].strip())
        except (OSError, ValueError, KeyError, AttributeError, csv.Error):
            return None
        return found

    @cached_property
    def info(self) -> dict[str, Any]:
        """What ``case.toml`` says; nothing if it cannot be read."""
        import tomllib

        try:
            return tomllib.loads((self.folder / CASE_FILE).read_text(encoding="utf-8-sig"))
        except (OSError, ValueError):
            return {}

    @cached_property
    def questions(self) -> dict[str, str]:
        """Titles of the headline questions by id."""
        rows = self.info.get("questions")
        rows = rows if isinstance(rows, list) else []
        return {str(r["id"]): str(r.get("title", "")) for r in rows if isinstance(r, dict) and "id" in r}


def shipped() -> tuple[str, ...]:
    """Names of the cases that come with the program."""
    return tuple(sorted(p.name for p in CASES.iterdir() if (p / CASE_FILE).is_file()))


def glance(name: str) -> Glance:
    """A case by name or folder; an unknown one ends the command with exit code 2."""
    if name in shipped():
        return Glance(CASES / name, name)
    folder = Path(name)
    try:
        there = bool(name) and folder.is_dir()
    except (OSError, ValueError):  # a name that no file system accepts
        there = False
    if there:
        return Glance(folder, name)
    expect(name if len(name) <= 60 else f"{name[:60]}…", shipped(),
           _("'{name}': There is no such case, shipped or as a folder."),
           _("'contraflow cases' lists the shipped ones."))  # fmt: skip
    raise AssertionError(name)


@dataclass(frozen=True)
class AskedPolicy:
    """A case and the policy that is asked about."""

    case: Case
    name: str
    """The case as it was given."""
    policy: dict[str, float]
    title: str | None = None
    """That of the question, where the policy is its."""
    question: str | None = None
    """Its id."""
    words: tuple[str, ...] = ()
    """The words of a command line that give the policy again."""


def asked(name: str, measures: Sequence[str] = (), question: str | None = None) -> AskedPolicy:
    """The case and the policy that options state, checked; what is wrong ends with exit code 2.

    With a question and measures, the levels of the measures are set on top of the question's. Raises
    CaseError for a case that is not well formed.
    """
    seen = glance(name)
    known = seen.ids("measures")
    if known is not None:
        words = [w for text in measures for w in text.replace(",", ";").split(";") if w.strip()]
        what = _("'{name}' is not a measure of this case.")
        given_names = [word.partition("=")[0].strip() for word in words]
        faults = [fault(name, known, what) for name in given_names if OF_A_MARKET not in name]
        if any(faults):
            more = _("'contraflow measures {case}' lists all, with their ranges.").format(case=name)
            refuse("\n".join([*filter(None, faults), more]))
    if question is not None and seen.info:
        expect(
            question, seen.questions, _("'{name}' is no headline question of this case."),
            _("'contraflow questions {case}' lists all.").format(case=name),
        )  # fmt: skip
    from contraflow._numbers import plain_number
    from contraflow.case import load

    case = load(name).in_language(locale())
    own: Question | None = next((q for q in case.info.questions if q.id == question), None)
    given = policy_of(case, measures)
    policy = (dict(own.policy) if own else {}) | given
    words = ["-q", question] if question else []
    for measure, level in given.items():
        words += ["-m", f"{measure}={plain_number(level)}"]
    return AskedPolicy(case, name, policy, own.title if own and not given else None, question, tuple(words))


def policy_of(case: Case, given: Sequence[str]) -> dict[str, float]:
    """The policy that ``-m`` options state, checked before anything is computed. Raises PolicyError."""
    import numpy as np

    from contraflow.policy import levels, parse
    from contraflow.policy.policy import levers_of

    try:
        policy = parse(";".join(given))
        levels(case, np.zeros(len(levers_of(case))), policy)
    except PolicyError as error:
        hint = _("'contraflow measures' lists the measures of a case with their ranges.")
        raise PolicyError(f"{error}\n{hint}") from None
    return policy


def expect_figure(name: str) -> None:
    """Refuse what is no headline figure."""
    if name not in FIGURES:
        expect(name, FIGURES, _("'{name}' is no headline figure."),
               _("There are: {names}.").format(names=", ".join(FIGURES)))  # fmt: skip


def expect_id(name: str, table: str, given: str | None, what: str, more: str = "") -> None:
    """Refuse an id that a table of the case does not have."""
    known = glance(name).ids(table)
    if given is not None and known is not None:
        expect(given, known, what, more)


def expect_source(name: str, given: str | None) -> None:
    """Refuse what is no source of the case."""
    more = _("'contraflow sources {case}' lists all.").format(case=name)
    expect_id(name, "sources", given, _("'{name}' is no source of this case."), more)


def expect_side(name: str, group: str, side: str) -> None:
    """Refuse a disagreement or side that the case does not have, but for those that are found in claims."""
    known = glance(name).sides
    if known is None or FOUND in group:
        return
    more = _("'contraflow disagreements {case}' lists all.").format(case=name)
    expect(group, known, _("'{name}' is no disagreement of this case."), more)
    what = _("'{name}' is no side of '{disagreement}'.").replace("{disagreement}", group)
    text = _("There are: {names}.").format(names=", ".join(known[group]))
    expect(side, known[group], what, text if len(known[group]) > LISTED else "")


def expect_value(name: str, table: str, column: str, given: str | None, option: str) -> None:
    """Refuse a value that a column of a table of the case does not have."""
    known = glance(name).column(table, column)
    if given is None:
        return
    if known is None:
        text = _("{option} selects nothing: the case has no {table}.csv.")
        refuse(text.format(option=option, table=table))
    values = sorted(set(known))
    expect(given, values, _("'{name}' is no kind of item here."),
           _("It may be one of {names}.").format(names=", ".join(values)))  # fmt: skip


def expect_strategy(given: str) -> None:
    """Refuse what is no way of spreading searches."""
    from contraflow.case.statements import SearchStrategy

    expect(given, [str(s) for s in SearchStrategy], _("'{name}' is no search strategy."),
           _("There are: {names}.").format(names=", ".join(SearchStrategy)))  # fmt: skip


def expect_episodes(given: Sequence[str], folder: Path | None) -> None:
    """Refuse what is no episode of history."""
    known = Glance(EPISODES if folder is None else folder, "").ids("episodes")
    for name in given if known is not None else ():
        expect(name, known or (), _("'{name}' is no episode."),
               _("'contraflow behaviour --episodes' lists all."))  # fmt: skip


def complete_episode(incomplete: str) -> list[str]:
    """Episodes that come with the program."""
    return [name for name in Glance(EPISODES, "").ids("episodes") or () if name.startswith(incomplete)]


def complete_case(incomplete: str) -> list[str]:
    """Shipped cases, and folders with a case."""
    found = [name for name in shipped() if name.startswith(incomplete)]
    above = Path(incomplete).parent if not incomplete.endswith("/") else Path(incomplete)
    try:
        own = [p for p in above.iterdir() if (p / CASE_FILE).is_file()]
    except (OSError, ValueError):
        own = []
    return found + [str(p) for p in own if str(p).startswith(incomplete.removeprefix("./"))]


def complete_of(names: Callable[[Glance], Iterable[str]], ending: str = "") -> Callable[..., list[str]]:
    """Completion of names that the case on the command line has."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        given = str(ctx.params.get("case") or "")
        seen = next(filter(None, map(_case, [given, *_words_so_far()])), None)
        if seen is None:
            return []
        return [f"{name}{ending}" for name in names(seen) if name.startswith(incomplete)]

    return complete


def _case(word: str) -> Glance | None:
    """The case that a word names, if it names one."""
    folder = CASES / word if word in shipped() else Path(word)
    return Glance(folder, word) if word and (folder / CASE_FILE).is_file() else None


def _words_so_far() -> list[str]:
    """Words of the line that is completed, from the shell: an option without its value leaves none parsed."""
    return (os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or "").split()[2:]


def ids_of(table: str) -> Callable[[Glance], Iterable[str]]:
    """The ids of a table, for completion."""
    return lambda seen: seen.ids(table) or ()


def sides(seen: Glance) -> Iterable[str]:
    """Sides with their disagreements, as they are written, for completion."""
    return [f"{group}={side}" for group, own in (seen.sides or {}).items() for side in own]


def complete_figure(incomplete: str) -> list[str]:
    """Headline figures."""
    return [name for name in FIGURES if name.startswith(incomplete)]
