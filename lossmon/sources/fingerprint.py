"""`Fingerprint`: what was read of a file, small enough to keep, sure enough to know it again.

A size and an inode do not tell a file that grew from one that was cut and has
grown past its old size between two looks, and inode numbers are used again at
once. So a reader remembers the first bytes and those just before its position,
and compares them each time it comes back.

What was cut away can be compared with nothing any more. So that an earlier
state of it is told from another generation that begins with the same long
header, a mark is kept of each few bytes of its beginning.
"""

from __future__ import annotations

from typing import Final

import numpy as np

HEAD: Final = 512
"""First bytes kept: a header line and the first records, which name the run or its time."""
SAMPLE: Final = 1024
"""Last bytes kept: some records, each with its own step and value, or the longer part of one whose
end may be the same in each."""
MARKED: Final = 65536
"""Bytes of which marks are kept: a configuration may be as long, and is the same in each run."""
BLOCK: Final = 32
"""Bytes that have a mark together: less than a record, so that the first that differs shows."""
_MARK_BYTES: Final = 2
_WORD: Final = 8
_WEIGHTS: Final = np.array(
    [pow(0x9E3779B97F4A7C15, n, 1 << 64) for n in range(1, BLOCK // _WORD + 1)], np.uint64
)
"""Powers of an odd number: each bit of a word moves the upper end of the sum."""


class Fingerprint:
    """The head of what was read, marks of its beginning, and a sample that ends at `position`.

    Two generations of a log are taken for one only if head and sample agree
    byte for byte: then everything before the position says the same, too.
    """

    __slots__ = ("_marks", "head", "position", "sample")

    def __init__(self) -> None:
        self.head = b""
        self.sample = b""
        self.position = 0
        self._marks = b""

    def advance(self, data: bytes) -> None:
        """Take note that `data` was read at `position`."""
        if len(self.head) < HEAD and len(self.head) == self.position:
            self.head += data[: HEAD - len(self.head)]
        self._mark(data)
        self.sample = data[-SAMPLE:] if len(data) >= SAMPLE else (self.sample + data)[-SAMPLE:]
        self.position += len(data)

    def _mark(self, data: bytes) -> None:
        marked = len(self._marks) // _MARK_BYTES * BLOCK
        # Behind a hole there are none.
        if marked < MARKED and self.position - marked < BLOCK:
            begun = self.sample[len(self.sample) - (self.position - marked) :]
            self._marks += _marks_of(begun + data[: MARKED - self.position])

    def may_have_been(self, first: bytes) -> bool:
        """Whether all that was marked is so in another text, as far as its `first` bytes go."""
        marks = _marks_of(first[:MARKED])
        length = min(len(marks), len(self._marks))
        return marks[:length] == self._marks[:length]

    def skip(self, position: int) -> None:
        """Take note that the bytes up to `position` are a hole: nothing to compare there."""
        self.sample = b""
        self.position = position

    def copy(self) -> Fingerprint:
        """Return another one that is the same now."""
        other = Fingerprint()
        other.head, other.sample, other.position = self.head, self.sample, self.position
        other._marks = self._marks
        return other

    def unmarked(self) -> Fingerprint:
        """Return another one without the marks, which take most of the room."""
        other = self.copy()
        other._marks = b""
        return other


def _marks_of(text: bytes) -> bytes:
    """Return a mark of each whole block."""
    words = np.frombuffer(text, np.uint64, len(text) // BLOCK * BLOCK // _WORD)
    sums = (words.reshape(-1, BLOCK // _WORD) * _WEIGHTS).sum(axis=1, dtype=np.uint64)
    marks: bytes = (sums >> np.uint64(64 - 8 * _MARK_BYTES)).astype(np.uint16).tobytes()
    return marks
