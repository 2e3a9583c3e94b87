"""Bare columns of numbers: DeepXDE's `loss.dat`, files of step and loss without a header.

Rows between commas that nothing names are read where the file's name says that it is a log. The
first column must count (whole numbers in order), and the first of the others that falls is called
the loss, by the file's name if that names one (`val_loss.csv`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.formats.head import Head
from lossmon.formats.json_text import parse_number
from lossmon.formats.lines import LineParser
from lossmon.formats.table_text import TableParser
from lossmon.model import Role, role_of
from lossmon.model.roles import words

_LEAST_ROWS: Final = 10
"""Fewer rows of two bare numbers are too little to call them a loss."""

_DEEPXDE_HEADER: Final = "# step, loss_train, loss_test, metrics_test"


class DeepXdeParser(TableParser):
    """Reads DeepXDE's table: a step, the losses of each part on train and test data, metrics.

    How many parts there are is not in the file; train and test have equally
    many, and an odd number of columns behind the step leaves one metric. The
    sum over the parts is the loss.
    """

    def block(self, block: bytes) -> None:
        for line in block.decode("utf-8", "replace").split("\n"):
            if line:
                self.line(line)

    def line(self, text: str) -> None:
        text = text.strip()
        if not text or text.startswith("#"):
            return
        numbers = [parse_number(cell) for cell in text.split()]
        step, values = numbers[0], [value for value in numbers[1:] if value is not None]
        if step is None or len(values) != len(numbers) - 1 or len(values) < 2:
            self.bad_records += 1
            return
        parts = len(values) // 2
        fields = {
            "step": step,
            "loss_train": sum(values[:parts]),
            "loss_test": sum(values[parts : 2 * parts]),
        }
        if len(values) > 2 * parts:
            fields["metrics_test"] = values[-1]
        self.row(fields)


class DeepXdeFormat(StreamFormat):
    """`loss.dat`, under its one comment line."""

    name = "deepxde"
    title = "DeepXDE loss.dat"
    cross_entropy = False
    sample = f"{_DEEPXDE_HEADER}\n0.0e+00 4.004e+00 8.101e-03 2.529e+00 7.5e-03"

    def parser(self, context: Context | None = None) -> Parser:
        return DeepXdeParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if head.startswith(_DEEPXDE_HEADER.encode()):
            return Sniff(0.97, "DeepXDE's comment line")
        return None


class StepLossParser(TableParser):
    """Reads two columns: a step and a loss."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context, ("step", "loss"), " ")


class StepLossFormat(StreamFormat):
    """Two columns of numbers: whole ones in equal steps from the first, and falling ones.

    So little says that they are a loss that all of it must fit.
    """

    name = "step-loss"
    title = "two bare columns: step and loss"
    sample = "1 8.049097061157227\n2 7.75183629989624"

    def parser(self, context: Context | None = None) -> Parser:
        return StepLossParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if not head[:1].isdigit():
            return None
        looked = Head.of(head)
        if any(len(line.split(None, 2)) != 2 for line in looked.lines[:_LEAST_ROWS]):
            return None
        rows = [line.split() for line in looked.lines]
        if not head.endswith(b"\n"):
            rows = rows[:-1]
        if len(rows) < _LEAST_ROWS or any(len(row) != 2 for row in rows):
            return None
        if not all(step.isdecimal() and step.isascii() and len(step) < 16 for step, _ in rows):
            return None
        if not all("." in value for _, value in rows):
            return None
        steps = [int(step) for step, _ in rows]
        numbers = [value for _, text in rows if (value := parse_number(text)) is not None]
        if len(numbers) < len(rows) or min(numbers) < 0:
            return None
        if not _equal_steps(steps) or steps[0] not in (0, 1, steps[1] - steps[0] - 1):
            return None
        third = len(numbers) // 3
        if not sum(numbers[-third:]) < 0.9 * sum(numbers[:third]):
            return None
        return Sniff(0.3, "two columns: steps from 0 or 1, and positive numbers that fall")


def _equal_steps(steps: Sequence[int]) -> bool:
    by = steps[1] - steps[0]
    return by > 0 and all(second - first == by for first, second in pairwise(steps))


_LEAST_CSV_ROWS: Final = 8
"""Fewer rows of bare numbers are too little to call one of them a loss."""
_HELD_ROWS: Final = 32
"""Rows over which it is decided which column is the loss."""
_MOST_COLUMNS: Final = 12
_NAMED: Final = frozenset(
    ("loss", "losses", "log", "logs", "train", "training", "history", "progress")
)
_DELIMITERS: Final = ",;\t"
_LOSSES: Final = (Role.TRAIN_LOSS, Role.EVAL_LOSS)


def _stem(filename: str) -> str:
    return filename.rpartition("/")[2].partition(".")[0]


def _csv_rows(lines: Sequence[str]) -> tuple[list[list[float]], str] | None:
    """Return rows of equally many numbers and what parts them; None if a line is no such row."""
    if not lines:
        return None
    delimiter = max(_DELIMITERS, key=lines[0].count)
    rows: list[list[float]] = []
    for line in lines:
        cells = [parse_number(cell) for cell in line.split(delimiter)]
        row = [cell for cell in cells if cell is not None]
        if len(row) != len(cells) or (rows and len(row) != len(rows[0])):
            return None
        rows.append(row)
    return (rows, delimiter) if 2 <= len(rows[0]) <= _MOST_COLUMNS else None


def _counts(column: Sequence[float]) -> bool:
    """Say whether a column is of whole numbers that rise."""
    return all(value % 1 == 0 and 0 <= value < 1e15 for value in column) and all(
        a < b for a, b in pairwise(column)
    )


def _falls(column: Sequence[float]) -> bool:
    third = len(column) // 3
    finite = all(abs(value) < 1e15 for value in column)
    return (
        finite
        and any(value % 1 for value in column)
        and min(column) > 0
        and sum(column[-third:]) < 0.9 * sum(column[:third])
    )


class BareCsvParser(LineParser):
    """Which column is the loss is decided once, over the first rows, which wait until then."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._delimiter = ""
        self._held: list[list[float]] = []
        self._loss: int | None = None

    def line(self, text: str) -> None:
        if not self._delimiter:
            self._delimiter = max(_DELIMITERS, key=text.count)
        row = [parse_number(cell) for cell in text.split(self._delimiter)]
        numbers = [cell for cell in row if cell is not None]
        width = len(self._held[0]) if self._held else len(row)
        whole = len(numbers) == len(row) == width
        if not whole or not 2 <= width <= _MOST_COLUMNS or not 0 <= numbers[0] < 1e15:
            self.bad_records += 1
        elif self._loss is not None:
            self._add(numbers)
        else:
            self._held.append(numbers)
            if len(self._held) == _HELD_ROWS:
                self._decide()

    def end(self) -> None:
        if self._loss is None:
            self._decide()

    def _decide(self) -> None:
        if not self._held:
            return
        columns = list(zip(*self._held, strict=True))[1:]
        self._loss = next((at for at, column in enumerate(columns) if _falls(column)), 0)
        for row in self._held:
            self._add(row)
        del self._held[1:]  # the first tells how many columns there are

    def _add(self, row: Sequence[float]) -> None:
        stem = _stem(self.context.filename)
        called = stem if role_of(stem) in _LOSSES else "loss"
        values = {
            called if at == self._loss else f"column {at + 2}": value
            for at, value in enumerate(row[1:])
        }
        self.rows.add(values, row[0])


class BareCsv(StreamFormat):
    """`train_log.csv` of rows such as `0,2.31,0.12`."""

    name = "bare-csv"
    title = "rows of numbers without a header, in a file named as a log"
    sample = "1,1.525089,0.844\n2,1.554692,0.832"

    def parser(self, context: Context | None = None) -> Parser:
        return BareCsvParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if not head[:1].isdigit() or _NAMED.isdisjoint(words(_stem(filename))):
            return None
        lines = Head.of(head).lines
        found = _csv_rows(lines if head.endswith(b"\n") else lines[:-1])
        if found is None or len(found[0]) < _LEAST_CSV_ROWS:
            return None
        columns = list(zip(*found[0], strict=True))
        if not _counts(columns[0]) or not any(map(_falls, columns[1:])):
            return None
        return Sniff(0.35, "a file named as a log, of rows of numbers: one counts, another falls")


FORMATS = (DeepXdeFormat(), StepLossFormat(), BareCsv())
