"""Figures in SVG, from results."""
