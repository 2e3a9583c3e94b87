"""VITS and the voice trainers made of it: so-vits-svc, RVC.

A report is two or three lines: `Train Epoch: 9 [20%]`, then a list of numbers
that ends with the step and the learning rate (VITS), or `Losses: […], step: …`
(so-vits-svc), or the step in a list and the losses by name (RVC). The lists
hold what the training scripts put into them, in their order.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number
from lossmon.formats.pairs import explicit_pairs

_EPOCH: Final = late(rf"Train Epoch: ({STEP}) \[ {{0,3}}({NUM})%\]")
_LISTED: Final = late(rf"(Losses: )?\[({NUM}(?:, {NUM}){{1,15}})\](.{{0,120}})\Z")
_STEP: Final = late(rf", step: ({STEP})(?:, lr: ({NUM}))?(?:, reference_loss: ({NUM}))?")
_MAX_LINE: Final = 2000

_VITS: Final = ("loss_disc", "loss_gen", "loss_fm", "loss_mel", "loss_dur", "loss_kl")
_SO_VITS: Final = ("loss_disc", "loss_gen", "loss_fm", "loss_mel", "loss_kl", "loss_lf0")


class VitsParser(ConsoleParser):
    """The step is the global step as printed."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._epoch: float | None = None
        self._step: float | None = None
        self._rate: float | None = None

    def record(self, text: str) -> bool:
        if len(text) > _MAX_LINE:
            return False
        if match := _EPOCH.search(text):
            # The share is that of the epoch's batches, epochs count from 1.
            self._epoch = int(match[1]) - 1 + min(float(match[2]), 100.0) / 100
            return True
        if "loss_disc=" in text:
            return self._named(text)
        if text.endswith("]") or "], step: " in text:
            match = _LISTED.search(text)
            return match is not None and self._listed(match)
        return False

    def _named(self, text: str) -> bool:
        pairs = dict(explicit_pairs(text))
        values = {name: value for name, value in pairs.items() if name.startswith("loss_")}
        if not values or self._step is None:
            return False
        if self._rate is not None:
            values["lr"] = self._rate
        self.add(values, self._step, self._epoch)
        return True

    def _listed(self, match: re.Match[str]) -> bool:
        numbers = [number(cell) for cell in match[2].split(", ")]
        found = [value for value in numbers if value is not None]
        if len(found) < len(numbers):
            return False
        if match[1]:
            said = _STEP.match(match[3])
            if said is None:
                return False
            rate = None if said[2] is None else number(said[2])
            values = dict(zip(_SO_VITS, found, strict=False))
            if said[3] is not None:
                values["reference_loss"] = float(said[3])  # the sum of those before it
            return self._report(values, float(said[1]), rate)
        step, rate = found[-2], found[-1]
        if match[3] or not (0 <= step < 1e12 and step % 1 == 0 and 0 <= rate < 1):
            return False
        if len(found) == 2:
            self._step, self._rate = step, rate  # the losses stand in the next line
            return True
        losses = found[:-2]
        names = _VITS if len(losses) == len(_VITS) else [f"loss_{i}" for i in range(len(losses))]
        return self._report(dict(zip(names, losses, strict=True)), step, rate)

    def _report(self, values: dict[str, float], step: float, rate: float | None) -> bool:
        if rate is not None:
            values["lr"] = rate
        self.add(values, step, self._epoch)
        return True


class Vits(ConsoleFormat):
    """Logs of VITS, so-vits-svc and RVC (`train.log`)."""

    name = "vits"
    title = "VITS, so-vits-svc and RVC log"
    cross_entropy = False
    sample = (
        "INFO:voice:Train Epoch: 9 [20%]\n"
        "INFO:voice:[4200, 9.990004373906418e-05]\n"
        "INFO:voice:loss_disc=3.959, loss_gen=3.062, loss_fm=7.881,loss_mel=17.356, loss_kl=1.535"
    )
    needles = ("], step: ", "Train Epoch: ", "loss_disc=")
    signature = late(
        rf"Losses: \[{NUM}(?:, {NUM}){{2,15}}\], step: {STEP}"
        rf"|Train Epoch: {STEP} \[ {{0,3}}{NUM}%\]$"
        rf"|\bloss_disc={NUM}, loss_gen={NUM}, loss_fm={NUM},",
        re.MULTILINE,
    )
    parser_class = VitsParser


FORMAT = Vits()
