"""How wide the terminal is."""

from __future__ import annotations

import os
import sys


def terminal_width(default: int) -> int:
    """Return the columns of the terminal, as COLUMNS or standard output tells them.

    What `shutil.get_terminal_size` says, without its compressors, which it loads at each start.
    """
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
        except (ValueError, OSError):  # closed, detached, or no terminal
            columns = 0
    return columns if columns > 0 else default


def text_width(most: int) -> int:
    """Return the columns that text is broken to: those of the terminal, from 40 to `most`."""
    return max(40, min(most, terminal_width(most)))
