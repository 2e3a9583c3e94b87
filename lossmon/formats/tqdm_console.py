"""Progress bars with numbers behind them: accelerate and diffusers scripts, and tqdm in general.

`Steps:   1%|          | 2/228 [00:00<00:18, 12.32it/s, lr=0.001, step_loss=2.27]`
is one bar for the whole training, its counter is the step. Where each epoch
has a bar of its own (`Epoch 3/6: …`), epochs are put one after the other. A
counter is redrawn many times (micro-batches, refreshed postfix, a counter that
is only now and then brought up to date): its last frame is kept, so a point
belongs to its step to within what the bar itself shows. Bars of epochs hold
samples of running values, and the script often prints the epoch's true means
after them; so their names begin with `bar/`, and the printed ones go first.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import Final

from lossmon.formats._late import late
from lossmon.formats._log_prefix import without_prefix
from lossmon.formats.bars import Bar, parse_bar
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number
from lossmon.model import Role, role_of
from lossmon.record import record

_EVAL_WORDS: Final = late(
    r"(?<![a-z])(?:eval\w{0,8}|vali?|valid\w{0,7}|test\w{0,3}|dev)(?![a-z])", re.I
)
_EPOCH_OF: Final = late(rf"epoch\s?#?:?\s?\[?({STEP})(?:\s?/\s?({STEP}))?", re.I)
_OF_AN_EPOCH: Final = late(r"epoch|train(?!\w* steps)", re.I)
_TOTAL: Final = late(rf"Total optimization steps = ({STEP})")
_NUM_EPOCHS: Final = late(rf"Num Epochs = ({STEP})")
_SUMMARY: Final = late(
    rf"\s{{0,8}}\[?[Ee]poch[\s:#]{{0,3}}({STEP})(?:\s?/\s?{STEP})?\]?[\s:,|-]{{1,4}}(?=[A-Za-z])"
)
_EVALUATED: Final = late(r"\W{0,8}(test|val|valid|validation|eval|evaluation|dev)(?:\b|_)", re.I)
_SUMMARY_PAIR: Final = late(rf"([A-Za-z][A-Za-z_. /]{{0,40}}?)\s?[=:]\s?({NUM})%?(?=$|[\s,;|)\]])")
_SPLATTED: Final = late(rf"\[ITER ({STEP})\] Evaluating (train|test): L1 ({NUM}) PSNR ({NUM})")
"""Gaussian splatting evaluates between the frames of its bar."""
_WHOLE_TRAINING: Final = frozenset({"steps", "train steps", "training steps", "optimizer steps"})
_MAX_TRACKS: Final = 16
_DIGITS: Final = late(r"\d{1,20}")
_LOSS_ROLES: Final = frozenset({Role.TRAIN_LOSS, Role.EVAL_LOSS})


@record(frozen=False)
class _Track:
    """Bars of one description (its numbers left out), one after the other."""

    offset: float = 0.0
    n: int = -1
    total: int | None = None
    description: str = ""
    whole: bool = False
    """Counts the steps of the whole training."""
    pending: dict[str, float] = field(default_factory=dict)
    passed: bool = False
    """A bar of something else was drawn since: the next frame may be of a new bar."""
    flushed: dict[str, float] = field(default_factory=dict)
    """What a full bar said that a line followed: with other numbers it is a new one's."""
    drawn: int = -1
    """An evaluation's: frames of the training's bar that were drawn before its last one."""
    said: dict[str, float] = field(default_factory=dict)
    """What the last full frame of an evaluation's bar said."""


class TqdmParser(ConsoleParser):
    """Frames of bars; lines that sum up an epoch stand at its last step."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._tracks: dict[str, _Track] = {}
        self._main: str | None = None
        self._declared: int | None = None
        self._step = 0.0
        self._drawn = 0
        self._once: dict[tuple[str, ...], tuple[float, dict[str, float]] | None] = {}
        """Evaluations printed so far in one line only, by their names; None: more than one."""

    def record(self, text: str) -> bool:
        bar = parse_bar(text) if "it [" in text or "| " in text else None
        if bar is None:
            return self._plain(text)
        values = bar.values
        bar = bar._replace(description=without_prefix(bar.description))
        key = _DIGITS.sub("#", bar.description[:80])
        if "loss" in key.lower():
            # A loss in the description changes with every frame.
            key = key.lower().split("loss", 1)[0]
        track = self._tracks.get(key)
        if track is None:
            if not any(role_of(name) in _LOSS_ROLES for name in values):
                return False
            if len(self._tracks) >= _MAX_TRACKS:
                return False
            track = self._tracks[key] = _Track()
        if _EVAL_WORDS.search(bar.description):
            return self._evaluation(bar, track, values)
        if key != self._main and _evaluates(values):
            return self._evaluation(bar, track, values)
        if self._main is None:
            self._main = key
        if key != self._main:
            return False
        self._drawn += 1
        if not values and track.total not in (None, bar.total):
            # Bars without a description are of one track: this one is of an evaluation.
            self._flush_main()
            track.passed = True
            return False
        self._training(bar, track, values)
        return True

    def _training(self, bar: Bar, track: _Track, values: dict[str, float]) -> None:
        if track.flushed:
            # The next epoch's bar, of which only the last frame was kept.
            changed = track.flushed != values and track.flushed.keys() == values.keys()
            track.passed |= changed and bar.n == track.n == track.total
            track.flushed = {}
        if bar.n != track.n or bar.description != track.description or track.passed:
            self._flush(track)
            if self._begins_anew(bar, track):
                track.offset += track.total or track.n
            track.n, track.total, track.description = bar.n, bar.total, bar.description
            track.whole = self._is_whole(bar)
            track.passed = False
            self._totals(bar, track)
            self._note_end(track.offset + bar.n)
        # Nothing was done yet at 0: what stands there is the first batch's at the earliest.
        if values and bar.n > 0:
            track.pending = values
        if bar.total is not None and bar.n >= bar.total:
            self._step = track.offset + bar.n

    def _begins_anew(self, bar: Bar, track: _Track) -> bool:
        if track.n < 0 or self._is_whole(bar):
            return False
        if bar.n < track.n or (track.passed and bar.n == track.n):
            return True
        if bar.description == track.description or _counts_epochs(bar, track):
            return False
        said, before = bar.description.lower(), track.description.lower()
        if "loss" not in said:
            return True
        # With a loss in it the description changes all the time: what stands before it counts.
        full = bar.n == track.n == track.total
        return full and said.split("loss", 1)[0] != before.split("loss", 1)[0]

    def _is_whole(self, bar: Bar) -> bool:
        # `Epoch 1/10, Steps` counts the steps of the run, and says the epoch beside.
        counted = bar.description.lower().rpartition(", ")[2]
        return bar.total is not None and (bar.total == self._declared or counted in _WHOLE_TRAINING)

    def _totals(self, bar: Bar, track: _Track) -> None:
        if bar.total is None:
            return
        if self._is_whole(bar):
            self.info.total_steps = float(bar.total)
        elif (match := _EPOCH_OF.search(bar.description)) and match[2]:
            self.info.total_epochs = float(match[2])
            self.info.total_steps = float(match[2]) * bar.total

    def _flush(self, track: _Track) -> None:
        values, track.pending = track.pending, {}
        if not values:
            return
        step = track.offset + track.n
        epoch = None
        of_an_epoch = not track.whole and _OF_AN_EPOCH.search(track.description) is not None
        if track.total and (track.offset or of_an_epoch):
            epoch = step / track.total
        self._step = step
        if of_an_epoch:
            values = {f"bar/{name}": value for name, value in values.items()}
        self.add(values, step, epoch)
        self._note_end(step)

    def _note_end(self, step: float) -> None:
        self.info.finished = self.info.total_steps is not None and step >= self.info.total_steps

    def _evaluation(self, bar: Bar, track: _Track, values: dict[str, float]) -> bool:
        if bar.total is None or bar.n < bar.total or not values:
            track.n = bar.n
            return True
        if track.n == bar.n and (track.drawn == self._drawn or track.said == values):
            return True
        track.n, track.drawn, track.said = bar.n, self._drawn, values
        named = {
            name if _EVAL_WORDS.search(name) else f"val_{name}": value
            for name, value in values.items()
        }
        self._flush_main()
        finished = self.info.finished
        self.add(named, self._step)
        self.info.finished = finished
        return True

    def _plain(self, text: str) -> bool:
        self._flush_main()
        if match := _TOTAL.search(text[:400]):
            self._declared = int(match[1])
            self.info.total_steps = float(match[1])
            return False
        if match := _NUM_EPOCHS.search(text[:400]):
            self.info.total_epochs = float(match[1])
            return False
        if "] Evaluating " in text and (found := _SPLATTED.match(text)) is not None:
            finished = self.info.finished
            values = {f"{found[2]}/L1": float(found[3]), f"{found[2]}/PSNR": float(found[4])}
            self.add(values, float(found[1]))
            self.info.finished = finished
            return True
        text = without_prefix(text)
        evaluated = _EVALUATED.match(text)
        match = _SUMMARY.match(text) or evaluated
        if match is None or not self._tracks:
            return False
        start = match.start(1) if match is evaluated else match.end()
        values = {}
        for pair in _SUMMARY_PAIR.finditer(text[:1000], start):
            value = number(pair[2])
            if value is not None:
                values[pair[1].strip()] = value
        if not any(role_of(name) in _LOSS_ROLES for name in values):
            return False
        if match is evaluated:
            return self._evaluated(match[1].lower(), values)
        finished = self.info.finished
        self.add(values, self._step)
        self.info.finished = finished
        return True

    def _evaluated(self, split: str, values: dict[str, float]) -> bool:
        """Take a line like `Test set: Average loss: 0.02`; one that comes once is a summary."""
        prefix = "test" if split.startswith("test") else "val"
        named = {
            name if role_of(name) is Role.EVAL_LOSS else f"{prefix}/{name}": value
            for name, value in values.items()
        }
        key = tuple(named)
        if key not in self._once:
            if len(self._once) < _MAX_TRACKS:
                self._once[key] = (self._step, named)
            return False
        finished = self.info.finished
        first = self._once[key]
        if first is not None:
            self._once[key] = None
            self.add(first[1], first[0])
        self.add(named, self._step)
        self.info.finished = finished
        return True

    def _flush_main(self) -> None:
        if self._main is not None:
            track = self._tracks[self._main]
            # A line in between does not end a counter, unless the bar is full.
            if track.total is not None and track.n >= track.total:
                track.flushed = track.pending or track.flushed
                self._flush(track)

    def held_back(self) -> None:
        if self._main is not None:
            self._flush(self._tracks[self._main])


def _counts_epochs(bar: Bar, track: _Track) -> bool:
    """Say whether a bar's description names the epoch that the bar itself counts."""
    here, before = _EPOCH_OF.search(bar.description), _EPOCH_OF.search(track.description)
    if here is None or before is None or bar.total != track.total or track.n == track.total:
        return False
    return bar.n - track.n == int(here[1]) - int(before[1]) > 0


def _evaluates(values: dict[str, float]) -> bool:
    """Say whether a bar's losses are all of an evaluation."""
    found = {role_of(name) for name in values} & _LOSS_ROLES
    return found == {Role.EVAL_LOSS}


_STEPS_BAR: Final = late(
    rf"(?m)^Steps:\s{{1,4}}\d{{1,3}}%\|[^|\n]{{0,400}}\| {STEP}/{STEP} \[[^\]\n]{{0,400}}loss="
    + NUM
)
_LOSS_BAR: Final = late(
    rf"\d{{1,3}}%\|[^|\n]{{0,400}}\| {STEP}/{STEP} \[[^\]\n]{{0,300}}loss\w{{0,20}}(?:=|: ?){NUM}"
    rf"|(?i:loss)[=: ]{{1,2}}{NUM}[^|\n]{{0,60}}\d{{1,3}}%\|[^|\n]{{0,400}}\| {STEP}/{STEP} \["
    rf"|{STEP}it \[[^\]\n]{{0,300}}loss\w{{0,20}}(?:=|: ?){NUM}",
    re.I,
)


class Accelerate(ConsoleFormat):
    """Console of the training examples of accelerate and diffusers."""

    name = "accelerate-console"
    title = "accelerate / diffusers example console (one bar of steps)"
    sample = "Steps:   1%|          | 2/228 [00:00<00:18, 12.32it/s, lr=0.001, step_loss=2.27]"
    needles = ("Steps: ",)
    signature = _STEPS_BAR
    parser_class = TqdmParser


class TqdmPostfix(ConsoleFormat):
    """Any tqdm bar with a loss in its postfix or description."""

    name = "tqdm"
    title = "tqdm bars with a loss (set_postfix, set_description)"
    sample = "Epoch 1/6: 100%|██████████| 40/40 [00:00<00:00, 310.3it/s, loss=1.2345, lr=0.003]"
    needles = ("%|", "it [")
    marks = ("loss=", "loss: ", "Loss=", "Loss: ", "loss ", "LOSS")
    signature = _LOSS_BAR
    confidence = 0.6
    parser_class = TqdmParser


FORMATS = (Accelerate(), TqdmPostfix())
