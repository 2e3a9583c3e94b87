"""`Studio`: pictures of runs are worked out here, on a thread of their own.

The screen's thread never smooths, reduces or compares a series: it asks, waits a moment (so that
what is quickly done needs one picture alone), shows what stood there before where that was not
enough, and is told as soon as the rest is done.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from lossmon.charts.cache import LineCache
from lossmon.model import RunView
from lossmon.record import record

PATIENCE: float = 0.03
"""Seconds that the screen waits for what it asked for: a key is answered within 50 ms."""
_IDLE: Final = 10.0
"""Seconds without work after which the thread ends; the next job begins another."""
_KEPT: Final = 4000
"""Results kept at most: those that were not asked for the longest go first."""


@record(eq=False)
class Job:
    """Something to work out."""

    slot: Hashable
    """Where it is shown: a later job of the slot takes the place of one that still waits."""
    like: Hashable
    """What an earlier result of the slot must have had too, to be shown until this one is there."""
    stamp: Hashable
    """All that the result depends on, runs by their ids."""
    runs: tuple[RunView, ...]
    """The runs that the stamp knows by their ids: they are held as long as the result is."""
    make: Callable[[], Any]
    """Works it out, on the studio's thread: it may read nothing that another thread changes."""


@record(eq=False)
class _Done:
    job: Job
    value: Any
    error: BaseException | None


class Studio:
    """Works jobs off, one after the other; all but the work itself is for the screen's thread."""

    def __init__(self) -> None:
        self.cache = LineCache()
        """What jobs need not compute again while runs grow: theirs alone."""
        self.tell: Callable[[], None] | None = None
        """Called on the studio's thread when something is done that the screen did not wait for."""
        self.asked = 0
        """How many times it was asked."""
        self.spent = 0.0
        """CPU seconds that jobs have taken."""
        self._changed = threading.Condition()
        self._waiting: OrderedDict[Hashable, Job] = OrderedDict()
        self._at_work: Job | None = None
        self._done: OrderedDict[Hashable, _Done] = OrderedDict()
        self._late: set[Hashable] = set()
        """Slots that show something older, or nothing."""
        self._thread: threading.Thread | None = None
        self._ended = False
        self._until: float | None = None
        self._rest_until = 0.0
        self._for_key = True
        self._hurried = 0.0
        """Until when a key is to be answered first."""

    # ---- for the screen

    def is_late(self, slot: Hashable) -> bool:
        """Whether a slot shows something older than what was asked for, or nothing."""
        return slot in self._late

    @contextmanager
    def patience(self, seconds: float | None = None, *, for_key: bool = True) -> Iterator[None]:
        """Wait for all that is asked in the block no longer than this together.

        What a key is for is waited for so long, the rest half as long: it follows. News are waited
        for together, until a key is on its way.
        """
        if self._until is not None:
            yield
            return
        now, wait = time.monotonic(), PATIENCE if seconds is None else seconds
        self._until, self._for_key = now + wait, for_key
        self._rest_until = now + (wait / 2 if for_key else wait)
        try:
            yield
        finally:
            self._until = None

    def ask(self, jobs: Sequence[Job]) -> list[Any]:
        """Return the result of each job, or an earlier one that may stand for it, or None.

        The first job is what a key is for: it is worked out before all that waits. A job that
        failed raises its error here.
        """
        self.asked += 1
        with self.patience(), self._changed:
            missing = [job for job in jobs if not self._is_done(job)]
            if missing:
                self._put(missing, jobs[0])
                assert self._until is not None  # set by `patience`
                if missing[0] is jobs[0]:
                    self._wait(missing[:1], self._until)
                self._wait(missing, self._rest_until)
            return [self._shown(job) for job in jobs]

    def _wait(self, jobs: Sequence[Job], until: float) -> None:
        # Looks at the clock after the work too: a wait of 0 s takes what is there.
        self._changed.wait_for(
            lambda: all(map(self._is_done, jobs)) or (not self._for_key and self.hurried > 0),
            min(max(until - time.monotonic(), 0.0), threading.TIMEOUT_MAX),
        )

    def hurry(self, seconds: float) -> None:
        """Let no news be waited for in the next `seconds`: a key is on its way. Any thread."""
        with self._changed:
            self._hurried = time.monotonic() + seconds
            self._changed.notify_all()

    def calm(self) -> None:
        """Say that the key was answered."""
        self._hurried = 0.0

    @property
    def hurried(self) -> float:
        """Seconds in which a key is to be answered first, 0 where none is on its way."""
        return max(self._hurried - time.monotonic(), 0.0)

    @property
    def is_behind(self) -> bool:
        """Whether something that is shown is older than what was asked for."""
        return bool(self._late)

    def last(self, slot: Hashable) -> Any:
        """Return the last result of a slot, whatever it was asked for; None where none is there."""
        done = self._done.get(slot)
        return None if done is None else done.value

    def leave(self) -> None:
        """Forget what waits: another view is shown."""
        with self._changed:
            self._waiting.clear()
            self._late.clear()

    def drop_stale(self, current: Container[int]) -> None:
        """Let go of results whose runs are not among the views of these ids."""
        with self._changed:
            for slot, done in list(self._done.items()):
                if any(id(run) not in current for run in done.job.runs):
                    del self._done[slot]

    def stop(self) -> None:
        """End the thread; what waits is not worked out any more."""
        with self._changed:
            self._ended = True
            self._waiting.clear()
            self._changed.notify_all()
        thread = self._thread
        if thread is not None:
            thread.join(2.0)

    # ---- with the lock held

    def _is_done(self, job: Job) -> bool:
        done = self._done.get(job.slot)
        return done is not None and done.job.stamp == job.stamp and done.job.like == job.like

    def _put(self, missing: Sequence[Job], first: Job) -> None:
        for job in missing:
            # One that waits already keeps its place: each has its turn, however fast runs grow.
            self._waiting[job.slot] = job
            if job is first:
                self._waiting.move_to_end(job.slot, last=False)
        at_work = self._at_work
        if at_work is not None and any(job.stamp == at_work.stamp for job in missing):
            waiting = self._waiting.get(at_work.slot)
            if waiting is not None and waiting.stamp == at_work.stamp:
                del self._waiting[at_work.slot]
        if self._thread is None and not self._ended:
            self._thread = threading.Thread(target=self._work, name="studio", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _shown(self, job: Job) -> Any:
        done = self._done.get(job.slot)
        if done is not None:
            self._done.move_to_end(job.slot)
        if done is None or done.job.stamp != job.stamp or done.job.like != job.like:
            self._late.add(job.slot)
            return None if done is None or done.job.like != job.like else done.value
        self._late.discard(job.slot)
        if done.error is not None:
            raise done.error
        return done.value

    # ---- the thread

    def _work(self) -> None:
        while True:
            with self._changed:
                self._at_work = None
                if not self._changed.wait_for(lambda: self._waiting or self._ended, _IDLE):
                    self._thread = None
                    return
                if self._ended:
                    return
                _, job = self._waiting.popitem(last=False)
                self._at_work = job
            value, error = None, None
            began = time.thread_time()
            try:
                value = job.make()
            except BaseException as raised:  # noqa: BLE001 - raised again where it was asked for
                error = raised
            with self._changed:
                self._at_work = None
                self.spent += time.thread_time() - began
                self._done[job.slot] = _Done(job, value, error)
                self._done.move_to_end(job.slot)
                while len(self._done) > _KEPT:
                    self._done.popitem(last=False)
                tell = self.tell if job.slot in self._late else None
                self._changed.notify_all()
            if tell is not None:
                tell()
            del job, value, error
