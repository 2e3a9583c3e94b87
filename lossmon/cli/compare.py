"""`lossmon compare`: a table of runs, seeds grouped, differences tested."""

from __future__ import annotations

import argparse
import math
from typing import Final

from lossmon.cli.options import add_reading, add_sources, settings_from
from lossmon.cli.output import write
from lossmon.cli.reading import exit_code_of, read_now
from lossmon.cli.spread import add_cluster, read_spread

FORMATS: Final = ("text", "json", "markdown", "csv")

EPILOG: Final = """\
examples:
  lossmon compare runs/
  lossmon compare runs/*/seed-* --target 2.5
  lossmon compare runs/ --dask tcp://head:8786    read on a Dask cluster
  lossmon compare mlruns/ --by learning_rate --format markdown

Names like seed-1, seed=2 or …_s3 are seeds of one configuration. `lossmon explain compare` tells
how finals, their errors and the tests are computed.
"""


def loss_value(text: str) -> float:
    """Parse a finite number (argparse type)."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is no loss")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_sources(parser)
    parser.add_argument(
        "--by", metavar="NAME", help="group by this fact of the runs (a parameter) instead of seeds"
    )
    parser.add_argument(
        "--target",
        metavar="LOSS",
        type=loss_value,
        help="count steps to this loss (default: one that all reached that did not diverge)",
    )
    parser.add_argument(
        "--measure",
        choices=("train", "eval"),
        help="which loss to compare (default: eval where every run has it)",
    )
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of stdout")
    add_reading(parser)
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Write the comparison; 4 if a source exists but no series could be read from it."""
    from lossmon.report import tables
    from lossmon.report.comparison import compare_digests, digest

    settings = settings_from(options)
    if options.dask is not None:
        digests = [one.digest for one in read_spread(options.dask, options.sources, settings)]
    else:
        digests = [digest(run) for run in read_now(options.sources, settings)]
    found = compare_digests(digests, by=options.by, target=options.target, measure=options.measure)
    render = {
        "text": tables.text,
        "json": tables.json_text,
        "markdown": tables.markdown,
        "csv": tables.csv_text,
    }[options.format]
    write(render(found), options.output)
    return exit_code_of(digests)
