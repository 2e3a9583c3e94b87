"""Poutyne's console and the CSV file of its `CSVLogger` that holds batches.

A line is redrawn for each batch and ended by the epoch's means; evaluations are drawn with the
same counter, and are no points until the epoch ends.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.formats.console import ConsoleFormat, ConsoleParser
from lossmon.formats.general_track import MAX_STEP
from lossmon.formats.head import Head
from lossmon.formats.json_text import parse_number
from lossmon.formats.lines import LineParser
from lossmon.formats.pairs import explicit_pairs

_BATCH: Final = late(
    r"Epoch: {1,12}(\d{1,9})/(\d{1,9}) Step: {1,12}(\d{1,12})(?:/(\d{1,12}))? "
    r"(?: {0,4}[\d.]{1,8}% \|[^|\n]{0,200}\|)?(?:ETA: )?[\dhdm.]{1,24}s(?:/step)? "
)
_EPOCH: Final = late(
    r"Epoch: {1,12}(\d{1,9})/(\d{1,9}) Train steps: {1,12}(\d{1,12}) "
    r"(?:Val steps: {1,12}\d{1,12} )?[\dhdm.]{1,24}s "
)
_OLD: Final = late(
    r"Epoch (\d{1,9})/(\d{1,9}) (ETA )?[\d.]{1,12}s Step (\d{1,12})(?:/(\d{1,12}))?: "
)
"""As before version 1.4, where an epoch's last line looks like a batch's without `ETA`."""


class PoutyneParser(ConsoleParser):
    """Batches are counted over the run; the means of an epoch stand beside its last batch."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._before = 0
        """Batches of the epochs that are over."""
        self._epoch = 0

    def record(self, text: str) -> bool:
        if match := _EPOCH.search(text):
            epoch, epochs, batches = (int(group) for group in match.groups())
            return self._means(epoch, epochs, batches, text[match.end() :])
        if match := _BATCH.search(text):
            epoch, epochs, batch = (int(match[group]) for group in (1, 2, 3))
            return self._one_batch(epoch, epochs, batch, match[4], text[match.end() :])
        if match := _OLD.search(text):
            epoch, epochs, batch = (int(match[group]) for group in (1, 2, 4))
            if match[3]:
                return self._one_batch(epoch, epochs, batch, match[5], text[match.end() :])
            return self._means(epoch, epochs, batch, text[match.end() :])
        return False

    def _one_batch(self, epoch: int, epochs: int, batch: int, total: str | None, rest: str) -> bool:
        values = dict(explicit_pairs(rest))
        if not values or any(name.startswith("val_") for name in values):
            return bool(values)  # a batch of an evaluation
        if total is not None:
            self._before = (epoch - 1) * int(total)
            self.info.total_steps = float(epochs * int(total))
        self.info.total_epochs = float(epochs)
        self._epoch = epoch
        return self._add(values, self._before + batch, epoch)

    def _means(self, epoch: int, epochs: int, batches: int, rest: str) -> bool:
        values = {
            name if name.startswith("val_") else f"epoch/{name}": value
            for name, value in explicit_pairs(rest)
        }
        if epoch != self._epoch:  # no batch of it was drawn
            self._before = (epoch - 1) * batches
        self.info.total_epochs = float(epochs)
        found = self._add(values, self._before + batches, epoch)
        self._before += batches
        return found

    def _add(self, values: dict[str, float], step: int, epoch: int) -> bool:
        if not step < MAX_STEP:
            self.bad_records += 1
            return True
        if values:
            self.add(values, step, epoch)
        return bool(values)


class Poutyne(ConsoleFormat):
    """What `Model.fit` and `Experiment.train` print."""

    name = "poutyne"
    title = "Poutyne console"
    sample = (
        "Epoch: 1/4 Step: 12/20 ETA: 0.08s loss: 1.525089 acc: 84.749108\n"
        "Epoch: 1/4 Train steps: 20 Val steps: 4 1.20s loss: 1.074270 val_loss: 0.348609"
    )
    needles = (" Step: ", " Train steps: ", "s Step ")
    signature = late(f"(?:{_BATCH.pattern}|{_EPOCH.pattern}|{_OLD.pattern})[A-Za-z_]")
    parser_class = PoutyneParser


_HEADER: Final = "epoch,batch,size,time,"
_SEPARATORS: Final = ",;\t"
_ROW: Final = frozenset(("epoch", "batch", "size", "time"))


class PoutyneCsvParser(LineParser):
    """Rows of batches name no epoch; the row that does holds its means and ends it."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._names: list[str] = []
        self._separator = ","
        self._before = 0.0
        self._batch = 0.0

    def line(self, text: str) -> None:
        if not self._names or text.startswith("epoch"):
            self._separator = text[5:6] or ","
            self._names = text.rstrip().split(self._separator)
            return
        cells = text.rstrip("\n").split(self._separator)
        if len(cells) != len(self._names):
            self.bad_records += 1
            return
        fields = {
            name: value
            for name, cell in zip(self._names, cells, strict=True)
            if (value := parse_number(cell)) is not None
        }
        epoch, batch = fields.get("epoch"), fields.get("batch")
        values = {name: value for name, value in fields.items() if name not in _ROW}
        counts = [count for count in (epoch, batch) if count is not None]
        if not values or not counts or not all(0 <= count < 1e9 for count in counts):
            self.bad_records += 1
        elif epoch is None:
            self._batch = counts[0]
            self.rows.add(values, self._before + self._batch)
        else:
            self._before, self._batch = self._before + self._batch, 0.0
            named = {
                name if name.startswith(("val_", "lr")) else f"epoch/{name}": value
                for name, value in values.items()
            }
            self.rows.add(named, self._before or epoch, epoch)


class PoutyneCsv(StreamFormat):
    """`CSVLogger(batch_granularity=True)`; without batches its file is a plain table."""

    name = "poutyne-csv"
    title = "Poutyne CSV of batches"
    sample = "epoch,batch,size,time,lr,loss,acc,val_loss,val_acc\n,1,32,0.01,,1.525,84.7,,"
    needles = tuple(_HEADER.replace(",", separator) for separator in _SEPARATORS)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        text = Head.of(head).text
        if not text.startswith(self.needles) or "loss" not in text.partition("\n")[0]:
            return None
        return Sniff(0.9, "a table whose header begins as Poutyne's of batches")

    def parser(self, context: Context | None = None) -> Parser:
        return PoutyneCsvParser(context)

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        """A file that begins with the header is a new one."""
        return not Head.of(new_head).text.startswith(self.needles)


FORMATS = (Poutyne(), PoutyneCsv())
