"""llama2.c (`train.py`): `N | loss … | lr … | …ms | mfu …%` and nanoGPT's `step N:` estimates."""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Sniff
from lossmon.formats.console import NUM, STEP, ConsoleFormat, count_lines
from lossmon.formats.head import Head
from lossmon.formats.nanogpt import NanoGPTParser

_STEP_WORD: Final = late(rf"[Ss]tep\s{{1,8}}{STEP}(?:/{STEP})? \| loss")


class Llama2C(ConsoleFormat):
    """Console of karpathy/llama2.c's training script."""

    name = "llama2c"
    title = "llama2.c console"
    sample = "120 | loss 5.7640 | lr 1.500000e-04 | 365.85ms | mfu 12.30%"
    needles = (" | loss ",)
    signature = late(rf"(?:^|(?<=[\s:])){STEP} \| loss {NUM} \| lr {NUM} \| {NUM}ms", re.M)
    parser_class = NanoGPTParser

    def judge(self, head: Head) -> Sniff | None:
        # `step 1 | loss …` with the same fields is another trainer's line.
        if count_lines(_STEP_WORD, head, self.needles)[0]:
            return None
        return super().judge(head)


FORMAT = Llama2C()
