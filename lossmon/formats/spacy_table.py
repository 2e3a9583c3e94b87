"""spaCy's training table (`ConsoleLogger`): columns as wide as the dashes below their names.

Losses are summed since the last row. There is no evaluation loss; scores are
percentages, the last column is the weighted score.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats._spanning import SpanningFormat
from lossmon.formats.base import Context
from lossmon.formats.console import ConsoleParser, number

_HEADER: Final = late(r"E {2,12}# {2,12}\S")
_RULE: Final = late(r"-{3,200}(?: {2}-{3,200}){2,60}\s*+\Z")
_DASHES: Final = late(r"-+")


class SpacyParser(ConsoleParser):
    """`E` is the epoch, `#` the step."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._header = ""
        self._columns: list[tuple[str, slice]] = []

    def record(self, text: str) -> bool:
        if _HEADER.match(text):
            self._header = text
            return True
        if self._header and _RULE.match(text):
            spans = [slice(*match.span()) for match in _DASHES.finditer(text)]
            names = [self._header[span].strip() for span in spans]
            self._columns = list(zip(names, spans, strict=True))
            self._header = ""
            return True
        if "Saved pipeline to output directory" in text:
            self.info.finished = True
        return bool(self._columns) and self._row(text)

    def _row(self, text: str) -> bool:
        cells = [(name, text[span].strip()) for name, span in self._columns]
        epoch, step = cells[0][1], cells[1][1]
        if not (epoch.isdecimal() and step.isdecimal() and len(step) <= 15):
            return False
        values = {}
        for name, cell in cells[2:]:
            value = number(cell)
            if value is not None and name:
                values[name] = value
        if not values:
            return False
        self.add(values, int(step), int(epoch))
        return True


class Spacy(SpanningFormat):
    """The table of `spacy train`."""

    name = "spacy"
    title = "spaCy table"
    sample = (
        "E    #       LOSS TEXTCAT  CATS_SCORE  SCORE\n"
        "---  ------  ------------  ----------  ------\n"
        "  0      20          4.93       42.98    0.43"
    )
    needles = ("LOSS ",)
    within = "  #  "
    signature = late(r"^E {2,12}# {2,12}[^\n]{0,300}\n-{3,12} {2}-{3,12} {2}", re.MULTILINE)
    parser_class = SpacyParser


FORMAT = Spacy()
