"""Bare columns of numbers: DeepXDE's `loss.dat`, and files of step and loss without a header."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.formats.head import Head
from lossmon.formats.json_text import parse_number
from lossmon.formats.table_text import TableParser

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


FORMATS = (DeepXdeFormat(), StepLossFormat())
