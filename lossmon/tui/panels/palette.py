"""The command palette's rows: what was typed, what it finds, which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.charts.spec import Row, Span
from lossmon.tui.commands import Command
from lossmon.tui.look import Look, over
from lossmon.tui.panels.details import heading
from lossmon.tui.rows import fit, fit_middle, row, width_of

HEAD = 2
"""Rows above the first command."""


def first_command(count: int, chosen: int, height: int) -> int:
    """Return the first command in view: the chosen one is."""
    room = max(height - HEAD - 1, 1)
    return max(min(chosen - room // 2, count - room), 0)


def palette_rows(
    look: Look, query: str, found: Sequence[Command], chosen: int, width: int, height: int
) -> list[Row]:
    """Return a heading, the line that is typed into, a row a command, the keys."""
    pointer, cursor = (">", "_") if look.ascii else ("▸", "█")
    typed = look.text(fit(query, min(width_of(Span(query)), max(width - 5, 0))), "strong")
    hint = look.text(" type letters of what you look for", "dim") if not query else ""
    rows = [
        heading(look, width, "commands", str(len(found))),
        row(width, look.text(f" {pointer} ", "key"), typed, look.text(cursor, "key"), hint),
    ]
    room = max(height - HEAD - 1, 1)
    first = first_command(len(found), chosen, height)
    for index, command in enumerate(found[first : first + room], start=first):
        rows.append(_row(look, command, width, index == chosen, pointer))
    if not found:
        rows.append(row(width, look.text("   nothing is called so", "dim")))
    rows += [row(width)] * (height - 1 - len(rows))
    foot = "  enter: do it · ↑/↓: choose · esc: back"
    return [*rows[: height - 1], row(width, look.text(foot, "dim"))][:height]


def _row(look: Look, command: Command, width: int, chosen: bool, pointer: str) -> Row:
    ground = look.paint.chosen if chosen else ""
    room = width - 5
    beside = look.text(command.beside).text
    if command.run:
        beside = fit_middle(beside, min(width_of(Span(beside)), room // 2)).strip()
    title = fit(look.text(command.title).text, max(room - width_of(Span(beside)) - 2, 0))
    cells = (
        (f" {pointer if chosen else ' '} ", look.paint.key),
        (f"{title}  ", look.paint.strong if chosen else ""),
        (beside, look.paint.dim if command.run else look.paint.key),
    )
    return row(width, *(Span(text, over(style, ground)) for text, style in cells), fill=ground)
