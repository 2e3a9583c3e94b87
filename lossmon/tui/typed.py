"""Keys typed ahead: those sent in one piece with the key that opens a prompt belong to the prompt.

Over a slow line several keys arrive together. Textual hands them to what has
the focus when they arrive, which is the view: without this, `/q` would quit.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual import events


@runtime_checkable
class TakesKeys(Protocol):
    """A widget that keys are meant for as soon as it was asked for."""

    def has_seen(self, event: events.Key) -> bool:
        """Return whether a key went through it."""

    def take(self, event: events.Key) -> None:
        """Take a key that went elsewhere first."""
