"""Kaldi's neural network training: nnet1's iterations and nnet3's progress lines.

`ITERATION 01: TRAIN AVG.LOSS 2.1034, (lrate0.008), CROSSVAL AVG.LOSS 1.9921`
and `compute_prob_train`-like `Overall log-probability for 'output' is -0.53`.
nnet3 logs an objective that rises towards 0; its negative is the loss.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, to_float

_NNET1: Final = late(
    rf"ITERATION (\d{{1,9}}): TRAIN AVG\.LOSS ({NUMBER}), \(lrate({NUMBER})\), "
    rf"CROSSVAL AVG\.LOSS ({NUMBER})"
)
_NNET3: Final = late(
    r"Average objective function for '([\w-]{1,60})' for minibatches (\d{1,12})-(\d{1,12}) is "
    rf"({NUMBER})"
)
_PRERUN: Final = late(rf"CROSSVAL PRERUN AVG\.LOSS ({NUMBER})")


class KaldiParser(ConsoleParser):
    """Iterations of nnet1, minibatches of nnet3."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._offset = 0
        self._last = -1

    def record(self, text: str) -> bool:
        if "AVG.LOSS" in text:
            if match := _NNET1.search(text):
                values = {
                    "train_loss": to_float(match[2]),
                    "lr": to_float(match[3]),
                    "val_loss": to_float(match[4]),
                }
                self.add(values, int(match[1]), int(match[1]))
                return True
            if match := _PRERUN.search(text):
                self.add({"val_loss": to_float(match[1])}, 0, 0)
                return True
        match = _NNET3.search(text) if "Average objective function" in text else None
        if match is None:
            return False
        first, last = int(match[2]), int(match[3])
        if first < self._last and first == 0:
            self._offset += self._last + 1  # another phase of one log begins from 0
            self.info.steps_estimated = True
        self._last = last
        self.add({f"{match[1]}/loss": -to_float(match[4])}, self._offset + last + 1)
        return True


class Kaldi(ConsoleFormat):
    """Logs of nnet1 scripts and of `nnet3-train`."""

    name = "kaldi"
    title = "Kaldi nnet1 and nnet3 logs"
    sample = (
        "ITERATION 01: TRAIN AVG.LOSS 2.1034, (lrate0.008), CROSSVAL AVG.LOSS 1.9921,"
        " nnet accepted (nnet_iter01)"
    )
    needles = ("AVG.LOSS", "Average objective function")
    signature = late(
        rf"TRAIN AVG\.LOSS {NUM}, "
        r"|Average objective function for '[\w-]{1,60}' for minibatches \d"
    )
    parser_class = KaldiParser


FORMAT = Kaldi()
