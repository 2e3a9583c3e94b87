"""What can happen to a log's file, through the whole pipeline: each fault caused for real."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lossmon.monitor import Monitor
from tests.monitor.test_monitor import Watched, lines, points

CSV = "".join(f"{step},{3 / step + 0.5}\n" for step in range(1, 31))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("crlf.jsonl", lines(1, 31).replace("\n", "\r\n").encode()),
        ("bom.jsonl", b"\xef\xbb\xbf" + lines(1, 31).encode()),
        ("no_final_newline.jsonl", lines(1, 31).encode()[:-1]),
        ("bare_cr.csv", ("step,loss\n" + CSV).replace("\n", "\r").encode()),
        ("bom_crlf.csv", b"\xef\xbb\xbf" + ("step,loss\n" + CSV).replace("\n", "\r\n").encode()),
        ("holes.jsonl", lines(1, 16).encode() + b"\0" * 4096 + lines(16, 31).encode()),
        ("torn_character.jsonl", lines(1, 31).encode() + '{"step": 31, "note": "ü'.encode()[:-1]),
    ],
)
def test_odd_ends_and_beginnings(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with Monitor([str(path)]) as monitor:
        (run,) = monitor.read_all().runs
    assert points(30)(run), [(series.name, len(series)) for series in run.series]


def test_a_character_cut_in_two_is_put_together(tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    log.write_text(lines(1, 31))
    row = '{"step": 31, "loss": 0.5, "größe": 7}\n'.encode()
    at = row.index("ö".encode()) + 1
    with Watched(log) as watched:
        watched.run(points(30))
        with log.open("ab", buffering=0) as file:
            file.write(row[:at])
            watched.quiet(0.3)
            assert points(30)(watched.last.runs[0])
            file.write(row[at:])
        run = watched.run(points(31))
    assert "größe" in [series.name for series in run.series]
    assert run.bad_records == 0


def test_a_table_whose_header_is_rewritten_in_place(tmp_path: Path) -> None:
    log = tmp_path / "metrics.csv"
    log.write_text("step,loss\n" + CSV)
    with Watched(tmp_path) as watched:
        watched.run(points(30))
        rewritten = "".join(line + ",\n" for line in CSV.splitlines())
        log.write_text("step,loss,val_loss\n" + rewritten + "31,0.5,0.7\n")
        run = watched.run(lambda run: points(31)(run) and len(run.series) == 2)
    assert [int(step) for step in run.series[0].steps] == list(range(1, 32))


def test_cut_and_regrown_past_its_old_size_between_two_looks(tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    log.write_text(lines(1, 31))
    other = lines(1, 61).replace('"loss": ', '"loss": 1')
    with Watched(log) as watched:
        watched.run(points(30))
        inode = log.stat().st_ino
        with log.open("w") as file:
            file.write(other)
        assert log.stat().st_ino == inode
        run = watched.run(points(60))
    assert run.series[0].values[0] > 10


def test_a_link_that_is_switched_and_a_folder_that_comes_and_goes(tmp_path: Path) -> None:
    for number, count in (("1", 31), ("2", 41)):
        (tmp_path / f"run-{number}").mkdir()
        (tmp_path / f"run-{number}" / "metrics.jsonl").write_text(
            lines(1, count).replace('"loss": ', f'"loss": {number}')
        )
    latest = tmp_path / "latest-run"
    log = latest / "metrics.jsonl"
    latest.symlink_to("run-1")
    with Watched(log) as watched:
        watched.run(points(30))
        (tmp_path / "new").symlink_to("run-2")
        (tmp_path / "new").rename(latest)
        watched.run(points(40))
        shutil.rmtree(tmp_path / "run-2")
        gone = watched.run(lambda run: run.error is not None)
        assert points(40)(gone)  # what was read stays
        assert len(watched.until(lambda snapshot: True).runs) == 1
        (tmp_path / "run-2").mkdir()
        with (tmp_path / "run-2" / "metrics.jsonl").open("w") as file:
            file.write(lines(1, 21))
        back = watched.run(points(20))
        assert back.error is None


def test_a_pipe_with_a_name_is_read_while_files_go_on(tmp_path: Path) -> None:
    pipe, log = tmp_path / "pipe", tmp_path / "metrics.jsonl"
    os.mkfifo(pipe)
    log.write_text(lines(1, 11))
    with Watched(pipe, log) as watched:
        watched.run(points(10))
        with pipe.open("w") as file:
            file.write(lines(1, 31))
            file.flush()
            run = watched.run(points(30))
            with log.open("a") as other:
                other.write(lines(11, 16))
            watched.run(points(15))
        watched.run(lambda one: one.id == run.id and one.state == "finished")
        with pipe.open("w") as file:  # another training writes into it
            file.write(lines(1, 21))
        watched.run(lambda one: one.id == run.id and points(20)(one))


def test_what_is_empty_or_not_there_yet_is_waited_for_without_an_error(tmp_path: Path) -> None:
    empty, absent = tmp_path / "empty.jsonl", tmp_path / "absent.jsonl"
    empty.touch()
    with Watched(empty, absent) as watched:
        rows = watched.until(lambda snapshot: len(snapshot.runs) == 2).runs
        assert [row.error for row in rows] == [None, None]
        assert "empty so far" in rows[0].verdict.headline
        assert "does not exist yet" in rows[1].verdict.headline
        empty.write_text(lines(1, 31))
        watched.run(points(30))


def test_a_training_that_prints_a_line_now_and_then_is_shown_before_it_has_printed_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never silent, and a minute from the four kilobytes that make a format sure."""
    monkeypatch.setattr("lossmon.monitor.held.STEADY", 0.2)
    monkeypatch.setattr("lossmon.monitor.held.PATIENCE", 3600.0)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with Watched(pipe) as watched, pipe.open("w", buffering=1) as writer:
        writer.write(lines(1, 3))
        row = watched.run(lambda run: "too few to be sure" in run.verdict.headline)
        assert row.error is None
        step = 3
        while not any(run.series for run in watched.last.runs):
            writer.write(lines(step, step + 1))
            step += 1
            watched.quiet(0.05)
        assert step < 60
        watched.run(points(step - 1))
