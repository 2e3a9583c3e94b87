"""OpenMMLab text logs: mmcv (`Epoch [1][50/1875]`) and mmengine (`Epoch(train)  [1][50/1875]`).

Iterations begin anew in each epoch: the step is counted over the run. An
`Iter [50/80000]` line counts over the run by itself.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import explicit_pairs

_EPOCH: Final = late(
    r"Epoch(?:\((\w{1,20})\))? {0,4}\[ {0,9}(\d{1,9})\]\[ {0,9}(\d{1,12})(?:/ {0,9}(\d{1,12}))?\]"
)
_ITER: Final = late(r"Iter(?:\((\w{1,20})\))? {0,4}\[ {0,9}(\d{1,12})(?:/ {0,9}(\d{1,12}))?\]")
_SAVED: Final = late(r"[Tt]he best checkpoint [^\n]{0,300} is saved to (\S{1,200}?)\.?\Z")
_NOT_METRICS: Final = frozenset(("eta", "time", "data_time", "memory"))


class MMEngineParser(ConsoleParser):
    """`step` is the iteration over all epochs."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._step = 0
        self._length = 0

    def record(self, text: str) -> bool:
        if match := _EPOCH.search(text):
            return self._epoch(text, match)
        if match := _ITER.search(text):
            return self._iteration(text, match)
        if "checkpoint" in text and (match := _SAVED.search(text)):
            self.info.best_checkpoint = match[1]
        return False

    def _epoch(self, text: str, match: re.Match[str]) -> bool:
        mode, epoch, iteration = match[1] or "train", int(match[2]), int(match[3])
        if mode == "train":
            self._length = int(match[4] or 0)
            self._step = (epoch - 1) * self._length + iteration
            if self.info.total_epochs and self._length:
                self.info.total_steps = self.info.total_epochs * self._length
            return self._row(text[match.end() :], "", self._step, epoch - 1, iteration)
        if match[4] and int(match[4]) != iteration:
            return False  # a batch of the evaluation
        step = epoch * self._length if self._length else (self._step or epoch)
        return self._row(text[match.end() :], f"{mode}/", step, epoch, 0)

    def _iteration(self, text: str, match: re.Match[str]) -> bool:
        mode, iteration = match[1] or "train", int(match[2])
        if mode == "train":
            self._step = iteration
            if match[3]:
                self.info.total_steps = float(match[3])
            return self._row(text[match.end() :], "", iteration, None, 0)
        if match[3] and int(match[3]) != iteration:
            return False
        return self._row(text[match.end() :], f"{mode}/", self._step or iteration, None, 0)

    def _row(
        self, rest: str, prefix: str, step: int, epochs_done: int | None, iteration: int
    ) -> bool:
        values = {
            prefix + name: value for name, value in explicit_pairs(rest) if name not in _NOT_METRICS
        }
        if not values:
            return False
        epoch = None if epochs_done is None else float(epochs_done)
        if epoch is not None and self._length:
            epoch += iteration / self._length
        self.add(values, step, epoch)
        return True


class MMEngine(ConsoleFormat):
    """The `.log` files of mmdetection, mmsegmentation, mmpretrain …"""

    name = "mmengine"
    title = "OpenMMLab text log (mmcv, mmengine)"
    cross_entropy = False
    sample = (
        "2020-10-15 15:43:05,206 - mmdet - INFO - Epoch [1][50/1875]\tlr: 3.333e-04,"
        " eta: 9:36:18, time: 1.540, loss_cls: 1.1169, loss_bbox: 4.8037, loss: 6.6063\n"
        "2023/01/01 12:00:00 - mmengine - INFO - Epoch(train)  [1][  50/1000]  lr: 2.0000e-03"
        "  eta: 1:00:00  time: 0.5  loss: 1.2003"
    )
    needles = ("Epoch [", "Epoch(", "Iter [", "Iter(")
    confidence = 0.94
    signature = late(
        # `Epoch [1/10]` alone is anybody's, and so is `Iter [1/10] loss: 0.5`.
        r"(?:- INFO - |^)(?:Epoch(?:\((?:train|val|test)\))? {0,4}\[ {0,9}\d{1,12}\]"
        r"|Iter(?:\((?:train|val|test)\)|(?= {0,4}\[[ \d/]{1,30}\](?:\t| {2}))) {0,4})"
        rf"\[ {{0,9}}\d{{1,12}}(?:/ {{0,9}}\d{{1,12}})?\][ \t]"
        rf"[^\n]{{0,400}}?(?:lr|loss|acc\w{{0,20}}): {NUM}",
        re.MULTILINE,
    )
    parser_class = MMEngineParser


FORMAT = MMEngine()
