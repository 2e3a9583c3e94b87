"""Losses that well-known scripts print without a name, in lines that nothing else looks like.

* makemore's notebooks: `  10000/ 200000: 2.1903`
* PyTorch's sequence-to-sequence tutorial: `1m 41s (- 23m 45s) (5000 6%) 2.8641`,
  and its classification of names: `5000 5% (0m 7s) 2.2208 Bahn / Arabic ✗ (Vietnamese)`
* DeepFaceLab: `[18:01:02][#012300][0523ms][0.4012][0.3811]`

So little says that a number is a loss that lines must come three times, their
counter rising.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Sniff
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number, reason
from lossmon.formats.head import Head

_LINES: Final = (
    (
        "/ ",
        late(rf" {{0,12}}(?P<step>{STEP})/ {{0,12}}(?P<total>{STEP}): (?P<loss>{NUM}) {{0,4}}\Z"),
    ),
    (
        "s (- ",
        late(
            r"\d{1,4}m \d{1,2}s \(- -?\d{1,6}m -?\d{1,2}s\) "
            rf"\((?P<step>{STEP}) \d{{1,3}}%\) (?P<loss>{NUM}) {{0,4}}\Z"
        ),
    ),
    (
        "% (",
        late(rf"(?P<step>{STEP}) \d{{1,3}}% \(\d{{1,4}}m \d{{1,2}}s\) (?P<loss>{NUM})(?: |\Z)"),
    ),
    (
        "][#",
        late(
            rf"\[\d\d:\d\d:\d\d\]\[#(?P<step>{STEP})\]\[\d{{1,7}}\.?\d{{0,3}}m?s\]"
            rf"\[(?P<loss_src>{NUM})\]\[(?P<loss_dst>{NUM})\]"
        ),
    ),
)
"""What a line of each kind must hold (quickly asked), and what it is."""
_LEAST: Final = 3
_MAX_LINE: Final = 400
_TRIED: Final = 400


def _find(text: str) -> re.Match[str] | None:
    if len(text) > _MAX_LINE:
        return None
    for needle, line in _LINES:
        if needle in text and (match := line.match(text)) is not None:
            return match
    return None


class UnnamedLossParser(ConsoleParser):
    """The step is the counter as printed."""

    def record(self, text: str) -> bool:
        match = _find(text)
        if match is None:
            return False
        cells = match.groupdict()
        step = float(cells.pop("step"))
        total = cells.pop("total", None)
        if total is not None:
            self.info.total_steps = float(total)
        values = {
            name: value for name, cell in cells.items() if (value := number(cell)) is not None
        }
        self.add(values, step)
        return True


class UnnamedLoss(ConsoleFormat):
    """Text with such lines, of one kind, at least three of them."""

    name = "unnamed-loss"
    last_resort = True
    title = "Losses without a name (makemore, PyTorch tutorials, DeepFaceLab)"
    sample = "  10000/ 200000: 2.1903\n  20000/ 200000: 2.3821"
    needles = tuple(needle for needle, _ in _LINES)
    signature = late("|".join(re.sub(r"\?P<\w+>", "?:", line.pattern) for _, line in _LINES))
    confidence = 0.55
    parser_class = UnnamedLossParser

    def judge(self, head: Head) -> Sniff | None:
        lines = head.text.split("\n", _TRIED)[:_TRIED]
        for needle, line in _LINES:
            if not head.holds(needle):
                continue
            tried = [one for one in lines if needle in one and len(one) <= _MAX_LINE]
            found = [match for one in tried if (match := line.match(one)) is not None]
            if not found:
                continue
            steps = [int(match["step"]) for match in found]
            rises = all(a < b for a, b in pairwise(steps))
            if len(found) >= _LEAST and rises and _one_total(found) and _measured(found):
                return Sniff(self.confidence, reason(len(found), found[0][0]))
        return None


def _one_total(found: list[re.Match[str]]) -> bool:
    """Say whether all lines count to one end, as a loop does and a table of fractions does not."""
    totals = {match.groupdict().get("total") for match in found}
    return len(totals) == 1


def _measured(found: list[re.Match[str]]) -> bool:
    """Say whether the numbers have decimals and differ."""
    values = [
        next(v for name, v in m.groupdict().items() if name.startswith("loss")) for m in found
    ]
    return all("." in value or not value[-1].isdigit() for value in values) and len(set(values)) > 1


FORMAT = UnnamedLoss()
