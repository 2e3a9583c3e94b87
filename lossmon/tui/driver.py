"""`TerminalDriver`: Textual's driver for terminals, for one that may be gone at any moment.

A window that is closed, or a broken connection, usually brings SIGHUP; under
`nohup`, or in a session of its own, it does not. Then a read of the terminal
returns at once with nothing, again and again, and each write fails: Textual's
input thread would take a whole CPU for ever, and its full queue of writes
would keep the program from ending.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from functools import partial
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Ends the program when its terminal is gone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._file: Any = _Forgiving(self._file)
        self._watch_stop: int | None = None

    def start_application_mode(self) -> None:
        """Take the terminal, and watch whether it stays."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._watch_stop is None and os.isatty(self.fileno):
            stopped, self._watch_stop = os.pipe()
            threading.Thread(
                target=self._watch, args=(stopped,), name="lossmon-terminal", daemon=True
            ).start()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        stop, self._watch_stop = self._watch_stop, None
        if stop is not None:
            os.close(stop)
        super().stop_application_mode()

    def _watch(self, stopped: int) -> None:
        poll = select.poll()
        poll.register(self.fileno, 0)  # POLLHUP and POLLERR are told unasked
        poll.register(stopped, 0)
        ready = [descriptor for descriptor, _ in poll.poll()]
        os.close(stopped)
        if stopped in ready:
            return
        self.exit_event.set()  # the input thread reads no more
        code = 128 + signal.SIGHUP
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(partial(self._app.exit, code, code))


class _Forgiving:
    """A file whose writes fail silently once its terminal is gone: nobody could read them."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()
