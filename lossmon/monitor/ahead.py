"""A first look over all of a long log, while it is read: rows from many places in it.

A gigabyte takes some ten seconds to read. Until then a chart that ends where
the reading is says nothing of how the run stands, so the curve of what is not
read yet is drawn faintly, from whole lines at `PLACES` places. Nothing is
judged by it. Where the steps are not written in the lines themselves (a parser
that counts them would not count the lines in between) there is no such look.
"""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import Final

import numpy as np

from lossmon.formats.base import HEAD_BYTES, Context, StreamFormat
from lossmon.formats.lines import LineParser
from lossmon.model import Batch, RoleMap, Run, SeriesView, concatenate

LEAST_BYTES: Final = 1 << 26
"""A shorter log is read in a second or two: no look ahead is worth what it costs."""
PLACES: Final = 150
"""Some more than a chart of an ordinary width has columns of cells."""
SECONDS: Final = 0.25
"""A far file system takes its time for each place: there are fewer, as many as can be had."""
PIECE: Final = 4096
"""Bytes read at a place; a log with longer lines gives no look ahead."""
_SHARE: Final = 0.3
"""The last step seen reaches this share at least of what the beginning lets expect."""


def look_ahead(
    path: str, fmt: StreamFormat, context: Context, roles: RoleMap
) -> tuple[SeriesView, ...]:
    """Return the series of rows from all over a text log, none where that cannot be.

    What cannot be read any more (OSError) is told by the reading itself: here it is no row.
    """
    parser = fmt.parser(context)
    if not isinstance(parser, LineParser):
        return ()
    try:
        size, head, pieces = _pieces(path)
    except OSError:
        return ()
    first = parser.feed(head)
    further = parser.feed(b"".join(pieces)) if len(first) else Batch.empty()
    rows = concatenate([first, further])
    if not len(further) or parser.info.steps_estimated:
        return ()
    steps = rows.steps
    expected = steps[0] + (first.steps[-1] - steps[0]) * size / max(len(head), 1)
    if np.any(np.diff(steps) < 0) or not steps[-1] > steps[0] + _SHARE * (expected - steps[0]):
        return ()
    run = Run("", path, fmt.name, roles)
    run.append(rows)
    return tuple(run.view(name) for name in run.series)


def _pieces(path: str) -> tuple[int, bytes, list[bytes]]:
    """Return a file's size, the whole lines of its beginning, those at places all over the rest."""
    status = Path(path).stat()
    if status.st_size < LEAST_BYTES or not stat.S_ISREG(status.st_mode):
        return 0, b"", []
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(HEAD_BYTES)
        head = head[: head.rfind(b"\n") + 1]
        places = np.linspace(len(head), size - PIECE, PLACES).astype(np.int64).tolist()
        found: dict[int, bytes] = {}
        end = time.monotonic() + SECONDS
        for number in _spread(PLACES):
            data = os.pread(file.fileno(), PIECE, places[number])
            found[number] = data[data.find(b"\n") + 1 : data.rfind(b"\n") + 1]
            if time.monotonic() > end:
                break
    return size, head, [found[number] for number in sorted(found)]


def _spread(count: int) -> list[int]:
    """Return the numbers below `count`, the ends first, then halves, quarters …: van der Corput."""
    bits = (count - 1).bit_length()
    turned = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(1 << bits))
    rest = [number for number in turned if 0 < number < count - 1]
    return [0, count - 1, *rest]
