"""Figures of an outcome and the self-contained report on a case."""
