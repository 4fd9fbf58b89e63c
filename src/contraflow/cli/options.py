"""How a command comes to its lab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from contraflow._language import _
from contraflow.cli.given_names import expect_side, refuse
from contraflow.inference.method import Method

if TYPE_CHECKING:
    from contraflow._types import Progress
    from contraflow.case import Case
    from contraflow.lab import Lab, OpenCase


@dataclass(frozen=True)
class CalibrationOptions:
    """Options that commands share: the seed, how draws are made, and whether poor chains pass."""

    seed: int = 0
    method: Method = Method.LAPLACE
    accept_poor: bool = False
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Numbers of the case that are given another value (``--set``)."""
    refit: bool = False
    """Whether the case is calibrated anew with them."""
    believes: Mapping[str, str] = field(default_factory=dict)
    """Sides of disagreements that are taken as right, by disagreement (``--believe``)."""

    @property
    def words(self) -> tuple[str, ...]:
        """The options as they are written, without those that stand as they do by themselves."""
        words = [word for number, value in self.numbers.items() for word in ("--set", f"{number}={value}")]
        words += [word for group, side in self.believes.items() for word in ("--believe", f"{group}={side}")]
        words += ["--refit"] * self.refit + ["--accept-poor-fit"] * self.accept_poor
        words += ["--seed", str(self.seed)] if self.seed else []
        words += ["--method", self.method.value] if self.method is not Method.LAPLACE else []
        return tuple(words)


def opened(case: Case) -> OpenCase:
    """A case that was read, with the methods that build and calibrate its model."""
    from contraflow.lab import OpenCase

    if isinstance(case, OpenCase):
        return case
    return OpenCase(**{f.name: getattr(case, f.name) for f in fields(case) if f.init})


def calibrated(
    case: Case,
    how: CalibrationOptions,
    say: Progress,
    until: int | None = None,
    keep: int | None = None,
) -> Lab:
    """The posterior that the options ask for, of which at most ``keep`` draws are kept."""
    from contraflow.lab.open_case import KEPT

    own = opened(case)
    if how.numbers:
        from contraflow.lab.changed_numbers import read_numbers

        read_numbers(own, how.numbers)
    lab = own.calibrate(
        method=how.method,
        seed=how.seed,
        keep=KEPT if keep is None else keep,
        until=until,
        accept_poor=how.accept_poor,
        progress=say,
    )
    if how.numbers:
        lab = lab.with_numbers(how.numbers, refit=how.refit, progress=say)
    return lab.believing(how.believes, progress=say) if how.believes else lab


def numbers_of(given: Sequence[str]) -> dict[str, str]:
    """Values by number from ``NUMBER=VALUE``; what is not written so ends the command with exit code 2."""
    return _pairs(
        given,
        _("'{text}' is not written as NUMBER=VALUE, such as pay-plane=200."),
        _("'{name}' is set twice."),
    )


def sides_of(case: str, given: Sequence[str]) -> dict[str, str]:
    """Sides by disagreement from ``DISAGREEMENT=SIDE``.

    What is not written so, and names that the case does not have, end the command with exit code 2.
    """
    found = _pairs(
        given,
        _(
            "'{text}' is not written as DISAGREEMENT=SIDE. 'contraflow disagreements {case}' lists both."
        ).replace("{case}", case),
        _("'{name}' is believed twice; one side of it can be right."),
    )
    for name, side in found.items():
        expect_side(case, name, side)
    return found


def _pairs(given: Sequence[str], unreadable: str, twice: str) -> dict[str, str]:
    """What options of the form ``NAME=VALUE`` give, by name."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (name and sign and value):
            refuse(unreadable.format(text=text))
        if name in found:
            refuse(twice.format(name=name))
        found[name] = value
    return found
