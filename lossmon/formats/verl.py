"""verl: `step:1 - actor/pg_loss:-0.395 - reward/mean:0.844 - …`, between pages of model output."""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Sniff
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number
from lossmon.formats.head import Head

_LINE: Final = late(rf"(?<![\w\"'`/])step:({STEP}) - (?=[\w/.@-]{{1,200}}:)")
_VALUE: Final = late(rf"(?:(?:np\.)?\w{{3,12}}\()?({NUM})\)?\Z")
_STEP_AND_DASH: Final = late(r"step:\d{1,15} - ")
_HINT: Final = "Using LocalLogger is deprecated. The constructor API will change"
_MAX_LINE: Final = 100_000


class VerlParser(ConsoleParser):
    """One line a step, of `name:value` pairs between dashes."""

    def record(self, text: str) -> bool:
        if "step:" not in text:
            return False
        match = _LINE.search(text[:_MAX_LINE])
        if match is None:
            return False
        values: dict[str, float] = {}
        for pair in text[match.end() : _MAX_LINE].split(" - "):
            name, _, printed = pair.rpartition(":")
            found = _VALUE.match(printed.strip())
            value = number(found[1]) if found else None
            if name and value is not None:
                values[name] = value
        if not values:
            return False
        self.add(values, float(match[1]))
        return True


class Verl(ConsoleFormat):
    """Console of volcengine/verl."""

    name = "verl"
    title = "verl console"
    cross_entropy = False
    sample = (
        "step:1 - actor/kl_loss:0.001 - actor/pg_loss:-0.395 - actor/grad_norm:0.323 -"
        " reward/mean:0.844 - critic/score/mean:0.844"
    )
    needles = ("step:", _HINT)
    signature = late(
        rf"(?<![\w\"'`/])step:{STEP} - [\w/.@-]{{1,200}}:[\w.()+-]{{1,60}}(?: - |$)", re.M
    )
    parser_class = VerlParser

    def judge(self, head: Head) -> Sniff | None:
        # Many a log holds `step:`; one search tells faster than a look at each line.
        sniff = super().judge(head) if _STEP_AND_DASH.search(head.text) else None
        if sniff is None and head.holds(_HINT):
            # Pages of samples may come before the first step.
            return Sniff(0.75, "verl's logger says that its constructor will change")
        return sniff


FORMAT = Verl()
