"""The Hugging Face Trainer's console, of transformers 4 and 5 and all that is built on it.

`{'loss': '5.334', 'grad_norm': '3.127', 'learning_rate': '0.00135', 'epoch': '0.003413'}`

A line carries no step. Where the progress bar goes to the same place it is
redrawn right after the line, at the step of the line; else steps are worked
out from the epochs: exactly where the log says how many steps an epoch has,
else with the likeliest logging interval (`RunInfo.steps_estimated`).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from lossmon.formats._epoch_steps import MAX_EPOCH, EpochSteps
from lossmon.formats._late import late
from lossmon.formats._logging_interval import NEEDED
from lossmon.formats.bars import Bar, parse_bar
from lossmon.formats.base import Context, Sniff
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser, number
from lossmon.formats.head import Head
from lossmon.formats.hf_lines import START, DictLines, find_piece, find_run, is_evaluation
from lossmon.model import Batch, concatenate

_PAIR: Final = late(
    r"'([^']{1,200})':\s{0,8}'?(?:np\.\w{1,12}\()?([^,'(){}\s]{1,400})\)?'?\s{0,8}[,}]"
)
_STEP_OF: Final = late(r"'global_step/max_steps': '(\d{1,15})/(\d{1,15})'")
"""ms-swift says in each line where it stands."""
_HEADER: Final = late(
    r"(Num examples|Num Epochs|Total (?:train )?batch size|Total (?:optimization )?steps)"
    r"[^=|]{0,80}= ([\d,]{1,24})(?![\w.])"
)
_JOINED: Final = late(r"(?<=\}) \{'")
_MAX_PENDING: Final = 256
"""Lines that wait for a bar at most."""
_PIECE: Final = 32768
"""At most so many bytes of what was refused are read line by line before another try."""
_LINE_BY_LINE: Final = 2048
"""At least so many."""


class _Logged(NamedTuple):
    """One line: its numbers, its epoch, and whether it is an evaluation."""

    values: dict[str, float]
    epoch: float
    is_eval: bool


class HFConsoleParser(ConsoleParser):
    """Dict lines; a bar, or the order of the lines, says at which step they stand."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._pending: list[_Logged] = []
        self._by_bar: bool | None = None
        self._main_total: int | None = None
        self._last_step = 0.0
        self._interval = 0.0
        self._by_epoch = EpochSteps()
        self._header: dict[str, float] = {}
        self._lines = DictLines()
        self._ready: list[Batch] = []

    # Lines, one at a time.

    def record(self, text: str) -> bool:
        start = text.find("{'")
        if start >= 0 and "'epoch':" in text:
            if "%|" in text[:start]:
                self._bar_line(text[:start])
            if "} {'" not in text:
                return self._dict(text[start:])
            # Lines joined by blanks: a console that was copied, or quoted in a document.
            taken = [self._dict("{'" + one) for one in _JOINED.split(text[start + 2 :])]
            return any(taken)
        if "%|" in text:
            self._bar_line(text)
        elif " = " in text:
            # Unsloth puts several of these into one line, and shortens two.
            for match in _HEADER.finditer(text[:300]):
                name = match[1].replace("train ", "").replace("optimization ", "")
                self._header[name] = number(match[2]) or 0.0
                self._totals()
        elif text.startswith("trainable params:"):
            self.fact("trainable parameters", text[17:].split("||", 1)[0])
        return False

    def _dict(self, text: str) -> bool:
        values: dict[str, float] = {}
        for pair in _PAIR.finditer(text):
            value = number(pair[2])
            if value is not None:
                values[pair[1]] = value
        epoch = values.pop("epoch", None)
        if epoch is None or not 0 <= epoch <= MAX_EPOCH:
            self.bad_records += 1
            return False
        if not values:
            return False
        if "train_runtime" in values:
            # The summary of the whole run (`train_loss` is its mean): no point of a curve.
            self._resolve_without_bar()
            self.info.finished = True
            self.info.crashed = False
            return False
        if "'global_step/max" in text and (match := _STEP_OF.search(text)) is not None:
            values["step"] = float(match[1])
            self.info.total_steps = float(match[2])
        self._log(_Logged(values, epoch, is_evaluation(values)))
        return True

    def _log(self, logged: _Logged) -> None:
        if "mean_token_accuracy" in logged.values and "rewards/margins" not in logged.values:
            # TRL's supervised fine-tuning: the mean cross-entropy of a token.
            self.info.loss_unit = "nats"
        if "step" in logged.values:
            step = logged.values.pop("step")
            self._emit(logged, step)
        elif self._by_bar is False and self._tells_steps():
            self._emit(logged, self._estimate(logged))
        else:
            self._wait(logged)

    def _wait(self, logged: _Logged) -> None:
        """Keep a line until a bar says its step, or enough lines came without one."""
        before = sum(not other.is_eval for other in self._pending)
        self._pending.append(logged)
        if before and not logged.is_eval and self._by_bar is None:
            self._by_bar = False
        enough = self._tells_steps() or before + (not logged.is_eval) >= NEEDED
        if (self._by_bar is False and enough) or len(self._pending) > _MAX_PENDING:
            self._resolve_without_bar()

    def _tells_steps(self) -> bool:
        """Whether epochs can be turned into steps."""
        return self._by_epoch.decided or self._steps_per_epoch() is not None

    def _bar_line(self, text: str) -> None:
        if not self._pending and self._main_total is not None:
            # Most lines of such a console are redraws that nothing waits for.
            return
        bar = parse_bar(text)
        if bar is not None and not bar.description and bar.total:
            self._bar(bar, bar.total)

    def _bar(self, bar: Bar, total: int) -> None:
        if self._main_total is None:
            self._main_total = total
        if not self._pending or self._by_bar is False:
            return
        if any(not logged.is_eval for logged in self._pending):
            # While training goes on only its own bar is alive.
            self._main_total = total
        elif total != self._main_total:
            return
        self._by_bar = True
        self.info.total_steps = float(total)
        self._resolve(float(bar.n))

    # Steps.

    def _resolve(self, step: float) -> None:
        """Put the waiting lines at a bar's step (several training lines: spaced before it)."""
        pending, self._pending = self._pending, []
        behind = sum(not logged.is_eval for logged in pending)
        for logged in pending:
            if not logged.is_eval:
                behind -= 1
                at = max(step - behind * self._interval, 0.0)
                if behind == 0 and at > self._last_step:
                    self._interval = at - self._last_step
                self._last_step = at
                self._emit(logged, at)
            else:
                self._emit(logged, step if behind == 0 else self._last_step)

    def _resolve_without_bar(self) -> None:
        pending, self._pending = self._pending, []
        if not self._by_bar and not self._tells_steps():
            training = [logged for logged in pending if not logged.is_eval][:NEEDED]
            if training:
                rates = [logged.values.get("learning_rate", math.nan) for logged in training]
                self._by_epoch.decide([logged.epoch for logged in training], rates)
        for logged in pending:
            if self._by_bar:
                if not logged.is_eval:
                    self._last_step += self._interval or 1.0
                self._emit(logged, self._last_step)
            else:
                self._emit(logged, self._estimate(logged))

    def _estimate(self, logged: _Logged) -> float:
        """Return the step that the order of the lines and the epochs suggest."""
        self.info.steps_estimated = True
        per_epoch = self._steps_per_epoch()
        if self._by_epoch.decided or per_epoch is None:
            by_epoch = self._by_epoch
            place = by_epoch.evaluation if logged.is_eval else by_epoch.training
            return place(logged.epoch)
        expected = logged.epoch * per_epoch
        if not logged.is_eval:
            return self._from_epoch(expected, per_epoch)
        late = expected - self._last_step > self._tolerance(expected, per_epoch)
        return float(round(expected)) if late else self._last_step

    def _from_epoch(self, expected: float, per_epoch: float) -> float:
        regular = self._last_step + self._interval
        tolerance = self._tolerance(expected, per_epoch)
        if self._interval and abs(regular - expected) <= tolerance:
            step = regular
        else:
            step = max(float(round(expected)), 1.0)
            if step > self._last_step:
                self._interval = step - self._last_step
        self._last_step = step
        return step

    @staticmethod
    def _tolerance(expected: float, per_epoch: float) -> float:
        # Epochs have 4 significant digits (transformers 5) or 2 decimals (4).
        return max(1.0, 6e-5 * expected, 0.0051 * per_epoch)

    def _steps_per_epoch(self) -> float | None:
        examples = self._header.get("Num examples")
        batch = self._header.get("Total batch size")
        if examples and batch:
            return float(math.ceil(examples / batch))
        steps, epochs = self.info.total_steps, self.info.total_epochs
        return steps / epochs if steps and epochs else None

    def _totals(self) -> None:
        self.info.total_steps = self._header.get("Total steps") or self.info.total_steps
        self.info.total_epochs = self._header.get("Num Epochs") or self.info.total_epochs

    def _emit(self, logged: _Logged, step: float) -> None:
        self._lines.learn(logged.values)
        self.add(logged.values, step, logged.epoch)

    # Many lines at once, where no bar stands between them.

    def block(self, block: bytes) -> None:
        start = 0
        size = len(block)
        refused = False
        while start < size:
            stop = 0
            if self._by_bar is False and block.startswith(START, start) and self._by_epoch.decided:
                # A whole piece first; where that was refused, only lines that look right.
                stop = find_run(block, start) if refused else find_piece(block, start)
                if self._fast(block[start:stop]):
                    start = stop
                    continue
                refused = True
                stop = min(stop, start + _PIECE)
            stop = block.find(b"\n", max(stop - 1, start + _LINE_BY_LINE)) + 1 or size
            super().block(block[start:stop])
            start = stop

    def _fast(self, lines: bytes) -> bool:
        """Take lines that are alike in one go; False: one has to read them singly."""
        batch = self._lines.read(lines, self._by_epoch)
        if batch is None:
            return False
        if len(self.rows):
            self._ready.append(self.rows.take())
        self._ready.append(batch)
        self.info.finished = False
        self.info.crashed = False
        return True

    def _take(self) -> Batch:
        ready, self._ready = self._ready, []
        rest = super()._take()
        return concatenate([*ready, rest]) if ready else rest

    def held_back(self) -> None:
        self._resolve_without_bar()


class HFConsole(ConsoleFormat):
    """Console of transformers' Trainer, TRL, PEFT, axolotl."""

    name = "hf-trainer-console"
    title = "Hugging Face Trainer console (transformers 4 and 5, TRL, PEFT, axolotl)"
    sample = (
        "{'loss': '5.334', 'grad_norm': '3.127', 'learning_rate': '0.00135', 'epoch': '0.003413'}\n"
        "{'eval_loss': 2.84012508392334, 'eval_runtime': 3.7373, 'epoch': 0.02}"
    )
    needles = ("'epoch':",)
    signature = late(
        rf"\{{'[\w/ .()@-]{{1,120}}': (?!\{{)[^{{}}\n]{{1,4000}}'epoch': '?{NUM}'?[,}}]"
    )
    parser_class = HFConsoleParser

    def judge(self, head: Head) -> Sniff | None:
        return None if head.holds("llamafactory") else super().judge(head)


FORMAT = HFConsole()
