"""Keras `fit` in a terminal or a pipe: progress bars (verbose 1) and one line an epoch (verbose 2).

Numbers of a frame are means since the epoch began, so the last frame of an
epoch is its point; with validation data that frame comes twice, the second
time with `val_…`. Epochs count from 1 here (`CSVLogger` counts from 0). Loops that
draw such bars and announce no epoch are counted by their bars.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import to_float

_EPOCH: Final = late(r" {0,16}Epoch (\d{1,9})/(\d{1,9})\s*+\Z")
_FRAME: Final = late(r"\s{0,16}(\d{1,12})/(\d{1,12}|Unknown)[ \t\d]")
_PAIR: Final = late(rf"([^\s:][^:\n]{{0,119}}): ({NUM})\s*+\Z")
_SAVED: Final = late(r"improved from .{1,60}saving model to (\S{1,200})")


class KerasConsoleParser(ConsoleParser):
    """Holds an epoch's last frame until it is sure that no better one follows."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._epoch = 0
        self._announced = False
        """Epochs are announced by lines of their own; else each bar of as many steps is one."""
        self._steps = ""
        """How many steps the first bar has, as printed."""
        self._open = True
        self._held: dict[str, float] = {}
        self._complete: frozenset[str] = frozenset()
        """Metric names of the last epoch's point: a frame that has them all is the last one."""

    def record(self, text: str) -> bool:
        if "Epoch " in text[:24] and (match := _EPOCH.match(text)):
            self._emit()
            self._epoch = int(match[1])
            self._announced = self._open = True
            self.info.total_epochs = float(match[2])
            return True
        if (frame := _FRAME.match(text)) and " - " in text:
            return self._frame(text, frame)
        if "saving model to" in text and (match := _SAVED.search(text)):
            self.info.best_checkpoint = match[1].rstrip(".")
        return False

    def _frame(self, text: str, frame: re.Match[str]) -> bool:
        values = {}
        for part in text.split(" - ")[1:]:
            if match := _PAIR.match(part):
                values[match[1]] = to_float(match[2])
        if not values:
            return False
        unknown = frame[2] == "Unknown"
        last = unknown or frame[1] == frame[2]
        if self._held and not last:
            self._emit()  # another bar began: `evaluate` or `predict`
        self._steps = self._steps or frame[2]
        if self._announced and not self._open:
            return False  # not of `fit`: no epoch was announced
        if not self._announced and frame[2] != self._steps:
            return False  # an evaluation between loops that announce nothing
        if last:
            self._held = values
            one_line = text[frame.end() - 1 :].startswith(" - ")
            validated = any(name.startswith("val_") for name in values)
            if one_line or validated or (self._complete and self._complete <= values.keys()):
                self._emit()
        return True

    def _emit(self) -> None:
        if not self._held:
            return
        if not self._announced:
            self.info.steps_estimated |= self._epoch > 0
            self._epoch += 1
        self.add(self._held, self._epoch, self._epoch)
        self._complete = frozenset(self._held)
        self._held = {}
        self._open = False
        self.info.finished = self._epoch == self.info.total_epochs

    def end(self) -> None:
        self._emit()


class KerasConsole(ConsoleFormat):
    """Console output of `model.fit`."""

    name = "keras-console"
    title = "Keras fit (verbose 1 and 2)"
    sample = (
        "Epoch 1/10\n"
        "38/38 - 2s - 57ms/step - accuracy: 0.2542 - loss: 2.1664 - val_accuracy: 0.4829"
        " - val_loss: 1.9196"
    )
    needles = ("/step - ", "s - loss: ", "] - ETA:", "] - ", "s/epoch")
    signature = late(
        r"^ {0,16}\d{1,12}/(?:\d{1,12}|Unknown)"
        r"(?: \[[=>.]{1,120}\] (?:\d{1,3}% )?- | [━ ]{3,80}\d| - \d{1,9}m?s - )"
        rf"[^\n]{{0,200}}: {NUM}",
        re.MULTILINE,
    )
    parser_class = KerasConsoleParser


FORMAT = KerasConsole()
