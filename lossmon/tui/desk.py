"""`Desk`: what the person at the screen has chosen, beside the latest snapshot.

Every view reads the same desk, so that a run chosen or marked in one view is
so in all. Nothing here knows Textual; nothing is computed of a run's data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Final

from lossmon.charts.spec import Glyphs, XAxis
from lossmon.model import Event, RunView
from lossmon.record import record
from lossmon.tui.choices import Choices
from lossmon.tui.look import Look
from lossmon.tui.marks import alarms, event_key
from lossmon.tui.shortnames import fitted, short_names
from lossmon.tui.studio import Studio

if TYPE_CHECKING:
    from lossmon.machine import Machine
    from lossmon.monitor.snapshot import Snapshot

SMOOTHINGS: Final = (None, 0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
"""EMA weights that the keys step through: none (the points alone), adapted to the log, fixed."""

X_AXES: Final = tuple(XAxis)


@record(frozen=False, slots=False)
class ChartOptions:
    """How charts are shown; the same for all views until a pane says otherwise."""

    x_axis: XAxis = XAxis.STEP
    log_y: bool = False
    robust: bool = False
    forecast: bool = False
    """Whether the loss is drawn on to the planned end, where a forecast can be made."""
    smoothing: float | None = 0.0
    x_range: tuple[float, float] | None = None
    """None: everything there is, which follows the live end."""
    follow: bool = True
    """Whether a zoomed chart moves on with the live end."""
    cursor_x: float | None = None

    def step_x_axis(self, by: int, known: Sequence[XAxis] = X_AXES) -> None:
        """Choose the next axis among the `known` ones.

        A zoom in other units means nothing, so it is dropped.
        """
        order = [axis for axis in X_AXES if axis in known or axis is self.x_axis]
        self.x_axis = order[(order.index(self.x_axis) + by) % len(order)]
        self.x_range = None
        self.cursor_x = None

    def step_smoothing(self, by: int) -> None:
        """Smooth more or less, to the next level."""
        weights = [-1.0 if level is None else level for level in SMOOTHINGS]
        now = -1.0 if self.smoothing is None else self.smoothing
        if by > 0:
            at = next((i for i, weight in enumerate(weights) if weight > now), len(weights) - 1)
        else:
            at = next((i for i in reversed(range(len(weights))) if weights[i] < now), 0)
        self.smoothing = SMOOTHINGS[at]

    def reset(self) -> None:
        """Show all again and follow the live end."""
        self.x_range = None
        self.follow = True
        self.cursor_x = None

    @property
    def stamp(self) -> tuple[object, ...]:
        """All options, to see whether one has changed."""
        return tuple(vars(self).values())

    @property
    def words(self) -> str:
        """The options in words, for the status line: only what is not the default."""
        parts = [f"x: {self.x_axis.value}"]
        if self.log_y:
            parts.append("log y")
        if self.robust:
            parts.append("robust y")
        if self.smoothing is None:
            parts.append("points alone")
        elif self.smoothing:
            parts.append(f"smoothing {self.smoothing:g}")
        if self.x_range is not None:
            parts.append("zoomed, following" if self.follow else "zoomed")
        return " · ".join(parts)


@record(frozen=False)
class Desk:
    """The latest snapshot and everything chosen."""

    look: Look = field(default_factory=Look)
    place: str = ""
    """What is watched, in the user's words: a directory, a file, an address."""
    options: ChartOptions = field(default_factory=ChartOptions)
    runs: tuple[RunView, ...] = ()
    notices: tuple[str, ...] = ()
    scanning: bool = True
    chosen: str | None = None
    """Id of the run that focus, metrics and log show."""
    marked: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    selected_event: int | None = None
    picked: bool = False
    """Whether a person chose the run."""
    studio: Studio = field(default_factory=Studio)
    """Where pictures of runs are worked out."""
    last_lines: Callable[[str], Sequence[str]] | None = None
    """What gives a run's last raw lines, where the feed keeps them."""
    choices: Choices = field(default_factory=Choices)
    sparing: bool = False
    """Whether news is being followed that pictures were not saved up for: a chart may wait."""
    remembered: tuple[str, ...] = ()
    """Names of runs that were marked in the session before and are not marked yet."""
    wanted: str = ""
    """Name of the run to choose as soon as it is there."""
    machine: Machine | None = None
    """The last look at this machine, where one was taken."""
    look_at_machine: Callable[[], None] | None = None
    """What takes a look, soon and on another thread."""
    _asked: str = ""
    _colors: dict[str, int] = field(default_factory=dict)
    _names: tuple[str, ...] = ()
    _short: dict[str, str] = field(default_factory=dict)
    _settled: bool = False
    _urgent: list[RunView] | None = None
    _alarms: dict[str, tuple[RunView, int, list[Event]]] = field(default_factory=dict)

    def take(self, snapshot: Snapshot) -> None:
        """Put a newer snapshot on the desk."""
        self.runs = snapshot.runs
        self._urgent = None
        self.notices = snapshot.notices
        self.scanning = snapshot.scanning
        for run in snapshot.runs:
            self._colors.setdefault(run.id, len(self._colors))
        names = tuple(run.name for run in snapshot.runs)
        if names != self._names:
            self._names, self._short = names, short_names(names)
        if len(self._alarms) > 2 * len(snapshot.runs) + 100:
            self._alarms.clear()
        self._mark_remembered()
        self._choose_wanted()
        loading = snapshot.scanning or any(run.loading is not None for run in snapshot.runs)
        if self.get(self.chosen) is None or not (self.picked or self._settled or loading):
            # The most urgent run, newest first: once among those known at first, once more when
            # all were read. From then on nothing but a key changes what is shown.
            first = next(iter(self.urgent), None)
            if first is not None and first.id != self.chosen:
                self.chosen = first.id
                self.selected_event = None
        self._settled = self._settled or (not loading and bool(snapshot.runs))

    def _mark_remembered(self) -> None:
        if not self.remembered:
            return
        for run in self.runs:
            if run.name in self.remembered and run.id not in self.marked:
                self.marked.append(run.id)
        known = {run.name for run in self.runs}
        self.remembered = tuple(name for name in self.remembered if name not in known)

    def _choose_wanted(self) -> None:
        if not self.wanted:
            return
        found = next((run for run in self.runs if run.name == self.wanted), None)
        if found is not None:
            # Not `choose`: a zoom that was asked for with it stays.
            self.chosen, self.picked, self.wanted = found.id, True, ""

    def ask_machine(self, why: str) -> None:
        """Have this machine looked at, once for each reason."""
        if why != self._asked and self.look_at_machine is not None:
            self._asked = why
            self.look_at_machine()

    @property
    def settled(self) -> bool:
        """Whether everything that was there at the start has been read."""
        return self._settled

    def get(self, run_id: str | None) -> RunView | None:
        """Return the run of that id, or None."""
        return next((run for run in self.runs if run.id == run_id), None)

    @property
    def urgent(self) -> list[RunView]:
        """All runs, alarmed and newest first."""
        # Views ask several times for one picture.
        if self._urgent is None:
            self._urgent = by_urgency(self.runs)
        return self._urgent

    def place_of(self, run: RunView) -> int:
        """Return the place of a run among all, from 1 on, alarmed and newest first."""
        return next(i for i, one in enumerate(self.urgent, start=1) if one is run)

    @property
    def run(self) -> RunView | None:
        """The chosen run."""
        return self.get(self.chosen)

    def choose(self, run_id: str) -> None:
        """Choose a run; zoom and selection belong to the one before."""
        if run_id != self.chosen:
            self.chosen = run_id
            self.selected_event = None
            self.options.x_range = None
            self.options.cursor_x = None
        self.picked = True

    def move(self, by: int, order: Sequence[RunView] | None = None) -> None:
        """Choose the next run (`by` places on) in an order, by default the overview's own."""
        runs = self.urgent if order is None else order
        if not runs:
            return
        ids = [run.id for run in runs]
        at = ids.index(self.chosen) if self.chosen in ids else 0
        self.choose(ids[min(max(at + by, 0), len(ids) - 1)])

    def short(self, run: RunView, width: int) -> str:
        """Return a run's name in exactly `width` cells, without what its neighbours have too."""
        return fitted(run.name, width, self._short)

    def color(self, run_id: str) -> int:
        """Return the run's colour index: its own as long as the program runs."""
        return self._colors.get(run_id, 0)

    def mark(self, run_id: str) -> bool:
        """Mark a run for comparison, or take the mark off; return whether it is marked now."""
        if run_id in self.marked:
            self.marked.remove(run_id)
            return False
        self.marked.append(run_id)
        return True

    def drop_stale(self, current: Container[int]) -> None:
        """Let go of what is known of views of runs of other ids than these."""
        self._alarms = {key: kept for key, kept in self._alarms.items() if id(kept[0]) in current}
        self.studio.drop_stale(current)

    def alarms(self, run: RunView) -> list[Event]:
        """Return the run's standing alarms that were not acknowledged, the gravest first."""
        # Views stay the same object while nothing changes: with 500 runs this is asked often.
        kept = self._alarms.get(run.id)
        if kept is not None and kept[0] is run and kept[1] == len(self.acknowledged):
            return kept[2]
        found = [event for event in alarms(run) if event_key(run, event) not in self.acknowledged]
        self._alarms[run.id] = (run, len(self.acknowledged), found)
        return found

    def acknowledge(self, run: RunView) -> int:
        """Acknowledge all of a run's alarms; return how many there were."""
        events = self.alarms(run)
        self.acknowledged.update(event_key(run, event) for event in events)
        return len(events)

    def latest_alarm(self) -> tuple[RunView, Event] | None:
        """Return the alarm to name at the foot: the newest of any run."""
        found = [(run, event) for run in self.runs for event in self.alarms(run)[:1]]
        if not found:
            return None
        return max(found, key=lambda pair: pair[1].time or pair[0].last_growth or 0.0)


def by_urgency(runs: Sequence[RunView]) -> list[RunView]:
    """Return runs with alarms first, then live ones, the newest first.

    Of live runs the newest is the one that began last (as far as the log tells, else the one that
    was found first): by their last points they would change places all the time.
    """

    def place(item: tuple[int, RunView]) -> tuple[bool, bool, float, int, str]:
        index, run = item
        if run.state not in ("live", "stalled"):
            return not alarms(run), True, -(run.last_growth or 0.0), 0, run.name
        return not alarms(run), False, -_began(run), index, run.name

    return [run for _, run in sorted(enumerate(runs), key=place)]


def _began(run: RunView) -> float:
    """Return the time of a run's first point, in whole minutes; 0 where the log tells none."""
    times = run.series[0].axis_times if run.series else None
    known = times is not None and len(times) and math.isfinite(times[0])
    return times[0] // 60 if times is not None and known else 0.0


def glyphs_for(ascii: bool, environ_term: str, encoding: str) -> Glyphs:
    """Return the characters that a terminal can show: ASCII where asked or the encoding is poor."""
    if ascii or "utf" not in encoding.lower():
        return Glyphs.ASCII
    # The Linux console has blocks in its font, no braille.
    return Glyphs.BLOCK if environ_term == "linux" else Glyphs.BRAILLE
