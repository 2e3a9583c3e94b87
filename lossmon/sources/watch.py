"""`Watcher`: says which of many paths are worth a look now.

Two sources of hints. Events of the kernel (through watchdog) wake within a
millisecond, but get lost, merged, or are never sent. So every path also has
its turn in a sweep: each second at first, less often the longer it was quiet.
A lost event costs time, never a byte. Turns are kept to a grid, so that those
of many paths come together and a quiet watcher sleeps. Events are watched for
on directories: a file's own watch dies with the file.

`watch`, `unwatch`, `dirty`, `wait`, `close` are called from one thread; the
threads of watchdog only note a path and wake that one.
"""

from __future__ import annotations

import heapq
import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import field
from typing import Final, Literal

from lossmon.record import record
from lossmon.sources.events import DirectoryEvents
from lossmon.sources.mounts import MOUNTINFO, filesystem

EVENTLESS_SECONDS: Final = 0.25
"""Sweep of a busy path where no events come: a new point is shown within half a second."""
QUIET_SHARE: Final = 1 / 10
"""A path quiet for t seconds is swept each t/10: a late change is noticed late in proportion."""
CROWD: Final = 200
"""Paths that are swept in that rhythm; where there are more, the quiet ones wait in proportion."""
MAX_SWEEP_EVENTS: Final = 10.0
MAX_SWEEP_POLLING: Final = 4.0


@record
class Mode:
    """How changes of a path are noticed, and why so."""

    kind: Literal["events", "polling"]
    reason: str


@record(frozen=False)
class _Path:
    probe: Callable[[], bool]
    changed_at: float
    directories: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    linked: bool = False
    eventless: str = ""
    turn: int = 0


class Watcher:
    """Hints for many paths. `on_wake` is called from other threads whenever there is a hint."""

    def __init__(
        self,
        on_wake: Callable[[], None] | None = None,
        interval: float = 1.0,
        mountinfo: str = MOUNTINFO,
    ) -> None:
        self._on_wake = on_wake
        self._interval = interval
        self._mountinfo = mountinfo
        self._paths: dict[str, _Path] = {}
        self._unarmed: dict[str, _Path] = {}
        """Paths for whose events nothing watches yet."""
        self._aliases: dict[str, set[str]] = {}
        """Real paths, as events name them, to the paths that are watched."""
        self._events = DirectoryEvents(self._note)
        self._sweep: list[tuple[float, int, str]] = []
        self._turns = 0
        self.sweeps = 0
        """How often each path had its turn."""
        self._unasked: set[str] = set()
        """Those that had none yet since then."""
        self._wake = threading.Event()
        # Touched by the threads of watchdog: only `_hints` and `_wake`.
        self._lock = threading.Lock()
        self._hints: set[str] = set()
        self._notices: list[str] = []
        self._said: set[str] = set()
        self._closed = False

    # ---- what is watched

    def watch(self, path: str, probe: Callable[[], bool] | None = None) -> None:
        """Watch a file or a directory, there or not; `probe` says cheaply if it changed.

        Without a probe a path counts as changed when its stat differs. Its first turn comes with
        the next `dirty`, and its events are watched for from there on: so what is there already
        can be read before watchdog is loaded and its threads are started.
        """
        if path in self._paths or self._closed:
            return
        entry = _Path(probe or _stat_probe(path), time.monotonic())
        self._paths[path] = self._unarmed[path] = entry
        self._schedule(path, entry, 0.0)

    def unwatch(self, path: str) -> None:
        """Forget a path."""
        entry = self._paths.pop(path, None)
        if entry is not None:
            self._unarmed.pop(path, None)
            self._disarm(path, entry)
            self._unasked.discard(path)

    def wake(self) -> None:
        """Make `wait` return: for sources that have their own thread."""
        self._wake.set()
        if self._on_wake is not None:
            self._on_wake()

    # ---- hints

    def dirty(self) -> set[str]:
        """Return the paths worth a look: those with events, and those whose turn found a change."""
        self._wake.clear()
        self._arm_new()  # before their first turn: what is written between the two is seen by it
        with self._lock:
            hints, self._hints = self._hints, set()
        now = time.monotonic()
        found: set[str] = set()
        for hint in hints:
            found |= self._aliases.get(hint, set())
        for path in found:
            self._paths[path].changed_at = now
        while self._sweep and self._sweep[0][0] <= now:
            _, turn, path = heapq.heappop(self._sweep)
            entry = self._paths.get(path)
            if entry is None or entry.turn != turn:
                continue
            self._rearm(path, entry, now)
            self._unasked.discard(path)
            if entry.probe():
                entry.changed_at = now
                found.add(path)
            self._schedule(path, entry, self._pause(entry, now))
        if not self._unasked:
            self.sweeps += 1
            self._unasked = set(self._paths)
        busy: set[str] = set()
        for path in found:
            busy |= self._paths[path].directories
            # A busy path has its next turn soon, however long it was quiet before.
            self._schedule(path, self._paths[path], self._pause(self._paths[path], now))
        for name in busy:
            self._events.active(name, now)
        return found

    def wait(self, timeout: float) -> bool:
        """Sleep until there may be something to look at, at most `timeout` seconds.

        True: an event or `wake` ended it, or the turn of a path has come.
        """
        if self._sweep:
            timeout = min(timeout, self._sweep[0][0] - time.monotonic())
        if timeout > 0 and not self._wake.wait(timeout):
            return bool(self._sweep) and self._sweep[0][0] <= time.monotonic()
        return True

    def mode(self, path: str) -> Mode:
        """Say how changes of a watched path are noticed (KeyError if it is not watched)."""
        self._arm_new()
        entry = self._paths[path]
        if entry.eventless:
            return Mode("polling", entry.eventless)
        for name in entry.directories:
            problem = self._events.problem(name)
            if problem:
                return Mode("polling", problem)
        return Mode("events", "the kernel reports changes here")

    def notices(self) -> list[str]:
        """Return what a person should know of how is watched: each thing is said once."""
        if self._events.limit_reached:
            self._say(
                "limit",
                "the system's limit of watched directories is reached "
                "(fs.inotify.max_user_watches or max_user_instances): files are looked at "
                "regularly instead",
            )
        notices, self._notices = self._notices, []
        return notices

    def close(self) -> None:
        """Stop all threads; may be called twice."""
        self._closed = True
        self._events.close()
        self._paths.clear()
        self._aliases.clear()
        self._sweep.clear()
        self._wake.set()

    # ---- sweeping

    def _pause(self, entry: _Path, now: float) -> float:
        polled = bool(entry.eventless) or any(
            self._events.problem(name) for name in entry.directories
        )
        least = min(self._interval, EVENTLESS_SECONDS) if polled else self._interval
        most = max(least, MAX_SWEEP_POLLING if polled else MAX_SWEEP_EVENTS)
        share = QUIET_SHARE * max(1.0, len(self._paths) / CROWD)
        return min(most, max(least, (now - entry.changed_at) * share))

    def _schedule(self, path: str, entry: _Path, pause: float) -> None:
        self._turns += 1
        entry.turn = self._turns
        due = _on_grid(time.monotonic(), pause)
        heapq.heappush(self._sweep, (due, entry.turn, path))
        if len(self._sweep) > 64 + 4 * len(self._paths):
            live = [item for item in self._sweep if self._is_turn(item)]
            heapq.heapify(live)
            self._sweep = live

    def _is_turn(self, item: tuple[float, int, str]) -> bool:
        entry = self._paths.get(item[2])
        return entry is not None and entry.turn == item[1]

    # ---- events

    def _arm_new(self) -> None:
        unarmed, self._unarmed = self._unarmed, {}
        for path, entry in unarmed.items():
            self._arm(path, entry)

    def _arm(self, path: str, entry: _Path) -> None:
        """Watch for events in the directories of the path and, through links, of its target."""
        absolute = os.path.abspath(path)
        real = os.path.realpath(path)
        # The name itself in its real directory: a link that is switched is seen there.
        name = os.path.join(os.path.realpath(os.path.dirname(absolute)), os.path.basename(absolute))
        entry.linked = absolute != real
        entry.aliases = {absolute, name, real}
        for alias in entry.aliases:
            self._aliases.setdefault(alias, set()).add(path)
        wanted = {os.path.dirname(name), os.path.dirname(real)}
        if os.path.isdir(real):
            wanted = {real}
        entry.directories = wanted
        for directory in wanted:
            self._events.acquire(directory)
        system = filesystem(real, self._mountinfo)
        if not system.events:
            entry.eventless = f"{system.type} does not report every change"
            self._say(
                f"{system.type}",
                f"{os.path.dirname(real)} lies on {system.type}, which does not report every "
                "change: looked at regularly instead",
            )

    def _disarm(self, path: str, entry: _Path) -> None:
        for alias in entry.aliases:
            users = self._aliases.get(alias, set())
            users.discard(path)
            if not users:
                self._aliases.pop(alias, None)
        for name in entry.directories:
            self._events.release(name)

    def _rearm(self, path: str, entry: _Path, now: float) -> None:
        """Follow links that were switched, and directories that were made again."""
        if entry.linked and os.path.realpath(path) not in entry.aliases:
            self._disarm(path, entry)
            self._arm(path, entry)
            return
        for name in entry.directories:
            self._events.check(name, now)

    def _note(self, names: set[str]) -> None:
        """Take what an event names (on a thread of watchdog)."""
        # One look-up in a dict that another thread changes is atomic; a missed hint costs time.
        found = {name for name in names if name in self._aliases}
        if not found:
            return
        with self._lock:
            self._hints |= found
        self.wake()

    def _say(self, key: str, notice: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self._notices.append(notice)


def _on_grid(now: float, pause: float) -> float:
    """Return when the turn after a pause comes: never later, and at most half of it earlier.

    Each wake-up costs as much as some turns. The grid's steps are powers of
    two, so that the turns of long pauses fall together with those of short ones.
    """
    if pause <= 0:
        return now
    step = math.ldexp(0.5, math.frexp(pause / 2)[1])
    return math.floor((now + pause) / step) * step


def _stat_probe(path: str) -> Callable[[], bool]:
    last: list[tuple[int, ...]] = [()]

    def probe() -> bool:
        now: tuple[int, ...]
        try:
            status = os.stat(path)
            now = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        except OSError as error:
            now = (error.errno or -1,)
        changed = now != last[0]
        last[0] = now
        return changed

    return probe
