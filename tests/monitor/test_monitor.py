"""The pipeline on real files that grow, are written anew, appear and vanish."""

from __future__ import annotations

import json
import os
import queue
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.errors import SourceNotFound
from lossmon.model import Batch, RunView
from lossmon.monitor import Monitor, Snapshot
from lossmon.monitor.judge import BEGUN_LATER
from lossmon.monitor.tracked import TrackedRun
from lossmon.settings import Settings
from tests.formats import encoding

PATIENCE = 20.0
"""Seconds until a test that waits for a snapshot gives up; none should wait a tenth of it."""


class Watched:
    """A started monitor whose snapshots are waited for."""

    def __init__(self, *sources: Path, settings: Settings | None = None) -> None:
        self.snapshots: queue.Queue[Snapshot] = queue.Queue()
        self.monitor = Monitor([str(source) for source in sources], settings)
        self.last = Snapshot()

    def __enter__(self) -> Watched:
        self.monitor.start(self.snapshots.put)
        return self

    def __exit__(self, *_: object) -> None:
        self.monitor.stop()

    def until(self, wanted: Callable[[Snapshot], bool]) -> Snapshot:
        deadline = time.monotonic() + PATIENCE
        while not wanted(self.last):
            try:
                self.last = self.snapshots.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"not seen in {PATIENCE} s; last: {self.last}")
        return self.last

    def quiet(self, seconds: float) -> bool:
        try:
            self.last = self.snapshots.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def run(self, wanted: Callable[[RunView], bool]) -> RunView:
        found = self.until(lambda snapshot: any(map(wanted, snapshot.runs)))
        return next(run for run in found.runs if wanted(run))


def lines(start: int, stop: int) -> str:
    return "".join(
        json.dumps({"step": step, "loss": 3.0 / step + 0.5}) + "\n" for step in range(start, stop)
    )


def points(count: int) -> Callable[[RunView], bool]:
    return lambda run: any(series.name == "loss" and len(series) == count for series in run.series)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.jsonl"
    path.write_text(lines(1, 51))
    return path


def test_a_part_that_appears_whole_is_read_without_a_hint_of_its_own(tmp_path: Path) -> None:
    def events(number: int, steps: range) -> Path:
        data = encoding.event_file([(step, {"loss": 3 / (step + 1)}) for step in steps])
        path = tmp_path / f"written-{number}"
        path.write_bytes(data)
        return path

    folder = tmp_path / "run"
    folder.mkdir()
    events(1, range(10)).rename(folder / "events.out.tfevents.1700000001.host")
    # The first part is not asked again meanwhile: that made up for it by chance.
    with Watched(folder, settings=Settings(poll_seconds=1000)) as watched:
        watched.run(points(10))
        events(2, range(10, 20)).rename(folder / "events.out.tfevents.1700000002.host")
        watched.run(points(20))


def test_appended_lines_come_up_once_they_are_whole(log: Path) -> None:
    with Watched(log) as watched:
        watched.run(points(50))
        with log.open("a") as file:
            file.write('{"step": 51, "lo')
            file.flush()
            file.write('ss": 0.25}\n{"step": 52, "loss": 0.125}\n{"step": 5')
        run = watched.run(points(52))
        assert run.series[0].values[-2:].tolist() == [0.25, 0.125]


def first_picture(path: Path) -> RunView:
    with Monitor([str(path)]) as monitor:
        return next(run for seen in monitor.follow() for run in seen.runs if run.series)


def test_a_long_log_is_shown_before_it_is_judged_and_a_short_one_with_its_verdict(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(lines(1, 65))
    assert first_picture(log).verdict.status == "healthy"
    log.write_text(lines(1, 3000))
    first = first_picture(log)
    assert first.verdict == BEGUN_LATER
    assert first.loading is not None  # so nobody takes that for the verdict
    with Watched(log) as watched:
        run = watched.run(lambda run: run.loading is None)
        assert points(2999)(run)
        assert run.verdict.evidence["points"] == 2999


def test_a_file_that_appears_later_is_found(tmp_path: Path) -> None:
    with Watched(tmp_path) as watched:
        watched.until(lambda snapshot: not snapshot.scanning)
        later = tmp_path / "deep" / "er"
        later.mkdir(parents=True)
        (later / "metrics.jsonl").write_text(lines(1, 31))
        watched.run(points(30))


def test_a_named_file_may_come_later(tmp_path: Path) -> None:
    log = tmp_path / "later.jsonl"
    with Watched(log) as watched:
        found = watched.until(lambda snapshot: not snapshot.scanning and bool(snapshot.runs))
        assert "does not exist yet" in found.runs[0].verdict.headline
        log.write_text(lines(1, 31))
        watched.run(points(30))


def test_a_log_begun_anew_forgets_the_old_points(log: Path) -> None:
    with Watched(log) as watched:
        watched.run(points(50))
        log.write_text(lines(1, 8))
        run = watched.run(points(7))
        assert run.series[0].segments == 1


def test_a_log_moved_away_by_logrotate_goes_on(log: Path) -> None:
    with Watched(log) as watched:
        watched.run(points(50))
        log.rename(log.with_suffix(".jsonl.1"))
        log.write_text(lines(51, 61))
        assert watched.run(points(60)).series[0].steps.tolist() == list(range(1, 61))


def test_a_document_that_grows_adds_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"

    def save(count: int) -> None:
        history = [
            {"epoch": step / 100, "loss": 2.0 / step + 0.5, "step": step}
            for step in range(10, 10 * count + 1, 10)
        ]
        fresh = path.with_suffix(".tmp")
        fresh.write_text(
            json.dumps({"global_step": 10 * count, "log_history": history, "max_steps": 900})
        )
        fresh.replace(path)

    save(5)
    with Watched(tmp_path) as watched:
        run = watched.run(points(5))
        assert run.total_steps == 900
        before = run.series[0].values
        save(9)
        run = watched.run(points(9))
        assert run.series[0].values[:5].tolist() == before.tolist()
        assert run.series[0].segments == 1
        # Written in place and caught half-way: what the whole one said stands.
        whole = path.read_text()
        path.write_text(whole[: len(whole) // 2])
        run = watched.run(lambda run: run.bad_records > 0)
        assert points(9)(run)
        save(11)
        watched.run(points(11))


def test_several_sources_give_several_runs_and_one_broken_one_its_reason(
    tmp_path: Path, log: Path
) -> None:
    broken = tmp_path / "broken.bin"
    broken.write_bytes(os.urandom(2000))
    with Watched(log, broken) as watched:
        watched.run(points(50))
        found = watched.until(lambda snapshot: len(snapshot.runs) == 2)
        bad = next(run for run in found.runs if run.source.endswith("broken.bin"))
        assert bad.error
        assert bad.format == "unknown"


def test_nothing_is_published_while_nothing_changes(log: Path) -> None:
    with Watched(log) as watched:
        watched.run(points(50))
        watched.until(lambda snapshot: not snapshot.scanning)
        # The first looks may still find the state; after them it must be quiet.
        assert any(watched.quiet(2.5) for _ in range(20))


def test_quiet_runs_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in turns of the worker, not in seconds: clocks of the test's own go on."""
    for number in range(30):
        (tmp_path / f"{number}.jsonl").write_text(lines(1, 11 + number))
    began, wall = time.monotonic(), time.time()
    ahead = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: began + ahead)
    monkeypatch.setattr(time, "time", lambda: wall + ahead)
    looks = 0
    turns = 0
    original = TrackedRun.look

    def look(run: TrackedRun, now: float) -> None:
        nonlocal looks
        looks += 1
        original(run, now)

    monkeypatch.setattr(TrackedRun, "look", look)
    with Monitor([str(tmp_path)]) as monitor:
        while monitor._slice() or len(monitor._library.runs) < 30:  # type: ignore[union-attr]
            ahead += 0.01
        looks = 0
        for _ in range(600):  # a minute and a half, in steps of 150 ms
            ahead += 0.15
            if monitor._idle_seconds() == 0 or monitor._watcher._sweep[0][0] <= began + ahead:
                turns += 1
                monitor._slice()
    assert looks <= 30 * 5
    assert turns <= 200


def test_reading_once_names_what_is_missing(tmp_path: Path) -> None:
    with (
        Monitor([str(tmp_path / "none.jsonl")]) as monitor,
        pytest.raises(SourceNotFound, match=r"none\.jsonl"),
    ):
        monitor.read_all()


def test_a_better_series_that_turns_up_later_is_judged_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(
        "".join(json.dumps({"step": s, "loss_bbox": 1.0 / s}) + "\n" for s in range(1, 40))
    )
    with Watched(path) as watched:
        watched.run(lambda run: run.summary.train == "loss_bbox")
        with path.open("a") as file:
            file.write(lines(40, 90))
        live = watched.run(lambda run: run.summary.train == "loss" and points(50)(run))
    with Monitor([str(path)]) as monitor:
        (once,) = monitor.read_all().runs
    assert once.summary == live.summary
    assert once.verdict == live.verdict


def test_one_broken_run_says_so_and_the_others_go_on(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "metrics.jsonl"
    other.parent.mkdir()
    other.write_text(lines(1, 31))
    from lossmon.analysis.analyzer import Analyzer

    consume = Analyzer.consume

    def fragile(self: Analyzer, batch: Batch) -> None:
        if len(batch) == 30:
            raise ZeroDivisionError("made up")
        consume(self, batch)

    monkeypatch.setattr(Analyzer, "consume", fragile)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Watched(log, other) as watched:
        watched.run(lambda run: "made up" in (run.error or ""))
        watched.run(points(50))
        with log.open("a") as file:
            file.write(lines(51, 53))
        watched.run(points(52))


def test_a_run_added_to_a_database_is_found(tmp_path: Path) -> None:
    import sqlite3

    database = tmp_path / "native.db"
    connection = sqlite3.connect(database)
    connection.execute(
        "CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT, "
        "run_name TEXT, step INTEGER, metrics TEXT, log_id TEXT, space_id TEXT)"
    )
    connection.execute("CREATE TABLE configs (run_id TEXT, run_name TEXT, config TEXT)")
    connection.execute("CREATE TABLE system_metrics (run_id TEXT, metrics TEXT)")

    def log_rows(name: str, first: int, last: int) -> None:
        connection.executemany(
            "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?,?,?,?,?)",
            [
                (name, "2026-11-22T22:08:55+00:00", name, step, json.dumps({"loss": 1 / step}))
                for step in range(first, last)
            ],
        )
        connection.commit()

    log_rows("first", 1, 31)
    with Watched(tmp_path) as watched:
        watched.run(lambda run: run.name == "first" and points(30)(run))
        log_rows("first", 31, 41)
        watched.run(lambda run: run.name == "first" and points(40)(run))
        log_rows("second", 1, 21)
        watched.run(lambda run: run.name == "second" and points(20)(run))
    connection.close()


def test_a_last_line_without_its_end_is_shown_when_all_is_quiet(log: Path) -> None:
    with log.open("a") as file:
        file.write('{"step": 51, "loss": 0.5}')
    os.utime(log, (time.time() - 60, time.time() - 60))
    with Watched(log) as watched:
        watched.run(points(51))
        with log.open("a") as file:
            file.write("\n" + lines(52, 54))
        run = watched.run(points(53))
        assert run.series[0].steps.tolist() == list(range(1, 54))


def test_a_line_that_goes_on_after_all_corrects_what_was_shown(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text("".join(f"step {step} loss {3 / step:.4f}\n" for step in range(1, 40)))
    with log.open("a") as file:
        file.write("step 40 loss 0.0")
    os.utime(log, (time.time() - 60, time.time() - 60))
    with Watched(log) as watched:
        assert watched.run(points(40)).series[0].values[-1] == 0.0
        with log.open("a") as file:
            file.write("750\nstep 41 loss 0.0700\n")
        run = watched.run(points(41))
        assert run.series[0].values[-2:].tolist() == [0.075, 0.07]


def test_what_a_short_head_was_taken_for_is_looked_at_again(tmp_path: Path) -> None:
    source = (Path(__file__).parents[2] / "demo_logs" / "noisy" / "log.txt").read_bytes()
    log = tmp_path / "log.txt"
    log.write_bytes(b"".join(f"step {s} loss {3 / s:.4f}\n".encode() for s in range(1, 9)))
    with Watched(tmp_path) as watched:
        watched.run(lambda run: bool(run.series))
        with log.open("ab") as file:
            file.write(source)
        watched.run(lambda run: run.format == "nanogpt")


def test_an_error_outside_any_run_is_said_and_not_waited_for(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lossmon.monitor.library import Library

    def broken(self: Library) -> None:
        raise RuntimeError("made up")

    monkeypatch.setattr(Library, "scan", broken)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Watched(log) as watched:
        found = watched.until(lambda snapshot: bool(snapshot.notices))
    assert "made up" in found.notices[-1]
    assert not found.scanning
