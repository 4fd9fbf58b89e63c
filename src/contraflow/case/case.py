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

    Tables are mappings from id to row, in the order of the file; :mod:`contraflow.case.schema` describes
    their columns. Numbers are in the units of the model: kg, USD of the baseline year, ha, km, year, person.
    """

    info: schema.CaseInfo
    """``case.toml``: title, baseline years, home country and headline questions."""
    sources: Mapping[str, schema.Source] = field(default_factory=dict)
    """Where statements come from, each graded for reliability."""
    claims: Mapping[str, statements.Claim] = field(default_factory=dict)
    """What sources state."""
    parameters: Mapping[str, schema.Parameter] = field(default_factory=dict)
    """The ledger of numbers, with the default of every behaviour parameter that the case leaves out."""
    places: Mapping[str, schema.Place] = field(default_factory=dict)
    """Zones, towns, ports, crossings and markets."""
    forms: Mapping[str, schema.Form] = field(default_factory=dict)
    """What is grown, made, moved and sold."""
    modes: Mapping[str, schema.Mode] = field(default_factory=dict)
    """Ways of moving goods."""
    actors: Mapping[str, schema.Actor] = field(default_factory=dict)
    """Groups and institutions that earn or act."""
    facilities: Mapping[str, schema.Facility] = field(default_factory=dict)
    """Things with limited capacity."""
    links: Mapping[str, schema.Link] = field(default_factory=dict)
    """Transport from one place to another."""
    processes: Mapping[str, schema.Process] = field(default_factory=dict)
    """One form turned into another."""
    activities: Mapping[str, schema.Activity] = field(default_factory=dict)
    """What households do with their labour."""
    markets: Mapping[str, schema.Market] = field(default_factory=dict)
    """Where goods are sold, and where work is hired."""
    fees: Mapping[str, schema.Fee] = field(default_factory=dict)
    """Levies and bribes."""
    inputs: Mapping[str, schema.Input] = field(default_factory=dict)
    """What processes and transports buy besides the good itself."""
    supplies: Mapping[str, schema.Supply] = field(default_factory=dict)
    """Sources of the inputs."""
    measures: Mapping[str, schema.Measure] = field(default_factory=dict)
    """Levers of the state."""
    requirements: Mapping[str, schema.Requirement] = field(default_factory=dict)
    """What a measure needs in order to work."""
    effects: Mapping[str, schema.Effect] = field(default_factory=dict)
    """What a measure does."""
    events: Mapping[str, schema.Event] = field(default_factory=dict)
    """Levels of measures by date."""
    patterns: Mapping[str, statements.Pattern] = field(default_factory=dict)
    """Documented behaviour."""
    tensions: Mapping[str, statements.Tension] = field(default_factory=dict)
    """Sides of disagreements."""
    coverage: Mapping[str, statements.Coverage] = field(default_factory=dict)
    """What the sources describe, and where the case represents it."""
    fingerprint: str = ""
    """SHA-256 of the content of all tables."""
    location: str = ""
    """Folder from which the case was read."""

    def __post_init__(self) -> None:
        """Add the default rows of behaviour that the case does not state itself."""
        object.__setattr__(self, "parameters", complete(self.parameters, self.info.learned))

    def sizes(self) -> dict[str, int]:
        """Number of rows of each table.

        Returns
        -------
        dict
            Rows by table, in the order of the schema.

        Examples
        --------
        >>> import contraflow as cf
        >>> cf.load("example").sizes()["links"]
        8
        """
        return {t.table: len(getattr(self, t.table)) for t in schema.TABLES}

    def __repr__(self) -> str:
        """Title and sizes in one line."""
        sizes = ", ".join(f"{n} {table}" for table, n in self.sizes().items() if n)
        return f"<Case {self.info.id}: {self.info.title}; {sizes}>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{t}</td><td>{n}</td></tr>" for t, n in self.sizes().items() if n)
        return f"<b>{escape(self.info.title)}</b><p>{escape(self.info.summary)}</p><table>{rows}</table>"
