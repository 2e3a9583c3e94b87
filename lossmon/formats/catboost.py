r"""CatBoost's console: `20:\tlearn: 0.82\ttest: 1.80\tbest: 1.80 (17)\ttotal: 440ms …` (from 0).

The line does not say which metric it prints: it is called a loss, as it is by
default. `best` repeats an old value and is no series.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, to_float

_LINE: Final = late(r"\s{0,16}(\d{1,12}):[\t ]{1,12}(?=learn|test)")
_PAIR: Final = late(rf"(?:^|[\t ])(learn|test\d{{0,6}}):? ({NUMBER})")
"""Terminals show blanks for tabs; before 0.8 no colon stood behind the names."""
_BEST: Final = late(r"bestIteration = (\d{1,12})")


class CatBoostParser(ConsoleParser):
    """The step is the iteration."""

    def record(self, text: str) -> bool:
        if match := _LINE.match(text):
            found = _PAIR.findall(text[match.end() :])
            if not found:
                return False
            self.add([(f"{name}_loss", to_float(value)) for name, value in found], int(match[1]))
            return True
        if match := _BEST.match(text.strip()):
            self.fact("best iteration", match[1])
            self.info.finished = True
        return False


class CatBoost(ConsoleFormat):
    """Console of `CatBoost.fit`."""

    name = "catboost"
    title = "CatBoost console"
    sample = (
        "20:\tlearn: 0.8202417\ttest: 1.8054014\tbest: 1.8038129 (17)\ttotal: 440ms"
        "\tremaining: 1.24s"
    )
    needles = ("learn: ", "test: ", "learn ")
    signature = late(
        rf"^\s{{0,16}}\d{{1,12}}:[\t ]{{1,12}}(?:learn|test\d{{0,6}}):? {NUM}[^\n]{{1,200}}total: ",
        re.MULTILINE,
    )
    parser_class = CatBoostParser


FORMAT = CatBoost()
