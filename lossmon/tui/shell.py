"""`Shell`: an app in a terminal, whatever it shows: how it leaves, what ends it, who is there."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from abc import abstractmethod
from typing import Any, Final

from textual.app import App
from textual.events import AppBlur, AppFocus, Event, Key, MouseDown

from lossmon.tui.timers import SureTimers

_GC_THRESHOLDS: Final = (5_000, 5, 5)
"""Dropped pictures and plotext's figures hang together in cycles: at a threshold of 50,000 objects
up to 10 MB of them would lie about; at this one a search takes half a millisecond."""

SWITCH_SECONDS: Final = 0.001
"""So long a thread keeps the interpreter while another wants it. A key passes through four threads
to its answer, and at Python's 5 ms each may wait so long for those that read and draw."""


class Shell(SureTimers, App[int]):
    """Is told through `someone_is_there` and `nobody_is_there` whether its screen is looked at."""

    @abstractmethod
    def someone_is_there(self) -> None:
        """A key, a click, the focus, or the program came back from being suspended."""

    @abstractmethod
    def nobody_is_there(self) -> None:
        """The terminal lost the focus, or the program is suspended."""

    def begin(self) -> None:
        """Take signals; to be called once the first picture stands."""
        if not self.is_headless:
            self._leave_on_signals()
            sys.setswitchinterval(SWITCH_SECONDS)
        # After ctrl+z and fg the terminal's other screen is empty; Textual sends only changes.
        self.app_resume_signal.subscribe(self, lambda _: self._back_again())
        self.app_suspend_signal.subscribe(self, lambda _: self.nobody_is_there())

    def _leave_on_signals(self) -> None:
        """Give the terminal back before a SIGTERM or SIGHUP ends the program."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
                    loop.add_signal_handler(number, self._leave, 128 + number)

    def _leave(self, code: int) -> None:
        self.exit(code, return_code=code)

    def _fatal_error(self) -> None:
        # Textual would print a page of traceback: `show` raises the error for the command line,
        # which writes it to a file and says so in one line.
        self._close_messages_no_wait()

    def show(self, **options: Any) -> int:
        """Run until the user quits; return the exit code, raise what ended it otherwise."""
        code = self.run(**options)
        if self._exception is not None:
            raise self._exception
        return self.return_code or code or 0

    @staticmethod
    def keep_what_is_there() -> None:
        """Take what is in memory by now for lasting: it need not be looked through again."""
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)

    async def on_event(self, event: Event) -> None:
        """Take each key and click as a sign of life."""
        if isinstance(event, (Key, MouseDown)) and not event.is_forwarded:
            self.someone_is_there()
        await super().on_event(event)

    async def _on_app_blur(self, event: AppBlur) -> None:
        self.nobody_is_there()
        await super()._on_app_blur(event)

    async def _on_app_focus(self, event: AppFocus) -> None:
        self.someone_is_there()
        await super()._on_app_focus(event)

    def _back_again(self) -> None:
        self.action_redraw()
        self.someone_is_there()

    def action_suspend_process(self) -> None:
        """Stop the whole job, as the terminal's own ctrl+z does.

        Behind a pipe or a wrapper the shell waits until each process of the job has stopped: were
        it only this one, nobody would have the terminal.
        """
        if self._driver is not None and self._driver.can_suspend:
            self.app_suspend_signal.publish(self)
            os.killpg(os.getpgrp(), signal.SIGTSTP)

    def action_redraw(self) -> None:
        """Send the whole screen again."""
        self.screen.refresh()
