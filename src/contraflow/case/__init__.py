"""What is known of an illicit economy: tables on disk, checked and read into a :class:`Case`."""

from contraflow.case.case import Case
from contraflow.case.io.datapackage import describe, write_datapackage
from contraflow.case.levels import parse_levels
from contraflow.case.load import check, load, shipped
from contraflow.case.scaffold import new

# `load` is also a module here; the function above wins because it is bound last.

__all__ = ["Case", "check", "describe", "load", "new", "parse_levels", "shipped", "write_datapackage"]
