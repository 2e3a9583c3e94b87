"""LLaMA-Factory's console: the Trainer's lines, its own logger's, and those of its new trainer.

With the web UI the same training line is printed twice, once rounded by the
logger (`[INFO|…] llamafactory.train.callbacks:143 >> {'loss': …}`), once by
the Trainer: one point is kept. The new trainer prints `loss: 2.1234, step: 10,
total_steps: 100`.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Sniff
from lossmon.formats.console import NUM, STEP, ConsoleFormat, count_lines, reason
from lossmon.formats.head import Head
from lossmon.formats.hf_console import HFConsole, HFConsoleParser

_NEW_LINE: Final = late(
    rf"(?<![\w\"'`])((?:\w{{1,60}}: {NUM}, ){{1,20}})step: ({STEP}), total_steps: ({STEP})"
)
_NEW_PAIR: Final = late(rf"(\w{{1,60}}): ({NUM}), ")
_LOGGER_LINE: Final = late(rf">> \{{'loss': ({NUM}), 'learning_rate': {NUM}, 'epoch': ({NUM})[,}}]")
_TRAINER_LINE: Final = late(rf"\{{'loss': '?({NUM})'?, [^{{}}]{{1,2000}}'epoch': '?({NUM})'?\}}")


class LlamaFactoryParser(HFConsoleParser):
    """The Trainer's lines without those printed twice."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._logger_line: tuple[float, float] | None = None

    def record(self, text: str) -> bool:
        if "total_steps: " in text and (match := _NEW_LINE.search(text)):
            self.info.total_steps = float(match[3])
            values = {pair[1]: float(pair[2]) for pair in _NEW_PAIR.finditer(match[1])}
            epoch = values.pop("epoch", None)
            self.add(values, float(match[2]), epoch)
            return True
        if ">> {'" in text and (match := _LOGGER_LINE.search(text)):
            self._logger_line = float(match[1]), float(match[2])
        elif self._logger_line is not None and (match := _TRAINER_LINE.search(text)):
            loss, epoch = self._logger_line
            self._logger_line = None
            # Rounded to 4 and 2 decimals by the logger, to 4 digits by transformers 5.
            if (
                abs(float(match[1]) - loss) <= 5e-4 * max(abs(loss), 0.2)
                and abs(float(match[2]) - epoch) <= 0.0101
            ):
                return True
        return super().record(text)


class LlamaFactoryConsole(ConsoleFormat):
    """Console and `running_log.txt` of hiyouga/LLaMA-Factory."""

    name = "llama-factory-console"
    title = "LLaMA-Factory console and running_log.txt"
    sample = (
        "[INFO|2026-01-05 10:11:12] llamafactory.train.callbacks:143 >> {'loss': 1.2345,"
        " 'learning_rate': 4.9000e-05, 'epoch': 0.08, 'throughput': 1234.56}\n"
        "loss: 2.1234, step: 10, total_steps: 100"
    )
    needles = ("'epoch':", "total_steps: ")
    signature = HFConsole.signature
    confidence = 0.95
    parser_class = LlamaFactoryParser

    def judge(self, head: Head) -> Sniff | None:
        found, first = count_lines(_NEW_LINE, head, ("total_steps: ",))
        if found:
            return Sniff(0.9, reason(found, first))
        return super().judge(head) if head.holds("llamafactory") else None


FORMAT = LlamaFactoryConsole()
