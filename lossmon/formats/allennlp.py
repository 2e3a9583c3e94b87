"""AllenNLP's console: after each epoch a table `metric | Training | Validation`."""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats._spanning import SpanningFormat
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleParser, number

_HEADER: Final = late(r"(?:^|- ) {1,200}Training \| {1,12}Validation\s*\Z")
_ROW: Final = late(
    r"(?:^|- )([\w./@-]{1,80}) {1,80}\| {1,40}([\w.+/-]{1,30})"
    r"(?: {1,20}\| {1,40}([\w.+/-]{1,30}))?\s*\Z"
)
_EPOCH: Final = late(r"(?:^|- )Epoch (\d{1,9})/(\d{1,9})\s*\Z")


class AllenNLPParser(ConsoleParser):
    """The step is the epoch, from 0 as it is printed."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._epoch = 0
        self._inside = False

    def record(self, text: str) -> bool:
        if match := _EPOCH.search(text):
            self._epoch = int(match[1])
            self.info.total_epochs = float(match[2]) + 1
            return True
        if "Training |" in text and _HEADER.search(text):
            self._inside = True
            return True
        if not self._inside:
            return False
        match = _ROW.search(text)
        if match is None:
            self._inside = False
            return False
        values = {}
        for split, cell in (("training", match[2]), ("validation", match[3])):
            value = number(cell) if cell else None
            if value is not None and "memory" not in match[1]:
                values[f"{split}_{match[1]}"] = value
        self.add(values, self._epoch, self._epoch)
        return True


class AllenNLP(SpanningFormat):
    """Console of `allennlp train` (`out.log`)."""

    name = "allennlp"
    title = "AllenNLP console"
    sample = (
        "2021-01-01 12:00:00,000 - INFO - allennlp.training.callbacks.console_logger - "
        "                       Training |  Validation\n"
        "2021-01-01 12:00:00,000 - INFO - allennlp.training.callbacks.console_logger - "
        "loss               |     0.512  |     0.634"
    )
    needles = ("Training |",)
    signature = late(
        rf"(?:^|- ) {{1,200}}Training \| {{1,12}}Validation\s{{0,4}}\n"
        rf"[^\n]{{0,200}}\| {{1,40}}(?:{NUM}|N/A)",
        re.MULTILINE,
    )
    parser_class = AllenNLPParser


FORMAT = AllenNLP()
