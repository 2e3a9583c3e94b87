"""`lossmon report`: read what is there now, answer, exit."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lossmon.cli.options import add_reading, add_sources, settings_from
from lossmon.cli.output import opened, write
from lossmon.cli.reading import exit_code, exit_code_of, read_now
from lossmon.cli.spread import add_cluster, read_spread
from lossmon.model import RunView
from lossmon.settings import Settings

FORMATS: Final = {
    "text": "lossmon.report.text",
    "json": "lossmon.report.json_report",
    "markdown": "lossmon.report.markdown",
    "html": "lossmon.report.html_report",
    "csv": "lossmon.report.csv_report",
    "jsonl": "lossmon.report.jsonl_report",
}

STREAMED: Final = ("csv", "jsonl")
"""Formats that a cluster's results are written in as they come."""

EPILOG: Final = """\
examples:
  lossmon report out/trainer_state.json
  lossmon report runs/ --format json | jq '.runs[].verdict.status'
  lossmon report runs/ --format html -o report.html
  lossmon report runs/ --format markdown -o report.md     with a picture of each run
  lossmon report s3://sweep/ --dask tcp://head:8786 --format jsonl -o sweep.jsonl
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_sources(parser)
    parser.add_argument("--format", choices=sorted(FORMATS), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of stdout")
    add_reading(parser)
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Write the report; 4 if a source exists but no series could be read from it."""
    settings = settings_from(options)
    if options.dask is not None:
        return _on_a_cluster(options, settings)
    runs = read_now(options.sources, settings)
    if options.format == "markdown" and options.output is not None:
        text = _with_pictures(runs, Path(options.output))
    else:
        text = importlib.import_module(FORMATS[options.format]).render(runs)
    write(text, options.output)
    return exit_code(runs)


def _on_a_cluster(options: argparse.Namespace, settings: Settings) -> int:
    renderer = FORMATS[options.format]
    module = importlib.import_module(renderer)
    if options.format in STREAMED:
        with opened(options.output) as out:
            out.write(module.assemble([]))  # the head, where there is one
            found = read_spread(options.dask, options.sources, settings, renderer, out.write)
    else:
        found = read_spread(options.dask, options.sources, settings, renderer)
        digests = [one.digest for one in found]
        write(module.assemble([one.piece for one in found], digests), options.output)
    return exit_code_of([one.digest for one in found])


def _with_pictures(runs: Sequence[RunView], output: Path) -> str:
    """Write each run's chart beside `output`, and return the text that shows them."""
    from lossmon.report import markdown

    names: dict[str, str] = {}
    stem = output.stem.replace(" ", "-")
    for run_id, (name, data) in markdown.pictures(runs, stem).items():
        write(data, str(output.with_name(name)))
        names[run_id] = name
    if any(name.endswith(".svg") for name in names.values()):
        sys.stderr.write("lossmon: charts are SVG; for PNG: pip install 'lossmon[png]'\n")
    return markdown.render(runs, names)
