r"""LightGBM's evaluation lines: `[1]\ttraining's l2: 7.69\tvalid_1's l2: 8.71` (iterations from 1).

The package for R prints `[1]:  train's l2:7.69  valid's l2:8.71`, and terminals show blanks for
tabs.

After early stopping the best iteration's line is printed once more: it is no
new point. The command-line program prints `Iteration:1, training l2 : 7.69`.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, to_float

_ITERATION: Final = late(r"\[(\d{1,12})\]:?[\t ](?!\")")
_PAIR: Final = late(rf"(?:[\t ]|^)([^\s:][^\t:]{{0,80}}?'s [^\t:]{{1,80}}?): ?({NUMBER})")
_COMMAND_LINE: Final = late(rf"Iteration:(\d{{1,12}}), (.{{1,80}}) : ({NUMBER})\s*+\Z")


class LightGBMParser(ConsoleParser):
    """The step is the iteration."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._repeats = False

    def line(self, text: str) -> None:
        # `[5]:` is an iteration here, no rank.
        if not self.record(text):
            self._end_of(text)

    def record(self, text: str) -> bool:
        if "est iteration is:" in text:
            self._repeats = True
            self.info.finished = True
            return False
        if match := _ITERATION.search(text[:200]):
            found = _PAIR.findall(text[match.end() - 1 :])
            if not found:
                return False
            if self._repeats:
                self._repeats = False
                self.fact("best iteration", match[1])
                return False
            self.add([(name, to_float(value)) for name, value in found], int(match[1]))
            return True
        if "Iteration:" in text and (match := _COMMAND_LINE.search(text)):
            self.add({match[2]: to_float(match[3])}, int(match[1]))
            return True
        return False


class LightGBM(ConsoleFormat):
    """Console of `lgb.train`, `lgb.cv` and the command-line program."""

    name = "lightgbm"
    title = "LightGBM console"
    sample = "[1]\ttraining's l2: 7.69209\tvalid_1's l2: 8.70736"
    needles = ("'s ", "Iteration:")
    confidence = 0.94
    signature = late(
        rf"\[\d{{1,12}}\]:?[\t ]{{1,12}}[^\s:][^\t\n:]{{0,80}}'s [^\t\n:]{{1,80}}: ?{NUM}(?![\w:])"
        rf"|\[LightGBM\] \[Info\] Iteration:\d{{1,12}}, [^\n]{{1,80}} : {NUM}"
    )
    parser_class = LightGBMParser


FORMAT = LightGBM()
