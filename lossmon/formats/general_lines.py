"""The reader for text that nobody foresaw: it learns the shapes of lines that report a loss.

Lines that one statement printed differ in their numbers alone. A shape counts
as a report of training when it came back with a loss beside a counter that
rises, or with a loss that changes; until then its rows are held. So source
code, tables of settings and the summary at the end give no points: they do not
come back. Once one shape is believed, others need to come back once only.
"""

from __future__ import annotations

import math
from typing import Final

from lossmon.formats._counts import says_decimal_commas, with_points
from lossmon.formats._late import late
from lossmon.formats._log_prefix import without_prefix
from lossmon.formats.base import Context
from lossmon.formats.console import ConsoleParser, rank_of
from lossmon.formats.general_dicts import continues_dict, opens_dict, plain
from lossmon.formats.general_layout import Layout
from lossmon.formats.general_meaning import MAX_SHAPE, layout_of
from lossmon.formats.general_names import with_split
from lossmon.formats.general_plan import Plan
from lossmon.formats.general_shape import shape_of, split_numbers
from lossmon.formats.general_track import MAX_EPOCH, MAX_STEP, Row, Track, told
from lossmon.formats.pairs import to_float
from lossmon.model import clean_name
from lossmon.model.roles import words

MAX_LINE_LENGTH: Final = 1 << 14
"""Characters; a longer line is data, or a record of another kind."""
FAST_AFTER: Final = 32
"""Lines of a shape before blocks are matched with its expression."""
MAX_SHAPES: Final = 2000
"""Shapes remembered; when full, those that report nothing are forgotten."""
MAX_PLANS: Final = 400
"""Shapes with metrics followed; a log has tens, free text with numbers may have thousands."""
_EVAL_FILES: Final = frozenset(("val", "valid", "validation", "validations", "eval", "dev"))
_TRAIN_FILES: Final = frozenset(("train", "training"))
"""Words of a file's name that say what its losses were measured on."""
_MAX_HEADING: Final = 120
_EVALUATES: Final = late(
    r"(?i)\b(?:evaluat(?:e|ing|ion)|validat(?:e|ing|ion)|eval)\b(?!/)|^\W{0,12}(?:test|val|valid|dev)\b"
)
_EVALUATED: Final = ("val", "test", "dev")
"""One of them stands in whatever `_EVALUATES` finds, which takes ten times as long to say no."""
_TRAINS: Final = late(r"(?i)\b(?:train(?:ing)?|epoch)\b")


class GeneralLines(ConsoleParser):
    """Takes lines one by one; see the module's words."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self.believed = False
        self._shapes: dict[str, Plan | None] = {}
        self._plans: list[Plan] = []
        self._evaluating = False
        self._known: set[str] = set()
        self._stepwise: set[tuple[str, ...]] = set()
        self._opened: list[str] = []
        self._tracks: dict[tuple[object, ...], Track] = {}
        self._step: float | None = None
        self._epoch: float | None = None
        stem = set(words(self.context.filename))
        self._split = "val" if stem & _EVAL_FILES and not stem & _TRAIN_FILES else ""
        self._trained: tuple[float | None, float | None, float | None] = (None, None, None)
        """Where the last line of training stood: epoch, its counter, the total beside that."""
        self._said_length = 0.0
        self._speaker: str | None = None
        self.commas = False
        """Decimal points are printed as commas."""
        self._settled = False
        """Lines of one shape are many: how numbers look is not asked any more."""
        self._tag: str | None = None
        """The process that is read, where a logger's prefix stands before what tells it."""
        self._number = 0

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics that are read."""
        tracks = [track for track in self._tracks.values() if track.accepted]
        return list(dict.fromkeys(name for track in tracks for name in track.names))

    @property
    def shapes(self) -> int:
        """How many shapes of lines were seen."""
        return len(self._shapes)

    # Lines

    def record(self, text: str) -> bool:
        if len(text) > MAX_LINE_LENGTH:
            return False
        said = without_prefix(text)
        prefixed = len(said) < len(text)
        if prefixed:
            rank, said = rank_of(said)
            if rank is not None and self._tag not in (None, rank):
                return False
            self._tag = self._tag or rank
        if self._opened:
            if continues_dict(said, len(self._opened)):
                self._opened.append(said)
                return "}" in said and self._said(self._joined(), prefixed)
            self._give_back()
        if opens_dict(said):
            self._opened = [said]
            return False
        return self._said(plain(said), prefixed)

    def _joined(self) -> str:
        lines, self._opened = self._opened, []
        return " ".join(line.strip(" ") for line in lines)

    def _give_back(self) -> None:
        """Take the lines of what looked like a dictionary one by one."""
        lines, self._opened = self._opened, []
        for line in lines:
            self._said(line, False)

    def held_back(self) -> None:
        self._give_back()

    def _said(self, text: str, prefixed: bool) -> bool:
        """Take what a script said: a line without its logger's prefix."""
        if "," in text:
            if not self.commas and not self._settled:
                self.commas = says_decimal_commas(text)
            if self.commas:
                text = with_points(text)
        parts = split_numbers(text)
        if len(parts) < 3:
            self._heading(text)
            return False
        shape = shape_of(parts)
        try:
            plan = self._shapes[shape]
        except KeyError:
            plan = self._learn(shape, parts, "%|" in text)
        if plan is not None:
            plan.prefixed |= prefixed
        if plan is None or plan.track.rejected:
            return False
        values = parts[1::2]
        if not plan.layout.metrics:
            self._heading(text)
        self._row(plan, [values[index] for index in plan.used])
        return plan.layout.has_loss

    def _heading(self, text: str) -> None:
        """A line without metrics may say that an evaluation begins, or that it is over."""
        if len(text) > _MAX_HEADING:
            return
        lowered = text.lower()
        if any(word in lowered for word in _EVALUATED) and _EVALUATES.search(text) is not None:
            self._evaluating = True
        elif self._evaluating and _TRAINS.search(text) is not None:
            self._evaluating = False

    def _learn(self, shape: str, parts: list[str], bar: bool) -> Plan | None:
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes = {
                key: kept for key, kept in self._shapes.items() if kept and kept.track.accepted
            }
        if len(shape) > MAX_SHAPE + 64:
            return None
        layout = layout_of(parts[::2], parts[1::2], self._split)
        plan = None
        if layout is not None and len(self._plans) < MAX_PLANS:
            plan = Plan(shape, layout, self._track(layout), parts[1::2], bar)
            if layout.metrics:
                self._plans.append(plan)
        self._shapes[shape] = plan
        return plan

    def _track(self, layout: Layout, prefix: str = "") -> Track:
        names = [clean_name(with_split(name, prefix)) for _, name in layout.metrics]
        key = (
            *names,
            layout.step is None,
            layout.epoch is None,
            layout.batchwise,
            layout.validating,
            layout.rank is None,
            layout.guessed,
        )
        return self._tracks.setdefault(key, Track(layout, names))

    def _row(self, plan: Plan, texts: list[str]) -> None:
        """Take the numbers of one line of a plan's shape (those that matter, as text)."""
        if plan.counts_epochs(self._number + 1, texts):
            self._recount(plan)
            return
        layout, track = plan.layout, plan.track
        plan.seen += 1
        self._settled |= plan.seen >= FAST_AFTER
        if self._evaluating and layout.metrics:
            if layout.counts:
                self._evaluating = False
            else:
                track = plan.eval_track = plan.eval_track or self._track(layout, "val")
        if layout.label is not None and plan.labels_tasks(texts):
            layout.rank, layout.label = layout.label, None
            self._speaker = self._speaker or plan.spoke
        rank = plan.place(layout.rank)
        if rank is not None:
            # All ranks print the same: the first one seen speaks for them.
            self._speaker = self._speaker or texts[rank]
            if texts[rank] != self._speaker:
                return
        place = plan.place(layout.epoch)
        epoch = None if place is None else to_float(texts[place])
        if epoch is not None and not abs(epoch) < MAX_EPOCH:
            return
        place = plan.place(layout.step)
        raw = None if place is None else to_float(texts[place])
        if raw is not None and not abs(raw) < MAX_STEP:
            return
        lap = self._epoch if epoch is None else epoch
        if plan.says_again(track, texts, lap):
            return
        total = self._totals(plan, texts)
        if layout.validating:
            beside = (lap, raw, total) == self._trained
            if raw is None or total is None or not (beside or raw >= total - 1):
                return  # one batch of an evaluation is no point
            raw = None
        step = None
        if raw is not None:
            if lap is None and not layout.batchwise and total is None:
                track.note_lap(raw, plan.loss(texts))
            track.said_length = self._said_length
            step = track.position(raw, lap, total)
            if layout.plural and layout.epoch is not None:
                self._said_length = raw  # `Epoch: 3, Steps: 225`
            self.info.steps_estimated |= track.estimated
        if layout.plural and not (layout.has_loss or layout.has_score):
            return  # `Namespace(epochs=6, lr=0.1)`: settings
        if not layout.metrics:
            self._header(step, epoch)
            return
        if not layout.counts and all(texts[place].lstrip("+-").isdigit() for place in plan.places):
            return  # `loss = 0`: code, a setting, a count
        values = [to_float(texts[place]) for place in plan.places]
        if not track.accepted and not track.zero:
            shown = zip(values, plan.places, strict=True)
            track.zero = any(value == 0 and "." in texts[place] for value, place in shown)
        if plan.bar:
            row = (step or 0.0, *values)
            if row == track.last_row:
                return  # a bar drawn again
            track.last_row = row
        if not layout.validating:
            self._trained = (lap, raw, total)
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
        self._number += 1
        self._place(track, Row(self._number, values, step, self._epoch, counter))

    def _recount(self, plan: Plan) -> None:
        """Read a plan's lines again, whose `a/b` were epoch and batch."""
        layout = plan.layout
        layout.epoch, layout.step, layout.step_total = layout.step, layout.step_total, None
        layout.batchwise = True
        for texts in plan.take_epochs(self._track(layout)):
            self._row(plan, texts)

    def _header(self, step: float | None, epoch: float | None) -> None:
        """A line of counters alone (`Epoch 3/10`) says where the next lines stand."""
        if epoch is not None:
            self._epoch = epoch
        if step is not None:
            self._step = step

    def _totals(self, plan: Plan, texts: list[str]) -> float | None:
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

    # Belief

    def _place(self, track: Track, row: Row) -> None:
        if track.accepted:
            self._add(track, row)
            return
        track.held.append(row)
        if self._convinces(track):
            self._accept(track)
        else:
            track.give_up()

    def _accept(self, track: Track) -> None:
        """Believe a track, and those that become credible with it; take their rows in order."""
        accepted = [track]
        for one in accepted:  # grows while it is walked
            one.accept()
            self.info.steps_estimated |= one.counting or one.estimated
            self.believed = True
            if one.layout.counts:
                self._known.update(one.names)
            if one.layout.step is not None and not one.layout.validating:
                self._stepwise.update(map(told, one.names))
            elif one.layout.epoch is not None:
                one.name_means(self._stepwise)
            accepted += [
                other
                for other in self._tracks.values()
                if other.held
                and not any(other is one for one in accepted)
                and self._convinces(other)
            ]
        held = [(row.number, one, row) for one in accepted for row in one.held]
        for _, one, row in sorted(held, key=lambda entry: entry[0]):
            self._add(one, row)
        for one in accepted:
            one.held = []

    def _convinces(self, track: Track) -> bool:
        placed = self._step is not None or self._epoch is not None
        return track.convinces(self.believed, placed, self._known)

    def _add(self, track: Track, row: Row) -> None:
        step = row.step
        if track.counting or step is None:
            step = track.count(row.epoch)
        self.add(zip(track.names, row.values, strict=True), step, row.epoch)
