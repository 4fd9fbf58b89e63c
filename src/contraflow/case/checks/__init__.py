"""Checks across the tables of a case: one small function per question, all problems collected.

Each check takes the tables and returns what it found. A check says nothing about rows that
could not be read; those have been reported already.
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

    Without ``units``, because the currencies of ``case.toml`` could not be read, numbers are not
    checked: their units would look broken only for that.
    """
    checks = [check for check in CHECKS if units is not None or check not in NUMBERS]
    return [problem for check in checks for problem in check(tables, units or Units())]
