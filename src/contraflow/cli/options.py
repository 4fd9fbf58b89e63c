"""How a command comes to its lab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contraflow.inference.method import Method

if TYPE_CHECKING:
    from contraflow._types import Progress
    from contraflow.lab import Lab, OpenCase


@dataclass(frozen=True)
class CalibrationOptions:
    """Options that commands share: the seed, how draws are made, and whether poor chains pass."""

    seed: int = 0
    method: Method = Method.LAPLACE
    accept_poor: bool = False


def calibrated(
    case: OpenCase,
    how: CalibrationOptions,
    say: Progress,
    until: int | None = None,
    keep: int | None = None,
) -> Lab:
    """The posterior that the options ask for, of which at most ``keep`` draws are kept."""
    from contraflow.lab.open_case import KEPT

    return case.calibrate(
        method=how.method,
        seed=how.seed,
        keep=KEPT if keep is None else keep,
        until=until,
        accept_poor=how.accept_poor,
        progress=say,
    )
