r"""Records of JSON or of a table that a script handed to its logger, a line each.

`2026-01-01 12:00:00,123 INFO root: {"step": 10, …}` and `[rank0]: 10,0.53` are
read by what reads the record, once the prefix is off. Consoles are not undone
so: their formats know what stands before their lines (`_log_prefix`).
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats._log_prefix import EXPRESSION
from lossmon.formats.console import rank_of
from lossmon.formats.table_text import delimiter_of, is_header, split_line

_PREFIX: Final = late(EXPRESSION)
_NAME: Final = late(r"(?:\[[A-Za-z_][\w.]{0,60}+\]|-? ?[A-Za-z_][\w.]{0,60}+ -)[ \t]{0,4}+")
"""Who logs, between stamps and levels: `[trainer]`, `- __main__ -`."""
_LOGGER: Final = late(r"[A-Za-z_][\w.]{0,60}+:[ \t]{0,40}(?=[{}\]\d\"A-Za-z_])")
"""What a level leaves: `root: `."""
_TASK: Final = late(r" {0,6}(\d{1,5}): {0,2}(?=[\[({\d\"A-Za-z_])")
"""`srun --label` puts the task before each line."""
_ROUNDS: Final = 4
"""Stamps, levels, names and tags of processes that one line may have in turn."""


def parted(line: str) -> tuple[str, str]:
    """Return what a launcher and a logger put before a line, and what the script handed them."""
    task = _TASK.match(line)
    at = 0 if task is None else task.end()
    for _ in range(_ROUNDS):
        said = rank_of(line[at:])[1]
        if (match := _PREFIX.match(said)) is not None and match.end() < len(said):
            said = said[match.end() :]
        if len(said) < len(line) and (match := _NAME.match(said)) is not None:
            said = said[match.end() :]
        if len(said) == len(line) - at:
            break
        at = len(line) - len(said)
        if line.startswith("{", at):
            break
    match = _LOGGER.match(line, at) if at else None
    # `root: {"step": 3}`, but no `step: 3, loss: 0.5`
    if match is not None and (line[match.end()] in '{}]"' or ": " not in line[match.end() :]):
        at = match.end()
    return line[:at], line[at:]


def told(line: str) -> tuple[str | None, str | None]:
    """Return which process a record is of (None: nothing says it), and the record (None: none)."""
    before, said = parted(line)
    return (speaker(line, before), said) if is_record(said) else (None, None)


def speaker(line: str, before: str) -> str | None:
    """Return which process a line is of, None where nothing says it; `before`: its prefix."""
    if not before:
        return None
    if (tag := rank_of(line)[0]) is not None:
        return tag
    if (task := _TASK.match(line)) is not None:
        return task[1]
    tag = rank_of(before.lstrip())[0]
    start = before.find("(") if tag is None else -1
    return before[start:] if start >= 0 and "pid=" in before[start:] else tag


def is_record(said: str) -> bool:
    """Say whether what was said may be a record: an object, a table's header, its row."""
    said = said.strip(" ")
    if said.startswith("{"):
        return True
    if said[:1].isdigit() and said[-1:].isdigit() and _PARTED.search(said) is not None:
        return True
    delimiter = delimiter_of(said)
    if delimiter == " ":
        return False
    cells = split_line(said, delimiter)
    return is_header(cells, delimiter) or (
        len(cells) > 1 and 2 * sum(cell[:1] in _NUMBER_STARTS for cell in cells) >= len(cells)
    )


_PARTED: Final = late(r"\d[,;\t|]")
_NUMBER_STARTS: Final = frozenset(("", *"0123456789+-.nNiI"))
