"""CycleGAN, pix2pix, pix2pixHD, CUT and SPADE: `(epoch: 1, iters: 100, time: …) D_A: 0.310 …`.

The same line goes to the console and to `loss_log.txt`. All numbers behind the
bracket are losses, of the networks `G` and `D` and their parts. `iters` counts
images within the epoch and begins anew; how many an epoch has is not said, so
the greatest seen counts where it did.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import explicit_pairs

_LINE: Final = late(
    rf"\(epoch: ({STEP}), iters: ({STEP}), time: {NUM}(?:, data: {NUM})?"
    rf"(?:, [a-z_]{{1,20}}: {NUM}){{0,3}}\) (?=[A-Za-z])"
)
_MAX_LINE: Final = 4000


class CycleGanParser(ConsoleParser):
    """The step goes on over the epochs; it is estimated from the counters seen."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._epoch: int | None = None
        self._last = 0.0
        self._offset = 0.0

    def record(self, text: str) -> bool:
        if len(text) > _MAX_LINE or not text.startswith("(epoch: "):
            return False
        match = _LINE.match(text)
        if match is None:
            return False
        epoch, count = int(match[1]), float(match[2])
        if self._epoch is not None and epoch != self._epoch:
            if epoch > self._epoch and count <= self._last:
                self._offset += self._last
                self.info.steps_estimated = True
            elif epoch < self._epoch:
                self._offset = 0.0  # another run was appended
        self._epoch, self._last = epoch, count
        values = {f"loss_{name}": value for name, value in explicit_pairs(text[match.end() :])}
        if values:
            self.add(values, self._offset + count, epoch)
        return bool(values)


class CycleGan(ConsoleFormat):
    """Console and `loss_log.txt` of these image translators."""

    name = "cyclegan"
    title = "CycleGAN / pix2pix / SPADE loss_log.txt"
    cross_entropy = False
    sample = (
        "(epoch: 1, iters: 100, time: 0.345, data: 0.210) D_A: 0.310 G_A: 0.521 cycle_A: 1.902 "
        "idt_A: 0.811"
    )
    needles = ("(epoch: ",)
    signature = _LINE
    parser_class = CycleGanParser


FORMAT = CycleGan()
