"""DeePMD-kit's `lcurve.out`: columns under a header `#  step  rmse_val  rmse_trn …  lr`."""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import ConsoleFormat, ConsoleParser, number

_HEADER: Final = late(r"# {1,8}step {1,24}\S")


class DeePMDParser(ConsoleParser):
    """Roots of mean squared errors; `_val` on validation data, `_trn` on the training batch."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._names: list[str] = []

    def record(self, text: str) -> bool:
        if text.startswith("#"):
            if _HEADER.match(text):
                self._names = text[1:].split()[:100]
            return bool(self._names)
        cells = text.split()
        if not self._names or len(cells) != len(self._names):
            return False
        values = [number(cell) for cell in cells]
        step = values[0]
        if step is None or not 0 <= step < 1e15:
            self.bad_records += 1
            return False
        pairs = zip(self._names[1:], values[1:], strict=True)
        self.add({name: value for name, value in pairs if value is not None}, step)
        return True


class DeePMD(ConsoleFormat):
    """`lcurve.out`."""

    name = "deepmd"
    title = "DeePMD-kit lcurve.out"
    cross_entropy = False
    sample = (
        "#  step      rmse_val    rmse_trn    rmse_e_val  rmse_e_trn    rmse_f_val  rmse_f_trn"
        "         lr\n      0      2.55e+01    2.47e+01      1.62e-01    1.59e-01      8.05e-01"
        "    7.81e-01    1.0e-03"
    )
    needles = ("rmse",)
    signature = late(r"^# {1,8}step {1,24}[^\n]{0,400}rmse[^\n]{0,400}\blr\b", re.MULTILINE)
    parser_class = DeePMDParser


FORMAT = DeePMD()
