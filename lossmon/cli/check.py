"""`lossmon check`: exit 1 if an event of the named kinds stands at the end of the log."""

from __future__ import annotations

import argparse
import sys

from lossmon.cli.kinds import event_kinds, standing
from lossmon.cli.options import add_reading, add_sources, settings_from
from lossmon.cli.reading import exit_code, read_now
from lossmon.report import words

EXIT_FOUND = 1

EPILOG = """\
examples:
  lossmon check out/trainer_state.json --fail-on divergence,nonfinite
  lossmon check runs/ --fail-on overfitting && echo fine

exit codes: 0 none stands, 1 one stands (printed, a line each), 2 usage, 4 nothing could be read
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_sources(parser)
    parser.add_argument(
        "--fail-on",
        metavar="KIND[,KIND]",
        type=event_kinds,
        required=True,
        help="events to fail on, e.g. divergence,nonfinite,overfitting",
    )
    add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the events that stand, a line each; 1 if there is one, 4 if a log could not be read."""
    runs = read_now(options.sources, settings_from(options))
    found = False
    for view in runs:
        for event in standing(view, options.fail_on):
            found = True
            sys.stdout.write(
                f"{view.name}: {event.kind} at step {words.step(event.step)}: {event.message}\n"
            )
    unread = exit_code(runs)
    # What was found weighs more than what could not be read: both are on the two streams.
    return EXIT_FOUND if found else unread
