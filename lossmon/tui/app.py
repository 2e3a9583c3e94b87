"""The app: takes snapshots from a feed, holds the desk, shows one view at a time.

The feed's thread only leaves the newest snapshot and a message behind; this
thread draws. No timer runs: without news and keys nothing is computed and
nothing is written.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.binding import Binding
from textual.screen import Screen

from lossmon.model import clean_text
from lossmon.tui import studio
from lossmon.tui.away import Absence
from lossmon.tui.desk import ChartOptions, Desk, glyphs_for
from lossmon.tui.ending import left_behind, new_since
from lossmon.tui.feed import Feed, KeepsLines
from lossmon.tui.look import Look
from lossmon.tui.machine_watch import MachineWatch
from lossmon.tui.messages import Drawn, MachineNews, News
from lossmon.tui.pace import Pace
from lossmon.tui.roaming import Roaming
from lossmon.tui.screens.view import VIEWS, HasLayouts, View, make_view
from lossmon.tui.start import begin, driver_class, first_paint, place_of, read_ahead
from lossmon.tui.store import Store
from lossmon.tui.theme import ANSI16, DARK, LIGHT, PAINTS, Paint, textual_theme
from lossmon.tui.typed import TakesKeys

if TYPE_CHECKING:
    from textual.timer import Timer

    from lossmon.machine import Machine
    from lossmon.monitor.snapshot import Snapshot
    from lossmon.settings import Settings


FIRST_PICTURE_SECONDS: Final = 0.5
"""So long at most reading waits for the first picture: a terminal may take no bytes for a while."""
ANSWER_SECONDS: Final = 0.05
"""Within these a key is answered: reading, judging and news wait so long."""
TOGETHER: Final = 0.02
"""So long pictures that come late are waited for together."""
DROP_SECONDS: Final = 10.0
"""How often views that are not shown let go of what has changed since."""


_READ_AHEAD: Final = 0.5
"""Seconds after the first chart at which other screens are imported: not to hold it up."""


class LossmonApp(Roaming):
    """The live screen."""

    TITLE = "lossmon"
    CSS_PATH = "lossmon.tcss"
    ENABLE_COMMAND_PALETTE = False  # Textual's own: emoji, blocks and markup, whatever the terminal
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
        pace: Pace | None = None,
    ) -> None:
        self.store = store or Store()
        options = ChartOptions()
        before = {} if settings.screen.fresh else self.store.load(options)
        paint = first_paint(settings, before)
        super().__init__(driver_class=driver_class(), ansi_color=not paint.base)
        self._feed = feed
        self.settings = settings
        self._latest: Snapshot | None = None
        glyphs = glyphs_for(
            settings.ascii, os.environ.get("TERM", ""), getattr(sys.stdout, "encoding", "") or ""
        )
        self.desk = Desk(
            look=Look(paint, glyphs, today),
            place=clean_text(place or place_of(sources)),
            options=options,
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
        self.desk.studio.tell = self._drawn
        self._watch: MachineWatch | None = None
        self._absence = Absence(time.monotonic())
        self._views: dict[str, View] = {}
        self._pace = pace or Pace(0.0)
        self._due: Timer | None = None
        """Runs while news waits for what the last pictures cost."""
        self._drawn_due: Timer | None = None
        """Runs while pictures wait for the answer to a key."""
        self._owing = False
        """Whether pictures of the last news are still to come, and to be paid for."""
        self._began = 0.0
        """CPU seconds of this thread when the newest picture was begun."""
        self._pictured = threading.Event()
        """Whether the first picture of a run was drawn."""
        self._started = False
        """Whether a run was shown."""
        self._next_drop = 0.0

    # ---- life

    def key_comes(self) -> None:
        """Make room for the answer to a key. Called on the thread that reads the terminal."""
        self.desk.studio.hurry(ANSWER_SECONDS)
        self._feed.give_way(ANSWER_SECONDS)

    async def on_event(self, event: events.Event) -> None:
        """Hand a key on to a prompt that was opened while the key was on its way."""
        await self._hear(event)
        if isinstance(event, events.Key) and event.is_forwarded:
            self.desk.studio.calm()
            self._owing = False

    async def _hear(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and event.is_forwarded:
            focused: object = self.focused
            if isinstance(focused, TakesKeys) and not focused.has_seen(event):
                focused.take(event)
                return
        await super().on_event(event)

    def get_default_screen(self) -> Screen[None]:
        """Return the view to begin with; there is no screen below it."""
        for paint in PAINTS.values():
            self.register_theme(textual_theme(paint))
        self.theme = f"lossmon-{self.desk.look.paint.name}"
        return self.view_of(self._first_view)

    def on_ready(self) -> None:
        """Begin to watch once the first picture stands."""
        self.begin()
        self._feed.start(self._receive)
        if self.desk.choices.machine:
            self._machine_watch().steadily(True)

    def on_unmount(self) -> None:
        """Stop watching; remember how things were shown."""
        self._pictured.set()
        self._feed.stop()
        self.desk.studio.stop()
        if self._watch is not None:
            self._watch.stop()
        panes = self._views.get("panes")
        layout = panes.kept() if isinstance(panes, HasLayouts) else None
        theme = self.desk.look.paint.name if self._theme_chosen else ""
        kept = left_behind(self.desk, layout or self._before.get("panes"), theme)
        self.store.save(self.desk.options, kept)

    def _receive(self, snapshot: Snapshot) -> None:
        # Called on the feed's thread: one reference is set, one message is left; no lock is held.
        self._latest = snapshot
        if self._running:
            self.post_message(News())
            if snapshot.runs and threading.get_ident() != self._thread_id:
                # The first picture has the interpreter for itself: a long load waits for it.
                self._pictured.wait(FIRST_PICTURE_SECONDS)

    def _drawn(self) -> None:
        # Called on the studio's thread.
        if self._running:
            self.post_message(Drawn())

    def on_drawn(self) -> None:
        """Show what was drawn since the screen went on without it; a key that came goes first."""
        if self._drawn_due is None:
            wait = self.desk.studio.hurried
            if not wait:
                self._show_drawn()
            else:
                self._drawn_due = self.set_timer(wait, self._show_drawn)

    def _show_drawn(self) -> None:
        self._drawn_due = None
        if self.view is not None:
            # Several that come together are one picture.
            with self.desk.studio.patience(TOGETHER, for_key=False):
                self.view.show_late()
        if self._owing:
            self._pay()

    def on_news(self) -> None:
        """Draw what changed, or a little later if a key or many pictures came just now."""
        wait = max(self._pace.wait(time.monotonic()), self.desk.studio.hurried)
        if not wait:
            self._follow()
        elif self._due is None:
            self._due = self.set_timer(wait, self._follow)

    def _follow(self) -> None:
        self._due = None
        self._began = self._spent()
        if self._latest is not None:
            self.desk.sparing = not self._pace.saved(time.monotonic())
            self.take(self._latest)
            self.desk.sparing = False
        # All was sent by now (`send_now`): not left to Textual, which would pass some messages
        # around and ask a new function for its signature, at every picture.
        self._pay()

    def _pay(self) -> None:
        now, spent = time.monotonic(), self._spent()
        self._pace.spend(spent - self._began, now)
        self._began, self._owing = spent, self.desk.studio.is_behind
        wait = self._pace.wait(now)
        if wait:
            self._feed.rest(wait)

    def _spent(self) -> float:
        """Return the CPU seconds that pictures have cost: this thread's and the studio's."""
        return time.thread_time() + self.desk.studio.spent

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
            # Before the first picture no key has anything to act on: it is waited for.
            first = bool(snapshot.runs) and not self._started
            least = FIRST_PICTURE_SECONDS if first else 0.0
            with self.desk.studio.patience(max(studio.PATIENCE, least), for_key=False):
                view.show()
        if time.monotonic() >= self._next_drop:
            self._next_drop = time.monotonic() + DROP_SECONDS
            self.drop_stale()
        if snapshot.runs and not self._started:
            self._started = True
            self.call_after_refresh(self._pictured.set)
            self.keep_what_is_there()
            self.set_timer(_READ_AHEAD, read_ahead)

    def drop_stale(self) -> None:
        """Let the views that are not shown go of runs as they were when these were left."""
        current = frozenset(map(id, self.desk.runs))
        self.desk.drop_stale(current)
        for view in self._views.values():
            if view is not self.view:
                view.drop_stale(current)

    # ---- who is away, and comes back

    def nobody_is_there(self) -> None:
        """What is raised from now on is listed when somebody comes back."""
        self._absence.leave(time.monotonic())

    def someone_is_there(self) -> None:
        """List what was raised while nobody was there."""
        raised = self._absence.sign(time.monotonic())
        view = self.view
        if not raised or view is None or self.screen is not view:
            return
        keys = {(run, event.kind, event.step) for run, event in raised}
        self.call_later(self._list, "raised while you were away", keys)

    def _say_what_is_new(self) -> None:
        """Say which warnings came since the last session, once all is read."""
        said = new_since(self._before, self.desk)
        if said and self.view is not None:
            self.view.say(said)

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
        from lossmon.tui.export import export_of

        view.say("writing …")
        export = export_of(view, self.picture())

        def write() -> None:
            told = export.write(Path(self.settings.screen.export_to))
            self.call_from_thread(view.say, told)

        view.run_worker(write, thread=True, exclusive=True, group="export")

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
