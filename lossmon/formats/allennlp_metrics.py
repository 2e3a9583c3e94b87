"""AllenNLP: `metrics_epoch_0.json`, `metrics_epoch_1.json` … of one directory are one run."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, DocumentFormat, Grouping, Parser, Sniff
from lossmon.formats.json_document import JsonDocumentParser

_NAME: Final = late(r"metrics_epoch_(\d{1,9})\.json")
_KEPT: Final = ("training_", "validation_")
_NOT_METRICS: Final = frozenset(
    ("training_duration", "training_start_epoch", "training_epochs", "training_steps")
)


class AllenNlpParser(JsonDocumentParser):
    """Reads one epoch: its `training_…` and `validation_…` metrics, not the best ones so far."""

    def document(self, value: Any) -> None:
        if not isinstance(value, dict):
            self.bad_records += 1
            return
        named = _NAME.fullmatch(self.context.filename)
        epoch = value.get("epoch", int(named.group(1)) if named else None)
        record = {
            key: entry
            for key, entry in value.items()
            if key.startswith(_KEPT) and key not in _NOT_METRICS
        }
        if record and epoch is not None:
            self.record({"epoch": epoch, **record})


class AllenNlpFormat(DocumentFormat):
    """The metrics of one epoch, one file each; `metrics.json` repeats the best and the last."""

    name = "allennlp-metrics"
    needles = ('"training_',)
    title = "AllenNLP metrics_epoch_N.json"
    sample = '{"epoch": 3, "training_loss": 0.41, "validation_loss": 0.52, "best_epoch": 2}'
    skip_names = ("metrics.json",)

    def parser(self, context: Context | None = None) -> Parser:
        return AllenNlpParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if _NAME.fullmatch(filename) and b'"training_' in head:
            return Sniff(0.95, "named metrics_epoch_N.json, with training_ metrics")
        return None

    def group(self, path: PurePosixPath) -> Grouping:
        return Grouping(path.parent, path.stem)

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        return False


FORMAT = AllenNlpFormat()
