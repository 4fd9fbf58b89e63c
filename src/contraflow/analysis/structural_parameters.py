"""Parameters of functional form, which govern how strongly the economy responds, not how large anything is.

They are identified by their part in the equations of the model, never by their name in the case.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from contraflow._types import IntArray
from contraflow.network.network import ONE, Network
from contraflow.policy.levers import Levers


def forms(network: Network, levers: Levers) -> dict[str, IntArray]:
    """Positions in the ledger of the parameters of functional form, by what they govern.

    Each parameter is listed once. All others say how much there is of something, or what it costs.
    """
    roles: Iterable[tuple[str, IntArray]] = (
        ("how readily people switch", np.append(network.switching, network.procurement.switching)),
        ("how demand answers to price", network.market_elasticity),
        ("how losses thin out in a crowd", network.facility_dilution),
        ("how steeply congestion rises", network.facility_steepness),
        ("how the effect of measures levels off", np.append(levers.half, levers.rebuild)),
        ("when a measure that another needs is enough", levers.full_at),
        ("what part of costs is in proportion to price", network.numbers.margin),
    )
    found: dict[str, IntArray] = {}
    seen: set[int] = set()
    for role, places in roles:
        own = [int(p) for p in np.unique(places) if p > ONE and p not in seen]
        seen.update(own)
        found[role] = np.array(own, dtype=np.int64)
    return found
