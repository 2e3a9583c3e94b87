"""JSON lines of any making: one object a line, metrics told by their names."""

from __future__ import annotations

from typing import Any, Final

from lossmon.formats.base import HEAD_BYTES, Context, Parser, Sniff, StreamFormat
from lossmon.formats.fields import judge
from lossmon.formats.head import Head
from lossmon.formats.json_lines import JsonLinesParser, first_step
from lossmon.formats.json_text import loads, number

_REPORT: Final = {"bad_records", "series", "verdict"}
"""Keys of what `lossmon report --format jsonl` writes: a report of runs, no run."""
_MAX_CUTS: Final = 8
"""Commas at which a record that goes on is tried to be ended."""


class JsonLinesFormat(StreamFormat):
    """Base of the formats of JSON lines: how they begin anew, and the generic recognition."""

    name = "jsonl"
    title = "JSON lines (one object a line)"
    sample = '{"step": 10, "loss": 2.31, "lr": 0.0003}\n{"step": 20, "eval_loss": 2.4}'

    def parser(self, context: Context | None = None) -> Parser:
        return JsonLinesParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        head = Head.of(head)
        records = head.records or _begun(head)
        if not records or 2 * len(records) < min(len(head.lines), 40):
            return None
        if records[0].keys() >= _REPORT:
            return None
        whole = len(head) < HEAD_BYTES
        if whole and len(records) == 1 and (filename.endswith(".json") or not head.endswith(b"\n")):
            return None  # a document that stands on one line: a summary, a configuration
        reader = JsonLinesParser()
        numeric: dict[str, None] = {}
        text: dict[str, None] = {}
        for record in records:
            for key in reader.fields(record):
                numeric[key] = None
            for key, value in record.items():
                if isinstance(value, str) and number(value) is None:
                    text[key] = None
        # A key that is a number here and words there is no name of a thing.
        return judge(numeric, [key for key in text if key not in numeric], "JSON lines")

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        """A rotated log goes on with later steps; a new run over an old log begins anew."""
        old, new = first_step(old_head), first_step(new_head)
        if old is None or new is None:
            return super().continues(old_head, new_head)
        return new > old


def _begun(head: Head) -> tuple[dict[str, Any], ...]:
    """Return what is whole of a first record that is longer than the head (one huge name)."""
    if len(head) < HEAD_BYTES or not head.startswith(b"{") or head.find(b"\n") >= 0:
        return ()
    cut = len(head.text)
    for _ in range(_MAX_CUTS):
        cut = head.text.rfind(",", 0, cut)
        if cut < 0:
            break
        value = loads(head.text[:cut] + "}")
        if isinstance(value, dict):
            return (value,)
    return ()


FORMAT = JsonLinesFormat()
