"""Measurements of lossmon itself: one command each, each prints a table."""
