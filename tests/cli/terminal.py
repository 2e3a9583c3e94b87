"""The real command on a pseudo-terminal, with its screen kept by pyte."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte

from tests.cli.command import environment

PATIENCE = 30.0
"""Seconds until a test that waits for the screen gives up."""


_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])|\x1b\[([<>])[0-9;]*u")
_ON_AT_FIRST = frozenset({b"7", b"25"})  # the line wraps, the cursor is shown


def changed_modes(raw: bytes) -> set[bytes]:
    """Return the terminal modes that are not as they were before `raw` was written.

    The other screen, the mouse, pasting, focus, wrapping, the cursor; `kitty`
    for keyboard modes that were pushed and not popped.
    """
    on = set(_ON_AT_FIRST)
    pushed = 0
    for names, switch, stack in _MODE.findall(raw):
        for name in filter(None, names.split(b";")):
            on.add(name) if switch == b"h" else on.discard(name)
        pushed += {b">": 1, b"<": -1}.get(stack, 0)
    return (on ^ _ON_AT_FIRST) | ({b"kitty"} if pushed > 0 else set())


class Terminal:
    """`lossmon ARGUMENTS` on a terminal of `columns` × `lines`; a context manager."""

    def __init__(
        self,
        *arguments: str | Path,
        cwd: Path,
        columns: int = 120,
        lines: int = 40,
        **extra: str,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.raw = bytearray()
        self._stream = pyte.ByteStream(self.screen)
        self._arguments = [sys.executable, "-m", "lossmon", *map(str, arguments)]
        self._cwd = cwd
        self._environment = {
            **environment(cwd),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            **extra,
        }
        for name in ("COLUMNS", "LINES"):
            self._environment.pop(name, None)

    def __enter__(self) -> Terminal:
        self._master, slave = pty.openpty()
        self._size(self.screen.columns, self.screen.lines)
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self.process = subprocess.Popen(
            self._arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=self._cwd,
            env=self._environment,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._slave)
        os.close(self._master)

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    @property
    def text(self) -> str:
        """The screen as text."""
        return "\n".join(self.screen.display)

    @property
    def after(self) -> list[object]:
        """The terminal's settings now."""
        return termios.tcgetattr(self._slave)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, as a window manager does."""
        self.screen.resize(lines, columns)
        self._size(columns, lines)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def read(self, timeout: float) -> bool:
        """Take what the program wrote, waiting at most `timeout` seconds; False: nothing came."""
        ready, _, _ = select.select([self._master], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def until(self, wanted: Callable[[str], bool], patience: float = PATIENCE) -> str:
        """Wait until the screen's text is as wanted; fail with the screen if it never is."""
        deadline = time.monotonic() + patience
        while not wanted(self.text):
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"not on screen after {patience} s:\n{self.text}")
            if not self.read(min(left, 0.5)) and self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.text}")
        return self.text

    def end(self, patience: float = PATIENCE) -> int:
        """Wait until the program has ended; return its exit code."""
        deadline = time.monotonic() + patience
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"still running after {patience} s:\n{self.text}")
            self.read(0.1)
        while self.read(0.0):
            pass
        return self.process.returncode
