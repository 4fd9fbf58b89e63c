"""Figures as plain data, from results."""
