"""What the command palette offers: everything that has a key, by name, and each run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from textual.app import SystemCommand

from lossmon.tui.screens.view import View

_RUNS = 500
"""Runs offered: more are found by the overview's filter."""


def commands(
    view: View, run_action: Callable[[str], Awaitable[object]], choose: Callable[[str], None]
) -> Iterable[SystemCommand]:
    """Yield the commands of a view; `choose` is given the id of a run."""
    for key in view.active_keys():
        if key.action != "command_palette":
            yield SystemCommand(key.text, f"key {key.shown}", _later(run_action, key.target))
    for run in view.desk.runs[:_RUNS]:
        title, source = _no_markup(f"Run: {run.name}"), _no_markup(run.source)
        yield SystemCommand(title, source, _chosen(choose, run.id))


def _later(
    run_action: Callable[[str], Awaitable[object]], action: str
) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await run_action(action)

    return run


def _chosen(choose: Callable[[str], None], run_id: str) -> Callable[[], None]:
    return lambda: choose(run_id)


def _no_markup(text: str) -> str:
    """Return the markup that shows `text` as it stands.

    The palette reads what it is given as markup: a file's name could colour it,
    or be clicked. (`textual.markup.escape` lets `[B]` and `[$x]` through.)
    """
    return text.replace("[", "\\[")
