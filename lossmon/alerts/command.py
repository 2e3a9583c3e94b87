"""Calling a command for an event, without a shell."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from typing import IO, Final

from lossmon.alerts.fresh import Alert
from lossmon.errors import UsageError
from lossmon.model import clean_text

TIMEOUT: Final = 60.0
"""Seconds that a command may take: a mail or a web hook needs a few."""
GRACE: Final = 2.0

PLACEHOLDERS: Final = ("run", "kind", "step", "severity", "message", "source", "onset")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]{1,20})\}")


class Command:
    """A template like `notify.sh {run} {kind} {step}`.

    It is divided into arguments before anything from a log is put in, so a
    value stays within its argument. A value that would begin its argument with
    `-` begins with `_`, so that it is no option either.
    """

    name = "run"

    def __init__(self, template: str, timeout: float = TIMEOUT) -> None:
        try:
            self._tokens = shlex.split(template)
        except ValueError as error:
            raise UsageError(f"--run: {template!r}: {error}") from error
        if not self._tokens:
            raise UsageError("--run wants a command")
        for token in self._tokens:
            unknown = [name for name in _PLACEHOLDER.findall(token) if name not in PLACEHOLDERS]
            if unknown:
                raise UsageError(
                    f"--run: {{{unknown[0]}}} is unknown; known: "
                    + " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                )
        self._timeout = timeout

    def arguments(self, alert: Alert) -> list[str]:
        """Return the argument vector for an alert."""
        values = _values(alert)
        return [_filled(token, values) for token in self._tokens]

    def __call__(self, alert: Alert) -> str | None:
        """Run it; return a line if it failed or took too long."""
        arguments = self.arguments(alert)
        with tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                return f"--run: {arguments[0]}: {error.strerror}"
            try:
                code = process.wait(self._timeout)
            except subprocess.TimeoutExpired:
                _end(process)
                return f"--run: {arguments[0]} was ended after {self._timeout:g} s"
            if code:
                return f"--run: {arguments[0]} failed with {code}{_last_line(output)}"
        return None


def _values(alert: Alert) -> dict[str, str]:
    event = alert.event
    return {
        "run": clean_text(alert.run),
        "source": clean_text(alert.source),
        "kind": event.kind,
        "severity": event.severity,
        "message": clean_text(event.message),
        "step": _step(event.step),
        "onset": "" if event.onset_step is None else _step(event.onset_step),
    }


def _step(step: float) -> str:
    return str(int(step)) if step == int(step) else repr(step)


def _filled(token: str, values: Mapping[str, str]) -> str:
    filled = _PLACEHOLDER.sub(lambda found: values[found.group(1)], token)
    if filled.startswith("-") and not token.startswith("-"):
        return "_" + filled[1:]
    return filled


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command with everything that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(GRACE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _last_line(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - 500))
    lines = output.read().decode(errors="replace").strip().splitlines()
    return f": {clean_text(lines[-1], 200)}" if lines else ""
