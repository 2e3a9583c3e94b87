"""What goes to the terminal: nothing for an unchanged screen, little for a changed figure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console
from textual._compositor import Compositor
from textual.driver import Driver

from lossmon.tui.app import LossmonApp
from lossmon.tui.cells import CellCompositor, CellsUpdate
from tests.tui.runs import make_run, overfit, snapshot
from tests.tui.screens import app_over, shown, text


def updates(app: LossmonApp) -> list[str]:
    """Record from now on what each partial update would write."""
    console = Console(color_system="truecolor", force_terminal=True, width=120)
    written: list[str] = []
    view = app.view
    assert view is not None
    compositor = view._compositor
    original = compositor.render_partial_update

    def spy() -> object:
        update = original()
        if update is not None:
            assert isinstance(update, CellsUpdate)
            written.append(update.render_segments(console))
        return update

    compositor.render_partial_update = spy  # type: ignore[method-assign,assignment]
    return written


async def test_the_same_snapshot_again_writes_nothing() -> None:
    app = app_over(make_run(), overfit())
    async with shown(app) as pilot:
        written = updates(app)
        for version in range(2, 6):
            app.take(snapshot(*app.desk.runs, version=version))
            await pilot.pause()
        assert written == []


async def test_a_changed_figure_writes_that_figure() -> None:
    run = make_run(state="finished")
    app = app_over(run)
    async with shown(app) as pilot:
        assert "1.041" not in text(app)
        written = updates(app)
        changed = replace(run, version=2, summary=replace(run.summary, smoothed=1.041))
        app.take(snapshot(changed, version=2))
        await pilot.pause()
        assert "1.041" in text(app)
        # One digit of 1.030: a move, its colours, the digit.
        assert 0 < len("".join(written)) < 120


async def test_a_live_point_writes_little() -> None:
    app = app_over(make_run(points=400))
    async with shown(app) as pilot:
        written = updates(app)
        for points in range(401, 426):
            app.take(snapshot(make_run(points=points), version=points))
            await pilot.pause()
        # The test's curve is another one at each length, so this is far above a real log's.
        assert len("".join(written)) / 25 < 6000


async def test_what_is_written_is_what_stands_on_the_screen() -> None:
    """Play the updates into a terminal emulator: it must show the compositor's screen."""
    import pyte

    app = app_over(make_run(), overfit())
    async with shown(app, (100, 30)) as pilot:
        screen = pyte.Screen(100, 30)
        stream = pyte.Stream(screen)
        for y, line in enumerate(text(app).split("\n")):
            stream.feed(f"\x1b[{y + 1};1H{line}")
        written = updates(app)
        for key in ("n", "l", "x", "s", "z", "left", "c", "r"):
            await pilot.press(key)
        changed = replace(overfit(), version=3, events=())
        app.take(snapshot(make_run(points=300), changed, version=3))
        await pilot.pause()
        for update in written:
            stream.feed(update)
        assert [line.rstrip() for line in screen.display] == [
            line.rstrip() for line in text(app).split("\n")
        ]


async def test_the_whole_screen_is_sent_again_on_wish_and_after_a_suspension() -> None:
    app = app_over(make_run())
    async with shown(app) as pilot:
        view = app.view
        assert view is not None
        full: list[str] = []
        original = view._compositor.render_full_update

        def spy(simplify: bool = False) -> object:
            full.append("sent")
            return original(simplify)

        view._compositor.render_full_update = spy  # type: ignore[method-assign,assignment]
        await pilot.press("ctrl+l")
        assert full == ["sent"]
        app.post_message(Driver.SignalResume())
        await pilot.pause()
        await pilot.pause()
        assert full == ["sent", "sent"]


@pytest.mark.parametrize("theme", ["dark", "light", "ansi", "mono"])
async def test_cells_taken_from_sheets_are_those_that_textual_would_compose(theme: str) -> None:
    """The two ways to an update write the same, and most of what changes goes the short way."""
    app = app_over(make_run(points=400), theme=theme)
    console = Console(color_system="truecolor", force_terminal=True, width=120)
    short = 0
    async with shown(app) as pilot:
        view = app.view
        assert view is not None
        compositor = view._compositor
        assert isinstance(compositor, CellCompositor)
        original = compositor.render_partial_update

        def both() -> object:
            nonlocal short
            dirty = set(compositor._dirty_regions)
            kept = compositor._kept()
            assert compositor._dirty_regions == dirty
            if kept is not None and dirty:
                short += 1
                whole = Compositor.render_partial_update(compositor)
                assert whole is not None
                slow = CellsUpdate(whole.chops, whole.spans, whole.chop_ends)
                assert kept.render_segments(console) == slow.render_segments(console)
                compositor._dirty_regions = dirty
            return original()

        compositor.render_partial_update = both  # type: ignore[method-assign,assignment]
        for points in range(401, 406):
            app.take(snapshot(make_run(points=points), version=points))
            await pilot.pause()
    assert (short > 0) == (theme in ("dark", "light"))
