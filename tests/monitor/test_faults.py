"""Damage, clocks that jump, and what is left over: asked of the monitor as a whole."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest

from benchmarks.soak import soak
from lossmon.analysis.liveness import MIN_SILENCE
from lossmon.formats.mlflow_sqlite import FORMAT as MLFLOW
from lossmon.monitor import Monitor, table_feed
from lossmon.monitor.pulse import ABANDONED_SECONDS, Pulse
from tests.formats import stores

DAY = 86_400.0


def test_a_database_with_a_damaged_schema_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    whole = tmp_path / "mlflow.db"
    stores.mlflow(whole).close()
    data = whole.read_bytes()
    at = data.index(b"CREATE TABLE metrics") + 30
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(data[:at] + b"\xfd\xfe(\xff" + data[at + 4 :])
    with pytest.raises(UnicodeDecodeError), sqlite3.connect(damaged) as connection:
        connection.execute("select * from metrics")  # not even a sqlite3.Error
    connection.close()
    log = tmp_path / "metrics.jsonl"
    log.write_text("".join(f'{{"step": {n}, "loss": {1 / n}}}\n' for n in range(1, 31)))
    with Monitor([str(damaged), str(log)]) as monitor:
        runs = monitor.read_all().runs
    errors = {Path(run.source).name: run.error for run in runs}
    assert errors["metrics.jsonl"] is None
    assert "damaged" in (errors["damaged.db"] or "")


def test_a_commit_within_the_clocks_grain_of_a_slow_opening_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second commit leaves the file's time and size as they were, and opening took a while."""
    path = tmp_path / "mlflow.db"
    store = stores.mlflow(path)
    insert = "INSERT INTO metrics VALUES ('loss', ?, 1700000000000, 'r1', ?, 0)"
    store.execute("INSERT INTO runs VALUES ('r1', 'run', 'RUNNING', 1700000000000, NULL, 'active')")
    store.execute(insert, (1.0, 1))
    status = path.stat()
    real_open, ahead, steady = table_feed.open_readonly, 0.0, time.monotonic()
    monkeypatch.setattr(time, "time", lambda: status.st_mtime + 0.01 + ahead)
    monkeypatch.setattr(time, "monotonic", lambda: steady + ahead)

    def slow_open(opened: Path) -> sqlite3.Connection:
        nonlocal ahead
        connection = real_open(opened)
        if not ahead:
            store.execute(insert, (0.5, 2))
            assert path.stat().st_size == status.st_size
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
            ahead = 5.0
        return connection

    monkeypatch.setattr(table_feed, "open_readonly", slow_open)
    feed = table_feed.TableFeed(path, MLFLOW, "r1")
    rows = 0
    while feed.changed():
        fed = feed.advance()
        rows += len(fed.batch)
        if not fed.more and rows == 2:
            break
    assert rows == 2
    feed.close()
    store.close()


class Clock:
    """A pulse that is looked at by a clock of its own."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.written = now
        self.pulse = Pulse()

    def write(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self.written = self.now
        self.pulse.grew(self.now)
        self.look()

    def look(self) -> str:
        self.pulse.look(
            self.now,
            modified=self.written,
            finished=False,
            crashed=False,
            ended=False,
            last_step=1.0,
            total_steps=None,
            point_times=(),
        )
        return self.pulse.state


def test_a_clock_that_jumps_back_neither_stalls_a_run_nor_ages_it_below_zero() -> None:
    clock = Clock()
    for _ in range(40):
        clock.write()
    clock.now -= 3 * 3600
    assert clock.look() == "live"
    assert "-" not in clock.pulse.reason
    for _ in range(40):
        clock.write()
        assert clock.pulse.state == "live"
    clock.now += 20 * MIN_SILENCE
    assert clock.look() == "stalled"


def test_a_suspended_computer_stalls_a_run_until_it_writes_again() -> None:
    clock = Clock()
    for _ in range(40):
        clock.write()
    clock.now += 8 * 3600
    assert clock.look() == "stalled"
    clock.write()
    assert clock.pulse.state == "live"
    (event,) = [event for event in clock.pulse.events if event.kind == "stalled"]
    assert not event.stands


def test_a_run_that_is_quiet_for_a_day_is_stalled_once_and_says_for_how_long() -> None:
    clock = Clock()
    for _ in range(40):
        clock.write()
    for _ in range(int(DAY / 600)):
        clock.now += 600
        clock.look()
    assert clock.pulse.state == "stalled"
    assert [event.kind for event in clock.pulse.events] == ["stalled"]


def test_a_log_from_the_future_is_live_and_an_old_one_unknown() -> None:
    ahead = Clock()
    ahead.written = ahead.now + 5 * DAY
    assert ahead.look() == "live"
    assert "-" not in ahead.pulse.reason
    old = Clock()
    old.pulse.grew(old.now)
    old.written = old.now - 2 * ABANDONED_SECONDS
    assert old.look() == "unknown"


def test_a_clock_that_jumps_back_stops_no_monitor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "metrics.jsonl"
    log.write_text("".join(f'{{"step": {n}, "loss": {1 / n}}}\n' for n in range(1, 31)))
    real = time.time
    with Monitor([str(log)]) as monitor:
        snapshots = monitor.follow()
        found = next(snapshot for snapshot in snapshots if snapshot.runs and not snapshot.scanning)
        monkeypatch.setattr(time, "time", lambda: real() - 7 * DAY)
        with log.open("a") as file:
            file.write('{"step": 31, "loss": 0.03}\n')
        found = next(s for s in snapshots if s.runs and len(s.runs[0].series[0]) == 31)
        assert found.runs[0].state == "live"
        snapshots.close()


def test_nothing_is_lost_and_nothing_left_over() -> None:
    outcome = soak(minutes=0.5, speed=60, runs=4)
    assert outcome.stored == outcome.expected
    # Below zero: what an earlier test of this process had left ended meanwhile.
    assert max(outcome.left) <= 0, outcome.left
    assert not outcome.failed
