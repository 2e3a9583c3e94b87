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


def write(text: str, output: str | None) -> None:
    """Write `text` to a file (UsageError if that cannot be), or to standard output for None."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
