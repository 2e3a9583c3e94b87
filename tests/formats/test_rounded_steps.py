"""Steps printed with three digits are counted on, never put on top of each other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats._rounded_steps import RoundedSteps
from tests.formats.console_samples import read_text


def read(steps: Iterable[float]) -> tuple[list[float], RoundedSteps]:
    reader = RoundedSteps()
    return [reader.step(f"{step:.3g}", float(f"{step:.3g}")) for step in steps], reader


@pytest.mark.parametrize("interval", [1, 10, 37, 100, 400])
def test_an_interval_that_was_printed_exactly_is_kept(interval: int) -> None:
    steps = list(range(interval, 3000 * interval, interval))
    found, reader = read(steps)
    assert found == steps
    assert not reader.estimated


@pytest.mark.parametrize("interval", [1024, 2048, 4000, 5000])
def test_the_first_step_is_taken_for_the_interval(interval: int) -> None:
    steps = list(range(interval, 600 * interval, interval))
    found, reader = read(steps)
    assert found == steps
    assert reader.estimated


def test_a_counter_that_begins_anew() -> None:
    steps = [*range(0, 5000, 10), *range(0, 5000, 10)]
    assert read(steps)[0] == steps


@given(start=st.integers(0, 200_000), interval=st.integers(1, 9000), count=st.integers(2, 400))
def test_what_is_estimated_prints_as_the_log_does_and_rises(
    start: int, interval: int, count: int
) -> None:
    steps = np.arange(start, start + interval * count, interval)
    found = np.array(read(steps.tolist())[0])
    assert (np.diff(found) >= 0).all()
    half = np.where(steps > 0, 0.5 * 10.0 ** (np.floor(np.log10(np.maximum(steps, 1))) - 2), 0)
    assert (np.abs(found - steps) <= 2 * half + 1e-6).all()


def test_a_counter_that_is_infinite_is_a_damaged_box() -> None:
    box = "-----------\n| loss | 0.5 |\n| step | {} |\n-----------\n"
    text = "".join(box.format(step) for step in ("10", "1e999", "nan", "20"))
    run, parser = read_text("baselines-table", text)
    assert run.view("loss").steps.tolist() == [10, 20]
    assert parser.bad_records == 2
