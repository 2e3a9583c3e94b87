"""Megatron-LM and GPT-NeoX: `iteration N/ M | name: value | …` lines.

Validation is printed between rules of dashes: `validation loss at iteration N
| lm loss value: … | lm loss PPL: … |` (Megatron-LM), `validation results at
iteration N | lm_loss value: … |` (GPT-NeoX).
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number

_ITERATION: Final = late(rf"(?:^|[\s|])iteration\s{{1,12}}({STEP})/\s{{0,12}}({STEP}) \|")
# Before 2020 no colon stood between name and number.
_FIELD: Final = late(
    rf"\s{{0,8}}([A-Za-z][^:|]{{0,80}}?)(?:\s{{0,4}}:\s{{0,12}}|\s{{1,12}})({NUM})"
    rf"([KMGTPE]?FLOPS)?\s{{0,8}}\Z"
)
_EVALUATION: Final = late(
    rf"(?:^|\s)([\w/]{{1,60}}) (?:loss|results) at (?:iteration ({STEP})|the end of training)"
    rf"([^|]{{0,120}})\|"
)
_EVAL_FIELD: Final = late(
    rf"\s{{0,8}}(\S[^|]{{0,80}}?)(?: (value|PPL)|(?<= loss))[:=] ?({NUM})\s{{0,8}}\Z"
)
"""`lm loss value: 4.5`, `lm loss PPL: 90.3`; old forks leave the `value` out."""
_ON_SET: Final = late(r"(?:on|for) (validation|valid|val|test)\b")
_FLOPS: Final = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_MAX_LINE: Final = 8000


class MegatronParser(ConsoleParser):
    """Training and validation lines; names as printed."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._last = 0.0

    def record(self, text: str) -> bool:
        if "iteration" in text and (match := _ITERATION.search(text)):
            return self._training(text, match)
        if " at " in text and (found := _EVALUATION.search(text[:400])):
            return self._evaluation(text, found)
        if text.lstrip().startswith("[after training is done]"):
            self.info.finished = True
        return False

    def _training(self, text: str, match: re.Match[str]) -> bool:
        values: dict[str, float] = {}
        # GPT-NeoX puts the throughput before the iteration.
        for field in f"{text[: match.start() + 1]}|{text[match.end() :]}"[:_MAX_LINE].split("|"):
            found = _FIELD.match(field)
            value = number(found[2]) if found else None
            if found is None or value is None:
                continue
            name = found[1].rsplit("] ", 1)[-1]
            values[name] = value * _FLOPS.get((found[3] or " ")[0], 1.0)
        if not values:
            return False
        self._last = float(match[1])
        self.info.total_steps = float(match[2])
        self.info.loss_unit = "nats"
        self.add(values, self._last)
        return True

    def _evaluation(self, text: str, match: re.Match[str]) -> bool:
        split = match[1]
        on_set = _ON_SET.search(match[3])
        if on_set:
            split = "test" if on_set[1] == "test" else "validation"
        values: dict[str, float] = {}
        for field in text[match.end() : match.end() + _MAX_LINE].split("|"):
            if found := _EVAL_FIELD.match(field):
                name = found[1]
                if found[2] == "PPL":
                    # A perplexity is no loss: its name must not say so.
                    name = name.replace(" loss", "").replace("_loss", "") + " PPL"
                values[f"{split} {name}"] = float(found[3])
        if not values:
            return False
        finished = match[2] is None or self.info.finished
        self.add(values, float(match[2]) if match[2] else self._last)
        self.info.finished = finished
        return True


class Megatron(ConsoleFormat):
    """Console of NVIDIA/Megatron-LM and its forks."""

    name = "megatron"
    title = "Megatron-LM console"
    sample = (
        " [2026-05-01 12:00:00] iteration       10/     100 | consumed samples:          640 |"
        " elapsed time per iteration (ms): 1234.5 | learning rate: 1.000000E-05 | global batch"
        " size:    64 | lm loss: 1.080000E+01 | loss scale: 1.0 | grad norm: 5.100 |"
    )
    needles = ("iteration ",)
    signature = late(
        rf"(?<!\|)[ \]]iteration\s{{1,12}}{STEP}/\s{{0,12}}{STEP} \|"
        r" (?:consumed samples|elapsed time|learning rate)"
    )
    parser_class = MegatronParser


class GPTNeoX(ConsoleFormat):
    """Console of EleutherAI/gpt-neox."""

    name = "gpt-neox"
    title = "GPT-NeoX console"
    sample = (
        " samples/sec: 27.913 | iteration       10/  320000 | elapsed time per iteration (ms):"
        " 1145.4 | learning rate: 9.000E-06 | approx flops per GPU: 44.2TFLOPS | lm_loss:"
        " 1.060000E+01 | number of skipped iterations:   0 | number of nan iterations:   0 |"
    )
    needles = ("samples/sec: ",)
    signature = late(rf"samples/sec: {NUM} \| iteration\s{{1,12}}{STEP}/\s{{0,12}}{STEP} \|")
    confidence = 0.96
    parser_class = MegatronParser


FORMATS = (Megatron(), GPTNeoX())
