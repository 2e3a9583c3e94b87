"""Lightning's CSVLogger: `metrics.csv` with sparse rows.

At every new metric the file is wiped and written again with a longer header
(Lightning-AI/pytorch-lightning#18567), so a shorter file never goes on with
the old one. Steps count optimizer steps from 0; a validation row stands at the
last step of its epoch.
"""

from __future__ import annotations

from lossmon.formats.base import Sniff
from lossmon.formats.delimited import DelimitedFormat, table_of
from lossmon.formats.head import Head


class LightningCsvFormat(DelimitedFormat):
    """`metrics.csv` with the columns `epoch` and `step` among others."""

    name = "lightning-csv"
    needles = ("epoch",)
    title = "Lightning CSVLogger (metrics.csv)"
    sample = "epoch,step,train_loss,val_loss\n0,9,2.256032943725586,\n0,37,,2.0545570850372314"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if filename != "metrics.csv":
            return None
        table = table_of(Head.of(head))
        if table is None or table[2] != "," or not {"epoch", "step"} <= set(table[0]):
            return None
        found = super().sniff(head, filename)
        return None if found is None else Sniff(0.8, "metrics.csv with columns epoch and step")


FORMAT = LightningCsvFormat()
