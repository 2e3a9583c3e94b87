"""One line to type into, at the foot of a view: filters and names."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input


class Prompt(Input):
    """Tells each change at once; enter keeps what was typed, escape takes it back."""

    BINDINGS: ClassVar = [
        Binding("escape", "give_up", "Cancel", show=False),
        Binding("down,up", "done", "Done", show=False),
    ]

    def __init__(
        self,
        hint: str,
        value: str,
        on_change: Callable[[str], None] | None,
        on_done: Callable[[str], None] | None,
    ) -> None:
        super().__init__(
            id="prompt", value=value, placeholder=hint, select_on_focus=False, max_length=200
        )
        self._before = value
        self._tell = on_change
        self._keep = on_done
        self._seen: deque[events.Key] = deque(maxlen=64)

    async def on_event(self, event: events.Event) -> None:
        """Remember the keys that went through."""
        if isinstance(event, events.Key):
            self._seen.append(event)
        await super().on_event(event)

    def has_seen(self, event: events.Key) -> bool:
        """Return whether a key went through it (of the newest ones)."""
        return any(one is event for one in self._seen)

    def take(self, event: events.Key) -> None:
        """Take a key that went to the view first."""
        self.post_message(event)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell the change."""
        event.stop()
        if self._tell is not None:
            self._tell(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep what was typed."""
        event.stop()
        self.action_done()

    def action_done(self) -> None:
        """Keep what was typed."""
        if self._keep is not None:
            self._keep(self.value)
        self.remove()

    def action_give_up(self) -> None:
        """Go back to what was there before."""
        if self._tell is not None:
            self._tell(self._before)
        self.remove()


def ask(
    screen: Screen[None],
    hint: str,
    value: str,
    on_change: Callable[[str], None] | None = None,
    on_done: Callable[[str], None] | None = None,
) -> None:
    """Open a prompt at the foot of a screen (one at a time)."""
    for old in screen.query(Prompt):
        old.remove()
    prompt = Prompt(hint, value, on_change, on_done)
    screen.mount(prompt)
    # At once, not when it stands: keys that came with the one that asked for it are its own.
    screen.set_focus(prompt)
