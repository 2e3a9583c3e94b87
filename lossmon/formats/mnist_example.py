"""PyTorch's MNIST example (`Train Epoch: 1 [320/1280 (25%)]  Loss: 2.117632`) and its kin.

The line counts samples, not steps, and tells no batch size. The example prints
every 10 batches (`--log-interval`), so the samples between two lines are taken
for 10 batches where they divide by 10; steps are marked as estimated.
"""

from __future__ import annotations

import math
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, explicit_pairs, to_float

_TRAIN: Final = late(
    r"Train Epoch: (\d{1,9}) \[ {0,9}(\d{1,12})/ {0,9}(\d{1,12}) \( {0,3}\d{1,3}%\)\]"
)
_TEST: Final = late(
    rf"(?:Test|Validation|Val) set(?:: [Aa]verage)? [Ll]oss: ({NUMBER})"
    r"(?:, Accuracy: (\d{1,12})/(\d{1,12}))?"
)
_EPOCH_MEAN: Final = late(rf"Epoch: (\d{{1,9}}) Average loss: ({NUMBER})")
_LOG_INTERVAL: Final = 10
"""`--log-interval` of the example, unless it is changed."""


class MnistExampleParser(ConsoleParser):
    """Steps from samples, once the second line of an epoch has shown how many lie between."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._epoch = 1
        self._total = 0
        self._batch = 0
        self._waiting: list[tuple[dict[str, float], int, int]] = []
        self.info.steps_estimated = True

    def record(self, text: str) -> bool:
        if match := _TRAIN.search(text):
            self._epoch, samples, self._total = (int(group) for group in match.groups())
            values = dict(explicit_pairs(text[match.end() :]))
            if not values:
                return False
            if not self._batch and samples:
                self._batch = samples // _LOG_INTERVAL if samples % _LOG_INTERVAL == 0 else samples
            self._waiting.append((values, self._epoch, samples))
            if self._batch or (self._epoch == 1 and samples == 0) or len(self._waiting) > 100:
                self._flush()
            return True
        if "oss: " not in text:
            return False
        if match := _TEST.search(text):
            self._flush()
            values = {"test_loss": to_float(match[1])}
            if match[2] and int(match[3]):
                values["test_accuracy"] = int(match[2]) / int(match[3])
            self.add(values, self._epoch * self._batches(), self._epoch)
            return True
        if match := _EPOCH_MEAN.search(text):
            self._flush()
            self._epoch = int(match[1])
            self.add({"train_loss": to_float(match[2])}, self._epoch * self._batches(), self._epoch)
            return True
        return False

    def _batches(self) -> int:
        """Batches an epoch; 1 while nothing tells."""
        return math.ceil(self._total / self._batch) if self._batch else 1

    def _flush(self) -> None:
        for values, epoch, samples in self._waiting:
            batch = samples // self._batch if self._batch else 0
            step = (epoch - 1) * self._batches() + batch + 1
            self.add(values, step, epoch - 1 + samples / max(self._total, 1))
        self._waiting = []

    def end(self) -> None:
        self._flush()


class MnistExample(ConsoleFormat):
    """Console of pytorch/examples `mnist`, `vae` and the many scripts that grew from them."""

    name = "mnist-example"
    title = "PyTorch MNIST example console"
    sample = "Train Epoch: 1 [320/1280 (25%)]\tLoss: 2.117632"
    needles = ("Train Epoch: ",)
    signature = late(
        r"Train Epoch: \d{1,9} \[ {0,9}\d{1,12}/ {0,9}\d{1,12} \( {0,3}\d{1,3}%\)\][^\n]{0,80}"
        rf"[Ll]oss: {NUM}"
    )
    parser_class = MnistExampleParser


FORMAT = MnistExample()
