"""PyTorch's MNIST example (`Train Epoch: 1 [320/1280 (25%)]  Loss: 2.117632`) and its kin.

The line counts samples, not steps, and tells no batch size. The example prints
every 10 batches (`--log-interval`), so the samples between two lines are taken
for 10 batches where they divide by 10; steps are marked as estimated. What its
kin print of their evaluations is read as the general reader reads it.
"""

from __future__ import annotations

import math
from typing import Final

from lossmon.formats._late import late
from lossmon.formats._log_prefix import without_prefix
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.general_meaning import layout_of
from lossmon.formats.general_shape import split_numbers
from lossmon.formats.general_track import told
from lossmon.formats.pairs import NUMBER, explicit_pairs, to_float
from lossmon.model import Role, role_of

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
_MEASURED: Final = (Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.SCORE)
_MAX_LINE: Final = 400
_MAX_KINDS: Final = 20
"""Kinds of evaluations that are followed; a log has one or two."""


class MnistExampleParser(ConsoleParser):
    """Steps from samples, once the second line of an epoch has shown how many lie between."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._epoch = 1
        self._total = 0
        self._batch = 0
        self._waiting: list[tuple[dict[str, float], int, int]] = []
        self._stepwise: set[tuple[str, ...]] = set()
        self._once: dict[tuple[str, ...], tuple[dict[str, float], int] | None] = {}
        """Evaluations printed so far in one line only, by their names; None: more than one."""
        self.info.steps_estimated = True

    def record(self, text: str) -> bool:
        if match := _TRAIN.search(text):
            self._epoch, samples, self._total = (int(group) for group in match.groups())
            values = dict(explicit_pairs(text[match.end() :]))
            if not values:
                return False
            if not self._batch and samples:
                self._batch = samples // _LOG_INTERVAL if samples % _LOG_INTERVAL == 0 else samples
            if not self._stepwise:
                self._stepwise = set(map(told, values))
            self._waiting.append((values, self._epoch, samples))
            if self._batch or (self._epoch == 1 and samples == 0) or len(self._waiting) > 100:
                self._flush()
            return True
        if "oss" not in text and "OSS" not in text:
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
            mean = self._mean("train_loss")
            self.add({mean: to_float(match[2])}, self._epoch * self._batches(), self._epoch)
            return True
        return self._evaluation(text)

    def _mean(self, name: str) -> str:
        """Return how an epoch's mean is called, which may have the name of the steps' losses."""
        return f"epoch/{name}" if told(name) in self._stepwise else name

    def _evaluation(self, text: str) -> bool:
        """Take a line with an evaluation's loss; one that comes once sums up the run."""
        if len(text) > _MAX_LINE:
            return False
        parts = split_numbers(without_prefix(text))
        layout = layout_of(parts[::2], parts[1::2])
        if layout is None or (layout.batchwise and layout.step is not None):
            return False
        measured = [(place, name) for place, name in layout.metrics if role_of(name) in _MEASURED]
        if not any(role_of(name) is Role.EVAL_LOSS for _, name in measured):
            return False
        self._flush()
        key = tuple(name for _, name in measured)
        values = {self._mean(name): to_float(parts[2 * place + 1]) for place, name in measured}
        if key not in self._once:
            if len(self._once) < _MAX_KINDS:
                self._once[key] = (values, self._epoch)
            return False
        first, self._once[key] = self._once[key], None
        for found, epoch in (*((first,) if first else ()), (values, self._epoch)):
            self.add(found, epoch * self._batches(), epoch)
        return True

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
