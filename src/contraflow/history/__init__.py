"""Behaviour learned from episodes of history, and tested on episodes that were left out."""
