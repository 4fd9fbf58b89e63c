"""What is known of an illicit economy: tables on disk, checked and read into a :class:`Case`."""

from contraflow.case.case import Case
from contraflow.case.datapackage import describe, write_datapackage
from contraflow.case.levels import parse_levels
from contraflow.case.load import check, load, shipped
from contraflow.case.scaffold import new

# `load` and `check` are also modules here; the functions above win because they are bound last.

__all__ = ["Case", "check", "describe", "load", "new", "parse_levels", "shipped", "write_datapackage"]
