"""The first bytes of a file, looked at once for all formats that ask about them.

`Head` is the bytes themselves with what most formats work out of them kept
beside: the decoded text, the first lines, whether it is binary, the first JSON
records. `recognise` hands a `Head` to every `sniff`; a format that wants the
shared parts says `head = Head.of(head)`, which also takes plain bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from lossmon.formats._late import late
from lossmon.formats.lines import strip_ansi

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lossmon.model.batch import IntArray

    ByteArray = npt.NDArray[np.uint8]
    ShortArray = npt.NDArray[np.uint16]

MAX_LINES: Final = 400
"""Lines of a head that are looked at: enough to pass a banner or a pasted configuration."""

MAX_RECORDS: Final = 40
"""JSON records decoded of a head: enough to meet an evaluation row."""

_SMALL: Final = 512
"""Bytes that are searched for all needles as fast as a table is made."""
_GRAMS: Final = (3, 4)
"""Of how many bytes behind each other a table is made, and of how many where that one leaves
many needles."""
_MANY: Final = 28
"""Needles whose search takes longer than another table."""
_LOOKED_UP: Final = 10
"""Bytes of a needle that are looked up in a table: more hardly say more."""
_BASE: Final = 41
"""What makes a place in a table of 65,536 of some bytes; it keeps apart those that texts have."""
_SHORT: Final = 4
"""Bytes of a needle that an expression finds sooner than `bytes.find`."""
_BLOCK: Final = 16_000
"""Places that are worked out at once: memory for many more is asked of the system anew each time,
which takes longer than the work.
"""

_LINE: Final = late(r"[^\n]+")
_TEXT_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS: Final = bytes([*range(7), *range(14, 27), *range(28, 32)])


class Needles:
    """Texts that are looked for in every head: most are told not to be there all at once."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(dict.fromkeys(texts))
        self._parts: dict[int, tuple[list[str], IntArray, IntArray]] = {}

    def absent(self, head: Head) -> frozenset[str]:
        """Return texts that a head does not hold: all of them for a small one, else those of
        which some part is nowhere.
        """
        if len(head.encoded) < _SMALL:
            text = head.text
            return frozenset([one for one in self.texts if one not in text])
        absent: frozenset[str] = frozenset()
        for length in _GRAMS:
            absent = absent.union(self._without_parts(head, length))
            if len(self.texts) - len(absent) <= _MANY:
                break
        return absent

    def _without_parts(self, head: Head, length: int) -> list[str]:
        """Return the texts of which some bytes, so many behind each other, are nowhere."""
        import numpy as np

        if length not in self._parts:
            self._parts[length] = self._parts_of(length)
        texts, places, starts = self._parts[length]
        if not texts:
            return []
        found = np.minimum.reduceat(head.grams(length)[places], starts)
        return [texts[index] for index in np.flatnonzero(found == 0).tolist()]

    def _parts_of(self, length: int) -> tuple[list[str], IntArray, IntArray]:
        """Return the texts of so many bytes and more, the places of their parts in a head's table
        one after the other (shape (p,)), and where each text's begin, shape (n,).
        """
        import numpy as np

        encoded = {text: text.encode("utf-8", "surrogatepass")[:_LOOKED_UP] for text in self.texts}
        long = {text: data for text, data in encoded.items() if len(data) >= length}
        places = _places(np.frombuffer(b"".join(long.values()), np.uint8), length)
        ends = np.cumsum([len(data) for data in long.values()], dtype=np.int64)
        whole = np.ones(len(places), bool)
        for before in range(1, length):  # what begins in a text and ends in the next is no part
            whole[ends[:-1] - before] = False
        counts = [len(data) - length + 1 for data in long.values()]
        return list(long), places[whole].astype(np.int64), np.cumsum([0, *counts[:-1]])


def _places(data: ByteArray, length: int) -> ShortArray:
    """Return where each so many bytes behind each other stand in a table, shape (n - length + 1,);
    different ones may share a place.
    """
    import numpy as np

    codes = data.astype(np.uint16)
    many = len(codes) - length + 1
    places = codes[:many]
    for which in range(1, length):
        places = places * np.uint16(_BASE)
        places += codes[which : which + many]
    return places


@cache
def finder(needle: bytes) -> Callable[[bytes, int], int]:
    """Return what finds a needle in bytes from a place on, as `bytes.find` does (-1: nowhere).

    A short one is found sooner by an expression.
    """
    if not 2 <= len(needle) <= _SHORT:
        return lambda data, start: data.find(needle, start)
    search = re.compile(re.escape(needle)).search

    def find(data: bytes, start: int) -> int:
        match = search(data, start)
        return -1 if match is None else match.start()

    return find


class Head(bytes):
    """At most `HEAD_BYTES` first bytes of a file; may end in the middle of a record."""

    @staticmethod
    def of(head: bytes) -> Head:
        """Return `head` itself if it is a `Head`, else one made of it."""
        return head if isinstance(head, Head) else Head(head)

    @cached_property
    def binary(self) -> bool:
        """Whether this is no text: control characters, apart from NUL holes and UTF-16."""
        if self.startswith(_TEXT_BOMS):
            return False
        sample = self[:4096].replace(b"\0" * 16, b"")
        return len(sample) - len(sample.translate(None, _CONTROLS)) > len(sample) // 100

    @cached_property
    def _plain(self) -> bytes:
        """The bytes of the text with LF for CR and backspace, without NUL; escapes are in it."""
        if self.binary:
            return b""
        data = self.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe")
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        if b"\r" in data or b"\x08" in data:
            data = data.replace(b"\r", b"\n").replace(b"\x08", b"\n")
        return data

    @cached_property
    def text(self) -> str:
        """The text as a `LineParser` sees it: CR and backspace as LF, no NUL, no escapes."""
        return strip_ansi(self._plain.decode("utf-8", "replace"))

    @cached_property
    def encoded(self) -> bytes:
        """The text in UTF-8, in which words are found faster than in wide characters."""
        if b"\x1b" in self._plain or "\ufffd" in self.text:
            return self.text.encode("utf-8", "surrogatepass")
        return self._plain

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The first `MAX_LINES` non-blank lines; a last one that is not ended is among them."""
        at_most = MAX_LINES + 8
        pieces = self.text.split("\n", at_most)
        whole = len(pieces) <= at_most
        found = [line for line in (pieces if whole else pieces[:-1]) if line and not line.isspace()]
        if not whole and len(found) < MAX_LINES:  # blank ones were among them, maybe thousands
            for match in _LINE.finditer(pieces[-1]):
                if not match.group().isspace():
                    found.append(match.group())
                    if len(found) == MAX_LINES:
                        break
        return tuple(found[:MAX_LINES])

    absent: frozenset[str] = frozenset()
    """Texts that are known not to be there, of those that all heads are searched for."""

    def rule_out(self, needles: Needles) -> None:
        """Remember which of many needles the text cannot hold, before they are asked for."""
        self.absent = needles.absent(self)

    def holds(self, needle: str) -> bool:
        """Whether the text holds `needle`."""
        if needle in self.absent:
            return False
        found = self._held.get(needle)
        if found is None:
            encoded = needle.encode("utf-8", "surrogatepass")
            found = finder(encoded)(self.encoded, 0) >= 0
            self._held[needle] = found
        return found

    @cached_property
    def _held(self) -> dict[str, bool]:
        """What was asked before: the index asks for a format, then the format itself."""
        return {}

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What else several formats work out of a head, by what it is called."""
        return {}

    def grams(self, length: int) -> ByteArray:
        """Return which so many bytes stand behind each other anywhere: 1 at their place in a
        table of shape (65536,).
        """
        import numpy as np

        kept: dict[int, ByteArray] = self._grams
        if length not in kept:
            kept[length] = table = np.zeros(1 << 16, np.uint8)
            data = np.frombuffer(self.encoded, np.uint8)
            for start in range(0, len(data) - length + 1, _BLOCK):
                places = _places(data[start : start + _BLOCK + length - 1], length)
                table[places.astype(np.intp)] = 1  # sooner than by the narrow numbers
        return kept[length]

    @cached_property
    def _grams(self) -> dict[int, ByteArray]:
        return {}

    @cached_property
    def records(self) -> tuple[dict[str, Any], ...]:
        """JSON objects among the first lines, one a line (`NaN` and `Infinity` allowed)."""
        from lossmon.formats.json_text import loads  # not needed for binary heads

        found = []
        for line in self.lines[: 2 * MAX_RECORDS]:
            if line.lstrip()[:1] == "{" and line.rstrip()[-1:] == "}":
                value = loads(line)
                if isinstance(value, dict):
                    found.append(value)
                    if len(found) == MAX_RECORDS:
                        break
        return tuple(found)
