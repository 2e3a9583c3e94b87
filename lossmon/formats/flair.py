"""Flair's `training.log`: `epoch 1 - iter 10/100 - loss 1.23 - …` and `EPOCH 1 done: loss 0.9`.

The loss of a line is the mean since the epoch began. Its `loss.tsv` is a plain
table and read as one.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, to_float

_ITER: Final = late(rf"epoch (\d{{1,9}}) - iter (\d{{1,12}})/(\d{{1,12}}) - loss ({NUMBER})")
_DONE: Final = late(rf"EPOCH (\d{{1,9}}) done: loss ({NUMBER})")
_SPLIT: Final = late(rf"\b(DEV|TEST|TRAIN) {{1,3}}: loss ({NUMBER})")
_PART: Final = late(
    rf"- (lr|samples/sec|f1-score[^\d\n]{{0,30}}?|f-score|acc|score):? {{1,3}}({NUMBER})"
)
_MAX_EPOCHS: Final = late(r'max_epochs: "(\d{1,9})"')


class FlairParser(ConsoleParser):
    """Batches are counted over the run."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._step = 0

    def record(self, text: str) -> bool:
        if match := _ITER.search(text):
            epoch, batch, batches = int(match[1]), int(match[2]), int(match[3])
            self._step = (epoch - 1) * batches + batch
            if self.info.total_epochs:
                self.info.total_steps = self.info.total_epochs * batches
            values = {"loss": to_float(match[4]), **self._parts(text, match.end())}
            self.add(values, self._step, epoch - 1 + batch / max(batches, 1))
            return True
        if match := _DONE.search(text):
            values = {"train_loss": to_float(match[2]), **self._parts(text, match.end())}
            self.add(values, self._step or int(match[1]), int(match[1]))
            return True
        if match := _SPLIT.search(text):
            split = match[1].lower()
            values = {f"{split}/loss": to_float(match[2])}
            parts = self._parts(text, match.end()).items()
            values.update((f"{split}/{name}", value) for name, value in parts)
            self.add(values, self._step)
            return True
        if "max_epochs" in text and (match := _MAX_EPOCHS.search(text)):
            self.info.total_epochs = float(match[1]) or None
        elif "Testing using " in text or "Loading model from best epoch" in text:
            self.info.finished = True
        return False

    @staticmethod
    def _parts(text: str, start: int) -> dict[str, float]:
        found = _PART.findall(text, start)
        return {name.strip(): to_float(value) for name, value in found}


class Flair(ConsoleFormat):
    """`training.log` and console of Flair's `ModelTrainer`."""

    name = "flair"
    title = "Flair training.log"
    sample = (
        "2021-01-01 12:00:00,000 epoch 1 - iter 10/100 - loss 1.23456789 - samples/sec: 50.11"
        " - lr: 0.100000\n2021-01-01 12:10:00,000 DEV : loss 0.3121 - f1-score (micro avg)  0.8712"
    )
    needles = (" - iter ", " done: loss ")
    signature = late(
        rf"epoch \d{{1,9}} - iter \d{{1,12}}/\d{{1,12}} - loss {NUM}"
        rf"|EPOCH \d{{1,9}} done: loss {NUM}"
    )
    parser_class = FlairParser


FORMAT = Flair()
