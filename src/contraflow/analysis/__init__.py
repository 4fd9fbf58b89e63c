"""Analyses that need a posterior and the model."""
