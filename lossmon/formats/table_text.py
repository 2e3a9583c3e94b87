"""Parsing tables of text (CSV and its kin) into batches: the engine of all delimited formats.

Three ways that return the same rows. A block whose rows all have the header's
number of cells and whose cells are numbers or empty is turned into one JSON
array and decoded at once (some six million rows of five numbers a second).
Texts and other spellings of numbers (`+1`, `.5`) go column by column. What has
quotes, new headers or odd rows goes line by line.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from lossmon.formats import stand_ins
from lossmon.formats._counts import comma_number, count_of, is_decimal, may_be_decimal
from lossmon.formats._floats import between_commas
from lossmon.formats.axis import Axis, Cells, Rows
from lossmon.formats.base import Context
from lossmon.formats.fields import Kind, kind_of, parse_time, tag_prefix
from lossmon.formats.json_text import parse_number
from lossmon.formats.lines import LineParser
from lossmon.formats.records import prefixed, text_cells
from lossmon.model import Batch, concatenate
from lossmon.model.batch import FloatArray
from lossmon.model.roles import Role, role_of

MAX_CELLS: Final = 4000
"""Cells of a header: wider tables hold data, not metrics."""

DELIMITERS: Final = "\t,;|"
"""In order of preference where a line holds several equally often."""

_SMALL: Final = 2048
"""A refused block of fewer bytes is read line by line instead of halved again."""

_NO_ENDS: Final = {
    mark.encode(): bytes(set(range(256)) - {ord(mark), ord("\n")}) for mark in DELIMITERS
}
"""For each delimiter all bytes that end neither a cell nor a row."""
_ODD: Final = (b'"', b"#", b"_", b"\x1b")
"""Quotes, comments, digit groups and escapes: such blocks are read line by line."""

_WORDS: Final = (
    (b"nan", stand_ins.NAN),
    (b"NaN", stand_ins.NAN),
    (b"inf", stand_ins.INFINITY),
    (b"Inf", stand_ins.INFINITY),
)


_AXIS: Final = frozenset((Kind.STEP, Kind.EPOCH))
_LOSSES: Final = frozenset((Role.TRAIN_LOSS, Role.EVAL_LOSS))


def split_line(line: str, delimiter: str) -> list[str]:
    """Return a line's cells, stripped; `delimiter` " " stands for any run of blanks."""
    if delimiter == " ":
        return line.split()
    if '"' in line:
        import csv  # few tables have quotes

        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
        except (csv.Error, StopIteration):
            return []
    return [cell.strip() for cell in line.split(delimiter)]


def delimiter_of(line: str) -> str:
    """Return what separates a header's cells: the most frequent candidate, else blanks."""
    best = max(DELIMITERS, key=line.count)
    return best if best in line else " "


def cell_number(cell: str, delimiter: str, decimal: bool = False) -> float | None:
    """Return a cell's number; a comma is the decimal point between semicolons, and if `decimal`."""
    if "," not in cell:
        return parse_number(cell)
    if delimiter == ";":
        return parse_number(cell.replace(",", "."))
    return comma_number(cell, decimal)


def _shows_decimals(name: str, cell: str, cells: Sequence[str]) -> bool:
    """Say whether a cell with a comma shows that its table has them for points."""
    role = role_of(name)
    if role in _LOSSES and not any("." in other for other in cells):
        return may_be_decimal(cell)
    return role is not Role.OTHER and is_decimal(cell)


def is_header(cells: Sequence[str], delimiter: str) -> bool:
    """Say whether cells are names: two at least, no number, a step, epoch or loss among them."""
    if not 2 <= len(cells) <= MAX_CELLS:
        return False
    if any(cell_number(cell, delimiter) is not None for cell in cells):
        return False
    return any(cell and (kind_of(cell) in _AXIS or role_of(cell) in _LOSSES) for cell in cells)


class TableParser(LineParser):
    """Reads delimited text with one header line; comments begin with `#`.

    `names` and `delimiter` given: the text has no header of its own.
    """

    def __init__(
        self,
        context: Context | None = None,
        names: Sequence[str] = (),
        delimiter: str = "",
    ) -> None:
        super().__init__(context)
        self.axis = Axis(self.info)
        self.pending = Rows()
        self.delimiter = delimiter
        self.names: list[str] = list(names)
        self._comment: list[str] = []
        self._texts: set[int] = set()
        """Columns that held something else than numbers."""
        self._decimal = False
        """A cell showed that commas are decimal points."""
        self._done: list[Batch] = []

    def row(self, fields: dict[str, float]) -> None:
        """Take one row's numbers by column name."""
        if fields:
            self.pending.add(fields)

    def comment(self, text: str) -> None:
        """Take a comment without its `#`: the last one before the first row may be the header."""
        if not self.names:
            # deepmd's is blank-separated like its rows, deepxde's has commas over blanks.
            self._comment = text.replace(",", " ").split() if "\t" not in text else text.split("\t")

    def line(self, text: str) -> None:
        if text.isspace():
            return
        if text.lstrip()[:1] == "#":
            self.comment(text.lstrip().lstrip("#").strip())
            return
        if not self.names:
            self._begin(text)
            return
        cells = split_line(text, self.delimiter)
        if is_header(cells, self.delimiter):
            self._set_header(cells)
        elif len(cells) == len(self.names):
            self.row(self._fields(cells))
        else:
            self.bad_records += 1

    def _begin(self, text: str) -> None:
        """Take the first line: a header, or a row under a header in a comment."""
        delimiter = delimiter_of(text)
        cells = split_line(text, delimiter)
        if self._comment and len(cells) == len(self._comment):
            self.delimiter = delimiter
            self._set_header(self._comment)
            self.row(self._fields(cells))
        elif is_header(cells, delimiter):
            self.delimiter = delimiter
            self._set_header(cells)
        else:
            self.bad_records += 1

    def _set_header(self, cells: Sequence[str]) -> None:
        self.names = list(cells)
        self._texts = set()

    def _fields(self, cells: Sequence[str]) -> dict[str, float]:
        fields: dict[str, float] = {}
        prefix = ""
        for index, (name, cell) in enumerate(zip(self.names, cells, strict=True)):
            if not cell:
                continue
            if not self._decimal and "," in cell:
                self._decimal = _shows_decimals(name, cell, cells)
            value = cell_number(cell, self.delimiter, self._decimal)
            if value is None:
                kind = kind_of(name)
                if kind is Kind.STEP and (value := count_of(cell)) is not None:
                    fields[name] = value
                    continue
                self._texts.add(index)
                if kind is Kind.TIME:
                    value = parse_time(cell)
                elif kind is Kind.TAG:
                    prefix = tag_prefix(cell) or prefix
            if value is not None:
                fields[name] = value
        return prefixed(fields, prefix) if prefix else fields

    def block(self, block: bytes) -> None:
        if self.names and len(set(self.names)) == len(self.names):
            found = self._columns(block)
            if found is not None:
                self._flush()
                self._done.append(self.axis.batch(*found))
                return
        if len(block) <= _SMALL:
            super().block(block)
            return
        cut = block.find(b"\n", len(block) // 2 if self.names else _SMALL // 2) + 1
        if cut in (0, len(block)):
            super().block(block)
            return
        self.block(block[:cut])
        self.block(block[cut:])

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

    def _columns(self, block: bytes) -> tuple[int, dict[str, Cells]] | None:
        """Return a regular block's columns, None where a line must be looked at on its own."""
        if any(mark in block for mark in _ODD) or not block.isascii() or self.delimiter == "|":
            return None
        if self.delimiter == " ":
            return self._blank_separated(block)
        if self.delimiter != "," and b"," in block:
            if self.delimiter != ";":
                return None
            block = block.replace(b",", b".")
        separator = self.delimiter.encode()
        rows = self._regular(block, separator)
        if rows is None:
            # Empty lines, or something else.
            block = b"".join(line + b"\n" for line in block.split(b"\n") if line)
            rows = self._regular(block, separator)
            if rows is None:
                return None
        if rows == 0:
            return 0, {}
        found = None if self._texts else _plain_numbers(block, separator)
        # A cell of two numbers ("1 2") passes for more cells than there are: then one by one.
        if found is not None and found.values.size == rows * len(self.names):
            table = found.values.reshape(rows, len(self.names))
            return rows, _by_name(self.names, table, found.has_empty, found.has_stand_ins)
        return self._by_column(block, separator, rows)

    def _regular(self, block: bytes, separator: bytes) -> int | None:
        """Return the number of rows, None if one has too few or too many cells."""
        skeleton = block.translate(None, _NO_ENDS[separator])
        rows, rest = divmod(len(skeleton), len(self.names))
        row = separator * (len(self.names) - 1) + b"\n"
        return None if rest or skeleton != row * rows else rows

    def _by_column(
        self, block: bytes, separator: bytes, rows: int
    ) -> tuple[int, dict[str, Cells]] | None:
        width = len(self.names)
        cells = block[:-1].replace(b"\n", separator).split(separator)
        found: dict[str, Cells] = {}
        for index, name in enumerate(self.names):
            column = cells[index::width]
            column_cells: Cells | None
            if index in self._texts:
                texts = [cell.decode("ascii").strip() or None for cell in column]
                column_cells = text_cells(name, texts)
            else:
                column_cells = _numbers(column)
            if column_cells is None:
                return None
            if len(column_cells.values):
                found[name] = column_cells
        return rows, found

    def _blank_separated(self, block: bytes) -> tuple[int, dict[str, Cells]] | None:
        lines = block.split(b"\n")
        cells = [line.split() for line in lines if line]
        width = len(self.names)
        if self._texts or any(len(row) != width for row in cells):
            return None
        try:
            values = np.fromiter(
                map(float, chain.from_iterable(cells)), np.float64, width * len(cells)
            )
        except ValueError:
            return None
        table = values.reshape(len(cells), width)
        return len(cells), {
            name: Cells(np.ascontiguousarray(table[:, index]))
            for index, name in enumerate(self.names)
        }


class _Plain(NamedTuple):
    values: FloatArray
    """All cells in order, NaN where one is empty."""
    has_empty: bool
    has_stand_ins: bool
    """Whether logged NaN and infinities came as stand-ins."""


def _plain_numbers(block: bytes, separator: bytes) -> _Plain | None:
    """Return all cells of a regular block; None if a cell is no number."""
    flat = block[:-1].replace(b"\n", b",")
    if separator != b",":
        flat = flat.replace(separator, b",")
    table = _decode(flat)
    if table is not None:
        return _Plain(table, False, False)
    sparse = b",," in flat or flat[:1] == b"," or flat[-1:] == b","
    empty = 0
    if sparse:
        if stand_ins.EMPTY in flat:
            return None
        flat = _filled(flat)
        empty = flat.count(stand_ins.EMPTY)
        table = _decode(flat)
        if table is not None:
            return _Plain(table, True, False) if stand_ins.blank(table, empty) else None
    if not stand_ins.absent(flat):
        return None
    nans, infinities = (
        flat.count(b"nan") + flat.count(b"NaN"),
        flat.count(b"inf") + flat.count(b"Inf"),
    )
    for word, stand_in in _WORDS:
        flat = flat.replace(word, stand_in)
    table = _decode(flat)
    # Each word must have been a cell of its own: `nan0` would be another number now.
    if table is None or stand_ins.count(table) != (nans, infinities):
        return None
    if not stand_ins.blank(table, empty):
        return None
    return _Plain(table, sparse, True)


def _filled(flat: bytes) -> bytes:
    """Return the cells between commas with a number in each empty one."""
    comma_and = b",%b," % stand_ins.EMPTY
    # Twice, since each match takes the comma that the next one needs.
    flat = flat.replace(b",,", comma_and).replace(b",,", comma_and)
    if flat[:1] == b",":
        flat = stand_ins.EMPTY + flat
    return flat + stand_ins.EMPTY if flat[-1:] == b"," else flat


def _decode(flat: bytes) -> FloatArray | None:
    """Return the numbers between commas, None if something else stands there."""
    try:
        return between_commas(flat)
    except ValueError:
        return None


def _numbers(column: list[bytes]) -> Cells | None:
    """Return a column's numbers and their rows; None if a cell is neither number nor empty."""
    try:
        return Cells(np.fromiter(map(float, column), np.float64, len(column)))
    except ValueError:
        pass
    filled = [(row, cell) for row, cell in enumerate(column) if cell and not cell.isspace()]
    try:
        values = np.array([float(cell) for _, cell in filled], dtype=np.float64)
    except ValueError:
        return None
    return Cells(values, np.array([row for row, _ in filled], dtype=np.int64))


def _by_name(
    names: Sequence[str], table: FloatArray, has_empty: bool, has_stand_ins: bool
) -> dict[str, Cells]:
    """Return the columns of a table in which NaN stands for an empty cell."""
    found = {}
    for index, name in enumerate(names):
        values = np.ascontiguousarray(table[:, index])
        rows = None
        if has_empty:
            there = ~np.isnan(values)
            if not there.all():
                rows = np.flatnonzero(there)
                if len(rows) == 0:
                    continue
                values = values[rows]
        if has_stand_ins:
            stand_ins.restore(values)
        found[name] = Cells(values, rows)
    return found
