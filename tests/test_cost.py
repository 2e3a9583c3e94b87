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
from lossmon.model import Batch, Column, Run
from lossmon.monitor import Monitor

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


def test_rows_that_say_nan_for_an_evaluation_cost_no_more_than_others() -> None:
    steps = np.arange(20_000, dtype=np.float64)
    loss = 1 + np.random.default_rng(0).normal(0, 0.1, len(steps))
    known = np.arange(99, len(steps), 100)
    told = np.full(len(steps), np.nan)
    told[known] = loss[known]
    columns = {"sparse": Column("eval_loss", loss[known], known), "nan": Column("eval_loss", told)}
    made = {
        name: calls(
            lambda column=column: Analyzer().consume(Batch(steps, (Column("loss", loss), column)))
        )
        for name, column in columns.items()
    }
    # Some are told one by one after each evaluation: whether NaN lasts is a finding.
    assert made["nan"] < 6 * made["sparse"]


def loaded_by_report(folder: Path, form: str) -> set[str]:
    """Return the modules that a report of a small log loads."""
    log = folder / "log.jsonl"
    log.write_text("".join(f'{{"step": {i}, "loss": {3 - i / 100}}}\n' for i in range(50)))
    code = (
        "import sys; from lossmon.cli.main import main\n"
        f"main(['report', {str(log)!r}, '--format', {form!r}, '-o', {str(folder / 'out')!r}])\n"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_text_report_loads_of_heavy_packages_plotext_alone(tmp_path: Path) -> None:
    modules = loaded_by_report(tmp_path, "text")
    heavy = {"textual", "pandas", "scipy", "watchdog", "numpy.ma"}
    own = {"lossmon.report.comparison", "lossmon.analysis.seeds"}
    assert modules & (heavy | own) == set()
    assert "plotext" in modules


def test_a_json_report_loads_no_heavy_package(tmp_path: Path) -> None:
    modules = loaded_by_report(tmp_path, "json")
    heavy = {"textual", "plotext", "pandas", "scipy", "watchdog"}
    late = {"msgspec", "sqlite3", "difflib", "decimal", "typing_extensions", "shutil"}
    assert modules & (heavy | late) == set()
    own = [name for name in modules if name.split(".")[0] == "lossmon"]
    assert len(own) < 136  # of three hundred and sixty


def test_a_first_chart_loads_nothing_that_comes_after_it(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f'{{"step": {i}, "loss": {3 - i / 100}}}\n' for i in range(200)))
    code = (
        "import os, sys, threading\n"
        "from lossmon.monitor import Monitor\n"
        "from lossmon.settings import Settings\n"
        "from lossmon.tui.app import LossmonApp\n"
        "class Pictured(threading.Event):\n"
        "    def set(self):\n"
        "        super().set()\n"
        "        os.write(1, '\\n'.join(sys.modules).encode())\n"
        "        os._exit(0)\n"
        f"app = LossmonApp(Monitor([{str(log)!r}]), Settings())\n"
        "app._pictured = Pictured()\n"
        "app.run(headless=True, size=(120, 40))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "plotext" in modules, done.stdout + done.stderr
    late = {"numpy.ma", "watchdog", "lossmon.analysis.analyzer", "lossmon.monitor.ahead", "csv"}
    assert modules & late == set()


def test_what_is_stored_is_not_copied_again_and_again() -> None:
    run = Run("run", "", "jsonl")
    run.expect(1_000_000)
    steps = np.arange(1000, dtype=np.float64)
    homes = set()
    for turn in range(1000):
        run.append(Batch(steps + 1000 * turn, (Column("loss", steps),)))
        values = run.view("loss").values
        homes.add(values.__array_interface__["data"][0])
    assert len(homes) <= 2


def test_nothing_is_done_while_nothing_changes(tmp_path: Path) -> None:
    for number in range(20):
        lines = (f'{{"step": {i}, "loss": {3 - i / 100}}}\n' for i in range(50))
        (tmp_path / f"run-{number}.jsonl").write_text("".join(lines))
    with Monitor([str(tmp_path)]) as monitor:
        while monitor._slice():
            pass
        monitor._publishable()
        quiet = calls(lambda: [monitor._slice() for _ in range(10)])
        assert monitor._publishable() is None
    assert quiet < 10 * 20 * 40
