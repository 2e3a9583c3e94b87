"""What the command palette offers: everything that has a key, by name, and each run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lossmon.record import record
from lossmon.tui.panels.table import matches
from lossmon.tui.screens.view import View

_RUNS = 500
"""Runs offered: more are found by the overview's filter."""


@record
class Command:
    """Something to choose by its name."""

    title: str
    beside: str
    """Its key, or where the run is."""
    action: str = ""
    run: str = ""
    """Id of the run to choose, where it is one."""


def commands(view: View) -> Iterator[Command]:
    """Yield the commands of a view, in the order of the keys' table; then the runs."""
    for key in view.active_keys():
        if key.action != "command_palette":
            yield Command(key.text, key.shown, key.target)
    for run in view.desk.urgent[:_RUNS]:
        yield Command(f"Run: {run.name}", run.source, run=run.id)


def found(query: str, among: Sequence[Command]) -> list[Command]:
    """Return the commands with the letters of `query` in order.

    Those with a word that begins so come first, then those that hold it, each in their order.
    """
    low = query.strip().lower()

    def rank(command: Command) -> int:
        title = command.title.lower()
        if f" {title}".find(f" {low}") >= 0:
            return 0
        return 1 if low in title else 2

    return sorted((one for one in among if matches(query, one.title)), key=rank)
