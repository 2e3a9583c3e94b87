"""How numbers are written in sentences."""

from __future__ import annotations


def rounded(value: float, digits: int, sign: str = "") -> str:
    """Return a figure with so many significant digits: 1,680 and not 1.68e+03."""
    return f"{float(f'{value:.{digits}g}'):{sign},.6g}"
