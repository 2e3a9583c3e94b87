"""detectron2 and maskrcnn-benchmark: `iter: 19  total_loss: 4.5  …`, value and (average).

detectron2 prints medians of a window, maskrcnn-benchmark the value and, in
brackets, the mean since the start: the value is the point. Evaluations come as
`copypaste:` lines, names first, numbers in the next.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser, number
from lossmon.formats.pairs import explicit_pairs
from lossmon.model import Role, role_of

_ITER: Final = late(r"(?:^|[ \t])iter: (\d{1,12}) ")
_TASK: Final = late(r"copypaste: Task: ([\w-]{1,40})")
_COPYPASTE: Final = late(r"copypaste: ([^\s].{0,400})")
_NOT_METRICS: Final = frozenset(
    ("eta", "iter", "time", "data_time", "last_time", "last_data_time", "data", "mem", "max_mem")
)
_MAX_EVALUATED: Final = 1000
_MAX_ITER: Final = late(r"(?:MAX_ITER|max_iter): (\d{1,12})\b")


class Detectron2Parser(ConsoleParser):
    """The step is the iteration as printed."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._step = 0
        self._task = ""
        self._names: list[str] = []
        self._evaluated: dict[str, float] = {}

    def record(self, text: str) -> bool:
        if match := _ITER.search(text):
            values = {
                name: value
                for name, value in explicit_pairs(text[match.end() :])
                if name not in _NOT_METRICS
            }
            if not any("loss" in name for name in values):
                return False
            self._step = int(match[1])
            self.add(self._without_repeated(values), self._step)
            return True
        if "copypaste: " in text:
            return self._evaluation(text)
        if "max_iter" in text.lower() and (match := _MAX_ITER.search(text)):
            self.info.total_steps = float(match[1]) or None
        if "Total training time:" in text:
            self.info.finished = True
        return False

    def _without_repeated(self, values: dict[str, float]) -> dict[str, float]:
        """Leave out the evaluation losses of before: each line repeats the last that were put."""
        found = {}
        for name, value in values.items():
            if role_of(name) is Role.EVAL_LOSS:
                if self._evaluated.get(name) == value or len(self._evaluated) > _MAX_EVALUATED:
                    continue
                self._evaluated[name] = value
            found[name] = value
        return found

    def _evaluation(self, text: str) -> bool:
        if match := _TASK.search(text):
            self._task, self._names = match[1], []
            return False
        match = _COPYPASTE.search(text)
        cells = match[1].split(",") if match else []
        numbers = [number(cell.strip()) for cell in cells]
        if not self._names:
            self._names = [cell.strip() for cell in cells] if None in numbers else []
            return False
        pairs = zip(self._names, numbers, strict=False)
        values = {f"{self._task or 'eval'}/{name}": x for name, x in pairs if x is not None}
        self._names = []
        if values and self._step:
            self.add(values, self._step)
        return bool(values)


class Detectron2(ConsoleFormat):
    """Console and `log.txt` of detectron2 and maskrcnn-benchmark."""

    name = "detectron2"
    title = "detectron2 and maskrcnn-benchmark console"
    cross_entropy = False
    sample = (
        "[03/01 10:00:00 d2.utils.events]:  eta: 0:10:00  iter: 19  total_loss: 4.512"
        "  loss_cls: 4.371  time: 0.53  lr: 1.9981e-05  max_mem: 2719M"
    )
    needles = (" iter: ",)
    confidence = 0.95
    signature = late(rf"[ \t]iter: \d{{1,12}}  [^\n]{{0,120}}loss: {NUM}")
    parser_class = Detectron2Parser


FORMAT = Detectron2()
