"""Episodes of history as tables: natural experiments, what was told of them, and figures before and after.

An episode is one natural experiment. ``regions.csv`` says how its supply was divided, ``measures.csv`` what
the state or nature did and when, ``observations.csv`` what was seen. Tables of one's own have the same
columns and stand in one folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from importlib import resources
from math import log
from pathlib import Path
from typing import ClassVar, TypeVar

from contraflow._language import N_, _, ngettext
from contraflow.case.columns import file_of
from contraflow.case.io.read import Sheet, read_sheet
from contraflow.case.io.rows import parse
from contraflow.case.table import Date, Id, Row, Text, column, optional
from contraflow.errors import HistoryError, Problem

LONGEST = 120
"""Months that an episode lasts, at most."""

MOST_REGIONS = 3
"""Regions of an episode, at most."""

_LEARNED_OF = tomllib.loads(
    (resources.files("contraflow.history") / "data" / "sets.toml").read_text(encoding="utf-8")
)

SETS: Mapping[str, tuple[str, ...]] = {name: tuple(left) for name, left in _LEARNED_OF["without"].items()}
"""Episodes that are left out by each set of which the package carries what was learned."""

REFERENCE = str(_LEARNED_OF["substance"])
"""Substance of most episodes, from whose common mean those of others may deviate further."""

NOISE = {1: 0.05, 2: 0.1, 3: 0.25, 4: 0.5, 5: 0.7}
"""Standard deviation of a reported logarithm by the credibility in its grade."""

R = TypeVar("R", bound=Row)


class StageOfTrade(StrEnum):
    """What an observation is of."""

    AREA = "area"
    OUTPUT = "output"
    GATE = "gate"
    STREET = "street"
    SUPPLY = "supply"
    WAY = "way"


class KindOfMeasure(StrEnum):
    """How a measure acts."""

    OUTLAY = "outlay"
    LOSS = "loss"
    DEMAND = "demand"
    ERADICATION = "eradication"
    BAN = "ban"


class EpisodeRow(Row):
    """One natural experiment."""

    table: ClassVar[str] = "episodes"
    about: ClassVar[str] = N_("natural experiments")

    id: Id = column(N_("Name of the episode."))
    title: Text = column(N_("What it is called."))
    substance: Text = column(N_("Substance."))
    first: Date = column(N_("First month, as 1995-03."))
    months: int = column(N_("Months that it is followed."), ge=1, le=LONGEST)
    stocks: float = column(
        N_("Goods on the way, as a multiple of those of the reference substance."), ge=0.01
    )
    weight: float = column(N_("1, or less where other causes are unknown."), ge=0.01, le=1)
    told: Text = column(N_("What the model is told."))
    unknown: str = optional(N_("What else went on."), "")


class RegionRow(Row):
    """One source of supply in an episode."""

    table: ClassVar[str] = "regions"
    about: ClassVar[str] = N_("sources of supply")

    episode: Id = column(N_("Episode."))
    id: Id = column(N_("Name of the region."))
    place: Text = column(N_("Where it is."))
    role: Text = column(N_("treated or elsewhere."))
    supply: float = column(N_("Share of the supply."), ge=0, le=1)
    way: float = column(
        N_("Share of what it sends that goes by the way that measures act on."), ge=0, le=0.99
    )
    ladder: float = column(N_("Price at the farm gate over that where it is sold."), ge=0.01, le=1)
    multiple: float = column(N_("Land that could bear the crop, over what does."), ge=1.01)
    cost: float = column(
        N_("Part of the price at the gate that growing costs, beside land and labour."), ge=0, le=0.9
    )
    basis: Text = column(N_("What the numbers rest on."))


class MeasureRow(Row):
    """One dated measure, or an accident of nature."""

    table: ClassVar[str] = "measures"
    about: ClassVar[str] = N_("what is told")

    id: Id = column(N_("Name of what is unknown of its size; rows of an episode that share it are one size."))
    episode: Id = column(N_("Episode."))
    region: Id = column(N_("Region on which it acts."))
    kind: KindOfMeasure = column(N_("How it acts."))
    first: Date = column(N_("First month."))
    last: Date = column(N_("Last month."))
    level: float = column(
        N_(
            "outlay: cost by the treated way, over the price at the gate; loss: share of what goes by it; "
            "demand: logarithm of its factor; eradication: hectares a year over those of before; "
            "ban: share of the land."
        )
    )
    low: float = column(
        N_("Lower end of the 90 % interval of its true size, as a multiple of the level."), ge=0.01
    )
    high: float = column(N_("Upper end of that interval."), ge=0.01)
    feared: Text = column(N_("yes: sized by what happens, and feared more; no: sized as it is believed."))
    source: Text = column(N_("Source."))
    url: str = optional(N_("Address."), "")
    caveat: str = optional(N_("Caveat."), "")
    grade: Text = column(N_("Grade: reliability A to E and credibility 1 to 5."))


class ObservationRow(Row):
    """One figure before and after."""

    table: ClassVar[str] = "observations"
    about: ClassVar[str] = N_("figures before and after")

    id: Id = column(N_("Name of the observation."))
    episode: Id = column(N_("Episode."))
    region: Id = column(N_("Region; for a price in the street, any."))
    stage: StageOfTrade = column(N_("What it is of."))
    month: Date = column(N_("Month of the figure after."))
    before: float = column(N_("Figure before."), ge=1e-9)
    after: float = column(N_("Figure after."), ge=1e-9)
    unit: Text = column(N_("Unit of both."))
    error: float | None = optional(
        N_("Standard deviation of its logarithm. Empty: by its grade."), None, ge=0.01
    )
    use: Text = column(N_("fit, or told where the measure itself says it."))
    source: Text = column(N_("Source."))
    url: str = optional(N_("Address."), "")
    caveat: str = optional(N_("Caveat."), "")
    grade: Text = column(N_("Grade: reliability A to E and credibility 1 to 5."))

    @property
    def response(self) -> float:
        """Logarithm of after over before."""
        return log(self.after / self.before)

    @property
    def noise(self) -> float:
        """Standard deviation of the reported logarithm."""
        return self.error if self.error is not None else NOISE[int(self.grade[1])]


@dataclass(frozen=True)
class Episode:
    """One natural experiment with all that is known of it."""

    row: EpisodeRow
    """Its row."""
    regions: tuple[RegionRow, ...]
    """Sources of supply."""
    measures: tuple[MeasureRow, ...]
    """What is told."""
    observations: tuple[ObservationRow, ...]
    """Figures that are foreseen, in order of their months."""
    context: tuple[ObservationRow, ...]
    """Figures that the measures themselves say."""

    @property
    def id(self) -> str:
        """Name of the episode."""
        return self.row.id

    def month(self, date: str) -> int:
        """Months from the first of the episode to a date such as 1995-08.

        Examples
        --------
        >>> read_episodes()["air-bridge-1995"].month("1995-08")
        5
        """
        return _months(date) - _months(self.row.first)

    def role(self, observation: ObservationRow) -> str:
        """Whether an observation is of a treated region, or elsewhere."""
        return next(r.role for r in self.regions if r.id == observation.region)

    def place(self, observation: ObservationRow) -> str:
        """Where an observation is of."""
        if observation.stage in (StageOfTrade.STREET, StageOfTrade.SUPPLY):
            return "market"
        return next(r.place for r in self.regions if r.id == observation.region)


def _months(date: str) -> int:
    year, month = (int(part) for part in date.split("-")[:2])
    return 12 * year + month - 1


def own_tables() -> Path:
    """Folder of the tables that come with the package."""
    return Path(str(resources.files("contraflow.history") / "data"))


def digest_of(folder: str | Path | None = None) -> str:
    """SHA-256 of the four tables, by which a result says what it was learned from.

    Parameters
    ----------
    folder
        Folder of the tables. None: those of the package.
    """
    found = sha256()
    for model in (EpisodeRow, RegionRow, MeasureRow, ObservationRow):
        found.update(
            (Path(folder or own_tables()) / file_of(model.table)).read_bytes().replace(b"\r\n", b"\n")
        )
    return found.hexdigest()


def read_episodes(folder: str | Path | None = None) -> dict[str, Episode]:
    """Read and check the episodes of a folder.

    Parameters
    ----------
    folder
        Folder with ``episodes.csv``, ``regions.csv``, ``measures.csv`` and ``observations.csv``. None: those
        that come with the package.

    Returns
    -------
    dict
        Episodes by name, in the order of their table.

    Raises
    ------
    HistoryError
        With every problem found: file, row, column, what is wrong and how to mend it.

    Examples
    --------
    >>> len(read_episodes())
    13
    """
    place = Path(folder) if folder is not None else own_tables()
    problems: list[Problem] = []
    if not place.is_dir():
        message, cure = _("This is no folder"), _("Name the folder of the four tables")
        raise HistoryError([Problem(str(place), message, cure)])
    heads = _read(place, EpisodeRow, problems)
    regions = _read(place, RegionRow, problems)
    measures = _read(place, MeasureRow, problems)
    observations = _read(place, ObservationRow, problems)
    problems += [*_twice(heads), *_twice(observations)]
    if not problems:
        problems += _across(heads, regions, measures, observations)
    if problems:
        raise HistoryError(problems)
    return {e.id: e for e in (_assemble(row, regions, measures, observations) for _, row in heads)}


def _assemble(
    row: EpisodeRow,
    regions: list[tuple[int, RegionRow]],
    measures: list[tuple[int, MeasureRow]],
    observations: list[tuple[int, ObservationRow]],
) -> Episode:
    own = sorted((o for _, o in observations if o.episode == row.id), key=lambda o: o.month)
    return Episode(
        row,
        tuple(r for _, r in regions if r.episode == row.id),
        tuple(m for _, m in measures if m.episode == row.id),
        tuple(o for o in own if o.use == "fit"),
        tuple(o for o in own if o.use != "fit"),
    )


def _read(folder: Path, model: type[R], problems: list[Problem]) -> list[tuple[int, R]]:
    path = folder / file_of(model.table)
    if not path.is_file():
        cure = _("Add it: {about}").format(about=_(model.about))
        problems.append(Problem(path.name, _("The file is missing"), cure))
        return []
    sheet: Sheet = read_sheet(path, model)
    problems += sheet.problems
    rows = []
    for cells in sheet.rows:
        row, faults = parse(model, cells, frozenset(sheet.header))
        problems += faults
        if isinstance(row, model):
            rows.append((cells.row, row))
    return rows


def _twice(rows: Iterable[tuple[int, EpisodeRow | ObservationRow]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, row in rows:
        if row.id in seen:
            cure = _("Give one another name")
            yield Problem(file_of(row.table), _("stands twice"), cure, number, "id", row.id)
        seen.add(row.id)


def _across(
    heads: list[tuple[int, EpisodeRow]],
    regions: list[tuple[int, RegionRow]],
    measures: list[tuple[int, MeasureRow]],
    observations: list[tuple[int, ObservationRow]],
) -> Iterator[Problem]:
    """What is wrong between tables, and with dates, shares and words."""
    known = {row.id: row for _, row in heads}
    places = {(row.episode, row.id) for _, row in regions}
    own: list[tuple[int, RegionRow | MeasureRow | ObservationRow]] = [*regions, *measures, *observations]
    for number, one in own:
        if one.episode not in known:
            cure = _("The episodes are: {names}").format(names=", ".join(known))
            yield Problem(file_of(one.table), _("names no episode"), cure, number, "episode", one.episode)
        elif not isinstance(one, RegionRow) and (one.episode, one.region) not in places:
            here = ", ".join(r for e, r in places if e == one.episode)
            cure = _("Regions of {episode}: {names}").format(episode=one.episode, names=here)
            yield Problem(file_of(one.table), _("names no region"), cure, number, "region", one.region)
    yield from (
        f for number, r in regions for f in _word(r, number, "role", r.role, ("treated", "elsewhere"))
    )
    for number, head in heads:
        yield from _of_episode(number, head, [r for _, r in regions if r.episode == head.id])
    for number, measure in measures:
        yield from _of_measure(number, measure)
    for number, seen in observations:
        yield from _of_observation(number, seen, known)


def _of_episode(number: int, row: EpisodeRow, there: list[RegionRow]) -> Iterator[Problem]:
    yield from _dated(row, number, "first", row.first)
    if not 1 <= len(there) <= MOST_REGIONS:
        message = ngettext("has {count} region", "has {count} regions", len(there)).format(count=len(there))
        cure = _("Give it one to {most} rows in regions.csv").format(most=MOST_REGIONS)
        yield Problem("episodes.csv", message, cure, number, "id", row.id)
    elif abs(sum(r.supply for r in there) - 1) > 0.02:
        total = f"{sum(r.supply for r in there):g}"
        message = _("The shares of {episode} sum to {total}").format(episode=row.id, total=total)
        cure = _("Let the column 'supply' of its regions sum to 1")
        yield Problem("regions.csv", message, cure, None, "supply")


def _of_measure(number: int, row: MeasureRow) -> Iterator[Problem]:
    yield from _word(row, number, "feared", row.feared, ("yes", "no"))
    yield from _graded(row, number, row.grade)
    faults = [*_dated(row, number, "first", row.first), *_dated(row, number, "last", row.last)]
    yield from faults
    if not faults and _months(row.last) < _months(row.first):
        message = _("is before the first month")
        yield Problem("measures.csv", message, _("Exchange them"), number, "last", row.last)
    if row.low > row.high:
        message = _("is above 'high'")
        yield Problem("measures.csv", message, _("Exchange them"), number, "low", f"{row.low:g}")
    most = 0.98 if row.kind in (KindOfMeasure.LOSS, KindOfMeasure.BAN) else float("inf")
    if row.kind is not KindOfMeasure.DEMAND and not 0 <= row.level <= most:
        cure = _("Write a number from 0 to {most}") if most < 1 else _("Write a number from 0")
        cure = cure.format(most=f"{most:g}")
        yield Problem("measures.csv", _("is out of range"), cure, number, "level", f"{row.level:g}")


def _of_observation(number: int, row: ObservationRow, known: dict[str, EpisodeRow]) -> Iterator[Problem]:
    yield from _word(row, number, "use", row.use, ("fit", "told"))
    yield from _graded(row, number, row.grade)
    faults = list(_dated(row, number, "month", row.month))
    yield from faults
    if faults or row.episode not in known or not _is_month(known[row.episode].first):
        return
    episode = known[row.episode]
    after = _months(row.month) - _months(episode.first)
    if not 0 <= after < episode.months:
        cure = _("{episode} lasts {months} months from {first} on").format(
            episode=row.episode, months=episode.months, first=episode.first
        )
        yield Problem("observations.csv", _("is outside the episode"), cure, number, "month", row.month)


def _word(row: Row, number: int, column: str, value: str, words: tuple[str, ...]) -> Iterator[Problem]:
    if value not in words:
        message = _("is not one of the choices")
        cure = _("Write one of: {words}").format(words=", ".join(words))
        yield Problem(file_of(row.table), message, cure, number, column, value)


def _is_month(value: str) -> bool:
    return len(value) == len("1995-03")


def _dated(row: Row, number: int, column: str, value: str) -> Iterator[Problem]:
    if not _is_month(value):
        message, cure = _("is not a month"), _("Write it as 1995-03")
        yield Problem(file_of(row.table), message, cure, number, column, value)


def _graded(row: Row, number: int, value: str) -> Iterator[Problem]:
    if len(value) != 2 or value[0] not in "ABCDE" or value[1] not in "12345":
        message, cure = _("is not a grade"), _("Write a letter A to E and a digit 1 to 5: B2")
        yield Problem(file_of(row.table), message, cure, number, "grade", value)
