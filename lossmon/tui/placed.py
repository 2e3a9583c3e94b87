"""`Placed`: a Textual layout that puts children where a pure function says.

A view's arrangement is one function from a size to named regions
(`lossmon.tui.layouts`), which tests can check for every size; children are
found by their id, and one without a region is not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.geometry import Offset, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

Box = tuple[int, int, int, int]
"""x, y, width, height in cells."""
Plan = Mapping[str, Box]
"""Where each panel stands, by its id."""


class Placed(Layout):
    """Places children by a plan that is made for the parent's size at each layout."""

    name: ClassVar[str] = "placed"

    def __init__(self, plan: Callable[[int, int], Plan]) -> None:
        self._plan = plan

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Return where each child stands."""
        parent.pre_layout(self)
        plan = self._plan(size.width, size.height)
        placements = []
        for child in children:
            box = plan.get(child.id or "")
            if box is None or box[2] <= 0 or box[3] <= 0:
                continue
            order = 1 if child.id == "prompt" else 0  # the prompt lies over the foot
            placements.append(WidgetPlacement(Region(*box), Offset(), Spacing(), child, order))
        return placements
