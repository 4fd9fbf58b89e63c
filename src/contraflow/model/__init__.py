"""The forward model: choice, equilibrium and accounting. It reads no files."""

from contraflow.model.economy import Economy
from contraflow.model.equilibrium import Anchor, Model, Point
from contraflow.model.numerics import keep_compiled_code

__all__ = ["Anchor", "Economy", "Model", "Point", "keep_compiled_code"]
