"""NeMo 2 and BioNeMo: `Training epoch 0, iteration 9/99 | lr: … | reduced_train_loss: 8.595`.

The last validation's loss is printed in every line until the next one: it is a point where it
changed.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number

_LINE: Final = late(rf"Training epoch ({STEP}), iteration ({STEP})/({STEP}) \| ")
_FIELD: Final = late(rf"([A-Za-z][^:|]{{0,80}}): ({NUM})\s{{0,8}}\Z")
_NOT_METRICS: Final = frozenset(("global_step", "global_batch_size", "consumed_samples"))
_MAX_LINE: Final = 4000


class NemoParser(ConsoleParser):
    """The step is the global step as printed, from 0."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._evaluated: dict[str, float] = {}

    def record(self, text: str) -> bool:
        match = _LINE.search(text[:_MAX_LINE]) if "Training epoch " in text else None
        if match is None:
            return False
        values: dict[str, float] = {}
        for field in text[match.end() : _MAX_LINE].split(" | "):
            found = _FIELD.match(field)
            value = number(found[2]) if found else None
            if found is not None and value is not None:
                values[found[1]] = value
        step = values.get("global_step", float(match[2]))
        if not 0 <= step < 1e15:
            step = float(match[2])
        for name in [name for name in values if name.startswith(("val_", "test_"))]:
            if self._evaluated.get(name) == values[name]:
                del values[name]
            else:
                self._evaluated[name] = values[name]
        values = {name: value for name, value in values.items() if name not in _NOT_METRICS}
        if not values:
            return False
        self.info.total_steps = float(match[3]) + 1
        self.info.loss_unit = "nats"
        self.add(values, step, float(match[1]))
        return True


class Nemo(ConsoleFormat):
    """Console of NVIDIA NeMo 2 (`nemo.lightning`'s progress printer) and BioNeMo."""

    name = "nemo"
    title = "NeMo 2 and BioNeMo console"
    sample = (
        "Training epoch 0, iteration 9/99 | lr: 0.0006 | consumed_samples: 320 | global_batch_size:"
        " 32 | global_step: 9 | reduced_train_loss: 8.595 | val_loss: 9.106"
    )
    needles = ("Training epoch ",)
    signature = late(
        rf"Training epoch {STEP}, iteration {STEP}/{STEP} \| [^\n]{{0,200}}loss: {NUM}"
    )
    parser_class = NemoParser


FORMAT = Nemo()
