"""Names of runs in little room: what tells a run from its neighbours stays, what all share goes.

The names of a sweep begin and end alike (`llama-8b-qlora-lr2e-4-s1.jsonl`): cut
at its end or in its middle, one looks like the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from rich.cells import cell_len

from lossmon.tui.rows import fit, fit_middle

_EXTENSION: Final = re.compile(r"\.(jsonl|ndjson|json|csv|tsv|log|txt|out)$")
_SEPARATORS: Final = "-_./ "
_LEAST: Final = 3
"""Characters that an ellipsis must save to be worth its place."""


def bare(name: str) -> str:
    """Return a name without what ends the names of logs (`.jsonl`)."""
    return _EXTENSION.sub("", name)


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return for each name what is left of it without the parts that its relatives share.

    Relatives have as many parts (split at ``-_./`` and blanks) and begin with
    the same one, which stays. A name without relatives stays whole.
    """
    families: dict[tuple[str, int], list[tuple[str, list[str]]]] = {}
    for name in names:
        parts = _parts(bare(name))
        families.setdefault((parts[0], len(parts)), []).append((name, parts))
    return {
        name: short
        for members in families.values()
        for name, short in zip(
            (name for name, _ in members), _told_apart([parts for _, parts in members]), strict=True
        )
    }


def fitted(name: str, width: int, short: Mapping[str, str]) -> str:
    """Return a run's name in exactly `width` cells: whole, or without what others have too."""
    if cell_len(name) <= width:
        return fit(name, width)
    stem = bare(name)
    if cell_len(stem) <= width:
        return fit(stem, width)
    return fit_middle(_filled(short.get(name, stem), stem, width), width)


def _filled(short: str, stem: str, width: int) -> str:
    """Return a short name with as much of its first gap as there is room for."""
    head, gap, tail = short.partition("…")
    room = width - cell_len(short)
    if not gap or room <= 0 or not stem.startswith(head):
        return short
    seen = tail.partition("…")[0]
    # One character at least stays left out, else the ellipsis would lie.
    until = (stem.find(seen, len(head)) if seen else len(stem)) - 1
    more = stem[len(head) : max(until, len(head))]
    while cell_len(more) > room:
        more = more[:-1]
    return f"{head}{more}…{tail}"


def _parts(name: str) -> list[str]:
    """Return the parts of a name, each with the separator before it."""
    parts = [""]
    for char in name:
        if char in _SEPARATORS:
            parts.append(char)
        else:
            parts[-1] += char
    return parts


def _told_apart(members: list[list[str]]) -> list[str]:
    if len(members) == 1:
        return ["".join(members[0])]
    shared = [len(set(column)) == 1 for column in zip(*members, strict=True)]
    shared[0] = False
    return [_elided(parts, shared) for parts in members]


def _elided(parts: list[str], shared: list[bool]) -> str:
    made, left_out = "", ""
    for part, is_shared in zip(parts, shared, strict=True):
        if is_shared:
            left_out += part
            continue
        made += _gap(left_out) + part
        left_out = ""
    return made + _gap(left_out)


def _gap(left_out: str) -> str:
    return "…" if len(left_out) > _LEAST else left_out
