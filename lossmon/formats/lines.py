r"""Cutting bytes into lines of text, the same whatever the size of the chunks.

A line ends at LF, CR LF, a bare CR or a run of backspaces: progress bars
redraw with the last two, and each redraw is a line of its own (tqdm#750).
Empty lines are dropped, so that a CR LF cut in two makes no difference. NUL
holes (NFS after a crash) and a byte-order mark are dropped too.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Parser
from lossmon.model import Batch, BatchBuilder

MAX_LINE: Final = 1 << 20
"""A longer line is skipped and counted: no framework writes one, and memory stays bounded."""

_BOM: Final = b"\xef\xbb\xbf"
_BOM_UTF16: Final = b"\xff\xfe"
"""PowerShell redirects into UTF-16; without the NULs its plain text reads as it is."""
_TERMINATORS: Final = bytes.maketrans(b"\r\x08", b"\n\n")

# CSI, OSC (to its terminator, never over a line's end), character sets and two-character
# sequences, a lone ESC; no alternative can give back what it took, so the time is linear.
_ANSI: Final = late(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]?|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]+[0-~]?|[0-~])?"
)


def strip_ansi(text: str) -> str:
    """Return `text` without terminal escape sequences."""
    return _ANSI.sub("", text) if "\x1b" in text else text


class LineParser(Parser):
    """A parser of text lines.

    Subclasses implement `line` and add rows to `self.rows`; those for which a
    call a line is too slow override `block`, which gets many whole lines at
    once. `end` is called once before the last batch, for parsers that hold
    something back.
    """

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self.rows = BatchBuilder()
        self._partial = b""
        self._skipping = False
        self._at_start = True

    @abstractmethod
    def line(self, text: str) -> None:
        """Take one line: no end, no escape sequences, never empty."""

    def block(self, block: bytes) -> None:
        """Take whole lines, each ended by LF (empty ones among them possible)."""
        for line in strip_ansi(block.decode("utf-8", "replace")).split("\n"):
            if line:
                self.line(line)

    def end(self) -> None:
        """No more lines will come (default: nothing to do)."""

    def feed(self, data: bytes) -> Batch:
        block = self._whole_lines(data)
        if block:
            self.block(block)
        return self._take()

    def finish(self) -> Batch:
        if self._partial and not self._skipping:
            self.block(self._without_bom(self._partial + b"\n"))
        self._partial = b""
        self.end()
        return self._take()

    def _take(self) -> Batch:
        self.refuse(self.rows.dropped)
        self.rows.dropped = 0
        return self.rows.take()

    def _whole_lines(self, data: bytes) -> bytes:
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        if b"\r" in data or b"\x08" in data:
            data = data.translate(_TERMINATORS)
        cut = data.rfind(b"\n") + 1
        if cut == 0:
            self._hold(data)
            return b""
        if self._skipping:
            block = data[data.find(b"\n") + 1 : cut]
            self._skipping = False
        else:
            block = b"".join((self._partial, memoryview(data)[:cut]))
        self._partial = b""
        self._hold(data[cut:])
        block = self._without_bom(block)
        if len(block) > MAX_LINE:
            block = self._without_long_lines(block)
        return block

    def _without_bom(self, block: bytes) -> bytes:
        if not self._at_start or not block:
            return block
        self._at_start = False
        return block.removeprefix(_BOM).removeprefix(_BOM_UTF16)

    def _hold(self, data: bytes) -> None:
        if self._skipping or not data:
            return
        # Joined only when a line spans chunks; a 64 KiB chunk size keeps this cheap.
        self._partial += data
        if len(self._partial) > MAX_LINE:
            self._partial = b""
            self._skipping = True
            self._count_long(1)

    def _without_long_lines(self, block: bytes) -> bytes:
        lines = block.split(b"\n")
        kept = [line for line in lines if len(line) <= MAX_LINE]
        self._count_long(len(lines) - len(kept))
        return b"\n".join(kept)

    def _count_long(self, lines: int) -> None:
        self.bad_records += lines
        self.long_lines += lines
