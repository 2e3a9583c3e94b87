r"""JoeyNMT: `train.log` and `validations.txt`.

Version 1: `Epoch   1 Step:      100 Batch Loss:     4.83 Tokens per Sec: …`,
version 2 with commas. Version 1's validations report the loss summed over the set.
From 2.1 on a validation is `Evaluation result (greedy): …` without its step, and
so is each test with the best checkpoint after the training has ended: no point.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, explicit_pairs, to_float

_TRAIN: Final = late(
    rf"Epoch {{1,9}}(\d{{1,9}}),? Step: {{1,12}}(\d{{1,15}}),? Batch Loss: {{1,12}}({NUMBER})"
)
_BATCH_ACCURACY: Final = late(rf"Batch Acc: {{1,12}}({NUMBER})")
_SPEED: Final = late(rf"Tokens per Sec: {{1,12}}({NUMBER})")
_RATE: Final = late(rf"\bLr: {{1,12}}({NUMBER})")
_VALID: Final = late(
    r"(?:Validation result \(\w{1,20}\) at epoch {1,9}(\d{1,9}), step {1,12}(\d{1,15})"
    r"|Evaluation result \(\w{1,20}\))[:,] "
)
_TOTAL: Final = late(rf"Epoch {{1,9}}(\d{{1,9}})[:,] total training loss:? {{1,12}}({NUMBER})")
_ROW: Final = late(r"Steps: (\d{1,15})\t")
_EPOCHS: Final = late(r"cfg\.training\.epochs {1,40}: (\d{1,9})\Z")


class JoeyNMTParser(ConsoleParser):
    """Both files; the step is the optimizer step."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._step = 0

    def record(self, text: str) -> bool:
        if match := _TRAIN.search(text):
            return self._train(text, match)
        if match := _ROW.match(text):
            values = {
                "learning_rate" if name == "LR" else f"valid/{name.lower()}": value
                for name, value in explicit_pairs(text[match.end() :])
            }
            if text.rstrip().endswith("*"):
                self.info.best_checkpoint = f"{match[1]}.ckpt"
            self.add(values, int(match[1]))
            return bool(values)
        if "ation result (" in text and (match := _VALID.search(text)):
            if self.info.finished:
                return False
            values = {
                f"valid/{name.lower()}": value
                for name, value in explicit_pairs(text[match.end() :])
                if name not in ("duration", "generation", "evaluation")
            }
            epoch = int(match[1]) if match[1] else None
            self.add(values, int(match[2]) if match[2] else self._step, epoch)
            return bool(values)
        if "total training loss" in text and (match := _TOTAL.search(text)):
            self.add({"epoch_total/loss": to_float(match[2])}, self._step, int(match[1]))
            return True
        if "cfg.training.epochs" in text and (match := _EPOCHS.search(text)):
            self.info.total_epochs = float(match[1])
        elif "Training ended " in text:
            self.info.finished = True
        return False

    def _train(self, text: str, match: re.Match[str]) -> bool:
        self._step = int(match[2])
        values = {"loss": to_float(match[3])}
        for name, pattern in (
            ("accuracy", _BATCH_ACCURACY),
            ("tokens_per_sec", _SPEED),
            ("learning_rate", _RATE),
        ):
            if found := pattern.search(text, match.end()):
                values[name] = to_float(found[1])
        self.add(values, self._step, int(match[1]))
        return True


class JoeyNMT(ConsoleFormat):
    """`train.log` and `validations.txt`."""

    name = "joeynmt"
    title = "JoeyNMT train.log and validations.txt"
    sample = (
        "2020-02-09 13:08:54,101 Epoch   1 Step:      100 Batch Loss:     4.827715"
        " Tokens per Sec:    21748, Lr: 0.000300\n"
        "Steps: 1000\tLoss: 73394.23438\tPPL: 24.65522\tbleu: 2.06321\tLR: 0.00030000\t*"
    )
    needles = ("Batch Loss: ", "\tLoss: ", "\tloss: ", "Hello! This is Joey-NMT")
    signature = late(
        rf"Epoch {{1,9}}\d{{1,9}},? Step: {{1,12}}\d{{1,15}},? Batch Loss: {{1,12}}{NUM}"
        rf"|^Steps: \d{{1,15}}\t[Ll]oss: {NUM}\t(?:PPL|acc|ppl): |Hello! This is Joey-NMT",
        re.MULTILINE,
    )
    parser_class = JoeyNMTParser


FORMAT = JoeyNMT()
