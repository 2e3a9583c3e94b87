"""`Roaming`: an app of several views, and the ways between them: keys, lists, the palette."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from lossmon.tui.desk import Desk
from lossmon.tui.screens.view import VIEWS, View
from lossmon.tui.shell import Shell

if TYPE_CHECKING:
    from lossmon.tui.commands import Command
    from lossmon.tui.panels.happenings import Happening


class Roaming(Shell):
    """Shows one view at a time, over one desk; lists and pages lie over it."""

    desk: Desk

    @abstractmethod
    def view_of(self, name: str) -> View:
        """Return the view of that name; each is made once."""

    @property
    def view(self) -> View | None:
        """The view that is shown, below any help or palette over it."""
        return next((one for one in reversed(self.screen_stack) if isinstance(one, View)), None)

    async def action_view(self, name: str) -> None:
        """Go to a view."""
        view = self.view
        if view is None or name == view.NAME or self.screen is not view:
            return
        self.desk.choices.view = name
        wanted = self.view_of(name)
        if wanted is self.screen_stack[0]:
            await self.pop_screen()
        elif len(self.screen_stack) == 1:
            await self.push_screen(wanted)
        else:
            await self.switch_screen(wanted)

    async def action_next_view(self, by: int = 1) -> None:
        """Go to the view after (or before) this one."""
        if self.view is not None:
            names = list(VIEWS)
            await self.action_view(names[(names.index(self.view.NAME) + by) % len(names)])

    async def action_back(self) -> None:
        """Leave what is open: in a view the view itself handles it first."""
        if self.view is not None and self.screen is self.view and not self.view.back():
            await self.action_view("overview" if len(self.desk.runs) > 1 else "focus")

    async def action_help(self) -> None:
        """Show keys, marks and what the numbers mean."""
        if self.view is not None and self.screen is self.view:
            from lossmon.tui.screens.help import Help

            await self.push_screen(Help(self.desk, self.view.NAME))

    # ---- lists over a view

    def action_happenings(self) -> None:
        """List the events of all runs."""
        if self.view is not None and self.screen is self.view:
            self._list("events of all runs", None)

    def _list(self, title: str, only: set[tuple[str, str, float]] | None) -> None:
        from lossmon.tui.screens.happenings import happenings_screen

        self.push_screen(happenings_screen(self.desk, title, only), self._go_to)

    async def _go_to(self, happening: Happening | None) -> None:
        if happening is not None:
            await self.action_view("focus")
            if self.view is not None:
                self.view.go_to(happening)

    async def action_newest_warning(self) -> None:
        """Show the run with the newest warning that stands."""
        latest = self.desk.latest_alarm()
        if latest is None:
            if self.view is not None:
                self.view.say("no warning stands that nobody acknowledged")
            return
        self.desk.choose(latest[0].id)
        await self.action_view("focus")
        if self.view is not None:
            self.view.show()

    def action_command_palette(self) -> None:
        """Offer everything that has a key by name, and each run."""
        view = self.view
        if view is None or self.screen is not view:
            return
        from lossmon.tui.commands import commands
        from lossmon.tui.screens.palette import CommandPalette

        self.push_screen(CommandPalette(self.desk.look, list(commands(view))), self._run_command)

    async def _run_command(self, command: Command | None) -> None:
        if command is None or self.view is None:
            return
        if command.run:
            self.desk.choose(command.run)
            self.view.show()
        else:
            await self.run_action(command.action, default_namespace=self.view)
