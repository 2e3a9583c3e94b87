"""The report as JSON text (UTF-8, one object)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from lossmon.model import RunView
from lossmon.report import data
from lossmon.report.comparison import Digest


def render(runs: Iterable[RunView]) -> str:
    """Return the report as indented JSON, ended by a newline."""
    return assemble([piece(run) for run in runs])


def piece(run: RunView) -> str:
    """Return one run as one line of JSON."""
    return msgspec.json.encode(data.run(run)).decode()


def assemble(pieces: Iterable[str], digests: Sequence[Digest] = ()) -> str:
    """Return the report of runs that are JSON already."""
    text = f'{{"schema":"{data.SCHEMA}","runs":[{",".join(pieces)}]}}'
    return msgspec.json.format(text, indent=2) + "\n"
