"""Gross regressions of speed, counted in calls and rows: the same on every machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lossmon.analysis.analyzer import Analyzer
from lossmon.formats import registry
from lossmon.formats.base import StreamFormat
from lossmon.model import Batch, Column

ROWS = 20_000
FORMATS = {fmt.name: fmt for fmt in registry.formats()}
"""Loaded before anything is counted."""


def calls(work: Callable[[], object]) -> int:
    """Count the calls of Python functions (not of C) that `work` makes."""
    made = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal made
        made += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made


def read(name: str, data: bytes) -> None:
    fmt = FORMATS[name]
    assert isinstance(fmt, StreamFormat)
    parser = fmt.parser()
    rows = sum(len(parser.feed(data[at : at + 65536])) for at in range(0, len(data), 65536))
    rows += len(parser.finish())
    assert rows == ROWS


def test_json_lines_are_read_in_blocks() -> None:
    lines = (json.dumps({"step": i, "loss": 2.5 - i * 1e-5, "lr": 0.1}) for i in range(ROWS))
    data = "\n".join([*lines, ""]).encode()
    assert calls(lambda: read("jsonl", data)) < ROWS / 2


def test_tables_are_read_in_blocks() -> None:
    data = ("step,loss\n" + "".join(f"{i},{2.5 - i * 1e-5}\n" for i in range(ROWS))).encode()
    assert calls(lambda: read("csv", data)) < ROWS / 2


def test_a_point_costs_the_analyzer_no_more_the_longer_the_log() -> None:
    analyzer = Analyzer()
    loss = 1 + np.random.default_rng(0).normal(0, 0.1, 200_000)

    def feed(start: int, stop: int) -> None:
        for at in range(start, stop, 1000):
            steps = np.arange(at, at + 1000, dtype=np.float64)
            analyzer.consume(Batch(steps, (Column("loss", loss[at : at + 1000]),)))

    feed(0, 20_000)
    early = calls(lambda: feed(20_000, 60_000))
    late = calls(lambda: feed(160_000, 200_000))
    assert late < 1.5 * early


def test_a_json_report_loads_no_heavy_package(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f'{{"step": {i}, "loss": {3 - i / 100}}}\n' for i in range(50)))
    code = (
        "import sys; from lossmon.cli.main import main\n"
        f"main(['report', {str(log)!r}, '--format', 'json', '-o', {str(tmp_path / 'out')!r}])\n"
        "heavy = ('textual', 'plotext', 'pandas', 'scipy', 'watchdog')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
