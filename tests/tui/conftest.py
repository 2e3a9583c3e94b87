"""The screen's tests run in one time zone, whatever the machine's."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show times in UTC; no animation; the terminal's own wishes don't count; time is no matter."""
    monkeypatch.setattr("lossmon.tui.studio.PATIENCE", math.inf)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
