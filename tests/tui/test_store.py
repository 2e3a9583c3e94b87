"""What is remembered: comes back, never breaks a start, never ends a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.charts.spec import XAxis
from lossmon.tui.desk import ChartOptions
from lossmon.tui.store import Store
from tests.tui.runs import some_runs
from tests.tui.screens import app_over, shown, text


def test_options_and_marks_come_back_for_their_project_alone(tmp_path: Path) -> None:
    options = ChartOptions(XAxis.EPOCH, log_y=True, smoothing=0.9)
    assert Store(tmp_path, "one").save(options, {"marked": ["alpha"]}) is None
    same, other = ChartOptions(), ChartOptions()
    assert Store(tmp_path, "one").load(same)["marked"] == ["alpha"]
    assert (same.x_axis, same.log_y, same.smoothing) == (XAxis.EPOCH, True, 0.9)
    assert Store(tmp_path, "two").load(other) == {}
    assert other == ChartOptions()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"x_axis": [1], "smoothing": "x"}', "\0", '{"smoothing": 7.5, "log_y": 1}'],
)
def test_a_broken_file_is_as_if_it_were_not_there(tmp_path: Path, content: str) -> None:
    store = Store(tmp_path, "p")
    assert store.save(ChartOptions(), {}) is None
    for path in (tmp_path / "projects").iterdir():
        path.write_text(content)
    (tmp_path / "layouts.json").write_text(content)
    options = ChartOptions()
    store.load(options)
    assert options == ChartOptions()
    assert isinstance(store.layouts(), dict)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    store = Store(blocked, "p")
    assert "file" in str(store.save(ChartOptions(), {}))
    assert "file" in str(store.save_layout("x", {}))


async def test_the_app_remembers_marks_axis_and_layouts(tmp_path: Path) -> None:

    first = app_over(*some_runs(), store=Store(tmp_path, "p"))
    async with shown(first) as pilot:
        await pilot.press("x", "l", "space")
        marked = list(first.desk.marked)
    second = app_over(*some_runs(), store=Store(tmp_path, "p"))
    async with shown(second):
        assert second.desk.marked == marked
        assert second.desk.options.x_axis is XAxis.RELATIVE
        assert second.desk.options.log_y


async def test_a_layout_is_given_at_the_start() -> None:
    app = app_over(*some_runs(), view="panes", layout="3x2")
    async with shown(app) as pilot:
        await pilot.pause()
        assert text(app).count("losses") == 6
