"""Boxes of `| name | value |` rows, a box a dump: Stable-Baselines3, Spinning Up, Baselines.

A box is a row of the run; its step is the surest counter in it
(`time/total_timesteps` before `time/iterations`). Stable-Baselines3 indents
the names of a group under it and cuts values to a few digits.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats._rounded_steps import RoundedSteps
from lossmon.formats._spanning import SpanningFormat
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser, number
from lossmon.formats.fields import Kind, kind_of, step_rank

_MAX_ROW: Final = 400  # characters
_RULE: Final = late(r"-{5,400}\s{0,4}\Z")
_MAX_ROWS: Final = 500
_MAX_COUNTERS: Final = 8
_MAX_COUNT: Final = 1e15
"""No counter of a run reaches it: a damaged line."""


def _row(text: str) -> tuple[int, str, str] | None:
    """Return a row's indent, name and value, None if it is no row.

    Split and not matched: padding on both sides of a name that may hold spaces
    takes an expression cubic time on a line of spaces.
    """
    if len(text) > _MAX_ROW:
        return None
    parts = text.rstrip().split("|")
    if len(parts) != 4 or parts[0] or parts[3]:
        return None
    name = parts[1].removeprefix(" ")
    return len(name) - len(name.lstrip(" ")), name.strip(" "), parts[2].strip(" ")


class BoxParser(ConsoleParser):
    """Takes a box when its lower edge comes."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._cells: dict[str, float] = {}
        self._printed: dict[str, str] = {}
        self._group = ""
        self._count = 0
        self._steps: dict[str, RoundedSteps] = {}

    def record(self, text: str) -> bool:
        if text[0] == "-" and _RULE.match(text):
            return self._close()
        row = _row(text) if text[0] == "|" else None
        if row is None:
            self._cells = {}
            return False
        indent, name, cell = row
        if name.endswith("/") and not cell:
            self._group = name
            return True
        value = number(cell)
        if value is not None and name and len(self._cells) < _MAX_ROWS:
            inside = self._group if indent >= 3 and "/" not in name else ""
            self._cells[inside + name] = value
            self._printed[inside + name] = cell
        return True

    def _close(self) -> bool:
        cells, self._cells, self._group = self._cells, {}, ""
        if not cells:
            return True
        counters = [name for name in cells if kind_of(name) is Kind.STEP]
        epochs = [name for name in cells if kind_of(name) is Kind.EPOCH]
        metrics = {name: x for name, x in cells.items() if kind_of(name) is Kind.METRIC}
        if not all(abs(cells[name]) < _MAX_COUNT for name in (*counters, *epochs)):
            self.bad_records += 1
            return True
        epoch = self._counted(epochs[0], cells) if epochs else None
        self._count += 1
        if counters:
            step = self._counted(min(counters, key=step_rank), cells)
        elif epoch is not None:
            step = epoch
        else:
            step = self._count
            self.info.steps_estimated = True
        self.add(metrics, step, epoch)
        return True

    def _counted(self, name: str, cells: dict[str, float]) -> float:
        """Return the counter of that name, of which only the first digits may be printed."""
        steps = self._steps.get(name)
        if steps is None:
            if len(self._steps) == _MAX_COUNTERS:
                self._steps.clear()
            steps = self._steps[name] = RoundedSteps()
        found = steps.step(self._printed[name], cells[name])
        self.info.steps_estimated = self.info.steps_estimated or steps.estimated
        return found


class StableBaselines3(ConsoleFormat):
    """Console (`stdout`) and `log.txt` of Stable-Baselines3."""

    name = "stable-baselines3"
    title = "Stable-Baselines3 console"
    cross_entropy = False
    sample = (
        "| time/              |          |\n"
        "|    total_timesteps | 512      |\n"
        "| train/             |          |\n"
        "|    loss            | 47.5     |"
    )
    needles = ("| time/ ", "| train/ ", "| rollout/ ", "| eval/ ")
    signature = late(r"^\| (?:time|train|rollout|eval)/ {1,120}\| {1,80}\|\s{0,4}$", re.MULTILINE)
    parser_class = BoxParser


class SpinningUp(SpanningFormat):
    """Console of Spinning Up's `EpochLogger` (`progress.txt` is a plain table)."""

    name = "spinning-up"
    title = "Spinning Up console"
    cross_entropy = False
    sample = (
        "---------------------------------------\n"
        "|             Epoch |               0 |\n"
        "| TotalEnvInteracts |            4000 |\n"
        "|            LossPi |          -0.013 |"
    )
    needles = ("TotalEnvInteracts |", "AverageEpRet |")
    signature = late(
        rf"^-{{5,400}}\n\| {{1,80}}Epoch \| {{1,80}}\d{{1,9}} \|\n"
        rf"\| {{0,80}}[\w ]{{1,80}} \| {{0,80}}{NUM} \|",
        re.MULTILINE,
    )
    parser_class = BoxParser


class Baselines(SpanningFormat):
    """Boxes of OpenAI Baselines' logger, as improved-diffusion and its forks print them too."""

    name = "baselines-table"
    title = "OpenAI Baselines logger console"
    cross_entropy = False
    sample = (
        "---------------------------\n"
        "| loss       | 0.0712     |\n"
        "| step       | 1.2e+03    |\n"
        "---------------------------"
    )
    confidence = 0.8
    needles = ("---\n| ",)
    signature = late(
        rf"^-{{5,400}}\n(?:\| [\w./-]{{1,80}} {{1,80}}\| {NUM} {{1,80}}\|\n){{2,200}}-{{5,400}}$",
        re.MULTILINE,
    )
    parser_class = BoxParser


FORMATS = (StableBaselines3(), SpinningUp(), Baselines())
