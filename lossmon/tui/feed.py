"""`Feed`: where snapshots come from. `lossmon.monitor.Monitor` is one; tests have their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lossmon.monitor.snapshot import Snapshot


class Feed(Protocol):
    """Starts and stops handing up snapshots; `on_change` may be called on any thread."""

    def start(self, on_change: Callable[[Snapshot], None]) -> None:
        """Begin; returns at once."""

    def stop(self) -> None:
        """End; `on_change` is not called any more."""
