"""A made-up economy of some twenty places, with the dataset that an outcome of it would hold.

Not the model: a few dozen lines of numpy with the same rule and fixed market prices, so that tables
and figures can be tested on numbers whose books balance. Its figures describe nothing real.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from contraflow.case import schema
from contraflow.case.case import Case
from contraflow.report.data import FollowedQuestion, Meta, ReportData, ledger_table
from contraflow.report.draw.claims import COLUMNS

THETA = 4.0
CONTENT = {"labour": 0.0, "leaf": 0.0026, "paste": 0.75, "hydrochloride": 0.85, "wage": 0.0}
PLACES = {
    "vraem": ("VRAEM", "zone", "PE", -12.6, -73.8),
    "huallaga": ("Alto Huallaga", "zone", "PE", -8.9, -76.0),
    "convencion": ("La Convención", "zone", "PE", -12.9, -72.7),
    "caballococha": ("Caballococha", "zone", "PE", -3.91, -70.52),
    "vraem-strips": ("VRAEM strips", "strips", "PE", -12.1, -73.9),
    "pichis-strips": ("Pichis-Palcazu strips", "strips", "PE", -10.1, -74.9),
    "atalaya-strips": ("Atalaya strips", "strips", "PE", -10.7, -73.7),
    "cusco": ("Cusco", "town", "PE", -13.52, -71.97),
    "desaguadero": ("Desaguadero", "crossing", "PE", -16.56, -69.04),
    "iquitos": ("Iquitos", "town", "PE", -3.75, -73.25),
    "callao": ("Callao", "port", "PE", -12.05, -77.14),
    "paita": ("Paita", "port", "PE", -5.09, -81.11),
    "el-alto": ("El Alto", "refining", "BO", -16.5, -68.2),
    "santa-cruz": ("Santa Cruz", "refining", "BO", -17.78, -63.18),
    "beni": ("Beni", "strips", "BO", -14.83, -64.9),
    "acre": ("Acre", "town", "BR", -9.97, -67.8),
    "tabatinga": ("Tabatinga", "crossing", "BR", -4.25, -69.93),
    "santos": ("Santos", "port", "BR", -23.96, -46.33),
    "sao-paulo": ("São Paulo", "market", "BR", -23.55, -46.63),
    "europe": ("Europe", "market", "XE", 51.0, 4.0),
    "north-america": ("North America", "market", "XN", 33.0, -100.0),
}
ZONES = {"vraem": 32000.0, "huallaga": 9000.0, "convencion": 12000.0, "caballococha": 5000.0}
LINKS = [
    ("vraem", "vraem-strips", "backpack", "paste hydrochloride", 4.0, 15),
    ("vraem", "pichis-strips", "backpack", "paste hydrochloride", 1.0, 60),
    ("vraem", "cusco", "pickup", "paste hydrochloride", 2.0, 30),
    ("vraem", "cusco", "lorry", "paste hydrochloride", 1.0, 25),
    ("vraem", "cusco", "backpack", "paste", 0.4, 60),
    ("convencion", "cusco", "pickup", "paste hydrochloride", 1.0, 20),
    ("convencion", "atalaya-strips", "river", "paste", 0.5, 30),
    ("huallaga", "callao", "pickup", "hydrochloride", 1.0, 60),
    ("huallaga", "pichis-strips", "pickup", "paste hydrochloride", 1.0, 30),
    ("huallaga", "paita", "lorry", "hydrochloride", 0.6, 60),
    ("huallaga", "iquitos", "river", "paste", 0.3, 60),
    ("vraem", "callao", "lorry", "hydrochloride", 1.2, 50),
    ("caballococha", "tabatinga", "river", "paste hydrochloride", 1.0, 20),
    ("iquitos", "tabatinga", "river", "paste", 1.0, 20),
    ("vraem-strips", "santa-cruz", "small-plane", "paste hydrochloride", 2.0, 120),
    ("vraem-strips", "beni", "small-plane", "paste hydrochloride", 2.0, 100),
    ("pichis-strips", "beni", "small-plane", "paste hydrochloride", 1.0, 120),
    ("pichis-strips", "acre", "small-plane", "paste hydrochloride", 1.0, 90),
    ("atalaya-strips", "acre", "small-plane", "paste", 1.0, 80),
    ("cusco", "desaguadero", "pickup", "paste hydrochloride", 1.0, 30),
    ("cusco", "desaguadero", "lorry", "paste hydrochloride", 1.0, 25),
    ("desaguadero", "el-alto", "pickup", "paste hydrochloride", 1.0, 15),
    ("desaguadero", "el-alto", "boat", "paste", 0.3, 25),
    ("el-alto", "santa-cruz", "lorry", "paste hydrochloride", 1.0, 40),
    ("beni", "santa-cruz", "lorry", "paste hydrochloride", 1.0, 30),
    ("santa-cruz", "sao-paulo", "small-plane", "hydrochloride", 1.0, 150),
    ("santa-cruz", "santos", "lorry", "hydrochloride", 1.0, 130),
    ("acre", "sao-paulo", "lorry", "hydrochloride", 1.0, 150),
    ("tabatinga", "sao-paulo", "river", "hydrochloride", 1.0, 200),
    ("santos", "europe", "container", "hydrochloride", 1.0, 14000),
    ("callao", "europe", "container", "hydrochloride", 1.0, 14000),
    ("callao", "north-america", "container", "hydrochloride", 0.7, 12500),
    ("paita", "north-america", "boat", "hydrochloride", 1.0, 12500),
]
FAMILY = {
    "": "", "backpack": "foot", "pickup": "road", "lorry": "road", "river": "river", "small-plane": "air",
    "boat": "sea", "container": "sea",
}  # fmt: skip
PROCESSES = [
    ("make-paste", "leaf", "paste", 0.0033, 0.3, ("vraem", "huallaga", "convencion", "caballococha")),
    (
        "refine",
        "paste",
        "hydrochloride",
        0.85,
        150.0,
        ("vraem", "huallaga", "el-alto", "santa-cruz", "acre", "tabatinga"),
    ),
]
MARKETS = {"europe": 28000.0, "north-america": 24000.0, "sao-paulo": 7000.0}
ACTORS = {
    "growers": ("Coca growers", "households"),
    "carriers": ("Backpackers and drivers", "carriers"),
    "pilots": ("Pilots", "carriers"),
    "armed-group": ("Armed group of the VRAEM", "armed group"),
    "clans": ("Family clans", "clans"),
    "officials": ("Officials on the way", "officials"),
    "buyers": ("Foreign buyers", "buyers"),
}
ORDER = ["labour", "leaf", "paste", "hydrochloride"]


def _arcs() -> list[dict[str, object]]:
    arcs: list[dict[str, object]] = []

    def add(step: str, kind: str, mode: str, tail: tuple[str, str], head: tuple[str, str], **numbers: float):
        (f, p), (g, r) = tail, head
        arcs.append(
            {
                "arc": f"{step}/{f}" if kind == "link" else f"{step}/{p}",
                **{
                    "step": step,
                    "kind": kind,
                    "mode": mode,
                    "family": FAMILY[mode],
                    "tail": f"{f}@{p}",
                    "head": f"{g}@{r}",
                },
                **{"from_place": p, "to_place": r, "form": f, "form_out": g},
                **{"from_country": PLACES[p][2], "to_country": PLACES[r][2]},
                **numbers,
            }
        )

    for zone in ZONES:
        add("grow-coca", "activity", "", ("labour", zone), ("leaf", zone), w=1, cost=1500, y=2500)
        add("farm", "activity", "", ("labour", zone), ("wage", zone), w=1, cost=0, y=1)
    for step, f, g, output, cost, places in PROCESSES:
        for place in places:
            add(
                step, "process", "", (f, place), (g, place), w=0.3 if f == "paste" else 1, cost=cost, y=output
            )
    for a, b, mode, forms, weight, cost in LINKS:
        for form in forms.split():
            add(f"{a}-{b}-{mode}", "link", mode, (form, a), (form, b), w=weight, cost=cost, y=1)
    return arcs


def outcome(draws: int = 1, hazard: float = 0.0, seed: int = 7) -> xr.Dataset:
    """Dataset of the made-up economy; ``hazard`` is added to every flight."""
    rng = np.random.default_rng(seed)
    arcs = _arcs()
    count = len(arcs)
    nodes = list(dict.fromkeys(n for a in arcs for n in (a["tail"], a["head"])))
    price_of = {f"hydrochloride@{m}": p for m, p in MARKETS.items()}
    per_arc = ["flow", "pure", "arrival", "arrival_pure", "seized", "seized_pure", "loss", "net_value"]
    per_arc += ["share", "consignments", "crew_pay", "spent", "fees", "margin", "risk_pay"]
    out = {name: np.zeros((draws, count)) for name in per_arc}
    price, stock = np.zeros((draws, len(nodes))), np.zeros((draws, len(nodes)))
    number = {n: i for i, n in enumerate(nodes)}
    for d in range(draws):
        noise = np.exp(rng.normal(0, 0.15 if draws > 1 else 0.0, count))
        value = {n: price_of.get(n, 0.0) for n in nodes} | {f"wage@{z}": 2200.0 for z in ZONES}
        u, q = np.zeros(count), np.zeros(count)
        done: set[str] = {n for n in nodes if n in price_of or n.startswith("wage")}
        margins = np.array([0.25 if a["kind"] == "link" and a["to_place"] in MARKETS else 0.03 for a in arcs])
        fee = np.array([12.0 if a["from_place"] == "vraem" and a["kind"] == "link" else 0.0 for a in arcs])
        risk = np.array([400.0 if a["kind"] == "link" else 0.0 for a in arcs])
        while len(done) < len(nodes):
            for n in nodes:
                own = [i for i, a in enumerate(arcs) if a["tail"] == n]
                if n in done or any(arcs[i]["head"] not in done for i in own):
                    continue
                for i in own:
                    a = arcs[i]
                    risky = 0.04 if a["kind"] == "link" else 0.0
                    q[i] = 1 - np.exp(-risky - (hazard if a["mode"] == "small-plane" else 0.0))
                    gross = (1 - q[i]) * a["y"] * value[a["head"]]
                    u[i] = gross * (1 - margins[i]) - a["cost"] * noise[i] - fee[i] - risk[i] * q[i]
                w = np.array([arcs[i]["w"] for i in own]) * (np.maximum(u[own], 0) > 0)
                total = (w / max(w.sum(), 1e-9) * np.maximum(u[own], 1e-9) ** THETA).sum()
                value[n] = total ** (1 / THETA) if w.sum() else 0.0
                if w.sum():
                    out["share"][d, own] = w / w.sum() * np.maximum(u[own], 1e-9) ** THETA / total
                done.add(n)
        x = {n: 0.0 for n in nodes} | {f"labour@{z}": h for z, h in ZONES.items()}
        for _ in ORDER:
            for _ in range(6):  # enough sweeps for the longest chain of links
                y = {n: 0.0 for n in nodes} | {f"labour@{z}": h for z, h in ZONES.items()}
                for i, a in enumerate(arcs):
                    out["flow"][d, i] = x[a["tail"]] * out["share"][d, i]
                    y[a["head"]] += out["flow"][d, i] * (1 - q[i]) * a["y"]
                x = y
        flow = out["flow"][d]
        yields = np.array([a["y"] for a in arcs])
        out["arrival"][d] = flow * (1 - q) * yields
        cin = np.array([CONTENT[a["form"]] for a in arcs])
        cout = np.array([CONTENT[a["form_out"]] for a in arcs])
        out["pure"][d], out["arrival_pure"][d] = flow * cin, out["arrival"][d] * cout
        out["seized"][d], out["seized_pure"][d] = flow * q, flow * q * cin
        out["loss"][d], out["net_value"][d] = q, u
        out["spent"][d] = flow * np.array([a["cost"] for a in arcs]) * noise
        out["crew_pay"][d] = out["spent"][d]
        out["fees"][d], out["risk_pay"][d] = flow * fee, flow * risk * q
        out["margin"][d] = (1 - q) * yields * flow * margins * [value[a["head"]] for a in arcs]
        out["consignments"][d] = [
            f / 250.0 if a["kind"] == "link" else 0.0 for f, a in zip(flow, arcs, strict=True)
        ]
        for n, i in number.items():
            price[d, i], stock[d, i] = value[n], x[n]
    sold = np.stack([stock[:, number[f"hydrochloride@{m}"]] for m in MARKETS], axis=1)
    place_coords = {k: ("arc", [a[k] for a in arcs]) for k in list(arcs[0]) if k not in ("w", "cost", "y")}
    flights = np.array([a["mode"] == "small-plane" for a in arcs])
    links = np.array([a["kind"] == "link" for a in arcs])
    grows = np.array([a["step"] == "grow-coca" for a in arcs])
    income = np.stack(
        [
            (out["flow"] * out["net_value"])[:, grows].sum(1),
            (out["spent"] + out["risk_pay"])[:, links & ~flights].sum(1),
            (out["spent"] + out["risk_pay"])[:, flights].sum(1),
            out["fees"].sum(1) * 0.8,
            out["margin"].sum(1) * 0.3,
            out["fees"].sum(1) * 0.2,
            out["margin"].sum(1) * 0.7,
        ],
        axis=1,
    )
    earned = np.zeros_like(price)
    for i in np.flatnonzero(grows):
        earned[:, number[arcs[i]["tail"]]] += out["flow"][:, i] * out["net_value"][:, i]
    return xr.Dataset(
        {k: (("draw", "arc"), v) for k, v in out.items()}
        | {
            "arrested": (("draw", "arc"), out["consignments"] * out["loss"] * 3),
            "price": (("draw", "node"), price),
            "endowment_income": (("draw", "node"), earned),
            "stock": (("draw", "node"), stock),
            "market_price": (("draw", "market"), np.tile(list(MARKETS.values()), (draws, 1))),
            "sold": (("draw", "market"), sold),
            "sold_pure": (("draw", "market"), sold * CONTENT["hydrochloride"]),
            "crowding": (("draw", "facility"), np.ones((draws, 1))),
            "income": (("draw", "actor"), income),
            "delivered": ("draw", sold.sum(1) * CONTENT["hydrochloride"]),
            "hectares": ("draw", out["flow"][:, grows].sum(1)),
            "arrests": ("draw", (out["consignments"] * out["loss"]).sum(1) * 3),
            "spending": ("draw", np.full(draws, 4e7 + hazard * 1.5e7)),
            "seized_total": ("draw", out["seized_pure"].sum(1)),
        },
        coords=place_coords
        | {
            "node": nodes,
            "node_place": ("node", [n.split("@")[1] for n in nodes]),
            "node_form": ("node", [n.split("@")[0] for n in nodes]),
            "node_country": ("node", [PLACES[n.split("@")[1]][2] for n in nodes]),
            "market": [f"cocaine@{m}" for m in MARKETS],
            "market_place": ("market", list(MARKETS)),
            "market_form": ("market", ["hydrochloride"] * len(MARKETS)),
            "market_node": ("market", [f"hydrochloride@{m}" for m in MARKETS]),
            "market_hires": ("market", [False] * len(MARKETS)),
            "facility": ["strips"],
            "actor": list(ACTORS),
            "actor_name": ("actor", [n for n, _ in ACTORS.values()]),
            "actor_kind": ("actor", [k for _, k in ACTORS.values()]),
        },
        attrs={"policy": {"air-interdiction": hazard} if hazard else {}, "title": "Made-up", "home": "PE"},
    )


def case() -> Case:
    """A case with just the tables that a report reads."""
    places = {
        i: schema.Place(id=i, name=n, kind=k, country=c, latitude=y, longitude=x, source="gazetteer")
        for i, (n, k, c, y, x) in PLACES.items()
    }
    number = dict(scale="log", unit="USD/kg")
    rows = [
        dict(
            id="pay-backpack",
            meaning="Pay of a backpacker per kg",
            low=5,
            value=12,
            high=20,
            claims="pay-a",
            reason="Two reports differ.",
        ),
        dict(
            id="hire-plane",
            meaning="Hire of a plane per kg",
            low=60,
            value=100,
            high=160,
            claims="",
            reason="No source; plausible from rents of licit flights.",
        ),
    ]
    sources = {
        "idl-2012": schema.Source(
            id="idl-2012",
            title="The routes out of the valley",
            author="A newsroom",
            publisher="A newsroom",
            published="2012-08",
            url="https://example.org/routes",
            kind="report",
            reliability="B",
            reason="Documents cited.",
        ),
        "unodc-2013": schema.Source(
            id="unodc-2013",
            title="Crop survey",
            publisher="A survey office",
            published="2013",
            kind="survey",
            reliability="A",
            reason="Method published.",
        ),
    }
    questions = (
        schema.Question(
            id="air", title="What if flights were intercepted again?", policy={"air-interdiction": 1.0}
        ),
        schema.Question(
            id="light", title="What would a weaker air watch do?", policy={"air-interdiction": 0.3}
        ),
    )
    info = schema.CaseInfo(
        id="made-up",
        title="A made-up valley",
        summary="A made-up economy used to test figures; it describes nothing real.",
        baseline=(2012, 2013),
        home="PE",
        substance="cocaine",
        currency={},
        words=schema.CaseWords(crop="coca", harvest="leaf", zone="valley"),
        drift="drift",
        questions=questions,
    )
    return Case(
        info=info,
        sources=sources,
        parameters={r["id"]: schema.Parameter(**r, **number) for r in rows},
        places=places,
        forms={
            f: schema.Form(id=f, name={"paste": "washed paste"}.get(f, f), unit="kg", switching="theta")
            for f in CONTENT
        },
        modes={
            m: schema.Mode(
                id=m,
                name=m.replace("-", " "),
                family=FAMILY[m],
                load="x",
                crew="x",
                detour="x",
                pay="pay-backpack" if m == "backpack" else None,
            )
            for m in dict.fromkeys(link[2] for link in LINKS)
        },
        actors={i: schema.Actor(id=i, name=n, kind=k) for i, (n, k) in ACTORS.items()},
        fingerprint="0" * 64,
    )


def claims() -> pd.DataFrame:
    """Claims about the made-up economy: some fit, some do not, one has no figure."""
    rows = [
        (
            "exports-2012",
            "idl-2012",
            "About two hundred tonnes leave the country.",
            "flow",
            180,
            200,
            240,
            "about",
            "t/yr",
            340.0,
            2.3,
            "fit",
            "2012",
            "B2",
        ),
        (
            "air-share",
            "idl-2012",
            "Nearly half leaves by air.",
            "share",
            0.4,
            0.45,
            0.5,
            "about",
            "dimensionless",
            0.441,
            -0.1,
            "fit",
            "2013",
            "B3",
        ),
        (
            "pay-a",
            "idl-2012",
            "A backpacker earns ten to fifteen dollars per kg.",
            "pay",
            10,
            np.nan,
            15,
            "about",
            "USD/kg",
            12.4,
            0.0,
            "fit",
            None,
            "B2",
        ),
        (
            "leaf-price",
            "unodc-2013",
            "Price of leaf at the farm gate.",
            "price",
            np.nan,
            4.2,
            np.nan,
            "exact",
            "USD/kg",
            3.6,
            -1.3,
            "fit",
            "2013",
            "A1",
        ),
        (
            "plane-load",
            "unodc-2013",
            "Small planes carry three hundred kg.",
            "load",
            250,
            300,
            350,
            "about",
            "kg",
            310.0,
            0.2,
            "check",
            None,
            "A2",
        ),
        (
            "border-share",
            "unodc-2013",
            "A third crosses at the lake.",
            "share",
            0.2,
            0.33,
            0.5,
            "about",
            "dimensionless",
            0.375,
            0.4,
            "check",
            "2012",
            "A3",
        ),
        (
            "fairs",
            "idl-2012",
            "Fairs are held on weekends.",
            "none",
            np.nan,
            np.nan,
            np.nan,
            "about",
            "dimensionless",
            np.nan,
            np.nan,
            "context",
            None,
            "B2",
        ),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def report(draws: int = 1) -> ReportData:
    """A whole report on the made-up economy."""
    made = case()
    questions = made.info.questions
    answers = tuple((q, outcome(draws, hazard=q.policy["air-interdiction"])) for q in questions)
    ledger = ledger_table(made, {"pay-backpack": 12.4})
    meta = Meta(version="0.0", seed=7, fingerprint=made.fingerprint, date="2026-01-01")
    return ReportData(
        case=made,
        base=outcome(draws),
        answers=answers,
        claims=claims(),
        meta=meta,
        ledger=ledger,
        paths=tuple(path(q, draws) for q in questions),
    )


def path(question: schema.Question, draws: int = 1) -> FollowedQuestion:
    """A question on its way: a fifth of its measure after a year, all of it after five."""
    from contraflow.results import tables

    base, hazard = outcome(draws), question.policy["air-interdiction"]
    frames = {
        years: tables.headline(base, outcome(draws, hazard=hazard * years / 5)).rename_axis("figure")
        for years in (0.0, 1.0, 5.0)
    }
    table = pd.concat(frames, names=["years"]).swaplevel().sort_index(level=[0, 1], sort_remaining=False)
    table = table.rename(columns={c: str(c).replace("after", "value") for c in table})
    shown = ["exports", "exports by air", "farm-gate price", "delivered"]
    ends = {years: frame.loc[shown, "after"] for years, frame in frames.items()}
    summary = pd.DataFrame({"before": ends[0.0], "first year": ends[1.0], "end": ends[5.0]}).assign(
        half_years=[5.0, 5.0, 1.0, np.nan], kept=[1.0, 1.0, 0.3, np.nan], unit=frames[0.0].loc[shown, "unit"]
    )
    return FollowedQuestion(question=question, table=table, summary=summary)
