"""llama2.c (`train.py`): `N | loss … | lr … | …ms | mfu …%` and nanoGPT's `step N:` estimates."""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats.base import Sniff
from lossmon.formats.console import NUM, STEP, ConsoleFormat, count_lines
from lossmon.formats.nanogpt import NanoGPTParser

_LINE: Final = re.compile(
    rf"(?:^|[\s:])({STEP}) \| loss ({NUM}) \| lr ({NUM})(?: \| ({NUM})ms)?(?: \| mfu ({NUM})%)?"
)
_UNKNOWN_MFU: Final = -100.0


class Llama2CParser(NanoGPTParser):
    """Lines of one batch; estimates are nanoGPT's lines."""

    def record(self, text: str) -> bool:
        if " | loss " in text and (match := _LINE.search(text)):
            values = {"loss": float(match[2]), "lr": float(match[3])}
            if match[4]:
                values["time_ms"] = float(match[4])
            if match[5] and float(match[5]) != _UNKNOWN_MFU:
                values["mfu"] = float(match[5])
            self.info.loss_unit = "nats"
            self.add(values, float(match[1]))
            return True
        return super().record(text)


class Llama2C(ConsoleFormat):
    """Console of karpathy/llama2.c's training script."""

    name = "llama2c"
    title = "llama2.c console"
    sample = "120 | loss 5.7640 | lr 1.500000e-04 | 365.85ms | mfu 12.30%"
    needles = (" | loss ",)
    signature = re.compile(rf"(?m:^|(?<=[\s:])){STEP} \| loss {NUM} \| lr {NUM} \| {NUM}ms")
    parser_class = Llama2CParser

    def judge(self, text: str) -> Sniff | None:
        # `step 1 | loss …` with the same fields is another trainer's line.
        return None if count_lines(_STEP_WORD, text, self.needles)[0] else super().judge(text)


_STEP_WORD: Final = re.compile(rf"[Ss]tep\s{{1,8}}{STEP}(?:/{STEP})? \| loss")

FORMAT = Llama2C()
