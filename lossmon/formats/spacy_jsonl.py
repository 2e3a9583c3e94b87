"""spaCy's ConsoleLogger with `output_file`: JSON lines with `losses`, `scores` and `score`.

The losses are sums since the row before, one for each component; spaCy has no
evaluation loss.
"""

from __future__ import annotations

from lossmon.formats.base import Sniff
from lossmon.formats.head import Head
from lossmon.formats.jsonl import JsonLinesFormat


class SpacyJsonFormat(JsonLinesFormat):
    """Records with an object of `losses` by component."""

    name = "spacy-jsonl"
    needles = ("losses",)
    title = "spaCy training log (JSON lines)"
    sample = (
        '{"epoch":0,"step":20,"losses":{"textcat":4.93},"scores":{"cats_score":42.9},"score":0.43}'
    )

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        records = Head.of(head).records
        if records and isinstance(records[0].get("losses"), dict) and "score" in records[0]:
            return Sniff(0.9, "JSON lines with objects `losses` and a `score`")
        return None


FORMAT = SpacyJsonFormat()
