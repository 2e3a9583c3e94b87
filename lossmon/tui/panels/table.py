"""The table of runs: columns by room, sorting, fuzzy filter. Only rows in view are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Final

from lossmon.charts.spec import Row, Span
from lossmon.model import RunView
from lossmon.record import record
from lossmon.tui import charting
from lossmon.tui.desk import Desk, by_urgency
from lossmon.tui.figures import MISSING, count, figure, rough, short
from lossmon.tui.look import over
from lossmon.tui.marks import alarms, verdict_mark
from lossmon.tui.numbers import current_loss, gap_figure, trend
from lossmon.tui.panels.runs import run_marker, state_words
from lossmon.tui.progress import progress
from lossmon.tui.rows import fit, right, row

Cell = Callable[[Desk, RunView, int], tuple[Span, ...]]


@record
class Column:
    """One column: its title, its width, how much it matters, how a cell is made and sorted."""

    title: str
    width: int
    rank: int
    """Columns of a high rank go first where there is no room."""
    cell: Cell
    key: Callable[[RunView], tuple[object, ...]] | None = None
    """What rows are sorted by; None: not a column to sort by."""
    right: bool = False
    words: str = ""
    """What the column says, for help."""


_KEPT_ROWS: Final = 2000
"""Rows kept of what was in view lately."""


@dataclass
class TableState:
    """What a person asked of the table: order, filter, where the window stands."""

    sort: int | None = None
    """Index of the column sorted by; None: alarmed and newest first."""
    reverse: bool = False
    query: str = ""
    first: int = 0
    _memo: tuple[object, list[RunView]] | None = field(default=None, repr=False)

    def ordered(self, runs: Sequence[RunView]) -> list[RunView]:
        """Return the runs that match the filter, in order; kept until something changes."""
        stamp = (id(runs), self.sort, self.reverse, self.query)
        if self._memo is not None and self._memo[0] == stamp:
            return self._memo[1]
        found = [run for run in runs if matches(self.query, run.name)]
        key = None if self.sort is None else COLUMNS[self.sort].key
        found = by_urgency(found) if key is None else sorted(found, key=key)
        if self.reverse:
            found.reverse()
        # The runs are held, so that their id cannot come to mean others.
        self._held = runs
        self._memo = (stamp, found)
        return found

    def drop_stale(self, current: Container[int]) -> None:
        """Let go of rows whose run is not among the views of these ids."""
        self._rows = {key: kept for key, kept in self._rows.items() if id(kept[0]) in current}
        if any(id(run) not in current for run in self._held):
            self._memo, self._held = None, ()

    def row(
        self,
        desk: Desk,
        run: RunView,
        columns: list[tuple[int, int]],
        width: int,
        spark: tuple[Span, ...] | None,
    ) -> Row:
        """Return a run's row; made anew only when something that it shows has changed."""
        stamp = (
            run.id == desk.chosen,
            run.id in desk.marked,
            bool(desk.alarms(run)),
            desk.look,
            width,
            spark,
        )
        kept = self._rows.get(run.id)
        if kept is not None and kept[0] is run and kept[1] == stamp:
            return kept[2]
        if len(self._rows) > _KEPT_ROWS:
            self._rows.clear()
        made = _run_row(desk, run, columns, width, spark or ())
        self._rows[run.id] = (run, stamp, made)
        return made

    _rows: dict[str, tuple[RunView, object, Row]] = field(default_factory=dict, repr=False)
    _held: Sequence[RunView] = field(default=(), repr=False)


def matches(query: str, name: str) -> bool:
    """Return whether the letters of `query` occur in `name` in this order, whatever their case.

    Words of the query, split at blanks, must each do so.
    """
    low = name.lower()
    for word in query.lower().split():
        at = 0
        for char in word:
            at = low.find(char, at) + 1
            if at == 0:
                return False
    return True


def _number(value: float | None) -> float:
    return math.inf if value is None or math.isnan(value) else value


def _name(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    look = desk.look
    flag = ("*" if look.ascii else "✓") if run.id in desk.marked else " "
    return (
        look.text(flag, "note"),
        run_marker(look, desk.color(run.id)),
        Span(" "),
        look.text(desk.short(run, max(width - 3, 0))),
    )


def _state(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    mark, words = state_words(desk.look, run)
    if len(words) + 2 > width:
        words = mark.word
    return (desk.look.text(fit(f"{mark.char(desk.look.ascii)} {words}", width), mark.style),)


def _progress(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    done = progress(run)
    text = short(done.step)
    if done.total_steps:
        text += f" / {short(done.total_steps)}"
    if done.share is not None and len(text) + 5 <= width:
        text += f" {done.share:4.0%}"
    return (desk.look.text(right(text, width)),)


def _eta(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    left = progress(run).seconds_left
    if left is None or run.state != "live":
        return (desk.look.text(right(MISSING, width), "dim"),)
    return (desk.look.text(right(rough(left), width)),)


def _loss(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    found = trend(run)
    arrow = found.plain if desk.look.ascii else found.arrow
    return (
        desk.look.text(right(figure(current_loss(run)), width - 2), "strong"),
        desk.look.text(f" {arrow}", found.style),
    )


def _trend(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    slope = run.summary.slope_per_1000_steps
    rate = MISSING if slope is None else figure(slope, 2)
    return (desk.look.text(right(rate, width), trend(run).style),)


def _eval(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    best = run.summary.best_eval
    text = MISSING if best is None else f"{figure(best.value)} @ {short(best.step)}"
    return (desk.look.text(right(text, width), "text" if best else "dim"),)


def _gap(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    gap = run.summary.gap
    style = {"healthy": "good", "monitor": "note", "overfitting": "warn"}.get(
        run.summary.gap_rating, "dim"
    )
    return (desk.look.text(right(MISSING if gap is None else gap_figure(gap), width), style),)


def _verdict(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    mark = verdict_mark(run)
    new = " !" if desk.alarms(run) else ""
    return (
        desk.look.text(fit(f"{mark.char(desk.look.ascii)} {mark.word}{new}", width), mark.style),
    )


def _spark(desk: Desk, run: RunView, width: int) -> tuple[Span, ...]:
    """Stand for the curve: the studio draws those in view, all at once."""
    return ()


_STATES: Final = {"live": 0, "stalled": 1, "crashed": 2, "finished": 3, "unknown": 4}
_STATUS: Final = {
    "nonfinite": 0,
    "diverging": 1,
    "overfitting": 2,
    "plateau": 3,
    "healthy": 4,
    "unknown": 5,
}


def _slope(run: RunView) -> float:
    return _number(run.summary.slope_per_1000_steps)


COLUMNS: Final[tuple[Column, ...]] = (
    Column(
        "run",
        0,
        0,
        _name,
        lambda run: (run.name.lower(),),
        words="mark and colour of the run, its name; ✓ marked for Compare",
    ),
    Column(
        "verdict",
        15,
        1,
        _verdict,
        lambda run: (not alarms(run), _STATUS[run.verdict.status]),
        words="what holds now; ! a warning nobody acknowledged yet",
    ),
    Column(
        "loss  ",
        11,
        1,
        _loss,
        lambda run: (_number(current_loss(run)),),
        True,
        words="training loss, smoothed; the arrow says which way it goes",
    ),
    Column("curve", 0, 3, _spark, None, words="the whole curve, small; × where it is NaN"),
    Column(
        "state",
        14,
        2,
        _state,
        lambda run: (_STATES[run.state], -(run.last_growth or 0)),
        words="whether it still grows, and when it last did",
    ),
    Column(
        "step",
        16,
        3,
        _progress,
        lambda run: (-_number(progress(run).step),),
        True,
        words="steps done, of how many",
    ),
    Column(
        "to go",
        9,
        7,
        _eta,
        lambda run: (_number(progress(run).seconds_left),),
        True,
        words="estimate of the time left, where the log tells the end",
    ),
    Column(
        "best eval @ step",
        17,
        4,
        _eval,
        lambda run: (
            _number(None if run.summary.best_eval is None else run.summary.best_eval.value),
        ),
        True,
        words="lowest evaluation loss and where",
    ),
    Column(
        "gap",
        8,
        5,
        _gap,
        lambda run: (-_number(run.summary.gap),),
        True,
        words="how far eval loss stands above train loss",
    ),
    Column(
        "per 1k",
        8,
        6,
        _trend,
        lambda run: (_slope(run),),
        True,
        words="change of the loss in 1,000 steps at present",
    ),
)

SORTS: Final = {
    column.title.strip().partition(" @")[0]: index
    for index, column in enumerate(COLUMNS)
    if column.key is not None
}
"""Columns to sort by, by the name that `--sort` takes."""

_NAME_MIN: Final = 18
_SPARK_MIN: Final = 12


def columns_for(width: int) -> list[tuple[int, int]]:
    """Return the columns that fit (their index) and their widths; name and curve share the rest."""
    chosen: list[int] = []
    used = _NAME_MIN
    for index in sorted(range(1, len(COLUMNS)), key=lambda i: COLUMNS[i].rank):
        size = (COLUMNS[index].width or _SPARK_MIN) + 2
        if used + size <= width:
            chosen.append(index)
            used += size
    spare = width - used
    has_curve = any(COLUMNS[index].width == 0 for index in chosen)
    name = _NAME_MIN + (min(spare // 2, 30) if has_curve else spare)
    widths = []
    for index in [0, *sorted(chosen)]:
        if index == 0:
            widths.append((0, name))
        elif COLUMNS[index].width == 0:
            widths.append((index, _SPARK_MIN + spare - (name - _NAME_MIN)))
        else:
            widths.append((index, COLUMNS[index].width))
    return widths


def table_rows(desk: Desk, state: TableState, width: int, height: int) -> list[Row]:
    """Return the head and the runs in view; moves the window so that the chosen run is seen."""
    look = desk.look
    columns = columns_for(width)
    head: list[Span | str] = []
    for index, size in columns:
        column = COLUMNS[index]
        title = column.title
        if state.sort == index:
            arrow = "v^" if look.ascii else "▾▴"
            title = f"{title} {arrow[state.reverse]}"
        title = f"  {title}" if index == 0 else title
        shown = right(title, size) if column.right else fit(title, size)
        head += [look.text(shown, "title"), "  "]
    rows = [row(width, *head)]
    found = state.ordered(desk.runs)
    room = max(height - 2, 1)
    at = next((i for i, run in enumerate(found) if run.id == desk.chosen), None)
    if at is not None:
        state.first = min(max(state.first, at - room + 1), at)
    state.first = max(min(state.first, len(found) - room), 0)
    window = found[state.first : state.first + room]
    curve = next((size for index, size in columns if COLUMNS[index].cell is _spark), None)
    sparks = [None] * len(window) if curve is None else charting.sparks(desk, window, curve)
    rows += [
        state.row(desk, run, columns, width, spark)
        for run, spark in zip(window, sparks, strict=True)
    ]
    rows += [row(width)] * (height - 1 - len(rows))
    rows.append(_table_foot(desk, state, len(found), room, width))
    return rows[:height]


def _run_row(
    desk: Desk,
    run: RunView,
    columns: list[tuple[int, int]],
    width: int,
    spark: tuple[Span, ...],
) -> Row:
    chosen = desk.look.paint.chosen if run.id == desk.chosen else ""
    spans: list[Span | str] = []
    for index, size in columns:
        is_curve = COLUMNS[index].cell is _spark
        cell = row(size, *(spark if is_curve else COLUMNS[index].cell(desk, run, size)))
        # Bars turned inside out would show another curve.
        ground = "" if is_curve and "reverse" in chosen else chosen
        spans += [Span(span.text, over(span.style, ground)) for span in cell]
        spans.append(Span("  ", chosen))
    return row(width, *spans, fill=chosen)


def _table_foot(desk: Desk, state: TableState, found: int, room: int, width: int) -> Row:
    parts = []
    if found > room:
        parts.append(f"{state.first + 1}–{min(state.first + room, found)} of {count(found)}")
    if state.query:
        parts.append(f"filter '{state.query}': {found} of {len(desk.runs)} (esc shows all)")
    if desk.marked:
        parts.append(f"{len(desk.marked)} marked for Compare (4)")
    sort = "alarmed and newest first" if state.sort is None else COLUMNS[state.sort].title
    parts.append(f"order: {sort}" + (", turned round" if state.reverse else ""))
    return row(width, desk.look.text("  " + " · ".join(parts), "dim"))
