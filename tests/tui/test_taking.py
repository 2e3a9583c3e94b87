"""What is taken along and reached by name: copy, export, the palette, the foot."""

from __future__ import annotations

import csv
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Paste

from lossmon.charts.png import available
from lossmon.settings import Screen
from lossmon.tui.commands import commands
from lossmon.tui.export import Export
from tests.tui.runs import make_run, overfit, some_runs
from tests.tui.screens import app_over, lines, shown, text


async def test_copy_goes_to_the_clipboard() -> None:
    app = app_over(make_run())
    async with shown(app) as pilot:
        await pilot.press("y")
        assert "alpha" in app.clipboard
        assert "copied" in text(app)


async def test_values_under_the_crosshair_are_copied_alone() -> None:
    app = app_over(make_run(state="finished"))
    async with shown(app) as pilot:
        await pilot.press("c", "y")
        names = [line.split("\t")[0] for line in app.clipboard.splitlines()]
        assert names == ["loss smoothed", "loss", "eval_loss"]
        last = make_run().series[0].values[-1]
        assert app.clipboard.splitlines()[1].endswith(f"step 1990\t{last:.6g}")
        assert "copied 3 values" in text(app)


async def test_help_explains_the_selected_event_and_else_the_verdict() -> None:
    app = app_over(overfit())
    async with shown(app) as pilot:
        await pilot.press("right_square_bracket", "question_mark")
        assert "explain: Spike" in text(app)
        await pilot.press("escape", "escape", "question_mark")
        assert "explain:" not in text(app)
        await pilot.press("G")
        assert "explain" in text(app)


async def test_export_writes_picture_text_and_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_over(replace(make_run(), name="../evil/run"))
    async with shown(app) as pilot:
        await pilot.press("e")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "wrote lossmon-" in text(app)
    files = {path.suffix: path for path in tmp_path.iterdir()}
    assert set(files) == {".csv", ".svg", ".txt"} | ({".png"} if available() else set())
    with files[".csv"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    run = make_run()
    assert len(rows) == sum(len(series) for series in run.series)
    assert float(rows[-1]["value"]) == run.series[-1].values[-1]
    if available():
        head = files[".png"].read_bytes()[:24]
        assert head.startswith(b"\x89PNG")
        # 120 × 40 cells of 10 × 20, a margin of 10 around, two pixels a unit.
        assert struct.unpack(">II", head[16:]) == (2 * 1220, 2 * 820)


async def test_exports_of_each_view_of_a_run_are_told_apart_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lossmon.tui.png.available", lambda: False)
    long = "run-" + "x" * 300
    app = app_over(replace(make_run(), name=long), screen=Screen(export_to=str(tmp_path)))
    async with shown(app) as pilot:
        for key in ("2", "5", "6"):
            await pilot.press(key, "e")
            await app.workers.wait_for_complete()
            await pilot.pause()
    views = {path.stem.removesuffix("-1").rpartition("-")[2] for path in tmp_path.iterdir()}
    assert views == {"focus", "metrics", "log"}
    assert len(list(tmp_path.iterdir())) == 9


async def test_export_goes_where_it_is_told_and_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lossmon.tui.png.available", lambda: False)
    app = app_over(make_run(), screen=Screen(export_to=str(tmp_path)))
    async with shown(app, (200, 50)) as pilot:
        await pilot.press("e")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "no PNG: needs pip install 'lossmon[png]'" in text(app)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    told = Export("<svg/>", "text", (), "run").write(tmp_path / "gone")
    assert told.startswith("nothing exported: ")


async def test_the_palette_offers_every_key_and_every_run() -> None:
    app = app_over(*some_runs())
    async with shown(app):
        view = app.view
        assert view is not None
        titles = [command.title for command in commands(view)]
        assert len(titles) == len(set(titles))
        for key in view.active_keys():
            assert key.text in titles or key.action == "command_palette"
        assert "Run: gamma" in titles


async def test_palette_commands_run_in_the_view_and_in_the_app() -> None:
    app = app_over(*some_runs())
    async with shown(app) as pilot:
        # In the order of the keys' table, not of the alphabet; letters find.
        await pilot.press("ctrl+p")
        assert "Keys, marks" in lines(app)[2]
        await pilot.press(*"qlogar")
        assert "nothing is called so" in text(app)
        await pilot.press("ctrl+u", *"logar")
        assert "Logarithmic y axis" in lines(app)[2]
        await pilot.press("enter")
        assert app.desk.options.log_y
        await pilot.press("colon", *"next thx", "backspace", "enter")
        assert app.desk.look.paint.name == "light"
        await pilot.press("colon", *"gamma", "enter")
        assert app.desk.chosen == "id-gamma"
        await pilot.press("colon", "down", "down", "up", "escape")
        assert app.screen is app.view
        await pilot.press("colon", "end", "home", "pagedown", "pageup")
        assert lines(app)[2].startswith(" ▸ Keys, marks")
        await pilot.click("#palette", offset=(10, 2))
        assert "keys here" in text(app)


async def test_names_in_the_palette_are_text_and_ascii_where_that_is_asked() -> None:
    run = replace(make_run("[red]⣿ über[/]"), source="[link]")
    app = app_over(run, *some_runs(), ascii=True)
    async with shown(app, (80, 24)) as pilot:
        await pilot.press("ctrl+p", *"Run")
        assert "Run: [red]? ?ber[/]" in text(app)
        assert "[link]" in text(app)
        assert text(app).isascii()


async def test_pasting_looks_for_what_was_pasted() -> None:
    app = app_over(*some_runs())
    async with shown(app) as pilot:
        await pilot.press("ctrl+p")
        app.screen.post_message(Paste("alpha\nand more"))
        await pilot.pause()
        assert "Run: alpha" in lines(app)[2]


async def test_the_foot_is_clicked_like_keys() -> None:
    app = app_over(*some_runs())
    async with shown(app) as pilot:
        at = lines(app)[-1].index("log y")
        await pilot.click("#foot", offset=(at, 1))
        await pilot.pause()
        assert app.desk.options.log_y
        await pilot.click("#foot", offset=(lines(app)[-1].index("help"), 1))
        await pilot.pause()
        assert "keys here" in text(app)
