"""Sections of the report: each its data and figures."""
