"""`results.txt` of YOLOv7 and the first releases of YOLOv5: a line an epoch, without a header.

The columns are those of the training's row (box, obj, cls, their total, labels,
image size) and of the validation (precision, recall, mean average precisions,
box, obj, cls), in the order in which `train.py` writes them.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser, number

_ROW: Final = late(
    rf" {{0,12}}(\d{{1,9}})/(\d{{1,9}}) {{1,12}}[\d.]{{1,12}}G(?: {{1,12}}{NUM}){{13}} {{0,12}}\Z"
)
_NAMES: Final = (
    "box_loss", "obj_loss", "cls_loss", "loss", "labels", "img_size",
    "val/P", "val/R", "val/mAP@.5", "val/mAP@.5:.95",
    "val/box_loss", "val/obj_loss", "val/cls_loss",
)  # fmt: skip
_NOT_METRICS: Final = frozenset(("labels", "img_size"))


class YoloResultsParser(ConsoleParser):
    """The step is the epoch as printed, from 0 to N-1."""

    def record(self, text: str) -> bool:
        match = _ROW.match(text)
        if match is None:
            return False
        epoch = int(match[1])
        self.info.total_epochs = float(match[2]) + 1
        cells = zip(_NAMES, text.split()[2:], strict=True)
        values = {
            name: value
            for name, cell in cells
            if name not in _NOT_METRICS and (value := number(cell)) is not None
        }
        self.add(values, epoch, epoch)
        return True


class YoloResults(ConsoleFormat):
    """`results.txt` beside the weights."""

    name = "yolo-results"
    title = "YOLOv7 and early YOLOv5 results.txt"
    cross_entropy = False
    sample = (
        "      0/29     3.17G   0.1043   0.0321   0.0261   0.1625        40       640"
        "    0.1212    0.1031   0.08142   0.03412   0.09821   0.02712   0.02412"
    )
    needles = tuple(f"{digit}G " for digit in "0123456789.")
    marks = ("G ",)
    signature = late("^" + _ROW.pattern.removesuffix(r"\Z") + "$", re.MULTILINE)
    at_start = True
    parser_class = YoloResultsParser


FORMAT = YoloResults()
