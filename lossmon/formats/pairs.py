r"""Names and numbers as consoles print them side by side.

Every repetition is possessive: no text has two ways to match, so the time is
linear whatever a log holds.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late

NUMBER: Final = (
    r"[-+]?(?:\d{1,40}+(?:,\d{3}(?!\d)){0,12}+(?:\.\d{0,40}+)?+(?:[eE][-+]?\d{1,6}+)?+"
    r"|\.\d{1,40}+(?:[eE][-+]?\d{1,6}+)?+|(?:[nN][aA][nN]|[iI]nf(?:inity)?|INF)(?![A-Za-z_]))"
)
"""A printed number: thousands by commas, an exponent, nan and inf."""

_PAIRS: Final = late(
    rf"([A-Za-z_][\w/.@#'-]{{0,80}}+)[ \t]?+[:=][ \t]{{0,16}}+({NUMBER})(?![\w:/])"
)
_SPACED: Final = late(rf"([A-Za-z_][\w/.@#'-]{{0,80}}+)[ \t]{{1,16}}+({NUMBER})(?![\w:/])")


def to_float(text: str) -> float:
    """Return the number that `NUMBER` matched."""
    if "," not in text:
        return float(text)
    zero = text.lstrip("+-").startswith("0,")  # no thousands begin so
    return float(text.replace(",", ".", 1) if zero else text.replace(",", ""))


def explicit_pairs(text: str) -> list[tuple[str, float]]:
    """Return the pairs of `name: value` and `name=value`, names of one word, in order."""
    return [(name, to_float(value)) for name, value in _PAIRS.findall(text)]


def spaced_pairs(text: str) -> list[tuple[str, float]]:
    """Return the pairs of `name value`, names of one word, in order."""
    return [(name, to_float(value)) for name, value in _SPACED.findall(text)]
