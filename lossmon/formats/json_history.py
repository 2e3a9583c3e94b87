"""A training history in one JSON document: lists by name (Keras, Ludwig), or a list of records."""

from __future__ import annotations

from typing import Any, Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, DocumentFormat, Parser, Sniff
from lossmon.formats.fields import Kind, judge, kind_of
from lossmon.formats.head import Head
from lossmon.formats.json_document import JsonDocumentParser, objects_in
from lossmon.formats.json_text import loads, number
from lossmon.formats.records import flat_items, record_numbers

_LIST: Final = late(
    r"\[\s{0,100}(?:-?\d|NaN|-?Inf|null)"
    r'|\{\s{0,100}"\d{1,9}"\s{0,100}:\s{0,100}(?:-?\d|NaN|null)'
)
"""The beginning of a list of numbers, or of numbers by index as pandas writes a column."""

_NAME: Final = late(r'"([^"\\\n]{1,120})"\s{0,100}:\s{0,100}')
_MOST_LISTS: Final = 400
"""Lists whose names are looked at."""

_SERIES: Final = late(
    r'"([^"\\\n]{1,120})"\s{0,100}:\s{0,100}\{\s{0,100}"steps"\s{0,100}:\s{0,100}\['
)
"""A metric with its steps and values, as sacred's `metrics.json` has them."""

_BY_EPOCH: Final = late(r'\s{0,100}\{\s{0,100}"(\d{1,9})"\s{0,100}:\s{0,100}(?=\{)')
"""Records by the number of their epoch."""

_RECORDS_AT: Final = late(
    r"\s{0,100}(?:\[|\{\s{0,100}\"[^\"\\\n]{1,40}\"\s{0,100}:\s{0,100}\[)\s{0,100}(?=\{)"
)
"""The beginning of a list of records, at the top or as the first field of an object."""

MAX_VALUES: Final = 5_000_000
"""Values taken of all lists together."""


class JsonHistoryParser(JsonDocumentParser):
    """Reads lists of numbers by name, or records; the number in the list is the epoch, from 0."""

    def document(self, value: Any) -> None:
        if isinstance(value, dict):
            if value and all(_is_index(key) for key in value):
                for epoch, record in value.items():
                    if isinstance(record, dict):
                        self.record({"epoch": float(epoch), **record})
                return
            series = {name: leaf for name, leaf in value.items() if _is_series(leaf)}
            if series:
                self._series(series)
                return
            lists = {
                name: leaf
                for name, leaf in flat_items(_lists_by_index(value))
                if isinstance(leaf, list) and leaf and number(leaf[0]) is not None
            }
            if lists:
                self._lists(lists)
                return
            value = next((leaf for leaf in value.values() if _is_records(leaf)), [])
        if isinstance(value, list):
            for entry in value:
                if isinstance(entry, dict):
                    # skorch keeps each epoch's batches beside its means.
                    self.record({k: v for k, v in entry.items() if not isinstance(v, list)})

    def _series(self, series: dict[str, dict[str, list[Any]]]) -> None:
        """Take metrics of which each has steps of its own, as sacred keeps them."""
        if sum(len(leaf["values"]) for leaf in series.values()) > MAX_VALUES:
            self.bad_records += 1
            return
        for name, leaf in series.items():
            for step, value in zip(leaf["steps"], leaf["values"], strict=False):
                self.record({"step": step, name: value})

    def broken(self, text: str) -> None:
        grown = text.rstrip(" \t\r\n,") + "]" if text.lstrip()[:1] == "[" else ""
        if grown and isinstance(value := loads(grown), list):
            self.bad_records -= 1  # the list grows at its end: nothing of it is broken
            self.document(value)
            return
        start = _RECORDS_AT.match(text)
        if start is not None:
            for entry in objects_in(text, start.end()):
                self.record(entry)

    def _lists(self, lists: dict[str, list[Any]]) -> None:
        length = max(len(values) for values in lists.values())
        if length * len(lists) > MAX_VALUES:
            self.bad_records += 1
            return
        counted = any(kind_of(name) in (Kind.STEP, Kind.EPOCH) for name in lists)
        self.info.steps_estimated = not counted
        for index in range(length):
            fields: dict[str, float] = {} if counted else {"epoch": float(index)}
            for name, values in lists.items():
                value = number(values[index]) if index < len(values) else None
                if value is not None:
                    fields[name] = value
            self.rows.add(fields)


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdecimal() and len(key) < 10


def _lists_by_index(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object with columns as pandas writes them (`{"0": 2.1, "1": 1.7}`) as lists."""
    return {
        key: list(column.values())
        if isinstance(column, dict) and column and all(_is_index(index) for index in column)
        else column
        for key, column in value.items()
    }


def _is_series(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(key), list) for key in ("steps", "values")
    )


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _names_of_lists(text: str) -> dict[str, None]:
    """Return the names that stand before lists of numbers, in order."""
    names: dict[str, None] = {}
    for count, match in enumerate(_LIST.finditer(text)):
        if count == _MOST_LISTS:
            break
        at = match.start()
        end = text.rfind('"', max(0, at - 202), at)
        begin = text.rfind('"', max(0, end - 121), end) if end > 0 else -1
        name = _NAME.fullmatch(text, begin, at) if begin >= 0 else None
        if name is not None:
            names[name[1]] = None
    return names


class JsonHistoryFormat(DocumentFormat):
    """`{"loss": [2.1, 1.7]}`, nested or not, and `[{"epoch": 1, "loss": 2.1}]`."""

    name = "json-history"
    title = "JSON history: lists by name (Keras, Ludwig, sacred) or a list of records (skorch)"
    sample = '{"loss": [2.16, 1.68, 1.24], "val_loss": [1.91, 1.45, 1.06]}'

    def parser(self, context: Context | None = None) -> Parser:
        return JsonHistoryParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        start = head.lstrip()[:1]
        if start not in (b"{", b"[") or len(Head.of(head).records) > 1:
            return None  # records a line
        text = Head.of(head).text
        if start == b"{" and '"steps"' in text and (named := _SERIES.findall(text)):
            return judge([*named, "step"], (), "a JSON object of series")
        if start == b"{" and (names := _names_of_lists(text)):
            return judge(names, (), "a JSON object of lists")
        by_epoch = _BY_EPOCH.match(text)
        at = _RECORDS_AT.match(text) or by_epoch
        if at is None:
            return None
        numeric: dict[str, list[float]] = {}
        words: dict[str, None] = {}
        for count, entry in enumerate(objects_in(text, at.end())):
            for key, value in record_numbers(entry).items():
                numeric.setdefault(key, []).append(value)
            if at is by_epoch:
                numeric.setdefault("epoch", []).append(count)
            words.update({key: None for key, leaf in entry.items() if isinstance(leaf, str)})
            if count >= 20:
                break
        things = [key for key in words if key not in numeric]
        return judge(numeric, things, "a JSON list of records", numeric)

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        return False


FORMAT = JsonHistoryFormat()
