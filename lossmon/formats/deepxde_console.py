"""DeepXDE's console: a table of loss vectors (`Step  Train loss  Test loss  Test metric`).

Each row holds the parts of the training loss, of the test loss, and metrics;
the loss that is minimised is the sum of the parts.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.console import ConsoleFormat, ConsoleParser, number

_MAX_PARTS: Final = 2000
_VECTORS: Final = late(
    r"(\d{1,12})\s{1,12}\[([^\]\n]{1,2000})\]\s{1,12}\[([^\]\n]{0,2000})\]\s{1,12}\[([^\]\n]{0,2000})\]"
)


class DeepXDEParser(ConsoleParser):
    """Sums of the parts as `loss_train` and `loss_test`, the parts beside them if they are few."""

    def record(self, text: str) -> bool:
        if match := _VECTORS.match(text):
            return self._row(
                float(match[1]),
                _numbers(match[2]),
                _numbers(match[3]),
                _numbers(match[4]),
            )
        return False

    def _row(
        self,
        step: float,
        train: list[float] | None,
        test: list[float] | None,
        metrics: list[float] | None,
    ) -> bool:
        values = {}
        for name, vector in (("loss_train", train), ("loss_test", test)):
            if vector:
                values[name] = sum(vector)
                if 1 < len(vector) <= 8:
                    values.update((f"{name}_part_{i}", x) for i, x in enumerate(vector))
        values.update((f"metric_{i}", x) for i, x in enumerate((metrics or [])[:8]))
        self.add(values, step)
        return bool(values)


def _numbers(text: str) -> list[float] | None:
    """Return all numbers of a text, None if something else stands in it."""
    found: list[float] = []
    for cell in text.split(",", _MAX_PARTS):
        if cell.strip():
            value = number(cell.strip())
            if value is None:
                return None
            found.append(value)
    return found


class DeepXDE(ConsoleFormat):
    """Console of `Model.train`."""

    name = "deepxde-console"
    title = "DeepXDE console"
    cross_entropy = False
    sample = (
        "Step      Train loss              Test loss               Test metric\n"
        "0         [1.22e+00, 3.10e-01]    [1.20e+00, 3.10e-01]    []"
    )
    needles = ("Train loss ",)
    signature = late(r"^Step {1,12}Train loss {1,400}Test loss {1,400}Test metric", re.MULTILINE)
    parser_class = DeepXDEParser


FORMAT = DeepXDE()
