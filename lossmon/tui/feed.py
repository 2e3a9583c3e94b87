"""`Feed`: where snapshots come from. `lossmon.monitor.Monitor` is one; tests have their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from lossmon.monitor.snapshot import Snapshot


class Feed(Protocol):
    """Starts and stops handing up snapshots; `on_change` may be called on any thread."""

    def start(self, on_change: Callable[[Snapshot], None]) -> None:
        """Begin; returns at once."""

    def rest(self, seconds: float) -> None:
        """Hear that no picture is drawn for so long: news may gather meanwhile."""

    def give_way(self, seconds: float) -> None:
        """Hear that a key is to be answered within so long; any thread may call."""

    def stop(self) -> None:
        """End; `on_change` is not called any more."""


@runtime_checkable
class KeepsLines(Protocol):
    """A feed that also keeps the last lines of text sources, as they were read."""

    def last_lines(self, run_id: str) -> Sequence[str]:
        """Return a run's last lines, oldest first; returns at once, nothing is read here.

        Empty where the source is no text. The lines may hold anything: the
        screen cleans them.
        """
