"""The first bytes of a file, looked at once for all formats that ask about them.

`Head` is the bytes themselves with what most formats work out of them kept
beside: the decoded text, the first lines, whether it is binary, the first JSON
records. `recognise` hands a `Head` to every `sniff`; a format that wants the
shared parts says `head = Head.of(head)`, which also takes plain bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from lossmon.formats._late import late
from lossmon.formats.lines import strip_ansi

if TYPE_CHECKING:
    from lossmon.model.batch import IntArray

MAX_LINES: Final = 400
"""Lines of a head that are looked at: enough to pass a banner or a pasted configuration."""

MAX_RECORDS: Final = 40
"""JSON records decoded of a head: enough to meet an evaluation row."""

_SMALL: Final = 4096
"""Characters that are searched as fast as a table is made."""
_FIRST: Final = 961
_SECOND: Final = 31
"""What the bytes of a trigram are multiplied by, to find its place in a table of 65,536."""

_LINE: Final = late(r"[^\n]+")
_TEXT_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS: Final = late(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


class Needles:
    """Texts that are looked for in every head, all of them in one pass over the table."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(dict.fromkeys(texts))

    @cached_property
    def _table(self) -> tuple[list[str], IntArray, IntArray]:
        """Return the texts of three bytes and more, their trigrams' places one after the other
        (shape (p,)), and where each text's begin, shape (n,).
        """
        import numpy as np

        long = [text for text in self.texts if _places(text)]
        counts = np.array([len(_places(text)) for text in long], np.int64)
        flat = np.array([place for text in long for place in _places(text)], np.int64)
        return long, flat, np.cumsum(counts) - counts

    def absent(self, table: bytes) -> list[str]:
        """Return those of which some trigram is nowhere in a head, by the head's table."""
        import numpy as np

        long, flat, starts = self._table
        if not long:
            return []
        found = np.minimum.reduceat(np.frombuffer(table, np.uint8)[flat], starts)
        return [long[index] for index in np.flatnonzero(found == 0).tolist()]


@cache
def _places(needle: str) -> tuple[int, ...]:
    """Return where the trigrams of a needle stand in the table, a few of them at most."""
    data = needle.encode("utf-8", "surrogatepass")
    found = [
        (a * _FIRST + b * _SECOND + c) & 0xFFFF
        for a, b, c in zip(data, data[1:], data[2:], strict=False)
    ]
    return tuple(found[:8])


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
        return len(_CONTROLS.findall(sample)) > len(sample) // 100

    @cached_property
    def text(self) -> str:
        """The text as a `LineParser` sees it: CR and backspace as LF, no NUL, no escapes."""
        if self.binary:
            return ""
        data = self.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe")
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        if b"\r" in data or b"\x08" in data:
            data = data.replace(b"\r", b"\n").replace(b"\x08", b"\n")
        return strip_ansi(data.decode("utf-8", "replace"))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The first `MAX_LINES` non-blank lines; a last one that is not ended is among them."""
        at_most = MAX_LINES + 8
        pieces = self.text.split("\n", at_most)
        whole = len(pieces) <= at_most
        found = [line for line in (pieces if whole else pieces[:-1]) if line.strip()]
        if not whole and len(found) < MAX_LINES:  # blank ones were among them, maybe thousands
            for match in _LINE.finditer(pieces[-1]):
                if not match.group().isspace():
                    found.append(match.group())
                    if len(found) == MAX_LINES:
                        break
        return tuple(found[:MAX_LINES])

    @cached_property
    def encoded(self) -> bytes:
        """The text in UTF-8, in which words are found faster than in wide characters."""
        return self.text.encode("utf-8", "surrogatepass")

    def holds(self, needle: str) -> bool:
        """Whether the text holds `needle`; most of two hundred needles are told by a table."""
        found = self._held.get(needle)
        if found is None:
            text = self.text
            if len(text) < _SMALL or text.isascii():
                found = self.may_hold(needle) and needle in text
            else:
                found = (
                    self.may_hold(needle)
                    and needle.encode("utf-8", "surrogatepass") in self.encoded
                )
            self._held[needle] = found
        return found

    def rule_out(self, needles: Needles) -> None:
        """Remember which of many needles the text cannot hold, before they are asked for."""
        if len(self.text) >= _SMALL:
            self._held.update(dict.fromkeys(needles.absent(self._trigrams), False))

    @cached_property
    def _held(self) -> dict[str, bool]:
        """What was asked before: the index asks for a format, then the format itself."""
        return {}

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What else several formats work out of a head, by what it is called."""
        return {}

    def may_hold(self, needle: str) -> bool:
        """Whether the text is too small to tell, or all trigrams of `needle` are somewhere."""
        if len(self.text) < _SMALL:
            return True
        table = self._trigrams
        return all(table[place] for place in _places(needle))

    @cached_property
    def _trigrams(self) -> bytes:
        """Which three bytes stand behind each other anywhere: 1 at their place in a table."""
        import numpy as np

        codes = np.frombuffer(self.encoded, np.uint8)
        codes = codes.astype(np.uint16)
        places = codes[:-2] * np.uint16(_FIRST)
        places += codes[1:-1] * np.uint16(_SECOND)
        places += codes[2:]
        table = np.zeros(1 << 16, np.uint8)
        table[places.astype(np.intp)] = 1  # twice as fast as by the narrow numbers
        return table.tobytes()

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
