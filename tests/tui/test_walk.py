"""The walk of a newcomer over the demo's logs, as README tells it: each answer three keys away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lossmon.monitor import Monitor
from lossmon.settings import Settings
from lossmon.tui.app import LossmonApp
from tests.tui.runs import TODAY, HandFeed
from tests.tui.screens import lines, shown, text

DEMO = Path(__file__).parents[2] / "demo_logs"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    if not DEMO.is_dir():
        pytest.skip("demo_logs is not there")
    # As the demo leaves them: each log ends a little later than the one before.
    logs = tmp_path / "logs"
    shutil.copytree(DEMO, logs)
    for index, path in enumerate(sorted(path for path in logs.rglob("*") if path.is_file())):
        os.utime(path, (TODAY + index, TODAY + index))
    runs = Monitor([str(logs)], Settings()).read_all().runs
    app = LossmonApp(HandFeed(*runs), Settings(theme="dark"), ("demo_logs",))
    exports = tmp_path / "exports"
    exports.mkdir()
    monkeypatch.chdir(exports)
    async with shown(app, size) as pilot:
        # Which run overfits? The table says so, alarmed runs first.
        await pilot.press("1")
        found = [line for line in lines(app) if "overfitting !" in line]
        assert found
        # Since when, and which checkpoint to keep? Down to it, and open it.
        steps = next(i for i, line in enumerate(lines(app)[3:]) if line == found[0])
        assert steps <= 2
        await pilot.press(*["j"] * steps, "enter")
        run = app.desk.run
        assert run is not None
        assert run.verdict.status == "overfitting"
        assert "OVERFITTING since step" in lines(app)[1]
        best = next(line for line in lines(app) if line.lstrip().startswith("best eval"))
        assert run.summary.best_eval is not None
        assert "at step" in best or "keep" in best
        assert f"{run.summary.best_eval.step:g}" in text(app)
        # Compare two seeds.
        await pilot.press("4", "w")
        assert " baseline " in text(app)
        assert "seed-1" in text(app)
        assert "seed-2" in text(app)
        assert "nan" not in text(app).replace("nan:", "")
        # Zoom to a spike: the list of events, spikes alone, the newest of them.
        await pilot.press("E", "v", "enter")
        await pilot.pause()
        chosen = app.desk.run
        assert chosen is not None
        assert app.desk.selected_event is not None
        spike = chosen.events[app.desk.selected_event]
        assert spike.kind == "spike"
        assert app.desk.options.x_range is not None
        low, high = app.desk.options.x_range
        assert low <= spike.step <= high
        assert app.view is not None
        assert app.view.NAME == "focus"
        # Export the chart.
        await pilot.press("e")
        await app.workers.wait_for_complete()
        assert {".svg", ".txt", ".csv"} <= {path.suffix for path in exports.iterdir()}
