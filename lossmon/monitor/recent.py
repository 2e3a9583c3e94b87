"""The last lines of a text log as a terminal would show them, for people who miss `tail -f`."""

from __future__ import annotations

from typing import Final

from lossmon.formats.lines import strip_ansi
from lossmon.model import clean_text

KEPT: Final = 1 << 15
"""Bytes kept of the end of a log: a few screens of lines."""

MAX_LINES: Final = 400
MAX_WIDTH: Final = 1000


def kept(recent: bytes, data: bytes) -> bytes:
    """Return the end of `recent` followed by `data`."""
    return data[-KEPT:] if len(data) >= KEPT else (recent + data)[-KEPT:]


def lines(recent: bytes) -> tuple[str, ...]:
    """Return the lines of a log's end, cleaned, oldest first.

    Of a line that was redrawn (progress bars), the last drawing stands. The
    first line is left out where its beginning was not kept.
    """
    text = strip_ansi(recent.decode("utf-8", "replace").replace("\r\n", "\n"))
    found = text.split("\n")
    if len(recent) >= KEPT:
        del found[0]
    shown = []
    for line in found[-MAX_LINES:]:
        drawings = [part for part in line.replace("\b", "\r").split("\r") if part.strip()]
        if drawings:
            shown.append(clean_text(drawings[-1].expandtabs(8).rstrip(), MAX_WIDTH))
    return tuple(shown)
