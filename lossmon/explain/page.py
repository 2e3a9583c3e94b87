"""What a page is, and how it is laid out for a width."""

from __future__ import annotations

import textwrap
from typing import Final

from lossmon.record import record

GROUPS: Final = ("basics", "verdicts", "events", "numbers", "words")
"""Groups of pages, in the order in which they are best read."""


@record
class Page:
    """One page. `text` has paragraphs divided by empty lines; indented lines stay as they are."""

    name: str
    title: str
    group: str
    text: str
    aliases: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    """Names of pages that go on from here."""

    def rows(self, width: int = 88) -> list[str]:
        """Return the page's lines, wrapped to `width` cells.

        Indented lines are kept as they are, but go on with an item after `- `.
        """
        rows = [self.title, "─" * min(width, len(self.title))]
        for block in self.text.strip("\n").split("\n\n"):
            rows.append("")
            flowing: list[str] = []
            for line in block.split("\n"):
                if line.startswith("  ") and not (flowing and flowing[0].startswith("- ")):
                    rows += _flow(flowing, width)
                    flowing = []
                    rows.append(line)
                elif line.startswith("- "):
                    rows += _flow(flowing, width)
                    flowing = [line]
                else:
                    flowing.append(line.strip())
            rows += _flow(flowing, width)
        if self.see:
            rows += ["", *textwrap.wrap("See also: " + ", ".join(self.see), width)]
        return rows


def _flow(lines: list[str], width: int) -> list[str]:
    if not lines:
        return []
    indent = "  " if lines[0].startswith("- ") else ""
    return textwrap.wrap(" ".join(lines), width, subsequent_indent=indent)
