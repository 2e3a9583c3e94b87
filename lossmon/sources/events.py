"""`DirectoryEvents`: the kernel's events for many directories, as long as there are any to be had.

A thin layer over watchdog, which is imported when the first directory is
watched. A directory that cannot be watched (limit reached, not there, too many
others) has a `problem` in words, and is tried again when that may have passed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from lossmon.record import record

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

MAX_DIRECTORIES: Final = 96
"""Directories watched for events: each costs threads of watchdog; any more are swept only."""
SWAP_SECONDS: Final = 30.0
"""A directory quiet for so long gives up its place to one in which something happens."""
REARM_SECONDS: Final = 5.0
"""How often a directory is checked for having been deleted and made again."""


@record(frozen=False)
class _Directory:
    users: int = 0
    handle: Any = None
    identity: tuple[int, int] | None = None
    problem: str = ""
    checked_at: float = 0.0
    active_at: float = 0.0
    crowded: bool = False
    """Not watched because too many others are."""


class DirectoryEvents:
    """Watches directories, each as long as it has users.

    `note` is called on threads of watchdog with the paths that an event names,
    and must be quick. Everything else is called from one thread.
    """

    def __init__(self, note: Callable[[set[str]], None]) -> None:
        self._note = note
        self._directories: dict[str, _Directory] = {}
        self._scheduled = 0
        self._observer: Any = None
        self._handler: Any = None
        self._no_events = ""
        self._quiet_since = 0.0
        """No watched directory has been quiet for longer."""
        self.limit_reached = False
        """Whether the system has refused to watch more."""

    def __len__(self) -> int:
        return len(self._directories)

    def acquire(self, name: str) -> None:
        """Watch a directory for one more user."""
        directory = self._directories.get(name)
        if directory is None:
            now = time.monotonic()
            directory = self._directories[name] = _Directory(checked_at=now, active_at=now)
            self._begin(name, directory)
        directory.users += 1

    def release(self, name: str) -> None:
        """One user less."""
        directory = self._directories.get(name)
        if directory is None:
            return
        directory.users -= 1
        if directory.users <= 0:
            self._end(directory)
            del self._directories[name]

    def problem(self, name: str) -> str:
        """Return why no events come from a directory that is watched; empty if they do."""
        return self._directories[name].problem

    def check(self, name: str, now: float) -> None:
        """Watch a directory again that was deleted and made again (looked at now and then)."""
        directory = self._directories[name]
        if now - directory.checked_at < REARM_SECONDS:
            return
        directory.checked_at = now
        identity = _identity(name)
        if identity != directory.identity and not directory.crowded:
            self._end(directory)
            if identity is not None:
                self._begin(name, directory)

    def active(self, name: str, now: float) -> None:
        """Note that something happened; a busy directory gets the place of a quiet one."""
        directory = self._directories[name]
        directory.active_at = now
        if not directory.crowded or now - self._quiet_since <= SWAP_SECONDS:
            return
        quietest = min(
            (other for other in self._directories.values() if other.handle is not None),
            key=lambda other: other.active_at,
            default=None,
        )
        if quietest is None:
            return
        self._quiet_since = quietest.active_at
        if now - quietest.active_at > SWAP_SECONDS:
            self._end(quietest)
            quietest.crowded, quietest.problem = True, directory.problem
            self._begin(name, directory)

    def close(self) -> None:
        """Stop all threads."""
        observer, self._observer = self._observer, None
        self._directories.clear()
        if observer is not None:
            observer.unschedule_all()
            observer.stop()
            observer.join(5.0)

    def _begin(self, name: str, directory: _Directory) -> None:
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
                self.limit_reached = True
            return
        self._scheduled += 1
        directory.identity = identity
        directory.problem = ""

    def _start(self) -> Any:
        if self._observer is None:
            from watchdog.events import FileSystemEventHandler
            from watchdog.observers import Observer

            note = self._note_event

            class Handler(FileSystemEventHandler):
                def on_any_event(self, event: FileSystemEvent) -> None:
                    note(event)

            self._handler = Handler()
            observer = Observer()
            observer.start()
            self._observer = observer
        return self._observer

    def _end(self, directory: _Directory) -> None:
        handle, directory.handle = directory.handle, None
        directory.identity = None
        if handle is not None:
            self._scheduled -= 1
        if handle is not None and self._observer is not None:
            # The emitter of a directory that vanished has ended by itself.
            with contextlib.suppress(KeyError, OSError):
                self._observer.unschedule(handle)

    def _note_event(self, event: FileSystemEvent) -> None:
        found = {os.fsdecode(event.src_path)}
        if event.dest_path:
            found.add(os.fsdecode(event.dest_path))
        if event.event_type not in ("modified", "closed"):
            # Something came or went: the directory itself is worth a look.
            found |= {os.path.dirname(name) for name in found}
        self._note(found)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)
