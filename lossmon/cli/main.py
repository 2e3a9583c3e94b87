"""The `lossmon` command: finds the subcommand, and turns every error into one line and a code.

Exit codes: 0 fine · 1 `check` found what it was told to fail on · 2 usage
error · 3 `wait` timed out · 4 no series could be read · 70 an unforeseen error,
whose trace is in a file.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import gc
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from itertools import takewhile
from types import ModuleType
from typing import Final, NoReturn

from lossmon import __version__
from lossmon.cli import encoding, output
from lossmon.errors import LossmonError
from lossmon.width import terminal_width

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "watch": ("lossmon.cli.watch", "watch runs live in the terminal (the default)"),
    "demo": ("lossmon.cli.demo", "watch the logs of real small trainings, replayed live"),
    "report": ("lossmon.cli.report", "read what is there now, answer, exit"),
    "check": ("lossmon.cli.check", "exit 1 if an event of the named kinds stands"),
    "wait": ("lossmon.cli.wait", "block until an event of the named kinds is raised"),
    "compare": ("lossmon.cli.compare", "a table of runs, seeds grouped, differences tested"),
    "explain": ("lossmon.cli.explain", "what the words, verdicts and numbers mean"),
    "slurm": ("lossmon.cli.slurm", "watch the output files of your running Slurm jobs"),
    "serve": ("lossmon.cli.serve", "the live screen in a browser, on this machine alone"),
    "completion": ("lossmon.cli.completion", "print a shell's completion script"),
    "formats": ("lossmon.cli.formats", "list the log formats, or say what a source is taken for"),
}
"""Each command's module (imported only when it is called) and its line in the help."""

_GC_THRESHOLD: Final = 200_000
"""Allocations between searches for cycles: more than a start makes, in which nothing becomes
garbage. The screen sets its own once its first picture stands."""

EXIT_UNFORESEEN: Final = 70
EXIT_INTERRUPTED: Final = 130


class _Help(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal; the base class asks shutil for that, once for each argument."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_width(80) - 2)


class _Parser(argparse.ArgumentParser):
    """Usage errors in one line on stderr, with the way to the help."""

    def error(self, message: str) -> None:  # type: ignore[override]
        from lossmon.model import clean_text

        # A shell's `*` may hand on the name of a file as an option.
        sys.stderr.write(f"{self.prog}: {clean_text(message)}; try `{self.prog} --help`\n")
        raise SystemExit(2)

    def format_usage(self) -> str:
        """Nothing: `error` never shows it, yet each intermixed parsing asks for it first.

        Formatting it imports shutil and its compressors, a fortieth of a start.
        """
        return ""


def _epilog() -> str:
    lines = "\n".join(f"  {name:<12}{text}" for name, (_, text) in COMMANDS.items())
    return (
        f"commands:\n{lines}\n\n"
        "examples:\n"
        "  lossmon                        watch all runs below this directory\n"
        "  lossmon out/trainer_state.json\n"
        "  python train.py 2>&1 | lossmon -\n"
        "  lossmon demo\n\n"
        "`lossmon COMMAND --help` tells more of each."
    )


def _split(argv: Sequence[str]) -> tuple[str, list[str]]:
    """Return the command and its arguments; no command means `watch`."""
    if argv and argv[0] in COMMANDS:
        return argv[0], list(argv[1:])
    return "watch", list(argv)


def _parse(
    command: str, arguments: Sequence[str], explicit: bool
) -> tuple[ModuleType, argparse.Namespace]:
    module_name, text = COMMANDS[command]
    module = importlib.import_module(module_name)
    parser = _Parser(
        prog=f"lossmon {command}" if explicit else "lossmon",
        description=text[0].upper() + text[1:] + ".",
        epilog=getattr(module, "EPILOG", "") if explicit else _epilog(),
        formatter_class=_Help,
        allow_abbrev=False,
    )
    if not explicit:
        parser.add_argument("--version", action="version", version=f"lossmon {__version__}")
    module.add_arguments(parser)
    if not {"-h", "--help"}.isdisjoint(takewhile("--".__ne__, arguments)):
        parser.print_help()
        sys.stdout.flush()
        raise SystemExit(0)
    # Intermixed: `lossmon report a.log --format json b.log` is natural to write.
    return module, parser.parse_intermixed_args(arguments)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    gc.set_threshold(_GC_THRESHOLD)
    # numpy's BLAS starts a thread for each core when it is loaded; nothing here is worth one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = list(sys.argv[1:] if argv is None else argv)
    command, rest = _split(arguments)
    explicit = bool(arguments) and arguments[0] == command
    try:
        if arguments == ["--version"]:  # scripts ask for it: nothing has to be loaded to answer
            sys.stdout.write(f"lossmon {__version__}\n")
            sys.stdout.flush()
            return 0
        module, options = _parse(command, rest, explicit)
        code: int = module.run(options)
        sys.stdout.flush()
        gc.freeze()  # the interpreter's last search for cycles would cost a twentieth of a report
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except LossmonError as error:
        from lossmon.model import clean_text

        # Its names may be those of files: not each is fit for a terminal.
        sys.stderr.write(f"lossmon: {clean_text(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return 0  # `lossmon report … | head`: the reader has what it wanted
    except Exception as error:  # noqa: BLE001 - the last stand: never a traceback on the screen
        return _unforeseen(error)
    return code


def script() -> NoReturn:
    """Run the command line as a process of its own, and end it.

    Python takes its modules apart before it ends, for which a report would have to wait. Where no
    thread is at work and nothing asked to be called at the end, that is spared.
    """
    encoding.settle()
    output.tell_what_is_refused()
    code = main()
    if threading.active_count() == 1 and not atexit._ncallbacks():
        with contextlib.suppress(OSError):  # then the interpreter says what it always says
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            os._exit(code)
    raise SystemExit(code)


def _unforeseen(error: Exception) -> int:
    from lossmon.crash import write_trace

    place = write_trace(error)
    sys.stderr.write(
        f"lossmon: an unforeseen error ({type(error).__name__}); the full trace is in {place}\n"
    )
    return EXIT_UNFORESEEN
