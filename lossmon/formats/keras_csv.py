"""Keras' CSVLogger: `epoch`, then the metrics in alphabetical order; epochs count from 0.

With `append=True` a resumed fit adds rows without a second header.
"""

from __future__ import annotations

from lossmon.formats.base import Sniff
from lossmon.formats.delimited import DelimitedFormat, table_of
from lossmon.formats.head import Head


class KerasCsvFormat(DelimitedFormat):
    """A table whose first column is `epoch` and whose others are sorted, `loss` among them."""

    name = "keras-csv"
    needles = ("epoch",)
    title = "Keras CSVLogger (training.log)"
    sample = "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.254,2.166,0.482,1.919"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        table = table_of(Head.of(head))
        if table is None:
            return None
        first, *others = table[0]
        if first != "epoch" or "loss" not in others or others != sorted(others):
            return None
        found = super().sniff(head, filename)
        return None if found is None else Sniff(0.75, "columns epoch, then sorted with loss")


FORMAT = KerasCsvFormat()
