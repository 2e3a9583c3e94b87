"""`lossmon [SOURCE…]`: the live screen; plain lines, one an event, where there is no terminal."""

from __future__ import annotations

import argparse
import os
import sys

from lossmon.cli.options import add_reading, add_sources, settings_from
from lossmon.monitor import Monitor

EPILOG = """\
examples:
  lossmon                                  all runs below this directory, newest first
  lossmon runs/a/trainer_state.json logs/*.jsonl
  python train.py 2>&1 | lossmon -
  lossmon --plain runs/ >> events.txt      one line for each new event
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_sources(parser, required=False)
    add_screen(parser)
    add_reading(parser)


def add_screen(parser: argparse.ArgumentParser) -> None:
    """Add the options of the screen, which `demo` has too."""
    group = parser.add_argument_group("screen")
    group.add_argument("--plain", action="store_true", help="print events as lines, no screen")
    group.add_argument("--ascii", action="store_true", help="draw with ASCII characters alone")
    group.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    group.add_argument("--theme", metavar="NAME", help="dark, light or auto")
    group.add_argument(
        "--smoothing",
        type=float,
        metavar="BETA",
        help="EMA weight of the strong line, 0 to 0.999 (default: adapted to the log)",
    )


def run(options: argparse.Namespace) -> int:
    """Watch until the user quits (or, in plain mode, until every source has ended)."""
    settings = settings_from(options)
    sources = options.sources or ["."]
    if options.plain or not sys.stdout.isatty():
        from lossmon.cli.plain import watch_plain

        return watch_plain(sources, settings)
    return run_screen(Monitor(sources, settings), options, sources)


def run_screen(monitor: Monitor, options: argparse.Namespace, sources: list[str]) -> int:
    """Open the screen over a monitor that is not yet started."""
    if "-" in sources and not sys.stdin.isatty():
        from lossmon.sources.stdin import keyboard_from_tty

        keyboard_from_tty()
    # Textual asks the terminal for true colour by this; unset it stays with 256 colours.
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from lossmon.tui.app import run as run_app

    return run_app(monitor, monitor.settings, sources=tuple(sources))
