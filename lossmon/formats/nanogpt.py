"""nanoGPT (`train.py`): `iter N: loss` of one batch, `step N: train loss, val loss` estimates.

Both stand at the same N and are two different training losses: the line of a
batch is called `loss`, the estimate over many batches `train_loss`. Forks
print another unit behind the number (`BPC`, bits per character).
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Sniff
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, count_lines
from lossmon.formats.head import Head
from lossmon.model import RunInfo

_ITER: Final = late(
    rf"iter ({STEP}): loss ({NUM})( ?[A-Za-z]{{1,12}})?"
    rf"(?:, time ({NUM})ms)?(?:, mfu ({NUM})%)?"
)
_EVAL: Final = late(
    rf"step ({STEP}): train loss ({NUM})( ?[A-Za-z]{{1,12}})?"
    rf", val loss ({NUM})( ?[A-Za-z]{{1,12}})?"
)
_LLAMA2C: Final = late(
    rf"(?:^|[\s:])({STEP}) \| loss ({NUM}) \| lr ({NUM})(?: \| ({NUM})ms)?(?: \| mfu ({NUM})%)?"
)
_MAX_ITERS: Final = late(rf"Overriding: max_iters = ({STEP})\Z")
_ESTIMATES_ONLY: Final = 0.75
_UNKNOWN_MFU: Final = -100.0
"""Printed until the first five steps were timed: no measurement."""


class NanoGPTParser(ConsoleParser):
    """`iter` and `step` lines, and llama2.c's, whose logs begin with the same `step 0` line."""

    def record(self, text: str) -> bool:
        if " | loss " in text and (match := _LLAMA2C.search(text)):
            self.info.loss_unit = "nats"
            values = {"loss": float(match[2]), "lr": float(match[3])}
            self._batch(values, float(match[1]), match[4], match[5])
            return True
        if "iter " in text and (match := _ITER.search(text)):
            self._unit(match[3])
            self._batch({"loss": float(match[2])}, float(match[1]), match[4], match[5])
            return True
        if ": train loss " in text and (match := _EVAL.search(text)):
            if match[3] or match[5]:
                self._unit(match[3] or match[5])
            self.add({"train_loss": float(match[2]), "val_loss": float(match[4])}, float(match[1]))
            return True
        self._header(text)
        return False

    def _batch(
        self, values: dict[str, float], step: float, time: str | None, mfu: str | None
    ) -> None:
        if time:
            values["time_ms"] = float(time)
        if mfu and float(mfu) != _UNKNOWN_MFU:
            values["mfu"] = float(mfu)
        self.add(values, step)

    def _unit(self, suffix: str | None) -> None:
        if suffix:
            self.fact("loss unit", suffix)
            self.info.loss_unit = None
        elif "loss unit" not in self.info.facts:
            self.info.loss_unit = "nats"

    def _header(self, text: str) -> None:
        if text.startswith("number of parameters: "):
            self.fact("parameters", text[22:])
        elif match := _MAX_ITERS.match(text):
            note_total(self.info, float(match[1]))


def note_total(info: RunInfo, steps: float) -> None:
    """Keep the number of steps that a log says it will have."""
    if steps > 0:
        info.total_steps = steps


class NanoGPT(ConsoleFormat):
    """Console of karpathy/nanoGPT and its forks."""

    name = "nanogpt"
    title = "nanoGPT console"
    sample = (
        "step 250: train loss 1.9753, val loss 2.0769\n"
        "iter 250: loss 2.0453, time 51.62ms, mfu 6.57%"
    )
    needles = (": loss ", ": train loss ")
    signature = late(
        rf"(?<![\w\"'`])(?:iter {STEP}: loss {NUM}[^\n]{{0,20}}, time {NUM}ms"
        rf"|step {STEP}: train loss {NUM}[^\n,]{{0,14}}, val loss {NUM})"
    )
    parser_class = NanoGPTParser

    def judge(self, head: Head) -> Sniff | None:
        sniff = super().judge(head)
        if sniff is not None and not count_lines(_ITER, head, (": loss ",))[0]:
            # Other scripts print such estimates too; nanoGPT's first one comes alone.
            return Sniff(_ESTIMATES_ONLY, sniff.reason)
        return sniff


FORMAT = NanoGPT()
