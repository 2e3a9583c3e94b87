"""RWKV-LM's `train_log.txt` (`mylog.txt` of version 4): a line for each mini-epoch, without names.

`NEW RUN 2024-01-05-10-11-12`, the arguments and the strategy's settings, then
`12 2.345678 10.4404 0.00059213 2024-01-05 10:41:12.345678 12`: the epoch over all runs, the
mean loss since the one before, its exponential, the learning rate, the time, the epoch of this run.
"""

from __future__ import annotations

import math
import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Sniff
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser, count_lines, reason
from lossmon.formats.head import Head

_WORD: Final = r"(?:\d{1,15}(?:\.\d{1,20})?|nan|inf)"
_LINE: Final = (
    rf"(\d{{1,9}}) ({_WORD}) ({_WORD}) ({NUM}) "
    r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})? \d{1,9} {0,2}"
)
_EPOCH: Final = late(rf"{_LINE}\Z")
_COUNT: Final = late(r"'epoch_count': (\d{1,6}), 'epoch_begin': (\d{1,6}),")
_ENDLESS: Final = 100_000
"""Epochs that nobody counts to: runs are planned by their tokens then."""
_TOLERANCE: Final = 0.01
"""By how much a printed exponential may differ from that of the printed loss."""


def _fits(loss: float, perplexity: float) -> bool:
    """Say whether the second number is the exponential of the first, as far as it is printed."""
    if not (math.isfinite(loss) and math.isfinite(perplexity)):
        return True
    return loss < 700 and math.isclose(perplexity, math.exp(loss), rel_tol=_TOLERANCE, abs_tol=1e-4)


class RwkvParser(ConsoleParser):
    """The step is the mini-epoch, as printed."""

    def record(self, text: str) -> bool:
        match = _EPOCH.match(text)
        if match is None:
            if "'epoch_count': " in text and (counted := _COUNT.search(text)):
                total = int(counted[1]) + int(counted[2])
                if 0 < total < _ENDLESS:
                    self.info.total_epochs = float(total)
            return False
        epoch, loss, perplexity, rate = (float(number) for number in match.groups())
        if not _fits(loss, perplexity):
            return False
        self.add({"loss": loss, "ppl": perplexity, "lr": rate}, epoch, epoch)
        return True


class Rwkv(ConsoleFormat):
    """The log beside RWKV's checkpoints."""

    name = "rwkv"
    title = "RWKV-LM train_log.txt"
    sample = (
        "NEW RUN 2024-01-05-10-11-12\n"
        "0 6.214385 499.8886 0.00060000 2024-01-05 10:14:55.120394 0\n"
        "1 4.871203 130.4778 0.00059871 2024-01-05 10:18:37.402881 1"
    )
    needles = ("NEW RUN ", " 0.00")
    signature = late(rf"{_LINE}$", re.MULTILINE)
    at_start = True
    parser_class = RwkvParser

    def judge(self, head: Head) -> Sniff | None:
        found, first = count_lines(self.signature, head, self.needles, at_start=True)
        _, loss, perplexity, *_ = (*first.split(), "", "", "")
        if not found or not _fits(float(loss), float(perplexity)):
            return None
        return Sniff(self.confidence, reason(found, first))


FORMAT = Rwkv()
