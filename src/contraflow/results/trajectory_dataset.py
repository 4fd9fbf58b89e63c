"""The labelled arrays of a simulation: one Dataset over replicates and months."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from contraflow._types import FloatArray
from contraflow.dynamics.simulator import MonthlySummary
from contraflow.network.network import Network
from contraflow.policy.policy import levers_of
from contraflow.results.dataset import coordinates, final_markets

KINDS = {
    "arc": ("flow", "pure", "seized", "seized_pure", "arrival", "arrival_pure", "consignments", "caught",
            "believed"),
    "node": ("price", "stock", "endowment_income"),
    "market": ("sold", "sold_pure", "market_price"),
    "facility": ("open_share",),
    "actor": ("income", "arrested"),
    "measure": ("level",),
    "": ("delivered", "clans", "largest", "concentration", "failed", "removed", "founded", "spending",
         "sales", "grants", "put_by", "taken", "excess"),
}  # fmt: skip
"""Variables of the dataset by what they lie over, besides replicate and month."""


def make_paths(
    network: Network,
    ledger: FloatArray,
    summary: MonthlySummary,
    months: npt.NDArray[Any],
    levels: FloatArray,
    spending: FloatArray,
    output: FloatArray,
    behaviour: Mapping[str, FloatArray],
    attributes: dict[str, Any],
) -> xr.Dataset:
    """Label the months of a simulation; ``docs/simulation.md`` lists variables and units.

    Parameters
    ----------
    network
        The network of the model.
    ledger
        Values of the ledger (replicate, number).
    summary
        Result of the simulator (replicate, month, ...), flows a month.
    months
        Labels of the months (month,).
    levels
        Levels of the measures (replicate, month, measure).
    spending
        The state's spending on costed measures (replicate, month), USD a month.
    output
        Units out per unit in (replicate, arc).
    behaviour
        Draws of each number of behaviour (replicate,), by its name.
    attributes
        Attributes of the dataset; the hash of the ledger is added.

    Returns
    -------
    xarray.Dataset
        Variables of KINDS with the leading dimensions (replicate, month), and ``behaviour`` (replicate,
        number).
    """
    s = summary
    content = ledger[:, None, network.content]
    tail, head = content[..., network.tail], content[..., network.head]
    arrival = (s.sent - s.lost) * output[:, None]
    values: dict[str, Any] = {
        "flow": s.sent,
        "pure": s.sent * tail,
        "seized": s.lost,
        "seized_pure": s.lost * tail,
        "arrival": arrival,
        "arrival_pure": arrival * head,
        "consignments": s.consignments,
        "caught": s.caught,
        "believed": s.believed,
        "price": s.price,
        "stock": s.stock,
        "endowment_income": s.earned,
        "sold": s.sold,
        "sold_pure": s.sold * content[..., network.market_node],
        "delivered": (s.sold * content[..., network.market_node] * final_markets(network)).sum(axis=-1),
        "market_price": s.market_price,
        "open_share": s.open_share,
        "income": s.income,
        "arrested": s.crews,
        "level": levels,
        "clans": s.clans,
        "largest": s.largest,
        "concentration": s.concentration,
        "failed": s.failed,
        "removed": s.arrested,
        "founded": s.founded,
        "spending": spending,
        "sales": s.sales,
        "grants": s.grants,
        "put_by": s.put_by,
        "taken": s.taken,
        "excess": s.excess,
    }
    dims = {name: kind for kind, names in KINDS.items() for name in names}
    return xr.Dataset(
        {
            name: (
                ("replicate", "month", dims[name]) if dims[name] else ("replicate", "month"),
                np.asarray(v),
            )
            for name, v in values.items()
        }
        | {"behaviour": (("replicate", "number"), np.stack(list(behaviour.values()), axis=1))},
        coords={
            "replicate": np.arange(len(ledger)),
            "month": months,
            "measure": list(levers_of(network.case)),
            "number": list(behaviour),
            **coordinates(network),
        },
        attrs=attributes | {"ledger": sha256(np.ascontiguousarray(ledger).tobytes()).hexdigest()},
    )
