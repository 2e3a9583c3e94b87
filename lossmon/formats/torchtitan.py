"""torchtitan: `step:  1  loss:  8.12345  grad_norm:  1.2345  memory: … tps: 1,234 …`.

Every field is coloured; ranks put their prefix before the line.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number

_LINE: Final = late(
    rf"(?<![\w\"'`])(validate )?step:\s{{0,12}}({STEP})\s{{1,8}}(?=\w{{0,40}}loss:)"
)
_FIELD: Final = late(
    rf"([A-Za-z][\w/]{{0,40}}):\s{{1,8}}({NUM}(?:,\d{{3}}){{0,6}}(?:\.\d{{0,20}})?)(GiB|%)?"
)
_TOTAL: Final = late(rf"sequence length {STEP}, total steps ({STEP})\b")
_MAX_LINE: Final = 2000


class TorchtitanParser(ConsoleParser):
    """Lines of the metrics processor; without `torchrun`'s prefixes ranks print theirs alike."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._last: tuple[str | None, str, float | None] | None = None

    def record(self, text: str) -> bool:
        if "loss:" in text and (match := _LINE.search(text)):
            values = {}
            for field in _FIELD.finditer(text, match.end(), match.end() + _MAX_LINE):
                value = number(field[2])
                if value is not None:
                    name = f"{field[1]}_gib" if field[3] == "GiB" else field[1]
                    values[f"val_{name}" if match[1] else name] = value
            if not values:
                return False
            last, self._last = self._last, (match[1], match[2], values.get("loss"))
            if last == self._last and match[1] is None:
                return True
            self.info.loss_unit = "nats"
            self.add(values, float(match[2]))
            return True
        if " steps " in text and (found := _TOTAL.search(text)):
            self.info.total_steps = float(found[1]) or None
        elif text.endswith("Training completed"):
            self.info.finished = True
        return False


class Torchtitan(ConsoleFormat):
    """Console of pytorch/torchtitan."""

    name = "torchtitan"
    title = "torchtitan console"
    sample = (
        "[titan] 2026-11-22 22:10:00,123 - root - INFO - step:  1  loss:  8.12345"
        "  grad_norm:  1.2345  memory:  1.23GiB(1.23%)  tps: 1,234  tflops: 1.23  mfu: 1.23%"
    )
    needles = ("grad_norm:", "memory:")
    signature = late(
        rf"(?<![\w\"'`])step:\s{{0,12}}{STEP}\s{{1,8}}loss:\s{{1,8}}{NUM}\s{{1,8}}(?:grad_norm|memory):\s"
    )
    parser_class = TorchtitanParser


FORMAT = Torchtitan()
