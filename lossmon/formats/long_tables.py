"""Tables and JSON lines with a metric a row: its name in one field, its value in another.

MLflow's and Comet's exports and many loggers of people's own are of this kind:
`name,value,step` over `train_loss,2.31,10`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lossmon.formats.base import Context, Parser, Sniff
from lossmon.formats.delimited import DelimitedFormat, table_of
from lossmon.formats.fields import Kind, kind_of
from lossmon.formats.head import Head
from lossmon.formats.json_lines import JsonLinesParser
from lossmon.formats.json_text import number
from lossmon.formats.jsonl import JsonLinesFormat
from lossmon.formats.table_text import TableParser, cell_number
from lossmon.model import Role, role_of

_NAMES: Final = frozenset(("metric", "name", "key", "tag", "metric_name", "metricname"))
_VALUES: Final = frozenset(("value", "metric_value", "metricvalue", "scalar"))
_NEEDLES: Final = ("value", "Value", "VALUE", "scalar")
_COUNTERS: Final = (Kind.STEP, Kind.EPOCH)
_MEASURED: Final = (Role.TRAIN_LOSS, Role.EVAL_LOSS)


def _fields_of(names: Iterable[str]) -> tuple[str, str] | None:
    """Return which field names the metric and which holds its value; None: not so."""
    names = list(names)
    name = next((field for field in names if field.lower() in _NAMES), None)
    value = next((field for field in names if field.lower() in _VALUES), None)
    return None if name is None or value is None else (name, value)


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with what a nested one says taken out of it: `{"name": …, "data": {…}}`."""
    for key, value in record.items():
        if isinstance(value, dict) and not _VALUES.isdisjoint(value):
            return {**{name: x for name, x in record.items() if name != key}, **value}
    return record


def _row(name: str, value: float | None, others: Mapping[str, float]) -> dict[str, float]:
    """Return what a row says: the metric under its own name, where and when it stands."""
    if value is None or not name.strip():
        return {}
    placed = {key: x for key, x in others.items() if kind_of(key) in (*_COUNTERS, Kind.TIME)}
    return {**placed, name: value}


def _judge(names: Iterable[str], fields: Iterable[str], what: str) -> Sniff | None:
    """Say whether rows that name these metrics, and have these fields, are a training log."""
    loss = next((name for name in names if role_of(name) in _MEASURED), None)
    counted = any(kind_of(field) in _COUNTERS for field in fields)
    if loss is None or not counted:
        return None
    return Sniff(0.62, f"{what} with a metric a row, {loss!r} among them, and a step or epoch")


class LongTableParser(TableParser):
    """Reads rows one by one: each names its metric."""

    def block(self, block: bytes) -> None:
        for line in block.decode("utf-8", "replace").split("\n"):
            if line:
                self.line(line)

    def _fields(self, cells: Sequence[str]) -> dict[str, float]:
        row = dict(zip(self.names, cells, strict=True))
        found = _fields_of(self.names)
        if found is None:
            return {}
        name, value = row.pop(found[0]), cell_number(row.pop(found[1]), self.delimiter)
        numbers = {key: cell_number(cell, self.delimiter) for key, cell in row.items()}
        return _row(name, value, {key: x for key, x in numbers.items() if x is not None})


class LongTable(DelimitedFormat):
    """CSV and its kin."""

    name = "long-csv"
    needles = _NEEDLES
    title = "CSV with a metric a row (MLflow's and Comet's exports)"
    sample = "name,value,step\ntrain_loss,2.31,10\nval_loss,2.40,10"

    def parser(self, context: Context | None = None) -> Parser:
        return LongTableParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        table = table_of(Head.of(head))
        if table is None:
            return None
        header, rows, delimiter = table
        found = _fields_of(header)
        if found is None:
            return None
        name, value = header.index(found[0]), header.index(found[1])
        fitting = [row for row in rows if len(row) == len(header)]
        names = [row[name] for row in fitting if cell_number(row[value], delimiter) is not None]
        return _judge(names, header, "a table")


class LongJsonParser(JsonLinesParser):
    """Reads records one by one: each names its metric."""

    fast = False

    def fields(self, record: dict[str, Any]) -> dict[str, float]:
        record = _flat(record)
        found = _fields_of(record)
        if found is None or not isinstance(record[found[0]], str):
            return {}
        numbers = {key: number(value) for key, value in record.items() if key not in found}
        others = {key: value for key, value in numbers.items() if value is not None}
        return _row(record[found[0]], number(record[found[1]]), others)


class LongJsonLines(JsonLinesFormat):
    """JSON lines."""

    name = "long-jsonl"
    needles = _NEEDLES
    title = "JSON lines with a metric a line"
    sample = '{"metric": "train_loss", "value": 2.31, "step": 10}'

    def parser(self, context: Context | None = None) -> Parser:
        return LongJsonParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        records = [_flat(record) for record in Head.of(head).records]
        found = _fields_of(records[0]) if records else None
        if found is None:
            return None
        names = [
            str(record.get(found[0]))
            for record in records
            if number(record.get(found[1])) is not None
        ]
        return _judge(names, records[0], "JSON lines")


FORMATS = (LongTable(), LongJsonLines())
