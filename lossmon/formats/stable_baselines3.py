"""stable-baselines3: `progress.csv`, `progress.json` (JSON lines in spite of its name), monitors.

The step is `time/total_timesteps`. `train/loss` is the algorithm's loss and
need not fall; the reward is the score. A monitor file has a row an episode:
reward, length, seconds since the start that its first line tells.
"""

from __future__ import annotations

from typing import Any

from lossmon.formats.base import Context, Parser, Sniff
from lossmon.formats.delimited import DelimitedFormat, table_of
from lossmon.formats.head import Head
from lossmon.formats.json_text import loads, number
from lossmon.formats.jsonl import JsonLinesFormat
from lossmon.formats.table_text import TableParser

_STEP = "time/total_timesteps"


class Sb3CsvFormat(DelimitedFormat):
    """`progress.csv`; its header is rewritten in place when new keys come."""

    name = "sb3-csv"
    needles = (_STEP,)
    title = "stable-baselines3 progress.csv"
    cross_entropy = False
    sample = "time/total_timesteps,rollout/ep_rew_mean,train/loss\n256,27.7,\n512,25.2,47.5"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        table = table_of(Head.of(head))
        if table is None or _STEP not in table[0]:
            return None
        return Sniff(0.85, f"a table with {_STEP!r}")


class Sb3JsonFormat(JsonLinesFormat):
    """`progress.json`, one object a line."""

    name = "sb3-json"
    needles = (_STEP,)
    title = "stable-baselines3 progress.json"
    cross_entropy = False
    sample = '{"time/total_timesteps": 512, "rollout/ep_rew_mean": 25.25, "train/loss": 47.5}'

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        records = Head.of(head).records
        if records and _STEP in records[0]:
            return Sniff(0.85, f"JSON lines with {_STEP!r}")
        return None


class MonitorParser(TableParser):
    """Reads a monitor: steps are the episodes' lengths summed up."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._start: float | None = None
        self._steps = 0.0

    def block(self, block: bytes) -> None:
        for line in block.decode("utf-8", "replace").split("\n"):
            if line:
                self.line(line)

    def line(self, text: str) -> None:
        if not self.names and text.startswith("r,l,t"):
            self.names = [name.strip() for name in text.split(",")]
            self.delimiter = ","
        else:
            super().line(text)

    def comment(self, text: str) -> None:
        started: Any = loads(text)
        if isinstance(started, dict):
            self._start = number(started.get("t_start"))
            env = started.get("env_id")
            if isinstance(env, str):
                self.info.facts["environment"] = env[:200]

    def row(self, fields: dict[str, float]) -> None:
        length = fields.get("l")
        if length is None or not 0 < length < 1e12 or "r" not in fields:
            self.bad_records += 1
            return
        self._steps += length
        row = {"step": self._steps, "episode_reward": fields["r"], "episode_length": length}
        if self._start is not None and "t" in fields:
            row["timestamp"] = self._start + fields["t"]
        super().row(row)


class Sb3MonitorFormat(DelimitedFormat):
    """`monitor.csv`: one row an episode under a `#` line of JSON."""

    name = "sb3-monitor"
    needles = ("t_start",)
    title = "stable-baselines3 monitor.csv"
    sample = '#{"t_start": 1614619328.33, "env_id": "CartPole-v1"}\nr,l,t\n21.0,21,4.64879'

    def parser(self, context: Context | None = None) -> Parser:
        return MonitorParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if not head.startswith(b"#{"):
            return None
        lines = Head.of(head).lines
        if len(lines) > 1 and "t_start" in lines[0] and lines[1].startswith("r,l,t"):
            return Sniff(0.95, "a comment with t_start over the columns r,l,t")
        return None


FORMATS = (Sb3CsvFormat(), Sb3JsonFormat(), Sb3MonitorFormat())
