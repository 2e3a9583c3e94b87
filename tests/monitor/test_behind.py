"""What happens while more comes than is read in one turn, and when files change their runs."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.analysis.analyzer import Analyzer
from lossmon.formats import tensorboard
from lossmon.formats.base import Context, TableCursor
from lossmon.formats.jsonl import FORMAT as JSONL
from lossmon.formats.mlflow_sqlite import FORMAT as MLFLOW
from lossmon.model import Batch
from lossmon.monitor import Monitor, table_feed
from lossmon.monitor.feeds import CHUNK, Feed, StreamFeed
from lossmon.monitor.tracked import FeedFactory, TrackedRun
from lossmon.settings import Settings
from lossmon.sources import events, freshness
from lossmon.sources.opening import open_file
from tests.formats import encoding, stores
from tests.monitor.test_monitor import Watched, points

PAST = 0.0
"""A deadline that lies behind: one piece of work is done, and no more."""


def opener(path: Path) -> FeedFactory:
    fmt = JSONL if path.suffix == ".jsonl" else tensorboard.FORMAT

    def open_feed() -> Feed:
        return StreamFeed(open_file(str(path)), fmt, Context(path.name, part=path.name))

    return open_feed


def padded(start: int, stop: int) -> str:
    pad = "x" * 1000
    return "".join(
        f'{{"step": {step}, "loss": {1 + 1 / step}, "note": "{pad}"}}\n'
        for step in range(start, stop)
    )


def test_a_burst_keeps_its_run_busy_until_it_is_read(tmp_path: Path) -> None:
    """Without that it would be read a piece a sweep: a gigabyte in an hour."""
    log = tmp_path / "log.jsonl"
    log.write_text(padded(1, 3))
    run = TrackedRun("id", "log", str(log), JSONL, {log.name: opener(log)}, Settings())
    while run.step(PAST):
        pass
    with log.open("a") as file:
        file.write(padded(3, 1200))
    assert log.stat().st_size > 3 * CHUNK
    turns = 1
    while run.step(PAST):
        turns += 1
    assert turns > 3
    assert len(run.run) == 1199
    run.close()


def test_a_part_that_is_added_waits_for_the_rest_of_the_one_before(tmp_path: Path) -> None:
    """A resumed training writes a second event file while the first is still being read."""
    first, second = (tmp_path / f"events.out.tfevents.{number}.h" for number in (1, 2))
    first.write_bytes(encoding.event_file([(0, {"loss": 1.0})]))
    run = TrackedRun(
        "id", "tb", str(tmp_path), tensorboard.FORMAT, {first.name: opener(first)}, Settings()
    )
    while run.step(PAST):
        pass
    count = 3 * CHUNK // 40
    with first.open("ab") as file:
        for step in range(1, count):
            file.write(encoding.record(encoding.event(step, encoding.simple("loss", 1.0))))
    assert first.stat().st_size > 2 * CHUNK
    second.write_bytes(
        encoding.event_file([(step, {"loss": 0.5}) for step in range(count, count + 5)])
    )
    run.add_part(second.name, opener(second))
    while run.step(PAST):
        pass
    run.flush()
    steps = run.run.rows().steps.tolist()
    assert steps == list(range(count + 5))
    run.close()


def test_a_database_that_fails_in_its_middle_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mlflow.db"
    store = stores.mlflow(path)
    store.execute("INSERT INTO runs VALUES ('r1', 'run', 'RUNNING', 1700000000000, NULL, 'active')")
    store.execute("INSERT INTO metrics VALUES ('loss', 1.0, 1700000000000, 'r1', 1, 0)")
    store.close()
    written = path.stat().st_mtime
    monkeypatch.setattr(time, "time", lambda: written + 10 * freshness.GRAIN_SECONDS)
    real_read, failures = MLFLOW.read, 1

    def read(connection: sqlite3.Connection, key: str, cursor: TableCursor) -> Iterator[Batch]:
        nonlocal failures
        if failures > 0:
            failures -= 1
            raise sqlite3.DatabaseError("database disk image is malformed")
        yield from real_read(connection, key, cursor)

    monkeypatch.setattr(MLFLOW, "read", read)
    feed = table_feed.TableFeed(path, MLFLOW, "r1")
    rows = 0
    looks = 0
    while feed.changed():
        fed = feed.advance()
        rows += len(fed.batch)
        looks += not fed.more
    assert (rows, looks, feed.error) == (1, 2, None)
    failures = 1000  # damaged for good: not copied again for ever
    path.touch()
    monkeypatch.setattr(time, "time", lambda: path.stat().st_mtime + 10 * freshness.GRAIN_SECONDS)
    looks = 0
    while feed.changed():
        looks += not feed.advance().more
    assert looks == table_feed.MAX_FAILURES + 1
    assert "malformed" in (feed.error or "")
    feed.close()


def test_reading_once_says_which_run_was_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fragile(self: Analyzer, batch: Batch) -> None:
        raise ZeroDivisionError("made up")

    monkeypatch.setattr(Analyzer, "consume", fragile)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "log.jsonl").write_text(padded(1, 9))
    with Monitor([str(tmp_path / "log.jsonl")]) as monitor:
        (run,) = monitor.read_all().runs
    assert "made up" in (run.error or "")


def test_a_line_in_two_pieces_costs_a_pipe_nothing(tmp_path: Path) -> None:
    """What was shown of it while its writer paused is taken back; a pipe is not read again."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with Watched(pipe) as watched, pipe.open("w", buffering=1) as writer:
        for step in range(1, 40):
            writer.write(f"step {step} loss {3 / step:.4f}\n")
        writer.write("step 40 loss 0.0")
        writer.flush()
        assert watched.run(points(40)).series[0].values[-1] == 0.0
        writer.write("750\n")
        for step in range(41, 60):
            writer.write(f"step {step} loss {3 / step:.4f}\n")
        writer.flush()
        series = watched.run(points(59)).series[0]
        assert series.steps.tolist() == list(range(1, 60))
        assert series.values[39] == 0.075


@pytest.mark.parametrize(("broken", "sound"), [("r1", "r2"), ("r2", "r1")])
def test_a_run_that_was_given_up_hides_no_change_from_the_others_of_its_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, sound: str
) -> None:
    """Without events: whether a file changed is asked of all the runs that are read from it."""
    monkeypatch.setattr(events, "MAX_DIRECTORIES", 0)
    store = stores.mlflow(tmp_path / "mlflow.db")
    for key in ("r1", "r2"):
        store.execute(f"INSERT INTO runs VALUES ('{key}', '{key}', 'RUNNING', 0, NULL, 'active')")
    insert = "INSERT INTO metrics VALUES ('loss', ?, 1700000000000, ?, ?, 0)"
    store.executemany(insert, [(1.0, "r1", 1), (1.0, "r2", 1)])
    real_read = MLFLOW.read

    def read(connection: sqlite3.Connection, key: str, cursor: TableCursor) -> Iterator[Batch]:
        if key == broken:
            raise RuntimeError("a bug")
        yield from real_read(connection, key, cursor)

    monkeypatch.setattr(MLFLOW, "read", read)
    with Watched(tmp_path, settings=Settings(poll_seconds=0.05)) as watched:
        watched.run(lambda run: "given up" in (run.error or ""))
        watched.run(points(1))
        time.sleep(2 * freshness.GRAIN_SECONDS)  # what was just written is read again unasked
        store.execute(insert, (0.5, sound, 2))
        watched.run(points(2))
        assert any("given up" in (run.error or "") for run in watched.last.runs)
    store.close()


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 3600.0])
def test_a_commit_within_the_tick_of_the_one_before_is_found_by_any_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """It leaves size and time as they were: a database grows by pages, not by rows."""
    path = tmp_path / "mlflow.db"
    store = stores.mlflow(path)
    insert = "INSERT INTO metrics VALUES ('loss', 1.0, 1700000000000, 'r1', ?, 0)"
    store.execute("INSERT INTO runs VALUES ('r1', 'run', 'RUNNING', 1700000000000, NULL, 'active')")
    steady = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: steady)
    feed = table_feed.TableFeed(path, MLFLOW, "r1")
    held = 0

    def read() -> int:
        nonlocal held
        while feed.changed():
            held += len(feed.advance().batch)
        return held

    store.execute(insert, (1,))
    assert read() == 1
    stamp = time.time() + ahead
    store.execute(insert, (2,))
    os.utime(path, (stamp, stamp))
    assert read() == 2
    size = path.stat().st_size
    store.execute(insert, (3,))
    os.utime(path, (stamp, stamp))
    assert path.stat().st_size == size
    assert read() == 2
    steady += 2 * freshness.GRAIN_SECONDS
    assert read() == 3
    assert not feed.changed()
    store.close()
