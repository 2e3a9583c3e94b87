"""Vowpal Wabbit's progress table: losses after 1, 2, 4, 8 … examples.

`loss last` is the mean since the row before, `loss average` that since the beginning, both of
examples before they were learned from. From the second pass on both are of held-out examples,
and the row ends in `h`.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats._spanning import SpanningFormat
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleParser, number

_HEADER: Final = late(r"loss {1,20}last {1,20}counter {1,20}weight {1,20}label {1,20}predict\b")
_ROW: Final = late(
    rf"({NUM}|n\.a\.) {{1,20}}({NUM}|n\.a\.) {{1,20}}(\d{{1,15}}) {{1,20}}{NUM} "
    r"[^\n]{0,400}?( h)?\s{0,8}\Z"
)


class VowpalWabbitParser(ConsoleParser):
    """The step is the number of examples."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._inside = False

    def record(self, text: str) -> bool:
        if text.startswith("loss") and _HEADER.match(text):
            self._inside = True
            return True
        if not self._inside:
            return False
        match = _ROW.match(text)
        if match is None:
            self._inside = False
            self.info.finished = self.info.finished or text.startswith("finished run")
            return False
        split = "holdout/" if match[4] else ""
        cells = ((f"{split}loss", match[2]), (f"{split}average_loss", match[1]))
        values = {name: value for name, cell in cells if (value := number(cell)) is not None}
        if values:
            self.add(values, int(match[3]))
        return True


class VowpalWabbit(SpanningFormat):
    """What `vw` prints on its standard error."""

    name = "vowpal-wabbit"
    title = "Vowpal Wabbit progress table"
    sample = (
        "average  since         example        example        current        current  current\n"
        "loss     last          counter         weight          label        predict features\n"
        "0.693147 0.693147            1            1.0        -1.0000         0.0000        7"
    )
    needles = ("average  ",)
    within = "average  "
    signature = late(
        r"^average {1,20}since {1,20}example [^\n]{0,200}\nloss {1,20}last {1,20}counter ",
        re.MULTILINE,
    )
    parser_class = VowpalWabbitParser


FORMAT = VowpalWabbit()
