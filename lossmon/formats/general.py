"""The reader for text that nobody foresaw: `general_lines` learns what its lines say.

Here rows of believed shapes are taken a block at a time.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lossmon.formats._counts import with_points
from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.formats.console import is_document
from lossmon.formats.general_head import lines_like_loss
from lossmon.formats.general_lines import FAST_AFTER, GeneralLines
from lossmon.formats.general_plan import Plan, floats
from lossmon.formats.general_shape import expression
from lossmon.formats.general_track import MAX_EPOCH, MAX_STEP, RECENT
from lossmon.formats.head import Head
from lossmon.formats.lines import strip_ansi
from lossmon.model import Batch, Column, concatenate
from lossmon.model.batch import FloatArray


class GeneralParser(GeneralLines):
    """Matches whole blocks with the expression of the shape that comes most often."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._fast: Plan | None = None
        self._batches: list[Batch] = []

    def block(self, block: bytes) -> None:
        text = strip_ansi(block.decode("utf-8", "replace"))
        if self.commas:
            text = with_points(text)
        plan = self._fast
        if plan is None or plan.pattern is None or len(text) < 2048:
            self._lines(text)
            self._choose_fast()
            return
        pieces = plan.pattern.split(text)
        width = plan.pattern.groups + 1
        gaps = pieces[::width]
        if len(gaps) * len(plan.shape) * 4 < len(text):
            # The log went on with other lines, or with numbers that look otherwise.
            self._fast, plan.pattern, plan.wide = None, None, True
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
        if best is None or best.seen < FAST_AFTER or not best.track.accepted or best.bar:
            return
        if best.pattern is None:
            best.pattern = expression(
                best.shape, best.layout, best.sample, best.wide, best.prefixed
            )
        self._fast = best

    def _block_rows(self, plan: Plan, pieces: list[str], width: int, start: int, stop: int) -> None:
        """Take rows `start` to `stop` of a split block, all of one shape."""
        if stop <= start:
            return
        self._give_back()
        first, last = start * width + 1, stop * width
        rows = stop - start
        if rows >= 8 and self._columns(
            plan, [pieces[first + place : last : width] for place in range(width - 1)], rows
        ):
            return
        for index in range(start, stop):
            at = index * width + 1
            self._row(plan, pieces[at : at + width - 1])

    def _columns(self, plan: Plan, columns: list[list[str]], rows: int) -> bool:
        """Take rows as columns; False where a line's meaning rests on the one before."""
        layout = plan.layout
        if layout.step is None or layout.validating:
            return False
        if layout.rank is not None or layout.label is not None:
            return False
        raw = floats(columns[plan.where[layout.step]])
        epochs: FloatArray | None = None
        if layout.epoch is not None:
            epochs = floats(columns[plan.where[layout.epoch]])
            if not (np.abs(epochs) < MAX_EPOCH).all():
                return False
        if not (np.abs(raw) < MAX_STEP).all():
            return False
        laps = [self._epoch] * rows if epochs is None else epochs.tolist()
        if plan.repeats(columns, laps):
            return False
        totals = None
        if layout.step_total is not None:
            totals = floats(columns[plan.where[layout.step_total]])
        lap = self._epoch if epochs is None else epochs
        steps = plan.track.positions(raw, lap, totals)
        if steps is None:
            return False
        if lap is None and not layout.batchwise and totals is None and plan.loss_place is not None:
            plan.track.note_losses(floats(columns[plan.loss_place][-RECENT:]).tolist())
        plan.track.last_said = plan.said([column[-1] for column in columns], laps[-1])
        total = None if totals is None else float(totals[-1])
        self._trained = (laps[-1], float(raw[-1]), total)
        self._totals(plan, [column[-1] for column in columns])
        self._evaluating = False
        self._step = float(steps[-1])
        if epochs is not None:
            self._epoch = float(epochs[-1])
        elif self._epoch is not None:
            epochs = np.full(rows, self._epoch)
        plan.seen += rows
        made = tuple(
            Column(name, floats(columns[place]))
            for name, place in zip(plan.track.names, plan.places, strict=True)
        )
        self.info.finished = self.info.crashed = False
        if len(self.rows):
            self._batches.append(self.rows.take())
        self._batches.append(Batch(steps, made, epochs))
        return True

    def _take(self) -> Batch:
        batch = super()._take()
        if not self._batches:
            return batch
        batches, self._batches = [*self._batches, batch], []
        return concatenate(batches)


_SNIFF_SHAPES: Final = 80
"""Shapes that are tried: a report's comes back before so many others were seen."""


class GeneralText(StreamFormat):
    """Any text that reports a loss in lines of one shape."""

    name = "text"
    last_resort = True
    surest = 0.3
    title = "Text with a loss in its lines (general reader)"
    sample = "epoch 1 step 20/500 | loss: 2.3011 | lr 3.0e-04 | 1,234 tok/s"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if is_document(filename, head):
            return None
        looked = Head.of(head)
        if looked.binary:
            return None
        text = looked.text
        if text.lstrip()[:2] in ("{\n", "[\n") and "\n}\n{\n" not in text:
            return None  # a JSON document
        if ",sha256=" in text[:4096]:
            return None  # a list of files with their sums, such as every wheel has
        if "\n@@ -" in text or text.startswith("── "):
            return None  # a patch, a report of lossmon's own
        parser = GeneralParser()
        for line in lines_like_loss(looked):
            parser.line(line)
            if parser.believed:
                listed = ", ".join(parser.metrics[:4])
                return Sniff(self.surest, f"lines of one shape come back with {listed}")
            if parser.shapes > _SNIFF_SHAPES:
                break
        return None

    def parser(self, context: Context | None = None) -> Parser:
        return GeneralParser(context)


FORMAT = GeneralText()
