"""LLaMA-Factory's `trainer_log.jsonl`: `current_steps` of `total_steps`, `loss` or `eval_loss`."""

from __future__ import annotations

from typing import Any

from lossmon.formats.base import Context, Parser, Sniff
from lossmon.formats.head import Head
from lossmon.formats.json_lines import JsonLinesParser
from lossmon.formats.json_text import number
from lossmon.formats.jsonl import JsonLinesFormat

_DROPPED = frozenset(("percentage",))
"""The share of the run that is done is no metric."""


class LlamaFactoryParser(JsonLinesParser):
    """Reads the log; a row at the last of `total_steps` ends the run."""

    fast = False

    def fields(self, record: dict[str, Any]) -> dict[str, float]:
        done, total = number(record.get("current_steps")), number(record.get("total_steps"))
        if done is not None and total is not None and 0 < total <= done:
            self.info.finished = True
        return {key: value for key, value in super().fields(record).items() if key not in _DROPPED}


class LlamaFactoryFormat(JsonLinesFormat):
    """`trainer_log.jsonl` in an output directory."""

    name = "llama-factory"
    needles = ("total_steps",)
    title = "LLaMA-Factory trainer_log.jsonl"
    sample = '{"current_steps": 10, "total_steps": 100, "loss": 2.1, "lr": 5e-05, "epoch": 0.1}'

    def parser(self, context: Context | None = None) -> Parser:
        return LlamaFactoryParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        records = Head.of(head).records
        if records and {"current_steps", "total_steps"} <= records[0].keys():
            return Sniff(0.92, "JSON lines with current_steps and total_steps")
        if filename == "trainer_log.jsonl" and records and "total_steps" in records[0]:
            return Sniff(0.85, "trainer_log.jsonl with total_steps")
        return None


FORMAT = LlamaFactoryFormat()
