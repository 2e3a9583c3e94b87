"""Writing a command's data: to standard output, or to the file of `-o`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

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


def tell_what_is_refused() -> None:
    """From now on a standard output that is closed (`>&-`) or full says so in one line."""
    out: TextIO | None = sys.stdout  # None where it is closed: then one that takes nothing
    sys.stdout = _Telling(out or os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8"))


class _Telling:
    """Standard output whose errors are UsageErrors, as those of `-o` are."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with self._errors():
            return self._file.write(text)

    def flush(self) -> None:
        with self._errors():
            self._file.flush()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # What is left of it is let go of: Python would try once more at its end, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._file.fileno())
            if isinstance(error, BrokenPipeError):
                raise
            raise UsageError(f"standard output cannot be written: {error.strerror}") from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


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
