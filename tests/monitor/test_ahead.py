"""What is seen ahead of a long load: true points from all over, or nothing at all."""

from __future__ import annotations

import gzip
import itertools
import json
import os
from pathlib import Path

import pytest

from lossmon.formats import registry
from lossmon.formats.base import Context, StreamFormat
from lossmon.model import RoleMap, SeriesView
from lossmon.monitor import Monitor, ahead
from lossmon.monitor.ahead import look_ahead

ROWS = 60_000


@pytest.fixture(autouse=True)
def short_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take logs of some hundred kilobytes for long ones."""
    monkeypatch.setattr(ahead, "LEAST_BYTES", 200_000)


def seen(path: Path, name: str) -> dict[str, SeriesView]:
    fmt = registry.get(name)
    assert isinstance(fmt, StreamFormat)
    return {one.name: one for one in look_ahead(str(path), fmt, Context(path.name), RoleMap())}


def loss(step: int) -> float:
    return round(3 / (1 + step) ** 0.25 + step % 7 / 100, 6)


def json_lines(path: Path, *, steps: bool = True, rows: int = ROWS) -> Path:
    with path.open("w") as file:
        for step in range(rows):
            record = {"step": step, "loss": loss(step)} if steps else {"loss": loss(step)}
            file.write(json.dumps(record) + "\n")
    return path


def assert_true_from_all_over(series: SeriesView) -> None:
    steps, values = series.steps.tolist(), series.values.tolist()
    assert len(steps) < ROWS
    assert [loss(int(step)) for step in steps] == values
    for tenth in range(10):
        assert any(tenth <= 10 * step / ROWS < tenth + 1 for step in steps)
    assert steps[-1] > 0.99 * ROWS


def test_points_from_all_over_are_those_of_the_log(tmp_path: Path) -> None:
    found = seen(json_lines(tmp_path / "log.jsonl"), "jsonl")
    assert list(found) == ["loss"]
    assert_true_from_all_over(found["loss"])


def test_a_table_is_read_by_its_header(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = (f"{step},{loss(step)},0.001" for step in range(ROWS))
    log.write_text("\n".join(["step,train_loss,lr", *rows, ""]))
    found = seen(log, "csv")
    assert list(found) == ["train_loss", "lr"]
    assert_true_from_all_over(found["train_loss"])


def test_where_steps_are_counted_nothing_is_seen_ahead(tmp_path: Path) -> None:
    assert seen(json_lines(tmp_path / "log.jsonl", steps=False), "jsonl") == {}


def test_of_a_log_that_was_resumed_nothing_is_seen_ahead(tmp_path: Path) -> None:
    log = json_lines(tmp_path / "log.jsonl")
    log.write_text(log.read_text() * 2)
    assert seen(log, "jsonl") == {}


def test_what_cannot_be_looked_into_gives_nothing(tmp_path: Path) -> None:
    whole = json_lines(tmp_path / "log.jsonl").read_bytes()
    zipped, short = tmp_path / "log.gz", tmp_path / "short.jsonl"
    zipped.write_bytes(gzip.compress(whole) + os.urandom(300_000))
    short.write_bytes(whole[:150_000])
    noise, lines = tmp_path / "noise.jsonl", tmp_path / "lines.jsonl"
    noise.write_bytes(whole[:65536] + os.urandom(400_000))
    lines.write_bytes(whole[:65536] + b'{"step": 9, "loss": 1, "x": "' + b"x" * 400_000 + b'"}\n')
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # to open it would wait for a writer
    for path in (zipped, short, noise, lines, pipe, tmp_path / "none", tmp_path):
        assert seen(path, "jsonl") == {}, path


def test_where_each_place_takes_its_time_there_are_fewer_but_from_all_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = json_lines(tmp_path / "log.jsonl")
    every = seen(log, "jsonl")["loss"]
    clock = itertools.count(0.0, ahead.SECONDS / 40)
    monkeypatch.setattr(ahead.time, "monotonic", lambda: next(clock))
    some = seen(log, "jsonl")["loss"]
    assert len(some) < len(every) / 2
    assert_true_from_all_over(some)


def test_places_are_all_taken_once() -> None:
    for count in (2, 3, 150, 256, 257):
        assert sorted(ahead._spread(count)) == list(range(count))


def test_a_view_has_it_while_its_log_is_loading_alone(tmp_path: Path) -> None:
    log = json_lines(tmp_path / "log.jsonl", rows=4 * ROWS)
    views = []
    with Monitor([str(log)]) as monitor:
        for snapshot in monitor.follow():
            views += [run for run in snapshot.runs if run.series]
            if views and views[-1].loading is None:
                break
    # The first picture does not wait for it.
    assert views[0].ahead == ()
    assert views[-1].ahead == ()
    within = [view for view in views if view.ahead]
    assert within
    assert all(view.loading is not None for view in within)
    assert within[0].ahead[0].steps[-1] > 3.9 * ROWS
    assert Monitor([str(log)]).read_all().runs[0].ahead == ()
