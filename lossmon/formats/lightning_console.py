"""Lightning's progress bars, tqdm and Rich.

The step is the index of the batch just done, from 0 and over all epochs, as
Lightning's own loggers count (`38/38` of epoch 5 with 38 batches is step 227).
A bar repeats the values of the last validation on every frame: they make a
point only where a validation ran or a value changed.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.bars import Bar, parse_bar
from lossmon.formats.base import Context, Sniff
from lossmon.formats.console import (
    NUM,
    STEP,
    ConsoleFormat,
    ConsoleParser,
    count_lines,
    number,
    reason,
)
from lossmon.formats.head import Head
from lossmon.model import clean_name
from lossmon.model.roles import words

_EPOCH: Final = late(rf"Epoch ({STEP})(?:/({STEP}))?\Z")
_RICH: Final = late(
    rf"Epoch ({STEP})/({STEP})\s{{1,4}}[^\w\n]{{0,400}}({STEP})/({STEP})\s{{1,4}}"
    rf"[-\d:]{{1,20}} • [-\d:]{{1,20}}\s{{1,4}}{NUM}it/s"
)
_REACHED: Final = late(
    rf"Epoch ({STEP}), global step ({STEP}): '([^'\n]{{1,120}})' reached ({NUM}) \(best "
)
"""`ModelCheckpoint(verbose=True)` says each best value of what it watches."""
_STOPPED: Final = late(rf"`(?:Trainer\.)?fit` stopped: `max_(epochs|steps)=({STEP})` reached")
_INTERRUPTED: Final = ("Detected KeyboardInterrupt", "Received SIGTERM")
_EVAL: Final = frozenset({"val", "valid", "validation", "test", "eval", "dev"})
_STEP_SHOWN: Final = "global_step"
_CONTINUED: Final = " " * 16
"""Rich wraps the values under their column, far to the right."""
_MAX_VALUES_TEXT: Final = 4000
_MAX_REACHED: Final = 200


class LightningParser(ConsoleParser):
    """Frames of the training bar; the last frame of a batch holds its values."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._at: tuple[int, int] | None = None
        self._added: tuple[int, int] | None = None
        self._per_epoch = 0
        self._uncounted = 0
        """Batches of the epochs before, where the bar shows no total (`10/?`)."""
        self._values: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._validated = False
        self._of_epochs: bool | None = None
        self._done: tuple[int, dict[str, float]] = (0, {})
        """How many epochs such a bar has counted, what it shows of the last."""
        self._rich: re.Match[str] | None = None
        self._rich_text = ""
        self._shown: set[str] = set()
        self._reached: list[tuple[float, float, str, float]] = []
        """Best values that were said of metrics no bar has shown: step, epoch, name, value."""

    def record(self, text: str) -> bool:
        stopped = _STOPPED.search(text) if "stopped: `max_" in text else None
        if stopped is not None:
            # It may stand right behind a bar.
            taken = self._line(text[: stopped.start()])
            self._stop(stopped)
            return taken
        return self._line(text)

    def _line(self, text: str) -> bool:
        if self._rich is not None:
            if text.startswith(_CONTINUED) and text.strip():
                if len(self._rich_text) < _MAX_VALUES_TEXT:
                    self._rich_text += " " + text.strip()
                return True
            self._end_of_rich()
        if text.startswith("Epoch "):
            return self._bar(text)
        if text.startswith(("Validation", "Validating")):
            # Also while it is only announced: the values follow on the training bar.
            self._validated = self._at is not None
            return True
        self._message(text)
        return False

    def _stop(self, match: re.Match[str]) -> None:
        if match[1] == "epochs":
            self.info.total_epochs = float(match[2])
        else:
            self.info.total_steps = float(match[2])
        self._end_of_rich()
        self._end_of_epoch()
        self._flush()
        self.info.finished = True
        self.info.crashed = False

    def _bar(self, text: str) -> bool:
        if "━" in text or "•" in text:
            self._rich = _RICH.match(text[:_MAX_VALUES_TEXT])
            if self._rich is not None:
                self._rich_text = text[self._rich.end() : _MAX_VALUES_TEXT].strip()
                return True
        bar = parse_bar(text)
        epoch = _EPOCH.match(bar.description) if bar else None
        if bar is None or epoch is None:
            return self._best(text)
        if epoch[2] and self._counts_epochs(int(epoch[1]), int(epoch[2]), bar):
            self._epoch_frame(int(epoch[2]), bar)
            return True
        if epoch[2]:
            self.info.total_epochs = float(epoch[2]) + 1
        self._frame(int(epoch[1]), bar, bar.values)
        return True

    def _counts_epochs(self, epoch: int, epochs: int, bar: Bar) -> bool:
        """Say whether a bar counts epochs, not batches (scvi-tools): the first frame tells."""
        if self._of_epochs is not False:
            self._of_epochs = epoch > 0 and bar.total == epochs and epoch - 1 <= bar.n <= epoch
        return self._of_epochs

    def _epoch_frame(self, epochs: int, bar: Bar) -> None:
        self.info.total_epochs = float(epochs)
        values = bar.values
        values.pop("v_num", None)
        if bar.n != self._done[0]:
            self._end_of_epoch()
        if bar.n:
            self._done = (bar.n, values)

    def _end_of_epoch(self) -> None:
        """Add the values of the epoch whose last frame is known now."""
        done, values = self._done
        self._done = (done, {})
        if values:
            self.add(values, float(done), float(done))

    def _best(self, text: str) -> bool:
        """Keep a best value until it is sure that the bars do not show its metric."""
        match = _REACHED.match(text)
        value = None if match is None else number(match[4])
        if match is None or value is None:
            return False
        name = clean_name(match[3])
        if any(kept == name for _, _, kept, _ in self._reached):
            self._take_best()
        if name not in self._shown and len(self._reached) < _MAX_REACHED:
            step = max(float(match[2]) - 1, 0.0)  # that many steps were done
            self._reached.append((step, float(match[1]) + 1, name, value))
        return True

    def _take_best(self) -> None:
        reached, self._reached = self._reached, []
        for step, epoch, name, value in reached:
            if name not in self._shown:
                self.add({name: value}, step, epoch)

    def _end_of_rich(self) -> None:
        match, self._rich = self._rich, None
        if match is None:
            return
        self.info.total_epochs = float(match[2]) + 1
        values: dict[str, float] = {}
        name = ""
        for word in self._rich_text.split():
            if word.endswith(":"):
                name = word[:-1]
            elif name:
                value = number(word)
                if value is not None:
                    values[name] = value
                name = ""
        bar = Bar("", int(match[3]), int(match[4]), "")
        self._frame(int(match[1]), bar, values)

    def _frame(self, epoch: int, bar: Bar, values: dict[str, float]) -> None:
        if bar.total:
            self._per_epoch = bar.total
        values.pop("v_num", None)
        if len(self._shown) < _MAX_REACHED:
            self._shown.update(map(clean_name, values))
        at = (epoch, bar.n)
        self.info.crashed = False
        self.info.finished &= at in (self._at, self._added)
        if self._at is not None and at != self._at:
            self._flush()
            if self._validated or (epoch > self._at[0] and bar.n <= 1):
                # What is there already belongs to the position before.
                self._late(values)
        if self._at is not None and epoch > self._at[0]:
            self._uncounted += self._at[1]
        self._at = at
        if bar.n == 0:
            self._last = values
        else:
            self._values = values

    def _flush(self) -> None:
        """Add the last frame's values: those of the batch, and the epoch's that changed."""
        values, self._values = self._values, {}
        if not values or self._at is None:
            return
        batch = {name: value for name, value in values.items() if not _epoch_wide(name)}
        wide = {
            name: value
            for name, value in values.items()
            if _epoch_wide(name) and self._last.get(name) != value
        }
        self._last = values
        if batch and self._at != self._added:
            # A bar that was put down is redrawn once more.
            self._added = self._at
            self._add(batch, *self._at)
        if wide:
            self._validated = False
            self._add(wide, *self._at)

    def _late(self, values: dict[str, float]) -> None:
        """Add the epoch's values that only a later frame shows; after a validation, all of them."""
        wide = {
            name: value
            for name, value in values.items()
            if _epoch_wide(name)
            and ((self._validated and not name.endswith("_epoch")) or self._last.get(name) != value)
        }
        if wide and self._at is not None:
            self._validated = False
            self._last = {**self._last, **wide}
            self._add(wide, *self._at)

    def _add(self, values: dict[str, float], epoch: int, n: int) -> None:
        # NeMo shows the step itself.
        before = epoch * self._per_epoch if self._per_epoch else self._uncounted
        step = self._last.get(_STEP_SHOWN, before + n - 1.0)
        finished, crashed = self.info.finished, self.info.crashed
        done = epoch + n / self._per_epoch if self._per_epoch else None
        self.add(values, step, done)
        self.info.finished, self.info.crashed = finished, crashed

    def _message(self, text: str) -> None:
        if text.startswith(_INTERRUPTED) and not self.info.finished:
            self.info.crashed = True
        elif text.startswith("Sanity Checking"):
            # A new fit: nothing of an earlier one goes on.
            self._flush()
            self._at = self._added = None
            self._uncounted = 0
            self._last = {}
            self._validated = False
            self.info.finished = False

    def held_back(self) -> None:
        self._end_of_rich()
        self._end_of_epoch()
        self._take_best()
        last = self._values
        self._flush()
        if self._validated:
            self._late(last)


def _epoch_wide(name: str) -> bool:
    return name.endswith("_epoch") or bool(_EVAL.intersection(words(name)))


_TQDM_FRAME: Final = late(
    rf"(?m)^Epoch {STEP}(?:/{STEP})?:\s{{1,4}}(?:\d{{1,3}}%|(?:\d{{1,3}}%)?\|[^|\n]{{0,400}}\|)"
    rf" {STEP}/(?:{STEP}|\?) \[[^\]\n]{{1,2000}}\]"
)
_OWN: Final = (
    "v_num=",
    "v_num:",
    "Validation DataLoader",
    "Sanity Checking",
    "`Trainer.fit` stopped",
    "Modules in train mode",
    "GPU available:",
)


class Lightning(ConsoleFormat):
    """Console of Lightning and PyTorch Lightning."""

    name = "lightning-console"
    title = "Lightning console (tqdm and Rich bars)"
    sample = (
        "Epoch 3: 100%|██████████| 38/38 [00:00<00:00, 99.1it/s, v_num=0, train_loss=1.110,"
        " val_loss=0.886]\nEpoch 7/7  ━━━━━━━━━━━━━━━━━ 38/38 0:00:00 • 0:00:00 74.13it/s v_num: 0"
    )
    needles = ("Epoch ",)
    signature = _TQDM_FRAME
    parser_class = LightningParser

    def judge(self, head: Head) -> Sniff | None:
        rich, first = count_lines(_RICH, head, ("it/s",)) if head.holds("━") else (0, "")
        if rich:
            return Sniff(0.93, reason(rich, first))
        if any(map(head.holds, _OWN)) and (bars := super().judge(head)) is not None:
            return bars
        best, first = count_lines(_REACHED, head, (" reached ",))
        return Sniff(0.9, reason(best, first)) if best else None


FORMAT = Lightning()
