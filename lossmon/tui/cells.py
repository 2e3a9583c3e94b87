"""Sends changed cells alone: Textual's partial updates begin at the left edge of a widget.

Textual 8 repaints a dirty stretch of a line from the beginning of the widget
that it lies in (`ChopsUpdate.render_segments` crops at the right only). Over a
live chart that is most of what goes to the terminal: 5.5 kB/s against 1.3 at
five points a second, 120×40. This compositor crops at the left too. And it
takes a sheet's cells from the sheet: Textual would compose every widget anew
for the few cells that changed. It is the one place that knows Textual's
inside; `tests/tui/test_bytes.py` holds it to what it promises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from lossmon.tui.timers import SureTimers


class KeepsStrips(SureTimers, Widget):
    """A widget that knows its lines as they stand on the screen."""

    def strip_at(self, y: int, width: int, height: int) -> Strip | None:
        """Return a line with all its colours, None where Textual must compose it.

        None too if it has no lines for these cells, which the widget takes on the screen.
        """
        raise NotImplementedError


def send_now(screen: Screen[Any], widgets: Iterable[Widget]) -> None:
    """Send what differs on these widgets now, not with the next of Textual's sixty frames a second.

    Textual collects what is dirty by messages between its tasks, and then waits for the frame.
    Where all is to be laid out or repainted anyway, it is left to that.
    """
    app = screen.app
    whole = screen._layout_required or screen._repaint_required or screen._repaint_regions
    if whole or app._batch_count or app.screen is not screen or not screen.size:
        return
    # Only those that are seen: for others Textual would arrange the whole screen anew.
    seen = screen._compositor.visible_widgets
    screen._compositor.update_widgets({widget for widget in widgets if widget in seen})
    if screen._compositor._dirty_regions:
        screen._compositor_refresh()


def send_whole(screen: Screen[Any]) -> None:
    """Send a screen that has just been put on top of another now, not with the next frame."""
    screen._on_timer_update()


class CellsUpdate(ChopsUpdate):
    """An update of stretches of lines, cell by cell."""

    def render_segments(self, console: Console) -> str:
        """Return what to write: for each stretch a move and the cells in it."""
        parts: list[str] = []
        for y, begin, end in self.spans:
            at: int | None = None
            for edge, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= end or edge <= begin:
                    continue
                first, last = max(begin, x), min(end, edge)
                if at != first:
                    parts.append(Control.move_to(first, y).segment.text)
                parts.append(strip.crop(first - x, last - x).render(console))
                at = last
        return "".join(parts)


class CellCompositor(Compositor):
    """Textual's compositor with updates of cells."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return an update of what is dirty, None where nothing is."""
        if not self._dirty_regions:
            return None
        kept = self._kept()
        if kept is not None:
            self._dirty_regions.clear()
            return kept
        update = super().render_partial_update()
        if update is None:
            return None
        return CellsUpdate(update.chops, update.spans, update.chop_ends)

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """Return an update of the whole screen."""
        dirty, self._dirty_regions = self._dirty_regions, {self.size.region}
        kept = None if simplify else self._kept()
        self._dirty_regions = dirty
        if kept is None:
            return super().render_full_update(simplify)
        self._dirty_regions.clear()
        strips = [[strip for strip in chop.values() if strip is not None] for chop in kept.chops]
        return LayoutUpdate(list(strips), self.size.region)

    def _kept(self) -> CellsUpdate | None:
        """Return the update if all that is dirty lies within lines that widgets keep."""
        screen = self.size.region
        regions = [region.intersection(screen) for region in self._dirty_regions]
        spans = list(self._regions_to_spans(region for region in regions if region))
        chops: list[dict[int, Strip | None]] = [{} for _ in range(screen.height)]
        ends: list[list[int]] = [[] for _ in range(screen.height)]
        seen = [
            (widget, region, region.intersection(clip))
            for widget, (region, clip) in self.visible_widgets.items()
        ]
        for y, begin, end in spans:
            at = begin
            while at < end:
                found = _foremost(seen, y, at, end)
                if found is None:
                    return None
                strip, x = found
                until = min(end, x + strip.cell_length)
                chops[y][at] = strip.crop(at - x, until - x)
                ends[y].append(until)
                at = until
        return CellsUpdate(chops, spans, ends)


def _foremost(
    widgets: Sequence[tuple[Widget, Region, Region]], y: int, begin: int, end: int
) -> tuple[Strip, int] | None:
    """Return the line that begins a stretch of cells, and its column, if a widget keeps it.

    `widgets`: from the front, each with the cells that it takes and those of them that are seen.
    The first one that has any part in the stretch must hold its beginning: what stands in front
    of another further to the right would hide a part of it.
    """
    for widget, region, seen in widgets:
        if not (seen.x < end and begin < seen.right and seen.y <= y < seen.bottom):
            continue
        if seen != region or region.x > begin or not isinstance(widget, KeepsStrips):
            return None
        strip = widget.strip_at(y - region.y, region.width, region.height)
        whole = strip is not None and strip.cell_length == region.width
        return (strip, region.x) if strip is not None and whole else None
    return None
