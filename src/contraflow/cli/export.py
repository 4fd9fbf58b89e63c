"""The command ``export``: the network and the results in other programs' formats."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contraflow._language import _
from contraflow.cli import json_records
from contraflow.cli.files import csv_text, expect_writable, make_folder, replace_file
from contraflow.cli.names import AskedPolicy
from contraflow.cli.options import CalibrationOptions, calibrated, opened
from contraflow.cli.terminal import plain, progress, screen, written
from contraflow.network import to_geojson, to_graphml
from contraflow.results import draws, tables
from contraflow.results.view import coord

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from contraflow.lab import Lab
    from contraflow.lab.outcome import Outcome


FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of a cell that spreadsheets run as a formula."""


def export(asked: AskedPolicy, to: str, out: Path, *, how: CalibrationOptions) -> None:
    """Write one format to ``out``; what is there already stays whole if anything fails."""
    with progress() as say:
        expect_writable(out, folder=to == "csv")
        if to in ("graphml", "geojson"):
            network = opened(asked.case).network()
            if to == "graphml":
                replace_file(out, lambda path: to_graphml(network, path))
            else:
                text = json.dumps(plain(to_geojson(network)), ensure_ascii=False, allow_nan=False)
                replace_file(out, partial(_write_text, text))
        else:
            lab = calibrated(asked.case, how, say)
            say(_("Computing"))
            outcome = lab.respond(asked.policy, asked.title) if asked.policy else lab.baseline()
            if to == "netcdf":
                data = serialisable(outcome.data)
                replace_file(out, lambda part: data.to_netcdf(part, engine="scipy"))
            else:
                _write_tables(out, lab, outcome)
    written(screen(), _("Written: {file}").format(file=out.name), out)


def serialisable(data: xr.Dataset) -> xr.Dataset:
    """The dataset with attributes that every file format can hold: mappings as JSON."""
    attributes = {k: json.dumps(v) if isinstance(v, Mapping) else v for k, v in data.attrs.items()}
    return data.assign_attrs(attributes)


def _write_tables(folder: Path, lab: Lab, outcome: Outcome) -> None:
    make_folder(folder)
    for name, frame in frames(lab, outcome).items():
        replace_file(folder / f"{name}.csv", partial(_write_text, csv_text(as_text(frame))))
    origin = json_records.provenance(lab) | {"title": outcome.title, "policy": dict(outcome.policy)}
    about = json.dumps(plain(origin), indent=2)
    replace_file(folder / "about.json", partial(_write_text, about))


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The table without text that a spreadsheet would take for a formula: an apostrophe stands before it."""

    def harmless(cell: object) -> object:
        return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell

    index = frame.index.map(
        lambda key: tuple(map(harmless, key)) if isinstance(key, tuple) else harmless(key)
    )
    return frame.map(harmless).set_axis(index, axis=0).rename_axis(frame.index.names)


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def frames(lab: Lab, outcome: Outcome) -> dict[str, pd.DataFrame]:
    """Tables of an outcome by name; with a policy, before and after it."""
    base = lab.baseline().data
    after = None if outcome.search is None else outcome.data
    return {
        "headline": tables.headline(base, after),
        "by_mode": tables.by_mode(base, after),
        "by_route": tables.by_route(base, after),
        "by_zone": tables.by_zone(base, after),
        "incomes": tables.incomes(base, after),
        "ladder": tables.price_ladder(outcome.data),
        "arcs": _medians(outcome.data, "arc"),
        "nodes": _medians(outcome.data, "node"),
        "claims": lab.claims().set_index("claim"),
        "assumptions": lab.assumptions().set_index("parameter"),
    }


def _medians(data: xr.Dataset, along: str) -> pd.DataFrame:
    """Every variable along a dimension, its median over draws, with the labels first."""
    import pandas as pd

    labels = {str(n): coord(data, str(n)) for n, c in data.coords.items() if c.dims == (along,)}
    chosen = [str(n) for n, v in data.data_vars.items() if v.dims == ("draw", along)]
    columns: dict[str, Any] = labels | {n: draws.median(data, n) for n in chosen}
    return pd.DataFrame(columns).set_index(along)
