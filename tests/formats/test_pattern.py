"""`--pattern`: what it takes from lines, and what it says of patterns that are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.errors import UsageError
from lossmon.formats.pattern import EXAMPLE, PatternFormat
from lossmon.model import Batch, concatenate

LOG = "".join(
    f"noise\nstep {i:,} took 3s, loss {5 / (i + 1):.4f} loss 9\n" for i in range(0, 5000, 500)
)


def read(pattern: str, text: str, chunk: int = 1 << 16) -> Batch:
    parser = PatternFormat(pattern).parser()
    data = text.encode()
    batches = [parser.feed(data[at : at + chunk]) for at in range(0, len(data), chunk)]
    return concatenate([*batches, parser.finish()])


def values(batch: Batch, name: str) -> list[float]:
    return next(column.values.tolist() for column in batch.columns if column.name == name)


def test_reads_groups_by_name() -> None:
    batch = read(r"step (?P<step>[\d,]+).*?loss (?P<loss>[\d.]+)", LOG)
    assert batch.steps.tolist() == list(range(0, 5000, 500))
    assert values(batch, "loss")[0] == 5.0


def test_the_example_works() -> None:
    batch = read(EXAMPLE, "step 1 loss 0.5\nstep 2 loss nan\nstep 3 loss 1e-3\n")
    assert batch.steps.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(values(batch, "loss"), [0.5, np.nan, 0.001])


def test_epochs_times_and_several_metrics() -> None:
    pattern = r"(?P<time>\S+ \S+) ep (?P<epoch>\d+) a=(?P<train_loss>\S+)(?: b=(?P<val_loss>\S+))?"
    batch = read(pattern, "2024-01-02 03:04:05 ep 1 a=0.5\n2024-01-02 03:05:05 ep 2 a=0.4 b=0.6\n")
    assert batch.steps.tolist() == [1, 2]
    assert batch.epochs is not None
    assert batch.epochs.tolist() == [1, 2]
    assert batch.times is not None
    assert np.diff(batch.times).tolist() == [60]
    assert values(batch, "val_loss") == [0.6]


def test_a_line_without_its_step_belongs_to_the_last_one() -> None:
    batch = read(r"step (?P<step>\d+) loss (?P<loss>\S+)|val (?P<val_loss>\S+)",
                 "step 10 loss 1\nval 2\nstep 20 loss 1\nval 3\n")  # fmt: skip
    assert batch.steps.tolist() == [10, 10, 20, 20]
    assert values(batch, "val_loss") == [2, 3]


def test_without_a_counter_lines_are_counted_and_bad_numbers_too() -> None:
    parser = PatternFormat(r"loss=(?P<loss>\S+)").parser()
    batch = parser.feed(b"loss=1\nloss=oops\nloss=2%\n")
    assert batch.steps.tolist() == [1, 2]
    assert parser.info.steps_estimated
    assert parser.bad_records == 1


def test_a_pattern_never_matches_across_lines() -> None:
    assert len(read(r"step (?P<step>\d+)\s+loss (?P<loss>\d+)", "step 1\nloss 2\n")) == 0
    assert len(read(r"step (?P<step>\d+)[^x]+loss (?P<loss>\d+)", "step 1\nloss 2\n")) == 0
    assert len(read(r"(?s)step (?P<step>\d+).+loss (?P<loss>\d+)$", "step 1\nloss 2\n")) == 0
    assert len(read(r"^step (?P<step>\d+) (?P<loss>\d+)$", "x\nstep 1 2\nstep 2 3 4\n")) == 1


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("step (", "missing )"),
        ("a**", "character 2"),
        (r"(?=x)(?P<loss>.)", "look-around"),
        (r"(?P<loss>.)\1", "back-references"),
        ("[z-a]", "character 2 ('z-a')"),
        (r"step (?P<step>\d+)", "names no metric"),
        (r"loss (\d+)", "names no metric"),
        ("x" * 20000, "at most"),
    ],
)
def test_a_bad_pattern_is_a_usage_error_with_place_and_example(pattern: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        PatternFormat(pattern)
    assert said in str(caught.value)
    assert "--pattern" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_pattern_that_runs_away_elsewhere_does_not_here() -> None:
    batch = read(r"(?P<loss>(a|a?)+)$b", "a" * 20000 + "\n")
    assert len(batch) == 0


def test_sniff_asks_the_pattern() -> None:
    fmt = PatternFormat(EXAMPLE)
    sniff = fmt.sniff(b"x\nstep 1 loss 2\n", "whatever.py")
    assert sniff is not None
    assert sniff.confidence == 1.0
    assert fmt.sniff(b"nothing\n", "train.log") is None


def test_a_traceback_after_the_last_row_is_a_crash() -> None:
    parser = PatternFormat(EXAMPLE).parser()
    parser.feed(b"step 1 loss 2\nTraceback (most recent call last):\n")
    assert parser.info.crashed
    parser.feed(b"step 2 loss 2\n")
    assert not parser.info.crashed


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200))
def test_chunks_make_no_difference(chunk: int) -> None:
    pattern = r"step (?P<step>[\d,]+).*?loss (?P<loss>[\d.]+)"
    assert read(pattern, LOG, chunk).steps.tolist() == read(pattern, LOG).steps.tolist()
