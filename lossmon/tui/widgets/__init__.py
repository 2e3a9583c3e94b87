"""Widgets, each a thin shell over a pure function."""
