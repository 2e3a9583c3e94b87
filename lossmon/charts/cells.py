"""How many cells of a terminal a text takes: by `rich`, which is asked only where it may differ."""

from __future__ import annotations


def cell_len(text: str) -> int:
    """Return the cells that a text takes: two for each wide character, none for a combining one."""
    if text.isascii() and text.isprintable():
        return len(text)
    from rich.cells import cell_len as measured  # a hundredth of a report's start

    return measured(text)


def set_cell_size(text: str, cells: int) -> str:
    """Return the text cut or filled with blanks to so many cells."""
    from rich.cells import set_cell_size as fitted

    return fitted(text, cells)
