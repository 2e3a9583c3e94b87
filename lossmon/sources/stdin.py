"""Standard input as a source, and the keyboard when standard input is taken.

`python train.py 2>&1 | lossmon -`: a thread of its own reads the pipe, so that
the training never waits longer than it takes to copy its bytes; with a tee
they are passed on unchanged.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from lossmon.errors import SourceError
from lossmon.sources.base import Read, Tail
from lossmon.sources.readahead import CAPACITY, ReadAhead

_PIECE: Final = 65536


class StdinTail(Tail):
    """Reads a pipe (or whatever standard input is) to its end.

    `descriptor` is not closed: it belongs to the process. `tee` is a
    descriptor that all bytes are written to before they are handed on; when
    its reader goes away the watching goes on without it.
    """

    streams = True
    local = False

    def __init__(
        self,
        descriptor: int = 0,
        tee: int | None = None,
        on_wake: Callable[[], None] | None = None,
        capacity: int = CAPACITY,
    ) -> None:
        self.path = "-"
        self._descriptor = descriptor
        self._tee = tee
        self._ahead = ReadAhead(on_wake, capacity)
        self._modified: float | None = None
        self._position = 0
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="lossmon-stdin", daemon=True)
        self._thread.start()

    def changed(self) -> bool:
        return self._ahead.ready()

    def read(self, limit: int) -> Read:
        return self._ahead.take(max(1, limit))

    @property
    def modified(self) -> float | None:
        return self._modified

    def close(self) -> None:
        if self._ahead.closed:
            return
        self._ahead.close()
        os.write(self._stop_write, b"x")
        self._thread.join(1.0)
        if not self._thread.is_alive():  # else it is stuck in a tee that nobody reads
            os.close(self._stop_read)
            os.close(self._stop_write)

    def _run(self) -> None:
        while True:
            try:
                if not self._wait():
                    return
                data = os.read(self._descriptor, _PIECE)
            except BlockingIOError:
                continue
            except OSError as error:
                # A terminal that is gone reads as EIO: the end, as a closed pipe is.
                self._ahead.fail(f"standard input: {error.strerror or error}")
                data = b""
            if not data:
                self._ahead.put(Read(ended=True, position=self._position))
                return
            self._pass_on(data)
            self._position += len(data)
            self._modified = time.time()
            if not self._ahead.put(Read(data, position=self._position)):
                return

    def _wait(self) -> bool:
        """Wait until there is something to read; False: the tail was closed."""
        if not hasattr(select, "poll"):  # Windows: the thread ends with the process
            return not self._ahead.closed
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._stop_read, select.POLLIN)
        return all(ready != self._stop_read for ready, _ in poll.poll())

    def _pass_on(self, data: bytes) -> None:
        rest = memoryview(data)
        while self._tee is not None and rest:
            try:
                rest = rest[os.write(self._tee, rest) :]
            except BlockingIOError:
                select.select([], [self._tee], [])
            except OSError as error:
                self._ahead.fail(f"tee: {error.strerror or error}; no longer passed on")
                self._tee = None


# There is one standard input a process, and one place that it was moved to.
_pipe: int = 0
_tee: int | None = None


def open_stdin(on_wake: Callable[[], None] | None = None) -> StdinTail:
    """Return the tail of standard input, wherever `keyboard_from_tty` has put it."""
    return StdinTail(_pipe, _tee, on_wake)


def pass_on_to(descriptor: int | None) -> None:
    """Let standard input, opened after this, be written on to `descriptor` (`--tee`)."""
    global _tee
    _tee = descriptor


def _open_terminal() -> int:
    try:
        return os.open("CONIN$" if os.name == "nt" else "/dev/tty", os.O_RDWR)
    except OSError as error:
        for number in (1, 2):
            # Not the controlling one (a container, a session of its own), but a terminal.
            if os.isatty(number):
                return os.open(os.ttyname(number), os.O_RDWR | getattr(os, "O_NOCTTY", 0))
        raise SourceError(f"no terminal to read keys from: {error.strerror}") from error


def pass_on_rest() -> None:
    """Pass on what is still to come, to its end, after standard input was closed as a source."""
    while _tee is not None and (data := os.read(_pipe, _PIECE)):
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(_tee, rest) :]


def keyboard_from_tty() -> int:
    """Make descriptor 0 the terminal again, so that keys work; return where the pipe is now.

    To be called once, before standard input is opened as a source and before
    a screen is started. SourceError where there is no terminal.
    """
    global _pipe
    terminal = _open_terminal()
    pipe = os.dup(0)
    os.dup2(terminal, 0)
    os.close(terminal)
    _pipe = pipe
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    return pipe
