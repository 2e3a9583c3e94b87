"""Tables that grow by a row an epoch: fastai and skorch (whitespace columns under a header)."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from lossmon.formats._late import late
from lossmon.formats._spanning import SpanningFormat
from lossmon.formats.base import Context
from lossmon.formats.console import ConsoleFormat, ConsoleParser, number

_MAX_COLUMNS: Final = 60


class EpochTableParser(ConsoleParser):
    """Rows of numbers under the last header seen; the first column is the epoch."""

    header: ClassVar[re.Pattern[str]]
    gap: ClassVar[re.Pattern[str]] = late(r"\s++")
    """What parts the names of a header."""
    ignored: ClassVar[frozenset[str]]

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._columns: list[str] = []

    def record(self, text: str) -> bool:
        if self.header.match(text):
            self._columns = self.gap.split(text.strip())[:_MAX_COLUMNS]
            return True
        if not self._columns:
            return False
        cells = text.split(None, _MAX_COLUMNS)
        if not (2 <= len(cells) <= len(self._columns) and cells[0].isdigit()):
            return False
        if len(cells[0]) > 9 or not cells[0].isascii():
            return False
        values = {}
        for name, cell in zip(self._columns[1:], cells[1:], strict=False):
            value = number(cell)
            if value is not None and name not in self.ignored:
                values[name] = value
        if not values:
            return False
        self.add(values, int(cells[0]), int(cells[0]))
        return True


class FastaiParser(EpochTableParser):
    """`epoch  train_loss  valid_loss  accuracy  time`, epochs from 0."""

    header = late(r"epoch {2,12}train_loss {2,12}\S")
    ignored = frozenset(("time",))

    def record(self, text: str) -> bool:
        if text.startswith("Epoch ") and (match := _FASTAI_BAR.match(text)):
            self.info.total_epochs = float(match[1])
            return False
        return super().record(text)


_FASTAI_BAR: Final = late(r"Epoch \d{1,9}/(\d{1,9}) : \|")


class Fastai(ConsoleFormat):
    """The table that `Learner.fit` prints."""

    name = "fastai"
    title = "fastai table"
    sample = (
        "epoch     train_loss  valid_loss  accuracy  time\n"
        "0         2.143059    1.776118    0.764588  00:05"
    )
    needles = ("train_loss  ",)
    signature = late(r"^epoch {2,12}train_loss {2,12}[^\n]{0,300}\btime\b", re.MULTILINE)
    parser_class = FastaiParser


class SkorchParser(EpochTableParser):
    """`epoch  train_loss  valid_acc  valid_loss  dur`, epochs from 1.

    nolearn's, which it descends from, has names of two words: `train loss`.
    """

    header = late(r" {1,12}epoch {2,24}\S")
    gap = late(r" {2,}+")
    ignored = frozenset(("dur", "cp"))


class Skorch(SpanningFormat):
    """The table of skorch's `PrintLog`."""

    name = "skorch"
    title = "skorch table"
    sample = (
        "  epoch    train_loss    valid_acc    valid_loss     dur\n"
        "-------  ------------  -----------  ------------  ------\n"
        "      1        2.2711       0.3417        2.2283  1.2303"
    )
    needles = ("  dur",)
    within = " epoch  "
    signature = late(r"^ {1,12}epoch {2,24}[^\n]{1,400} dur\b[^\n]{0,40}\n-{4,12}  ", re.MULTILINE)
    parser_class = SkorchParser


FORMATS = (Fastai(), Skorch())
