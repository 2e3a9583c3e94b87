"""The width of the terminal is what the standard library says it is."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import struct
import sys
import termios

import pytest

from lossmon.width import terminal_width


@pytest.mark.parametrize("columns", ["", "0", "-3", "wide", "72"])
def test_columns_go_first(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal_width(99) == shutil.get_terminal_size((99, 24)).columns


def test_a_terminal_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 133, 0, 0))
    with os.fdopen(slave, "w") as out:
        monkeypatch.setattr(sys, "__stdout__", out)
        assert terminal_width(99) == 133
    assert terminal_width(99) == 99  # closed
    os.close(master)
