"""Reading a whole JSON document, also one that is cut off: the engine of the document formats."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Final

from lossmon.formats.axis import Axis, Rows
from lossmon.formats.base import Context, Parser
from lossmon.formats.json_text import loads
from lossmon.formats.records import SUMMARY_KEYS, record_numbers
from lossmon.model import Batch

MAX_DOCUMENT: Final = 512 << 20
"""A longer document is not read: no trainer writes one, and memory stays bounded."""

_DECODER: Final = json.JSONDecoder(parse_int=float)


class JsonDocumentParser(Parser):
    """Keeps all bytes, and reads the document when it is whole."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self.axis = Axis(self.info)
        self.rows = Rows()
        self._data = bytearray()
        self._too_long = False

    @abstractmethod
    def document(self, value: Any) -> None:
        """Take the document; add its rows with `record`."""

    def value_of(self, data: bytes) -> Any:
        """Return what a document's bytes say; None where they are no such document."""
        return loads(data)

    def broken(self, text: str) -> None:
        """Take the text of a document that is no JSON (already counted as bad)."""

    def record(self, record: dict[str, Any]) -> None:
        """Take one record of a history."""
        if not SUMMARY_KEYS.isdisjoint(record):
            self.info.finished = True
            return
        fields = record_numbers(record)
        if fields:
            self.rows.add(fields)

    def feed(self, data: bytes) -> Batch:
        self._too_long |= len(self._data) + len(data) > MAX_DOCUMENT
        if not self._too_long:
            self._data += data
        return Batch.empty()

    def finish(self) -> Batch:
        data = bytes(self._data).replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf")
        self._data = bytearray()
        if self._too_long:
            self.bad_records += 1
        elif data.strip():
            value = self.value_of(data)
            if value is None:
                self.bad_records += 1
                self.broken(data.decode("utf-8", "replace"))
            else:
                self.document(value)
        batch = self.axis.batch(*self.rows.take())
        self.refuse(self.axis.dropped)
        return batch


def objects_in(text: str, start: int) -> Iterator[dict[str, Any]]:
    """Yield the whole objects of a JSON array that begins before `start` and may be cut off."""
    position = start
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        if text[position : position + 1] != "{":
            return
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield value
