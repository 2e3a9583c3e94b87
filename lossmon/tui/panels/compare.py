"""The table under the overlay of runs: final, best, differences to the baseline, seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from lossmon.charts.spec import Row, Span, XAxis
from lossmon.tui.comparing import Compared, Comparison
from lossmon.tui.desk import Desk
from lossmon.tui.figures import MISSING, clock, duration, figure, percent, short, signed
from lossmon.tui.look import Look, over
from lossmon.tui.marks import verdict_mark
from lossmon.tui.panels.runs import run_marker
from lossmon.tui.rows import fit, right, row, wrap

_COLUMNS = (("final", 10), ("best", 10), ("at", 9), ("− baseline", 17), ("reached it at", 14))


def x_words(value: float | None, axis: XAxis) -> str:
    """Return an x as people read it on its axis."""
    if value is None:
        return MISSING
    if axis is XAxis.ELAPSED:
        return duration(value)
    if axis is XAxis.WALL:
        return clock(value)
    return f"{value:.2f}" if axis is XAxis.EPOCH else short(value)


def first_shown(desk: Desk, found: Sequence[Compared], height: int) -> int:
    """Return the first run that the table shows in `height` rows: the chosen one is in view."""
    room = max(height - 1, 1)
    at = next((i for i, one in enumerate(found) if one.run.id == desk.chosen), 0)
    return max(min(at - room // 2, len(found) - room), 0)


def in_view(
    desk: Desk, found: Sequence[Compared], baseline: str | None, height: int
) -> Sequence[Compared]:
    """Return the runs of the table's rows: those around the chosen one, and the baseline."""
    room = max(height - 1, 1)
    first = first_shown(desk, found, height)
    shown = list(found[first : first + room])
    base = next((one for one in found if one.run.id == baseline), None)
    if base is None or base in shown or room < 3:
        return shown
    # In place of the run that is furthest from the chosen one.
    return [base, *shown[1:]] if found.index(base) < first else [*shown[:-1], base]


def compare_rows(
    desk: Desk,
    comparison: Comparison,
    axis: XAxis,
    width: int,
    height: int,
    here: Mapping[int, float] | None = None,
) -> list[Row]:
    """Return the head, a row a run, and what the seeds say.

    `here` are the values under the crosshair by the colour of their line, None without one. The
    baseline, which all others are set against, stays in view.
    """
    look = desk.look
    baseline = comparison.question.baseline
    room = width - 4
    columns = []
    for title, size in (*((("crosshair", 10),) if here is not None else ()), *_COLUMNS):
        if room - size - 2 >= 18:
            columns.append((title, size))
            room -= size + 2
    verdict = 16 if room - 16 >= 24 else 0
    name = min(room - verdict, 48)
    head: list[Span | str] = ["    ", look.text(fit("run", name), "title")]
    for title, size in columns:
        head += [look.text(right(title, size), "title"), "  "]
    if verdict:
        head.append(look.text("verdict", "title"))
    rows = [row(width, *head)]
    rows += [
        _run_row(desk, one, comparison, axis, columns, name, width, bool(verdict), here or {})
        for one in in_view(desk, comparison.found, baseline, height)
    ]
    for sentence in comparison.said:
        rows += [row(width, "  ", look.text(line, "dim")) for line in wrap(sentence, width - 4)]
    return rows[:height]


def _run_row(
    desk: Desk,
    one: Compared,
    comparison: Comparison,
    axis: XAxis,
    columns: Sequence[tuple[str, int]],
    name: int,
    width: int,
    verdict: bool,
    here: Mapping[int, float],
) -> Row:
    look = desk.look
    run = one.run
    chosen = look.paint.chosen if run.id == desk.chosen else ""
    own = run_marker(look, desk.color(run.id))
    is_base = run.id == comparison.question.baseline
    luck = comparison.luck
    cells = {
        "crosshair": figure(here.get(desk.color(run.id))),
        "final": figure(one.final),
        "best": figure(one.best),
        "at": x_words(one.best_x, axis),
        "− baseline": "baseline" if is_base else _difference(one),
        "reached it at": MISSING if is_base else x_words(one.reach_x, axis),
    }
    spans: list[Span] = [
        _on(look, ">" if chosen and look.ascii else "▸" if chosen else " ", look.paint.key, chosen),
        _on(look, own.text, own.style, chosen),
        _on(look, "  ", "", chosen),
        _on(look, desk.short(run, name), look.paint.strong if chosen else "", chosen),
    ]
    for column, size in columns:
        style = ""
        if column == "− baseline" and one.difference is not None and not is_base:
            style = look.paint.good if one.difference < 0 else look.paint.warn
            if run.verdict.status in ("nonfinite", "diverging"):
                style = look.paint.dim  # a loss of 0 after a NaN is no better one
            elif luck is not None and abs(one.difference) <= luck:
                style = ""  # neither better nor worse: seeds alone can make that
        spans.append(_on(look, right(cells[column], size) + "  ", style, chosen))
    if verdict:
        mark = verdict_mark(run)
        spans.append(
            _on(look, f"{mark.char(look.ascii)} {mark.word}", look.paint.style(mark.style), chosen)
        )
    return row(width, *spans, fill=chosen)


def _difference(one: Compared) -> str:
    if one.difference is None or one.final is None or not math.isfinite(one.difference):
        return MISSING
    text = signed(one.difference)
    base = one.final - one.difference
    if base > 0:
        text += f" ({percent(one.difference / base, signed=True)})"
    return text


def _on(look: Look, text: str, style: str, ground: str) -> Span:
    return Span(look.text(text).text, over(style, ground))
