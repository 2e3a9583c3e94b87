"""The app: takes snapshots from a feed, holds the desk, shows one view at a time.

The feed's thread only leaves the newest snapshot and a message behind; this
thread draws. No timer runs: without news and keys nothing is computed and
nothing is written.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.events import AppBlur, AppFocus, Event, Key, MouseDown
from textual.message import Message
from textual.screen import Screen

from lossmon.tui.away import Absence, warnings_of
from lossmon.tui.desk import ChartOptions, Desk, glyphs_for
from lossmon.tui.feed import Feed, KeepsLines
from lossmon.tui.figures import clock
from lossmon.tui.look import Look
from lossmon.tui.machine_watch import MachineWatch
from lossmon.tui.screens.view import VIEWS, View, make_view
from lossmon.tui.start import begin, first_paint, read_ahead
from lossmon.tui.store import Store
from lossmon.tui.theme import ANSI16, DARK, LIGHT, PAINTS, Paint, textual_theme

if TYPE_CHECKING:
    from textual.driver import Driver

    from lossmon.machine import Machine
    from lossmon.monitor.snapshot import Snapshot
    from lossmon.settings import Settings
    from lossmon.tui.panels.happenings import Happening


_GC_THRESHOLDS: Final = (5_000, 5, 5)
"""Dropped pictures and plotext's figures hang together in cycles: at the start's threshold (50,000
objects) up to 10 MB of them would lie about; at this one a search takes half a millisecond."""


@runtime_checkable
class HasLayouts(Protocol):
    """A view whose panes can be laid out by a name."""

    def load(self, name: str) -> None:
        """Lay out what was saved under a name, or a grid like `2x3`."""

    def kept(self) -> dict[str, Any] | None:
        """Return the layout to remember, None where none was made."""

    def restore(self, data: object) -> None:
        """Lay out what was remembered."""


class MachineNews(Message):
    """This machine was looked at."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def can_replace(self, message: Message) -> bool:
        """A later look makes an earlier one superfluous."""
        return isinstance(message, MachineNews)


class News(Message):
    """A newer snapshot lies ready; several that wait are one."""

    def can_replace(self, message: Message) -> bool:
        """A later message of the kind makes an earlier one superfluous."""
        return isinstance(message, News)


class LossmonApp(App[int]):
    """The live screen."""

    TITLE = "lossmon"
    CSS_PATH = "lossmon.tcss"
    ENABLE_COMMAND_PALETTE = True
    ALLOW_SELECT = False  # dragging moves a chart; `y` copies
    BINDINGS: ClassVar = [
        Binding("ctrl+c", "quit", "Quit", show=False, system=True),
    ]

    def __init__(
        self,
        feed: Feed,
        settings: Settings,
        sources: Sequence[str] = (),
        *,
        view: str = "",
        layout: str = "",
        place: str = "",
        store: Store | None = None,
        today: float | None = None,
    ) -> None:
        self.store = store or Store()
        options = ChartOptions()
        before = {} if settings.screen.fresh else self.store.load(options)
        paint = first_paint(settings, before)
        super().__init__(driver_class=_driver(), ansi_color=not paint.base)
        self._feed = feed
        self.settings = settings
        self._latest: Snapshot | None = None
        glyphs = glyphs_for(
            settings.ascii, os.environ.get("TERM", ""), getattr(sys.stdout, "encoding", "") or ""
        )
        self.desk = Desk(
            look=Look(paint, glyphs, today), place=place or _place(sources), options=options
        )
        self._before = before
        begin(self.desk, settings, before)
        self._first_view = view or self.desk.choices.view
        if self._first_view not in VIEWS:
            self._first_view = "focus"
        self.desk.choices.view = self._first_view
        self._first_layout = layout or settings.screen.panes or settings.screen.layout or ""
        self._theme_chosen = isinstance(before.get("theme"), str) and bool(before["theme"])
        if isinstance(feed, KeepsLines):
            self.desk.last_lines = feed.last_lines
        self.desk.look_at_machine = self._look_at_machine
        self._watch: MachineWatch | None = None
        self._absence = Absence(time.monotonic())
        self._views: dict[str, View] = {}
        self._started = False
        """Whether a run was shown."""

    # ---- life

    def get_default_screen(self) -> Screen[None]:
        """Return the view to begin with; there is no screen below it."""
        for paint in PAINTS.values():
            self.register_theme(textual_theme(paint))
        self.theme = f"lossmon-{self.desk.look.paint.name}"
        return self.view_of(self._first_view)

    def on_ready(self) -> None:
        """Begin to watch once the first picture stands."""
        if not self.is_headless:
            self._leave_on_signals()
        # After ctrl+z and fg the terminal's other screen is empty; Textual sends only changes.
        self.app_resume_signal.subscribe(self, lambda _: self._back_again())
        self.app_suspend_signal.subscribe(self, lambda _: self._absence.leave(time.monotonic()))
        self._feed.start(self._receive)
        if self.desk.choices.machine:
            self._machine_watch().steadily(True)

    def _leave_on_signals(self) -> None:
        """Give the terminal back before a SIGTERM or SIGHUP ends the program."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
                    loop.add_signal_handler(number, self._leave, 128 + number)

    def _leave(self, code: int) -> None:
        self.exit(code, return_code=code)

    def on_unmount(self) -> None:
        """Stop watching; remember how things were shown."""
        self._feed.stop()
        if self._watch is not None:
            self._watch.stop()
        desk = self.desk
        marked = [run.name for run in map(desk.get, desk.marked) if run is not None]
        panes = self._views.get("panes")
        layout = panes.kept() if isinstance(panes, HasLayouts) else None
        self.store.save(
            desk.options,
            {
                **desk.choices.kept(),
                "marked": [*marked, *desk.remembered][:500],
                "theme": desk.look.paint.name if self._theme_chosen else "",
                "panes": layout or self._before.get("panes"),
                "acknowledged": sorted(desk.acknowledged)[-2000:],
                "warnings": warnings_of(desk.runs),
                "left": time.time(),
            },
        )

    def _fatal_error(self) -> None:
        # Textual would print a page of traceback: `show` raises the error for the command line,
        # which writes it to a file and says so in one line.
        self._close_messages_no_wait()

    def show(self, **options: Any) -> int:
        """Run until the user quits; return the exit code, raise what ended it otherwise."""
        code = self.run(**options)
        if self._exception is not None:
            raise self._exception
        return self.return_code or code or 0

    def _receive(self, snapshot: Snapshot) -> None:
        # Called on the feed's thread: one reference is set, one message is left; no lock is held.
        self._latest = snapshot
        if self._running:
            self.post_message(News())

    def on_news(self) -> None:
        """Draw what changed."""
        snapshot = self._latest
        if snapshot is not None:
            self.take(snapshot)

    def take(self, snapshot: Snapshot) -> None:
        """Put a snapshot on the desk and on the screen."""
        settled = self.desk.settled
        self.desk.take(snapshot)
        self._absence.news(snapshot.runs, time.monotonic(), settled)
        if self.desk.settled and not settled:
            self._say_what_is_new()
        if self._first_layout and snapshot.runs and not snapshot.scanning:
            layout, self._first_layout = self._first_layout, ""
            panes = self.view_of("panes")
            if isinstance(panes, HasLayouts):
                panes.load(layout)
        view = self.view
        if view is not None:
            view.show()
        if snapshot.runs and not self._started:
            # What is there by now stays for good and need not be looked through again.
            self._started = True
            gc.freeze()
            gc.set_threshold(*_GC_THRESHOLDS)
            read_ahead()

    # ---- who is away, and comes back

    async def on_event(self, event: Event) -> None:
        """Take each key and click as a sign of life."""
        if isinstance(event, (Key, MouseDown)) and not event.is_forwarded:
            self._back()
        await super().on_event(event)

    async def _on_app_blur(self, event: AppBlur) -> None:
        self._absence.leave(time.monotonic())
        await super()._on_app_blur(event)

    async def _on_app_focus(self, event: AppFocus) -> None:
        self._back()
        await super()._on_app_focus(event)

    def _back_again(self) -> None:
        self.action_redraw()
        self._back()

    def _back(self) -> None:
        """List what was raised while nobody was there."""
        raised = self._absence.sign(time.monotonic())
        view = self.view
        if not raised or view is None or self.screen is not view:
            return
        keys = {(run, event.kind, event.step) for run, event in raised}
        self.call_later(self._list, "raised while you were away", keys)

    def _say_what_is_new(self) -> None:
        """Say which warnings came since the last session, once all is read."""
        known, left = self._before.get("warnings"), self._before.get("left")
        if not isinstance(known, list) or not isinstance(left, float) or self.view is None:
            return
        new = set(warnings_of(self.desk.runs)) - {one for one in known if isinstance(one, str)}
        if new:
            since = clock(left, self.desk.look.today)
            s = "s" if len(new) > 1 else ""
            self.view.say(f"{len(new)} new warning{s} since you left ({since}): E lists them")

    def action_happenings(self) -> None:
        """List the events of all runs."""
        if self.view is not None and self.screen is self.view:
            self._list("events of all runs", None)

    def _list(self, title: str, only: set[tuple[str, str, float]] | None) -> None:
        from lossmon.tui.panels.happenings import happenings
        from lossmon.tui.screens.happenings import Happenings

        def found() -> list[Happening]:
            every = happenings(self.desk.runs)
            if only is None:
                return every
            return [
                (run, event) for run, event in every if (run.id, event.kind, event.step) in only
            ]

        self.push_screen(Happenings(self.desk, found, title), self._go_to)

    async def _go_to(self, happening: Happening | None) -> None:
        if happening is not None:
            await self.action_view("focus")
            if self.view is not None:
                self.view.go_to(happening)

    async def action_newest_warning(self) -> None:
        """Show the run with the newest warning that stands."""
        latest = self.desk.latest_alarm()
        if latest is None:
            if self.view is not None:
                self.view.say("no warning stands that nobody acknowledged")
            return
        self.desk.choose(latest[0].id)
        await self.action_view("focus")
        if self.view is not None:
            self.view.show()

    # ---- this machine

    def _machine_watch(self) -> MachineWatch:
        if self._watch is None:
            self._watch = MachineWatch(self._machine_seen)
        return self._watch

    def _look_at_machine(self) -> None:
        self._machine_watch().once()

    def _machine_seen(self, machine: Machine) -> None:
        # Called on the watch's thread.
        if self._running:
            self.post_message(MachineNews(machine))

    def on_machine_news(self, message: MachineNews) -> None:
        """Show what the machine does now."""
        before, self.desk.machine = self.desk.machine, message.machine
        if self.view is None:
            return
        if before is None or len(before.gpus) != len(message.machine.gpus):
            self.view.place_again()
        else:
            self.view.show()

    def action_machine(self) -> None:
        """Show this machine at the foot, or no more."""
        wanted = self.desk.choices.machine = not self.desk.choices.machine
        self._machine_watch().steadily(wanted)
        if self.view is not None:
            self.view.place_again()
            if wanted and not self.view.has_machine:
                self.view.say("this screen is too small for the machine's panel")

    # ---- views

    def view_of(self, name: str) -> View:
        """Return the view of that name; each is made once."""
        if name not in self._views:
            made = self._views[name] = make_view(name, self.desk, self.store)
            if isinstance(made, HasLayouts) and self._before.get("panes") is not None:
                made.restore(self._before["panes"])
            if name != self._first_view:
                # An installed screen outlives its leaving: what was set in it stays.
                self.install_screen(self._views[name], name)
        return self._views[name]

    @property
    def view(self) -> View | None:
        """The view that is shown, below any help or palette over it."""
        return next((one for one in reversed(self.screen_stack) if isinstance(one, View)), None)

    async def action_view(self, name: str) -> None:
        """Go to a view."""
        view = self.view
        if view is None or name == view.NAME or self.screen is not view:
            return
        self.desk.choices.view = name
        wanted = self.view_of(name)
        if wanted is self.screen_stack[0]:
            await self.pop_screen()
        elif len(self.screen_stack) == 1:
            await self.push_screen(wanted)
        else:
            await self.switch_screen(wanted)

    async def action_next_view(self, by: int = 1) -> None:
        """Go to the view after (or before) this one."""
        if self.view is not None:
            names = list(VIEWS)
            await self.action_view(names[(names.index(self.view.NAME) + by) % len(names)])

    async def action_back(self) -> None:
        """Leave what is open: in a view the view itself handles it first."""
        if self.view is not None and self.screen is self.view and not self.view.back():
            await self.action_view("overview" if len(self.desk.runs) > 1 else "focus")

    async def action_help(self) -> None:
        """Show keys, marks and what the numbers mean."""
        if self.view is not None and self.screen is self.view:
            from lossmon.tui.screens.help import Help

            await self.push_screen(Help(self.desk, self.view.NAME))

    # ---- taking things along

    def action_copy(self) -> None:
        """Copy what stands on screen, through the terminal (works over ssh too)."""
        if self.view is not None:
            text, what = self.view.to_copy()
            self.copy_to_clipboard(text)
            self.view.say(f"copied {what} (if the terminal allows OSC 52)")

    def picture(self) -> str:
        """Return what stands on screen as SVG."""
        from lossmon.tui.vector import screen_svg

        paint = self.desk.look.paint
        own = (paint.foreground, paint.background) if paint.base else ("", "")
        return screen_svg(self.screen._compositor.render_strips(), *own)

    def action_export(self) -> None:
        """Write the view and its points to files in the current directory."""
        view = self.view
        if view is None or self.screen is not view:
            return
        from lossmon.tui.export import Export

        name = view.runs()[0].name if len(view.runs()) == 1 else view.NAME
        export = Export(self.picture(), view.as_text(), tuple(view.runs()), name)
        view.say("writing …")

        def write() -> None:
            told = export.write(Path(self.settings.screen.export_to))
            self.call_from_thread(view.say, told)

        view.run_worker(write, thread=True, exclusive=True, group="export")

    def action_redraw(self) -> None:
        """Send the whole screen again."""
        self.screen.refresh()

    def action_next_theme(self) -> None:
        """Go on to the next theme."""
        order = (DARK, LIGHT, ANSI16)
        now = self.desk.look.paint
        at = order.index(now) if now in order else -1
        self._theme_chosen = True
        self.use_paint(order[(at + 1) % len(order)])

    def use_paint(self, paint: Paint) -> None:
        """Paint everything in another theme."""
        self.desk.look = replace(self.desk.look, paint=paint)
        self.ansi_color = not paint.base
        self.theme = f"lossmon-{paint.name}"
        for view in self._views.values():
            view.repaint(paint)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer everything that has a key by name, and each run."""
        view = self.view
        if view is None:
            return
        for key in view.active_keys():
            if key.action != "command_palette":
                yield SystemCommand(f"{key.text}", f"key {key.shown}", self._runner(key.target))
        for run in self.desk.runs[:500]:
            title, source = (_no_markup(text) for text in (f"Run: {run.name}", run.source))
            yield SystemCommand(title, source, self._chooser(run.id))

    def _runner(self, action: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.run_action(action, default_namespace=self.view)

        return run

    def _chooser(self, run_id: str) -> Callable[[], None]:
        def choose() -> None:
            self.desk.choose(run_id)
            if self.view is not None:
                self.view.show()

        return choose


def _driver() -> type[Driver] | None:
    """Return the driver for a terminal; None leaves the choice to Textual (Windows, a browser)."""
    if os.name != "posix" or "TEXTUAL_DRIVER" in os.environ:
        return None
    from lossmon.tui.driver import TerminalDriver

    return TerminalDriver


def _no_markup(text: str) -> str:
    """Return the markup that shows `text` as it stands.

    The palette reads what it is given as markup: a file's name could colour it,
    or be clicked. (`textual.markup.escape` lets `[B]` and `[$x]` through.)
    """
    return text.replace("[", "\\[")


def _place(sources: Sequence[str]) -> str:
    if not sources or tuple(sources) == (".",):
        return "this directory"
    if tuple(sources) == ("-",):
        return "standard input"
    return sources[0] if len(sources) == 1 else f"{sources[0]} and {len(sources) - 1} more"


def run(
    feed: Feed,
    settings: Settings,
    sources: Sequence[str] = (),
    *,
    place: str = "",
    is_project: bool = True,
) -> int:
    """Show the screen over a feed until the user quits; return the exit code.

    `place` says in words what is watched (empty: the sources themselves). What
    is no project (a demo) is not remembered.
    """
    from platformdirs import user_state_path

    project = "\0".join([str(Path.cwd()), *sources]) if is_project else None
    store = Store(user_state_path("lossmon"), project)
    return LossmonApp(feed, settings, sources, place=place, store=store).show(mouse=settings.mouse)
