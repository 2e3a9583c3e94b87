"""build-nanogpt: its console, and `log.txt` (`N train loss`, `N val loss`, `N hella accuracy`).

The console's validation lines carry no step: they are printed before the
training line of the step they belong to. Where steps are even (`stride`), that
step is known at once; only before the first training line one has to wait.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Sniff
from lossmon.formats.console import (
    NUM,
    STEP,
    ConsoleFormat,
    ConsoleParser,
    count_lines,
    number,
    reason,
)
from lossmon.formats.head import Head

_STEP_LINE: Final = late(rf"step\s{{1,8}}({STEP}) \| loss:? ({NUM}) \|")
_FIELD: Final = late(rf"\s{{0,4}}([A-Za-z][\w/ ]{{0,30}}?):? ({NUM})")
_VAL: Final = late(rf"(?:^|\s)validation loss: ({NUM})\s{{0,4}}\Z")
_HELLA: Final = late(rf"HellaSwag accuracy: {STEP}/{STEP}=({NUM})")
_LOG_LINE: Final = late(rf"({STEP}) (train|val|hella) ({NUM})\s{{0,4}}\Z")
_LOG_NAMES: Final = {"train": "train_loss", "val": "val_loss", "hella": "hellaswag_accuracy"}
_FIELD_NAMES: Final = {"dt": "dt_ms"}
_MAX_FIELDS: Final = 1000
_LOG_SHARE: Final = 0.9
"""Share of a head's lines that must be `log.txt`'s: it holds nothing else."""


class BuildNanoGPTParser(ConsoleParser):
    """`step N | loss: …` lines and validation lines without a step."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._last: float | None = None
        self._stride = 1.0
        self._waiting: dict[str, float] = {}

    def record(self, text: str) -> bool:
        if "loss" not in text and "HellaSwag" not in text:
            return False
        if match := _STEP_LINE.search(text):
            self._training(float(match[1]), float(match[2]), text[match.end() :][:_MAX_FIELDS])
            return True
        if match := _VAL.search(text):
            self._evaluated("val_loss", float(match[1]))
            return True
        if match := _HELLA.search(text):
            self._evaluated("hellaswag_accuracy", float(match[1]))
            return True
        return False

    def _training(self, step: float, loss: float, rest: str) -> None:
        if self._waiting:
            self.add(self._waiting, step)
            self._waiting = {}
        if self._last is not None and step > self._last:
            self._stride = step - self._last
        self._last = step
        values = {"loss": loss}
        for field in rest.split("|"):
            if match := _FIELD.match(field):
                value = number(match[2])
                if value is not None:
                    values[_FIELD_NAMES.get(match[1], match[1])] = value
        self.info.loss_unit = "nats"
        self.add(values, step)

    def _evaluated(self, name: str, value: float) -> None:
        if self._last is None:
            self._waiting[name] = value
        else:
            self.add({name: value}, self._last + self._stride)

    def held_back(self) -> None:
        if self._waiting:
            self.add(self._waiting, 0.0)
            self._waiting = {}


class BuildNanoGPTLogParser(ConsoleParser):
    """Lines of `log.txt`."""

    def record(self, text: str) -> bool:
        match = _LOG_LINE.match(text)
        if match is None:
            self.bad_records += 1
            return False
        self.info.loss_unit = "nats"
        self.add({_LOG_NAMES[match[2]]: float(match[3])}, float(match[1]))
        return True


class BuildNanoGPT(ConsoleFormat):
    """Console of karpathy/build-nanogpt."""

    name = "build-nanogpt"
    title = "build-nanogpt console"
    sample = (
        "validation loss: 5.8272\n"
        "step     0 | loss: 5.763958 | lr 1.5000e-04 | norm: 1.8773 | dt: 239.62ms |"
        " tok/sec: 1068.37"
    )
    needles = (" | loss: ",)
    signature = late(rf"(?<![\w\"'`])step\s{{1,8}}{STEP} \| loss: {NUM} \| (?:lr|norm):? {NUM}")
    parser_class = BuildNanoGPTParser


class BuildNanoGPTLog(ConsoleFormat):
    """`log/log.txt` of karpathy/build-nanogpt."""

    name = "build-nanogpt-log"
    title = "build-nanogpt log.txt"
    sample = "0 val 5.8272\n0 train 5.763958"
    needles = (" train ", " val ")
    signature = late(rf"(?m)^{STEP} (?:train|val|hella) {NUM}$")
    parser_class = BuildNanoGPTLogParser

    def judge(self, head: Head) -> Sniff | None:
        lines = [line for line in head.text.rsplit("\n", 1)[0][:4096].split("\n") if line.strip()]
        whole = sum(_LOG_LINE.match(line) is not None for line in lines)
        if not whole or whole < _LOG_SHARE * (len(lines) - 1):
            return None
        found, first = count_lines(self.signature, head, self.needles)
        return Sniff(0.9, reason(found, first)) if found else None


FORMATS = (BuildNanoGPT(), BuildNanoGPTLog())
