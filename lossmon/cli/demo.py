"""`lossmon demo`: the screen over logs of real small trainings, replayed as if they ran now."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from lossmon.cli.options import settings_from
from lossmon.cli.replay import Replay, demo_logs
from lossmon.cli.watch import add_screen, run_screen
from lossmon.errors import UsageError
from lossmon.monitor import Monitor

EPILOG = """\
examples:
  lossmon demo
  lossmon demo --speed 4
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--speed",
        type=float,
        default=1.0,
        metavar="N",
        help="N times as fast: at 1 the runs last about a minute (default 1)",
    )
    add_screen(parser)


def run(options: argparse.Namespace) -> int:
    """Replay the logs into a temporary directory and watch it."""
    if not 0 < options.speed <= 10_000:
        raise UsageError("--speed wants a number above 0, at most 10000")
    settings = settings_from(options)
    with tempfile.TemporaryDirectory(prefix="lossmon-demo-") as directory:
        target = Path(directory)
        with Replay(demo_logs(), target, options.speed) as replay:
            monitor = Monitor([str(target)], settings)
            if options.plain or not sys.stdout.isatty():
                return _plain(monitor, replay)
            place = "the demo's logs"
            return run_screen(monitor, [str(target)], place, is_project=False)


def _plain(monitor: Monitor, replay: Replay) -> int:
    """Print the events of the replay; ends with it."""
    from lossmon.cli.plain import EventLines

    lines = EventLines()
    with monitor:
        for snapshot in monitor.follow(until=replay.finished):
            for line in lines.new_lines(snapshot):
                sys.stdout.write(line + "\n")
            sys.stdout.flush()
    return 0
