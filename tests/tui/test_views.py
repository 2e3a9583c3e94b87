"""Overview, metrics, log, compare and panes: what they show, and every key of theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lossmon.charts.palette import marker
from lossmon.charts.spec import Glyphs
from lossmon.settings import Settings
from lossmon.tui.app import LossmonApp
from lossmon.tui.comparing import MAX_RUNS
from lossmon.tui.screens.compare import Compare
from lossmon.tui.screens.metrics import Metrics
from lossmon.tui.screens.overview import Overview
from lossmon.tui.screens.panes import PanesView
from lossmon.tui.screens.view import VIEWS
from tests.tui.runs import TODAY, HandFeed, broken, make_run, overfit, snapshot, some_runs
from tests.tui.screens import app_over, lines, shown, text

# ---- going between views


async def test_keys_go_to_every_view_and_back() -> None:
    app = app_over(*some_runs())
    async with shown(app) as pilot:
        for key, name in (
            ("1", "runs"),
            ("2", "focus"),
            ("3", "panes"),
            ("4", "compare"),
            ("5", "metrics"),
            ("6", "log"),
            ("1", "runs"),
            ("3", "panes"),
        ):
            await pilot.press(key)
            assert lines(app)[0].split()[1] == name
        await pilot.press("escape")
        assert lines(app)[0].split()[1] == "runs"


async def test_tab_goes_round() -> None:
    app = app_over(*some_runs())
    async with shown(app) as pilot:
        seen = []
        for _ in VIEWS:
            await pilot.press("tab")
            assert app.view is not None
            seen.append(app.view.NAME)
        assert seen == ["panes", "compare", "metrics", "log", "overview", "focus"]
        await pilot.press("shift+tab")
        assert app.view is not None
        assert app.view.NAME == "overview"


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", [(60, 16), (240, 70)])
async def test_every_view_fits_every_size_with_and_without_runs(
    view: str, size: tuple[int, int]
) -> None:
    for runs in ((), some_runs()):
        app = app_over(*runs, view=view)
        async with shown(app, size):
            screen = lines(app)
            assert len(screen) == size[1]
            assert all(len(line) == size[0] for line in screen)
            assert ("No runs yet" in text(app)) is not bool(runs)


@pytest.mark.parametrize("view", VIEWS)
async def test_names_are_plain_text_and_ascii_where_wanted_in_every_view(view: str) -> None:
    names = ("[red]x", "[@click=app.quit]q[/]")
    runs = [replace(make_run(), id=name, name=name) for name in names]
    app = app_over(*runs, view=view, ascii=True)
    async with shown(app, (200, 50)):
        assert "[red]x" in text(app) or "[@click=app.quit]q[/]" in text(app)
        assert text(app).isascii()


async def test_wide_characters_keep_every_line_in_its_width() -> None:
    name = "学習率の実験-🙂-é"
    app = app_over(replace(overfit(), name=name), replace(make_run(), name=name * 3))
    async with shown(app, (120, 30)) as pilot:
        for key in "123456":
            await pilot.press(key)
            widths = {strip.cell_length for strip in app.screen._compositor.render_strips()}
            assert widths == {120}
            assert "学習" in text(app)


# ---- overview


def names_shown(app: object) -> list[str]:
    found = []
    for line in lines(app)[3:]:  # type: ignore[arg-type]
        words = line.replace("✓", " ").split()
        if "order:" in words:
            return found
        if len(words) > 2:
            found.append(words[1])
    return found


async def test_alarmed_runs_come_first() -> None:
    app = app_over(*some_runs(), view="overview")
    async with shown(app):
        assert names_shown(app) == ["beta", "gamma", "alpha", "delta"]


async def test_the_chosen_run_is_drawn_where_the_table_leaves_room() -> None:
    app = app_over(*some_runs(), view="overview")
    async with shown(app) as pilot:
        assert "─ beta ─" in text(app)
        assert "┤" in text(app)
        await pilot.press("j")
        assert "─ gamma ─" in text(app)
    app = app_over(*some_runs(), view="overview")
    async with shown(app, (80, 20)):
        assert "┤" not in text(app)


async def test_sorting_and_turning_round() -> None:
    app = app_over(*some_runs(), view="overview")
    async with shown(app) as pilot:
        await pilot.press("o")
        assert names_shown(app) == ["alpha", "beta", "delta", "gamma"]
        await pilot.press("O")
        assert names_shown(app) == ["gamma", "delta", "beta", "alpha"]


async def test_the_filter_follows_each_letter_and_escape_takes_it_back() -> None:
    app = app_over(*some_runs(), view="overview")
    async with shown(app) as pilot:
        await pilot.press("slash", "l", "p", "h")
        assert names_shown(app) == ["alpha"]
        await pilot.press("enter")
        assert names_shown(app) == ["alpha"]
        assert "filter 'lph': 1 of 4" in text(app)
        await pilot.press("escape")
        assert len(names_shown(app)) == 4
        await pilot.press("slash", "q", "escape")
        assert app.is_running
        assert len(names_shown(app)) == 4


async def test_marking_goes_down_and_opening_shows_the_run() -> None:
    app = app_over(*some_runs(), view="overview")
    async with shown(app) as pilot:
        await pilot.press("g", "space", "m")
        assert app.desk.marked == ["id-beta", "id-gamma"]
        assert "2 marked" in text(app)
        await pilot.press("M")
        assert app.desk.marked == []
        await pilot.press("G", "enter")
        assert app.view is not None
        assert app.view.NAME == "focus"
        assert "delta" in lines(app)[0]


async def test_five_hundred_runs_scroll() -> None:
    run = make_run(points=30)
    runs = [replace(run, id=str(i), name=f"run-{i:03d}", last_growth=float(-i)) for i in range(500)]
    app = app_over(*runs, view="overview")
    async with shown(app) as pilot:
        assert "run-000" in text(app)
        await pilot.press("G")
        assert "run-499" in text(app)
        await pilot.press("pageup")
        await pilot.press("k")
        screen = app.view
        assert isinstance(screen, Overview)
        assert "of 500" in text(app)
        await pilot.press("g")
        assert "run-000" in text(app)


async def test_a_click_chooses_and_a_second_opens() -> None:
    app = app_over(*some_runs(), view="overview")
    async with shown(app) as pilot:
        await pilot.click("#body", offset=(5, 3))
        assert app.desk.chosen == "id-alpha"
        await pilot.click("#body", offset=(5, 3))
        await pilot.pause()
        assert app.view is not None
        assert app.view.NAME == "focus"


# ---- metrics


async def test_all_series_are_shown_filtered_and_paged() -> None:
    app = app_over(make_run(), view="metrics")
    async with shown(app) as pilot:
        for name in ("loss", "eval_loss", "learning_rate", "grad_norm"):
            assert name in text(app)
        await pilot.press("slash", "l", "r", "enter")
        assert "learning_rate" in text(app)
        assert "grad_norm" not in text(app)
        await pilot.press("escape")
        await pilot.press("less_than_sign", "less_than_sign")
        view = app.view
        assert isinstance(view, Metrics)
        assert app.desk.choices.columns == 1
        await pilot.press("greater_than_sign")
        assert app.desk.choices.columns == 2
        await pilot.press("right_parenthesis")
        assert app.desk.choices.rows > 1
        await pilot.press("v", "enter")
        assert view.enlarged
        assert "2 of 4" in text(app)
        await pilot.press("escape")
        assert not view.enlarged


async def test_metrics_are_paged_where_there_are_too_many() -> None:
    app = app_over(make_run(), view="metrics")
    async with shown(app, (60, 20)) as pilot:
        assert "page 1 of" in text(app)
        assert "grad_norm" not in text(app)
        await pilot.press("G")
        assert "grad_norm" in text(app)
        await pilot.press("g")
        assert "page 1 of" in text(app)
        await pilot.press("pagedown")
        assert "page 2 of" in text(app)


# ---- log


async def test_the_log_shows_the_last_records_and_scrolls() -> None:
    app = app_over(make_run(), view="log")
    async with shown(app, (120, 30)) as pilot:
        assert "step 1,990" in text(app)
        assert "02:46:38" in text(app)
        await pilot.press("pageup")
        assert "step 1,990" not in text(app)
        assert "newer below" in text(app)
        await pilot.press("g")
        assert "step 0 " in text(app)
        await pilot.press("G")
        assert "step 1,990" in text(app)


# ---- compare


async def test_marked_runs_are_compared_with_the_baseline() -> None:
    app = app_over(*some_runs(), view="compare")
    async with shown(app) as pilot:
        assert "all runs" in text(app)
        app.desk.marked = ["id-alpha", "id-beta"]
        await pilot.press("l")
        assert "gamma" not in text(app)
        assert any(" baseline " in line for line in lines(app) if line[3:].startswith(" alpha "))
        await pilot.press("j", "b")
        assert any(" baseline " in line for line in lines(app) if line[3:].startswith(" beta "))
        await pilot.press("v")
        view = app.view
        assert isinstance(view, Compare)
        assert view.metric == "loss"
        await pilot.press("V")
        assert view.metric is None
        await pilot.press("M")
        assert "delta" in text(app)


async def test_the_chosen_run_is_in_view_of_a_small_table() -> None:
    runs = [make_run(f"run-{i:02d}", seed=i) for i in range(12)]
    app = app_over(*runs, view="compare")
    async with shown(app, (80, 24)) as pilot:
        assert "run-11" not in "\n".join(lines(app)[-9:])
        await pilot.press("G")
        assert "▸" in next(line for line in lines(app)[-9:] if "run-11" in line)
        await pilot.click("#table", offset=(10, 1))
        assert "▸" in "\n".join(lines(app)[-9:])
        assert app.desk.chosen != "id-run-11"


async def test_seeds_are_grouped_and_differences_weighed() -> None:
    runs = [make_run(f"base-s{i}", final=1.0 + i / 100, seed=i) for i in range(3)]
    runs += [make_run("other", final=2.0, seed=9)]
    app = app_over(*runs, view="compare")
    async with shown(app) as pilot:
        assert "base seeds" in text(app)
        assert "± " in text(app)
        assert "larger than seeds explain" in text(app)
        await pilot.press("B")
        assert "base seeds (3)" in text(app)
        await pilot.press("B")
        assert "each run a line" in text(app)


# ---- panes


async def test_panes_are_split_closed_and_laid_out() -> None:
    app = app_over(*some_runs(), view="panes")
    async with shown(app) as pilot:
        view = app.view
        assert isinstance(view, PanesView)
        assert len(view.panes.leaves()) == 4
        await pilot.press("vertical_line")
        assert len(view.panes.leaves()) == 5
        await pilot.press("minus")
        assert len(view.panes.leaves()) == 6
        await pilot.press("d")
        assert len(view.panes.leaves()) == 5
        await pilot.press("g")
        assert len(view.panes.leaves()) == 6
        for _ in range(12):
            await pilot.press("d")
        assert len(view.panes.leaves()) == 1
        assert "the last pane stays" in text(app)
        for _ in range(12):
            await pilot.press("vertical_line")
        assert len(view.panes.leaves()) == 12
        assert "12 panes are the most" in text(app)


async def test_a_pane_has_its_own_run_metric_and_axes() -> None:
    app = app_over(*some_runs(), view="panes")
    async with shown(app) as pilot:
        view = app.view
        assert isinstance(view, PanesView)
        before = view.run_of(view.panes.pane)
        await pilot.press("n")
        assert view.run_of(view.panes.pane) is not before
        await pilot.press("p")
        assert view.run_of(view.panes.pane) is before
        await pilot.press("v")
        assert view.panes.pane.metric == "loss"
        await pilot.press("V")
        assert view.panes.pane.metric is None
        await pilot.press("w", "W")
        assert view.panes.active == 0
        await pilot.press("l")
        assert app.desk.options.log_y
        await pilot.press("i", "l")
        assert app.desk.options.log_y
        assert not view.panes.pane.options.log_y
        assert view.panes.leaves()[1].options.log_y


async def test_a_click_makes_a_pane_active() -> None:
    app = app_over(*some_runs(), view="panes")
    async with shown(app) as pilot:
        view = app.view
        assert isinstance(view, PanesView)
        await pilot.click("#body", offset=(90, 5))
        assert view.panes.active == 1
        await pilot.press("a")
        assert app.view is view


async def test_a_layout_is_saved_and_loaded() -> None:
    app = app_over(*some_runs(), view="panes")
    async with shown(app) as pilot:
        view = app.view
        assert isinstance(view, PanesView)
        await pilot.press("d", "d", "ctrl+s", "m", "i", "n", "e", "enter")
        assert "layout saved: mine" in text(app)
        await pilot.press("g", "g")
        assert len(view.panes.leaves()) > 2
        await pilot.press("ctrl+o", "m", "i", "n", "e", "enter")
        assert len(view.panes.leaves()) == 2
        view.load("nothing")
        await pilot.pause()
        assert "no layout is called 'nothing'" in text(app)


# ---- what comes and goes


async def test_a_run_that_goes_away_leaves_no_trace() -> None:
    app = app_over(make_run(), broken(), overfit())
    async with shown(app) as pilot:
        for key in "123456":
            await pilot.press(key)
        app.take(snapshot(overfit(), version=2))
        for key in "123456":
            await pilot.press(key)
            assert "gamma" not in text(app)
        app.take(snapshot(version=3))
        for key in "123456":
            await pilot.press(key)
            assert "No runs yet" in text(app)


async def test_raw_lines_are_shown_cleaned_where_the_feed_keeps_them() -> None:
    class Keeping(HandFeed):
        def last_lines(self, run_id: str) -> list[str]:
            return [f"{run_id} line {i} \x1b[31m[red]\x07\t\u202e" for i in range(100)]

    app = LossmonApp(Keeping(make_run()), Settings(theme="dark"), view="log", today=TODAY)
    async with shown(app, (80, 24)) as pilot:
        assert "line 99" in text(app)
        assert "[red]" in text(app)
        assert not any(char in text(app) for char in "\x1b\x07\t\u202e")
        await pilot.press("pageup")
        assert "line 99 " not in text(app)
        assert "newer below" in text(app)
        await pilot.press("t")
        assert "step 1,990" in text(app)


async def test_the_crosshair_has_a_column_with_every_runs_value() -> None:
    app = app_over(make_run("long", 200), make_run("short", 50, seed=3), view="compare")
    async with shown(app) as pilot:
        assert "crosshair" not in text(app)
        await pilot.press("c")
        assert "crosshair" in text(app)
        # The short run ended long before the crosshair, which begins at the last point.
        after = {
            name: next(line for line in lines(app) if line[3:].split()[:1] == [name]).split(name)[1]
            for name in ("long", "short")
        }
        assert after["short"].split()[0] == "–"
        assert float(after["long"].split()[0]) > 0
        await pilot.press("c")
        assert "crosshair" not in text(app)


async def test_where_everything_is_in_view_there_is_nowhere_to_go() -> None:
    app = app_over(make_run())
    async with shown(app) as pilot:
        await pilot.press("left")
        assert app.desk.options.x_range is None
        assert "everything is in view" in text(app)
        await pilot.press("z", "left")
        assert app.desk.options.x_range is not None
        assert "everything is in view" not in text(app)
        for _ in range(30):
            await pilot.press("left")
        picture = app.view.active_chart().picture  # type: ignore[union-attr]
        assert picture.x_range[0] == picture.extent[0]


async def test_the_baseline_stays_in_view_of_a_short_table() -> None:
    runs = [make_run(f"r{i:02d}", 50, seed=i) for i in range(12)]
    app = app_over(*runs, view="compare")
    app.desk.choices.baseline = "r00"
    async with shown(app, (80, 24)) as pilot:
        await pilot.press("G")
        table = text(app)
        assert any(line.startswith("▸") and " r11 " in line for line in lines(app))
        # The chosen run's line is the first that the legend names; where the others are, it says.
        legend = next(line for line in lines(app) if "training loss" in line)
        assert "(all runs)  ─□─ r11" in legend or "─ r11  ─" in legend
        assert "in the table" in legend
        assert " baseline\n" in table or " baseline " in table
        await pilot.press("g")
        assert app.desk.chosen == "id-r00"


async def test_the_baseline_is_the_soundest_run_that_was_found_first() -> None:
    runs = [broken(), *(make_run(name, 50, state="finished") for name in ("old", "new"))]
    runs[2] = replace(runs[2], last_growth=TODAY)
    app = app_over(*runs, view="compare")
    async with shown(app) as pilot:
        assert [run.name for run in app.desk.urgent] == ["gamma", "new", "old"]
        view = app.view
        assert isinstance(view, Compare)
        assert view.base() == "id-old"
        # Of marked runs: the one that was marked first.
        app.desk.marked = ["id-new", "id-old"]
        assert view.base() == "id-new"
        await pilot.press("j", "b")
        assert view.base() == "id-old"


def test_twelve_runs_are_told_apart_without_colour() -> None:
    for glyphs in (Glyphs.BRAILLE, Glyphs.ASCII):
        assert len({marker(index, glyphs) for index in range(MAX_RUNS)}) == MAX_RUNS
