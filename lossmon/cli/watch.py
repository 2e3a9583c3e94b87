"""`lossmon [SOURCE…]`: the live screen; plain lines, one an event, where there is no terminal."""

from __future__ import annotations

import argparse
import os
import stat
import sys
from typing import Final

from lossmon.cli.alerting import add_alerts, monitor_from, tell
from lossmon.cli.options import add_reading, add_sources, settings_from
from lossmon.errors import UsageError
from lossmon.monitor import Monitor

_SWITCH_SECONDS: Final = 0.001
"""How long parsing keeps the interpreter before a key gets it (Python's own: 5 ms). A key press
passes through several hands, and each waits for its turn."""

EPILOG = """\
examples:
  lossmon                                  all runs below this directory, newest first
  lossmon runs/a/trainer_state.json logs/*.jsonl
  python train.py 2>&1 | lossmon -
  lossmon --plain runs/ >> events.txt      one line for each new event
  lossmon runs/ --on divergence,nonfinite --run 'notify.sh {run} {kind} {step}'
  lossmon train.log --on divergence --kill 4711
"""


VIEWS: Final = ("overview", "focus", "panes", "compare", "metrics", "log")
AXES: Final = ("step", "relative", "epoch", "elapsed", "wall")
MAX_PANES: Final = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_sources(parser, required=False)
    parser.add_argument(
        "--tee", action="store_true", help="with -: pass standard input on to standard output"
    )
    add_screen(parser)
    add_alerts(parser)
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
    group.add_argument("--no-smoothing", action="store_true", help="the points alone")
    group.add_argument("--view", choices=VIEWS, help="the view to begin with")
    layout = group.add_mutually_exclusive_group()
    layout.add_argument(
        "--panes", type=grid, metavar="CxR", help="panes in C columns and R rows, at most 12"
    )
    layout.add_argument("--layout", metavar="NAME", help="panes as saved under this name (^s)")
    group.add_argument("--free-axes", action="store_true", help="move each pane alone")
    group.add_argument("--run-name", dest="run_name", metavar="NAME", help="the run to show first")
    group.add_argument("--mark", metavar="NAME[,NAME]", help="mark these runs for the compare view")
    group.add_argument("--baseline", metavar="NAME", help="the run that others are compared with")
    group.add_argument("--metric", metavar="NAME", help="the series that the compare view shows")
    group.add_argument(
        "--seeds", action="store_true", help="compare: seeds of one configuration as a band"
    )
    group.add_argument("--filter", metavar="LETTERS", help="overview: letters of the names")
    group.add_argument(
        "--sort", metavar="COLUMN", help="overview: run, verdict, loss, state, step, "
        "'to go', 'best eval', gap or 'per 1k'; --sort=-COLUMN turns it round"
    )  # fmt: skip
    group.add_argument("--x-axis", choices=AXES, help="what runs along the bottom of charts")
    group.add_argument("--log-y", action="store_true", help="logarithmic y axis")
    group.add_argument("--robust-y", action="store_true", help="y axis: the bulk of the points")
    group.add_argument("--forecast", action="store_true", help="draw the loss to the planned end")
    group.add_argument("--range", metavar="FROM:TO", help="the part of the x axis to show")
    group.add_argument("--grid", metavar="CxR", help="metrics: charts in C columns and R rows")
    group.add_argument("--records", action="store_true", help="log: the records, not the lines")
    group.add_argument("--machine", action="store_true", help="CPU, memory, GPUs at the foot")
    group.add_argument("--export-to", metavar="DIR", help="where exports go (default: here)")
    group.add_argument("--fresh", action="store_true", help="as if nothing were remembered")


def grid(text: str) -> str:
    """Parse `2x3`, columns and rows of panes (argparse type)."""
    columns, mark, rows = text.lower().partition("x")
    if not (mark and columns.isdecimal() and rows.isdecimal() and int(columns) * int(rows) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is no grid of panes; write 2x2")
    if int(columns) * int(rows) > MAX_PANES:
        raise argparse.ArgumentTypeError(f"{text!r}: at most {MAX_PANES} panes")
    return f"{int(columns)}x{int(rows)}"


def run(options: argparse.Namespace) -> int:
    """Watch until the user quits (or, in plain mode, until every source has ended)."""
    settings = settings_from(options)
    sources = options.sources or ["."]
    # In a browser (`lossmon serve`) there is no terminal, but a screen.
    plain = options.plain or not (sys.stdout.isatty() or "TEXTUAL_DRIVER" in os.environ)
    if options.tee:
        plain = _tee(sources, plain=options.plain)
    # On the screen a line would be lost in the picture: it is said at the end.
    monitor, dispatcher = monitor_from(options, sources, settings, report=tell if plain else None)
    try:
        if plain:
            from lossmon.cli.plain import follow_plain

            return follow_plain(monitor, sys.stderr if options.tee else sys.stdout)
        code = run_screen(monitor, sources)
        if options.tee and code == 0:
            _finish_tee()
        return code
    finally:
        if dispatcher is not None:
            dispatcher.close()
            if not plain:
                for note in dispatcher.notes:
                    tell(note)


def _tee(sources: list[str], *, plain: bool) -> bool:
    """Let standard input be passed on; return whether there is to be no screen.

    Into a file the bytes go while the screen is on the terminal. What reads a
    pipe may write to the terminal itself, and waits for the end of the input,
    not for a key: beside it there is none.
    """
    from lossmon.cli.terminal import is_ours
    from lossmon.sources.stdin import pass_on_to

    if "-" not in sources or sys.stdout.isatty():
        raise UsageError(
            "--tee passes standard input (-) on to standard output, which should be a pipe or "
            "a file: python train.py | lossmon - --tee > train.log"
        )
    output = sys.stdout.fileno()
    pass_on_to(os.dup(output))
    is_file = stat.S_ISREG(os.fstat(output).st_mode)
    return plain or not (is_file and sys.stderr.isatty() and is_ours())


def _finish_tee() -> None:
    """After the screen was left, keep the training's output whole, and the training alive."""
    from lossmon.sources.stdin import pass_on_rest

    tell("standard input is passed on to its end; Ctrl-C ends that too")
    pass_on_rest()


def run_screen(
    monitor: Monitor, sources: list[str], place: str = "", is_project: bool = True
) -> int:
    """Open the screen over a monitor that is not yet started; `place` says what is watched."""
    if "TEXTUAL_DRIVER" in os.environ:
        return _run_app(monitor, sources, place, is_project)
    if not sys.stdin.isatty():
        from lossmon.sources.stdin import keyboard_from_tty

        keyboard_from_tty()
    from lossmon.cli.terminal import output_on_terminal

    with output_on_terminal():
        return _run_app(monitor, sources, place, is_project)


def _run_app(monitor: Monitor, sources: list[str], place: str, is_project: bool) -> int:
    # Textual asks the terminal for true colour by this; unset it stays with 256 colours.
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from lossmon.tui.running import run as run_app

    sys.setswitchinterval(_SWITCH_SECONDS)
    return run_app(monitor, monitor.settings, tuple(sources), place=place, is_project=is_project)
