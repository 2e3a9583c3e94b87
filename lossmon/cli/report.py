"""`lossmon report`: read what is there now, answer, exit."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lossmon.cli.options import add_reading, add_sources, settings_from
from lossmon.cli.output import write
from lossmon.cli.reading import exit_code, read_now
from lossmon.model import RunView

FORMATS: Final = {
    "text": "lossmon.report.text",
    "json": "lossmon.report.json_report",
    "markdown": "lossmon.report.markdown",
    "html": "lossmon.report.html_report",
    "csv": "lossmon.report.csv_report",
}

EPILOG: Final = """\
examples:
  lossmon report out/trainer_state.json
  lossmon report runs/ --format json | jq '.runs[].verdict.status'
  lossmon report runs/ --format html -o report.html
  lossmon report runs/ --format markdown -o report.md     with an SVG beside it for each run
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
    if options.format == "markdown" and options.output is not None:
        text = _with_pictures(runs, Path(options.output))
    else:
        text = importlib.import_module(FORMATS[options.format]).render(runs)
    write(text, options.output)
    return exit_code(runs)


def _with_pictures(runs: Sequence[RunView], output: Path) -> str:
    """Write each run's chart beside `output`, and return the text that shows them."""
    from lossmon.report import markdown

    names: dict[str, str] = {}
    stem = output.stem.replace(" ", "-")
    for run_id, (name, svg) in markdown.pictures(runs, stem).items():
        write(svg, str(output.with_name(name)))
        names[run_id] = name
    return markdown.render(runs, names)
