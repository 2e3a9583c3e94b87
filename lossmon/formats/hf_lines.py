"""Many lines of the Trainer's console at once: Python dicts read as JSON into columns.

Quotes are translated and a whole run of lines is decoded in one call into
structs made of the keys seen so far. Anything else than numbers under known
keys (a bare `nan`, a new metric, text behind the dict) is refused, and the
caller reads those lines one by one: the two ways agree by construction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import numpy as np

from lossmon.model import Batch, Column, clean_name

_START: Final = b"{'loss': "
_NEXT_OTHER: Final = re.compile(rb"\n(?!\{'loss': )")
_TO_JSON: Final = bytes.maketrans(b"'", b'"')
_MAX_KEYS: Final = 100
"""Beyond so many keys lines are not alike any more."""
_LINES_AT_ONCE: Final = 512
"""A refused run is read singly: it should not be long."""


def find_run(block: bytes, start: int) -> int:
    """Return where the run of training lines that begins at `start` ends (`start`: none does)."""
    if not block.startswith(_START, start):
        return start
    match = _NEXT_OTHER.search(block, start)
    stop = match.start() + 1 if match else len(block)
    limit = start + 128 * _LINES_AT_ONCE
    if stop > limit:
        stop = block.rfind(b"\n", start, limit) + 1 or stop
    return stop


class TrainLines:
    """Reads runs of training lines whose keys were all seen before."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._known: set[str] = set()
        self._decoder: msgspec.json.Decoder[list[Any]] | None = None

    def learn(self, names: Iterable[str]) -> None:
        """Take the metric names of a training line."""
        for name in names:
            if name not in self._known and len(self._keys) < _MAX_KEYS:
                self._known.add(name)
                if name.startswith(("eval_", "test_")) or name in ("step", "epoch"):
                    continue
                self._keys.append(name)
                self._decoder = None

    def _compile(self) -> msgspec.json.Decoder[list[Any]]:
        fields: list[tuple[str, type, Any]] = [("f", float)]  # type: ignore[list-item]
        rename = {"f": "epoch"}
        for index, key in enumerate(self._keys):
            fields.append((f"f{index}", float | None, None))  # type: ignore[arg-type]
            rename[f"f{index}"] = key
        row = msgspec.defstruct("Row", fields, rename=rename, forbid_unknown_fields=True, gc=False)
        return msgspec.json.Decoder(list[row], strict=False)  # type: ignore[valid-type]

    def read(self, lines: bytes, count: int, last_epoch: float | None) -> Batch | None:
        """Return the rows of whole lines, or None where they must be read one by one.

        Steps go on from `count`, the number of training lines before; epochs
        must not fall below `last_epoch` or one another.
        """
        if not self._keys or b'"' in lines or b"\\" in lines:
            return None
        if self._decoder is None:
            self._decoder = self._compile()
        text = lines.rstrip(b"\n").translate(_TO_JSON).replace(b"\n", b",")
        try:
            rows = self._decoder.decode(b"[%b]" % text)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
            return None
        n = len(rows)
        if n != lines.count(b"\n"):
            return None
        epochs = np.array([row.f for row in rows])
        if not (np.diff(epochs) >= 0).all() or (last_epoch is not None and epochs[0] < last_epoch):
            return None
        columns = []
        for index, key in enumerate(self._keys):
            field = f"f{index}"
            column = _column(clean_name(key), [getattr(row, field) for row in rows])
            if column is None:
                if key == "loss":
                    return None
            elif key == "loss" and column.rows is not None:
                return None
            else:
                columns.append(column)
        steps = np.arange(count + 1, count + n + 1, dtype=np.float64)
        return Batch(steps, tuple(columns), epochs)


def _column(name: str, values: list[float | None]) -> Column | None:
    absent = values.count(None)
    if absent == len(values):
        return None
    if not absent:
        return Column(name, np.array(values, dtype=np.float64))
    rows = [index for index, value in enumerate(values) if value is not None]
    present = [value for value in values if value is not None]
    return Column(name, np.array(present), np.array(rows, dtype=np.int64))
