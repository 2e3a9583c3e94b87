"""Rows of several parts become one run, in order, and what is void goes."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from lossmon.model import Batch, Column, Run
from lossmon.monitor.assembly import Assembly

Combine = Literal["merge", "longest", "sequence"]


def batch(*steps: float, name: str = "loss", times: bool = False) -> Batch:
    values = np.asarray(steps, dtype=np.float64)
    return Batch(values, (Column(name, values / 10),), None, values + 1e9 if times else None)


def assembly(combine: Combine) -> Assembly:
    return Assembly(lambda: Run("run", "source", "format"), combine)


def steps(made: Assembly) -> list[float]:
    return made.run.rows().steps.tolist() if len(made.run) else []


@pytest.mark.parametrize(
    ("combine", "wanted"), [("merge", [1, 2, 3, 4]), ("sequence", [1, 3, 2, 4])]
)
def test_parts_that_are_there_at_once_are_put_in_their_formats_order(
    combine: Combine, wanted: list[float]
) -> None:
    made = assembly(combine)
    made.hold("a", batch(1, 3))
    made.hold("b", batch(2, 4))
    assert steps(made) == []
    assert made.store()
    assert steps(made) == wanted
    assert not made.store()


def test_a_part_that_is_found_late_and_lies_earlier_voids_what_is_held() -> None:
    made = assembly("merge")
    made.hold("late", batch(10, 11))
    made.joined()
    made.store()
    before = made.run
    made.run.dropped = 3
    made.hold("early", batch(1, 2))
    made.joined()
    assert made.store()
    assert steps(made) == [1, 2, 10, 11]
    assert made.run is not before  # whoever judged it begins anew
    assert made.run.dropped == 3


def test_a_part_that_is_found_late_and_lies_later_is_added() -> None:
    made = assembly("merge")
    made.hold("first", batch(1, 2))
    made.joined()
    made.store()
    before = made.run
    made.hold("second", batch(3))
    made.joined()
    made.store()
    assert (steps(made), made.run is before) == ([1, 2, 3], True)


def test_rows_that_are_taken_back_leave_those_before_them() -> None:
    made = assembly("merge")
    made.append(batch(1, 2, 3), 10, 10)
    assert made.store()
    made.take_back(1)
    made.append(batch(4), 10, 10)
    assert made.store()
    assert steps(made) == [1, 2, 4]


def test_the_longest_history_stands_for_all_and_grows_in_place() -> None:
    made = assembly("longest")
    made.document("checkpoint-2", batch(1, 2))
    made.document("checkpoint-3", batch(1, 2, 3))
    made.store()
    before = made.run
    assert (steps(made), made.longest) == ([1, 2, 3], "checkpoint-3")
    made.document("checkpoint-4", batch(1, 2, 3, 4))
    assert made.store()
    assert (steps(made), made.run is before) == ([1, 2, 3, 4], True)
    made.document("checkpoint-4", batch(9, 10))  # another training in the same folder
    assert made.store()
    assert (steps(made), made.run is before) == ([9, 10], False)
    made.clear()
    assert (steps(made), made.longest, made.holds) == ([], None, False)
