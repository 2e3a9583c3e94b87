"""LitGPT: `Epoch 1 | iter 4 step 1 | loss train: 5.231, val: n/a | …` and `iter 100: val loss …`.

The step is the iteration (a micro-batch), as in LitGPT's own loggers: it is
what both kinds of lines count. Lit-GPT, as it was called before, printed
`iter 4 step 1: loss 5.2310, iter time: 12.34ms` and `step 100: val loss …`.
The `val` of a training line repeats the last validation and is left out.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser

_TRAIN: Final = late(
    rf"(?<![\w\"'`])Epoch ({STEP}) ?\| iter ({STEP}) step ({STEP}) ?\| loss train: ({NUM})"
    rf"(?:, val: (?:n/a|{NUM}))?(?: ?\| iter time: ({NUM}) ms)?"
)
_VAL: Final = late(
    rf"(?<![\w\"'`])(?:Epoch {STEP} ?\| )?(?:iter|step) ({STEP}): val loss ({NUM})"
    rf"(?:, val time: ({NUM}) ms)?"
)
_LIT_GPT: Final = late(
    rf"(?<![\w\"'`])iter ({STEP}) step ({STEP}): loss ({NUM}), iter time: ({NUM})ms"
)
_FINAL: Final = late(rf"Final evaluation \| val loss: ({NUM})(?: \| val ppl: ({NUM}))?")


class LitGPTParser(ConsoleParser):
    """Training, validation and final lines."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._last = 0.0

    def record(self, text: str) -> bool:
        if "loss" not in text:
            return False
        if match := _TRAIN.search(text):
            values = {"train_loss": float(match[4]), "optimizer_step": float(match[3])}
            if match[5]:
                values["iter_time_ms"] = float(match[5])
            self._last = float(match[2])
            self.info.loss_unit = "nats"
            self.add(values, self._last)
            return True
        if match := _LIT_GPT.search(text):
            self._last = float(match[1])
            self.info.loss_unit = "nats"
            values = {"train_loss": float(match[3]), "optimizer_step": float(match[2])}
            self.add({**values, "iter_time_ms": float(match[4])}, self._last)
            return True
        if match := _VAL.search(text):
            self._last = max(self._last, float(match[1]))
            self.add({"val_loss": float(match[2])}, float(match[1]))
            return True
        if match := _FINAL.search(text):
            values = {"val_loss": float(match[1])}
            if match[2]:
                values["val_ppl"] = float(match[2])
            self.add(values, self._last)
            self.info.finished = True
            return True
        return False


class LitGPT(ConsoleFormat):
    """Console of Lightning-AI/litgpt's pretraining and fine-tuning."""

    name = "litgpt"
    title = "LitGPT console"
    sample = (
        "Epoch 1 | iter 4 step 1 | loss train: 5.231, val: n/a | iter time: 12.34 ms (step)"
        " remaining time: 0:01:02\niter 100: val loss 4.1234, val time: 12.34 ms"
    )
    needles = ("| loss train: ", ", iter time: ")
    signature = late(
        rf"Epoch {STEP} ?\| iter {STEP} step {STEP} ?\| loss train: {NUM}|" + _LIT_GPT.pattern
    )
    confidence = 0.96
    parser_class = LitGPTParser


FORMAT = LitGPT()
