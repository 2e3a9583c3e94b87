"""The walk of a newcomer over the demo's logs: each answer within three keys of the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.monitor import Monitor
from lossmon.settings import Settings
from lossmon.tui.app import LossmonApp
from tests.tui.runs import HandFeed
from tests.tui.screens import lines, shown, text

DEMO = Path(__file__).parents[2] / "demo_logs"


async def test_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not DEMO.is_dir():
        pytest.skip("demo_logs is not there")
    runs = Monitor([str(DEMO)], Settings()).read_all().runs
    app = LossmonApp(HandFeed(*runs), Settings(theme="dark"), ("demo_logs",))
    monkeypatch.chdir(tmp_path)
    async with shown(app, (160, 45)) as pilot:
        # Which run overfits?
        await pilot.press("1")
        found = next(line for line in lines(app) if "overfitting !" in line)
        name = found.split()[1]
        # Since when, and which checkpoint to keep?
        app.desk.choose(next(run.id for run in runs if run.name == name))
        await pilot.press("enter")
        assert "OVERFITTING since step" in lines(app)[1]
        best = next(line for line in lines(app) if "best eval" in line)
        assert "at step" in best or "keep" in best
        # Compare two seeds.
        await pilot.press("1", "slash", *"seed", "enter")
        await pilot.press("g", "space", "space")
        await pilot.press("4")
        assert len(app.desk.marked) == 2
        assert "(baseline)" in text(app)
        # Zoom to what happened.
        app.desk.choose(next(run.id for run in runs if run.name == name))
        await pilot.press("2", "right_square_bracket", "z")
        assert app.desk.options.x_range is not None
        # Export.
        await pilot.press("e")
        await app.workers.wait_for_complete()
        assert {path.suffix for path in tmp_path.iterdir()} == {".svg", ".txt", ".csv"}
