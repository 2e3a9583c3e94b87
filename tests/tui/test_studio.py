"""The studio: the chosen one first, the rest later, and all of it in the end, never the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lossmon.charts import cache, lines
from lossmon.model import RunView
from lossmon.tui import app as app_module
from lossmon.tui import charting, comparing
from lossmon.tui.screens import compare as compare_screen
from lossmon.tui.studio import Job, Studio
from tests.tui.runs import HandFeed, make_run, overfit
from tests.tui.screens import app_over, shown, text

SOON = 20.0
"""Seconds after which a test gives up on another thread."""


def job(slot: str, stamp: Any, make: Callable[[], Any], like: Any = None) -> Job:
    return Job(slot, like, stamp, (), make)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossmon.tui.studio.PATIENCE", 0.0)


def until(told: threading.Semaphore, times: int = 1) -> None:
    for _ in range(times):
        assert told.acquire(timeout=SOON)


def studio_that_tells() -> tuple[Studio, threading.Semaphore]:
    studio, told = Studio(), threading.Semaphore(0)
    studio.tell = told.release
    return studio, told


def keeps_at_work(studio: Studio) -> threading.Event:
    """Keep a studio at work on one job until the event is set; it has begun when this returns."""
    begun, go = threading.Event(), threading.Event()

    def make() -> None:
        begun.set()
        go.wait(SOON)

    studio.ask([job("at work", 0, make)])
    assert begun.wait(SOON)
    return go


def test_what_was_worked_out_is_not_worked_out_again() -> None:
    studio = Studio()
    made: list[str] = []
    for stamp in ("a", "a", "b"):
        assert studio.ask([job("x", stamp, lambda stamp=stamp: made.append(stamp) or stamp)]) == [
            stamp
        ]
    assert made == ["a", "b"]


def test_it_works_on_a_thread_of_its_own() -> None:
    studio = Studio()
    assert studio.ask([job("x", 1, threading.get_ident)]) != [threading.get_ident()]


@pytest.mark.usefixtures("impatient")
def test_the_last_picture_stays_until_the_next_is_there() -> None:
    studio, told = studio_that_tells()
    begin = threading.Event()
    assert studio.ask([job("x", "old", lambda: begin.wait(SOON) and "old")]) == [None]
    begin.set()
    until(told)
    assert studio.ask([job("x", "old", lambda: "old")]) == ["old"]
    go = threading.Event()
    slow = job("x", "new", lambda: go.wait(SOON) and "new")
    assert studio.ask([slow]) == ["old"]
    assert studio.is_late("x")
    # Of another run it would be another picture: none is better.
    assert studio.ask([job("x", "new", lambda: "new", like="another run")]) == [None]
    assert studio.ask([slow]) == ["old"]
    go.set()
    until(told)
    while studio.ask([slow]) != ["new"]:
        until(told)
    assert not studio.is_late("x")


@pytest.mark.usefixtures("impatient")
def test_the_chosen_one_is_first_and_all_others_have_their_turns() -> None:
    studio, told = studio_that_tells()
    order: list[str] = []
    go = keeps_at_work(studio)
    # Everything grows before it is drawn: a later job takes the place of the earlier.
    for turn in range(3):
        studio.ask(
            [
                job(slot, turn, lambda name=f"{slot}{turn}": order.append(name))
                for slot in ("chosen", "a", "b")
            ]
        )
    studio.ask([job("other", 0, lambda: order.append("other"))])
    go.set()
    until(told, 5)
    assert order == ["other", "chosen2", "a2", "b2"]


@pytest.mark.usefixtures("impatient")
def test_what_a_view_waited_for_is_forgotten_when_it_is_left() -> None:
    studio, told = studio_that_tells()
    made: list[str] = []
    go = keeps_at_work(studio)
    studio.ask([job("left", 0, lambda: made.append("left"))])
    studio.leave()
    studio.ask([job("next", 0, lambda: made.append("next"))])
    go.set()
    until(told)
    assert made == ["next"]


def test_an_error_is_raised_where_it_was_asked_for() -> None:
    studio = Studio()

    def broken() -> None:
        raise ZeroDivisionError("of the job")

    with pytest.raises(ZeroDivisionError, match="of the job"):
        studio.ask([job("x", 1, broken)])
    assert studio.ask([job("x", 2, lambda: "well")]) == ["well"]


def test_results_of_runs_that_have_changed_are_let_go() -> None:
    studio, run = Studio(), make_run()
    studio.ask([Job("x", None, 1, (run,), lambda: "picture")])
    studio.drop_stale({id(run)})
    assert studio.last("x") == "picture"
    studio.drop_stale(set())
    assert studio.last("x") is None


def test_a_studio_that_was_idle_or_stopped() -> None:
    studio = Studio()
    studio.stop()
    again = Studio()
    assert again.ask([job("x", 1, lambda: 1)]) == [1]
    thread = again._thread
    again.stop()
    assert thread is not None
    assert not thread.is_alive()


@pytest.mark.parametrize("view", ["overview", "focus", "panes", "compare", "metrics"])
async def test_the_screen_is_whole_in_the_end(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [make_run(f"r{i}", 50, seed=i) for i in range(5)]
    patient, hasty = app_over(*runs, view=view), app_over(*runs, view=view)
    keys = ("j", "k") if view == "overview" else ("s", "l")
    async with shown(patient, (80, 40)) as pilot:
        await pilot.press(*keys)
        wanted = text(patient)
    monkeypatch.setattr("lossmon.tui.studio.PATIENCE", 0.0)
    async with shown(hasty, (80, 40)) as pilot:
        await pilot.press(*keys)
        for _ in range(1000):
            if text(hasty) == wanted:
                break
            await pilot.pause(0.01)
        assert text(hasty) == wanted


async def test_a_screen_that_waits_still_takes_keys_and_says_that_it_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = make_run("one", 50), make_run("other", 50, seed=1)
    app = app_over(one, other)
    async with shown(app) as pilot:
        go, draw_run = threading.Event(), charting._run_picture

        def slow(*given: Any, **named: Any) -> Any:
            assert go.wait(SOON)
            return draw_run(*given, **named)

        monkeypatch.setattr(charting, "_run_picture", slow)
        monkeypatch.setattr("lossmon.tui.studio.PATIENCE", 0.0)
        # The same run zoomed twice: its last picture stays, and no key is lost.
        await pilot.press("z", "z")
        assert "loss smoothed" in text(app)
        twice = app.desk.options.x_range
        # Another run: not the picture of the one before.
        await pilot.press("n")
        assert "drawing …" in text(app)
        assert "other" in text(app).split("\n")[0]
        go.set()
        for _ in range(1000):
            if "drawing …" not in text(app):
                break
            await pilot.pause(0.01)
        assert "loss smoothed" in text(app)
        monkeypatch.setattr(charting, "_run_picture", draw_run)
        monkeypatch.setattr("lossmon.tui.studio.PATIENCE", SOON)
        await pilot.press("p", "z")
        once = app.desk.options.x_range
        await pilot.press("z")
        assert app.desk.options.x_range == pytest.approx(twice)
        assert once != twice


async def test_an_event_of_another_run_is_zoomed_to_once_its_chart_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = app_over(make_run(), overfit())
    async with shown(app) as pilot:
        await pilot.press("x")
        monkeypatch.setattr("lossmon.tui.studio.PATIENCE", 0.0)
        await pilot.press("E", "v", "enter")
        for _ in range(1000):
            if app.desk.options.x_range is not None:
                break
            await pilot.pause(0.01)
        assert app.desk.run is not None
        assert app.desk.run.name == "beta"
        low, high = app.desk.options.x_range or (0.0, 0.0)
        assert low < 450 < high < 1000


async def test_the_screens_thread_smooths_reduces_and_compares_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every key in every view, with all that reads a series' values made to name its thread."""
    screen = threading.get_ident()
    seen: dict[str, set[int]] = {}

    def watched(name: str, function: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            seen.setdefault(name, set()).add(threading.get_ident())
            return function(*given, **named)

        return call

    for module, name in (
        (charting, "run_lines"), (charting, "small"), (charting, "sparkline"), (charting, "draw"),
        (compare_screen, "draw"), (comparing, "compare_lines"), (comparing, "seed_band"),
        (comparing, "welch"), (comparing, "critical"), (lines, "_series_lines"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, watched(name, getattr(module, name)))
    for name in ("prepare", "smoothed"):
        monkeypatch.setattr(cache.LineCache, name, watched(name, getattr(cache.LineCache, name)))
    runs: list[RunView] = [make_run(f"a-s{i}", 60, seed=i) for i in range(2)]
    runs += [make_run(f"b-s{i}", 61, seed=i) for i in range(2)]
    app = app_over(*runs, overfit(), view="overview")
    feed = app._feed
    assert isinstance(feed, HandFeed)
    async with shown(app, (200, 60)) as pilot:
        for view in "123456":
            await pilot.press(
                view,
                "s",
                "x",
                "z",
                "c",
                "left",
                "r",
                "l",
                "B",
                "v",
                "b",
                "right_square_bracket",
                "y",
            )
            await pilot.press("E", "enter", "escape")
            feed.send(*(replace(run, version=2) for run in [*runs, overfit()]))
            await pilot.pause()
    assert {"run_lines", "small", "sparkline", "draw", "compare_lines", "seed_band", "welch"} <= {
        *seen
    }
    assert not [name for name, threads in seen.items() if screen in threads]


def test_what_jobs_cost_is_counted() -> None:
    studio = Studio()
    studio.ask([job("x", 1, lambda: sum(range(200_000)))])
    first = studio.spent
    assert first > 0
    studio.ask([job("x", 2, lambda: sum(range(200_000)))])
    assert studio.spent > first


@pytest.mark.parametrize("keys", [("2",), ("3",), ("5",), ("E", "v", "enter")])
async def test_a_view_that_is_gone_to_is_drawn_without_a_further_key(
    keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_over(make_run(), overfit(), view="compare")
    async with shown(app) as pilot:
        monkeypatch.setattr("lossmon.tui.studio.PATIENCE", 0.0)
        await pilot.press(*keys)
        for _ in range(1000):
            if "┬" in text(app) and not app.desk.studio._late:
                break
            await pilot.pause(0.01)
        assert "┬" in text(app)
        assert not app.desk.studio._late


@pytest.mark.usefixtures("impatient")
def test_a_key_waits_for_what_it_is_for_and_the_rest_follows() -> None:
    studio, told = studio_that_tells()
    go = threading.Event()
    jobs = [job("first", 1, lambda: 1), job("second", 1, lambda: go.wait(SOON) and 2)]
    with studio.patience(SOON):
        # The half of a long patience is over as soon as the first is there.
        studio._rest_until = 0.0
        assert studio.ask(jobs) == [1, None]
    go.set()
    until(told)
    assert studio.ask(jobs) == [1, 2]


def test_news_are_not_waited_for_while_a_key_is_on_its_way() -> None:
    studio, told = studio_that_tells()
    go, begun = threading.Event(), threading.Event()

    def make() -> str:
        begun.set()
        go.wait(SOON)
        return "new"

    def press() -> None:
        begun.wait(SOON)
        studio.hurry(SOON)

    key = threading.Thread(target=press)
    key.start()
    with studio.patience(10 * SOON, for_key=False):
        assert studio.ask([job("x", 1, make)]) == [None]
    key.join(SOON)
    assert studio.hurried > 0
    studio.calm()
    assert studio.hurried == 0
    go.set()
    until(told)
    with studio.patience(SOON, for_key=False):
        assert studio.ask([job("x", 1, make)]) == ["new"]


async def test_news_and_late_pictures_come_after_the_answer_to_a_key() -> None:
    app = app_over(make_run())
    async with shown(app) as pilot:
        app.key_comes()
        feed = app._feed
        assert isinstance(feed, HandFeed)
        assert feed.ways == [app_module.ANSWER_SECONDS]
        app.desk.studio.hurry(SOON)
        feed.send(make_run(name="beta"))
        await pilot.pause()
        assert "beta" not in text(app)
        await pilot.press("x")
        assert app.desk.studio.hurried == 0
        app.on_news()
        await pilot.pause()
        assert "beta" in text(app)


async def test_panels_of_a_view_that_is_opened_wait_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = app_over(make_run(), overfit(), view="focus")
    deadlines: set[float] = set()
    ask = Studio.ask

    def spy(studio: Studio, jobs: Any) -> Any:
        deadlines.add(studio._until or 0.0)
        return ask(studio, jobs)

    async with shown(app) as pilot:
        monkeypatch.setattr(Studio, "ask", spy)
        monkeypatch.setattr("lossmon.tui.studio.PATIENCE", SOON)
        await pilot.press("4")
        await pilot.pause()
    assert deadlines
    assert 0.0 not in deadlines
