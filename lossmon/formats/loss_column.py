"""One column: a loss's name, then its values, a line each, as scripts save a list of losses.

The name may also be the file's: `train_loss.txt`, as `numpy.savetxt` writes it.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats.base import Context, Sniff, StreamFormat
from lossmon.formats.head import Head
from lossmon.formats.json_text import parse_number
from lossmon.formats.lines import LineParser
from lossmon.model import Role, role_of
from lossmon.model.roles import words

_LEAST: Final = 5
"""Values before a lone column is believed: so little says that it is a loss."""

_MAX_HEADER: Final = 40
_LOSSES: Final = frozenset(("loss", "losses"))


def _stem(filename: str) -> str:
    return filename.partition(".")[0]


class LossColumnParser(LineParser):
    """Counts the values as steps from 1 on."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self.info.steps_estimated = True
        self._name: str | None = None
        self._step = 0

    def line(self, text: str) -> None:
        cell = text.strip().strip('"')
        value = parse_number(cell)
        if self._name is None:
            self._name = cell if value is None else _stem(self.context.filename) or "loss"
            if value is None:
                return
        if value is None:
            self.bad_records += 1
            return
        self._step += 1
        self.rows.add({self._name: value}, float(self._step))


class LossColumnFormat(StreamFormat):
    """A lone column under a loss's name."""

    name = "loss-column"
    title = "one column of losses under its name"
    sample = "train_loss\n2.1904\n1.8831"

    def parser(self, context: Context | None = None) -> LossColumnParser:
        return LossColumnParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        lines = Head.of(head).lines
        if len(lines) < _LEAST + 2:
            return None
        header = lines[0].strip().strip('"')
        if bare := parse_number(header) is not None:
            header = _stem(filename)
        if len(header) > _MAX_HEADER or role_of(header) not in (Role.TRAIN_LOSS, Role.EVAL_LOSS):
            return None
        if bare and (
            _LOSSES.isdisjoint(words(header)) or not all("." in line for line in lines[:-1])
        ):
            return None
        values = lines[1:] if head.endswith(b"\n") else lines[1:-1]
        if any(parse_number(line.strip().strip('"')) is None for line in values):
            return None
        return Sniff(0.5, f"one column of numbers under the name {header!r}")


FORMAT = LossColumnFormat()
