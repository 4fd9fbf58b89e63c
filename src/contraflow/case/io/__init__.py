"""Cells of tables on disk, read and written."""
