"""`SureTimers`: a one-shot timer fires, however busy the machine is.

Textual's timers leave out a tick that is already past. A timer reads the clock when it starts and
once more before it waits; where the thread loses the processor in between for the whole delay, the
only tick of a one-shot timer is left out, and its callback is never called. What waits for it waits
for ever: the app would take no new size any more (Textual bundles resizes by a timer of 8 ms), and
draw no news.
"""

from __future__ import annotations

from textual.message_pump import MessagePump
from textual.timer import Timer, TimerCallback


class SureTimers(MessagePump):
    """Anything of Textual that sets timers: to be named before its class."""

    def set_timer(
        self,
        delay: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        pause: bool = False,
    ) -> Timer:
        """Call a function after `delay` seconds: late where the machine is busy, but always."""
        timer = super().set_timer(delay, callback, name=name, pause=pause)
        timer._skip = False  # an option of `Timer` that `set_timer` does not hand on
        return timer
