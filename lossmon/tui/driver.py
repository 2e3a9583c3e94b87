"""`TerminalDriver`: Textual's driver for terminals, for one that may be gone at any moment.

A window that is closed, or a broken connection, usually brings SIGHUP; under
`nohup`, or in a session of its own, it does not. Then a read of the terminal
returns at once with nothing, again and again, and each write fails: Textual's
input thread would take a whole CPU for ever, and its full queue of writes
would keep the program from ending.

That thread also wakes ten times a second to ask whether it should end, which
is most of what a quiet screen costs. Here it sleeps until there is a key.

A program that was stopped from outside (SIGSTOP) had no time to give the
terminal back. Textual would take it a second time when it goes on, with two
input threads, one of which never ends, and would hold its own settings for
those to put back at the end.

Textual's handler of SIGWINCH reads the size, then leaves it in the app's queue.
A signal that comes in between is handled inside the first handler, and the
older size is the last one in the queue: the screen would keep it. Here a signal
is a hint, and the size is read when its turn comes. A key is another: some
terminals (a serial line, the first moments of a container's) change size unsaid.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import threading
from functools import partial
from typing import IO, Any, Final, Protocol, runtime_checkable

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import ScreenStackError
from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

TICK_SECONDS: Final = ESCAPE_DELAY / 2
"""How often the parser is asked whether an escape was a key of its own …"""
TICKS: Final = 8
"""… and how many times after the last input: far beyond the delay at which it decides."""
SURE_SECONDS: Final = 1.0
"""After a change of size, the screen is compared with the terminal once more."""
_PIECE: Final = 4096
_ANSWERED: Final = (events.Key, events.MouseDown, events.MouseScrollUp, events.MouseScrollDown)
"""What somebody waits for an answer to."""


@runtime_checkable
class HearsKeys(Protocol):
    """An app that makes room for the answer to a key before the key reaches it."""

    def key_comes(self) -> None:
        """Called on the input's thread."""


@runtime_checkable
class Redraws(Protocol):
    """An app that can send its whole screen again."""

    def action_redraw(self) -> None:
        """Send it."""


class TerminalDriver(LinuxDriver):
    """Ends the program when its terminal is gone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._file: Any = _Forgiving(self._file)
        self._watch_stop: int | None = None
        self._has_terminal = False
        self._told_size: Size | None = None
        self.exit_event: _Waking = _Waking()

    def start_application_mode(self) -> None:
        """Take the terminal, and watch whether it stays."""
        self._has_terminal = True
        self._told_size = None
        self.exit_event.open()  # after ctrl+z and fg it was closed
        super().start_application_mode()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGWINCH, self._size_changed)
        self._size_changed()  # it may have changed while the other handler was there
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
        self._has_terminal = False

    def _size_changed(self, *_: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._tell_size)

    def _tell_size(self) -> None:
        if self._in_band_window_resize:
            return
        size = Size(*self._get_terminal_size())
        if size == self._told_size and isinstance(self._app, Redraws):
            # Another size for a moment: the terminal may have cut off what stood there.
            self._app.action_redraw()
        self._told_size = size
        self._app.post_message(events.Resize(size, size))
        self._loop.call_later(SURE_SECONDS, self._make_sure)

    def _make_sure(self) -> None:
        """Take the terminal's size where the screen is laid out for another, however that came."""
        app = self._app
        if not app._running or self._in_band_window_resize:
            return
        size = Size(*self._get_terminal_size())
        try:
            laid_out = app.screen._compositor.size
        except ScreenStackError:  # not begun, or at its end
            return
        if laid_out and laid_out != size:  # one that just came has no size yet
            app._size = size
            app._resize_event = events.Resize(size, size)
            app._check_resize()

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again after ctrl+z, SIGSTOP, or no stop at all.

        Not here: this thread may hold a lock that writing needs, wherever the signal met it.
        """
        if self._in_background():
            os.kill(os.getpid(), signal.SIGSTOP)  # as what writes there under `stty tostop`
        else:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._take_again)

    def _take_again(self) -> None:
        # With SIGHUP the kernel sends SIGCONT: then there is nothing to take.
        if not self._auto_restart or self._is_gone():
            return
        if self._has_terminal:  # whatever had it meanwhile may have left it otherwise
            self.suspend_application_mode()
            self._must_signal_resume = True
        if self._must_signal_resume:
            self.resume_application_mode()

    def _is_gone(self) -> bool:
        return bool(self._hangup().poll(0))

    def _hangup(self) -> select.poll:
        """Return what tells that the terminal is gone."""
        poll = select.poll()
        poll.register(self.fileno, 0)  # POLLHUP and POLLERR are told unasked
        return poll

    def _in_background(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        except OSError:  # no terminal that has jobs
            return False

    def close(self) -> None:
        """Release what is held; the input thread has ended."""
        super().close()
        self.exit_event.close()

    def run_input_thread(self) -> None:
        """Read keys and the mouse until the exit event is set."""
        parser = XTermParser(self._debug)
        # Bytes that are no UTF-8 are no key; they must not end the program.
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        inputs = [self.fileno, self.exit_event.fileno()]
        ticks = 0
        while not self.exit_event.is_set():
            ready, _, _ = select.select(inputs, [], [], TICK_SECONDS if ticks else None)
            ticks = max(0, ticks - 1)
            if self.fileno in ready:
                data = os.read(self.fileno, _PIECE)
                if not data:  # no terminal any more: `_watch` ends the program
                    self.exit_event.wait(TICK_SECONDS)
                for event in parser.feed(decode(data)) if data else ():
                    self.process_message(event)
                ticks = TICKS
            for event in parser.tick():
                self.process_message(event)

    def process_message(self, message: Message) -> None:
        """Hand a message to the app, and tell it at once of one that is to be answered."""
        if isinstance(message, _ANSWERED):
            if isinstance(self._app, HearsKeys):
                self._app.key_comes()
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._make_sure)
        super().process_message(message)

    def _watch(self, stopped: int) -> None:
        poll = self._hangup()
        poll.register(stopped, 0)
        ready = [descriptor for descriptor, _ in poll.poll()]
        os.close(stopped)
        if stopped in ready:
            return
        self.exit_event.set()  # the input thread reads no more
        code = 128 + signal.SIGHUP
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(partial(self._app.exit, code, code))


class _Waking(threading.Event):
    """An event that `select` can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._read = self._write = -1
        self.open()

    def open(self) -> None:
        """Make the descriptors, where there are none."""
        if self._read < 0:
            self._read, self._write = os.pipe()
            os.set_blocking(self._read, False)

    def fileno(self) -> int:
        """Return a descriptor that is readable while the event is set."""
        return self._read

    def set(self) -> None:
        if not self.is_set() and self._write >= 0:
            os.write(self._write, b"x")
        super().set()

    def clear(self) -> None:
        super().clear()
        if self._read >= 0:
            with contextlib.suppress(BlockingIOError):
                os.read(self._read, _PIECE)  # set twice at once, it holds two

    def close(self) -> None:
        """Close the descriptors; the event itself stays usable."""
        for descriptor in (self._read, self._write):
            if descriptor >= 0:
                os.close(descriptor)
        self._read = self._write = -1


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
