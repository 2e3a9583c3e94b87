"""Rounds end only when everything was asked in vain, and late is told from lost by them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks import torture_monitor
from benchmarks.torture_monitor import run_schedule
from lossmon.monitor import monitor as monitor_module
from lossmon.monitor.rounds import Rounds
from lossmon.monitor.tracked import TrackedRun
from lossmon.settings import Settings
from tests.monitor.test_monitor import Watched, points


def test_a_round_takes_two_sweeps_and_two_searches_and_nothing_new() -> None:
    rounds = Rounds()
    rounds.idle(1, 0, 0)
    rounds.idle(1, 5, 1)
    rounds.idle(1, 5, 1)
    assert rounds.count == 0
    rounds.idle(1, 5, 2)
    assert rounds.count == 1
    rounds.idle(2, 9, 9)  # something came: the round begins anew
    assert rounds.count == 1
    rounds.idle(2, 11, 11)
    assert rounds.count == 2


@pytest.fixture
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor_module, "RESCAN_SECONDS", 0.02)
    monkeypatch.setattr(monitor_module, "RESCAN_SHARE", 1)


@pytest.mark.usefixtures("_often")
def test_rounds_go_by_while_nothing_comes(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}\n')
    with Watched(tmp_path, settings=Settings(poll_seconds=0.02)) as watched:
        watched.run(points(2))
        before = watched.monitor.rounds
        deadline = time.monotonic() + 60
        while watched.monitor.rounds < before + 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.usefixtures("_often")
@pytest.mark.parametrize("lost", [False, True])
def test_torture_tells_a_point_that_is_late_from_one_that_is_lost(
    monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """Whatever comes is late here; what was passed over is lost, however long one waits."""
    monkeypatch.setattr(torture_monitor, "LATE", 0.0)
    real_read = TrackedRun._take

    def passing_over(self: TrackedRun, *parts: object) -> None:
        if "lines" in self.source and len(self.run):
            return
        real_read(self, *parts)  # type: ignore[arg-type]

    if lost:
        monkeypatch.setattr(TrackedRun, "_take", passing_over)
    outcome = run_schedule(1, operations=20)
    assert outcome.failed is lost, outcome
    assert bool(outcome.lost) is lost
    assert outcome.late > 0
    assert not outcome.hung
