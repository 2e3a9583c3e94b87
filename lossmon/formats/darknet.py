"""Darknet (YOLO v1 to v4 of pjreddie and AlexeyAB): `100: 5.1, 6.2 avg loss, 0.001 rate, …`.

The number before the colon counts batches; the first loss is that batch's,
the second a moving average. The `Region … Avg IOU` lines of each subdivision
are parts of one batch and no points. AlexeyAB's version also prints the mean
average precision of a validation now and then.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number

_LINE: Final = late(
    rf" {{0,4}}({STEP}): (-?{NUM}), (-?{NUM}) avg(?: loss)?, ({NUM}) rate, ({NUM}) seconds,"
)
_MAP: Final = late(rf" {{0,4}}mean_average_precision \(mAP@{NUM}\) = ({NUM})")


class DarknetParser(ConsoleParser):
    """The step is the batch as printed."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._batch: float | None = None

    def record(self, text: str) -> bool:
        match = _LINE.match(text) if " rate, " in text else None
        if match is None:
            return self._precision(text)
        self._batch = float(match[1])
        names = ("loss", "avg loss", "rate")
        values = zip(names, (number(match[i]) for i in (2, 3, 4)), strict=True)
        self.add({name: value for name, value in values if value is not None}, self._batch)
        return True

    def _precision(self, text: str) -> bool:
        if "mean_average_precision" not in text or self._batch is None:
            return False
        match = _MAP.match(text)
        value = None if match is None else number(match[1])
        if value is not None:
            self.add({"val/mAP": value}, self._batch)
        return value is not None


class Darknet(ConsoleFormat):
    """Console of `darknet detector train`."""

    name = "darknet"
    title = "Darknet console"
    cross_entropy = False
    sample = "1066: 530.486694, 698.017090 avg, 0.000500 rate, 1.285783 seconds, 4264 images"
    needles = (" rate, ",)
    signature = late(
        rf"^ {{0,4}}{STEP}: -?{NUM}, -?{NUM} avg(?: loss)?, {NUM} rate, {NUM} seconds,",
        re.MULTILINE,
    )
    parser_class = DarknetParser


FORMAT = Darknet()
