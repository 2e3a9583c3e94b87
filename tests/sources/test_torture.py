"""Random schedules against an oracle that knows every line (`benchmarks/torture.py` runs more)."""

from __future__ import annotations

import pytest

from benchmarks.torture import run_schedule
from benchmarks.torture_monitor import run_schedule as run_through_the_monitor


@pytest.mark.parametrize("seed", range(1000, 1020))
def test_schedule(seed: int) -> None:
    outcome = run_schedule(seed)
    assert outcome.written
    assert not outcome.failed, outcome


@pytest.mark.parametrize("seed", range(2000, 2005))
def test_schedule_with_the_tail_on_its_own_thread(seed: int) -> None:
    outcome = run_schedule(seed, concurrent=True)
    assert outcome.written
    assert not outcome.failed, outcome


@pytest.mark.parametrize("seed", range(3000, 3002))
def test_schedule_of_six_loggers_through_the_monitor(seed: int) -> None:
    outcome = run_through_the_monitor(seed)
    assert outcome.written
    assert not outcome.failed, outcome
