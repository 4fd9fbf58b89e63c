"""Numbers of a case that a user changes, without writing a case anew."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, TypeVar

import numpy as np

from contraflow._language import _
from contraflow._numbers import cell
from contraflow._types import FloatArray
from contraflow.case import effects, schema
from contraflow.case.behaviour import BEHAVIOUR, row_id
from contraflow.case.case import Case
from contraflow.case.checks.number_limits import LIMITS, Limit
from contraflow.case.columns import columns
from contraflow.case.io.units import UnitError, Units
from contraflow.errors import PolicyError
from contraflow.network.network import Ledger
from contraflow.results.choices import near_match

AnyCase = TypeVar("AnyCase", bound=Case)

EXAMPLE = "{'theta-route': 3}"
"""How numbers are written."""


@dataclass(frozen=True)
class ChangedNumbers:
    """Numbers that were given a value of the user's own; false if there are none."""

    values: Mapping[str, float] = field(default_factory=dict)
    """Values by id of the parameter, in units of the model."""
    stated: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The range that the case states for each of them."""
    refitted: bool = False
    """Whether the case was calibrated anew with these values."""

    def __bool__(self) -> bool:
        return bool(self.values)

    @property
    def outside(self) -> tuple[str, ...]:
        """Those that lie outside the range that the case states."""
        ends = self.stated
        return tuple(name for name, x in self.values.items() if not ends[name][0] <= x <= ends[name][1])

    @property
    def text(self) -> str:
        """The numbers as they are written: ``theta-route=3; pay-plane=200``; empty without any."""
        return "; ".join(f"{name}={value:g}" for name, value in self.values.items())

    @property
    def words(self) -> str:
        """The numbers and what is to be known about them, for people; empty without any."""
        if not self:
            return ""
        parts = [
            _("{number} = {value}, outside its range").format(number=name, value=f"{value:g}")
            if name in self.outside
            else f"{name} = {value:g}"
            for name, value in self.values.items()
        ]
        if self.refitted:
            return _("{numbers}; calibrated anew").format(numbers="; ".join(parts))
        return _("{numbers}; not calibrated anew").format(numbers="; ".join(parts))

    def titled(self, title: str) -> str:
        """A title that says which numbers were changed; the title itself where none was."""
        if not self:
            return title
        return _("{title} (numbers changed: {numbers})").format(title=title, numbers=self.words)

    @property
    def attributes(self) -> dict[str, str]:
        """What the attributes of results say: ``numbers`` and ``numbers_in_words``; empty without any."""
        return {"numbers": self.text, "numbers_in_words": self.words} if self else {}


def read_numbers(case: Case, given: Mapping[str, float | str]) -> ChangedNumbers:
    """Check numbers that a user gives.

    Parameters
    ----------
    case
        The case.
    given
        Values by id of a row of ``parameters.csv``: a number in the unit that ``lab.assumptions()`` shows, or
        text with a unit of its own, such as ``"27 EUR/g"`` or ``"45 percent"``.

    Returns
    -------
    ChangedNumbers
        The numbers in units of the model.

    Raises
    ------
    PolicyError
        For an unknown number, a value that is no number, has another unit, or is impossible for what the
        number is used for; lists all of them. A value outside the stated range is none of these.
    """
    if not isinstance(given, Mapping):
        text = _("Numbers are given as {type}; write them by name: {example}.")
        raise PolicyError(text.format(type=type(given).__name__, example=EXAMPLE))
    wrong: list[str] = []
    values: dict[str, float] = {}
    for name, stated in given.items():
        if name not in case.parameters:
            known = near_match(name, case.parameters) or _("lab.assumptions() lists them.")
            text = _("'{name}' is no number of this case.").format(name=name)
            wrong.append(f"{text} {known}")
            continue
        try:
            value = _value(case, case.parameters[name], stated)
        except ValueError as error:
            wrong.append(f"{name}: {error}")
            continue
        fault = next(_faults(case, name, value), None)
        if fault is not None:
            wrong.append(_("{name}: {value} {fault}.").format(name=name, value=f"{value:g}", fault=fault))
        values[name] = value
    if wrong:
        raise PolicyError("\n".join(wrong))
    ranges = {name: (case.parameters[name].low, case.parameters[name].high) for name in values}
    return ChangedNumbers(values, ranges)


def with_fixed_numbers(case: AnyCase, numbers: ChangedNumbers) -> AnyCase:
    """The case with these numbers fixed, and a fingerprint of its own."""
    rows = dict(case.parameters)
    for name, value in numbers.values.items():
        rows[name] = rows[name].model_copy(update={"low": value, "value": value, "high": value})
    digest = sha256(f"{case.fingerprint} {sorted(numbers.values.items())!r}".encode()).hexdigest()
    return replace(case, parameters=rows, fingerprint=digest)


def fixed_in(before: Ledger, after: Ledger, draws: FloatArray) -> FloatArray:
    """Draws of the ledger ``before`` (draw, number) in which the numbers that ``after`` fixes have its value.

    Weights that take their range from a number that is fixed are fixed with it.
    """
    fixed = (after.low == after.high) & (
        (after.low != before.low) | (after.high != before.high) | (after.value != before.value)
    )
    return np.where(fixed, after.value, draws)


def _value(case: Case, row: schema.Parameter, stated: Any) -> float:
    """A value in the unit of the model. Raises ValueError, in words."""
    text = _("{given} is not a number; {cure}.")
    if isinstance(stated, bool) or not isinstance(stated, str | int | float | np.number):
        raise ValueError(text.format(given=repr(stated), cure=_cure(row)))
    if not isinstance(stated, str):
        value = float(stated)
    else:
        number, _sep, own = stated.strip().partition(" ")
        try:
            value = float(number)
        except ValueError:
            raise ValueError(text.format(given=f"'{stated}'", cure=_cure(row))) from None
        if own.strip():
            try:
                read = Units(case.info.currency).read(own.strip())
            except UnitError as error:
                text = _("the unit '{unit}' {fault}. {cure}.")
                raise ValueError(text.format(unit=own.strip(), fault=error, cure=error.cure)) from None
            if read.unit != row.unit:
                text = _("'{unit}' converts to {other}, but the number is in {own}.")
                raise ValueError(text.format(unit=own.strip(), other=read.unit, own=row.unit))
            value *= read.factor
    if not math.isfinite(value):
        text = _("{given} is not a finite number; {cure}.")
        raise ValueError(text.format(given=repr(stated), cure=_cure(row)))
    return value


def _cure(row: schema.Parameter) -> str:
    example = cell(row.value)
    if row.unit == "dimensionless":
        return _("write a number, for example {example}").format(example=example)
    return _("write a number of {unit}, for example {example}").format(unit=row.unit, example=example)


def _faults(case: Case, name: str, value: float) -> Iterator[str]:
    """Why a value is impossible, for each use of a number."""
    for own, number in BEHAVIOUR.items():
        fault = number.fault(value / number.factor) if row_id(own) == name else None
        if fault is not None:
            yield _("{fault} months").format(fault=fault) if number.unit == "month" else fault
    for model in schema.TABLES:
        for column in (column for column in columns(model) if column.role is not None):
            for row in getattr(case, model.table).values():
                if getattr(row, column.attribute) != name:
                    continue
                limit = LIMITS.get(column.name, Limit())
                if isinstance(row, schema.Effect) and column.name == "size":
                    kind = effects.entry_of(row.kind)
                    limit = Limit(kind.least, kind.most)
                fault = limit.fault(value)
                if fault is not None:
                    text = _("{fault}, which is impossible for '{column}' of '{row}'")
                    yield text.format(fault=fault, column=column.name, row=row.id)
