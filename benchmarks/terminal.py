"""The real command on a pseudo-terminal: what it wrote and when, judged after the fact.

A thread takes the bytes with their times and nothing more, so that the
emulator (pyte, slow) does not compete with what is measured; `seen` plays them
into it afterwards.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pyte

Seen = Callable[[list[str]], bool]


def has_chart(lines: list[str]) -> bool:
    """Whether a curve of braille dots stands on the screen: 20 cells of them."""
    return sum("\u2801" <= cell <= "\u28ff" for line in lines for cell in line) >= 20


class Terminal:
    """`lossmon ARGUMENTS` on a terminal; a context manager. All times are since its start."""

    def __init__(
        self, *arguments: str | Path, columns: int = 120, lines: int = 40, code: str = ""
    ) -> None:
        """`code`: Python to be run instead of lossmon."""
        self._size = (columns, lines)
        program = ["-c", code] if code else ["-m", "lossmon"]
        self._arguments = [sys.executable, *program, *map(str, arguments)]
        self._state = tempfile.TemporaryDirectory()
        self.chunks: list[tuple[float, bytes]] = []

    def __enter__(self) -> Terminal:
        self._master, slave = pty.openpty()
        columns, lines = self._size
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "XDG_STATE_HOME": self._state.name,  # nothing remembered, nothing left behind
        }
        self._ended = threading.Event()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self._arguments, stdin=slave, stdout=slave, stderr=slave, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self._ended.set()
        self._reader.join()
        os.close(self._master)
        self._state.cleanup()

    def _read(self) -> None:
        while not self._ended.is_set():
            ready, _, _ = select.select([self._master], [], [], 0.1)
            if not ready:
                continue
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # the other side is closed
                return
            if not data:
                return
            self.chunks.append((time.monotonic() - self.started, data))

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def written(self) -> int:
        """Bytes that the program has written so far."""
        return sum(len(data) for _, data in self.chunks)

    def type(self, keys: str) -> float:
        """Press keys; return when."""
        at = self.now
        os.write(self._master, keys.encode())
        return at

    def cpu(self) -> float:
        """CPU seconds of the program and its children so far."""
        process = psutil.Process(self.process.pid)
        everything = [process, *process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in everything)

    def quiet(self, seconds: float, patience: float = 60.0) -> None:
        """Wait until nothing was written for so long."""
        deadline = self.now + patience
        while self.now < deadline:
            last = self.chunks[-1][0] if self.chunks else self.now
            if self.chunks and self.now - last >= seconds:
                return
            time.sleep(0.02)

    def wait_for_chart(self, patience: float = 60.0) -> None:
        """Wait until braille dots were written, as a curve's are, and the writing has paused."""
        deadline = self.now + patience
        while self.now < deadline:
            written = b"".join(data for _, data in list(self.chunks))
            if sum(written.count(bytes((0xE2, second))) for second in range(0xA0, 0xA4)) >= 20:
                break
            time.sleep(0.01)
        self.quiet(0.2, patience)

    def screen(self) -> list[str]:
        """Return the lines that stand on the screen now."""
        playback = self.play()
        playback.changes(lambda lines: "")
        shown: list[str] = playback.screen.display
        return shown

    def play(self) -> Playback:
        """Return what was written so far, to be looked at."""
        return Playback(list(self.chunks), self._size)


class Playback:
    """Plays what was written into an emulator, in order; each question goes on from the last."""

    def __init__(self, chunks: list[tuple[float, bytes]], size: tuple[int, int]) -> None:
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self._chunks = chunks
        self._at = 0

    def seen(self, wanted: Seen, since: float = 0.0) -> float | None:
        """Return when the screen first was as wanted at or after `since`, None if it never was."""
        while self._at < len(self._chunks):
            at, data = self._chunks[self._at]
            self._stream.feed(data)
            self._at += 1
            if at >= since and wanted(self.screen.display):
                return at
        return None

    def until(self, moment: float) -> None:
        """Play all that was written before a moment."""
        while self._at < len(self._chunks) and self._chunks[self._at][0] < moment:
            self._stream.feed(self._chunks[self._at][1])
            self._at += 1

    def seen_as(self, wanted: Callable[[], bool], latest: float) -> float | None:
        """Play on; return when `wanted` held for the first time, None if not by `latest`."""
        while self._at < len(self._chunks) and self._chunks[self._at][0] <= latest:
            at, data = self._chunks[self._at]
            self._stream.feed(data)
            self._at += 1
            if wanted():
                return at
        return None

    def changes(self, read: Callable[[list[str]], str]) -> list[tuple[float, str]]:
        """Play the rest; return when what `read` says of the screen changed, and to what."""
        found: list[tuple[float, str]] = []
        last = read(self.screen.display)
        while self._at < len(self._chunks):
            at, data = self._chunks[self._at]
            self._stream.feed(data)
            self._at += 1
            now = read(self.screen.display)
            if now != last:
                found.append((at, now))
                last = now
        return found
