"""MLX-LM: `Iter 10: Train loss 2.123, Learning Rate 1.000e-05, …`, `Iter 1: Val loss 2.661, …`."""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser

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
_TOTAL: Final = late(rf"Starting training\.{{0,3}}, iters: ({STEP})")


class MlxLmParser(ConsoleParser):
    """Comma-separated `Name value` fields after the iteration."""

    def record(self, text: str) -> bool:
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
        return False


class MlxLm(ConsoleFormat):
    """Console of ml-explore/mlx-lm's LoRA training."""

    name = "mlx-lm"
    title = "MLX-LM console"
    sample = (
        "Iter 1: Val loss 2.661, Val took 8.123s\nIter 10: Train loss 2.123, Learning Rate"
        " 1.000e-05, It/sec 1.234, Tokens/sec 345.678, Trained Tokens 1234, Peak mem 5.123 GB"
    )
    needles = ("Iter ",)
    signature = late(
        rf"(?<![\w\"'`])Iter {STEP}: "
        rf"(?:Train loss {NUM}, (?:Learning Rate|It/sec)|Val loss {NUM}, Val took)"
    )
    parser_class = MlxLmParser


FORMAT = MlxLm()
