"""Marian NMT: `Ep. 1 : Up. 1000 : Sen. 50,000 : Cost 5.30 * 123,456 …` and `[valid]` lines.

The cost is what `--cost-type` says (per label by default from version 1.8 on),
in nats. Each validation metric has a line of its own.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, to_float

_TRAIN: Final = late(
    r"Ep\. (\d{1,9}(?:\.\d{1,6})?) : Up\. (\d{1,15}) : Sen\. [\d,]{1,20}(?:\|[\d,]{1,20})? : "
    rf"Cost ({NUMBER})"
)
_NORM: Final = late(rf": gNorm ({NUMBER})")
_RATE: Final = late(rf": L\.r\. ({NUMBER})")
_SPEED: Final = late(rf": ({NUMBER}) words/s")
_VALID: Final = late(
    r"\[valid\] Ep\. (\d{1,9}(?:\.\d{1,6})?) : Up\. (\d{1,15}) : ([\w./-]{1,60}) : "
    rf"({NUMBER})"
)


class MarianParser(ConsoleParser):
    """Updates are the steps."""

    def record(self, text: str) -> bool:
        if "Up. " not in text:
            if text.endswith("Training finished"):
                self.info.finished = True
            return False
        if match := _VALID.search(text):
            values = {f"valid/{match[3]}": to_float(match[4])}
            self.add(values, int(match[2]), float(match[1]))
            return True
        match = _TRAIN.search(text)
        if match is None:
            return False
        values = {"cost": to_float(match[3])}
        for name, pattern in (
            ("grad_norm", _NORM),
            ("learning_rate", _RATE),
            ("words_per_sec", _SPEED),
        ):
            if found := pattern.search(text, match.end()):
                values[name] = to_float(found[1])
        self.add(values, int(match[2]), float(match[1]))
        return True


class Marian(ConsoleFormat):
    """`train.log` and console of `marian`."""

    name = "marian"
    title = "Marian NMT log"
    sample = (
        "[2020-01-01 12:00:00] Ep. 1 : Up. 1000 : Sen. 50,000 : Cost 5.30451 * 1,234,567 @ 1,234"
        " after 1,234,567 : Time 30.00s : 41152.23 words/s : gNorm 0.5123\n"
        "[2020-01-01 12:30:00] [valid] Ep. 1 : Up. 5000 : cross-entropy : 80.3124 : new best"
    )
    needles = (" : Up. ",)
    signature = late(rf"Ep\. \d[\d.]{{0,12}} : Up\. \d{{1,15}} : [^\n]{{1,120}}? {NUM}")
    parser_class = MarianParser


FORMAT = Marian()
