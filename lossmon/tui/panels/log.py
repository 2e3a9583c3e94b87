"""The last records of a run as they were read: one a line, every metric with its name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossmon.charts.spec import Row, Span
from lossmon.model import RunView, SeriesView, clean_text
from lossmon.tui.desk import Desk
from lossmon.tui.figures import clock_seconds, count, figure
from lossmon.tui.look import Look
from lossmon.tui.panels.details import heading
from lossmon.tui.rows import fit, row, width_of


def log_rows(
    desk: Desk, run: RunView, width: int, height: int, back_by: int, raw: bool = True
) -> tuple[list[Row], int]:
    """Return the rows, and how far back they really begin (never before the first record)."""
    look = desk.look
    lines = desk.last_lines(run.id) if raw and desk.last_lines is not None else ()
    if lines:
        return _raw_rows(look, run, lines, width, height, back_by)
    total = max((len(series.axis_steps) for series in run.series), default=0)
    room = max(height - 1, 1)
    back_by = min(max(back_by, 0), max(total - room, 0))
    end = total - back_by
    note = f"{count(total)} records" + (f", {count(back_by)} newer below (G)" if back_by else "")
    rows = [heading(look, width, f"records of {run.source}", note)]
    if not total:
        rows.append(row(width, look.text("  Nothing was read yet.", "dim")))
    rows += [_record(desk, run, index, width) for index in range(max(end - room, 0), end)]
    return rows[:height], back_by


def _raw_rows(
    look: Look, run: RunView, lines: Sequence[str], width: int, height: int, back_by: int
) -> tuple[list[Row], int]:
    """Return the source's own lines: one a row, cleaned of all that moves a terminal."""
    room = max(height - 1, 1)
    back_by = min(max(back_by, 0), max(len(lines) - room, 0))
    end = len(lines) - back_by
    note = "1 line" if len(lines) == 1 else f"last {count(len(lines))} lines"
    if back_by:
        note += f", {count(back_by)} newer below (G)"
    rows = [heading(look, width, f"end of {run.source}", note)]
    shown = lines[max(end - room, 0) : end]
    rows += [row(width, look.text(clean_text(line.expandtabs(8), width + 1))) for line in shown]
    return rows[:height], back_by


def _record(desk: Desk, run: RunView, index: int, width: int) -> Row:
    look = desk.look
    first = run.series[0]
    spans: list[Span | str] = [
        look.text(fit(f"  step {count(float(first.axis_steps[index]))}", 16), "strong")
    ]
    if first.axis_times is not None and index < len(first.axis_times):
        spans.append(look.text(fit(clock_seconds(float(first.axis_times[index])), 10), "dim"))
    if first.axis_epochs is not None and np.isfinite(first.axis_epochs[index]):
        spans.append(look.text(f"epoch {first.axis_epochs[index]:.2f}  ", "dim"))
    used = width_of(*spans)
    for series in run.series:
        if used > width:
            break  # a log may have thousands of metrics: no more is looked for than is seen
        value = _value(series, index)
        if value is not None:
            style = "" if np.isfinite(value) else "bad"
            words = (
                look.text(f"{series.name} ", "dim"),
                look.text(figure(value), style),
                Span("  "),
            )
            used += width_of(*words)
            spans += words
    return row(width, *spans)


def _value(series: SeriesView, index: int) -> float | None:
    """Return what a series has in a row of the run's axis, None where it has nothing there."""
    rows = series.rows
    if isinstance(rows, slice):
        at = index - (rows.start or 0)
        return float(series.values[at]) if 0 <= at < len(series.values) else None
    at = int(np.searchsorted(rows, index))
    return float(series.values[at]) if at < len(rows) and int(rows[at]) == index else None
