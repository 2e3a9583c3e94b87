"""What other threads leave for the screen's: that something newer lies ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from lossmon.machine import Machine


class News(Message):
    """A newer snapshot lies ready; several that wait are one."""

    def can_replace(self, message: Message) -> bool:
        """A later message of the kind makes an earlier one superfluous."""
        return isinstance(message, News)


class Drawn(Message):
    """Something was drawn that the screen did not wait for; several that wait are one."""

    def can_replace(self, message: Message) -> bool:
        """A later message of the kind makes an earlier one superfluous."""
        return isinstance(message, Drawn)


class MachineNews(Message):
    """This machine was looked at."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def can_replace(self, message: Message) -> bool:
        """A later look makes an earlier one superfluous."""
        return isinstance(message, MachineNews)
