"""torchvision's `MetricLogger` (detection references, DETR, DeiT, MAE, DINO, BLIP …).

`Epoch: [0]  [  20/1000]  eta: 0:10:00  lr: 0.0001  loss: 1.2340 (1.3310)  …`:
the median of a window and, in brackets, the mean of the epoch. Epochs and
batches count from 0; a line stands after its batch. Of an evaluation the means
of its last batch are the point.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, to_float

_HEAD: Final = late(
    r"([A-Za-z][\w ]{0,40}?):?(?: \[(\d{1,9})(?:/(\d{1,9}))?\])? {1,4}"
    r"\[ {0,12}(\d{1,12})/ {0,12}(\d{1,12})\] {1,4}eta: "
)
_METER: Final = late(rf"  ([A-Za-z][\w/.@-]{{0,60}}+): ({NUMBER})(?: \(({NUMBER})\))?")
_NOT_METRICS: Final = frozenset(("time", "data", "eta"))
_EVALUATES: Final = ("test", "val", "eval")


class MetricLoggerParser(ConsoleParser):
    """Counts batches over the run."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._epoch = 0
        self._batches = 0

    def record(self, text: str) -> bool:
        if "eta: " not in text or (match := _HEAD.search(text[:400])) is None:
            if text.startswith("Training time "):
                self.info.finished = True
            return False
        title, batch, batches = match[1].strip().lower(), int(match[4]), int(match[5])
        found = [
            (name, to_float(now), to_float(mean or now))
            for name, now, mean in _METER.findall(text, match.end())
            if name not in _NOT_METRICS
        ]
        if not found:
            return False
        if title.startswith(_EVALUATES) or any(f" {word}" in title for word in _EVALUATES):
            if batch != batches - 1:
                return False
            done = self._epoch + 1 if self._batches else 0
            values = {f"test/{name}": mean for name, _, mean in found}
            self.add(values, done * self._batches, done)
            return True
        if match[2]:
            self._epoch = int(match[2])
        if match[3]:
            self.info.total_epochs = float(match[3])
        self._batches = batches
        step = self._epoch * batches + batch + 1
        epoch = self._epoch + (batch + 1) / max(batches, 1)
        self.add({name: now for name, now, _ in found}, step, epoch)
        return True


class MetricLogger(ConsoleFormat):
    """Console of scripts with torchvision's `MetricLogger`."""

    name = "metric-logger"
    title = "torchvision MetricLogger console (DETR, DeiT, MAE, DINO …)"
    sample = (
        "Epoch: [0]  [  20/1000]  eta: 0:10:00  lr: 0.000100  loss: 1.2340 (1.3310)"
        "  time: 0.5210  data: 0.0043  max mem: 5210"
    )
    needles = ("]  eta: ", "] eta: ")
    signature = late(
        r"\[ {0,12}\d{1,12}/ {0,12}\d{1,12}\] {1,4}eta: [^\n]{1,60}  [^\n]{0,300}"
        rf"[\w/.-]{{0,60}}: {NUM} \({NUM}\)"
    )
    parser_class = MetricLoggerParser


FORMAT = MetricLogger()
