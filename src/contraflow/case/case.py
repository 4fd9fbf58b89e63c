"""A case in memory: validated rows by table and id, in the units of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape

from contraflow._language import known
from contraflow.case import schema, statements, texts
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
    _languages: dict[str, Case] = field(default_factory=dict, init=False, repr=False, compare=False)
    _translations: dict[str, dict[str, str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Add the default rows of behaviour that the case does not state itself."""
        object.__setattr__(self, "parameters", complete(self.parameters, self.info.learned))

    def in_language(self, code: str) -> Case:
        """The same case with its texts in another language, for showing it.

        Only texts that people read differ; those without a translation stay as they are. Ids, numbers and
        the fingerprint are the same, so that both give the same results.

        Parameters
        ----------
        code
            A language or locale: ``en``, ``es``, ``es_PE``.

        Raises
        ------
        ValueError
            If the package has no catalogue of the language.
        CaseError
            If the case's file of translations is not well formed.

        Examples
        --------
        >>> import contraflow as cf
        >>> cf.load("example").in_language("es").measures["radar"].name
        'Cobertura de radar'
        """
        locale = known(code)
        source = self._languages.setdefault(texts.SOURCE, self)
        if locale.partition("_")[0] == texts.SOURCE:
            return source
        if locale not in self._languages:
            other = replace(source, **texts.in_other_words(source, source._into(locale)))
            object.__setattr__(other, "_languages", self._languages)
            self._languages[locale] = other
        return self._languages[locale]

    def translation(self, text: str, code: str) -> str:
        """One text of the case in another language; as it is where it has no translation.

        Raises as :meth:`in_language`.

        Examples
        --------
        >>> import contraflow as cf
        >>> cf.load("example").translation("Radar coverage", "es")
        'Cobertura de radar'
        """
        locale = known(code)
        if locale.partition("_")[0] == texts.SOURCE:
            return text
        source = self._languages.get(texts.SOURCE, self)
        return source._into(locale).get(texts.one_line(text), text)

    def _into(self, locale: str) -> dict[str, str]:
        """Translations by text, read once."""
        if locale not in self._translations:
            self._translations[locale] = texts.translations(self, locale)
        return self._translations[locale]

    def shown_texts(self) -> tuple[str, ...]:
        """Every text of the case that people read, in the order of ``case.toml`` and the tables."""
        return tuple(texts.shown(self))

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
