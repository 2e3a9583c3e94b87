r"""XGBoost's evaluation lines: `[0]\ttrain-rmse:2.78418\teval-rmse:2.95946` (rounds from 0).

`xgb.cv` adds the spread (`2.78+0.02`). XGBoost itself judges by the last
metric, so that one stands first among equals here.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, to_float

_ROUND: Final = late(r"\[(\d{1,12})\](?=[\t ])")
_PAIR: Final = late(rf"[\t ]([^\s:]{{1,100}}):({NUMBER})")


class XGBoostParser(ConsoleParser):
    """The step is the boosting round."""

    def record(self, text: str) -> bool:
        match = _ROUND.search(text[:80])
        if match is None:
            return False
        pairs = [(name, to_float(value)) for name, value in _PAIR.findall(text, match.end())]
        if not pairs or "-" not in pairs[0][0]:
            return False
        last = pairs[-1][0].rpartition("-")[2]
        pairs.sort(key=lambda pair: pair[0].rpartition("-")[2] != last)
        self.add(pairs, int(match[1]))
        return True


class XGBoost(ConsoleFormat):
    """Console of `xgb.train`, `xgb.cv` and the scikit-learn wrapper."""

    name = "xgboost"
    title = "XGBoost console"
    sample = "[0]\ttrain-mlogloss:1.93815\teval-mlogloss:1.96943"
    needles = ("]\t",)
    signature = late(rf"\[\d{{1,12}}\]\t[^\s:]{{1,80}}-[^\s:]{{1,60}}:{NUM}")
    parser_class = XGBoostParser


FORMAT = XGBoost()
