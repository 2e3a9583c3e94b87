"""YOLO of Ultralytics (v5 to now): a row an epoch under a header, then the row of the validation.

The row is drawn again with each batch, its numbers are means since the epoch
began: the last frame is the point. v5 counts epochs from 0 to N-1, later
versions from 1 to N. The validation after the last epoch, of the best weights,
is no point.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import ConsoleFormat, ConsoleParser, number

_HEADER: Final = late(r"\s{2,20}Epoch\s{1,20}(?:GPU_mem|gpu_mem)\s{1,20}\S")
_ROW: Final = late(r"\s{0,20}(\d{1,9})/(\d{1,9})\s{1,20}[\d.]{1,12}[GM]?\s{1,20}[-\dn]")
_NOT_METRICS: Final = frozenset(("Instances", "Size", "labels", "targets", "img_size"))
_MAX_COLUMNS: Final = 40
_PARTS: Final = {
    "box": "box_loss",
    "obj": "obj_loss",
    "cls": "cls_loss",
    "dfl": "dfl_loss",
    "total": "loss",
}
"""v5's first releases, v7 and YOLOR call the parts of the loss so, and print their sum."""


class UltralyticsParser(ConsoleParser):
    """The step is the epoch as printed."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._columns: list[str] = []
        self._scores: list[str] = []
        self._epoch = -1
        self._held: dict[str, float] = {}

    def record(self, text: str) -> bool:
        if self._columns and (match := _ROW.match(text)):
            return self._row(text, match)
        if "Epoch" in text and _HEADER.match(text):
            self._emit()
            self._columns = [_PARTS.get(name, name) for name in text.split()[2:_MAX_COLUMNS]]
            return True
        start = text.lstrip()
        if start.startswith("Class ") and "Images" in start:
            self._emit()
            if not self._columns:
                return False  # the check of the best weights, after the last epoch
            names = start.partition("%")[0].rsplit(":", 1)[0].split()
            self._scores = [name.strip("()").removeprefix("Box(") for name in names[3:]]
            return True
        if start.startswith("all ") and self._scores:
            return self._validation(start)
        if " epochs completed in " in text:
            self._emit()
            self._columns, self._scores = [], []
            self.info.finished = True
        return False

    def _row(self, text: str, match: re.Match[str]) -> bool:
        epoch, last = int(match[1]), int(match[2])
        if epoch != self._epoch:
            self._emit()
            self._epoch = epoch
            if epoch == 0:
                self.info.total_epochs = float(last + 1)
            elif self.info.total_epochs is None:
                self.info.total_epochs = float(last)
        cells = text.partition(":")[0].split()[2:]
        values = {
            name: value
            for name, cell in zip(self._columns, cells, strict=False)
            if name not in _NOT_METRICS and (value := number(cell)) is not None
        }
        self._held = values or self._held
        return True

    def _validation(self, text: str) -> bool:
        self._emit()
        cells = text.split()[3:]
        values = {
            f"val/{name}": value
            for name, cell in zip(self._scores, cells, strict=False)
            if (value := number(cell)) is not None
        }
        if self._epoch >= 0 and values:
            self.add(values, self._epoch, self._epoch)
        return bool(values)

    def _emit(self) -> None:
        if self._held:
            self.add(self._held, self._epoch, self._epoch)
            self._held = {}

    def end(self) -> None:
        self._emit()


class Ultralytics(ConsoleFormat):
    """Console of YOLOv5, YOLOv8 and later (`results.csv` is a plain table)."""

    name = "ultralytics"
    title = "Ultralytics YOLO console"
    cross_entropy = False
    sample = (
        "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
        "        1/3         0G      1.234      3.456      1.234         12        640: 100%"
    )
    needles = ("GPU_mem ", "gpu_mem ")
    signature = late(
        r"^\s{2,20}Epoch\s{1,20}(?:GPU_mem|gpu_mem)\s{1,20}box(?:_loss)?\s", re.MULTILINE
    )
    parser_class = UltralyticsParser


FORMAT = Ultralytics()
