"""DETR's `log.txt`: JSON lines an epoch, `train_*` and `test_*` with `n_parameters`.

Many research repositories took the format over (Deformable DETR, MAE, ConvNeXt, DeiT).
"""

from __future__ import annotations

from lossmon.formats.base import Sniff
from lossmon.formats.head import Head
from lossmon.formats.jsonl import JsonLinesFormat


class DetrJsonFormat(JsonLinesFormat):
    """Records with `train_loss` and `epoch`."""

    name = "detr-json"
    needles = ("train_lr",)
    title = "DETR / MAE / DeiT log.txt (JSON lines an epoch)"
    cross_entropy = False
    sample = '{"train_lr": 0.0001, "train_loss": 4.23, "test_loss": 4.5, "epoch": 0}'

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        records = Head.of(head).records
        if records and {"train_loss", "train_lr", "epoch"} <= records[0].keys():
            return Sniff(0.85, "JSON lines with train_lr, train_loss and epoch")
        if not records and head.startswith(b'{"train_lr"'):
            return Sniff(0.7, "begins with train_lr")
        return None


FORMAT = DetrJsonFormat()
