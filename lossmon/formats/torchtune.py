"""torchtune: `Step 10 | loss:2.1 lr:0.0003 …` (its loggers) and the bar's `1|10|Loss: 2.1`."""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser

_LINE: Final = late(rf"(?<![\w\"'`])Step ({STEP}) \| ((?:[\w/.-]{{1,80}}:{NUM} ?){{1,60}})")
_BAR: Final = late(rf"(?:^|\s)({STEP})\|({STEP})\|Loss: ({NUM}):")


class TorchtuneParser(ConsoleParser):
    """Logger lines; the bar only where no logger prints to the same console."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._logged = False
        self._bar_step = -1

    def record(self, text: str) -> bool:
        if "Step " in text and (match := _LINE.search(text)):
            values = {}
            for pair in match[2].split():
                name, _, value = pair.rpartition(":")
                values[name] = float(value)
            self._logged = True
            self.info.loss_unit = "nats"
            self.add(values, float(match[1]))
            return True
        if "|Loss: " in text and not self._logged and (match := _BAR.search(text[:200])):
            step = int(match[2])
            if step != self._bar_step:
                self._bar_step = step
                self.info.loss_unit = "nats"
                self.add({"loss": float(match[3])}, step)
            return True
        return False


class Torchtune(ConsoleFormat):
    """DiskLogger files and the console of pytorch/torchtune."""

    name = "torchtune"
    title = "torchtune log"
    sample = "Step 10 | loss:2.1234567165374756 lr:0.0003 tokens_per_second_per_gpu:1234.5 "
    needles = ("Step ", "|Loss: ")
    signature = late(
        # Behind `Epoch 3 | ` it is another's.
        rf"(?<![\w\"'`])(?<!\| )Step {STEP} \| [\w/.-]{{1,80}}:{NUM} "
        rf"|(?m:^){STEP}\|{STEP}\|Loss: {NUM}:"
    )
    parser_class = TorchtuneParser


FORMAT = Torchtune()
