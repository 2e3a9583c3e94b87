"""`Fingerprint`: what was read of a file, small enough to keep, sure enough to know it again.

A size and an inode do not tell a file that grew from one that was cut and has
grown past its old size between two looks, and inode numbers are used again at
once. So a reader remembers the first bytes and those just before its position,
and compares them each time it comes back.
"""

from __future__ import annotations

from typing import Final

HEAD: Final = 512
"""First bytes kept: a header line and the first records, which name the run or its time."""
SAMPLE: Final = 512
"""Last bytes kept: some records, each with its own step and value."""


class Fingerprint:
    """The head of what was read, and a sample that ends at `position`.

    Two generations of a log are taken for one only if both agree byte for
    byte: then everything before the position says the same, too.
    """

    __slots__ = ("head", "position", "sample")

    def __init__(self) -> None:
        self.head = b""
        self.sample = b""
        self.position = 0

    def advance(self, data: bytes) -> None:
        """Take note that `data` was read at `position`."""
        if len(self.head) < HEAD and len(self.head) == self.position:
            self.head += data[: HEAD - len(self.head)]
        self.sample = data[-SAMPLE:] if len(data) >= SAMPLE else (self.sample + data)[-SAMPLE:]
        self.position += len(data)

    def skip(self, position: int) -> None:
        """Take note that the bytes up to `position` are a hole: nothing to compare there."""
        self.sample = b""
        self.position = position

    def copy(self) -> Fingerprint:
        """Return another one that is the same now."""
        other = Fingerprint()
        other.head, other.sample, other.position = self.head, self.sample, self.position
        return other
