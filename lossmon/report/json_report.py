"""The report as JSON text (UTF-8, one object)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import orjson

from lossmon.model import RunView
from lossmon.report import data

if TYPE_CHECKING:
    from lossmon.report.comparison import Digest


def render(runs: Iterable[RunView]) -> str:
    """Return the report as indented JSON, ended by a newline."""
    found = {"schema": data.SCHEMA, "runs": [data.run(run) for run in runs]}
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n"


def piece(run: RunView) -> str:
    """Return one run as one line of JSON."""
    return orjson.dumps(data.run(run)).decode()


def assemble(pieces: Iterable[str], digests: Sequence[Digest] = ()) -> str:
    """Return the report of runs that are JSON already."""
    import msgspec

    text = f'{{"schema":"{data.SCHEMA}","runs":[{",".join(pieces)}]}}'
    return msgspec.json.format(text, indent=2) + "\n"
