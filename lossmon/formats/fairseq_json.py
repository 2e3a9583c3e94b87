"""fairseq with `--log-format json`: a JSON object behind time, level and the name of the logger.

`--log-file` keeps the objects alone, as they come, some of them several times. All numbers
are quoted. `train_inner` rows stand inside an epoch, `train` rows
(`train_loss` …) are means over one, `valid` rows carry `valid_loss`.
"""

from __future__ import annotations

from typing import Any, Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Parser, Sniff
from lossmon.formats.fields import parse_time
from lossmon.formats.head import Head
from lossmon.formats.json_lines import JsonLinesParser
from lossmon.formats.json_text import loads
from lossmon.formats.jsonl import JsonLinesFormat

_PREFIX: Final = late(
    r"(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \| )?(?:[A-Z]{1,10} \| )?([\w.]{1,40}) \| (?=\{)"
)
_BARE: Final = late(
    r'\{"epoch": \d{1,9}, (?:"update": |"(?:train|valid)_)[^\n]{1,4000}num_updates": "\d'
)


class FairseqJsonParser(JsonLinesParser):
    """Reads the objects; what stands before gives the time."""

    fast = False

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._last = ""

    def line(self, text: str) -> None:
        match = _PREFIX.match(text)
        printed = text[match.end() :] if match else text
        if not printed.startswith("{") or 'num_updates": "' not in printed:
            if "done training in " in text:
                self.info.finished = True
            return
        if match is None and printed == self._last:
            return  # a log file holds some records as often as there are epochs
        self._last = printed
        record = loads(printed)
        if not isinstance(record, dict):
            self.bad_records += 1
            return
        if any(key.endswith("num_updates") for key in record):
            self.info.finished = False
            seconds = parse_time(match[1]) if match and match[1] else None
            self.record(record if seconds is None else {**record, "timestamp": seconds})

    def fields(self, record: dict[str, Any]) -> dict[str, float]:
        fields = super().fields(record)
        fields.pop("update", None)  # epochs with a fraction
        return fields


class FairseqJsonFormat(JsonLinesFormat):
    """Lines like `2021-01-01 10:00:00 | INFO | train_inner | {"epoch": 1, …}`."""

    name = "fairseq-json"
    needles = ('num_updates": "',)
    title = "fairseq log with --log-format json"
    sample = (
        '2021-01-01 10:00:00 | INFO | train_inner | {"epoch": 1, "loss": "13.7", '
        '"num_updates": "100", "lr": "1.25e-05"}'
    )

    def parser(self, context: Context | None = None) -> Parser:
        return FairseqJsonParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if b'num_updates": "' not in head:
            return None
        for line in Head.of(head).lines:
            match = _PREFIX.match(line)
            if match is not None and 'num_updates": "' in line:
                return Sniff(0.95, f"`{match.group(2)} | {{…}}` with quoted num_updates")
            if _BARE.match(line):
                return Sniff(0.9, "objects of an epoch with quoted num_updates")
        return None


FORMAT = FairseqJsonFormat()
