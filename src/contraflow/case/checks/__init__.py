"""Checks across the tables of a case: one small function per question; all problems are collected.

Each check takes the tables and returns what it found. Checks pass over rows that could not be read, which
have been reported already.
"""

from __future__ import annotations

from contraflow.case.checks.meaning import MEANING
from contraflow.case.checks.number_limits import NUMBERS
from contraflow.case.checks.references import REFERENCES
from contraflow.case.io.located_rows import Tables
from contraflow.case.io.units import Units
from contraflow.errors import Problem

CHECKS = (*REFERENCES, *NUMBERS, *MEANING)
"""All checks."""


def run(tables: Tables, units: Units | None) -> list[Problem]:
    """Every problem that any check finds.

    Parameters
    ----------
    tables
        What could be read of the case.
    units
        The units that the case may use. None if the currencies of ``case.toml`` could not be read: then
        numbers are not checked, since their units would seem broken only for that reason.
    """
    checks = [check for check in CHECKS if units is not None or check not in NUMBERS]
    return [problem for check in checks for problem in check(tables, units or Units())]
