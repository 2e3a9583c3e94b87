"""Caffe: glog lines of the solver, of the training net's outputs and of the test nets'.

`solver.cpp:228] Iteration 100, loss = 0.51`: smoothed over `average_loss`.
Outputs of a test net come after `Iteration 100, Testing net (#0)`.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, to_float

_LOSS: Final = late(rf"\] Iteration (\d{{1,12}})(?: \([^)\n]{{1,60}}\))?, loss = ({NUMBER})")
_RATE: Final = late(rf"\] Iteration (\d{{1,12}}), lr = ({NUMBER})")
_TESTING: Final = late(r"\] Iteration (\d{1,12}), Testing net \(#(\d{1,4})\)")
_OUTPUT: Final = late(
    rf"\] {{1,12}}(Train|Test) net output #(\d{{1,6}}): ([\w./-]{{1,80}}) = ({NUMBER})"
)
_MAX_OUTPUTS: Final = 4000
"""Of all nets together: twice the names that a run may have."""
_MAX_ITER: Final = late(r"^max_iter: (\d{1,12})\Z")


class CaffeParser(ConsoleParser):
    """Iterations are the steps."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._step = 0
        self._net = ""
        self._numbers: dict[str, str] = {}
        """By output: its number. Outputs of one layer share a name (the accuracy by class)."""

    def record(self, text: str) -> bool:
        if match := _OUTPUT.search(text):
            net = f"test{self._net}" if match[1] == "Test" else "train_net"
            name = f"{net}/{match[3]}"
            if self._numbers.setdefault(name, match[2]) != match[2]:
                name = f"{name} #{match[2]}"
            elif len(self._numbers) > _MAX_OUTPUTS:
                return False
            self.add({name: to_float(match[4])}, self._step)
            return True
        if "Iteration" in text:
            return self._iteration(text)
        if match := _MAX_ITER.match(text):
            self.info.total_steps = float(match[1]) or None
        elif "Optimization Done." in text:
            self.info.finished = True
        return False

    def _iteration(self, text: str) -> bool:
        for name, pattern in (("loss", _LOSS), ("learning_rate", _RATE)):
            if match := pattern.search(text):
                self._step = int(match[1])
                self.add({name: to_float(match[2])}, self._step)
                return True
        if match := _TESTING.search(text):
            self._step = int(match[1])
            self._net = "" if match[2] == "0" else match[2]
            return True
        return False


class Caffe(ConsoleFormat):
    """Console (glog) of `caffe train`."""

    name = "caffe"
    title = "Caffe solver log"
    sample = (
        "I0101 12:00:00.000000  1234 solver.cpp:228] Iteration 100, loss = 0.513\n"
        "I0101 12:00:00.000000  1234 solver.cpp:244]     Train net output #0: loss = 0.499"
    )
    needles = ("] Iteration ",)
    signature = late(rf"\] Iteration \d{{1,12}}(?: \([^)\n]{{1,60}}\))?, (?:loss|lr) = {NUM}")
    parser_class = CaffeParser


FORMAT = Caffe()
