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
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from lossmon.tui.desk import Desk, glyphs_for
from lossmon.tui.export import free_stem, write_csv
from lossmon.tui.feed import Feed, KeepsLines
from lossmon.tui.look import Look
from lossmon.tui.screens.view import VIEWS, View, make_view
from lossmon.tui.store import Store
from lossmon.tui.theme import ANSI16, DARK, LIGHT, PAINTS, Paint, choose_paint, textual_theme

if TYPE_CHECKING:
    from textual.driver import Driver

    from lossmon.monitor.snapshot import Snapshot
    from lossmon.settings import Settings


@runtime_checkable
class HasLayouts(Protocol):
    """A view whose panes can be laid out by a name."""

    def load(self, name: str) -> None:
        """Lay out what was saved under a name, or a grid like `2x3`."""


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
        view: str = "focus",
        layout: str = "",
        place: str = "",
        store: Store | None = None,
        today: float | None = None,
    ) -> None:
        paint = choose_paint(settings.theme)
        super().__init__(driver_class=_driver(), ansi_color=not paint.base)
        self._feed = feed
        self.settings = settings
        self._first_view = view
        self._latest: Snapshot | None = None
        glyphs = glyphs_for(
            settings.ascii, os.environ.get("TERM", ""), getattr(sys.stdout, "encoding", "") or ""
        )
        self.desk = Desk(look=Look(paint, glyphs, today), place=place or _place(sources))
        self.store = store or Store()
        before = self.store.load(self.desk.options)
        marked = before.get("marked")
        if isinstance(marked, list):
            self.desk.remembered = tuple(name for name in marked if isinstance(name, str))
        if settings.smoothing:
            self.desk.options.smoothing = settings.smoothing
        self._first_layout = layout
        if isinstance(feed, KeepsLines):
            self.desk.last_lines = feed.last_lines
        self._views: dict[str, View] = {}

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
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        self._feed.start(self._receive)

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
        desk = self.desk
        names = [run.name for run in map(desk.get, desk.marked) if run is not None]
        self.store.save(desk.options, [*names, *desk.remembered], desk.look.paint.name)

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
        self.desk.take(snapshot)
        if self._first_layout and snapshot.runs and not snapshot.scanning:
            layout, self._first_layout = self._first_layout, ""
            panes = self.view_of("panes")
            if isinstance(panes, HasLayouts):
                panes.load(layout)
        view = self.view
        if view is not None:
            view.show()
        if not gc.isenabled() and snapshot.runs:
            # Off while the program starts (a fifth of the imports' time); what is there by now
            # stays for good and need not be looked through again.
            gc.freeze()
            gc.enable()

    # ---- views

    def view_of(self, name: str) -> View:
        """Return the view of that name; each is made once."""
        if name not in self._views:
            self._views[name] = make_view(name, self.desk, self.store)
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
            self.copy_to_clipboard(self.view.as_text())
            self.view.say("copied the view as text (if the terminal allows OSC 52)")

    def action_export(self) -> None:
        """Write the view and its points to files in the current directory."""
        view = self.view
        if view is None or self.screen is not view:
            return
        svg, text, runs = self.export_screenshot(title="lossmon"), view.as_text(), view.runs()

        def write() -> None:
            name = runs[0].name if len(runs) == 1 else view.NAME
            try:
                stem = free_stem(Path.cwd(), name)
                Path(f"{stem}.svg").write_text(svg, encoding="utf-8")
                Path(f"{stem}.txt").write_text(text + "\n", encoding="utf-8")
                points = write_csv(Path(f"{stem}.csv"), runs)
            except OSError as error:
                self.call_from_thread(view.say, f"nothing exported: {error}")
            else:
                self.call_from_thread(
                    view.say, f"wrote {stem.name}.svg, .txt and .csv ({points:,} points) here"
                )

        view.run_worker(write, thread=True, exclusive=True, group="export")

    def action_redraw(self) -> None:
        """Send the whole screen again."""
        self.screen.refresh()

    def action_next_theme(self) -> None:
        """Go on to the next theme."""
        order = (DARK, LIGHT, ANSI16)
        now = self.desk.look.paint
        at = order.index(now) if now in order else -1
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
    view: str = "focus",
    layout: str = "",
    place: str = "",
) -> int:
    """Show the screen over a feed until the user quits; return the exit code.

    `view` is the one to begin with (a key of `VIEWS`); `layout` a saved layout
    of panes, or a grid like `2x3`: with it the panes are shown. `place` says in
    words what is watched (empty: the sources themselves).
    """
    from platformdirs import user_state_path

    project = "\0".join([str(Path.cwd()), *sources])
    store = Store(user_state_path("lossmon"), project)
    first = "panes" if layout else view
    app = LossmonApp(feed, settings, sources, view=first, layout=layout, place=place, store=store)
    return app.show(mouse=settings.mouse)
