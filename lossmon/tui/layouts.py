"""Where each panel of a view stands, for every size of terminal: pure functions, no CSS puzzle.

A plan depends on the size and on what the view shows at all (one run or many),
never on values that change as a run grows: nothing jumps. From 60×16 up all
panels lie inside the screen, none over another, and the chart is the largest.
"""

from __future__ import annotations

from typing import Final

from lossmon.tui.placed import Box

TINY: Final = (72, 20)
"""Below this width or height there is the chart, one line above it and one below."""
WIDE: Final = 160
"""From this width on, the details stand beside the chart, not under it."""
LISTED: Final = 100
"""From this width on, a list of runs stands at the left (where there are several)."""


def size_class(width: int, height: int) -> str:
    """Return the name of the layout for a size: tiny, small, medium or wide."""
    if width < TINY[0] or height < TINY[1]:
        return "tiny"
    if width >= WIDE and height >= 30:
        return "wide"
    return "medium" if width >= LISTED and height >= 28 else "small"


def with_machine(plan: dict[str, Box], rows: int) -> dict[str, Box]:
    """Return a plan that was made for `rows` less, with the machine's panel above its foot."""
    moved = dict(plan)
    width = plan["foot"][2]
    for name in ("foot", "prompt"):
        if name in moved:
            x, y, wide, high = moved[name]
            moved[name] = (x, y + rows, wide, high)
    moved["machine"] = (0, moved["foot"][1] - rows, width, rows)
    return moved


def frame(width: int, height: int) -> dict[str, Box]:
    """Return what every view has around its body: title, banner, foot; and the body itself."""
    if size_class(width, height) == "tiny":
        return {
            "banner": (0, 0, width, 1),
            "body": (0, 1, width, max(height - 2, 0)),
            "foot": (0, height - 1, width, 1),
            "prompt": (0, height - 1, width, 1),
        }
    foot = 2 if height >= 30 else 1
    return {
        "title": (0, 0, width, 1),
        "banner": (0, 1, width, 1),
        "body": (0, 2, width, height - 2 - foot),
        "foot": (0, height - foot, width, foot),
        "prompt": (0, height - 1, width, 1),
    }


def focus_plan(width: int, height: int, runs: int) -> dict[str, Box]:
    """Return the plan of the focus view."""
    plan = frame(width, height)
    _, top, _, room = plan.pop("body")
    kind = size_class(width, height)
    if kind == "tiny":
        return plan | {"chart": (0, top, width, room)}
    if kind == "small":
        # A verdict is a sentence with numbers, and what to do: about six lines of 36 cells.
        below = min(max(room * 2 // 5, 9 if room >= 21 else 8), 14)
        left = width * 27 // 50
        verdict = min(max(below - 2, 5), 9)
        return plan | {
            "chart": (0, top, width, room - below),
            "numbers": (0, top + room - below, left - 1, below),
            "verdict": (left, top + room - below, width - left, verdict),
            "events": (left, top + room - below + verdict, width - left, below - verdict),
        }
    side = 0
    if runs > 1:
        side = 34 if kind == "wide" else 29
        plan["runs"] = (0, top, side - 1, room)
    if kind == "wide":
        return plan | _beside(side, top, width, room)
    return plan | _below(side, top, width, room)


def _below(side: int, top: int, width: int, room: int) -> dict[str, Box]:
    main = width - side
    below = min(max(room * 2 // 5, 10), 15)
    strip = 8 if room - below >= 28 else 0
    chart = room - below - strip
    left = min(main * 11 // 20, 64)
    verdict = min(max(below * 13 // 20, 5), 10)
    foot = top + room - below
    plan = {
        "chart": (side, top, main, chart),
        "numbers": (side, foot, left - 1, below),
        "verdict": (side + left, foot, main - left, verdict),
        "events": (side + left, foot + verdict, main - left, below - verdict),
    }
    if strip:
        plan["strip"] = (side, top + chart, main, strip)
    return plan


def _beside(side: int, top: int, width: int, room: int) -> dict[str, Box]:
    right = min(max(width * 3 // 10, 54), 72)
    main = width - side - right
    strip = min(max(room // 4, 7), 14) if room >= 30 else 0
    x = side + main + 1
    wide = right - 1
    numbers = min(max(room * 8 // 25, 10), 18)
    facts = 9 if room >= 46 else 0
    # Evidence is four lines below a sentence and three pieces of advice.
    verdict = min(max(room * 32 // 100, 6), 20)
    events = room - numbers - facts - verdict
    plan = {
        "chart": (side, top, main, room - strip),
        "verdict": (x, top, wide, verdict),
        "numbers": (x, top + verdict, wide, numbers),
        "events": (x, top + verdict + numbers, wide, events),
    }
    if strip:
        plan["strip"] = (side, top + room - strip, main, strip)
    if facts:
        plan["facts"] = (x, top + verdict + numbers + events, wide, facts)
    return plan


def body_plan(width: int, height: int) -> dict[str, Box]:
    """Return the plan of a view whose body is one panel (overview, metrics, log, panes)."""
    return frame(width, height)


def compare_plan(width: int, height: int, runs: int) -> dict[str, Box]:
    """Return the plan of the compare view: the overlay, and under it the table of runs."""
    plan = frame(width, height)
    _, top, _, room = plan.pop("body")
    if size_class(width, height) == "tiny":
        return plan | {"chart": (0, top, width, room)}
    table = min(runs + 4, max(room * 2 // 5, 6), room - 8)
    return plan | {
        "chart": (0, top, width, room - table),
        "table": (0, top + room - table, width, table),
    }
