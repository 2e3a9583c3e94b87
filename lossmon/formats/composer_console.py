"""Composer's ConsoleLogger: `[epoch=1][batch=10/100]:` and indented `Train name: value` lines.

The batch counts within its epoch (from 1), or over the whole training where
that is measured in batches (`[batch=10/3200]`), samples or tokens.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number

_HEADER: Final = late(
    rf"(?:\[epoch=({STEP})\])?\[(batch|sample|token|iteration)=({STEP})(?:/({STEP}))?\]:?\s{{0,8}}\Z"
)
_EVAL: Final = late(rf"\[Eval batch=({STEP})/({STEP})\] Eval on [^:\n]{{1,100}}data:?\s{{0,8}}\Z")
_FIELD: Final = late(
    rf"\s{{0,16}}(Train|Eval) ([^:]{{1,160}}): ({NUM}(?:,\d{{3}}){{0,6}})\s{{0,8}}\Z"
)
_MAX_VALUES: Final = 4000
_BATCHES_BEFORE: Final = "time/batch"
"""Logged when a batch begins: the number of those done before it."""


class ComposerParser(ConsoleParser):
    """A record is a header and the indented lines under it, up to the next other line."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._values: dict[str, float] = {}
        self._epoch: float | None = None
        self._unit = "batch"
        self._count = 0.0
        self._total = 0.0
        self._step = 0.0
        self._open = False
        self._evaluating = False

    def record(self, text: str) -> bool:
        if self._open and (match := _FIELD.match(text)):
            value = number(match[3])
            if value is not None and len(self._values) < _MAX_VALUES:
                self._values[match[2]] = value
                self._evaluating = match[1] == "Eval"
            return True
        self._flush()
        cut = text.rfind("[", 0, text.find("=") + 1)
        if cut >= 0 and (match := _HEADER.match(text, cut)):
            self._epoch = float(match[1]) - 1 if match[1] else None
            self._unit = match[2]
            self._count = float(match[3])
            self._total = float(match[4] or 0)
            if self._epoch is None and self._unit == "batch" and self._total:
                self.info.total_steps = self._total
            self._open = True
            return True
        self._open = "[Eval batch=" in text and _EVAL.search(text[:400]) is not None
        return self._open

    def _flush(self) -> None:
        values, self._values = self._values, {}
        if not values:
            return
        epoch = None
        if not self._evaluating:
            self._step = self._global_batch(values)
        if self._epoch is not None and self._total:
            epoch = self._epoch + self._count / self._total
        self.add(values, self._step, epoch)

    def _global_batch(self, values: dict[str, float]) -> float:
        if self._epoch is not None and self._total:
            return self._epoch * self._total + self._count
        if self._unit != "batch" and _BATCHES_BEFORE in values:
            return values[_BATCHES_BEFORE] + 1
        return self._count

    def held_back(self) -> None:
        self._flush()


class Composer(ConsoleFormat):
    """Console of mosaicml/composer with `ConsoleLogger`."""

    name = "composer-console"
    title = "Composer console (ConsoleLogger)"
    sample = "[epoch=1][batch=10/100]:\n\t Train time/batch: 110\n\t Train loss/train/total: 2.1234"
    needles = ("[epoch=", "[batch=", "[Eval batch=")
    signature = late(
        rf"\[batch={STEP}(?:/{STEP})?\]:\s{{0,8}}\Z|\[Eval batch={STEP}/{STEP}\] Eval on "
    )
    parser_class = ComposerParser


FORMAT = Composer()
