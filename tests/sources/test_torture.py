"""Random schedules against an oracle that knows every line (`benchmarks/torture.py` runs more)."""

from __future__ import annotations

import pytest

from benchmarks.torture import run_schedule


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
