"""`lossmon formats`: every log format it knows; with a SOURCE, what it takes that for, and why."""

from __future__ import annotations

import argparse
import sys

from lossmon.cli.options import add_sources
from lossmon.model import clean_text
from lossmon.settings import Settings

EPILOG = """\
examples:
  lossmon formats
  lossmon formats train.log
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_sources(parser, required=False)


def run(options: argparse.Namespace) -> int:
    """List the formats, or explain what the sources are taken for (4: one is taken for nothing)."""
    if options.sources:
        return _explain(options.sources)
    from lossmon.formats import registry
    from lossmon.formats.transport import transports

    for fmt in sorted(registry.formats(), key=lambda fmt: fmt.name):
        sys.stdout.write(f"{fmt.name}\n    {fmt.title}\n")
        for line in fmt.sample.splitlines()[:3]:
            sys.stdout.write(f"    | {clean_text(line.expandtabs(4), 150)}\n")
        if fmt.unsupported is not None:
            sys.stdout.write(f"    not read: {fmt.unsupported}\n")
    sys.stdout.write("\nEach format of lines is also read inside others, under its name with:\n")
    for name, transport in transports().items():
        sys.stdout.write(f"    +{name}: {transport.title}\n")
    return 0


def _explain(sources: list[str]) -> int:
    from lossmon.monitor.library import Library

    code = 0
    for source in sources:
        for finding in Library([source], Settings()).explain():
            sys.stdout.write(finding.text() + "\n")
            if finding.format is None:
                code = 4
    return code
