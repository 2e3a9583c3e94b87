"""`lossmon wait`: block until an event of the named kinds is raised."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence

import msgspec

from lossmon.cli.alerting import add_alerts, monitor_from, tell
from lossmon.cli.kinds import event_kinds, seconds
from lossmon.cli.options import add_reading, add_sources, settings_from
from lossmon.model import Event, RunView
from lossmon.monitor import Monitor, Snapshot
from lossmon.report import data

EXIT_TIMEOUT = 3

EPILOG = """\
examples:
  lossmon wait train.log --until finished,divergence,nonfinite --timeout 2h
  lossmon wait out/ --until overfitting && scancel $SLURM_JOB_ID
  lossmon wait out/ --until finished,nonfinite --notify-url ntfy://my-topic

An event that stands already counts, for alerts too (without --on they tell what is waited for).
The event is printed as one JSON line.
exit codes: 0 raised, 2 usage, 3 timed out
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_sources(parser)
    parser.add_argument(
        "--until",
        metavar="KIND[,KIND]",
        type=event_kinds,
        required=True,
        help="events to wait for; finished and stalled count",
    )
    parser.add_argument(
        "--timeout",
        metavar="TIME",
        type=seconds,
        help="give up after 90s, 15m, 2h … (default: never)",
    )
    parser.add_argument(
        "--stalled-after",
        metavar="TIME",
        type=seconds,
        help="silence that counts as stalled (default: from the run's own rhythm)",
    )
    add_alerts(parser)
    add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Wait; print the event as JSON and return 0, or 3 when the time is over."""
    monitor, dispatcher = monitor_from(
        options,
        options.sources,
        settings_from(options),
        report=tell,
        default=options.until,
        from_start=True,
    )
    try:
        found = wait_for(monitor, options.until, options.timeout)
    finally:
        if dispatcher is not None:
            dispatcher.close(patience=options.run_timeout + 5)
    if found is None:
        sys.stderr.write(
            f"lossmon: timed out after {options.timeout:g} s without {', '.join(options.until)}\n"
        )
        return EXIT_TIMEOUT
    view, event = found
    line = {"run": view.name, "source": view.source, **data.event(event)}
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    return 0


def wait_for(
    monitor: Monitor, kinds: Sequence[str], timeout: float | None
) -> tuple[RunView, Event] | None:
    """Return the first event of these kinds that stands, or None after `timeout` seconds."""
    over = threading.Event()
    timer = None if timeout is None else threading.Timer(timeout, over.set)
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        with monitor:
            first = True
            told: set[tuple[str, str, float]] = set()
            for snapshot in monitor.follow(until=over):
                found = _raised(snapshot, kinds, told, first)
                if found is not None:
                    return found
                first = first and snapshot.scanning
    finally:
        if timer is not None:
            timer.cancel()
    return None


def _raised(
    snapshot: Snapshot, kinds: Sequence[str], told: set[tuple[str, str, float]], first: bool
) -> tuple[RunView, Event] | None:
    """Return an event that stands, or that was raised (and maybe cleared) since the last look.

    What a log raised and cleared before the first look is history; `told`
    remembers it.
    """
    for view in snapshot.runs:
        if view.loading is not None:
            continue  # half a log: what stands in its middle may clear before its end
        known = any(run_id == view.id for run_id, _, _ in told)
        for event in view.events:
            key = (view.id, event.kind, event.step)
            fresh = known and not first and key not in told
            told.add(key)
            if event.kind in kinds and (event.stands or fresh):
                return view, event
        told.add((view.id, "", 0.0))
    return None
