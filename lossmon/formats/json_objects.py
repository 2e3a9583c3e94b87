"""JSON objects one after another that do not stand a line each: indented ones, several on a line.

What `print(json.dumps(metrics, indent=2))` leaves in a log, also behind a logger's
prefix (before the first line of an object, or before each) and between other lines.
"""

from __future__ import annotations

from typing import Any, Final

from lossmon.formats._late import late
from lossmon.formats._logged import parted, speaker
from lossmon.formats.base import Context, Parser, Sniff
from lossmon.formats.console import is_document
from lossmon.formats.fields import judge
from lossmon.formats.head import Head
from lossmon.formats.json_lines import JsonLinesParser
from lossmon.formats.json_text import loads, number
from lossmon.formats.jsonl import JsonLinesFormat

_OPENS: Final = late(r"\{[ \t]{0,8}(?:\"|\}|\Z)")
_TOKEN: Final = late(r"\"(?:[^\"\\]|\\.)*+(?:\"|\Z)|[{}]")
"""A text in quotes, or a brace outside of one. What one token takes no other can: linear time."""
_OWN: Final = frozenset(' \t"{}]')
"""What a line of an object begins with, and no prefix does."""
_ARRAY: Final = late(r"\s{0,20}\[(?:\s|\{)")
_MAX_LINES: Final = 2000
_MAX_BYTES: Final = 1 << 18
"""Of one object; a longer one is no record."""
_MAX_BEFORE: Final = 200
"""Characters that may stand before the brace that opens an object."""


class JsonObjectsParser(JsonLinesParser):
    """Gathers the lines of an object until its brace closes."""

    fast = False

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._pieces: list[str] = []
        """Lines of the object that is open."""
        self._size = 0
        self._depth = 0
        self._speaker: str | None = None
        self._prefixed = False
        """Something stood before the line that opened the object."""
        self.spread = False
        """Some object did not stand alone on a line."""

    def line(self, text: str) -> None:
        if not self._pieces and ("{" not in text or _OPENS.search(text) is None):
            return
        if text[:1] in _OWN or (self._pieces and not self._prefixed):
            said, teller = text, None
        else:
            before, said = parted(text)
            teller = speaker(text, before)
            if teller is not None and self._speaker not in (None, teller):
                return  # the processes of one run print the same
        if self._pieces and said[:1] == "{" and _OPENS.match(said) is not None:
            self._leave()  # what was open was cut off
        if self._pieces:
            self._take_in(said)
        elif (match := _OPENS.search(said, 0, _MAX_BEFORE)) is not None:
            self._speaker = self._speaker or teller
            self._prefixed = len(said) < len(text)
            self.spread |= match.start() > 0
            self._take_in(said[match.start() :])

    def _take_in(self, text: str) -> None:
        """Add a line, and take the objects that it closes."""
        start = 0
        has_braces = "{" in text or "}" in text
        for match in _TOKEN.finditer(text) if has_braces else ():
            token = match[0]
            if token == "{":
                if self._depth == 0:
                    start = match.start()
                self._depth += 1
            elif token == "}" and self._depth:
                self._depth -= 1
                if self._depth == 0:
                    self.spread |= start > 0
                    self._close(text[start : match.end()])
                    start = match.end()
        if self._depth:
            self.spread = True
            self._pieces.append(text[start:])
            self._size += len(text) - start
            if len(self._pieces) > _MAX_LINES or self._size > _MAX_BYTES:
                self._leave()

    def _close(self, last: str) -> None:
        record = loads("\n".join([*self._pieces, last]))
        self._pieces, self._size = [], 0
        if isinstance(record, dict):
            self.record(record)
        else:
            self.bad_records += 1

    def _leave(self) -> None:
        self.bad_records += 1
        self._pieces, self._size, self._depth = [], 0, 0


class _Looker(JsonObjectsParser):
    """Keeps the records of a head."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []

    def record(self, record: dict[str, Any]) -> None:
        self.found.append(record)


_BEGUN: Final = late(
    r"\{[ \t]{0,8}\n{1,2}[^\n\"]{0,120}\"[^\n\"]{1,120}\"[ \t]{0,4}:|\}[ \t,]{0,2}\{\""
)
"""A brace with the first name on the next line; an object behind another."""
_LOOKED_INTO: Final = 16384
_LOOKED_AT: Final = 250
"""Characters and lines of a head, from its first object on, that are tried."""
_ENOUGH: Final = 6
_MAX_BAD: Final = 5
"""Objects that are no JSON: of source code, or of another notation."""


class JsonObjects(JsonLinesFormat):
    """Such objects with a step or an epoch among their fields."""

    name = "json-objects"
    last_resort = True
    surest = 0.6
    title = "JSON objects over several lines, one after another"
    sample = '{\n  "step": 10,\n  "loss": 2.31\n}\n{\n  "step": 20,\n  "loss": 2.12\n}'
    needles = ('  "', '\n "', '\t"', '}{"')

    def parser(self, context: Context | None = None) -> Parser:
        return JsonObjectsParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        looked = Head.of(head)
        document = is_document(filename, head) and not filename.endswith((".json", ".jsonl"))
        if document or _ARRAY.match(looked.text) is not None:
            return None
        if not looked.holds("{") or not any(map(looked.holds, self.needles)):
            return None
        begun = _BEGUN.search(looked.text)
        if begun is None:
            return None
        at = looked.text.rfind("\n", 0, begun.start()) + 1
        looker = _Looker()
        for line in looked.text[at : at + _LOOKED_INTO].split("\n", _LOOKED_AT)[:-1]:
            if line:
                looker.line(line)
            if len(looker.found) == _ENOUGH or looker.bad_records > _MAX_BAD:
                break
        if len(looker.found) < 2 or not looker.spread or looker.bad_records > len(looker.found):
            return None
        return _judged(looker.found)


def _judged(records: list[dict[str, Any]]) -> Sniff | None:
    """Say how likely records are a training log; only with a step or an epoch are they read."""
    reader = JsonLinesParser()
    numeric: dict[str, list[float]] = {}
    things: dict[str, None] = {}
    for record in records:
        for key, value in reader.fields(record).items():
            numeric.setdefault(key, []).append(value)
        for key, leaf in record.items():
            if isinstance(leaf, str) and number(leaf) is None:
                things[key] = None
    texts = [key for key in things if key not in numeric]
    found = judge(numeric, texts, "JSON objects one after another", numeric)
    return found if found is not None and "step or epoch" in found.reason else None


FORMAT = JsonObjects()
