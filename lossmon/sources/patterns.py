"""Globs over the parts of a path, for places that are listed by hand."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence


def fits(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether the parts of a path fit those of a glob; `**` stands for any number of them."""
    # Positions in the pattern that are open after each part, as in any glob automaton.
    open_at = _past_stars({0}, pattern)
    for name in path:
        after = set()
        for index in open_at:
            if index == len(pattern):
                continue
            if pattern[index] == "**":
                after.add(index)
            elif fnmatch.fnmatchcase(name, pattern[index]):
                after.add(index + 1)
        open_at = _past_stars(after, pattern)
    return len(pattern) in open_at


def _past_stars(positions: set[int], pattern: Sequence[str]) -> set[int]:
    reached = set(positions)
    for position in positions:
        while position < len(pattern) and pattern[position] == "**":
            position += 1
            reached.add(position)
    return reached
