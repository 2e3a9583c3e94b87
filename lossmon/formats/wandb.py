"""Weights & Biases run files (`run-<id>.wandb`), online or offline.

Blocks of records (see `_leveldb_log`), each a protobuf `Record`
(wandb/proto/wandb_internal.proto). History items are JSON texts; `_step`,
`_runtime` and `_timestamp` are items like any other. wandb writes whole
32 KiB blocks only, so the file lags behind the training.
"""

from __future__ import annotations

import json
import math
from typing import Final

from lossmon.formats._hf_summary import take_summary
from lossmon.formats._leveldb_log import BlockLogReader
from lossmon.formats._own_step import OwnStep
from lossmon.formats._protobuf import BYTES, VARINT, WireError, fields, signed, text, varint
from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.model import Batch, BatchBuilder, Role, clean_name, clean_text, role_of
from lossmon.model.batch import MAX_SERIES

_IDENT: Final = b":W&B"
_FILE_HEADER: Final = 7  # ident, magic 0xBEE1 (uint16), version (uint8)
_MAGIC: Final = b"\xe1\xbe"

# Record, by field number.
_HISTORY, _CONFIG, _METRIC, _RUN, _EXIT = 2, 5, 12, 17, 18

_MAX_FACTS: Final = 100
_MAX_NESTING: Final = 4
_MAX_JSON: Final = 1 << 16  # a longer item is a table or a plot, not a number
_KEY_TAGS: Final = (0x0A, 0x12)  # key and nested_key, length-delimited
_VALUE_TAG: Final = b"\x82\x01"  # value_json, field 16, length-delimited
_NUMBER_STARTS: Final = tuple(bytes([char]) for char in b"-0123456789NI")
_NAMED_NUMBERS: Final = {
    '"NaN"': math.nan,
    '"Infinity"': math.inf,
    '"-Infinity"': -math.inf,
}


class WandbParser(Parser):
    """Records of a `.wandb` file in, one row a history record out."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._head = b""
        self._broken = False
        self._reader = BlockLogReader(_FILE_HEADER)
        self._rows = BatchBuilder()
        self._own_bad = 0
        self._count = 0
        self._own_step = OwnStep()
        self._keys: dict[bytes, str] = {}
        self.info.facts["framework"] = "wandb"

    def feed(self, data: bytes) -> Batch:
        if len(self._head) < _FILE_HEADER:
            cut = _FILE_HEADER - len(self._head)
            self._head += data[:cut]
            data = data[cut:]
            if len(self._head) < _FILE_HEADER:
                return Batch.empty()
            self._broken = not self._head.startswith(_IDENT)
            self._own_bad += self._broken
        if not self._broken:
            for record in self._reader.feed(data):
                try:
                    self._record(record)
                except WireError:
                    self._own_bad += 1
        self.refused = self._rows.dropped
        self.bad_records = self._own_bad + self._reader.bad_records + self.refused
        return self._rows.take()

    def _record(self, data: bytes) -> None:
        for number, kind, start, stop in fields(data, 0, len(data)):
            if kind != BYTES:
                continue
            if number == _HISTORY:
                self._history(data, start, stop)
            elif number == _RUN:
                self._run(data, start, stop)
            elif number == _CONFIG:
                self._config(data, start, stop)
            elif number == _METRIC:
                self._metric(data, start, stop)
            elif number == _EXIT:
                self._exit(data, start, stop)

    # ---- history

    def _history(self, data: bytes, start: int, stop: int) -> None:
        row: dict[str, float] = {}
        step: float | None = None
        for number, kind, at, end in fields(data, start, stop):
            if kind != BYTES:
                continue
            if number == 1:
                if not self._plain_item(data, at, end, row):
                    key, value = _item(data, at, end)
                    _numbers(key, value, row)
            elif number == 2:
                step = 0.0  # proto3 leaves a zero out
                for inner, inner_kind, inner_at, inner_end in fields(data, at, end):
                    if inner == 1 and inner_kind == VARINT:
                        step = float(signed(varint(data, inner_at, inner_end)[0]))
        time = row.get("_timestamp")
        if time is not None and not (math.isfinite(time) and 0 < time < 1e11):
            time = None
        counted = row.get("_step", math.nan if step is None else step)
        if not math.isfinite(counted):
            counted = float(self._count)
        for key in [key for key in row if key.startswith("_")]:
            del row[key]
        if not row:
            return
        axis = self._own_step.of(row, counted)
        self._count += 1
        take_summary(row, self.info)
        epoch = None
        for key, cell in row.items():
            if role_of(clean_name(key)) is Role.EPOCH and math.isfinite(cell):
                epoch = cell
        self._rows.add(row, axis, epoch, time)

    def _plain_item(self, data: bytes, start: int, stop: int, row: dict[str, float]) -> bool:
        """Read an item as wandb writes almost all: one short key, then a number (4 µs less each).

        False: it is of another kind, and nothing was read.
        """
        key_start = start + 2
        key_stop = key_start + data[start + 1] if key_start <= stop else stop
        value_start = key_stop + 3
        if (
            value_start > stop
            or data[start] not in _KEY_TAGS
            or data[key_stop : key_stop + 2] != _VALUE_TAG
            or data[start + 1] >= 0x80
            or data[key_stop + 2] != stop - value_start
            or data[key_stop + 2] >= 0x80
            or data[value_start : value_start + 1] not in _NUMBER_STARTS
        ):
            return False
        raw = data[key_start:key_stop]
        key = self._keys.get(raw)
        if key is None:
            key = text(data, key_start, key_stop)
            if not key:
                return False
            if len(self._keys) < MAX_SERIES:
                self._keys[raw] = key
        try:
            row[key] = float(data[value_start:stop])
        except ValueError:
            return False
        return True

    def _metric(self, data: bytes, start: int, stop: int) -> None:
        """Take `define_metric("*", step_metric=…)`: the x axis that the program asked for."""
        glob = step_metric = ""
        for number, kind, at, end in fields(data, start, stop):
            if number == 2 and kind == BYTES:
                glob = text(data, at, end)
            elif number == 4 and kind == BYTES:
                step_metric = text(data, at, end)
        # An axis of epochs or seconds is no step.
        counts = "step" in step_metric.lower() or "iter" in step_metric.lower()
        if glob == "*" and counts:
            self._own_step.prefer(step_metric)

    # ---- the run

    def _run(self, data: bytes, start: int, stop: int) -> None:
        run_id = ""
        for number, kind, at, end in fields(data, start, stop):
            if kind != BYTES:
                continue
            if number == 1:
                run_id = text(data, at, end)
            elif number == 3:
                self._fact("project", text(data, at, end))
            elif number == 4:
                self._config(data, at, end)
            elif number == 8 and end > at:
                self.info.name = clean_name(text(data, at, end))
            elif number == 13:
                self._fact("host", text(data, at, end))
        if self.info.name is None and run_id:
            self.info.name = clean_name(run_id)

    def _config(self, data: bytes, start: int, stop: int) -> None:
        for number, kind, at, end in fields(data, start, stop):
            if number == 1 and kind == BYTES:
                key, value = _item(data, at, end)
                if key and not key.startswith("_") and len(value) <= 500:
                    self._fact(key, value.strip('"'))

    def _exit(self, data: bytes, start: int, stop: int) -> None:
        code = 0
        for number, kind, at, end in fields(data, start, stop):
            if number == 1 and kind == VARINT:
                code = signed(varint(data, at, end)[0])
        self.info.finished = code == 0
        self.info.crashed = code != 0
        self._fact("exit code", str(code))

    def _fact(self, key: str, value: str) -> None:
        facts = self.info.facts
        key = clean_name(key)
        if key in facts or len(facts) < _MAX_FACTS:
            facts[key] = clean_text(value, 500)


def _item(data: bytes, start: int, stop: int) -> tuple[str, str]:
    """Return key and JSON text of a history or config item; nested keys are joined by a dot."""
    key = ""
    nested: list[str] = []
    value = ""
    for number, kind, at, end in fields(data, start, stop):
        if kind != BYTES:
            continue
        if number == 1:
            key = text(data, at, end)
        elif number == 2:
            nested.append(text(data, at, end))
        elif number == 16 and end - at <= _MAX_JSON:
            value = text(data, at, end)
    return key or ".".join(nested), value


def _numbers(key: str, value: str, row: dict[str, float]) -> None:
    """Put the number, or the numbers of nested objects, that a JSON text holds into `row`."""
    first = value[:1]
    if not key or not first:
        return
    if first in "-0123456789NI":
        try:
            row[key] = float(value)
        except ValueError:
            return
    elif first == '"':
        number = _NAMED_NUMBERS.get(value)
        if number is not None:
            row[key] = number
    elif first == "{" and '"_type"' not in value:
        try:
            _flatten(key, json.loads(value), row, _MAX_NESTING)
        except (ValueError, RecursionError):
            return


def _flatten(key: str, value: object, row: dict[str, float], depth: int) -> None:
    if isinstance(value, dict):
        if depth:
            for inner, item in value.items():
                _flatten(f"{key}.{inner}", item, row, depth - 1)
    elif isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool)):
        row[key] = _as_float(value)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


class WandbFormat(StreamFormat):
    """Weights & Biases run files."""

    name = "wandb"
    binary = True
    title = "Weights & Biases run file (run-<id>.wandb)"
    sample = "binary: ':W&B' <crc><length><type><Record history {train/loss: 2.31, _step: 10}>"
    combine = "sequence"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if head.startswith(_IDENT + _MAGIC):
            return Sniff(0.99, "begins with ':W&B', the mark of a .wandb file")
        if not head and filename.endswith(".wandb"):
            return Sniff(0.9, "named .wandb, nothing in it yet")
        return None

    def parser(self, context: Context | None = None) -> Parser:
        return WandbParser(context)

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        return False


FORMAT: Final = WandbFormat()
