"""Plans: for every size each panel lies inside the screen and none over another."""

from __future__ import annotations

import itertools

import pytest

from lossmon.tui.layouts import body_plan, compare_plan, focus_plan, size_class
from lossmon.tui.placed import Plan

SIZES = [
    (width, height)
    for width, height in itertools.product(
        (60, 71, 72, 80, 99, 100, 120, 159, 160, 200, 240), (16, 19, 20, 24, 28, 30, 40, 60, 70)
    )
]


def check(plan: Plan, width: int, height: int) -> None:
    taken: set[tuple[int, int]] = set()
    for name, (x, y, wide, high) in plan.items():
        assert x >= 0, (name, width, height)
        assert y >= 0, (name, width, height)
        assert x + wide <= width, (name, width, height)
        assert y + high <= height, (name, width, height)
        assert wide > 0, (name, width, height)
        assert high > 0, (name, width, height)
        if name == "prompt":
            continue  # lies over the foot, on purpose
        cells = set(itertools.product(range(x, x + wide), range(y, y + high)))
        assert not cells & taken, (name, width, height)
        taken |= cells


@pytest.mark.parametrize("runs", [0, 1, 2, 50])
def test_focus(runs: int) -> None:
    for width, height in SIZES:
        plan = focus_plan(width, height, runs)
        check(plan, width, height)
        _, _, wide, high = plan["chart"]
        area = wide * high
        assert high >= 9
        assert area == max(w * h for _, _, w, h in plan.values()), (width, height)
        if size_class(width, height) != "tiny":
            assert {"title", "numbers", "verdict", "events"} <= set(plan)
            assert plan["numbers"][3] >= 8
            assert plan["events"][3] >= 2


def test_other_views() -> None:
    for width, height in SIZES:
        check(body_plan(width, height), width, height)
        for runs in (0, 1, 3, 40):
            check(compare_plan(width, height, runs), width, height)


def test_a_tiny_screen_is_a_chart_between_two_lines() -> None:
    plan = focus_plan(60, 16, 5)
    assert set(plan) == {"banner", "chart", "foot", "prompt"}
    assert plan["chart"] == (0, 1, 60, 14)
