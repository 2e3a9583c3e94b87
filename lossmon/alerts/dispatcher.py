"""`Dispatcher`: takes snapshots on the watching thread and lets actions work on their own.

Each action has its own thread and its own bounded queue, so that a slow
command delays neither the watching nor another action. What goes wrong in an
action is reported in one line and ends nothing.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from lossmon.alerts.fresh import Alert, FreshEvents
from lossmon.crash import write_trace
from lossmon.errors import LossmonError
from lossmon.monitor import Monitor, Snapshot
from lossmon.settings import Settings

MAX_WAITING: Final = 100
"""Alerts that wait for one action; more are dropped, and counted, rather than kept for hours."""

MAX_NOTES: Final = 50


class Action(Protocol):
    """Something to do for an alert."""

    name: str

    def __call__(self, alert: Alert) -> str | None:
        """Do it; return a line that tells what was done where that is worth telling."""


class Dispatcher:
    """Hands fresh events to actions. `report` is called, on any thread, with one line each time."""

    def __init__(
        self,
        kinds: Sequence[str],
        actions: Sequence[Action],
        *,
        from_start: bool = False,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self.notes: list[str] = []
        """What was reported, the newest last (bounded)."""
        self._fresh = FreshEvents(kinds, from_start)
        self._report = report
        self._workers = [_Worker(action, self._note) for action in actions]

    def offer(self, snapshot: Snapshot) -> None:
        """Look through a snapshot; never blocks on an action."""
        for alert in self._fresh.take(snapshot):
            for worker in self._workers:
                worker.put(alert)

    def close(self, patience: float = 5.0) -> None:
        """Let what waits be done, for at most `patience` seconds an action."""
        for worker in self._workers:
            worker.finish()
        for worker in self._workers:
            worker.join(patience)

    def _note(self, text: str) -> None:
        del self.notes[: max(0, len(self.notes) - MAX_NOTES + 1)]
        self.notes.append(text)
        if self._report is not None:
            self._report(text)


class _Worker:
    """One action with its thread, which starts with the first alert."""

    def __init__(self, action: Action, note: Callable[[str], None]) -> None:
        self._action = action
        self._note = note
        self._queue: queue.Queue[Alert | None] = queue.Queue(MAX_WAITING)
        self._thread: threading.Thread | None = None

    def put(self, alert: Alert) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name=f"lossmon-alert-{self._action.name}", daemon=True
            )
            self._thread.start()
        try:
            self._queue.put_nowait(alert)
        except queue.Full:
            self._note(f"{self._action.name}: too slow, an alert was dropped ({alert.title})")

    def finish(self) -> None:
        if self._thread is None:
            return
        while True:
            try:
                self._queue.put_nowait(None)
                return
            except queue.Full:
                # The end has to find room: the oldest that waits makes it.
                with contextlib.suppress(queue.Empty):
                    self._queue.get_nowait()
                    self._note(f"{self._action.name}: an alert was dropped at the end")

    def join(self, patience: float) -> None:
        if self._thread is not None:
            self._thread.join(patience)

    def _run(self) -> None:
        while (alert := self._queue.get()) is not None:
            try:
                said = self._action(alert)
            except (LossmonError, OSError) as error:
                said = f"{self._action.name}: {error}"
            except Exception as error:  # noqa: BLE001 - an alert never takes the watching down
                said = f"{self._action.name}: {type(error).__name__}; trace in {write_trace(error)}"
            if said:
                self._note(said)


class AlertingMonitor(Monitor):
    """A monitor whose snapshots pass a dispatcher on their way, however they are taken."""

    def __init__(
        self, sources: Sequence[str], settings: Settings | None, dispatcher: Dispatcher
    ) -> None:
        super().__init__(sources, settings)
        self._dispatcher = dispatcher

    def start(self, on_change: Callable[[Snapshot], None]) -> None:
        """Work on a thread of its own, as `Monitor.start`."""

        def take(snapshot: Snapshot) -> None:
            self._dispatcher.offer(snapshot)
            on_change(snapshot)

        super().start(take)

    def follow(self, until: threading.Event | None = None) -> Iterator[Snapshot]:
        """Yield snapshots, as `Monitor.follow`."""
        for snapshot in super().follow(until):
            self._dispatcher.offer(snapshot)
            yield snapshot
