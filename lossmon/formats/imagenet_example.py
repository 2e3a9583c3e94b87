"""PyTorch's ImageNet example (`Epoch: [0][10/40]  Time … Loss 2.1176e+00 (2.2079e+00)`).

Epochs and batches count from 0, and a line stands after its batch, so the
step is `epoch * batches + batch + 1`. The value is that of one batch, the mean
in brackets. Of an evaluation's lines the mean of the last one is the point.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, spaced_pairs, to_float

_TRAIN: Final = late(r"Epoch: \[ ?(\d{1,9})\]\[ {0,9}(\d{1,9})/ {0,9}(\d{1,9})\]")
_TEST: Final = late(r"Test: \[ {0,9}(\d{1,9})/ {0,9}(\d{1,9})\]")
_METER: Final = late(
    rf"(?:^|[\t ])([A-Za-z][\w@/.-]{{0,40}}+) {{1,9}}({NUMBER}) \( {{0,9}}({NUMBER})\)"
)
_NOT_METRICS: Final = frozenset(("Time", "Data"))


class ImageNetExampleParser(ConsoleParser):
    """Counts batches over the run."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._epoch = 0
        self._batches = 0
        self._test: dict[str, float] = {}

    def record(self, text: str) -> bool:
        if match := _TRAIN.search(text):
            self._evaluated({})
            self._epoch, batch, self._batches = (int(group) for group in match.groups())
            values = {name: now for name, now, _ in self._meters(text, match.end())}
            if not values:
                return False
            step = self._epoch * self._batches + batch + 1
            self.add(values, step, self._epoch + (batch + 1) / max(self._batches, 1))
            return True
        if match := _TEST.search(text):
            self._test = {f"test/{name}": mean for name, _, mean in self._meters(text, match.end())}
            return bool(self._test)
        if text.lstrip().startswith("* "):
            summary = {f"test/{name}": value for name, value in spaced_pairs(text.lstrip()[2:])}
            return self._evaluated(summary)
        return False

    @staticmethod
    def _meters(text: str, start: int) -> list[tuple[str, float, float]]:
        return [
            (name, to_float(now), to_float(mean))
            for name, now, mean in _METER.findall(text, start)
            if name not in _NOT_METRICS
        ]

    def _evaluated(self, summary: dict[str, float]) -> bool:
        values = {**self._test, **summary}
        self._test = {}
        if not values:
            return False
        self.add(values, (self._epoch + 1) * self._batches, self._epoch + 1)
        return True

    def end(self) -> None:
        self._evaluated({})


class ImageNetExample(ConsoleFormat):
    """Console of pytorch/examples `imagenet` and the many scripts that grew from it."""

    name = "imagenet-example"
    title = "PyTorch ImageNet example console"
    sample = (
        "Epoch: [0][10/40]\tTime  0.001 ( 0.008)\tData  0.000 ( 0.000)"
        "\tLoss 2.1176e+00 (2.2079e+00)\tAcc@1  37.50 ( 37.50)"
    )
    needles = ("Epoch: [",)
    signature = late(
        r"Epoch: \[ ?\d{1,9}\]\[ {0,9}\d{1,9}/ {0,9}\d{1,9}\][\t ][^\n]{0,200}?"
        rf"\bLoss {{1,9}}{NUM} \( {{0,9}}{NUM}\)"
    )
    parser_class = ImageNetExampleParser


FORMAT = ImageNetExample()
