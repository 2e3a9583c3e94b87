"""The real logrotate, in each of its modes, beneath a monitor that gets events or none."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.settings import Settings
from lossmon.sources import events
from tests.monitor.test_monitor import Watched, points

pytestmark = pytest.mark.skipif(
    shutil.which("logrotate") is None,
    reason="there is no logrotate on this machine (apt-get install logrotate)",
)

TURNS = 6


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Callable[[int], None]]:
    """Return what a training's logger does: append so many lines, to a new file after a move."""
    handler = logging.handlers.WatchedFileHandler(tmp_path / "logs" / "train.jsonl", delay=True)
    (tmp_path / "logs").mkdir()
    step = 0

    def lines(count: int) -> None:
        nonlocal step
        for _ in range(count):
            text = json.dumps({"step": step, "loss": 2 + 1 / (step + 1)})
            handler.emit(logging.LogRecord("train", logging.INFO, "", 0, text, None, None))
            step += 1

    yield lines
    handler.close()


@pytest.mark.parametrize("with_events", [True, False])
@pytest.mark.parametrize("names", ["numbers", "dateext"])
@pytest.mark.parametrize("zipping", ["nocompress", "compress", "compress\n delaycompress"])
@pytest.mark.parametrize("moving", ["create", "copytruncate"])
def test_no_line_is_lost_or_doubled(
    tmp_path: Path,
    write: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    moving: str,
    zipping: str,
    names: str,
    with_events: bool,
) -> None:
    if not with_events:
        monkeypatch.setattr(events, "MAX_DIRECTORIES", 0)
    log = tmp_path / "logs" / "train.jsonl"
    naming = "nodateext" if names == "numbers" else "dateext\n dateformat -%Y%m%d-%s"
    config = tmp_path / "logrotate.conf"
    # To root it must be said who owns a directory that others may write to.
    owner = "su root root\n" if os.geteuid() == 0 else ""
    config.write_text(f"{log} {{\n{owner} rotate 20\n {moving}\n {zipping}\n {naming}\n}}\n")
    config.chmod(0o644)
    write(50)
    written = 50
    with Watched(log.parent, settings=Settings(poll_seconds=0.05, refresh_seconds=0.01)) as watched:
        watched.run(points(50))
        # A date of seconds names one part a second: the others are rotated in vain, as they say.
        for turn in range(TURNS if names == "numbers" else 1):
            write(20 + turn)
            written += 20 + turn
            done = subprocess.run(
                ["logrotate", "--force", "--state", str(tmp_path / "state"), str(config)],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            write(30)
            written += 30
            if zipping != "nocompress":
                # What is moved and zipped again and again within one look cannot all be found.
                watched.run(points(written))
        run = watched.run(points(written))
        assert [int(step) for step in run.series[0].steps] == list(range(written))
        assert len(watched.last.runs) == 1
        assert run.error is None
