"""Ending a training: SIGTERM to one process that was named, and identified, when watching began.

The protocol: the process must exist, and be the same user's, when lossmon
starts; from then on it is known by its number and its start time (on Linux by
a descriptor of the process itself), so a number that was given to another
process in the meantime is never hit. It gets SIGTERM, once: what it does then
(saving a checkpoint, ending its children) is its own affair.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Final

from lossmon.alerts.fresh import Alert
from lossmon.errors import UsageError
from lossmon.record import record

_SELF: Final = Path("/proc/self/stat")


@record
class Identity:
    """A process for certain: no two have both in common while the machine runs."""

    pid: int
    started: str
    """When it started, in the system's own words."""
    user: int


def identify(pid: int) -> Identity | None:
    """Return the identity of a process that lives now, or None."""
    if _SELF.exists():
        return _from_proc(pid)
    return _from_ps(pid)


def _from_proc(pid: int) -> Identity | None:
    folder = Path("/proc") / str(pid)
    try:
        stat = (folder / "stat").read_bytes()
        user = folder.stat().st_uid
    except OSError:
        return None
    # The name, in brackets, may hold spaces and brackets: fields are counted after the last one.
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        return None
    return Identity(pid, fields[19].decode(), user)  # field 22, start time in clock ticks


def _from_ps(pid: int) -> Identity | None:
    try:
        done = subprocess.run(
            ["ps", "-o", "uid=,lstart=", "-p", str(pid)],
            capture_output=True, text=True, timeout=5, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    user, _, started = done.stdout.strip().partition(" ")
    return Identity(pid, started.strip(), int(user)) if user.isdigit() and started else None


class Kill:
    """Sends SIGTERM to one process, once."""

    name = "kill"

    def __init__(self, pid: int) -> None:
        """UsageError if there is no such process, or if it is not the user's own."""
        if pid <= 1 or pid == os.getpid():
            raise UsageError(f"--kill {pid}: not a process to end")
        self._handle = _open(pid)
        found = identify(pid)
        if found is None:
            self.close()
            raise UsageError(f"--kill {pid}: there is no such process")
        if found.user != os.geteuid():
            self.close()
            raise UsageError(f"--kill {pid}: that process belongs to another user")
        self._target = found
        self._done = False

    def __call__(self, alert: Alert) -> str | None:
        """Send the signal, if it is still the same process."""
        if self._done:
            return None
        self._done = True
        pid = self._target.pid
        if identify(pid) != self._target:
            self.close()
            return f"--kill: process {pid} has ended before; nothing was sent"
        try:
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGTERM)
            else:
                os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return f"--kill: process {pid} has ended before; nothing was sent"
        finally:
            self.close()
        return f"--kill: SIGTERM sent to process {pid} ({alert.title})"

    def close(self) -> None:
        """Let go of the process."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _open(pid: int) -> int | None:
    """Return a descriptor of the process, or None where the system has none."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
