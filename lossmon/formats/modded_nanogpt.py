"""modded-nanogpt and parameter-golf: `step:N/M train_loss:… val_loss:… train_time:…ms`.

The whole training script is pasted at the top of these logs: its print
statements look like log lines except that braces stand where numbers will.
Several runs may follow each other in one file; the step goes back then.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Sniff
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number
from lossmon.formats.head import Head

_LINE: Final = late(
    rf"(?<![\w/{{])step:({STEP})/({STEP}) (?=(?:\[[^\[\]]{{1,60}}\] )?[\w.-]{{1,60}}:{NUM})"
)
_MAX_PAIRS: Final = 2000
_VALUE: Final = late(rf"({NUM})(ms|s|%)?\Z")
_TIMES: Final = frozenset({"train_time", "step_avg"})
_TO_MS: Final = {"s": 1000.0}
_SOURCE: Final = late(r"f[\"']step:\{step\}/\{[\w.]{1,40}\} (?:val|train)_loss:")


class ModdedNanoGPTParser(ConsoleParser):
    """`step:N/M` lines of `name:value` pairs."""

    def record(self, text: str) -> bool:
        if "step:" not in text:
            return False
        match = _LINE.search(text)
        if match is None:
            if text.startswith("stopping_early"):
                self.info.finished = True
            return False
        values: dict[str, float] = {}
        for pair in text[match.end() :][:_MAX_PAIRS].split():
            name, _, printed = pair.rpartition(":")
            found = _VALUE.match(printed)
            value = number(found[1]) if found else None
            if found is None or value is None:
                continue
            if name in _TIMES:
                values[f"{name}_ms"] = value * _TO_MS.get(found[2] or "", 1.0)
            else:
                values[name] = value
        step, total = float(match[1]), float(match[2])
        self.info.total_steps = total
        self.info.loss_unit = "nats"
        self.add(values, step)
        # The last validation is printed after the last step.
        self.info.finished = step >= total and "val_loss" in values
        return True


class ModdedNanoGPT(ConsoleFormat):
    """Logs of KellerJordan/modded-nanogpt."""

    name = "modded-nanogpt"
    title = "modded-nanogpt log"
    sample = (
        "step:125/6000 val_loss:4.4872 train_time:41930ms step_avg:364.64ms\n"
        "step:126/6000 train_loss:4.5121 train_time:42296ms step_avg:364.62ms"
    )
    needles = ("step:",)
    signature = late(
        rf"(?<![\w/\"'`])step:{STEP}/{STEP} "
        rf"(?:\[[^\[\]]{{1,60}}\] )?(?:train_loss|val_loss|train_time):{NUM}"
    )
    parser_class = ModdedNanoGPTParser

    def judge(self, head: Head) -> Sniff | None:
        return None if head.holds("val_bpb:") else _by_source(super().judge(head), head)


class ParameterGolf(ConsoleFormat):
    """Logs of openai/parameter-golf: the same lines with bits per byte."""

    name = "parameter-golf"
    title = "parameter-golf log"
    sample = "step:200/20000 val_loss:2.6061 val_bpb:1.5435 train_time:8712ms step_avg:43.56ms"
    needles = ("val_bpb:",)
    signature = late(rf"step:(?<![\w/\"'`]step:){STEP}/{STEP} [^\n]{{0,200}}val_bpb:{NUM}")
    confidence = 0.95
    parser_class = ModdedNanoGPTParser

    def judge(self, head: Head) -> Sniff | None:
        return _by_source(super().judge(head), head)


def _by_source(sniff: Sniff | None, head: Head) -> Sniff | None:
    if sniff is None and _SOURCE.search(head.text):
        # Some scripts are longer than a head: the lines come later.
        return Sniff(0.5, "the training script pasted at the top prints 'step:N/M val_loss:'")
    return sniff


FORMATS = (ModdedNanoGPT(), ParameterGolf())
