"""Many lines of the Trainer's console at once: Python dicts read as JSON into columns.

Quotes are translated and a whole piece of lines is decoded in one call into
structs made of the keys seen so far. Anything else than numbers under known
keys (a bare `nan`, a new metric, text behind the dict) is refused, and the
caller reads those lines one by one: what is taken here is what would have come
out there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from lossmon.formats._epoch_steps import MAX_EPOCH, EpochSteps
from lossmon.formats._floats import column as floats
from lossmon.formats._floats import getter
from lossmon.formats._late import late
from lossmon.model import Batch, Column, clean_name

START: Final = b"{'"
_NEXT_OTHER: Final = late(rb"\n(?!\{')")
_NEWLINE: Final = ord("\n")
_BRACE: Final = ord("{")
_TO_JSON: Final = bytes.maketrans(b"'", b'"')
_MAX_KEYS: Final = 100
"""Beyond so many keys lines are not alike any more."""
_AT_ONCE: Final = 1 << 19
"""Bytes decoded at once: a whole chunk, and what was left of the one before."""
_ABSENT: Final = -1.7302685092994046e308
"""Stands for a key that a line has not: a number that no training prints (NaN is one)."""
_EVAL_PREFIXES: Final = ("eval_", "test_")
_LEFT_TO_CALLER: Final = frozenset({"step", "train_runtime"})
"""Keys that give a line another meaning than a point of a curve counted line by line."""


def is_evaluation(names: Iterable[str]) -> bool:
    """Whether a line with these keys is an evaluation (else it is of training)."""
    return any(name.startswith(_EVAL_PREFIXES) for name in names)


def _is_one_a_line(lines: bytes, objects: int) -> bool:
    """Whether each of so many JSON objects has a line of its own (JSON would not mind).

    Each line but the first begins with a brace, and there are as many as objects.
    """
    text = np.frombuffer(lines, np.uint8)
    ends = text == _NEWLINE
    begun = np.count_nonzero(ends[:-1] & (text[1:] == _BRACE))
    inner = np.count_nonzero(ends) - lines.endswith(b"\n")
    return bool(begun == inner == objects - 1)


def find_piece(block: bytes, start: int) -> int:
    """Return where a piece of whole lines that is decoded at once ends."""
    if len(block) - start <= _AT_ONCE:
        return len(block)
    return block.rfind(b"\n", start, start + _AT_ONCE) + 1 or block.find(b"\n", start) + 1


def find_run(block: bytes, start: int) -> int:
    """Return where the run of lines that begin like a dict, from `start` on, ends."""
    match = _NEXT_OTHER.search(block, start)
    return match.start() + 1 if match else len(block)


class _Compiled(NamedTuple):
    decoder: msgspec.json.Decoder[Any]
    getters: tuple[Callable[[list[Any]], list[float]], ...]
    names: tuple[str, ...]

    def __deepcopy__(self, memo: dict[int, Any]) -> _Compiled:
        """Copies of a parser share it: it never changes."""
        return self


class DictLines:
    """Reads lines whose keys were all seen before."""

    def __init__(self) -> None:
        self._keys: dict[str, bool] = {}
        """Keys in order of appearance, and whether they belong to evaluations."""
        self._compiled: _Compiled | None = None

    def learn(self, names: Iterable[str]) -> None:
        """Take the metric names of a line."""
        for name in names:
            if name in self._keys or name in _LEFT_TO_CALLER or len(self._keys) >= _MAX_KEYS:
                continue
            if not name.isprintable() or '"' in name or "\\" in name:
                # No struct takes such a name; lines that have it are read singly.
                continue
            self._keys[name] = name.startswith(_EVAL_PREFIXES)
            self._compiled = None

    def _compile(self) -> _Compiled:
        fields: list[Any] = [("epoch", float)]
        rename = {"epoch": "epoch"}
        for index, key in enumerate(self._keys):
            fields.append((f"f{index}", float, _ABSENT))
            rename[f"f{index}"] = key
        row = msgspec.defstruct("Row", fields, rename=rename, forbid_unknown_fields=True, gc=False)
        return _Compiled(
            msgspec.json.Decoder(row, strict=False),
            tuple(map(getter, range(len(self._keys)))),
            tuple(clean_name(key) for key in self._keys),
        )

    def read(self, lines: bytes, steps: EpochSteps) -> Batch | None:
        """Return the rows of whole lines, or None where they must be read one by one."""
        if "loss" not in self._keys or b'"' in lines or b"\\" in lines:
            return None
        if self._compiled is None:
            self._compiled = self._compile()
        try:
            rows = self._compiled.decoder.decode_lines(lines.translate(_TO_JSON))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if not _is_one_a_line(lines, len(rows)):
            return None
        return self._batch(rows, self._compiled, steps)

    def _batch(self, rows: list[Any], compiled: _Compiled, steps: EpochSteps) -> Batch | None:
        n = len(rows)
        columns = []
        is_eval = np.zeros(n, dtype=np.bool_)
        is_train = np.zeros(n, dtype=np.bool_)
        for (key, of_eval), get, name in zip(
            self._keys.items(), compiled.getters, compiled.names, strict=True
        ):
            column = _column(name, get(rows))
            if column is None:
                continue
            columns.append(column)
            where = slice(None) if column.rows is None else column.rows
            if of_eval:
                is_eval[where] = True
            elif key == "loss":
                is_train[where] = True
        if (is_train == is_eval).any():
            # A line that is both, or neither: a training line without a loss.
            return None
        epochs = floats([row.epoch for row in rows])
        if not ((epochs >= 0) & (epochs <= MAX_EPOCH)).all():
            return None
        placed = steps.place(epochs, is_train)
        return None if placed is None else Batch(placed, tuple(columns), epochs)


def _column(name: str, values: list[float]) -> Column | None:
    numbers = floats(values)
    present = numbers != _ABSENT
    if present.all():
        return Column(name, numbers)
    rows = np.flatnonzero(present)
    return Column(name, numbers[rows], rows.astype(np.int64)) if len(rows) else None
