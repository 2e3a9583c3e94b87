"""What a file is taken for: the formats' claims on its first bytes, and the reason in words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from lossmon.formats import registry
from lossmon.formats.base import HEAD_BYTES, Format, Sniff
from lossmon.record import record
from lossmon.settings import Settings

SEARCH_CONFIDENCE: Final = 0.3
"""A file met while searching a directory must be claimed at least so surely to be listed."""

EMPTY: Final = "empty so far"
"""Why a file is no run that may yet become one."""

_SQLITE: Final = b"SQLite format 3\0"

_HOLE: Final = re.compile(rb"\0{64,}")
"""What a crash leaves on NFS, or a log rotated under its writer; no record holds so many NULs."""


@record
class Claim:
    """A format's claim on a file; `format` is None where no format wants it."""

    format: Format | None
    confidence: float
    reason: str


def claim(head: bytes, filename: str, path: Path | None, settings: Settings) -> Claim:
    """Return the surest claim on a head of bytes; `path` is given where a database may be opened.

    The user's word (`format`, `pattern`) is taken without a look at the bytes.
    """
    if settings.pattern is not None:
        from lossmon.formats.pattern import PatternFormat

        return Claim(PatternFormat(settings.pattern), 1.0, "--pattern was given")
    if settings.format is not None:
        return Claim(registry.get(settings.format), 1.0, "named by the user")
    if head.startswith(_SQLITE) and path is not None:
        return _claim_database(path)
    claims = registry.recognise(head, filename)
    if not claims and b"\0" in head:
        text = _HOLE.sub(b"", head)
        if b"\0" not in text:
            claims = registry.recognise(text, filename)
    if claims:
        sniff, fmt = claims[0]
        return Claim(fmt, sniff.confidence, sniff.reason)
    if not head:
        return Claim(None, 0.0, EMPTY)
    if len(head) >= HEAD_BYTES and b"\n" not in head and b"\0" not in head:
        size = f"{HEAD_BYTES >> 10} KiB"
        return Claim(None, 0.0, f"no known format fits its first {size}, which have no line's end")
    return Claim(None, 0.0, "no known format fits its first bytes")


def _claim_database(path: Path) -> Claim:
    from lossmon.sources.database import UNREADABLE, open_readonly, tables  # sqlite3: 5 ms

    best: tuple[Sniff, Format] | None = None
    try:
        connection = open_readonly(path)
        try:
            found = tables(connection)
        finally:
            connection.close()
    except UNREADABLE as error:
        return Claim(None, 0.0, f"an SQLite database that cannot be opened: {error}")
    for fmt in registry.table_formats():
        sniff = fmt.matches(found)
        if sniff is not None and (best is None or sniff.confidence > best[0].confidence):
            best = (sniff, fmt)
    if best is None:
        return Claim(None, 0.0, "an SQLite database without a table of metrics that is known")
    return Claim(best[1], best[0].confidence, best[0].reason)
