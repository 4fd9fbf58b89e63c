"""Results as plain records: what ``--json`` prints, and what the screens are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from contraflow._version import __version__
from contraflow.cli.given_names import policy_of
from contraflow.policy import describe
from contraflow.results import side_economies, tables
from contraflow.results.verify import verify
from contraflow.results.view import price_spot
from contraflow.text.names import shown_names

if TYPE_CHECKING:
    import pandas as pd

    from contraflow.case import Case
    from contraflow.lab import Lab
    from contraflow.lab.outcome import Outcome

__all__ = [
    "Record", "answer", "baseline", "convergence", "fit", "patterns", "policy_of", "predictions", "price_of",
    "provenance", "rows",
]  # fmt: skip

Record = dict[str, Any]

UNNAMED = ("not-attributed", "traders-rent")
"""Accounts that are nobody's."""


def rows(frame: pd.DataFrame) -> list[Record]:
    """A table as a list of records."""
    return cast("list[Record]", frame.to_dict("records"))


def provenance(lab: Lab) -> Record:
    """What makes a result reproducible."""
    case, network = lab.case, lab.network
    return {
        "case": case.info.id,
        "title": case.info.title,
        "baseline_years": list(case.info.baseline),
        "fingerprint": case.fingerprint,
        "version": __version__,
        "seed": lab.seed,
        "draws": len(lab.ledger),
        "nodes": len(network.nodes),
        "arcs": len(network.arcs),
        **lab.own_attributes,
    }


def baseline(lab: Lab) -> Record:
    """Headline figures of the baseline, by name, and the case's own words."""
    names = shown_names(lab.case)
    data = lab.baseline().data
    frame = tables.headline(data)
    frame = frame.rename(columns={c: str(c).replace("before", "value") for c in frame})
    return {
        "figures": {str(k): _contrast(row) for k, row in frame.to_dict("index").items()},
        "price_of": price_of(lab),
        "words": {"crop": names.crop, "harvest": names.harvest, "substance": names.substance},
    }


def price_of(lab: Lab) -> Record:
    """Whose price ``local price`` is: a short word for the good, its name and that of the place."""
    form, _, place = price_spot(lab.baseline().data).partition("@")
    case = lab.case
    return {
        "good": form.replace("-", " ") or "price",
        "form": case.forms[form].name if form in case.forms else "",
        "place": case.places[place].name if place in case.places else "",
    }


def answer(lab: Lab, outcome: Outcome) -> Record:
    """Everything on one policy, against the baseline."""
    case, base = lab.case, lab.baseline()
    figures = tables.headline(base.data, outcome.data)
    incomes = tables.incomes(base.data, outcome.data)
    return {
        "title": outcome.title,
        "price_of": price_of(lab),
        "draws": figures.attrs["draws"],
        "left_out": figures.attrs["left_out"],
        "policy": dict(outcome.policy),
        "policy_in_words": describe(case, outcome.policy),
        "after": outcome.data.attrs["after"],
        "figures": {str(k): _contrast(row) for k, row in figures.to_dict("index").items()},
        "displacement": {by: _displacement(case, base, outcome, by) for by in ("mode", "route", "zone")},
        "incomes": rows(incomes.rename_axis("actor").reset_index()),
        "livelihoods": rows(side_economies.livelihoods(base.data, outcome.data).reset_index()),
        "goods": [
            {"name": case.forms[row["form"]].name} | row
            for row in rows(side_economies.goods(base.data, outcome.data).reset_index())
        ],
        "supplies": rows(side_economies.supplies(base.data, outcome.data).reset_index()),
        "alternatives": [_alternative(outcome, base, number) for number in range(len(outcome.alternatives))],
        "equilibria": 1 + len(outcome.alternatives),
        "largest_error": verify(outcome.data, base.data).worst,
    }


def _alternative(outcome: Outcome, base: Outcome, number: int) -> Record:
    """Another equilibrium of a policy, over the draws that have it."""
    other = outcome.alternatives[number]
    found = np.ones(1, dtype=np.int64) if outcome.search is None else outcome.search.equilibria
    own = np.flatnonzero(found > number + 1) if found.size > 1 else np.zeros(1, dtype=np.int64)
    figures = tables.headline(base.data.isel(draw=own), other.data.isel(draw=own))
    return {
        "title": other.title,
        "draws": int(own.size),
        "figures": {str(k): _contrast(row) for k, row in figures.to_dict("index").items()},
    }


def convergence(outcome: Outcome) -> list[Record]:
    """One record per start: how far it came, and with what work."""
    frame = outcome.convergence()
    return [
        {
            "draw": int(draw),
            "start": int(start),
            "rounds": len(group),
            "evaluations": int(group["evaluations"].iloc[-1]),
            "first_residual": float(group["residual"].iloc[0]),
            "last_residual": float(group["residual"].iloc[-1]),
            "residuals": group["residual"].tolist(),
        }
        for (draw, start), group in cast("Any", frame.groupby(["draw", "start"]))
    ]


def fit(lab: Lab) -> Record:
    """How well the claims fit: how many within two standard deviations, and the furthest off."""
    frame = lab.claims()
    used = frame[frame["fitted"]]
    off = used.assign(far=used["residual"].abs()).sort_values("far", ascending=False)
    return {
        "fitted": len(used),
        "within_two_deviations": int((off["far"] <= 2).sum()),
        "furthest_off": [
            {
                name: row[name]
                for name in ("claim", "statement", "model", "low", "value", "high", "unit", "residual")
            }
            for row in rows(off[off["far"] > 2].head(5))
        ],
    }


def patterns(frame: pd.DataFrame) -> Record:
    """How many patterns show, and which of them do not, from the table of the verdicts."""
    every = rows(frame) if len(frame) else []
    run = [p for p in every if p["holds"] is not None]
    return {
        "run": len(run),
        "hold": sum(bool(p["holds"]) for p in run),
        "failing": [p["pattern"] for p in run if not p["holds"]],
        "not_run": [p["pattern"] for p in every if p["holds"] is None],
        "patterns": every,
    }


def predictions(lab: Lab) -> Record:
    """Claims of later years beside what the model foresaw, and errors by quantity and country."""
    return {"predictions": rows(lab.predictions()), "prediction_errors": rows(lab.prediction_errors())}


def _contrast(row: Mapping[Any, Any]) -> Record:
    return {str(name): value for name, value in row.items()}


def _displacement(case: Case, base: Outcome, outcome: Outcome, by: str) -> Record:
    frame = tables.displacement(base.data, outcome.data, by)
    kinds: Mapping[str, Any] = case.modes if by == "mode" else case.places
    listed = frame.rename_axis("id").reset_index()
    listed.insert(1, "name", [kinds[key].name if key in kinds else key for key in listed["id"].astype(str)])
    return {
        "unit": "ha" if by == "zone" else "t/yr",
        **{str(name): value for name, value in frame.attrs.items() if str(name).startswith("displaced")},
        "rows": rows(listed),
    }
