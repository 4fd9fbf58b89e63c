"""A case in memory: validated rows by table and id, in the units of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from contraflow.case import schema, statements
from contraflow.case.behaviour import complete


@dataclass(frozen=True, repr=False)
class Case:
    """Everything that is known about one illicit economy.

    Attributes are the tables of :mod:`contraflow.case.schema`, each a mapping from id to row in
    the order of the file. Units are those of the model: kg, USD, ha, km, year, person.
    ``parameters`` also hold every number of behaviour, by default that of the package.
    ``fingerprint`` is a SHA-256 of the tables' content, ``location`` where they were read.
    """

    info: schema.CaseInfo
    sources: Mapping[str, schema.Source] = field(default_factory=dict)
    claims: Mapping[str, statements.Claim] = field(default_factory=dict)
    parameters: Mapping[str, schema.Parameter] = field(default_factory=dict)
    places: Mapping[str, schema.Place] = field(default_factory=dict)
    forms: Mapping[str, schema.Form] = field(default_factory=dict)
    modes: Mapping[str, schema.Mode] = field(default_factory=dict)
    actors: Mapping[str, schema.Actor] = field(default_factory=dict)
    facilities: Mapping[str, schema.Facility] = field(default_factory=dict)
    links: Mapping[str, schema.Link] = field(default_factory=dict)
    processes: Mapping[str, schema.Process] = field(default_factory=dict)
    activities: Mapping[str, schema.Activity] = field(default_factory=dict)
    markets: Mapping[str, schema.Market] = field(default_factory=dict)
    fees: Mapping[str, schema.Fee] = field(default_factory=dict)
    inputs: Mapping[str, schema.Input] = field(default_factory=dict)
    supplies: Mapping[str, schema.Supply] = field(default_factory=dict)
    measures: Mapping[str, schema.Measure] = field(default_factory=dict)
    requirements: Mapping[str, schema.Requirement] = field(default_factory=dict)
    effects: Mapping[str, schema.Effect] = field(default_factory=dict)
    events: Mapping[str, schema.Event] = field(default_factory=dict)
    patterns: Mapping[str, statements.Pattern] = field(default_factory=dict)
    tensions: Mapping[str, statements.Tension] = field(default_factory=dict)
    coverage: Mapping[str, statements.Coverage] = field(default_factory=dict)
    fingerprint: str = ""
    location: str = ""

    def __post_init__(self) -> None:
        """Add the default rows of behaviour that the case does not state itself."""
        object.__setattr__(self, "parameters", complete(self.parameters))

    def sizes(self) -> dict[str, int]:
        """Number of rows of each table."""
        return {t.table: len(getattr(self, t.table)) for t in schema.TABLES}

    def __repr__(self) -> str:
        """Title and sizes in one line."""
        sizes = ", ".join(f"{n} {table}" for table, n in self.sizes().items() if n)
        return f"<Case {self.info.id}: {self.info.title}; {sizes}>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{t}</td><td>{n}</td></tr>" for t, n in self.sizes().items() if n)
        return f"<b>{escape(self.info.title)}</b><p>{escape(self.info.summary)}</p><table>{rows}</table>"
