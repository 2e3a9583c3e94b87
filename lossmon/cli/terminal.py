"""The terminal that a screen is drawn on, wherever the standard descriptors lead."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lossmon.cli import encoding

_STANDARD = (0, 1, 2)


def is_ours() -> bool:
    """Whether there is a terminal and this process may draw on it: it is in the foreground."""
    if os.name == "nt":
        return False
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        # A process in the background that touches its terminal is stopped, and its pipe stands.
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


@contextmanager
def output_on_terminal() -> Iterator[None]:
    """Let standard output and error be the terminal for as long as a screen is open.

    Textual draws on standard error and asks standard output for the size; one
    of them may be a file (`--tee > train.log`, `2> errors`). Where they lead
    otherwise is kept, and holds again afterwards.
    """
    moved = {number: os.dup(number) for number in (1, 2) if not os.isatty(number)}
    if not moved:
        yield
        return
    terminal = _open_terminal()
    try:
        for number in moved:
            os.dup2(terminal, number)
        encoding.settle()
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number, kept in moved.items():
            os.dup2(kept, number)
            os.close(kept)
        os.close(terminal)


def _open_terminal() -> int:
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        # Without a controlling terminal: the one that any of the three is.
        for number in _STANDARD:
            if os.isatty(number):
                return os.dup(number)
        raise
