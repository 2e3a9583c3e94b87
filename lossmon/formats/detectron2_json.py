"""detectron2's `metrics.json`: JSON lines with `iteration`, `total_loss` and its parts."""

from __future__ import annotations

from lossmon.formats.base import Sniff
from lossmon.formats.head import Head
from lossmon.formats.jsonl import JsonLinesFormat


class Detectron2JsonFormat(JsonLinesFormat):
    """Records with `iteration` beside `data_time` or `eta_seconds`."""

    name = "detectron2-json"
    needles = ("iteration",)
    title = "detectron2 metrics.json"
    cross_entropy = False
    sample = '{"data_time": 0.004, "eta_seconds": 99.8, "iteration": 19, "total_loss": 2.11}'

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        for record in Head.of(head).records[:3]:
            if "iteration" in record and ("eta_seconds" in record or "data_time" in record):
                return Sniff(0.9, "JSON lines with iteration and eta_seconds or data_time")
        return None


FORMAT = Detectron2JsonFormat()
