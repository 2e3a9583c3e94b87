"""A training history dumped as YAML: a list of records, lists by name, or records by epoch.

So much else is YAML (every configuration) that all of the document must be a history: records
whose counter rises, or lists of one length and nothing beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from lossmon.formats._late import late
from lossmon.formats._yaml import NotPlain, load
from lossmon.formats.base import Context, DocumentFormat, Parser, Sniff
from lossmon.formats.fields import Kind, judge, kind_of
from lossmon.formats.head import Head
from lossmon.formats.json_history import JsonHistoryParser
from lossmon.formats.records import record_numbers

_ENDINGS: Final = (".yaml", ".yml")
_LEAST_RECORDS: Final = 2
_LEAST_VALUES: Final = 3
_LOOKED_AT: Final = 8192
"""Characters of a head that are taken apart: enough for many epochs."""
_BEGINS: Final = late(
    r"(?m)\A(?:\s*+(?:#[^\n]*|---[^\n]*)\n)*+"
    r"\s*+(?:(?P<list>- ?)|(?P<number>\d{1,9}:$)|[A-Za-z_\"'])"
)
_STARTS: Final = late(r"(?m)^(?:-(?= |$)|\d{1,9}:$)")
_NAMES: Final = late(r"(?m)^([A-Za-z_][\w ./-]{0,80}):(?= ?\[| ?$)")
_COUNTERS: Final = (Kind.STEP, Kind.EPOCH)


def _value(text: str) -> Any:
    try:
        return load(text)
    except NotPlain:
        return None


class YamlHistoryParser(JsonHistoryParser):
    """Reads the same shapes as the JSON history does."""

    def value_of(self, data: bytes) -> Any:
        text = data.decode("utf-8", "replace")
        value = _value(text)
        # A file that is being written ends in the middle of a record.
        return _value(_without_last(text)) if value is None else value


def _without_last(text: str) -> str:
    """Return a document without its last entry: from the last `-` or number on that begins one."""
    last = None
    for last in _STARTS.finditer(text):  # noqa: B007 - the last one is wanted
        pass
    return text[: last.start()] if last is not None else ""


def _records(value: Any) -> list[dict[str, Any]]:
    """Return the records of a list, or of a mapping from numbers; none where it is neither."""
    if isinstance(value, dict) and value and all(key.isdecimal() for key in value):
        value = [
            {"epoch": float(key), **record} if isinstance(record, dict) else record
            for key, record in value.items()
            if len(key) < 10
        ]
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return []
    return value


def _rises(values: Sequence[float]) -> bool:
    """Say whether a counter rises, apart from where a resumed run goes back."""
    return 3 * sum(a < b for a, b in pairwise(values)) >= 2 * (len(values) - 1)


def _judge_records(records: list[dict[str, Any]]) -> Sniff | None:
    numeric: dict[str, list[float]] = {}
    for record in records:
        for name, number in record_numbers(record).items():
            numeric.setdefault(name, []).append(number)
    counters = [
        values
        for name, values in numeric.items()
        if kind_of(name) in _COUNTERS and len(values) == len(records)
    ]
    if not any(map(_rises, counters)):
        return None
    return judge(numeric, (), "a YAML list of records", numeric)


def _judge_lists(lists: dict[str, Any], names: Sequence[str]) -> Sniff | None:
    """Judge lists by name of which the last may be cut; `names` are those of the whole head."""
    lengths = set()
    for values in lists.values():
        if not isinstance(values, list) or len(values) < _LEAST_VALUES:
            return None
        if not all(isinstance(value, float) or value is None for value in values):
            return None
        lengths.add(len(values))
    if len(names) < 2 or len(lengths) > 2:
        return None
    found = judge([*names, "epoch"], (), "YAML lists by name")
    return found if found is not None and found.confidence >= 0.6 else None


class YamlHistory(DocumentFormat):
    """`yaml.dump(history)` of people's own loops."""

    name = "yaml-history"
    title = "YAML history: a list of records, or lists by name"
    needles = ("\n- ", ":\n", ": [")
    sample = "- epoch: 1\n  train_loss: 1.0742\n  val_loss: 0.3486"

    def parser(self, context: Context | None = None) -> Parser:
        return YamlHistoryParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if not filename.lower().endswith(_ENDINGS):
            return None
        text = Head.of(head).text
        part = text if len(text) <= _LOOKED_AT else text[: text.rfind("\n", 0, _LOOKED_AT) + 1]
        begins = _BEGINS.search(part)
        if begins is None:
            return None
        if begins["list"] or begins["number"]:
            value = _value(part) if part is text else None
            records = _records(_value(_without_last(part)) if value is None else value)
            return _judge_records(records) if len(records) >= _LEAST_RECORDS else None
        value = _value(part)
        if not isinstance(value, dict):
            return None
        names = value if part is text else dict.fromkeys([*value, *_NAMES.findall(text)])
        return _judge_lists(value, list(names))

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        return False


FORMAT = YamlHistory()
