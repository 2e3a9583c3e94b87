"""llm.c: `main.log` (`s:N trl:…`, `s:N tel:…`, `s:N eval:…`) and the console.

The CUDA console counts steps from 1 and prints `val loss` after as many steps
as it has printed; the C reference counts from 0 and prints it before the step
it belongs to. Either way the number of steps done is that of the line before.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser

_MAIN: Final = late(
    rf"s:({STEP}) (trl|tel|eval):({NUM})(?: lr:({NUM}))?(?: norm:({NUM}))?\s{{0,4}}\Z"
)
_MAIN_NAMES: Final = {"trl": "train_loss", "tel": "val_loss", "eval": "hellaswag_accuracy"}
_CONSOLE: Final = late(
    rf"step\s{{1,8}}({STEP})/({STEP}) \| (?:train )?loss ({NUM})(?: \([^()]{{1,20}}\))?"
    rf"(?:\s?\| norm ({NUM})(?: \([^()]{{1,20}}\))?)?(?:\s?\| lr ({NUM}))?"
)
_REFERENCE: Final = late(rf"step ({STEP}): train loss ({NUM}) \(took ({NUM}) ms\)")
_VAL: Final = late(rf"val loss:? ({NUM})\s{{0,4}}\Z")
_HELLA: Final = late(rf"HellaSwag: {STEP}/{STEP} = ({NUM})")
_TOKENS: Final = late(rf"\| ({NUM}) tok/s")


class LlmCMainParser(ConsoleParser):
    """Lines of `main.log`."""

    def record(self, text: str) -> bool:
        match = _MAIN.match(text)
        if match is None:
            self.bad_records += 1
            return False
        values = {_MAIN_NAMES[match[2]]: float(match[3])}
        if match[4]:
            values["lr"] = float(match[4])
        if match[5]:
            values["norm"] = float(match[5])
        self.info.loss_unit = "nats"
        self.add(values, float(match[1]))
        return True


class LlmCConsoleParser(ConsoleParser):
    """Lines of train_gpt2 (CUDA, C and PyTorch)."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._last: float | None = None
        self._next: float | None = None
        self._waiting: dict[str, float] = {}

    def record(self, text: str) -> bool:
        if "step" in text:
            if match := _CONSOLE.search(text):
                values = {"train_loss": float(match[3])}
                if match[4]:
                    values["norm"] = float(match[4])
                if match[5]:
                    values["lr"] = float(match[5])
                if tokens := _TOKENS.search(text, match.end()):
                    values["tok/s"] = float(tokens[1])
                self.info.total_steps = float(match[2])
                self._training(float(match[1]), values, first=-1.0)
                self._next = self._last
                return True
            if match := _REFERENCE.search(text):
                self._training(
                    float(match[1]),
                    {"train_loss": float(match[2]), "time_ms": float(match[3])},
                    0.0,
                )
                self._next = float(match[1]) + 1
                return True
        if text.startswith("val loss") and (match := _VAL.match(text)):
            self._evaluated("val_loss", float(match[1]))
            return True
        if text.startswith("HellaSwag") and (match := _HELLA.match(text)):
            self._evaluated("hellaswag_accuracy", float(match[1]))
            return True
        return False

    def _training(self, step: float, values: dict[str, float], first: float) -> None:
        """Add a training row; `first`: where values printed before the first row belong."""
        if self._waiting:
            self.add(self._waiting, max(step + first, 0.0))
            self._waiting = {}
        self.info.loss_unit = "nats"
        self._last = step
        self.add(values, step)
        self.info.finished = self.info.total_steps is not None and step >= self.info.total_steps

    def _evaluated(self, name: str, value: float) -> None:
        if self._next is None:
            self._waiting[name] = value
            return
        finished = self.info.finished
        self.add({name: value}, self._next)
        self.info.finished = finished

    def held_back(self) -> None:
        if self._waiting:
            self.add(self._waiting, 0.0)
            self._waiting = {}


class LlmCMain(ConsoleFormat):
    """`main.log` of karpathy/llm.c."""

    name = "llmc-main-log"
    title = "llm.c main.log"
    sample = "s:0 tel:11.0092\ns:1 trl:10.9598 lr:0.000002 norm:15.24"
    needles = (" trl:", " tel:")
    signature = late(rf"(?m)^s:{STEP} (?:trl|tel|eval):{NUM}(?: |$)")
    confidence = 0.96
    parser_class = LlmCMainParser


class LlmCConsole(ConsoleFormat):
    """Console of karpathy/llm.c."""

    name = "llmc-console"
    title = "llm.c console"
    sample = (
        "step    1/19560 | loss 11.009074 (+nanz)| norm 15.3692 (+nanz)| lr 8.57e-07 |"
        " 3056.36 ms | 49.2% bf16 MFU | 171543 tok/s\nval loss 10.998462"
    )
    needles = (" loss ",)
    signature = late(
        rf"step(?<![\w\"'`]step)\s{{1,8}}{STEP}"
        rf"(?:/{STEP} \| (?:train )?loss {NUM} ?[(|]|: train loss {NUM} \(took)"
    )
    parser_class = LlmCConsoleParser


FORMATS = (LlmCMain(), LlmCConsole())
