"""What happened while nobody looked is told on return, once; and the list of all events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import AppBlur, AppFocus

from lossmon.tui.away import IDLE, Absence
from lossmon.tui.screens.happenings import Happenings
from lossmon.tui.store import Store
from tests.tui.runs import broken, make_run, overfit, snapshot
from tests.tui.screens import app_over, lines, shown, text


def test_only_what_was_raised_meanwhile_is_told_and_once() -> None:
    absence = Absence(0.0)
    absence.news([make_run(), broken()], 1.0, False)  # what was there at the start
    absence.news([make_run(), broken()], 2.0, True)
    assert absence.sign(3.0) == []
    absence.leave(4.0)
    absence.news([overfit("alpha")], 5.0, True)
    found = absence.sign(6.0)
    # The spike is over and no warning.
    assert [(run, event.kind) for run, event in found] == [("id-alpha", "overfitting")]
    assert absence.sign(7.0) == []
    # Who is there and pressed a key a moment ago has seen it.
    absence.news([broken("beta")], 8.0, True)
    assert absence.sign(9.0) == []
    # Who pressed none for long was away.
    absence.news([overfit("gamma")], 10.0, True)
    assert [run for run, _ in absence.sign(9.0 + IDLE + 1)] == ["id-gamma"]


async def test_what_was_raised_without_focus_is_listed_on_return() -> None:
    app = app_over(make_run(), make_run("beta"))
    async with shown(app) as pilot:
        app.post_message(AppBlur())
        await pilot.pause()
        app.take(snapshot(make_run(), overfit(), version=2))
        await pilot.pause()
        app.post_message(AppFocus())
        await pilot.pause()
        assert isinstance(app.screen, Happenings)
        assert "raised while you were away" in lines(app)[0]
        assert "beta" in text(app)
        assert "spike" not in text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.desk.chosen == "id-beta"
        assert app.view is not None
        assert app.view.NAME == "focus"
        assert app.desk.selected_event == 1
        # Told once.
        app.post_message(AppBlur())
        app.post_message(AppFocus())
        await pilot.pause()
        assert app.screen is app.view


async def test_the_list_has_all_events_the_newest_first_and_follows() -> None:
    app = app_over(make_run(), overfit(), broken(), view="overview")
    async with shown(app) as pilot:
        await pilot.press("E")
        rows = [line for line in lines(app) if "step" in line and "at step" not in line[:60]]
        assert [row.split()[3] for row in rows[:3]] != []
        order = [next(name for name in ("beta", "gamma") if name in row) for row in rows[:3]]
        assert order == ["gamma", "beta", "beta"]
        await pilot.press("j")
        assert "eval_loss rose 0.31 above its minimum of 1.62" in text(app)
        await pilot.press("j", "k", "escape")
        assert app.screen is app.view
        await pilot.press("E")
        await pilot.click("#happenings", offset=(20, 1))
        await pilot.pause()
        assert app.desk.chosen == "id-gamma"


async def test_the_next_session_says_what_is_new(tmp_path: Path) -> None:
    first = app_over(make_run(), make_run("beta"), store=Store(tmp_path, "p"))
    async with shown(first):
        pass
    second = app_over(make_run(), overfit(), store=Store(tmp_path, "p"))
    async with shown(second) as pilot:
        assert "1 new warning since you left" in text(second)
        await pilot.press("a")
    third = app_over(make_run(), overfit(), store=Store(tmp_path, "p"))
    async with shown(third):
        assert "since you left" not in text(third)
        # Acknowledged it stays acknowledged.
        third.desk.choose("id-beta")
        assert not third.desk.alarms(overfit())


@pytest.mark.parametrize("key", ["E", "exclamation_mark"])
async def test_without_events_that_is_said(key: str) -> None:
    app = app_over(make_run())
    async with shown(app) as pilot:
        await pilot.press(key)
        assert "Nothing has happened" in text(app) or "no warning stands" in text(app)


async def test_the_newest_warning_is_shown_whatever_its_run() -> None:
    app = app_over(make_run(), overfit(), broken(), view="compare")
    async with shown(app) as pilot:
        app.desk.choose("id-alpha")
        await pilot.press("exclamation_mark")
        assert app.desk.chosen == "id-gamma"
        await pilot.press("a", "exclamation_mark")
        assert app.desk.chosen == "id-beta"


def test_a_run_that_is_read_anew_raises_nothing_twice() -> None:
    absence = Absence(0.0)
    absence.news([overfit()], 1.0, True)
    absence.leave(2.0)
    again = replace(overfit(), version=5)
    absence.news([again], 3.0, True)
    assert absence.sign(4.0) == []
