"""A curve downloaded from TensorBoard's page as JSON: `[[1700000000.5, 10, 2.3125], …]`."""

from __future__ import annotations

from typing import Any, Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, DocumentFormat, Parser, Sniff
from lossmon.formats.head import Head
from lossmon.formats.json_document import JsonDocumentParser
from lossmon.formats.tensorboard_csv import tag_of

_BEGINS: Final = late(
    r"\s{0,20}\[\s{0,20}\[\s{0,20}\d{9,10}(?:\.\d{1,12})?\s{0,4},\s{0,20}\d{1,15}\s{0,4},\s{0,20}"
)


class TensorBoardJsonParser(JsonDocumentParser):
    """Reads triples of time, step and value under the metric's name."""

    def document(self, value: Any) -> None:
        name = tag_of(self.context.filename)
        for row in value if isinstance(value, list) else ():
            if isinstance(row, list) and len(row) == 3:
                self.record({"wall_time": row[0], "step": row[1], name: row[2]})
            else:
                self.bad_records += 1


class TensorBoardJson(DocumentFormat):
    """One metric of one run, as saved from the page of TensorBoard."""

    name = "tensorboard-json"
    needles = ("[",)
    title = "JSON downloaded from TensorBoard (run-…-tag-….json)"
    sample = "[[1700000000.5, 10, 2.3125], [1700000001.5, 20, 2.1023]]"

    def parser(self, context: Context | None = None) -> Parser:
        return TensorBoardJsonParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if not head.lstrip().startswith(b"[") or _BEGINS.match(Head.of(head).text) is None:
            return None
        # Times, counts and numbers may be of anything: only the name says that this is a curve.
        return Sniff(0.8, "triples of time, step and value") if "-tag-" in filename else None


FORMAT = TensorBoardJson()
