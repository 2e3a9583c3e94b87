"""Telling through the terminal: its bell, and its notifications.

The sequences go to the controlling terminal in one small write, which a
terminal driver does not mix with the write of another thread.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from lossmon.alerts.fresh import Alert
from lossmon.model import clean_text

MAX_TEXT: Final = 200
"""Terminals cut longer ones, and tmux refuses long sequences."""

Write = Callable[[bytes], None]


def write_to_terminal(data: bytes) -> None:
    """Write to the controlling terminal, else to standard error if it is one (else OSError)."""
    try:
        descriptor = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY)
    except OSError:
        # Not `sys.stderr`: while the screen stands, that is something that catches what is printed.
        errors = sys.__stderr__
        if errors is None or not errors.isatty():
            raise OSError("there is no terminal to ring") from None
        os.write(errors.fileno(), data)
        return
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


class Bell:
    """Rings."""

    name = "bell"

    def __init__(self, write: Write = write_to_terminal) -> None:
        self._write = write

    def __call__(self, alert: Alert) -> None:
        """Ring once."""
        self._write(b"\a")


class TerminalNotice:
    """Asks the terminal for a desktop notification: OSC 9, 99 (kitty) or 777 (foot, urxvt)."""

    name = "notify"

    def __init__(
        self, write: Write = write_to_terminal, environment: Mapping[str, str] | None = None
    ) -> None:
        self._write = write
        self._environment = os.environ if environment is None else environment

    def __call__(self, alert: Alert) -> None:
        """Show the event's title and sentence."""
        self._write(notice(alert.title, alert.event.message, self._environment))


def notice(title: str, body: str, environment: Mapping[str, str]) -> bytes:
    """Return the sequence that the terminal of this environment understands.

    Texts are untrusted: controls are replaced, separators taken out. Inside
    tmux it is wrapped for `allow-passthrough`.
    """
    head, text = _harmless(title), _harmless(body)
    term = environment.get("TERM", "")
    if "KITTY_WINDOW_ID" in environment or "kitty" in term:
        sequence = (
            f"\x1b]99;i=lossmon:d=0:p=title;{head}\x1b\\\x1b]99;i=lossmon:p=body;{text}\x1b\\"
        )
    elif term.startswith(("foot", "rxvt")):
        sequence = f"\x1b]777;notify;{head};{text}\x1b\\"
    else:
        sequence = f"\x1b]9;{head}: {text}\x1b\\"
    if "TMUX" in environment:
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        sequence = f"\x1bPtmux;{doubled}\x1b\\"
    return sequence.encode()


def _harmless(text: str) -> str:
    # A leading number and `;` would make OSC 9 something else (ConEmu's progress: 9;4;…).
    return clean_text(text, MAX_TEXT).replace(";", ",")
