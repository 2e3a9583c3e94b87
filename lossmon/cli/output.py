"""Writing a command's data: to standard output, or to the file of `-o`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from lossmon.errors import UsageError


@contextlib.contextmanager
def opened(output: str | None) -> Iterator[TextIO]:
    """Open the file of `-o` for data that comes piece by piece (None: standard output)."""
    if output is None:
        yield sys.stdout
        return
    try:
        file = Path(output).open("w", encoding="utf-8", newline="")  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
    with file:
        yield file


def write(data: str | bytes, output: str | None) -> None:
    """Write to a file (UsageError if that cannot be), or text to standard output for None."""
    if output is None:
        assert isinstance(data, str)
        sys.stdout.write(data)
        return
    try:
        # Line ends stay as they are: the same report is the same bytes everywhere.
        Path(output).write_bytes(data if isinstance(data, bytes) else data.encode())
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
