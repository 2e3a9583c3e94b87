"""MLX-LM: `Iter 10: Train loss 2.123, Learning Rate 1.000e-05, …`, or the table of 0.32.

Up to 0.31 each report is a line of named fields. From 0.32 on it is a row under
`iter   train_loss     tok/s     tokens`, with an arrow behind the loss; a
validation has a row of its own: `20    val 5.487    1.43s`.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number

_LINE: Final = late(rf"(?<![\w\"'`])Iter ({STEP}): (?=(?:Train|Val) loss {NUM})")
_FIELD: Final = late(rf"([A-Z][A-Za-z/ ]{{0,40}}?) ({NUM})( GB|s)?\s{{0,4}}\Z")
_NAMES: Final = {
    "Train loss": "train_loss",
    "Val loss": "val_loss",
    "Learning Rate": "learning_rate",
    "It/sec": "it/s",
    "Tokens/sec": "tokens_per_sec",
    "Trained Tokens": "trained_tokens",
    "Peak mem": "peak_mem_gb",
    "Val took": "val_time_s",
}
_HEADER: Final = late(r"\s{0,8}iter\s{1,8}train_loss\s{1,8}tok/s\s{1,8}tokens\s{0,8}\Z")
_TRAIN_ROW: Final = late(
    rf"\s{{0,8}}({STEP})\s{{1,8}}({NUM}) [▼▲]\s{{1,8}}(\d[\d,]{{0,20}})\s{{1,8}}({NUM})k\s{{0,8}}\Z"
)
_VAL_ROW: Final = late(
    rf"\s{{0,8}}({STEP})\s{{1,8}}val\s{{1,4}}({NUM})\s{{1,8}}({NUM})s\s{{0,8}}\Z"
)
_BATCH_ITERS: Final = late(r"[│|]\s{1,8}batch · iters\s{1,12}[\d,]{1,12} · ([\d,]{1,16})\s")
_BAR: Final = late(r"train \S{1,60}\s{1,4}100% ·\s{1,8}([\d,]{1,16})/([\d,]{1,16})\s{0,8}\Z")
_TOTAL: Final = late(rf"Starting training\.{{0,3}}, iters: ({STEP})")


class MlxLmParser(ConsoleParser):
    """Comma-separated `Name value` fields after the iteration, or rows under a header."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._table = False

    def record(self, text: str) -> bool:
        if self._table and self._row(text):
            return True
        if "Iter " in text and (match := _LINE.search(text)):
            values = {}
            for field in text[match.end() :][:1000].split(", "):
                if found := _FIELD.match(field):
                    values[_NAMES.get(found[1], found[1])] = float(found[2])
            self.info.loss_unit = "nats"
            self.add(values, float(match[1]))
            return True
        if text.startswith("Starting training") and (match := _TOTAL.match(text)):
            self.info.total_steps = float(match[1])
        elif text.startswith(("Saved final weights", "Saved final adapter weights")):
            self.info.finished = True
        elif "train_loss" in text and _HEADER.match(text):
            self._table = True
        elif "batch · iters" in text and (match := _BATCH_ITERS.match(text)):
            self.info.total_steps = number(match[1])
        return False

    def _row(self, text: str) -> bool:
        """Take a row of the table that 0.32 prints."""
        if match := _TRAIN_ROW.match(text):
            row = {
                "train_loss": float(match[2]),
                "tokens_per_sec": float(match[3].replace(",", "")),
                "trained_tokens": float(match[4]) * 1000,
            }
            self.info.loss_unit = "nats"
            self.add(row, float(match[1]))
        elif "val" in text and (match := _VAL_ROW.match(text)):
            self.info.loss_unit = "nats"
            self.add({"val_loss": float(match[2]), "val_time_s": float(match[3])}, float(match[1]))
        elif "100%" in text and (match := _BAR.match(text)) and match[1] == match[2]:
            self.info.finished = True
            return False
        else:
            return False
        return True


class MlxLm(ConsoleFormat):
    """Console of ml-explore/mlx-lm's LoRA training."""

    name = "mlx-lm"
    title = "MLX-LM console"
    sample = (
        "Iter 1: Val loss 2.661, Val took 8.123s\nIter 10: Train loss 2.123, Learning Rate"
        " 1.000e-05, It/sec 1.234, Tokens/sec 345.678, Trained Tokens 1234, Peak mem 5.123 GB"
    )
    needles = ("Iter ", "train_loss     tok/s")
    signature = late(
        rf"(?<![\w\"'`])Iter {STEP}: "
        rf"(?:Train loss {NUM}, (?:Learning Rate|It/sec)|Val loss {NUM}, Val took)"
        r"|iter\s{1,8}train_loss\s{1,8}tok/s\s{1,8}tokens"
    )
    parser_class = MlxLmParser


FORMAT = MlxLm()
