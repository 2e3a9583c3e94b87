"""The app from outside: what is on screen after snapshots, keys and the mouse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lossmon.model import Verdict
from lossmon.settings import Settings
from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.chart import Chart
from tests.tui.runs import HandFeed, broken, fresh, make_run, overfit, snapshot, some_runs
from tests.tui.screens import app_over, lines, shown, text


async def test_the_chart_the_numbers_and_the_verdict_are_there() -> None:
    app = app_over(make_run())
    async with shown(app):
        screen = text(app)
        for words in (
            "alpha",
            "live",
            "healthy",
            "Loss still falls",
            "right answer",
            "learned",
            "62 %",
            "1.030",
            "eval_loss",
            "best",
            "half-way",
        ):
            assert words in screen, words


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (100, 30), (120, 40), (200, 60), (240, 70)])
async def test_every_size_shows_chart_and_verdict_without_an_empty_line_cut(
    size: tuple[int, int],
) -> None:
    app = app_over(*some_runs())
    async with shown(app, size):
        screen = lines(app)
        assert len(screen) == size[1]
        assert all(len(line) == size[0] for line in screen)
        assert "overfitting" in text(app).lower()
        assert "┤" in text(app)


async def test_resizing_ends_where_starting_there_begins() -> None:
    app, other = app_over(*some_runs()), app_over(*some_runs())
    async with shown(app, (60, 16)) as pilot:
        for size in ((240, 70), (80, 24), (119, 33), (61, 17), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        after = text(app)
    async with shown(other, (120, 40)):
        assert text(other) == after


async def test_no_runs_says_what_is_looked_for_and_where() -> None:
    app = LossmonApp(HandFeed(), Settings(theme="dark"), ("some/place",))
    async with shown(app, (80, 24)):
        assert "No runs yet in some/place" in text(app)
        assert "trainer_state.json" in text(app)
        assert "lossmon demo" in text(app)


async def test_searching_is_said_while_it_lasts() -> None:
    app = LossmonApp(HandFeed(scanning=True), Settings(theme="dark"), ("some/place",))
    async with shown(app, (80, 24)):
        assert "Searching some/place" in text(app)


async def test_an_alarm_raises_the_banner_and_a_takes_it_down() -> None:
    app = app_over(overfit())
    async with shown(app) as pilot:
        assert "OVERFITTING since step 800" in lines(app)[1]
        assert "a: seen" in lines(app)[1]
        await pilot.press("a")
        assert "OVERFITTING" not in lines(app)[1]
        assert "overfitting" in lines(app)[1]
        assert "1 warning seen" in text(app)
        assert "step 1,400" in text(app)


async def test_a_later_alarm_raises_it_again() -> None:
    app = app_over(overfit())
    async with shown(app) as pilot:
        await pilot.press("a")
        run = overfit()
        later = replace(run.events[1], kind="divergence", severity="critical", step=1900.0)
        app.take(snapshot(replace(run, version=2, events=(*run.events, later)), version=2))
        await pilot.pause()
        assert "DIVERGING since step 800" in lines(app)[1]


async def test_the_most_urgent_run_is_shown_first_and_nothing_moves_after() -> None:
    app = app_over(make_run(), make_run("quiet", state="finished"), broken())
    async with shown(app) as pilot:
        assert app.desk.chosen == "id-gamma"
        app.take(snapshot(make_run(), overfit("quiet"), broken(), overfit(), version=2))
        await pilot.pause()
        assert app.desk.chosen == "id-gamma"


async def test_moving_through_runs() -> None:
    app = app_over(*some_runs())
    async with shown(app) as pilot:
        # In the overview's order: alarmed and newest first.
        app.desk.choose("id-beta")
        for key, place in (
            ("n", "2/4 gamma"),
            ("j", "3/4 alpha"),
            ("down", "4/4 delta"),
            ("n", "4/4 delta"),
            ("p", "3/4 alpha"),
            ("k", "2/4 gamma"),
            ("up", "1/4 beta"),
            ("p", "1/4 beta"),
        ):
            await pilot.press(key)
            assert place in lines(app)[0], key
        listed = [line[2:9].strip() for line in lines(app)[3:11:2]]
        assert [name.lstrip("●▲■◆ ") for name in listed] == ["beta", "gamma", "alpha", "delta"]


async def test_axes_and_smoothing() -> None:
    app = app_over(make_run())
    async with shown(app) as pilot:
        options = app.desk.options
        seen = []
        for _ in range(5):
            await pilot.press("x")
            seen.append(options.x_axis.value)
        assert seen == ["relative", "epoch", "elapsed", "wall", "step"]
        await pilot.press("X")
        assert options.x_axis.value == "wall"
        await pilot.press("l")
        assert options.log_y
        assert "logarithmic" in text(app)
        await pilot.press("s")
        assert options.smoothing == 0.3
        await pilot.press("S", "S")
        assert options.smoothing is None
        assert "no smoothing" in text(app)


async def test_axes_that_the_log_does_not_have_are_passed_over() -> None:
    run = make_run()
    bare = tuple(replace(s, axis_epochs=None, axis_times=None) for s in run.series)
    app = app_over(replace(run, series=bare))
    async with shown(app) as pilot:
        await pilot.press("x")
        assert app.desk.options.x_axis.value == "relative"
        assert "no epoch, elapsed, wall in this log" in text(app)
        await pilot.press("x")
        assert app.desk.options.x_axis.value == "step"


async def test_zoom_pan_crosshair_and_back() -> None:
    app = app_over(make_run(state="finished"))
    async with shown(app) as pilot:
        options = app.desk.options
        await pilot.press("z")
        assert options.x_range is not None
        low, high = options.x_range
        assert high - low < 1990
        await pilot.press("left")
        assert options.x_range[0] < low
        assert not options.follow
        await pilot.press("c")
        assert options.cursor_x is not None
        before = options.cursor_x
        await pilot.press("left")
        assert options.cursor_x < before
        await pilot.press("escape")
        assert options.cursor_x is None
        assert options.x_range is not None
        await pilot.press("escape")
        assert options.x_range is None
        await pilot.press("Z", "r")
        assert options.x_range is None
        assert options.follow


def in_view(app: LossmonApp) -> tuple[float, float]:
    """Return the range of x that the chart shows."""
    picture = app.screen.query_one("#chart", Chart).picture
    assert picture is not None
    return picture.x_range


async def test_a_zoomed_chart_follows_the_live_end_until_it_is_moved() -> None:
    app = app_over(make_run(points=200))
    async with shown(app) as pilot:
        await pilot.press("z", "z", "z")
        app.take(snapshot(make_run(points=400), version=2))
        await pilot.pause()
        low, high = in_view(app)
        assert low <= 3990 <= high
        # What it has moved on to is what stays, and what the next key starts from.
        await pilot.press("f")
        assert in_view(app) == (low, high)
        await pilot.press("f", "left")
        stays = app.desk.options.x_range
        app.take(snapshot(make_run(points=800), version=3))
        await pilot.pause()
        assert app.desk.options.x_range == stays


async def test_events_are_selected_and_told_in_full() -> None:
    app = app_over(overfit())
    async with shown(app) as pilot:
        await pilot.press("right_square_bracket")
        assert app.desk.selected_event == 0
        await pilot.press("escape", "left_square_bracket")
        assert app.desk.selected_event == 1
        assert "eval_loss rose 0.31 above its minimum" in text(app)
        await pilot.press("left_square_bracket")
        assert app.desk.selected_event == 0
        assert "loss jumped to 4.1" in text(app)
        await pilot.press("escape")
        assert app.desk.selected_event is None


async def test_selecting_an_event_moves_a_zoomed_chart_there() -> None:
    app = app_over(overfit())
    async with shown(app) as pilot:
        app.desk.options.x_range = (1800.0, 1990.0)
        await pilot.press("left_square_bracket")
        await pilot.press("left_square_bracket")
        assert app.desk.options.x_range is not None
        low, high = app.desk.options.x_range
        assert low <= 450 <= high


async def test_zoom_goes_to_the_selected_event() -> None:
    app = app_over(overfit())
    async with shown(app) as pilot:
        await pilot.press("left_square_bracket", "left_square_bracket", "z", "z", "z", "z")
        assert app.desk.options.x_range is not None
        low, high = app.desk.options.x_range
        assert low < 450 < high
        assert high - low < 600


async def test_help_opens_scrolls_and_closes() -> None:
    app = app_over(make_run())
    async with shown(app, (80, 24)) as pilot:
        before = text(app)
        await pilot.press("question_mark")
        assert "keys here" in text(app)
        await pilot.press("G")
        assert "lossmon explain" in text(app)
        await pilot.press("escape")
        assert text(app) == before


async def test_quit_stops_the_feed() -> None:
    for key in ("q", "ctrl+c", "ctrl+q"):
        app = app_over(make_run())
        async with shown(app) as pilot:
            await pilot.press(key)
        assert app._feed.stopped  # type: ignore[attr-defined]
        assert app.return_code == 0


async def test_names_are_shown_as_they_are_written() -> None:
    names = ["[red]x[/red]", "[@click=app.quit]q[/]", "[b", "\\[link=http://a]"]
    for name in names:
        run = replace(
            make_run(),
            name=name,
            source=f"dir/{name}",
            error=f"row {name}",
            verdict=Verdict(
                "healthy", "linear", f"{name} falls", (f"look at {name}",), {name: 1.0}
            ),
            facts=((name, name),),
        )
        app = app_over(run, replace(overfit(), name=name + "2"))
        async with shown(app, (200, 60)) as pilot:
            app.desk.choose(run.id)
            assert app.view is not None
            app.view.show()
            await pilot.pause()
            screen = text(app)
            assert screen.count(name) >= 5, name
            await pilot.click("#banner", offset=(3, 0))
            await pilot.click("#title", offset=(25, 0))
            assert app.is_running
            app.view.say(name)
            await pilot.pause()
            assert name in lines(app)[-2]


async def test_ascii_is_ascii() -> None:
    app = app_over(*some_runs(), ascii=True)
    async with shown(app, (200, 60)) as pilot:
        for key in ("n", "n", "x", "l", "question_mark"):
            assert text(app).isascii(), [c for c in text(app) if not c.isascii()][:5]
            await pilot.press(key)
        assert text(app).isascii()


async def test_a_run_that_cannot_be_read_says_why() -> None:
    run = replace(fresh(), series=(), error="row 311 has 7 fields, header has 6")
    app = app_over(run)
    async with shown(app):
        assert "row 311 has 7 fields" in text(app)


async def test_click_on_a_run_shows_it_and_wheel_zooms() -> None:
    app = app_over(*some_runs())
    async with shown(app) as pilot:
        await pilot.click("#runs", offset=(5, 3))
        assert app.desk.chosen == "id-gamma"
        await pilot.click("#chart", offset=(40, 10))
        assert app.desk.options.cursor_x is not None


async def test_themes_change_live() -> None:
    app = app_over(make_run())
    async with shown(app) as pilot:
        before = text(app)
        for name in ("light", "16", "dark"):
            await pilot.press("D")
            assert app.desk.look.paint.name == name
        await pilot.press("escape")
        assert text(app).split("\n")[2:-2] == before.split("\n")[2:-2]


def test_an_error_in_the_screen_is_raised_for_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> list[object]:
        raise RuntimeError("a bug")

    monkeypatch.setattr("lossmon.tui.screens.focus.numbers_rows", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        app_over(make_run()).show(headless=True)
    assert "Traceback" not in "".join(capsys.readouterr())


async def test_a_long_load_shows_how_far_it_is() -> None:
    app = app_over(replace(make_run(), loading=0.5))
    async with shown(app):
        assert "████████░░░░░░░░ reading 50%" in lines(app)[1]


async def test_what_holds_of_a_beginning_raises_no_banner_before_all_is_read() -> None:
    app = app_over(replace(overfit(), loading=0.05))
    async with shown(app):
        assert "reading 5%, so far ◆ overfitting" in lines(app)[1]
        assert any("verdict so far" in line for line in lines(app))
        app.take(snapshot(overfit(), version=2))
        assert "OVERFITTING since step" in lines(app)[1]
        assert not any("so far" in line for line in lines(app))
