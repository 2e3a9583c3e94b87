"""Parsing JSON objects, one a line, into batches: the engine of all JSON-lines formats.

Two ways that return the same rows. The fast one decodes a block of lines at
once into msgspec structs made of the keys seen so far, and takes each field as
a column (2.4 million lines of five numbers a second). It refuses whatever it
was not made for: a new key, a bare NaN, a nested object, a broken line. Such a
block is halved, and what stays refused goes the slow way, line by line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from lossmon.formats import stand_ins
from lossmon.formats._floats import column, getter
from lossmon.formats.axis import Axis, Cells, Rows
from lossmon.formats.base import Context
from lossmon.formats.fields import Kind, kind_of
from lossmon.formats.head import Head
from lossmon.formats.json_text import loads, number
from lossmon.formats.lines import LineParser
from lossmon.formats.records import (
    SUMMARY_KEYS,
    numbers_beyond,
    record_numbers,
    sparse_cells,
    text_cells,
)
from lossmon.model import Batch, concatenate

MAX_STRUCT_FIELDS: Final = 256
"""With more keys than this a struct costs more than it saves."""

_LF: Final = 10
_BRACE: Final = 123

_SMALL: Final = 2048
"""A refused block of fewer bytes is read line by line instead of halved again."""

_PAYS: Final = 1 << 14
"""Bytes in one block from which importing the fast way's decoder pays (15 ms)."""

_TEXT: Final = str
_TYPES: Final[dict[type, Any]] = {
    float: float | None,
    str: str | None,
    bool: bool | None,
    list: list[Any] | None,
}


class JsonLinesParser(LineParser):
    """Reads JSON objects, one a line.

    Formats with habits of their own override `fields` (what a record's fields
    are) or `record` (which records count); then the fast way is not taken,
    unless `fast` is set again.
    """

    fast = True
    """Whether records mean what their flat fields say, so that the fast way may be taken."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self.axis = Axis(self.info)
        self.pending = Rows()
        self._types: dict[str, type] = {}
        self._decoder: _Decoder | None = None
        self._done: list[Batch] = []
        self._long = False

    def record(self, record: dict[str, Any]) -> None:
        """Take one record the slow way."""
        if not SUMMARY_KEYS.isdisjoint(record):
            self.info.finished = True
            return
        fields = self.fields(record)
        if fields:
            self.pending.add(fields)
        self.refuse(numbers_beyond(record))

    def fields(self, record: dict[str, Any]) -> dict[str, float]:
        """Return a record's numbers by flat name."""
        return record_numbers(record)

    def line(self, text: str) -> None:
        start = text.lstrip()
        if start[:1] != "{":
            return
        record = loads(start)
        if not isinstance(record, dict):
            self.bad_records += 1
            return
        if self.fast:
            self._learn(record)
        self.record(record)

    def block(self, block: bytes) -> None:
        if self.fast:
            self._read(block)
        else:
            self._slow(block)

    def _take(self) -> Batch:
        self._flush()
        batch = concatenate(self._done)
        self._done = []
        self.refuse(self.axis.dropped)
        self.axis.dropped = 0
        return batch

    def _flush(self) -> None:
        if self.pending.count:
            self._done.append(self.axis.batch(*self.pending.take()))

    def _slow(self, block: bytes) -> None:
        super().block(block)

    def _read(self, block: bytes) -> None:
        self._long |= len(block) > _PAYS
        if self._decoder is None and self._long:
            self._decoder = _Decoder.of(self._types)
        if self._decoder is not None:
            found = self._decoder.columns(block)
            if found is not None:
                self._flush()
                self._done.append(self.axis.batch(*found))
                return
        if len(block) <= _SMALL:
            self._slow(block)
            return
        cut = block.find(b"\n", len(block) // 2) + 1
        if cut in (0, len(block)):
            cut = block.rfind(b"\n", 0, len(block) // 2) + 1
        if cut in (0, len(block)):
            self._slow(block)
            return
        self._read(block[:cut])
        self._read(block[cut:])

    def _learn(self, record: dict[str, Any]) -> None:
        """Remember which type each key had, so that the next block can go the fast way."""
        types = self._types
        for key, value in record.items():
            kind: type = float if type(value) is int else type(value)
            if value is None or types.get(key) is kind:
                continue
            if len(types) > MAX_STRUCT_FIELDS:
                return
            # A key of two types makes the struct refuse it, and its block is read slowly.
            types[key] = kind if key not in types else object
            self._decoder = None


class _Decoder:
    """Decodes blocks of records that have all of some keys, or some of them."""

    def __init__(self, types: Mapping[str, type]) -> None:
        self._keys = list(types)
        self._texts = [index for index, key in enumerate(self._keys) if types[key] is _TEXT]
        self._numbers = [index for index, key in enumerate(self._keys) if types[key] is float]
        self._take = [getter(index) for index in range(len(self._keys))]
        import msgspec

        self._refusals = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
        self._all = msgspec.json.Decoder(self._struct(types, required=True))
        self._some = msgspec.json.Decoder(self._struct(types, required=False))
        self._sparse = False

    def __deepcopy__(self, memo: dict[int, Any]) -> _Decoder:
        """Copies of a parser share it: what is decoded does not depend on its state."""
        return self

    @staticmethod
    def of(types: Mapping[str, type]) -> _Decoder | None:
        """Return a decoder for records of these keys, None if they are none for it."""
        if not types or len(types) > MAX_STRUCT_FIELDS or not SUMMARY_KEYS.isdisjoint(types):
            return None
        if any(kind not in _TYPES for kind in types.values()):
            return None
        if any(not key.isprintable() or '"' in key or "\\" in key for key in types):
            return None  # names that msgspec refuses, since JSON escapes them
        return _Decoder(types)

    def _struct(self, types: Mapping[str, type], required: bool) -> Any:
        import msgspec

        fields: list[Any] = []
        for index, (key, kind) in enumerate(types.items()):
            if required:
                fields.append((f"f{index}", kind, msgspec.field(name=key)))
            else:
                default = msgspec.field(name=key, default=None)
                fields.append((f"f{index}", _TYPES[kind], default))
        return msgspec.defstruct("Record", fields, forbid_unknown_fields=True, gc=False)

    def columns(self, block: bytes) -> tuple[int, dict[str, Cells]] | None:
        """Return the block's rows as columns, None if it is not wholly of the known kind."""
        records = self._decode(block)
        nans = infinities = 0
        if records is None and stand_ins.absent(block):
            nans, infinities = block.count(b"NaN"), block.count(b"Infinity")
            if nans or infinities:
                strict = block.replace(b"NaN", stand_ins.NAN)
                records = self._decode(strict.replace(b"Infinity", stand_ins.INFINITY))
        has_stand_ins = nans > 0 or infinities > 0
        if records is None or not _is_one_a_line(block, len(records)):
            return None
        n = len(records)
        found: dict[str, Cells] = {}
        for index in self._texts:
            key = self._keys[index]
            cells = text_cells(key, self._take[index](records))
            if cells is None:
                return None
            if len(cells.values):
                found[key] = cells
        for index in self._numbers:
            values = column(self._take[index](records))
            cells = sparse_cells(values) if self._sparse else Cells(values)
            if has_stand_ins:
                found_nans, found_infinities = stand_ins.count(cells.values)
                nans, infinities = nans - found_nans, infinities - found_infinities
                stand_ins.restore(cells.values)
            if len(cells.values):
                found[self._keys[index]] = cells
        if nans or infinities:
            return None  # a word stood elsewhere than alone as a number
        # In the order in which the keys were first seen, as the slow way has them.
        return n, {key: found[key] for key in self._keys if key in found}

    def _decode(self, block: bytes) -> list[Any] | None:
        decoders = (self._some, self._all) if self._sparse else (self._all, self._some)
        for decoder in decoders:
            try:
                records: list[Any] = decoder.decode_lines(block)
            except self._refusals:
                continue
            self._sparse = decoder is self._some
            return records
        return None


def _is_one_a_line(block: bytes, records: int) -> bool:
    """Say whether a block of so many records holds just one in each line that is not empty."""
    if _lines_of_objects(block) == records:
        return True
    filled = b"".join(line + b"\n" for line in block.split(b"\n") if line)
    return len(filled) < len(block) and _lines_of_objects(filled) == records


def _lines_of_objects(block: bytes) -> int:
    """Return the number of lines, -1 where one does not begin with a brace."""
    data = np.frombuffer(block, np.uint8)
    ends = data == _LF
    lines = int(np.count_nonzero(ends))
    begun = int(np.count_nonzero(ends[:-1] & (data[1:] == _BRACE)))
    # The last line's end has nothing behind it.
    return lines if lines and data[0] == _BRACE and begun == lines - int(ends[-1]) else -1


def first_step(head: bytes) -> float | None:
    """Return the step (else the epoch) of the first record of a head, None if there is none."""
    for record in Head.of(head).records:
        for wanted in (Kind.STEP, Kind.EPOCH):
            for key, value in record.items():
                found = number(value)
                if found is not None and kind_of(key) is wanted:
                    return found
    return None
