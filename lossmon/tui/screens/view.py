"""`View`: what all views share: title, banner and foot, their keys, drawing what changed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from lossmon.charts.spec import Row
from lossmon.model import RunView
from lossmon.tui.cells import CellCompositor, send_now, send_whole
from lossmon.tui.desk import Desk
from lossmon.tui.keys import Key, keys_of
from lossmon.tui.layouts import TINY, size_class, with_machine
from lossmon.tui.panels.lines import banner_row, brief_row, keys_row, status_row
from lossmon.tui.panels.runs import title_row
from lossmon.tui.placed import Placed, Plan
from lossmon.tui.store import Store
from lossmon.tui.theme import Paint
from lossmon.tui.timers import SureTimers
from lossmon.tui.widgets.panel import Panel
from lossmon.tui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from lossmon.tui.panels.happenings import Happening

VIEWS: Final = {
    "overview": ("runs", "lossmon.tui.screens.overview", "Overview"),
    "focus": ("focus", "lossmon.tui.screens.focus", "Focus"),
    "panes": ("panes", "lossmon.tui.screens.panes", "PanesView"),
    "compare": ("compare", "lossmon.tui.screens.compare", "Compare"),
    "metrics": ("metrics", "lossmon.tui.screens.metrics", "Metrics"),
    "log": ("log", "lossmon.tui.screens.log", "Log"),
}
"""Views by name: what the title calls them, and where the screen is (imported when first shown)."""


@runtime_checkable
class HasLayouts(Protocol):
    """A view whose panes can be laid out by a name."""

    def load(self, name: str) -> None:
        """Lay out what was saved under a name, or a grid like `2x3`."""

    def kept(self) -> dict[str, Any] | None:
        """Return the layout to remember, None where none was made."""

    def restore(self, data: object) -> None:
        """Lay out what was remembered."""


def make_view(name: str, desk: Desk, store: Store | None = None) -> View:
    """Return a new view."""
    _, module, class_name = VIEWS[name]
    view: View = getattr(import_module(module), class_name)(desk, store)
    return view


def bindings(view: str) -> list[BindingType]:
    """Return the bindings of a view, those of all views too: Textual's screens bind tab."""
    return [Binding(",".join(key.keys), key.target, key.text, show=False) for key in keys_of(view)]


class View(SureTimers, Screen[None]):
    """A full screen: panels placed by a plan, all drawn from one desk."""

    NAME: ClassVar[str] = ""
    AUTO_FOCUS = None

    def __init__(self, desk: Desk, store: Store | None = None) -> None:
        super().__init__()
        self.desk = desk
        self.store = store or Store()
        self._message = ""
        self._foot_keys: Sequence[tuple[int, int, Key]] = ()
        self._placed = Placed(self._whole_plan)
        self._compositor = CellCompositor()
        self._resuming = False

    @property
    def layout(self) -> Placed:
        """Where panels stand: the view's plan (Textual's styles only know layouts of its own)."""
        return self._placed

    def _whole_plan(self, width: int, height: int) -> Plan:
        """Return the view's plan, and the machine's panel under it where that is wanted."""
        if not self.desk.choices.machine:
            return self.plan(width, height)
        from lossmon.tui.panels.machine import machine_height

        rows = machine_height(self.desk.machine, height)
        if width < TINY[0] or height - rows < TINY[1]:
            return self.plan(width, height)
        return with_machine(dict(self.plan(width, height - rows)), rows)

    # ---- to be said by each view

    def plan(self, width: int, height: int) -> Plan:
        """Return where the panels stand."""
        raise NotImplementedError

    def body(self) -> Iterable[Sheet]:
        """Return the panels of the view's own."""
        raise NotImplementedError

    def back(self) -> bool:
        """Close what is open in the view; return False where nothing is."""
        return False

    # ---- drawing

    def panel(
        self,
        id: str,
        make: Callable[[int, int], Sequence[Row]],
        on_pick: Callable[[int, int], None] | None = None,
        on_wheel: Callable[[int], None] | None = None,
    ) -> Panel:
        """Return a panel over a function, in the desk's paint."""
        panel = Panel(id, make, self.desk.look, on_pick=on_pick, on_wheel=on_wheel)
        panel.studio = self.desk.studio
        return panel

    def compose(self) -> ComposeResult:
        """Make the panels."""
        yield self.panel("title", lambda w, h: [title_row(self.desk, VIEWS[self.NAME][0], w)])
        yield self.panel(
            "banner",
            lambda w, h: [banner_row(self.desk, w)],
            on_pick=lambda x, y: self._acknowledge_by_click(),
        )
        yield from self.body()
        yield self.panel("machine", self._machine)
        yield self.panel("foot", self._foot, on_pick=self._press_foot)

    def _machine(self, width: int, height: int) -> Sequence[Row]:
        from lossmon.tui.panels.machine import machine_rows

        return machine_rows(self.desk.look, self.desk.machine, width, height)

    @property
    def has_machine(self) -> bool:
        """Whether the machine's panel has its place on this screen."""
        return "machine" in self._whole_plan(self.size.width, self.size.height)

    def place_again(self) -> None:
        """Place the panels anew: what the plan depends on has changed."""
        # Textual keeps an arrangement until a child comes or goes: this says so to it.
        panel = self.query_one("#machine")
        panel.display = False
        panel.display = True
        self.show()

    def go_to(self, happening: Happening) -> None:
        """Show an event of any run: its run is chosen; Focus selects the event too."""
        self.desk.choose(happening[0].id)
        self.show()

    def _foot(self, width: int, height: int) -> list[Row]:
        if size_class(self.size.width, self.size.height) == "tiny":
            return [brief_row(self.desk, width, self._message)]
        keys, self._foot_keys = keys_row(self.desk.look, self.NAME, width)
        if height == 1 and not self._message:
            return [keys]
        status = status_row(self.desk, self.NAME, width, self._message)
        return [status] if height == 1 else [status, keys]

    async def _run_key(self, key: Key) -> None:
        await self.app.run_action(key.target, default_namespace=self)

    def _press_foot(self, x: int, y: int) -> None:
        for begin, end, key in self._foot_keys:
            if begin <= x < end:
                self.run_worker(self._run_key(key))

    def _acknowledge_by_click(self) -> None:
        if self.desk.run is not None and self.desk.alarms(self.desk.run):
            self.action_acknowledge()

    def runs(self) -> Sequence[RunView]:
        """Return the runs that the view shows, for an export."""
        return [] if self.desk.run is None else [self.desk.run]

    def as_text(self) -> str:
        """Return what stands on screen as plain text."""
        strips = self._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    def to_copy(self) -> tuple[str, str]:
        """Return what `y` copies, and what to call it."""
        return self.as_text(), "the view as text"

    def active_keys(self) -> tuple[Key, ...]:
        """Return the keys that hold in this view."""
        return keys_of(self.NAME)

    def say(self, message: str) -> None:
        """Show a message at the foot until the next key."""
        self._message = message
        self.show()

    def show(self) -> None:
        """Draw anew what differs from what stands on screen."""
        self._draw(self.sheets)

    @property
    def sheets(self) -> Sequence[Sheet]:
        """All panels; they are children of the screen itself."""
        return [child for child in self.children if isinstance(child, Sheet)]

    def show_late(self) -> None:
        """Draw what was worked out since the panels were drawn: those that show such things."""
        self._draw([sheet for sheet in self.sheets if sheet.asks])

    def _draw(self, sheets: Iterable[Sheet]) -> None:
        if not self.is_current:
            return
        with self.desk.studio.patience():
            for sheet in sheets:
                sheet.redraw()
        if not self._resuming:
            send_now(self, self.sheets)

    def _compositor_refresh(self) -> None:
        # A view that is shown for the first time, or in a new size, is drawn from in here, panel by
        # panel: what they ask for is waited for together.
        with self.desk.studio.patience():
            super()._compositor_refresh()

    def drop_stale(self, current: Container[int]) -> None:
        """Let go of what is kept of runs that were another thing then: not of `current` ids.

        A view that is not shown would keep the points of the moment at which it was left.
        """

    def repaint(self, paint: Paint) -> None:
        """Take another theme."""
        with self.desk.studio.patience():
            for sheet in self.sheets:
                sheet.repaint(paint)

    def on_screen_resume(self) -> None:
        """Show what happened while another view was up; what that one waits for is not drawn."""
        # Here, not where the other view is suspended: that is told when this one has begun to ask.
        self.desk.studio.leave()
        # The whole screen is sent soon; parts of it would stand in the view before.
        self._resuming = True
        self.show()
        self._resuming = False
        # Textual's own part in the resumption comes after this one.
        self.call_next(send_whole, self)

    def on_key(self) -> None:
        """Take away the message of the key before."""
        if self._message:
            self._message = ""
            self.query_one("#foot", Sheet).redraw()

    def action_acknowledge(self) -> None:
        """Take the banner down; the event stays in the list."""
        run = self.desk.run
        seen = self.desk.acknowledge(run) if run is not None else 0
        self.say(
            f"{seen} warning{'s' if seen != 1 else ''} seen; still listed under events"
            if seen
            else "No warning to acknowledge"
        )
