"""A curve downloaded from TensorBoard's page: `Wall time,Step,Value`.

The name of the metric stands in the file's name alone:
`run-<run>-tag-<tag>.csv`, where `/` in the tag became `_`.
"""

from __future__ import annotations

from lossmon.formats.base import Context, Parser, Sniff
from lossmon.formats.delimited import DelimitedFormat
from lossmon.formats.table_text import TableParser


def tag_of(filename: str) -> str:
    """Return the metric that a file of this name holds (`value` if it does not say)."""
    stem = filename.removesuffix(".csv").removesuffix(".json")
    return stem.rpartition("-tag-")[2] if "-tag-" in stem else "value"


class TensorBoardCsvParser(TableParser):
    """Reads the table with its values under the metric's name."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(
            context, ("Wall time", "Step", tag_of((context or Context()).filename)), ","
        )

    def line(self, text: str) -> None:
        if not text.startswith("Wall time,"):
            super().line(text)


class TensorBoardCsvFormat(DelimitedFormat):
    """One metric of one run, as saved from the page of TensorBoard."""

    name = "tensorboard-csv"
    needles = ("Wall time,Step,Value",)
    title = "CSV downloaded from TensorBoard (run-…-tag-….csv)"
    sample = "Wall time,Step,Value\n1700000000.5,10,2.3125"

    def parser(self, context: Context | None = None) -> Parser:
        return TensorBoardCsvParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if head.startswith(b"Wall time,Step,Value"):
            return Sniff(0.95, "the columns Wall time, Step, Value")
        return None


FORMAT = TensorBoardCsvFormat()
