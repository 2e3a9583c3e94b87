"""The report as JSON text (UTF-8, one object)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from lossmon.model import RunView
from lossmon.report import data


def render(runs: Iterable[RunView]) -> str:
    """Return the report as indented JSON, ended by a newline."""
    encoded = msgspec.json.encode(data.report(runs))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"
