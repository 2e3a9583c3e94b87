"""OpenMMLab's JSON lines: mmcv's `*.log.json` (mmdetection 2) and mmengine's `scalars.json`.

mmcv writes an `env_info` line, then `mode`, `epoch` and an `iter` that begins
anew each epoch; mmengine writes a `step` over the whole run. In a `val` record of
mmcv `iter` counts the validation set, so it is no step. mmengine's has no `iter`,
and its `step` is the epoch (or the step, of a loop by iterations): no step either.
"""

from __future__ import annotations

from typing import Any

from lossmon.formats.base import Context, Parser, Sniff
from lossmon.formats.fields import tag_prefix
from lossmon.formats.head import Head
from lossmon.formats.json_lines import JsonLinesParser
from lossmon.formats.jsonl import JsonLinesFormat


class OpenMmlabParser(JsonLinesParser):
    """Reads the log; validation stands at the last training step before it."""

    fast = False

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._trained = False

    def fields(self, record: dict[str, Any]) -> dict[str, float]:
        if not {"mode", "iter", "step"} & record.keys():
            return {}  # mmcv's first line: the environment, the seed
        fields = super().fields(record)
        if "iter" in record:
            self._trained = True
        elif self._trained and "step" in record and "mode" not in record:
            fields.pop("step", None)
            return {f"val/{name}": value for name, value in fields.items()}
        mode = record.get("mode")
        if isinstance(mode, str) and tag_prefix(mode):
            fields.pop("iter", None)
        return fields


class OpenMmlabFormat(JsonLinesFormat):
    """`20200101_120000.log.json` or `vis_data/scalars.json`."""

    name = "openmmlab-json"
    needles = ("iter", "env_info")
    title = "OpenMMLab JSON log (mmdetection, mmsegmentation …)"
    cross_entropy = False
    sample = '{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.0002, "loss_cls": 1.1, "loss": 2.3}'

    def parser(self, context: Context | None = None) -> Parser:
        return OpenMmlabParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        records = Head.of(head).records
        if any({"mode", "epoch", "iter"} <= record.keys() for record in records[:3]):
            return Sniff(0.9, "JSON lines with mode, epoch and iter")
        # `memory` stands beside them where there is a GPU.
        if records and {"data_time", "time", "iter", "step"} <= records[0].keys():
            return Sniff(0.9, "JSON lines with data_time, time, iter and step")
        if not records and head.startswith(b'{"env_info"'):
            return Sniff(0.8, "begins with an env_info record")
        return None


FORMAT = OpenMmlabFormat()
