"""OpenNMT-py: `Step 50/100000; acc: 3.5; ppl: 1000.0; xent: 9.0; lr: 0.00001; …`.

Validation numbers come on lines of their own and belong to the last step.
`xent` is the cross-entropy in nats a token, `ppl` its exponential.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, explicit_pairs, to_float

_STEP: Final = late(r"Step (\d{1,15})/ {0,9}(\d{1,15}); ")
_SPEED: Final = late(r"; {0,9}(\d{1,12})/ {0,9}\d{1,12} tok/s")
_VALID: Final = late(
    rf"(Train|Validation) (perplexity|accuracy|cross.?entropy|ppl|acc): {{0,9}}({NUMBER})", re.I
)


class OpenNMTParser(ConsoleParser):
    """The step is the optimizer step."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._step = 0
        self.info.loss_unit = "nats"

    def record(self, text: str) -> bool:
        if match := _STEP.search(text):
            values = {
                name: value
                for name, value in explicit_pairs(text[match.end() :])
                if name not in ("sents", "bsz")
            }
            if not values.keys() & {"acc", "ppl", "xent"}:
                return False
            if speed := _SPEED.search(text, match.end() - 2):
                values["tokens_per_sec"] = float(speed[1])
            self._step = int(match[1])
            self.info.total_steps = float(match[2]) or None
            self.add(values, self._step)
            self.info.finished = self._step == int(match[2])
            return True
        if self._step and (match := _VALID.search(text)):
            split = "valid" if match[1].lower() == "validation" else "train"
            self.add({f"{split}/{match[2].lower()}": to_float(match[3])}, self._step)
            return True
        return False


class OpenNMT(ConsoleFormat):
    """Console of OpenNMT-py's `onmt_train`."""

    name = "opennmt"
    title = "OpenNMT-py console"
    sample = (
        "[2020-01-01 12:00:00,000 INFO] Step 50/100000; acc:   3.52; ppl: 10012.31; xent: 9.21;"
        " lr: 0.00001; 5463/5432 tok/s;     20 sec"
    )
    # A small corpus is read many times before the first step, with lines each time.
    needles = ("; acc: ", "; ppl: ", "Start training loop ")
    signature = late(
        rf"Step \d{{1,15}}/ {{0,9}}\d{{1,15}}; (?:acc|ppl): {{1,12}}{NUM};"
        r"|INFO\] Start training loop "
        r"(?:and validate every \d{1,12} steps|without validation)\.\.\."
    )
    parser_class = OpenNMTParser


FORMAT = OpenNMT()
