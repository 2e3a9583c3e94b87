"""Running the screen over a feed, in this terminal, until the user quits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lossmon.tui.app import LossmonApp
from lossmon.tui.pace import Pace
from lossmon.tui.store import Store

if TYPE_CHECKING:
    from lossmon.settings import Settings
    from lossmon.tui.feed import Feed


def run(
    feed: Feed,
    settings: Settings,
    sources: Sequence[str] = (),
    *,
    place: str = "",
    is_project: bool = True,
) -> int:
    """Show the screen over a feed until the user quits; return the exit code.

    `place` says in words what is watched (empty: the sources themselves). What
    is no project (a demo) is not remembered.
    """
    from platformdirs import user_state_path

    project = "\0".join([str(Path.cwd()), *sources]) if is_project else None
    store = Store(user_state_path("lossmon"), project)
    app = LossmonApp(feed, settings, sources, place=place, store=store, pace=Pace())
    return app.show(mouse=settings.mouse)
