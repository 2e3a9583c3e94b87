"""Writing a command's data: to standard output, or to the file of `-o`."""

from __future__ import annotations

import sys
from pathlib import Path

from lossmon.errors import UsageError


def write(text: str, output: str | None) -> None:
    """Write `text` to a file (UsageError if that cannot be), or to standard output for None."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
