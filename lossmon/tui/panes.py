"""Panes as a tree of splits: cut, closed, laid out as a grid, saved and loaded.

A leaf is one pane: its run (None: the chosen one), its metric (None: the
judged losses) and how its chart is shown. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from lossmon.tui.desk import ChartOptions
from lossmon.tui.placed import Box

MAX_PANES: Final = 12
_LEAST: Final = 0.08
"""Share of its split that a pane keeps at least."""
_STEP: Final = 0.05
"""Share of the split that one press of a key moves an edge by."""
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
    wanted: str | None = None
    """Name of the run that a saved layout asks for, until it is there."""


@dataclass(eq=False)
class Split:
    """Parts side by side (`right`), or one above the other, with their shares of the room."""

    right: bool
    parts: list[Node]
    shares: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.shares) != len(self.parts):
            self.shares = [1.0] * len(self.parts)

    def cuts(self, size: int) -> list[int]:
        """Return where the parts begin and end in so many cells: one more than there are parts."""
        total = sum(self.shares)
        return [
            round(size * sum(self.shares[:index]) / total) for index in range(len(self.parts))
        ] + [size]

    def widen(self, index: int, by: float) -> bool:
        """Move the edge after a part by a share of the whole; return whether there was room."""
        total = sum(self.shares)
        change = by * total
        first, second = self.shares[index] + change, self.shares[index + 1] - change
        if min(first, second) < _LEAST * total:
            return False
        self.shares[index], self.shares[index + 1] = first, second
        return True


@dataclass(frozen=True, slots=True)
class Edge:
    """The line between two parts of a split, for the mouse."""

    split: Split
    index: int
    """Of the part before it."""
    at: int
    """The column (or row) where the next part begins."""
    begin: int
    end: int
    """Rows (or columns) along which it runs."""
    size: int
    """Cells that the split has, along which it is moved."""

    def holds(self, x: int, y: int) -> bool:
        """Whether a cell of the panel lies on the edge."""
        along, across = (y, x) if self.split.right else (x, y)
        # Side by side there is a blank column before the next pane; below, the pane's title.
        return self.begin <= along < self.end and across == self.at - (1 if self.split.right else 0)


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
        new = Pane(old.run, old.metric, ChartOptions(**vars(old.options)), old.wanted)
        parent = _parent(self.root, old)
        if parent is not None and parent.right is right:
            at = parent.parts.index(old)
            half = parent.shares[at] / 2
            parent.parts.insert(at + 1, new)
            parent.shares[at : at + 1] = [half, half]
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
        at = parent.parts.index(old)
        del parent.parts[at], parent.shares[at]
        if len(parent.parts) == 1:
            self._replace(parent, parent.parts[0])
        self.active = min(self.active, len(self.leaves()) - 1)
        return True

    def resize(self, right: bool, by: int) -> bool:
        """Make the active pane wider (or higher); return False where nothing can give way."""
        child: Node = self.pane
        parent = _parent(self.root, child)
        while parent is not None and parent.right is not right:
            child, parent = parent, _parent(self.root, parent)
        if parent is None:
            return False
        at = parent.parts.index(child)
        if at < len(parent.parts) - 1:
            return parent.widen(at, by * _STEP)
        return parent.widen(at - 1, -by * _STEP)

    def edge(self, x: int, y: int, width: int, height: int) -> Edge | None:
        """Return the edge that a cell lies on, None where it lies on none."""
        edges = _edges(self.root, (0, 0, width, height))
        return next((edge for edge in edges if edge.holds(x, y)), None)

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


def _places(split: Split, box: Box) -> list[Box]:
    """Return the boxes of a split's parts."""
    x, y, width, height = box
    cuts = split.cuts(width if split.right else height)
    boxes = []
    for index, (begin, end) in enumerate(pairwise(cuts)):
        if split.right:
            gap = 1 if index < len(split.parts) - 1 else 0
            boxes.append((x + begin, y, end - begin - gap, height))
        else:
            boxes.append((x, y + begin, width, end - begin))
    return boxes


def _boxes(node: Node, box: Box) -> Iterator[Box]:
    if isinstance(node, Pane):
        yield box
        return
    for part, place in zip(node.parts, _places(node, box), strict=True):
        yield from _boxes(part, place)


def _edges(node: Node, box: Box) -> Iterator[Edge]:
    if isinstance(node, Pane):
        return
    x, y, width, height = box
    places = _places(node, box)
    for index, (left, top, _, _) in enumerate(places[1:]):
        if node.right:
            yield Edge(node, index, left, y, y + height, width)
        else:
            yield Edge(node, index, top, x, x + width, height)
    for part, place in zip(node.parts, places, strict=True):
        yield from _edges(part, place)


def _data(node: Node, names: dict[str, str]) -> dict[str, Any]:
    if isinstance(node, Split):
        way = "right" if node.right else "below"
        data: dict[str, Any] = {way: [_data(part, names) for part in node.parts]}
        if len(set(node.shares)) > 1:
            data["shares"] = list(node.shares)
        return data
    name = names.get(node.run) if node.run else None
    return {"run": name or node.wanted, "metric": node.metric}


def _node(data: object, ids: dict[str, str], depth: int) -> Node:
    if not isinstance(data, dict) or depth > MAX_PANES:
        raise ValueError("a pane is an object with 'run' and 'metric', or 'right', or 'below'")
    for way in ("right", "below"):
        parts = data.get(way)
        if parts is not None:
            if not isinstance(parts, list) or not 2 <= len(parts) <= MAX_PANES:
                raise ValueError(f"{way!r} takes a list of 2 to {MAX_PANES} panes")
            nodes = [_node(part, ids, depth + 1) for part in parts]
            return Split(way == "right", nodes, _shares(data.get("shares"), len(nodes)))
    run, metric = data.get("run"), data.get("metric")
    if not isinstance(run, str | None) or not isinstance(metric, str | None):
        raise ValueError("a pane's 'run' and 'metric' are names")
    found = ids.get(run) if run else None
    return Pane(found, metric, wanted=run if found is None else None)


def _shares(data: object, parts: int) -> list[float]:
    if data is None:
        return []
    usable = isinstance(data, list) and len(data) == parts
    if not usable or not all(type(one) in (int, float) and 0 < one < 1e6 for one in data):  # type: ignore[attr-defined]
        raise ValueError("'shares' are as many numbers above 0 as there are panes")
    return [float(one) for one in data]  # type: ignore[attr-defined]
