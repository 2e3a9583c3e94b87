"""Watching without a screen: one line on standard output for each new event."""

from __future__ import annotations

import time
from typing import TextIO

from lossmon.model import Event, RunView
from lossmon.monitor import Monitor, Snapshot
from lossmon.report import words


class EventLines:
    """Turns snapshots into lines: an event when it is raised, and again when it clears."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, float, float | None, bool]] = set()

    def new_lines(self, snapshot: Snapshot) -> list[str]:
        """Return the lines for what is new in a snapshot, oldest first."""
        lines = []
        for run in snapshot.runs:
            if run.loading is not None:
                continue  # half a log: its events would come in the order of reading
            for event in run.events:
                for cleared in (False, True) if event.cleared_step is not None else (False,):
                    key = (run.id, event.kind, event.step, event.onset_step, cleared)
                    if key not in self._told:
                        self._told.add(key)
                        lines.append(event_line(run, event, cleared))
        return lines


def event_line(run: RunView, event: Event, cleared: bool = False) -> str:
    """Return one event as a line: time, run, step, kind, message."""
    stamp = time.strftime("%H:%M:%S", time.localtime(event.time))
    if cleared:
        at = words.step(event.cleared_step)
        return f"{stamp}  {run.name}  step {at}  {event.kind} cleared"
    return f"{stamp}  {run.name}  step {words.step(event.step)}  {event.kind}  {event.message}"


def follow_plain(monitor: Monitor, out: TextIO) -> int:
    """Print events until every source has ended (a closed pipe) or the user interrupts."""
    lines = EventLines()
    with monitor:
        for snapshot in monitor.follow():
            for line in lines.new_lines(snapshot):
                out.write(line + "\n")
            out.flush()
    return 0
