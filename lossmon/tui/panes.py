"""Panes as a tree of splits: cut, closed, laid out as a grid, saved and loaded.

A leaf is one pane: its run (None: the chosen one), its metric (None: the
judged losses) and how its chart is shown. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lossmon.tui.desk import ChartOptions
from lossmon.tui.placed import Box

MAX_PANES: Final = 12
GRIDS: Final = ((1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (4, 3))
"""Columns and rows that the grid key steps through."""


@dataclass(eq=False)
class Pane:
    """One pane."""

    run: str | None = None
    """Id of the run; None: the chosen one."""
    metric: str | None = None
    """Name of the series; None: the judged losses."""
    options: ChartOptions = field(default_factory=ChartOptions)


@dataclass(eq=False)
class Split:
    """Parts side by side (`right`), or one above the other; all of the same size."""

    right: bool
    parts: list[Node]


Node = Pane | Split


class Panes:
    """The tree, and which pane is active."""

    def __init__(self, root: Node | None = None) -> None:
        self.root: Node = root or Pane()
        self.active = 0

    def leaves(self) -> list[Pane]:
        """Return the panes in order: left to right, top to bottom."""
        return list(_leaves(self.root))

    @property
    def pane(self) -> Pane:
        """The active pane."""
        found = self.leaves()
        return found[min(self.active, len(found) - 1)]

    def step(self, by: int) -> None:
        """Make another pane the active one."""
        self.active = (self.active + by) % len(self.leaves())

    def split(self, right: bool) -> bool:
        """Cut the active pane in two; the new one shows the same, and is active."""
        if len(self.leaves()) >= MAX_PANES:
            return False
        old = self.pane
        new = Pane(old.run, old.metric, ChartOptions(**vars(old.options)))
        parent = _parent(self.root, old)
        if parent is not None and parent.right is right:
            parent.parts.insert(parent.parts.index(old) + 1, new)
        else:
            self._replace(old, Split(right, [old, new]))
        self.active = self.leaves().index(new)
        return True

    def close(self) -> bool:
        """Close the active pane; the last one stays."""
        old = self.pane
        parent = _parent(self.root, old)
        if parent is None:
            return False
        parent.parts.remove(old)
        if len(parent.parts) == 1:
            self._replace(parent, parent.parts[0])
        self.active = min(self.active, len(self.leaves()) - 1)
        return True

    def grid(self, columns: int, rows: int) -> None:
        """Lay out a grid; panes that were there keep what they show, in order."""
        kept = self.leaves()
        wanted = columns * rows
        kept = kept[:wanted] + [Pane() for _ in range(wanted - len(kept))]
        lines: list[Node] = []
        for line in range(rows):
            part: list[Node] = [*kept[line * columns : (line + 1) * columns]]
            lines.append(part[0] if columns == 1 else Split(True, part))
        self.root = lines[0] if rows == 1 else Split(False, lines)
        self.active = min(self.active, wanted - 1)

    def boxes(self, width: int, height: int) -> list[Box]:
        """Return where each pane stands, in the order of `leaves`."""
        return list(_boxes(self.root, (0, 0, width, height)))

    def _replace(self, old: Node, new: Node) -> None:
        parent = _parent(self.root, old)
        if parent is None:
            self.root = new
        else:
            parent.parts[parent.parts.index(old)] = new

    # ---- saving

    def to_data(self, names: dict[str, str]) -> dict[str, Any]:
        """Return the layout for JSON; `names` maps run ids to names, which outlive ids."""
        return _data(self.root, names)

    @classmethod
    def from_data(cls, data: object, ids: dict[str, str]) -> Panes:
        """Return the layout that `to_data` gave; `ids` maps run names to ids.

        ValueError where it is none: a file that a person edited may hold anything.
        """
        panes = cls(_node(data, ids, 0))
        if len(panes.leaves()) > MAX_PANES:
            raise ValueError(f"more than {MAX_PANES} panes")
        return panes


def _leaves(node: Node) -> Iterator[Pane]:
    if isinstance(node, Pane):
        yield node
    else:
        for part in node.parts:
            yield from _leaves(part)


def _parent(node: Node, child: Node) -> Split | None:
    if isinstance(node, Pane):
        return None
    if any(part is child for part in node.parts):
        return node
    return next((found for part in node.parts if (found := _parent(part, child))), None)


def _boxes(node: Node, box: Box) -> Iterator[Box]:
    if isinstance(node, Pane):
        yield box
        return
    x, y, width, height = box
    count = len(node.parts)
    for index, part in enumerate(node.parts):
        if node.right:
            begin, end = width * index // count, width * (index + 1) // count
            gap = 1 if index < count - 1 else 0
            yield from _boxes(part, (x + begin, y, end - begin - gap, height))
        else:
            begin, end = height * index // count, height * (index + 1) // count
            yield from _boxes(part, (x, y + begin, width, end - begin))


def _data(node: Node, names: dict[str, str]) -> dict[str, Any]:
    if isinstance(node, Split):
        way = "right" if node.right else "below"
        return {way: [_data(part, names) for part in node.parts]}
    return {"run": names.get(node.run) if node.run else None, "metric": node.metric}


def _node(data: object, ids: dict[str, str], depth: int) -> Node:
    if not isinstance(data, dict) or depth > MAX_PANES:
        raise ValueError("a pane is an object with 'run' and 'metric', or 'right', or 'below'")
    for way in ("right", "below"):
        parts = data.get(way)
        if parts is not None:
            if not isinstance(parts, list) or not 2 <= len(parts) <= MAX_PANES:
                raise ValueError(f"{way!r} takes a list of 2 to {MAX_PANES} panes")
            return Split(way == "right", [_node(part, ids, depth + 1) for part in parts])
    run, metric = data.get("run"), data.get("metric")
    if not isinstance(run, str | None) or not isinstance(metric, str | None):
        raise ValueError("a pane's 'run' and 'metric' are names")
    return Pane(ids.get(run) if run else None, metric)
