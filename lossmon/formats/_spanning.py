"""Console formats whose signature spans lines: a header and the rule or the row below it."""

from __future__ import annotations

from lossmon.formats.base import Sniff
from lossmon.formats.console import ConsoleFormat, reason


class SpanningFormat(ConsoleFormat):
    """Recognised by one match of `signature` anywhere in the head, across line ends."""

    def judge(self, text: str) -> Sniff | None:
        match = self.signature.search(text)
        return None if match is None else Sniff(self.confidence, reason(1, match[0]))
