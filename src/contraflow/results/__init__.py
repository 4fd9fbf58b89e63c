"""Labelled results: the Dataset of an outcome, tables made of it, and a second pair of eyes."""
