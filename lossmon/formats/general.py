"""The reader for text that nobody foresaw: it learns the shapes of lines that report a loss.

Lines that one statement printed differ in their numbers alone. A shape counts
as a report of training when it came back with a loss beside a counter that
rises, or with a loss that changes; until then its rows are held. So source
code, tables of settings and the summary at the end give no points: they do not
come back. Once one shape is believed, others need to come back once only.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.formats.console import ConsoleParser, is_document
from lossmon.formats.general_shape import (
    MAX_SHAPE,
    Layout,
    expression,
    layout_of,
    shape_of,
    split_numbers,
)
from lossmon.formats.head import Head
from lossmon.formats.lines import strip_ansi
from lossmon.formats.pairs import to_float
from lossmon.model import Batch, Column, clean_name, concatenate
from lossmon.model.batch import FloatArray

MAX_LINE_LENGTH: Final = 1 << 14
"""Characters; a longer line is data, or a record of another kind."""
MAX_SHAPES: Final = 2000
"""Shapes remembered; when full, those that report nothing are forgotten."""
MAX_PLANS: Final = 400
"""Shapes with metrics followed; a log has tens, free text with numbers may have thousands."""
_FIRST_NEEDS: Final = 3
"""Lines of one shape before the log is believed to be one of training."""
_BARE_NEEDS: Final = 4
"""The same where no line has said a step or an epoch: the loss alone speaks."""
_NEXT_NEEDS: Final = 2
_HELD: Final = 40
"""Lines after which a shape that never became a report is given up."""
_FAST_AFTER: Final = 32
"""Lines of a shape before blocks are matched with its expression."""


@dataclass(slots=True)
class _Row:
    values: list[float]
    step: float | None
    epoch: float | None
    counter: float


@dataclass(slots=True)
class _Track:
    """What lines with one sequence of names have said so far, whatever stands between these."""

    layout: Layout
    names: list[str]
    accepted: bool = False
    rejected: bool = False
    held: list[_Row] = field(default_factory=list)
    counting: bool = False
    counted: int = 0
    # Whether the step begins anew in each epoch: None until an epoch has ended.
    per_epoch: bool | None = None
    base: float | None = None
    offset: float = 0.0
    last_epoch: float | None = None
    last_raw: float | None = None
    last_row: tuple[float, ...] = ()


@dataclass(slots=True)
class _Plan:
    """One shape: where in its lines the numbers of a track stand."""

    shape: str
    layout: Layout
    track: _Track
    bar: bool
    seen: int = 0
    used: list[int] = field(init=False)
    where: dict[int, int] = field(init=False)
    places: list[int] = field(init=False)
    pattern: re.Pattern[str] | None = None

    def __post_init__(self) -> None:
        self.used = self.layout.used
        self.where = {index: place for place, index in enumerate(self.used)}
        self.places = [self.where[index] for index, _ in self.layout.metrics]

    def place(self, index: int | None) -> int | None:
        return None if index is None else self.where[index]


class GeneralParser(ConsoleParser):
    """See the module's words. Rows of believed shapes are taken a block at a time."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self.believed = False
        self._shapes: dict[str, _Plan | None] = {}
        self._plans: list[_Plan] = []
        self._tracks: dict[tuple[object, ...], _Track] = {}
        self._fast: _Plan | None = None
        self._batches: list[Batch] = []
        self._step: float | None = None
        self._epoch: float | None = None
        self._speaker: str | None = None

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics that are read."""
        tracks = [track for track in self._tracks.values() if track.accepted]
        return list(dict.fromkeys(name for track in tracks for name in track.names))

    # Lines

    def record(self, text: str) -> bool:
        if len(text) > MAX_LINE_LENGTH:
            return False
        parts = split_numbers(text)
        if len(parts) < 3:
            return False
        shape = shape_of(parts)
        try:
            plan = self._shapes[shape]
        except KeyError:
            plan = self._learn(shape, parts, "%|" in text)
        if plan is None or plan.track.rejected:
            return False
        values = parts[1::2]
        self._row(plan, [values[index] for index in plan.used])
        return plan.track.accepted

    def _learn(self, shape: str, parts: list[str], bar: bool) -> _Plan | None:
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes = {
                key: kept for key, kept in self._shapes.items() if kept and kept.track.accepted
            }
        if len(shape) > MAX_SHAPE + 64:
            return None
        layout = layout_of(parts[::2], parts[1::2])
        plan = None
        if layout is not None and len(self._plans) < MAX_PLANS:
            plan = _Plan(shape, layout, self._track(layout), bar)
            if layout.metrics:
                self._plans.append(plan)
        self._shapes[shape] = plan
        return plan

    def _track(self, layout: Layout) -> _Track:
        names = [clean_name(name) for _, name in layout.metrics]
        key = (
            *names,
            layout.step is None,
            layout.epoch is None,
            layout.batchwise,
            layout.validating,
            layout.rank is None,
        )
        return self._tracks.setdefault(key, _Track(layout, names))

    def _row(self, plan: _Plan, texts: list[str]) -> None:
        """Take the numbers of one line of a plan's shape (those that matter, as text)."""
        layout, track = plan.layout, plan.track
        plan.seen += 1
        rank = plan.place(layout.rank)
        if rank is not None:
            # All ranks print the same: the first one seen speaks for them.
            self._speaker = self._speaker or texts[rank]
            if texts[rank] != self._speaker:
                return
        place = plan.place(layout.epoch)
        epoch = None if place is None else to_float(texts[place])
        if epoch is not None and not math.isfinite(epoch):
            return
        place = plan.place(layout.step)
        raw = None if place is None else to_float(texts[place])
        if raw is not None and not math.isfinite(raw):
            return
        total = self._totals(plan, texts)
        if layout.validating:
            if raw is None or total is None or raw < total - 1:
                return  # one batch of an evaluation is no point
            raw = None
        step = None if raw is None else self._position(track, raw, epoch, total)
        if not layout.metrics:
            if not layout.plural:
                self._header(step, epoch)
            return
        values = [to_float(texts[place]) for place in plan.places]
        if plan.bar:
            row = (step or 0.0, *values)
            if row == track.last_row:
                return  # a bar drawn again
            track.last_row = row
        counter = raw if step is None else step
        if epoch is not None:
            self._epoch = epoch
        if step is not None:
            self._step = step
        elif self._step is not None:
            step = self._step
        elif self._epoch is not None:
            step = self._epoch
        if layout.validating and step is not None:
            counter = step
        if counter is None:
            counter = math.nan if epoch is None else epoch
        self._place(track, _Row(values, step, self._epoch, counter))

    def _header(self, step: float | None, epoch: float | None) -> None:
        """A line of counters alone (`Epoch 3/10`) says where the next lines stand."""
        if epoch is not None:
            self._epoch = epoch
        if step is not None:
            self._step = step

    def _totals(self, plan: _Plan, texts: list[str]) -> float | None:
        """Note what the line says of the whole; return the total beside its step, if any."""
        layout = plan.layout
        if layout.epoch_total is not None:
            epochs = to_float(texts[plan.where[layout.epoch_total]])
            if 0 < epochs < 1e9:
                self.info.total_epochs = epochs
        if layout.step_total is None:
            return None
        total = to_float(texts[plan.where[layout.step_total]])
        if not 0 < total < 1e15:
            return None
        if self.believed and layout.metrics:
            if not plan.track.per_epoch and not layout.batchwise:
                self.info.total_steps = total
            elif self.info.total_epochs is not None:
                self.info.total_steps = total * self.info.total_epochs
        return total

    def _position(
        self, track: _Track, raw: float, epoch: float | None, total: float | None
    ) -> float:
        """Return the step of a counter that may begin anew in each epoch."""
        layout = track.layout
        now = epoch if epoch is not None else self._epoch
        if now is None:
            if layout.batchwise and track.last_raw is not None and raw < track.last_raw:
                track.offset += total or track.last_raw + 1
                self.info.steps_estimated = True
            track.last_raw = raw
            return raw + track.offset
        if track.base is None:
            track.base = min(now, 1.0) if layout.batchwise else now
            track.per_epoch = True if layout.batchwise else None
        rose = track.last_epoch is not None and now > track.last_epoch
        # A counter over the run cannot stand still while the epoch rises.
        dropped = track.last_raw is not None and raw <= track.last_raw
        if rose and track.per_epoch is None:
            track.per_epoch = dropped
        if not track.per_epoch:
            step = raw
        elif total is not None:
            step = (now - track.base) * total + raw
        else:
            if rose and dropped and track.last_raw is not None:
                track.offset += track.last_raw + 1
                self.info.steps_estimated = True
            step = raw + track.offset
        track.last_epoch, track.last_raw = now, raw
        return step

    # Belief

    def _place(self, track: _Track, row: _Row) -> None:
        if track.accepted:
            self._add(track, row)
            return
        track.held.append(row)
        if self._convinces(track):
            self._accept(track)
        elif len(track.held) >= _HELD:
            track.rejected = True
            track.held = []

    def _convinces(self, track: _Track) -> bool:
        layout, held = track.layout, track.held
        needs = _NEXT_NEEDS if self.believed else _FIRST_NEEDS
        if not self.believed and not layout.counts and self._step is None and self._epoch is None:
            needs = _BARE_NEEDS
        if len(held) < needs:
            return False
        if not (layout.has_loss or (layout.has_score and self.believed)):
            return self.believed and layout.counts and self._rises(held, needs)
        if layout.counts and self._rises(held, needs):
            return True
        columns = list(zip(*(row.values for row in held), strict=True))
        changing = max(len(set(column)) for column in columns)
        broken = any(not math.isfinite(value) for column in columns for value in column)
        if layout.counts:
            return False
        moved = len({(row.step, row.epoch) for row in held}) >= needs
        if changing < needs and not (broken and moved):
            return False
        fractional = any(math.isfinite(value) and value % 1 for value in columns[0])
        return self.believed or fractional or broken

    @staticmethod
    def _rises(held: list[_Row], needs: int) -> bool:
        counters = [row.counter for row in held]
        rises = sum(b > a for a, b in pairwise(counters))
        falls = sum(b < a for a, b in pairwise(counters))
        return rises >= needs - 1 and rises > falls

    def _accept(self, track: _Track) -> None:
        track.accepted = True
        places = [row.step for row in track.held]
        stuck = any(a == b for a, b in pairwise(places))
        track.counting = not track.layout.counts and (places[0] is None or stuck)
        if track.counting:
            self.info.steps_estimated = True
        for row in track.held:
            self._add(track, row)
        track.held = []
        if track.layout.has_loss and not self.believed:
            self.believed = True
            for other in list(self._tracks.values()):
                if not other.accepted and not other.rejected and self._convinces(other):
                    self._accept(other)

    def _add(self, track: _Track, row: _Row) -> None:
        step = row.step
        if track.counting or step is None:
            track.counted += 1
            step = float(track.counted)
        self.add(zip(track.names, row.values, strict=True), step, row.epoch)

    # Blocks

    def block(self, block: bytes) -> None:
        text = strip_ansi(block.decode("utf-8", "replace"))
        plan = self._fast
        if plan is None or plan.pattern is None or len(text) < 2048:
            self._lines(text)
            self._choose_fast()
            return
        pieces = plan.pattern.split(text)
        width = plan.pattern.groups + 1
        gaps = pieces[::width]
        if len(gaps) * len(plan.shape) * 4 < len(text):
            self._fast = None  # the log went on with other lines
        start = 0
        for index, gap in enumerate(gaps):
            if len(gap) > 1 and gap.strip("\n"):
                self._block_rows(plan, pieces, width, start, index)
                self._lines(gap)
                start = index
        self._block_rows(plan, pieces, width, start, len(gaps) - 1)

    def _lines(self, text: str) -> None:
        for line in text.split("\n"):
            if line:
                self.line(line)

    def _choose_fast(self) -> None:
        best = max(self._plans, key=lambda plan: plan.seen, default=None)
        if best is None or best.seen < _FAST_AFTER or not best.track.accepted or best.bar:
            return
        if best.pattern is None:
            best.pattern = expression(best.shape, best.used)
        self._fast = best

    def _block_rows(
        self, plan: _Plan, pieces: list[str], width: int, start: int, stop: int
    ) -> None:
        """Take rows `start` to `stop` of a split block, all of one shape."""
        if stop <= start:
            return
        first, last = start * width + 1, stop * width
        rows = stop - start
        if rows >= 8 and self._columns(
            plan, [pieces[first + place : last : width] for place in range(width - 1)], rows
        ):
            return
        for index in range(start, stop):
            at = index * width + 1
            self._row(plan, pieces[at : at + width - 1])

    def _columns(self, plan: _Plan, columns: list[list[str]], rows: int) -> bool:
        """Take rows as columns; False where a line's meaning rests on the one before."""
        layout = plan.layout
        if layout.step is None or layout.rank is not None or layout.validating:
            return False
        raw = _floats(columns[plan.where[layout.step]])
        epochs: FloatArray | None = None
        if layout.epoch is not None:
            epochs = _floats(columns[plan.where[layout.epoch]])
            if not np.isfinite(epochs).all():
                return False
        if not np.isfinite(raw).all():
            return False
        steps = self._positions(plan, raw, epochs, columns)
        if steps is None:
            return False
        self._totals(plan, [column[-1] for column in columns])
        plan.track.last_raw, self._step = float(raw[-1]), float(steps[-1])
        if epochs is not None:
            self._epoch = float(epochs[-1])
        elif self._epoch is not None:
            epochs = np.full(rows, self._epoch)
        plan.track.last_epoch = self._epoch
        plan.seen += rows
        made = tuple(
            Column(name, _floats(columns[place]))
            for name, place in zip(plan.track.names, plan.places, strict=True)
        )
        self.info.finished = self.info.crashed = False
        if len(self.rows):
            self._batches.append(self.rows.take())
        self._batches.append(Batch(steps, made, epochs))
        return True

    def _positions(
        self, plan: _Plan, raw: FloatArray, epochs: FloatArray | None, columns: list[list[str]]
    ) -> FloatArray | None:
        """Return `_position` of many rows; None where it is not the same for all of them."""
        layout = plan.layout
        now = epochs if epochs is not None else self._epoch
        if now is None:
            falls = raw[0] < (plan.track.last_raw or 0.0) or bool((np.diff(raw) < 0).any())
            return None if layout.batchwise and falls else raw + plan.track.offset
        if plan.track.base is None:
            return None
        if not plan.track.per_epoch:
            settled = plan.track.per_epoch is False or bool(np.all(now == plan.track.last_epoch))
            return raw if settled else None
        if layout.step_total is None:
            return None
        totals = _floats(columns[plan.where[layout.step_total]])
        if not ((totals > 0) & (totals < 1e15)).all():
            return None
        return np.asarray((now - plan.track.base) * totals + raw, dtype=np.float64)

    def _take(self) -> Batch:
        batch = super()._take()
        if not self._batches:
            return batch
        batches, self._batches = [*self._batches, batch], []
        return concatenate(batches)


def _floats(texts: list[str]) -> FloatArray:
    try:
        return np.fromiter(map(float, texts), np.float64, len(texts))
    except ValueError:
        return np.fromiter(map(to_float, texts), np.float64, len(texts))


_LOSS_LIKE: Final = (
    "loss", "nll", "perplex", "ppl", "cost", "objective", "rmse", "mse", "mae", "error", "reward",
    "return", "bpb", "entropy", "xent",
)  # fmt: skip
_SNIFF_LINES: Final = 250
"""Lines with a number that are tried: enough for a report to come back three times."""


class GeneralText(StreamFormat):
    """Any text that reports a loss in lines of one shape."""

    name = "text"
    title = "Text with a loss in its lines (general reader)"
    sample = "epoch 1 step 20/500 | loss: 2.3011 | lr 3.0e-04 | 1,234 tok/s"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if is_document(filename, head):
            return None
        looked = Head.of(head)
        if looked.binary:
            return None
        text = looked.text
        if text.lstrip()[:2] in ("{\n", "[\n") or not _like_loss(text.lower()):
            return None
        parser = GeneralParser()
        tried = 0
        for line in text.split("\n"):
            if _DIGIT.search(line) is None or not _like_loss(line.lower()):
                continue
            parser.line(line)
            tried += 1
            if parser.believed:
                listed = ", ".join(parser.metrics[:4])
                return Sniff(0.3, f"lines of one shape come back with {listed}")
            if tried >= _SNIFF_LINES:
                break
        return None

    def parser(self, context: Context | None = None) -> Parser:
        return GeneralParser(context)


def _like_loss(lowered: str) -> bool:
    return any(word in lowered for word in _LOSS_LIKE)


_DIGIT: Final = re.compile(r"\d")

FORMAT = GeneralText()
