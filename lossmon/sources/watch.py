"""`Watcher`: says which of many paths are worth a look now.

Two sources of hints. Events of the kernel (through watchdog) wake within a
millisecond, but get lost, merged, or are never sent. So every path also has
its turn in a sweep: each second at first, less often the longer it was quiet.
A lost event costs time, never a byte. Events are watched for on directories:
a file's own watch dies with the file.

`watch`, `unwatch`, `dirty`, `wait`, `close` are called from one thread; the
threads of watchdog only note a path and wake that one.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from lossmon.sources.mounts import MOUNTINFO, filesystem

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

MAX_DIRECTORIES: Final = 96
"""Directories watched for events: each costs threads of watchdog; any more are swept only."""
EVENTLESS_SECONDS: Final = 0.25
"""Sweep of a busy path where no events come: a new point is shown within half a second."""
SWAP_SECONDS: Final = 30.0
"""A directory quiet for so long gives up its place to one in which something happens."""
QUIET_SHARE: Final = 1 / 20
"""A path quiet for t seconds is swept each t/20: a late change is noticed late in proportion."""
MAX_SWEEP_EVENTS: Final = 10.0
MAX_SWEEP_POLLING: Final = 4.0
REARM_SECONDS: Final = 5.0
"""How often a directory is checked for having been deleted and made again."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How changes of a path are noticed, and why so."""

    kind: Literal["events", "polling"]
    reason: str


@dataclass(slots=True)
class _Path:
    probe: Callable[[], bool]
    changed_at: float
    directories: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    linked: bool = False
    eventless: str = ""
    turn: int = 0


@dataclass(slots=True)
class _Directory:
    users: int = 0
    handle: Any = None
    identity: tuple[int, int] | None = None
    problem: str = ""
    checked_at: float = 0.0
    active_at: float = 0.0
    crowded: bool = False
    """Not watched because too many others are."""


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
        self._aliases: dict[str, set[str]] = {}
        """Real paths, as events name them, to the paths that are watched."""
        self._directories: dict[str, _Directory] = {}
        self._sweep: list[tuple[float, int, str]] = []
        self._turns = 0
        self._wake = threading.Event()
        # Touched by the threads of watchdog: only `_hints` and `_wake`.
        self._lock = threading.Lock()
        self._hints: set[str] = set()
        self._scheduled = 0
        self._observer: Any = None
        self._handler: Any = None
        self._no_events = ""
        self._notices: list[str] = []
        self._said: set[str] = set()
        self._closed = False

    # ---- what is watched

    def watch(self, path: str, probe: Callable[[], bool] | None = None) -> None:
        """Watch a file or a directory, there or not; `probe` says cheaply if it changed.

        Without a probe a path counts as changed when its stat differs.
        """
        if path in self._paths or self._closed:
            return
        entry = _Path(probe or _stat_probe(path), time.monotonic())
        self._paths[path] = entry
        self._arm(path, entry)
        self._schedule(path, entry, 0.0)

    def unwatch(self, path: str) -> None:
        """Forget a path."""
        entry = self._paths.pop(path, None)
        if entry is not None:
            self._disarm(path, entry)

    def wake(self) -> None:
        """Make `wait` return: for sources that have their own thread."""
        self._wake.set()
        if self._on_wake is not None:
            self._on_wake()

    # ---- hints

    def dirty(self) -> set[str]:
        """Return the paths worth a look: those with events, and those whose turn found a change."""
        self._wake.clear()
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
            if entry.probe():
                entry.changed_at = now
                found.add(path)
            self._schedule(path, entry, self._pause(entry, now))
        for path in found:
            self._note_activity(self._paths[path], now)
            # A busy path has its next turn soon, however long it was quiet before.
            self._schedule(path, self._paths[path], self._pause(self._paths[path], now))
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
        entry = self._paths[path]
        if entry.eventless:
            return Mode("polling", entry.eventless)
        for name in entry.directories:
            problem = self._directories[name].problem
            if problem:
                return Mode("polling", problem)
        return Mode("events", "the kernel reports changes here")

    def notices(self) -> list[str]:
        """Return what a person should know of how is watched: each thing is said once."""
        notices, self._notices = self._notices, []
        return notices

    def close(self) -> None:
        """Stop all threads; may be called twice."""
        self._closed = True
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.unschedule_all()
            observer.stop()
            observer.join(5.0)
        self._paths.clear()
        self._directories.clear()
        self._aliases.clear()
        self._sweep.clear()
        self._wake.set()

    # ---- sweeping

    def _pause(self, entry: _Path, now: float) -> float:
        polled = bool(entry.eventless) or any(
            self._directories[name].problem for name in entry.directories
        )
        least = min(self._interval, EVENTLESS_SECONDS) if polled else self._interval
        most = max(least, MAX_SWEEP_POLLING if polled else MAX_SWEEP_EVENTS)
        return min(most, max(least, (now - entry.changed_at) * QUIET_SHARE))

    def _schedule(self, path: str, entry: _Path, pause: float) -> None:
        self._turns += 1
        entry.turn = self._turns
        heapq.heappush(self._sweep, (time.monotonic() + pause, entry.turn, path))
        if len(self._sweep) > 64 + 4 * len(self._paths):
            live = [item for item in self._sweep if self._is_turn(item)]
            heapq.heapify(live)
            self._sweep = live

    def _is_turn(self, item: tuple[float, int, str]) -> bool:
        entry = self._paths.get(item[2])
        return entry is not None and entry.turn == item[1]

    # ---- events

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
            self._watch_directory(directory)
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
            directory = self._directories.get(name)
            if directory is None:
                continue
            directory.users -= 1
            if directory.users <= 0:
                self._unschedule(directory)
                del self._directories[name]

    def _rearm(self, path: str, entry: _Path, now: float) -> None:
        """Follow links that were switched, and directories that were made again."""
        if entry.linked and os.path.realpath(path) not in entry.aliases:
            self._disarm(path, entry)
            self._arm(path, entry)
            return
        for name in entry.directories:
            directory = self._directories[name]
            if now - directory.checked_at < REARM_SECONDS:
                continue
            directory.checked_at = now
            identity = _identity(name)
            if identity != directory.identity and not directory.crowded:
                self._unschedule(directory)
                if identity is not None:
                    self._begin_events(name, directory)

    def _watch_directory(self, name: str) -> None:
        directory = self._directories.get(name)
        if directory is None:
            now = time.monotonic()
            directory = self._directories[name] = _Directory(checked_at=now, active_at=now)
            self._begin_events(name, directory)
        directory.users += 1

    def _note_activity(self, entry: _Path, now: float) -> None:
        """Give a busy directory the place of one that is quiet, if there was none for it."""
        for name in entry.directories:
            directory = self._directories[name]
            directory.active_at = now
            if not directory.crowded:
                continue
            quietest = min(
                (other for other in self._directories.values() if other.handle is not None),
                key=lambda other: other.active_at,
                default=None,
            )
            if quietest is not None and now - quietest.active_at > SWAP_SECONDS:
                self._unschedule(quietest)
                quietest.crowded, quietest.problem = True, directory.problem
                self._begin_events(name, directory)

    def _begin_events(self, name: str, directory: _Directory) -> None:
        directory.identity = None
        directory.crowded = False
        if self._no_events:
            directory.problem = self._no_events
            return
        if self._scheduled >= MAX_DIRECTORIES:
            directory.problem = f"more than {MAX_DIRECTORIES} directories: swept only"
            directory.crowded = True
            return
        identity = _identity(name)
        if identity is None:
            directory.problem = "the directory is not there"
            return
        try:
            observer = self._start()
            from watchdog.events import (
                DirCreatedEvent,
                DirDeletedEvent,
                DirMovedEvent,
                FileClosedEvent,
                FileCreatedEvent,
                FileDeletedEvent,
                FileModifiedEvent,
                FileMovedEvent,
            )

            directory.handle = observer.schedule(
                self._handler,
                name,
                recursive=False,
                event_filter=[
                    FileModifiedEvent,
                    FileClosedEvent,  # all that is told of writes through mmap
                    FileCreatedEvent,
                    FileMovedEvent,
                    FileDeletedEvent,
                    DirCreatedEvent,
                    DirMovedEvent,
                    DirDeletedEvent,
                ],
            )
        except RuntimeError as error:  # no further thread can be started
            directory.problem = f"no events: {error}"
            return
        except OSError as error:
            directory.problem = f"no events: {error.strerror or error}"
            if error.errno in (errno.ENOSPC, errno.EMFILE, errno.ENFILE):
                # What is watched already goes on; no further try for each directory.
                self._no_events = directory.problem
                self._say(
                    "limit",
                    "the system's limit of watched directories is reached "
                    "(fs.inotify.max_user_watches or max_user_instances): files are looked at "
                    "regularly instead",
                )
            return
        self._scheduled += 1
        directory.identity = identity
        directory.problem = ""

    def _start(self) -> Any:
        if self._observer is None:
            from watchdog.events import FileSystemEventHandler
            from watchdog.observers import Observer

            note = self._note

            class Handler(FileSystemEventHandler):
                def on_any_event(self, event: FileSystemEvent) -> None:
                    note(event)

            self._handler = Handler()
            observer = Observer()
            observer.start()
            self._observer = observer
        return self._observer

    def _unschedule(self, directory: _Directory) -> None:
        handle, directory.handle = directory.handle, None
        directory.identity = None
        if handle is not None:
            self._scheduled -= 1
        if handle is not None and self._observer is not None:
            # The emitter of a directory that vanished has ended by itself.
            with contextlib.suppress(KeyError, OSError):
                self._observer.unschedule(handle)

    def _note(self, event: FileSystemEvent) -> None:
        """Take an event (on a thread of watchdog): nothing but two entries in a set."""
        source = os.fsdecode(event.src_path)
        found = {source}
        if event.dest_path:
            found.add(os.fsdecode(event.dest_path))
        if event.event_type not in ("modified", "closed"):
            # Something came or went: the directory itself is worth a look.
            found |= {os.path.dirname(name) for name in found}
        # One look-up in a dict that another thread changes is atomic; a missed hint costs time.
        found = {name for name in found if name in self._aliases}
        if not found:
            return
        with self._lock:
            self._hints |= found
        self.wake()

    def _say(self, key: str, notice: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self._notices.append(notice)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


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
