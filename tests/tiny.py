"""Small cases for tests, written as code so that they can be solved by hand."""

from __future__ import annotations

from typing import Any

from contraflow.case import schema
from contraflow.case.case import Case

TABLES = {t.table: t for t in schema.TABLES}


FAMILY = {"air": "air", "back": "foot", "road": "road"}
"""Families of the modes that tests name so."""


class Tiny:
    """Builds a case row by row; plain numbers become fixed parameters, (low, value, high) free ones."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Any]] = {name: {} for name in TABLES}
        self.add("sources", id="s", title="Made up", publisher="Nobody", published="2014", kind="report",
                 reliability="B", reason="Invented.")  # fmt: skip
        self.number("drift", 0.1)
        self.number("behaviour-migration", 0.0)

    def number(
        self, name: str, value: float | tuple[float, float, float], unit: str = "dimensionless"
    ) -> str:
        low, mid, high = value if isinstance(value, tuple) else (value, value, value)
        scale = "log" if low > 0 else "linear"
        self.add("parameters", id=name, meaning=name, low=low, value=mid, high=high, unit=unit, scale=scale,
                 reason="Invented for a test.")  # fmt: skip
        return name

    def add(self, table: str, **cells: Any) -> None:
        model = TABLES[table]
        clean: dict[str, Any] = {}
        fields = {(f.alias or n): f for n, f in model.model_fields.items()}
        for name, cell in cells.items():
            key = {"from_": "from", "yield_": "yield"}.get(name, name)
            extra = fields[key].json_schema_extra or {}
            if cell is None:
                continue
            if "role" in extra and not isinstance(cell, str):
                clean[key] = self.number(f"{cells['id']}-{key}".replace("_", "-"), cell)
            else:
                clean[key] = cell
        row = model.model_validate(clean)
        self.tables[table][row.id] = row  # type: ignore[attr-defined]

    def zone(self, name: str, hectares: float = 1.0, **cells: Any) -> None:
        self.place(name, kind="zone", endowment=hectares, **cells)

    def place(self, name: str, kind: str = "town", country: str = "PE", **cells: Any) -> None:
        n = len(self.tables["places"])
        self.add("places", id=name, name=name, kind=kind, country=country, latitude=-10.0 - n * 0.5,
                 longitude=-75.0 + n * 0.5, source="s", **cells)  # fmt: skip

    def form(self, name: str, switching: float = 3.0, content: float | None = None) -> None:
        self.add("forms", id=name, name=name, unit="kg", switching=switching,
                 **({} if content is None else {"content": content}))  # fmt: skip

    def mode(self, name: str, **cells: Any) -> None:
        numbers = {"load": 10.0, "crew": 2.0, "detour": 1.0}
        self.add("modes", id=name, name=name, **{"family": FAMILY.get(name, "other"), **numbers, **cells})

    def link(self, name: str, a: str, b: str, mode: str, forms: str = "drug", **cells: Any) -> None:
        self.add("links", id=name, from_=a, to=b, mode=mode, forms=forms, **cells)

    def market(self, name: str, place: str, form: str, price: float, elasticity: float | None = None) -> None:
        self.add("markets", id=name, places=place, form=form, price=price,
                 **({} if elasticity is None else {"elasticity": elasticity}))  # fmt: skip

    def actor(self, name: str, kind: str = "carriers") -> None:
        self.add("actors", id=name, name=name, kind=kind)

    def case(self) -> Case:
        info = schema.CaseInfo(
            id="tiny",
            title="Tiny",
            summary="A test.",
            baseline=(2013, 2014),
            home="PE",
            substance="drug",
            drift="drift",
            currency={},
        )
        return Case(info=info, fingerprint="tiny", **self.tables)


def two_routes(
    prices: tuple[float, float] = (100.0, 100.0),
    costs: tuple[float, float] = (10.0, 40.0),
    weights: tuple[float, float] = (1.0, 1.0),
    theta: float = 3.0,
    elasticity: float | None = None,
    hazards: tuple[float, float] = (0.0, 0.0),
) -> Tiny:
    """One zone grows 1,000 kg; two routes lead to two markets."""
    t = Tiny()
    t.actor("growers", "households")
    t.actor("crews")
    t.actor("clans", "clans")
    t.form("labour")
    t.form("drug", switching=theta, content=0.5)
    t.zone("valley", 1000.0, households="growers")
    t.place("north", kind="market", country="XE")
    t.place("south", kind="market", country="XN")
    t.mode("road")
    t.mode("air", load=300.0)
    t.add("activities", id="grow", places="valley", input="labour", output="drug", yield_=1.0)
    t.link("by-road", "valley", "north", "road", cost=costs[0], cost_actor="crews", weight=weights[0],
           hazard=hazards[0])  # fmt: skip
    t.link("by-air", "valley", "south", "air", cost=costs[1], cost_actor="crews", weight=weights[1],
           hazard=hazards[1])  # fmt: skip
    t.market("north", "north", "drug", prices[0], elasticity)
    t.market("south", "south", "drug", prices[1], elasticity)
    return t
