"""`Monitor`: finds runs, gives each its turn, and hands up snapshots.

One worker thread does all reading, parsing and judging. It works in slices of
`SLICE` seconds: after each, what changed can be published, so that a gigabyte
that streams in never keeps a live run, or the screen, waiting. Between slices
it sleeps until the watcher saw an event or something is due: events are hints,
the sweep is what makes sure. What is quiet is asked ever more rarely, so that
thousands of finished logs cost nothing to speak of.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Final

from lossmon.crash import write_trace
from lossmon.errors import SourceNotFound
from lossmon.monitor.courtesy import Courtesy
from lossmon.monitor.library import Library
from lossmon.monitor.naming import run_names
from lossmon.monitor.recent import lines
from lossmon.monitor.rounds import Rounds
from lossmon.monitor.snapshot import Snapshot
from lossmon.monitor.tracked import TrackedRun
from lossmon.monitor.twins import Twins
from lossmon.settings import Settings
from lossmon.sources.watch import Watcher

SLICE: Final = 0.05
"""Seconds of work before others get their turn: a key press waits no longer than this."""

RESCAN_SECONDS: Final = 5.0
"""How often directories are searched for new runs when no event spoke of one."""

RESCAN_SHARE: Final = 100
"""A search that takes t seconds of CPU is repeated after 100 t: a hundredth of one at most."""

PUBLISH_SHARE: Final = 5
"""A snapshot that took t seconds of CPU is followed by the next after 5 t: thousands of runs are
not to be counted over ten times a second while they are loaded."""

STATE_SECONDS: Final = 2.0
"""How often a run is asked at most whether the clock has changed its state (live to stalled)."""

MAX_STATE_SECONDS: Final = 30.0
"""How often at least, though the clock should change nothing for longer: it may jump."""

ASK_SECONDS: Final = 0.25
"""How often what cannot tell that something came (a named pipe) is asked."""


class Monitor:
    """Watches sources; use as a context manager, or `start` and `stop`.

    Two ways to use it: `read_all` and `follow` work in the caller's thread;
    `start` works in a thread of its own and calls back.
    """

    def __init__(
        self,
        sources: Sequence[str],
        settings: Settings | None = None,
        *,
        searched: bool = False,
        names: Callable[[Sequence[str]], list[str]] = run_names,
    ) -> None:
        """`searched` and `names` are those of `Library`."""
        self.sources = tuple(sources)
        self.settings = settings or Settings()
        self._searched = searched
        self._names = names
        self._library: Library | None = None
        self._scan: Iterator[bool] | None = None
        self._scan_took = 0.0
        self._next_scan = 0.0
        self._next_look = 0.0
        self._looks: dict[str, float] = {}
        """When each run's state is worth another look; those not in it at the next chance."""
        self._scan_due = True
        self._by_path: dict[str, dict[str, str]] = {}
        """Runs that a watched path belongs to, and as which part; others are directories."""
        self._known: set[str] = set()
        self._unwatched: tuple[TrackedRun, ...] = ()
        """Runs of which no file's change is told: pipes and connections."""
        self._ready: dict[str, None] = {}
        """Runs worth a look, in the order of their turns (a dict for its order)."""
        self._version = 0
        self._published: tuple[tuple[str, int], ...] = ()
        self._snapshot = Snapshot(scanning=True)
        self._thread: threading.Thread | None = None
        self._twins = Twins()
        self._stop = threading.Event()
        self._watcher = Watcher(interval=self.settings.poll_seconds)
        self._watcher_notices: tuple[str, ...] = ()
        self._scanned = False
        self._searches = 0
        self._rounds = Rounds()
        self._courtesy = Courtesy(self._stop)

    def __enter__(self) -> Monitor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # ---- reading once

    def read_all(self) -> Snapshot:
        """Read every source to its present end, and return what is there.

        SourceNotFound if a source does not exist or holds no training log.
        """
        library = self._open(wait=False)
        for _ in library.scan():
            pass
        while library.streams_open:
            library.poll_streams()
            time.sleep(0.01)  # a pipe is read by its own thread; there is nothing to wait on
        library.poll_streams(final=True)
        runs = list(library.runs.values())
        for run in runs:
            while self._step(run, time.monotonic() + 3600) or run.streaming:
                if run.streaming and not run.changed():
                    time.sleep(0.01)
            self._guarded(run, run.flush)
            self._guarded(run, partial(run.look, time.time()))
        self._scanned = True
        snapshot = self._take_snapshot()
        if not snapshot.runs:
            where = ", ".join(self.sources)
            raise SourceNotFound(
                f"{where}: no training log found there; name a file, or see `lossmon formats`"
            )
        return snapshot

    # ---- following

    def follow(self, until: threading.Event | None = None) -> Iterator[Snapshot]:
        """Yield a snapshot whenever something changed, until every source has ended.

        Files never end: with files among the sources this goes on until `until`
        is set and everything was read, or for ever.
        """
        while not self._stop.is_set():
            last_round = until is not None and until.is_set()
            if last_round and self._library is not None:
                # The files' last bytes may have come without a hint yet.
                self._scan_due = True
                self._ready.update(dict.fromkeys(self._library.runs))
            busy = self._slice()
            snapshot = self._publishable()
            if snapshot is not None:
                yield snapshot
            if busy:
                continue
            if last_round or self._all_ended():
                return
            self._watcher.wait(self.settings.poll_seconds)

    def start(self, on_change: Callable[[Snapshot], None]) -> None:
        """Work on a thread of its own; `on_change` is called there with each new snapshot.

        At most one call every `refresh_seconds`, and none while nothing changes.
        """
        self._open(wait=True)
        self._thread = threading.Thread(
            target=self._run, args=(on_change,), name="lossmon-monitor", daemon=True
        )
        self._thread.start()

    def _run(self, on_change: Callable[[Snapshot], None]) -> None:
        try:
            self._follow(on_change)
        except Exception as error:  # noqa: BLE001 - the screen must say it, not wait for ever
            trace = write_trace(error)
            told = f"the watching ended after an unforeseen error ({error}); trace in {trace}"
            last = self._snapshot
            on_change(
                replace(
                    last,
                    notices=(*last.notices, told),
                    scanning=False,
                    version=last.version + 1,
                )
            )

    def _follow(self, on_change: Callable[[Snapshot], None]) -> None:
        from lossmon.monitor.memory import FreedMemory  # who reads once does not need it

        freed = FreedMemory()
        due = 0.0
        while not self._stop.is_set():
            busy = self._slice()
            now = time.monotonic()
            if now >= due:
                began = time.thread_time()
                snapshot = self._publishable()
                if snapshot is not None:
                    on_change(snapshot)
                    spent = time.thread_time() - began
                    due = now + max(self.settings.refresh_seconds, PUBLISH_SHARE * spent)
            if not busy:
                pause = self._idle_seconds()
                if self._unpublished():
                    pause = min(pause, max(0.0, due - time.monotonic()))
                else:
                    self._rounds.idle(self._version, self._watcher.sweeps, self._searches)
                freed.give_back(self._version)
                self._watcher.wait(pause)
                self._courtesy.wait_for_eyes()

    def rest(self, seconds: float) -> None:
        """Say that nobody looks for so long: what was read by then is kept, news may gather.

        A load that is under way goes on. Returns at once; any thread may call.
        """
        self._courtesy.rest(seconds)

    @property
    def rounds(self) -> int:
        """How often everything was asked in vain: two more, and nothing is late. Any thread."""
        return self._rounds.count

    def give_way(self, seconds: float) -> None:
        """Let the screen answer a key first: no piece of work is begun within so long.

        Of the time at most half is given away, however many keys come. Any thread may call.
        """
        self._courtesy.give_way(seconds)

    def _idle_seconds(self) -> float:
        """Return how long there is nothing to do if nothing comes."""
        pause = min(self._next_look, self._next_scan) - time.monotonic()
        library = self._library
        if not all(run.wakes for run in self._unwatched) or (
            library is not None and not library.streams_wake
        ):
            pause = min(pause, ASK_SECONDS)
        return max(0.0, pause)

    def stop(self) -> None:
        """Stop the thread, if there is one, and release everything; may be called twice."""
        self._stop.set()
        self._watcher.wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None
        self._watcher.close()
        if self._library is not None:
            self._library.close()
            self._library = None

    def last_lines(self, run_id: str) -> tuple[str, ...]:
        """Return the last lines of a run's log, cleaned; none where it is no text. Any thread."""
        library = self._library
        run = None if library is None else library.runs.get(run_id)
        return () if run is None else lines(run.recent)

    # ---- one slice of work

    def _open(self, wait: bool) -> Library:
        if self._library is None:
            self._library = Library(
                self.sources,
                self.settings,
                wait=wait,
                on_wake=self._watcher.wake,
                searched=self._searched,
                names=self._names,
            )
        return self._library

    def _slice(self) -> bool:
        """Do at most about `SLICE` seconds of work; True if there is more to do at once."""
        library = self._open(wait=True)
        deadline = time.monotonic() + SLICE
        self._take_hints(library)
        # What is known has its turn as well, however long the search goes on.
        share = SLICE / 2 if self._ready else SLICE
        scanning = self._scan_some(library, time.monotonic() + share)
        if library.poll_streams():
            self._watch_runs(library)
        busy = self._step_runs(library, deadline)
        if time.monotonic() >= self._next_look:
            self._look(library)
        return busy or scanning

    def _look(self, library: Library) -> None:
        """Let the clock change the states of those runs whose state it may change by now."""
        now = time.monotonic()
        self._next_look = now + MAX_STATE_SECONDS
        for run_id, run in library.runs.items():
            due = self._looks.get(run_id, 0.0)
            if due <= now:
                self._look_at(run)
            else:
                self._next_look = min(self._next_look, due)

    def _look_at(self, run: TrackedRun) -> None:
        wall = time.time()
        self._guarded(run, partial(run.look, wall))
        pause = min(MAX_STATE_SECONDS, max(STATE_SECONDS, run.lasts(wall)))
        due = self._looks[run.id] = time.monotonic() + pause
        self._next_look = min(self._next_look, due)

    def _take_hints(self, library: Library) -> None:
        """Note which runs are worth a look, and whether a directory may hold new ones."""
        for path in self._watcher.dirty():
            runs = self._by_path.get(path)
            if runs is None:
                self._scan_due = True
            else:
                self._ready.update(dict.fromkeys(runs))
        for run in self._unwatched:
            if run.streaming or run.changed():
                self._ready[run.id] = None

    def _scan_some(self, library: Library, deadline: float) -> bool:
        """Go on with a search that is under way, or begin one that is due."""
        if self._scan is None:
            if not self._scan_due and time.monotonic() < self._next_scan:
                return False
            self._scan = library.scan()
            self._scan_took = 0.0
            self._scan_due = False
        while time.monotonic() < deadline:
            began = time.thread_time()
            changed = next(self._scan, None)
            self._scan_took += time.thread_time() - began
            if changed is None:
                self._scan = None
                self._scanned = True
                self._searches += 1
                if library.rescan_tables():
                    self._watch_runs(library)
                pause = max(RESCAN_SECONDS, RESCAN_SHARE * self._scan_took)
                self._next_scan = time.monotonic() + pause
                for directory in library.directories:
                    self._watcher.watch(directory)
                return False
            if changed:
                self._watch_runs(library)
        return True

    def _watch_runs(self, library: Library) -> None:
        """Watch the parts of runs that are new, and forget those of runs that are gone."""
        wanted: dict[str, dict[str, str]] = {}
        for run_id, run in library.runs.items():
            for path, part in run.watched.items():
                wanted.setdefault(path, {})[run_id] = part
                if path not in self._by_path:
                    self._watcher.watch(path, partial(self._path_changed, path))
            if run.unread or run_id not in self._known:  # a known one may have a new part
                self._ready[run_id] = None
        for path in set(self._by_path) - set(wanted):
            self._watcher.unwatch(path)
        self._by_path = wanted
        self._known = set(library.runs)
        self._unwatched = tuple(run for run in library.runs.values() if run.unwatched)
        self._looks = {key: due for key, due in self._looks.items() if key in self._known}
        self._ready = {key: None for key in self._ready if key in self._known}

    def _path_changed(self, path: str) -> bool:
        """Ask cheaply all runs that are read from a path now: others than those it began with."""
        library = self._library
        if library is None:
            return False
        return any(
            library.runs[run_id].part_changed(part)
            for run_id, part in self._by_path.get(path, {}).items()
            if run_id in library.runs
        )

    def _step_runs(self, library: Library, deadline: float) -> bool:
        """Give each run that is worth a look a turn; one that is not done goes to the end."""
        for run_id in list(self._ready):
            run = library.runs[run_id]
            self._courtesy.make_way()
            # A long load gets half of what is left, so that one run cannot take a whole slice.
            now = time.monotonic()
            del self._ready[run_id]
            if self._step(run, now + max(0.005, (deadline - now) / 2)):
                self._ready[run_id] = None
            else:
                # Its end may have come with these bytes: `finished` is said with them.
                self._look_at(run)
            if time.monotonic() >= deadline:
                break
        return any(not library.runs[run_id].streaming for run_id in self._ready)

    def _step(self, run: TrackedRun, deadline: float) -> bool:
        """Give one run its turn; what goes wrong in it is said in its row, the others go on."""
        return self._guarded(run, lambda: run.step(deadline))

    @staticmethod
    def _guarded(run: TrackedRun, work: Callable[[], bool | None]) -> bool:
        try:
            return bool(work())
        except Exception as error:  # noqa: BLE001 - a bug met by one log must not end the watching
            run.fail(error, write_trace(error))
            return False

    def _all_ended(self) -> bool:
        library = self._library
        return (
            library is not None
            and self._scanned
            and all(source == "-" for source in self.sources)
            and not library.streams_open
            and not any(run.streaming for run in library.runs.values())
        )

    # ---- publishing

    def _state(self) -> tuple[tuple[str, int], ...]:
        library = self._library
        if library is None:
            return ()
        runs = tuple((run.id, run.version) for run in library.runs.values())
        idle = tuple((view.id, view.version) for view in library.waiting())
        notices = tuple((notice, 0) for notice in self._notices(library))
        return (*runs, *idle, *notices, ("scanned", int(self._scanned)))

    def _unpublished(self) -> bool:
        return self._state() != self._published

    def _publishable(self) -> Snapshot | None:
        """Return a snapshot if something changed since the last one."""
        return self._take_snapshot() if self._unpublished() else None

    def _notices(self, library: Library) -> tuple[str, ...]:
        self._watcher_notices += tuple(self._watcher.notices())
        return (*library.notices, *self._watcher_notices)

    def _take_snapshot(self) -> Snapshot:
        library = self._open(wait=True)
        self._published = self._state()
        self._version += 1
        views = []
        for run in library.runs.values():
            views.append(run.view())
            self._courtesy.make_way()
        runs = self._twins.fold(views, library.searched)
        self._snapshot = Snapshot(
            (*runs, *library.waiting()),
            self._notices(library),
            scanning=not self._scanned,
            version=self._version,
        )
        return self._snapshot
