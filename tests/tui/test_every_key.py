"""Every key in every view where it holds, pressed: what it changes is read before and after.

A key without an entry in `CHANGES` (or in `ELSEWHERE`) fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lossmon.tui.app import LossmonApp
from lossmon.tui.keys import KEYS, Key, keys_of
from lossmon.tui.panes import Panes
from lossmon.tui.screens.panes import PanesView
from lossmon.tui.screens.view import VIEWS, View
from tests.tui.runs import make_run, some_runs
from tests.tui.screens import app_over, shown, text

Read = Callable[[LossmonApp], Hashable]

ELSEWHERE = {
    "quit": "tests/tui/test_app.py::test_quit_stops_the_feed",
    "suspend_process": "tests/cli/test_terminal_faults.py::"
    "test_ctrl_z_gives_the_terminal_back_and_fg_paints_it_again",
}
"""Keys that end or stop the program, and where they are pressed instead."""


@dataclass(frozen=True)
class Change:
    """What a key changes, and the keys that make it possible."""

    read: Read
    before: tuple[str, ...] = ()


def _view(app: LossmonApp) -> Hashable:
    assert app.view is not None
    return app.view.NAME


def _screen(app: LossmonApp) -> Hashable:
    return type(app.screen).__name__


def _of_view(*names: str) -> Read:
    def read(app: LossmonApp) -> Hashable:
        found = app.view
        for name in names:
            found = getattr(found, name)
        return found  # type: ignore[return-value]

    return read


def _option(name: str) -> Read:
    return lambda app: getattr(app.desk.options, name)


def _choice(*names: str) -> Read:
    return lambda app: tuple(getattr(app.desk.choices, name) for name in names)


def _panes(app: LossmonApp) -> Hashable:
    view = app.view
    assert isinstance(view, PanesView)
    shown_in = tuple((pane.run, pane.metric) for pane in view.panes.leaves())
    return view.panes.active, shown_in, tuple(view.panes.boxes(100, 40))


def _chosen(app: LossmonApp) -> Hashable:
    return app.desk.chosen


_refreshed: list[str] = []
"""A word for each time that a whole view was sent anew."""

CHANGES: dict[str, Change] = {
    "help": Change(_screen),
    "command_palette": Change(_screen),
    "happenings": Change(_screen),
    "next_view": Change(_view),
    "next_view(-1)": Change(_view),
    "back": Change(
        lambda app: (_view(app), getattr(getattr(app.view, "state", None), "query", ""))
    ),
    "move(1)": Change(_chosen),
    "move(-1)": Change(_chosen),
    "page(1)": Change(text),
    "page(-1)": Change(text),
    "edge(-1)": Change(text),
    "edge(1)": Change(text),
    "open": Change(_view),
    "filter": Change(lambda app: len(app.screen.query("#prompt"))),
    "sort(1)": Change(_choice("sort")),
    "reverse": Change(_choice("reverse")),
    "mark": Change(lambda app: len(app.desk.marked)),
    "unmark": Change(lambda app: len(app.desk.marked)),
    "acknowledge": Change(lambda app: len(app.desk.acknowledged)),
    "newest_warning": Change(_chosen),
    "x_axis(1)": Change(_option("x_axis")),
    "x_axis(-1)": Change(_option("x_axis")),
    "log_y": Change(_option("log_y")),
    "smooth(1)": Change(_option("smoothing")),
    "smooth(-1)": Change(_option("smoothing")),
    "zoom(1)": Change(_option("x_range")),
    "zoom(-1)": Change(_option("x_range")),
    "pan(-1)": Change(_option("x_range"), ("z",)),
    "pan(1)": Change(_option("x_range"), ("z", "left")),
    "crosshair": Change(_option("cursor_x")),
    "reset": Change(_option("x_range"), ("z",)),
    "follow": Change(_option("follow")),
    "robust": Change(_option("robust")),
    "forecast": Change(_option("forecast")),
    "event(1)": Change(lambda app: app.desk.selected_event),
    "event(-1)": Change(lambda app: app.desk.selected_event),
    "split('right')": Change(_panes),
    "split('below')": Change(_panes),
    "close_pane": Change(_panes),
    "next_pane(1)": Change(_panes),
    "next_pane(-1)": Change(_panes),
    "pane_run(1)": Change(_panes),
    "pane_run(-1)": Change(_panes),
    "pane_metric(1)": Change(_panes),
    "pane_metric(-1)": Change(_panes),
    "link": Change(_choice("free_axes")),
    "grid": Change(_panes),
    "resize('right',1)": Change(_panes),
    "resize('right',-1)": Change(_panes),
    "resize('below',1)": Change(_panes),
    "resize('below',-1)": Change(_panes),
    "save_layout": Change(lambda app: len(app.screen.query("#prompt"))),
    "load_layout": Change(lambda app: len(app.screen.query("#prompt"))),
    "raw": Change(_of_view("raw")),
    "baseline": Change(_choice("baseline")),
    "band": Change(_choice("bands")),
    "family": Change(_of_view("family")),
    "metric(1)": Change(_choice("metric")),
    "metric(-1)": Change(_choice("metric")),
    "alone": Change(_of_view("enlarged")),
    "chart(1)": Change(_of_view("active")),
    "chart(-1)": Change(_of_view("active")),
    "columns(1)": Change(_choice("columns")),
    "columns(-1)": Change(_choice("columns")),
    "lines(1)": Change(_choice("rows")),
    "lines(-1)": Change(_choice("rows")),
    "copy": Change(lambda app: len(app.clipboard)),
    "export": Change(lambda app: len(list(Path.cwd().iterdir()))),
    "next_theme": Change(lambda app: app.desk.look.paint.name),
    "machine": Change(_choice("machine")),
    "redraw": Change(lambda app: len(_refreshed)),
}


def _begin(app: LossmonApp, view: str, key: Key) -> None:
    """Set the stage: a run in the middle of the list, nothing zoomed, panes in a grid of four."""
    desk = app.desk
    desk.options.reset()
    desk.options.smoothing, desk.selected_event = 0.6, None
    desk.acknowledged.clear()
    desk.marked = ["id-alpha", "id-beta"] if key.action == "unmark" else []
    desk.choices.columns = desk.choices.rows = 2
    desk.choices.free_axes = False
    # In the middle of the list, and with a warning where one is to be acknowledged.
    middle = "id-beta" if view != "overview" or key.action == "acknowledge" else "id-alpha"
    if view != "overview" and key.action.startswith(("move", "page", "edge")):
        middle = "id-gamma"
    desk.choose(middle)
    if isinstance(app.view, PanesView):
        app.view.panes = Panes()
        app.view.panes.grid(2, 2)
        app.view.panes.active = 1 if "right" in key.action else 2
        for pane, run in zip(app.view.panes.leaves(), desk.runs, strict=False):
            pane.run = run.id
        app.view.panes.leaves()[app.view.panes.active].run = "id-beta"
    if view == "overview":
        app.view.state.query = "a" if key.action == "back" else ""  # type: ignore[union-attr]
    if view == "log":
        app.view.back_by = 5 if key.action != "edge(1)" else 20  # type: ignore[union-attr]
    if view == "metrics":
        desk.choices.columns = desk.choices.rows = (
            1 if key.action.startswith(("page", "edge")) else 2
        )
        app.view.active = 2  # type: ignore[union-attr]
    assert app.view is not None
    app.view.show()


async def _does_something(app: LossmonApp, pilot: Pilot[int], key: Key, name: str) -> bool:
    change = CHANGES[key.action]
    await pilot.press(*change.before)
    before = change.read(app)
    await pilot.press(name)
    await app.workers.wait_for_complete()
    await pilot.pause()
    changed = change.read(app) != before
    while app.screen is not app.view:
        await pilot.press("escape")
        await pilot.pause()
    for prompt in app.screen.query("#prompt"):
        await prompt.remove()
    return changed


@pytest.mark.parametrize("view", VIEWS)
async def test_every_key_does_something_where_it_holds(
    view: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lossmon.tui.export.write_png", lambda *_: None)
    refresh = View.refresh

    def spy(self: View, *regions: object, **how: object) -> object:
        if not regions:
            _refreshed.append(view)
        return refresh(self, *regions, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(View, "refresh", spy)
    seeds = [make_run(f"base-s{i}", 40, seed=i) for i in range(3)]
    app = app_over(*some_runs(), *seeds, view=view)
    async with shown(app, (90, 26)) as pilot:
        idle = []
        for key in keys_of(view):
            if key.action in ELSEWHERE or key.action.startswith("view("):
                continue
            await app.action_view(view)
            _begin(app, view, key)
            await pilot.pause()
            # Its other names are bound to the same action: one of them is pressed for all.
            assert app.view is not None
            bound = app.view._bindings.key_to_bindings
            assert all(bound[name][0].action == key.target for name in key.keys), key
            if not await _does_something(app, pilot, key, key.keys[0]):
                idle.append((key.keys[0], key.text))
        assert not idle, f"in {view} these changed nothing"


@pytest.mark.parametrize("view", VIEWS)
async def test_every_view_is_reached_by_its_key_from(view: str) -> None:
    app = app_over(*some_runs(), view=view)
    async with shown(app) as pilot:
        for key in KEYS:
            if key.action.startswith("view("):
                await pilot.press(key.keys[0])
                assert f"view('{_view(app)}')" == key.action
                await app.action_view(view)


def test_no_key_is_without_a_test() -> None:
    known = {*CHANGES, *ELSEWHERE}
    assert [key.action for key in KEYS if key.action not in known] == [
        f"view('{name}')" for name in VIEWS
    ]
    assert not known - {key.action for key in KEYS}


def test_every_key_has_an_option_that_does_the_same_or_is_for_a_moment() -> None:
    from lossmon.cli.completion import commands

    watch = next(one for one in commands() if one.name == "watch")
    options = {name for option in watch.options for name in option.names}
    assert {key.option for key in KEYS if key.option} <= options
    momentary = {
        "help", "quit", "next_view", "back", "page", "edge", "open", "unmark", "acknowledge",
        "newest_warning", "happenings", "crosshair", "reset", "follow", "event", "close_pane",
        "next_pane", "pane_run", "pane_metric", "save_layout", "family", "alone", "chart", "copy",
        "command_palette", "redraw", "suspend_process",
    }  # fmt: skip
    assert {key.action.partition("(")[0] for key in KEYS if not key.option} == momentary
