"""What the index of formats (`_index.py`) says of a module."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One module: the names of its formats, and when they need not be asked."""

    names: tuple[str, ...] = ()
    needles: tuple[str, ...] | None = None
    """Texts of which one must stand in a head for any of them to claim it; None: unknown."""
    tables: bool = False
    """Whether all of them are databases, which no head of bytes is."""
    binary: bool = False
    """Whether all of them have a NUL among the first 64 bytes."""
    last_resort: bool | None = False
    """Whether all of them are readers of no trainer in particular; None: some are."""
