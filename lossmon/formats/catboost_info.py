"""CatBoost's `catboost_info/`: `catboost_training.json`, `learn_error.tsv`, `test_error.tsv`.

The JSON grows a line an iteration and is closed only at the end, so it is read
by lines. The two TSV files of a directory are one run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from lossmon.formats.axis import Axis, Rows
from lossmon.formats.base import Context, Grouping, Parser, Sniff, StreamFormat
from lossmon.formats.delimited import DelimitedFormat, table_of
from lossmon.formats.fields import Kind, kind_of
from lossmon.formats.head import Head
from lossmon.formats.json_text import loads, number
from lossmon.formats.lines import LineParser
from lossmon.formats.table_text import TableParser
from lossmon.model import Batch

_PARTS: Final = {"learn_error.tsv": "learn", "test_error.tsv": "test"}


class CatBoostJsonParser(LineParser):
    """Reads `meta` for the metrics' names, then an object an iteration."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._axis = Axis(self.info)
        self._pending = Rows()
        self._names: dict[str, list[str]] = {"learn": [], "test": []}

    def line(self, text: str) -> None:
        text = text.strip().rstrip(",")
        if text.startswith('"meta":'):
            self._meta(loads(text[len('"meta":') :]))
        elif text.startswith('{"'):
            record = loads(text)
            # The last one is followed by the end of the document.
            self._iteration(loads(text.removesuffix("]}")) if record is None else record)

    def _meta(self, meta: Any) -> None:
        if not isinstance(meta, dict):
            self.bad_records += 1
            return
        total = number(meta.get("iteration_count"))
        if total is not None and 0 < total < 1e12:
            self.info.total_steps = total
        for part in self._names:
            metrics = meta.get(f"{part}_metrics")
            if isinstance(metrics, list):
                self._names[part] = [
                    str(metric.get("name")) for metric in metrics if isinstance(metric, dict)
                ]

    def _iteration(self, record: Any) -> None:
        if not isinstance(record, dict) or number(record.get("iteration")) is None:
            self.bad_records += 1
            return
        fields: dict[str, float] = {"iteration": number(record["iteration"]) or 0.0}
        for part, names in self._names.items():
            values = record.get(part)
            if isinstance(values, list):
                for name, value in zip(names, _flat(values), strict=False):
                    parsed = number(value)
                    if parsed is not None:
                        fields[f"{part}/{name}"] = parsed
        self._pending.add(fields)

    def _take(self) -> Batch:
        batch = self._axis.batch(*self._pending.take())
        self.refuse(self._axis.dropped)
        self._axis.dropped = 0
        return batch


def _flat(values: Sequence[Any]) -> list[Any]:
    """Return the first test set's values where there are several sets."""
    first = values[0] if values else None
    return list(first) if isinstance(first, list) else list(values)


class CatBoostJsonFormat(StreamFormat):
    """`catboost_training.json`."""

    name = "catboost-json"
    needles = ('"learn_metrics"',)
    title = "CatBoost catboost_training.json"
    sample = (
        '"meta":{"learn_metrics":[{"name":"Logloss"}]},\n'
        '{"learn":[0.64],"iteration":0,"test":[0.67]},'
    )

    def parser(self, context: Context | None = None) -> Parser:
        return CatBoostJsonParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if head.lstrip()[:1] == b"{" and b'"learn_metrics"' in head and b'"launch_mode"' in head:
            return Sniff(0.97, "a JSON object with learn_metrics and launch_mode")
        return None

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        return False


class CatBoostTsvParser(TableParser):
    """Reads one of the two files; its name says which data the metric was measured on."""

    def row(self, fields: dict[str, float]) -> None:
        super().row(_named(fields, _PARTS.get(self.context.filename, "learn")))

    def block(self, block: bytes) -> None:
        # Small files: a row at a time is enough, and each row is renamed.
        for line in block.decode("utf-8", "replace").split("\n"):
            if line:
                self.line(line)


def _named(fields: dict[str, float], part: str) -> dict[str, float]:
    return {
        f"{part}/{key}" if kind_of(key) is Kind.METRIC else key: value
        for key, value in fields.items()
    }


class CatBoostTsvFormat(DelimitedFormat):
    """`learn_error.tsv` and `test_error.tsv`."""

    name = "catboost-tsv"
    needles = ("iter",)
    title = "CatBoost learn_error.tsv and test_error.tsv"
    sample = "iter\tLogloss\n0\t0.6402933021\n1\t0.5518833558"
    skip_names = ("time_left.tsv",)

    def parser(self, context: Context | None = None) -> Parser:
        return CatBoostTsvParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if filename not in _PARTS:
            return None
        table = table_of(Head.of(head))
        if table is None or table[0][0] != "iter":
            return None
        return Sniff(0.92, f"named {filename}, first column iter")

    def group(self, path: PurePosixPath) -> Grouping:
        return Grouping(path.parent, _PARTS.get(path.name, path.stem))


FORMATS = (CatBoostJsonFormat(), CatBoostTsvFormat())
