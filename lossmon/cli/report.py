"""`lossmon report`: read what is there now, answer, exit."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Final

from lossmon.cli.options import add_reading, add_sources, settings_from
from lossmon.cli.reading import exit_code, read_now
from lossmon.errors import UsageError

FORMATS: Final = {
    "text": "lossmon.report.text",
    "json": "lossmon.report.json_report",
}

EPILOG: Final = """\
examples:
  lossmon report out/trainer_state.json
  lossmon report runs/ --format json | jq '.runs[].verdict.status'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_sources(parser)
    parser.add_argument("--format", choices=sorted(FORMATS), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of stdout")
    add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Write the report; 4 if a source exists but no series could be read from it."""
    settings = settings_from(options)
    runs = read_now(options.sources, settings)
    text = importlib.import_module(FORMATS[options.format]).render(runs)
    if options.output is None:
        sys.stdout.write(text)
    else:
        try:
            Path(options.output).write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{options.output}: cannot be written: {error.strerror}") from error
    return exit_code(runs)
