"""Console formats whose signature spans lines: a header and the rule or the row below it."""

from __future__ import annotations

from typing import ClassVar

from lossmon.formats.base import Sniff
from lossmon.formats.console import ConsoleFormat, reason
from lossmon.formats.head import Head


class SpanningFormat(ConsoleFormat):
    """Recognised by one match of `signature` anywhere in the head, across line ends.

    `within`: a text in the first line of all that `signature` matches, which then begins with
    that line (`^`): it is tried where the text stands, not at every character.
    """

    within: ClassVar[str] = ""

    def judge(self, head: Head) -> Sniff | None:
        if not self.within:
            match = self.signature.search(head.text)
            return None if match is None else Sniff(self.confidence, reason(1, match[0]))
        text = head.text
        at = text.find(self.within)
        while at >= 0:
            match = self.signature.match(text, text.rfind("\n", 0, at) + 1)
            if match is not None:
                return Sniff(self.confidence, reason(1, match[0]))
            end = text.find("\n", at)
            at = text.find(self.within, end) if end >= 0 else -1
        return None
